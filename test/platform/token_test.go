// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	audience      = "api://AzureADTokenExchange"
	tokenVariable = "AZURE_FEDERATED_TOKEN_FILE"
)

// TestTokenFile checks that each provider finds a token for Entra ID at the configured path, with any version of
// the webhook of azure-workload-identity, and without it.
func TestTokenFile(t *testing.T) {
	objects := overlay(t, "secret-creator")

	oidc, _, _ := unstructured.NestedString(find(t, objects, "ClusterProviderConfig.azure.m.upbound.io/default").Object, "spec", "oidcTokenFilePath")
	variable := func(pod *corev1.Pod) string { return env(pod, tokenVariable) }

	cases := map[string]struct {
		reason  string
		webhook plane.Webhook
		runtime string
		file    func(*corev1.Pod) string
	}{
		"AzureNone":     {reason: "A cluster without the webhook has the configured token.", runtime: "provider-azure", file: func(*corev1.Pod) string { return oidc }},
		"AzureTokens":   {reason: "The webhook up to v1.5.1 adds its token at a fixed path.", webhook: plane.WebhookTokens, runtime: "provider-azure", file: func(*corev1.Pod) string { return oidc }},
		"AzureReserved": {reason: "The webhook from v1.6.0 on adds its token at another path.", webhook: plane.WebhookReserved, runtime: "provider-azure", file: func(*corev1.Pod) string { return oidc }},
		"OurNone":       {reason: "A cluster without the webhook has the configured token.", runtime: "provider-keyvault-secretsync", file: variable},
		"OurTokens":     {reason: "The webhook up to v1.5.1 adds its token at a fixed path.", webhook: plane.WebhookTokens, runtime: "provider-keyvault-secretsync", file: variable},
		"OurReserved":   {reason: "The webhook from v1.6.0 on adds its token at another path.", webhook: plane.WebhookReserved, runtime: "provider-keyvault-secretsync", file: variable},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ns := server.Namespace(t)
			hook(t, ns, tc.webhook)

			pod := runtimePod(t, objects, tc.runtime)
			pod.Namespace = ns

			check.Must(t, server.Client().Create(t.Context(), pod, client.DryRunAll))

			file := tc.file(pod)
			if got := audienceOf(pod, file); got != audience {
				t.Errorf("\n%s\naudience of the token in %q: want %q, got %q", tc.reason, file, audience, got)
			}
		})
	}
}

// hook mutates the pods of a namespace until the test ends. All of its ServiceAccounts have an
// identity.
func hook(t *testing.T, ns string, webhook plane.Webhook) {
	t.Helper()

	account := &corev1.ServiceAccount{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "provider", Annotations: map[string]string{
			"azure.workload.identity/client-id": "client", "azure.workload.identity/tenant-id": "tenant",
		}},
	}
	check.Must(t, server.Apply(t.Context(), account))

	if webhook == "" {
		return
	}

	file := filepath.Join(t.TempDir(), "webhook.yaml")
	check.Must(t, os.WriteFile(file, webhook.Policy(), 0o600))

	objects, err := apiserver.ReadFiles(file)
	check.Must(t, err)

	for _, o := range objects {
		// Each test has its own, so that they do not interfere.
		o.SetName(ns)

		if o.GetKind() == "MutatingAdmissionPolicyBinding" {
			err = unstructured.SetNestedField(o.Object, ns, "spec", "policyName")
		} else {
			err = unstructured.SetNestedField(o.Object, ns, "spec", "matchConstraints", "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
		}

		check.Must(t, err)

		enforce(t, o)
	}

	// The path is where that version of azure-workload-identity mounts the token. The API server needs a moment to read
	// the policy.
	want := map[plane.Webhook]string{
		plane.WebhookTokens:   "/var/run/secrets/azure/tokens/azure-identity-token",
		plane.WebhookReserved: "/var/run/secrets/azure/wi/token/azure-identity-token",
	}[webhook]

	err = apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		pod := probe(ns)
		if err := server.Client().Create(ctx, pod, client.DryRunAll); err != nil {
			return fmt.Errorf("cannot create pod: %w", err)
		}

		if got := env(pod, tokenVariable); got != want || audienceOf(pod, got) != audience {
			return fmt.Errorf("want %s=%s and a token for %s there, got %q and %q", tokenVariable, want, audience, got, audienceOf(pod, got))
		}

		return nil
	})
	check.Must(t, err)
}

// probe is a pod that uses an identity.
func probe(ns string) *corev1.Pod {
	return withIdentity(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, GenerateName: "probe-of-the-webhook-that-has-a-long-name-"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "registry.example.com/probe"}}},
	})
}

// runtimePod returns the pod that Crossplane creates from a runtime configuration. It adds the webhook's label if
// it is missing, because patches of a platform may set it.
func runtimePod(t *testing.T, objects []*unstructured.Unstructured, name string) *corev1.Pod {
	t.Helper()

	template, _, err := unstructured.NestedMap(find(t, objects, "DeploymentRuntimeConfig.pkg.crossplane.io/"+name).Object, "spec", "deploymentTemplate", "spec", "template")
	check.Must(t, err)

	pod := &corev1.Pod{}
	check.Must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(template, pod))

	pod.Name = name + "-1a2b3c4d5e6f-7a8b9c0d1e-2f3a4"
	pod.Spec.Containers[0].Image = "registry.example.com/" + name

	return withIdentity(pod)
}

func withIdentity(pod *corev1.Pod) *corev1.Pod {
	pod.Labels = map[string]string{"azure.workload.identity/use": "true"}
	pod.Spec.ServiceAccountName = "provider"

	return pod
}

// env returns the value of a variable of the pod's container.
func env(pod *corev1.Pod, name string) string {
	value := ""

	for _, e := range pod.Spec.Containers[0].Env {
		// The last value counts.
		if e.Name == name {
			value = e.Value
		}
	}

	return value
}

// audienceOf returns the audience of the token in that file of a pod's container, or nothing.
func audienceOf(pod *corev1.Pod, file string) string {
	volume, below := "", ""

	// A deeper mount hides one above it.
	for _, m := range pod.Spec.Containers[0].VolumeMounts {
		if rest, ok := strings.CutPrefix(file, path.Clean(m.MountPath)+"/"); ok && (volume == "" || len(rest) < len(below)) {
			volume, below = m.Name, rest
		}
	}

	for _, v := range pod.Spec.Volumes {
		if v.Name != volume || v.Projected == nil {
			continue
		}

		for _, s := range v.Projected.Sources {
			if s.ServiceAccountToken != nil && path.Clean(s.ServiceAccountToken.Path) == below {
				return s.ServiceAccountToken.Audience
			}
		}
	}

	return ""
}
