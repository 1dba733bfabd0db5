// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
)

// TestKeepAndRelease applies a Deployment server-side, as Crossplane does. Keeping it, and later
// releasing it, must not change the fields of others: of a webhook at creation, which owns no
// fields, and of an autoscaler.
func TestKeepAndRelease(t *testing.T) {
	const spec = `{"deployment": {"image": "a", "ports": [{"port": 80}]}, "autoscaling": {"enabled": true, "maxReplicas": 9}}`
	seen := azureSeen()
	composed := compose(t, spec, ``, seen).Resources[NameDeployment].Object
	client := fake.NewClientset().AppsV1().Deployments("shop")
	apply := func(object map[string]any) *appsv1.Deployment {
		t.Helper()
		b, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		d, err := client.Patch(t.Context(), "shop-api", types.ApplyPatchType, b, metav1.PatchOptions{FieldManager: composedFieldManager + "/abc", Force: new(true)})
		if err != nil {
			t.Fatalf("cannot apply Deployment: %v", err)
		}

		return d
	}

	d := apply(composed)
	managed := d.ManagedFields
	d.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: "team", Operator: corev1.TolerationOpExists}}
	d.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": "now"}
	if _, err := client.Update(t.Context(), d, metav1.UpdateOptions{FieldManager: "webhook"}); err != nil {
		t.Fatal(err)
	}
	d.ManagedFields = managed
	d, err := client.Update(t.Context(), d, metav1.UpdateOptions{FieldManager: "webhook"})
	if err != nil {
		t.Fatal(err)
	}
	d.Spec.Replicas = new(int32(7))
	if d, err = client.Update(t.Context(), d, metav1.UpdateOptions{FieldManager: "kube-controller-manager"}); err != nil {
		t.Fatal(err)
	}
	want := d.Spec.DeepCopy()

	observed, err := runtime.DefaultUnstructuredConverter.ToUnstructured(d)
	if err != nil {
		t.Fatal(err)
	}
	observed["apiVersion"], observed["kind"] = "apps/v1", kindDeployment
	seen[NameDeployment] = normal(t, observed)
	kept := Keep(application(t, spec), seen, nil, ReasonSettingsMissing, nil).Resources[NameDeployment].Object
	if diff := cmp.Diff(composed, kept); diff != "" {
		t.Errorf("Keep(...): -what was composed, +what is kept:\n%s", diff)
	}
	if diff := cmp.Diff(*want, apply(kept).Spec); diff != "" {
		t.Errorf("apply(Keep(...)): -want what was there, +got:\n%s", diff)
	}
	if diff := cmp.Diff(*want, apply(compose(t, spec, ``, seen).Resources[NameDeployment].Object).Spec); diff != "" {
		t.Errorf("apply(Compose(...)): -want what was there, +got:\n%s", diff)
	}
}

// TestOthersWriteToo applies a Deployment, server-side, to which another manager adds a sidecar and
// variables, including one of the application's Secret. The desired pods are rolled out and kept.
func TestOthersWriteToo(t *testing.T) {
	const spec = `{"deployment": {"image": "a:1"}, "config": {"A": "b"}}`
	seen := azureSeen()
	client := fake.NewClientset().AppsV1().Deployments("shop")
	apply := func(object any, manager string) *appsv1.Deployment {
		t.Helper()
		b, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		d, err := client.Patch(t.Context(), "shop-api", types.ApplyPatchType, b, metav1.PatchOptions{FieldManager: manager, Force: new(true)})
		if err != nil {
			t.Fatalf("cannot apply Deployment: %v", err)
		}

		return d
	}
	observe := func(d *appsv1.Deployment) {
		t.Helper()
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}
		observed, err := runtime.DefaultUnstructuredConverter.ToUnstructured(d)
		if err != nil {
			t.Fatal(err)
		}
		observed["apiVersion"], observed["kind"] = "apps/v1", kindDeployment
		seen[NameDeployment] = normal(t, observed)
	}

	for range 2 {
		apply(compose(t, spec, ``, seen).Resources[NameDeployment].Object, composedFieldManager+"/abc")
		d := apply(map[string]any{
			"apiVersion": "apps/v1", "kind": kindDeployment, "metadata": map[string]any{"name": "shop-api"},
			"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{
				map[string]any{"name": "shop-api", "env": []any{
					map[string]any{"name": "HTTP_PROXY", "value": "http://proxy"},
					map[string]any{"name": "ADDED", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "shop-api" + targetSuffix, "key": "k"}}},
				}},
				map[string]any{"name": "proxy", "image": "proxy:1"},
			}}}},
		}, "injector")
		observe(d)
		if c := compose(t, spec, ``, seen).condition(TypeWorkloadReady); c.Reason != ReasonAvailable {
			t.Errorf("Compose(...): want reason %s of WorkloadReady, got %s: %s", ReasonAvailable, c.Reason, c.Message)
		}
	}
	if got := len(seen[NameDeployment].list("spec", "template", "spec", "containers")); got != 2 {
		t.Errorf("apply(Compose(...)): want the sidecar left alone, got %d containers", got)
	}

	// Crossplane removes a variable that it applied.
	changed := application(t, spec)
	changed.Spec.Config = nil
	r, err := Compose(changed, platform(t, ``), seen)
	if err != nil {
		t.Fatal(err)
	}
	if c := r.condition(TypeWorkloadReady); c.Reason != ReasonRollingOut {
		t.Errorf("Compose(...): want reason %s of WorkloadReady, got %s: %s", ReasonRollingOut, c.Reason, c.Message)
	}
}
