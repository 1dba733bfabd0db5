// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOwn checks that a kept resource desires only the fields that this function composed.
func TestOwn(t *testing.T) {
	cases := map[string]struct {
		reason   string
		observed string
		want     string
	}{
		"ManagedResource": {
			reason: "Fields of the provider and of Crossplane stay theirs, above all the annotations about creation in progress.",
			observed: `{"apiVersion": "keyvault.azure.m.upbound.io/v1beta1", "kind": "Vault",
				"metadata": {"name": "a", "namespace": "b", "uid": "c", "resourceVersion": "1", "generation": 2, "finalizers": ["d"],
					"ownerReferences": [{"kind": "PlatformApplication"}], "managedFields": [{}],
					"labels": {"app.kubernetes.io/name": "a", "crossplane.io/composite": "a", "app.kubernetes.io/instance": "argo"},
					"annotations": {"crossplane.io/external-name": "v", "crossplane.io/external-create-pending": "now", "crossplane.io/composition-resource-name": "key-vault", "upjet.crossplane.io/provider-meta": "x", "argocd.argoproj.io/tracking-id": "y"}},
				"spec": {"forProvider": {"location": "westeurope"}, "managementPolicies": ["Observe"]},
				"status": {"atProvider": {"id": "i"}}}`,
			want: `{"apiVersion": "keyvault.azure.m.upbound.io/v1beta1", "kind": "Vault",
				"metadata": {"name": "a", "namespace": "b", "labels": {"app.kubernetes.io/name": "a"}, "annotations": {"crossplane.io/external-name": "v"}},
				"spec": {"forProvider": {"location": "westeurope"}, "managementPolicies": ["Observe"]}}`,
		},
		"ServiceAccount": {
			reason: "An object without a spec gets none, and its other fields belong to others.",
			observed: `{"apiVersion": "v1", "kind": "ServiceAccount", "secrets": [{"name": "token"}],
				"metadata": {"name": "a", "annotations": {"azure.workload.identity/client-id": "i", "azure.workload.identity/tenant-id": "t", "other": "o"}}}`,
			want: `{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "annotations": {"azure.workload.identity/client-id": "i", "azure.workload.identity/tenant-id": "t"}}}`,
		},
		"Service": {
			reason: "The API server allocates addresses.",
			observed: `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"},
				"spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "ports": [{"port": 80}]}}`,
			want: `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}`,
		},
		"Deployment": {
			reason: "This function owns only the revision among the annotations of the pods.",
			observed: `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "annotations": {"deployment.kubernetes.io/revision": "3"}},
				"spec": {"replicas": 2, "template": {"metadata": {"creationTimestamp": null, "labels": {"x": "y"}, "annotations": {"kubectl.kubernetes.io/restartedAt": "now", "meta.p6m.dev/secrets-revision": "r"}}, "spec": {"containers": [{"image": "i"}]}}}}`,
			want: `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
				"spec": {"replicas": 2, "template": {"metadata": {"labels": {"x": "y"}, "annotations": {"meta.p6m.dev/secrets-revision": "r"}}, "spec": {"containers": [{"image": "i"}]}}}}`,
		},
		"DeploymentWithoutRevision": {
			reason:   "Pods without a revision have no annotation of ours.",
			observed: `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}`,
			want:     `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"metadata": {}}}}`,
		},
		"Ingress": {
			reason:   "Annotations of an Ingress belong to the application, except for those of tools.",
			observed: `{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a", "annotations": {"nginx.ingress.kubernetes.io/auth-url": "u", "crossplane.io/composition-resource-name": "ingress", "kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "spec": {"rules": []}}`,
			want:     `{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a", "annotations": {"nginx.ingress.kubernetes.io/auth-url": "u"}}, "spec": {"rules": []}}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := own(read(t, tc.observed))
			if diff := cmp.Diff(map[string]any(read(t, tc.want)), normal(t, got)); diff != "" {
				t.Errorf("\n%s\nown(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func read(t *testing.T, doc string) Object {
	t.Helper()
	o := Object{}
	if err := json.Unmarshal([]byte(doc), &o); err != nil {
		t.Fatal(err)
	}

	return o
}

// normal converts values to the types of JSON.
func normal(t *testing.T, o map[string]any) map[string]any {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}

	return read(t, string(b))
}
