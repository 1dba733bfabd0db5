// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestResources checks that the pod of every package sets resource requests: the policies of many clusters
// require them.
func TestResources(t *testing.T) {
	objects := build(t, base)

	for _, o := range objects {
		if !slices.Contains([]string{"Provider", "Function"}, o.GetKind()) {
			continue
		}

		t.Run(o.GetName(), func(t *testing.T) {
			config, _, _ := unstructured.NestedString(o.Object, "spec", "runtimeConfigRef", "name")
			need := runtimePod(t, objects, config).Spec.Containers[0].Resources

			for name, list := range map[string]corev1.ResourceList{"requests.cpu": need.Requests, "requests.memory": need.Requests, "limits.memory": need.Limits} {
				resource := corev1.ResourceMemory
				if name == "requests.cpu" {
					resource = corev1.ResourceCPU
				}

				if q := list[resource]; q.Sign() <= 0 {
					t.Errorf("%s of DeploymentRuntimeConfig %q: want some, got %s", name, config, q.String())
				}
			}
		})
	}
}

// TestRestricted checks that a namespace with the strictest Pod Security Standard admits the provider's pod.
func TestRestricted(t *testing.T) {
	ns := labelled(server.Namespace(t), map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	check.Must(t, server.Apply(t.Context(), ns))

	check.Must(t, server.CreateServiceAccount(t.Context(), ns.Name, "provider"))

	pod := runtimePod(t, build(t, base), apiserver.ProviderServiceAccount)
	pod.Namespace = ns.Name

	if err := server.Client().Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Errorf("the provider's pod: want it to be admitted, got %v", err)
	}
}

// TestOneProvider checks that the runtime configuration, RBAC and the policies name the same ServiceAccount.
func TestOneProvider(t *testing.T) {
	objects := build(t, base)
	config := find(t, objects, "DeploymentRuntimeConfig.pkg.crossplane.io/"+apiserver.ProviderServiceAccount)
	account, _, _ := unstructured.NestedString(config.Object, "spec", "serviceAccountTemplate", "metadata", "name")

	binding := &rbacv1.ClusterRoleBinding{}
	convert(t, find(t, objects, "ClusterRoleBinding.rbac.authorization.k8s.io/"+apiserver.ProviderServiceAccount), binding)

	want := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: account}}
	if diff := cmp.Diff(want, binding.Subjects); diff != "" || account != apiserver.ProviderServiceAccount {
		t.Errorf("want subject %s of the binding, got account %q: -want, +got:\n%s", apiserver.ProviderServiceAccount, account, diff)
	}
}
