// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// checkOlderTools renders the requests with older tools as well, and compares the applications and the composed resources.
func checkOlderTools(ctx context.Context, t *testing.T, harness *render.Harness, requests []render.Request, rendered []render.File) {
	t.Helper()

	for _, version := range []string{render.Crossplane120, render.Crossplane20} {
		older, err := harness.WithOlderTool(ctx, version)
		check.Must(t, err)

		for i, r := range requests {
			t.Run(version+"/"+r.String(), func(t *testing.T) {
				t.Parallel()

				got, err := older.Render(ctx, r)
				check.Must(t, err)

				if diff := cmp.Diff(common(t, rendered[i].Data), common(t, got)); diff != "" {
					t.Errorf("Render(...): -pinned tool, +tool of Crossplane %s:\n%s", version, diff)
				}
			})
		}
	}
}

// common returns the objects of a rendering without the differences between tools.
func common(t *testing.T, rendering []byte) []*unstructured.Unstructured {
	t.Helper()

	objects, err := render.Objects(rendering)
	check.Must(t, err)

	var out []*unstructured.Unstructured

	for i, o := range objects {
		if o.GroupVersionKind().Group == "render.crossplane.io" {
			continue
		}

		// The first object is the XR, to which only Crossplane 2.5 adds fields of a reconciler.
		if i == 0 {
			withoutReconciler(t, o)
		}

		// Crossplane 1 adds it next to a name.
		o.SetGenerateName("")

		// Crossplane 2.5 adds one to the XR.
		owners := o.GetOwnerReferences()
		for i := range owners {
			owners[i].UID = ""
		}

		if len(owners) > 0 {
			o.SetOwnerReferences(owners)
		}

		out = append(out, o)
	}

	return out
}

// withoutReconciler removes the fields that the reconciler of an XR writes.
func withoutReconciler(t *testing.T, xr *unstructured.Unstructured) {
	t.Helper()

	unstructured.RemoveNestedField(xr.Object, "spec", "crossplane")
	unstructured.RemoveNestedField(xr.Object, "spec", "resourceRefs")
	unstructured.RemoveNestedField(xr.Object, "status", "claimConditionTypes")

	conditions, _, err := unstructured.NestedSlice(xr.Object, "status", "conditions")
	check.Must(t, err)

	var ours []any

	for _, c := range conditions {
		condition, _ := c.(map[string]any)

		switch condition["type"] {
		case "Ready", "Synced", "Responsive":
		default:
			ours = append(ours, c)
		}
	}

	check.Must(t, unstructured.SetNestedSlice(xr.Object, ours, "status", "conditions"))
}
