// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

const doctor = "package/platform/doctor"

// TestDoctorOnlyLooks checks that the doctor and its probes have no permission to write, or to read a
// Secret.
func TestDoctorOnlyLooks(t *testing.T) {
	objects := build(t, doctor)

	for _, o := range objects {
		if o.GetKind() != "ClusterRole" && o.GetKind() != "Role" {
			continue
		}

		role := &rbacv1.ClusterRole{} // A Role has the same rules.
		convert(t, o, role)

		for _, rule := range role.Rules {
			if !onlyLooks(rule) {
				t.Errorf("%s %s: want no verb but get and list, and no Secrets, got %v", o.GetKind(), o.GetName(), rule)
			}
		}
	}
}

// onlyLooks reports whether a rule grants no write and no read of a Secret.
func onlyLooks(rule rbacv1.PolicyRule) bool {
	// An access review creates nothing.
	if slices.Equal(rule.Resources, []string{"subjectaccessreviews"}) {
		return true
	}

	writes := slices.ContainsFunc(rule.Verbs, func(verb string) bool { return verb != "get" && verb != "list" })
	secrets := slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.APIGroups, "") && slices.Contains(rule.Resources, "*")

	return !writes && !secrets && !slices.Contains(rule.APIGroups, "*")
}

// TestDoctorPods checks that every pod of the doctor meets the restricted profile, and is not
// retried.
func TestDoctorPods(t *testing.T) {
	jobs := 0

	for _, o := range build(t, doctor) {
		if o.GetKind() != "Job" {
			continue
		}

		jobs++

		job := &batchv1.Job{}
		convert(t, o, job)

		spec := job.Spec.Template.Spec
		c := spec.Containers[0]
		got := []any{
			*job.Spec.BackoffLimit, spec.RestartPolicy, *spec.SecurityContext.RunAsNonRoot, spec.SecurityContext.SeccompProfile.Type,
			*c.SecurityContext.AllowPrivilegeEscalation, *c.SecurityContext.ReadOnlyRootFilesystem, c.SecurityContext.Capabilities.Drop,
			c.Resources.Limits.Memory().IsZero(), c.Image,
		}
		want := []any{
			int32(0), corev1.RestartPolicyNever, true, corev1.SeccompProfileTypeRuntimeDefault,
			false, true,
			[]corev1.Capability{"ALL"},
			false, "ghcr.io/p6m-dev/platform-application:v0.1.0",
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Job %s: -want, +got:\n%s", o.GetName(), diff)
		}
	}

	if jobs != 3 {
		t.Errorf("want three Jobs, got %d", jobs)
	}
}

// TestProbesArePlaced checks that the policies for the pods of a provider select its probe, that no Service or Deployment of a
// package does, and that the probe has the token of the provider's runtime configuration.
func TestProbesArePlaced(t *testing.T) {
	platform, objects := build(t, base), build(t, doctor)
	pods := packagePods(t, platform)

	for name, pkg := range map[string]string{
		"provider-azure":               "crossplane-contrib-provider-azure-keyvault",
		"provider-keyvault-secretsync": "p6m-dev-provider-keyvault-secretsync",
	} {
		job := &batchv1.Job{}
		convert(t, find(t, objects, "Job.batch/platform-application-doctor-"+name), job)
		labels := job.Spec.Template.Labels

		for _, o := range append(slices.Clone(platform), objects...) {
			if o.GetKind() != "NetworkPolicy" {
				continue
			}

			p := &networkingv1.NetworkPolicy{}
			convert(t, o, p)

			if want, got := selects(t, p.Spec.PodSelector, pods[pkg]), selects(t, p.Spec.PodSelector, labels); want != got {
				t.Errorf("NetworkPolicy %s selects pods of %s: %t, and their probe: %t", p.Name, pkg, want, got)
			}
		}

		if _, ok := labels["pkg.crossplane.io/revision"]; ok {
			t.Errorf("the probe of %s has the label that Services of packages select", name)
		}

		if diff := cmp.Diff(name, job.Spec.Template.Spec.ServiceAccountName); diff != "" {
			t.Errorf("ServiceAccount: -want, +got:\n%s", diff)
		}

		config := find(t, platform, "DeploymentRuntimeConfig.pkg.crossplane.io/"+name)
		volumes, _, err := unstructured.NestedSlice(config.Object, "spec", "deploymentTemplate", "spec", "template", "spec", "volumes")
		check.Must(t, err)

		probe := find(t, objects, "Job.batch/platform-application-doctor-"+name)

		got, _, err := unstructured.NestedSlice(probe.Object, "spec", "template", "spec", "volumes")
		check.Must(t, err)

		if diff := cmp.Diff(volumes, got); diff != "" {
			t.Errorf("volumes of %s and of its probe: -provider, +probe:\n%s", name, diff)
		}
	}
}

func convert(t *testing.T, o *unstructured.Unstructured, into any) {
	t.Helper()

	check.Must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into))
}
