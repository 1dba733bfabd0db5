// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package render_test compares the rendered examples with golden files.
package render_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const golden = "testdata/golden"

// isFrozen reports whether a request has a golden file: web-application at every stage, and the other examples at their last one, which
// has all of their objects. Of the claims, which are compared with namespaced applications, only that with an Ingress and an autoscaler.
func isFrozen(r render.Request) bool {
	if r.Variant == render.Claim {
		return r.Example == "existing-manifest" && r.Stage == "3-secrets-synced"
	}

	return r.Example == "web-application" || r.Stage != "1-nothing-yet" && r.Stage != "2-azure-ready"
}

// TestGolden renders every example at every stage with both variants. The renderings equal the golden files byte for byte;
// claims and namespaced applications have the same renderings; an API server accepts them, and older tools render the same.
func TestGolden(t *testing.T) {
	t.Parallel()

	requests := requests(t)
	ctx := check.Context(t)

	harness := started(ctx, t)

	rendered := make([]render.File, len(requests))

	// The group lets all renderings end before validation begins.
	t.Run("rendered", func(t *testing.T) {
		for i, r := range requests {
			t.Run(r.String(), func(t *testing.T) {
				t.Parallel()

				got, err := harness.Render(ctx, r)
				check.Must(t, err)

				rendered[i] = render.File{Name: r.String(), Data: got}

				if isFrozen(r) {
					check.Golden(t, string(got), "test", "render", golden, r.String()+".yaml")
				}
			})
		}
	})

	for i, r := range requests {
		if r.Variant != render.Claim {
			continue
		}

		modern := slices.Index(requests, render.Request{Variant: render.Modern, Example: r.Example, Stage: r.Stage})
		if diff := cmp.Diff(withoutVariant(t, rendered[modern].Data), withoutVariant(t, rendered[i].Data)); diff != "" {
			t.Errorf("%s: a claim must become the same as a namespaced application: -namespaced, +claim:\n%s", r, diff)
		}
	}

	if !check.Updating() {
		t.Run("older", func(t *testing.T) {
			t.Parallel()

			checkOlderTools(ctx, t, harness, requests, rendered)
		})
	}

	for _, v := range render.Variants() {
		t.Run("valid/"+string(v), func(t *testing.T) {
			t.Parallel()

			files := slices.DeleteFunc(slices.Clone(rendered), func(f render.File) bool {
				return !strings.HasPrefix(f.Name, string(v)+string(filepath.Separator))
			})

			checkValid(ctx, t, v, files)
		})
	}
}

// withoutVariant returns the objects of a rendering without the names and labels of the variant.
func withoutVariant(t *testing.T, rendering []byte) []*unstructured.Unstructured {
	t.Helper()

	objects, err := render.Objects(rendering)
	check.Must(t, err)

	xr := objects[0]
	withoutReconciler(t, xr)
	unstructured.RemoveNestedField(xr.Object, "spec", "claimRef")

	for _, field := range []string{"name", "namespace"} {
		unstructured.RemoveNestedField(xr.Object, "metadata", field)
	}

	xr.SetKind("")

	for _, o := range objects {
		labels := o.GetLabels()
		maps.DeleteFunc(labels, func(name, _ string) bool { return strings.HasPrefix(name, "crossplane.io/") })

		if len(labels) == 0 {
			labels = nil
		}

		o.SetLabels(labels)
		o.SetOwnerReferences(nil)

		// A result contains the name of the Composition.
		if message, ok, _ := unstructured.NestedString(o.Object, "message"); ok {
			o.Object["message"] = strings.ReplaceAll(message, " xplatformapplications.", " platformapplications.")
		}
	}

	return objects
}

// checkValid validates the renderings of a variant, and their input files.
func checkValid(ctx context.Context, t *testing.T, v render.Variant, rendered []render.File) {
	t.Helper()

	validator, err := render.NewValidator(ctx, check.File(t))
	check.Must(t, err)

	sources, err := render.Sources(check.File(t), v)
	check.Must(t, err)

	problems, err := validator.Validate(ctx, v, append(sources, rendered...)...)
	check.Must(t, err)

	for _, p := range problems {
		t.Error(p)
	}
}

// TestGoldenFilesInUse fails for golden files without a rendering, or removes them when updating.
func TestGoldenFilesInUse(t *testing.T) {
	t.Parallel()

	used := map[string]bool{}
	for _, r := range requests(t) {
		used[filepath.Join(golden, r.String()+".yaml")] = isFrozen(r)
	}

	files, err := filepath.Glob(filepath.Join(golden, "*", "*", "*"))
	check.Must(t, err)

	for _, path := range files {
		switch {
		case used[path]:
		case check.Updating():
			if err := os.Remove(path); err != nil {
				t.Errorf("cannot remove stale golden file: %v", err)
			}
		default:
			t.Errorf("%s belongs to no example: delete it, or run `make test-golden-update`", path)
		}
	}
}

// TestValidatorFinds checks that the validator finds faults.
func TestValidatorFinds(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		doc    string
		want   []render.Problem
	}{
		"Valid": {
			reason: "A valid rendering has no fault.",
			doc:    "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}",
		},
		"UnknownFieldOfKubernetes": {
			reason: "The API server drops a field that it does not know.",
			doc:    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replica: 1}}",
			want:   []render.Problem{{File: "x", Object: "Deployment web", Message: `unknown field "spec.replica"`}},
		},
		"UnknownFieldOfProvider": {
			reason: "The API server drops unknown fields of the Azure provider's kinds, too.",
			doc: "{apiVersion: keyvault.azure.m.upbound.io/v1beta1, kind: Vault, metadata: {name: web}, spec: {forProvider: " +
				"{location: l, skuName: standard, tenantId: t, region: r}}}",
			want: []render.Problem{{
				File: "x", Object: "Vault web", Field: "spec.forProvider.region",
				Message: `spec.forProvider.region: Invalid value: "region": unknown field: "region"`,
			}},
		},
		"NoSuchKind": {
			reason: "A kind without a definition cannot be applied.",
			doc:    "{apiVersion: example.org/v1, kind: Thing, metadata: {name: web}}",
			want:   []render.Problem{{File: "x", Object: "Thing web", Message: "not checked: missingSchema"}},
		},
		"DuplicateKey": {
			reason: "A duplicate key loses one of its values.",
			doc:    "{apiVersion: v1, kind: Service, kind: Service}",
			want: []render.Problem{{
				File: "x", Object: "YAML",
				Message: `document 1: yaml: unmarshal errors:` + "\n" + `  line 1: key "kind" already set in map`,
			}},
		},
		"Result": {
			reason: "A result of a function is not an object.",
			doc:    "{apiVersion: render.crossplane.io/v1beta1, kind: Result, message: hello}",
		},
	}

	ctx := check.Context(t)

	validator, err := render.NewValidator(ctx, check.File(t))
	check.Must(t, err)

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := validator.Validate(ctx, render.Modern, render.File{Name: "x", Data: []byte(tc.doc)})
			if err != nil {
				t.Fatalf("\n%s\nValidate(...): %v", tc.reason, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nValidate(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// started returns a harness for the repository, until the test ends.
func started(ctx context.Context, t *testing.T) *render.Harness {
	t.Helper()

	harness, err := render.Start(ctx, check.File(t))
	check.Must(t, err)
	check.Close(t, harness)

	return harness
}

// requests returns all examples of this repository, of which there must be at least one.
func requests(t *testing.T) []render.Request {
	t.Helper()

	requests, err := render.Requests(check.File(t), "")
	check.Must(t, err)

	return requests
}
