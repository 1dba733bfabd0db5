//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/plane"
)

// prepareForDoctor makes a plane what the set-up page makes of a cluster: with all restrictions, and with providers that sign in with
// a token.
func prepareForDoctor(t *testing.T, p *plane.Plane) {
	t.Helper()

	if err := os.WriteFile(filepath.Join(w.dir, "azure-ca.pem"), w.azure.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}

	restrictions := filepath.Join(w.root, "package", "platform", "restrictions")
	for _, file := range []string{"activation", "network", "placeholders"} {
		if err := p.API.ApplyFiles(t.Context(), filepath.Join(restrictions, file+".yaml")); err != nil {
			t.Fatal(err)
		}
	}

	config := `
apiVersion: azure.m.upbound.io/v1beta1
kind: ClusterProviderConfig
metadata: {name: default}
spec:
  credentials: {source: OIDCTokenFile}
  oidcTokenFilePath: /var/run/secrets/p6m.dev/entra/token
  clientID: aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
  tenantID: ` + plane.Tenant + `
  subscriptionID: ` + plane.Subscription

	// Only while this test runs.
	change(azureConfig, func(o map[string]any) {
		o["spec"] = object(t, config).Object["spec"]
	})(t, p)
}

//nolint:gochecknoglobals // Constants.
var azureConfig = key{"azure.m.upbound.io/v1beta1", "ClusterProviderConfig", "", "default"}

// A key of an object.
type key struct{ apiVersion, kind, namespace, name string }

func (k key) object() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind(k.apiVersion, k.kind))
	u.SetNamespace(k.namespace)
	u.SetName(k.name)

	return u
}

// change an object for as long as the test runs.
func change(k key, edit func(o map[string]any)) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		before := k.object()
		if err := p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(before), before); err != nil {
			t.Fatal(err)
		}

		replace(t.Context(), t, p, k, edit)
		t.Cleanup(func() {
			replace(context.WithoutCancel(t.Context()), t, p, k, func(o map[string]any) {
				for field := range o {
					if field != "metadata" {
						delete(o, field)
					}
				}

				for field, value := range before.Object {
					if field != "metadata" {
						o[field] = value
					}
				}

				now, was := &unstructured.Unstructured{Object: o}, before
				now.SetLabels(was.GetLabels())
				now.SetAnnotations(was.GetAnnotations())
			})
		})
	}
}

// replace an object by itself with an edit, whatever changes it meanwhile.
func replace(ctx context.Context, t *testing.T, p *plane.Plane, k key, edit func(o map[string]any)) {
	t.Helper()

	err := plane.Eventually(ctx, "an update of "+k.kind+" "+k.name, func(ctx context.Context) error {
		u := k.object()
		if err := p.API.Client().Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
			return err
		}

		edit(u.Object)

		return p.API.Client().Update(ctx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// remove an object for as long as the test runs.
func remove(k key) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		u := k.object()
		if err := p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(u), u); err != nil {
			t.Fatal(err)
		}

		if err := p.API.Client().Delete(t.Context(), u.DeepCopy()); err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() {
			again := k.object()
			for field, value := range u.Object {
				if field != "metadata" && field != "status" {
					again.Object[field] = value
				}
			}

			again.SetLabels(u.GetLabels())
			again.SetAnnotations(u.GetAnnotations())

			err := plane.Eventually(context.WithoutCancel(t.Context()), "the return of "+k.kind+" "+k.name, func(ctx context.Context) error {
				return p.API.Client().Create(ctx, again.DeepCopy())
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// add an object for as long as the test runs.
func add(manifest string) func(*testing.T, *plane.Plane) {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		u := object(t, manifest)
		if err := p.API.Client().Create(t.Context(), u.DeepCopy()); err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() {
			if err := client.IgnoreNotFound(p.API.Client().Delete(context.WithoutCancel(t.Context()), u)); err != nil {
				t.Error(err)
			}
		})
	}
}

// set a field of an object.
func set(o map[string]any, value any, fields ...string) {
	if err := unstructured.SetNestedField(o, value, fields...); err != nil {
		panic(err)
	}
}

// clusterFaults are those of the area cluster.
func clusterFaults() map[string]fault {
	return map[string]fault{
		"SubscriptionDiffers": {
			reason: "The providers create everything in another subscription than the function computes names for.",
			plant: change(azureConfig, func(o map[string]any) {
				set(o, "33333333-3333-4333-8333-333333333333", "spec", "subscriptionID")
			}),
			want: []string{"SubscriptionDiffers"},
		},
	}
}

// clusterUnplanted are codes of the area cluster, of the core and of reading the platform that cannot be planted here.
func clusterUnplanted() map[string]string {
	return map[string]string{}
}
