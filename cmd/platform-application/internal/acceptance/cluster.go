// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

const (
	// maxLog is how much of a pod's log is read. The workload's line is the first.
	maxLog = 64 << 10

	// maxText is the length of foreign texts in a report. It has room for a condition with an error of Azure.
	maxText = 2000
)

// A pod of the application.
type pod struct {
	name, uid string
	ready     bool

	// reason and trouble say why a container does not run, if that is known.
	reason, trouble string
}

// pods returns the application's pods that are not ending, sorted by name.
func (r *run) pods(ctx context.Context) ([]pod, error) {
	list := &corev1.PodList{}

	err := r.Client.List(ctx, list, client.InNamespace(namespaceName(r.id)), client.MatchingLabels{applicationLabel: applicationName}, client.Limit(maxListed))
	if err != nil {
		return nil, fmt.Errorf("cannot list pods: %w", err)
	}

	var out []pod

	for _, p := range list.Items {
		if p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodFailed && p.Status.Phase != corev1.PodSucceeded {
			out = append(out, podOf(p))
		}
	}

	slices.SortFunc(out, func(a, b pod) int { return cmp.Compare(a.name, b.name) })

	return out, nil
}

func podOf(p corev1.Pod) pod {
	out := pod{name: p.Name, uid: string(p.UID)}

	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			out.ready = c.Status == corev1.ConditionTrue
		}

		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			out.reason += c.Reason
			out.trouble += ": " + shorten(c.Reason+": "+c.Message)
		}
	}

	for _, s := range p.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil {
			out.reason += w.Reason
			out.trouble += ": " + shorten(w.Reason+": "+w.Message)
		}

		if t := s.LastTerminationState.Terminated; t != nil {
			out.trouble += containerEnded.Render(sentence.With{"code": t.ExitCode, "reason": shorten(t.Reason)})
		}
	}

	return out
}

// variables returns the digests that a pod has printed, by name of the variable.
func (r *run) variables(ctx context.Context, pod string) (map[string]string, error) {
	stream, err := r.Kube.CoreV1().Pods(namespaceName(r.id)).GetLogs(pod, &corev1.PodLogOptions{LimitBytes: new(int64(maxLog))}).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot read the log of pod %s: %w", pod, err)
	}
	defer stream.Close() //nolint:errcheck // It was read.

	log, err := io.ReadAll(io.LimitReader(stream, maxLog))
	if err != nil {
		return nil, fmt.Errorf("cannot read the log of pod %s: %w", pod, err)
	}

	out, err := parseLog(log, r.id)
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", pod, err)
	}

	return out, nil
}

// noteVault adds the vault to the report, and how long Azure retains it after its deletion.
func (r *run) noteVault(ctx context.Context) error {
	k := r.app.status.KeyVault
	a := &r.report.Azure
	a.Vault, a.VaultURI, a.VaultID = shorten(k.Name), shorten(k.URI), shorten(k.ResourceID)

	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "keyvault.azure.m.upbound.io", Version: "v1beta1", Kind: "VaultList"})

	if err := r.Client.List(ctx, list, client.InNamespace(namespaceName(r.id)), client.Limit(maxListed)); err != nil {
		return fmt.Errorf("cannot list vaults: %w", err)
	}

	for _, u := range list.Items {
		days, _, _ := unstructured.NestedNumberAsFloat64(u.Object, "spec", "forProvider", "softDeleteRetentionDays")
		a.RetentionDays = int(days)
		a.PurgeProtection, _, _ = unstructured.NestedBool(u.Object, "spec", "forProvider", "purgeProtectionEnabled")
	}

	return nil
}

// Describe returns a report about the platform. Facts that cannot be determined become notes, and do not prevent the run.
func Describe(ctx context.Context, o Options, program string) Report {
	out := Report{Program: program}
	note := func(what sentence.Template, err error, kind string) {
		out.Notes = append(out.Notes, what.Render(sentence.With{"error": shorten(err.Error()), "kind": kind}))
	}

	if v, err := o.Kube.Discovery().ServerVersion(); err != nil {
		note(kubernetesUnknown, err, "")
	} else {
		out.Versions.Kubernetes = shorten(v.GitVersion)
	}

	system := &corev1.Namespace{}
	if err := o.Client.Get(ctx, client.ObjectKey{Name: "kube-system"}, system); err != nil {
		note(clusterUnknown, err, "")
	} else {
		out.ClusterID = string(system.UID)
	}

	core := &appsv1.Deployment{}
	if err := o.Client.Get(ctx, client.ObjectKey{Namespace: o.CrossplaneNamespace, Name: "crossplane"}, core); err != nil {
		note(crossplaneUnknown, err, "")
	} else if len(core.Spec.Template.Spec.Containers) > 0 {
		out.Versions.Crossplane = shorten(core.Spec.Template.Spec.Containers[0].Image)
	}

	for _, kind := range []string{"Configuration", "Function", "Provider"} {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: "pkg.crossplane.io", Version: "v1", Kind: kind + "List"})

		if err := o.Client.List(ctx, list, client.Limit(maxListed)); err != nil {
			note(packagesUnknown, err, kind)

			continue
		}

		for _, u := range list.Items {
			image, _, _ := unstructured.NestedString(u.Object, "spec", "package")
			revision, _, _ := unstructured.NestedString(u.Object, "status", "currentRevision")
			out.Versions.Packages = append(out.Versions.Packages, Package{Kind: kind, Name: u.GetName(), Package: shorten(image), Revision: shorten(revision)})
		}
	}

	slices.SortFunc(out.Versions.Packages, func(a, b Package) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})

	s := o.Settings
	out.Azure = Azure{
		TenantID: shorten(s.TenantID), SubscriptionID: shorten(s.SubscriptionID), ResourceGroup: shorten(s.ResourceGroupName), Location: shorten(s.Location),
		OfficerObjectID: o.Officer.ObjectID, OfficerClientID: o.Officer.ClientID,
	}

	return out
}

// Variant returns the installed variant of the API, or an error if there is none.
func Variant(kube kubernetes.Interface) (string, error) {
	resources, err := kube.Discovery().ServerResourcesForGroupVersion("meta.p6m.dev/v1alpha1")
	if err != nil {
		return "", fmt.Errorf("cannot find the API of applications: %w", err)
	}

	kinds := map[string]bool{}
	for _, r := range resources.APIResources {
		kinds[r.Kind] = true
	}

	switch {
	case !kinds[applicationKind().Kind]:
		return "", fmt.Errorf("cannot find the API of applications: there is no kind %s", applicationKind().Kind)
	case kinds["X"+applicationKind().Kind]:
		return "claim", nil
	default:
		return "modern", nil
	}
}

// shorten returns a foreign text as one line of printable characters.
func shorten(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + " …"
	}

	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !printable(r) }), " ")
}
