// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestMergePatch checks that applying a patch yields the second object.
func TestMergePatch(t *testing.T) {
	t.Parallel()

	scalar := rapid.OneOf(
		rapid.Just[any](""), rapid.Just[any](false), rapid.Just[any](0.0), rapid.Just[any]([]any{}),
		rapid.Map(rapid.StringN(0, 3, -1), func(s string) any { return s }),
		rapid.Map(rapid.SliceOfN(rapid.Int(), 0, 2), func(s []int) any { return s }),
	)
	name := rapid.SampledFrom([]string{"a", "b", "c"})

	object := rapid.MapOfN(name, scalar, 0, 3)
	for range 3 {
		object = rapid.MapOfN(name, rapid.OneOf(scalar, rapid.Map(object, func(m map[string]any) any { return m })), 0, 3)
	}

	rapid.Check(t, func(r *rapid.T) {
		before, after := object.Draw(r, "before"), object.Draw(r, "after")

		got := applyPatch(before, mergePatch(before, after))
		if diff := cmp.Diff(after, got, cmpopts.EquateEmpty()); diff != "" {
			r.Errorf("mergePatch(...): -want, +got:\n%s", diff)
		}
	})
}

// applyPatch applies a merge patch as in RFC 7386.
func applyPatch(to any, patch map[string]any) map[string]any {
	was, _ := to.(map[string]any)

	out := maps.Clone(was)
	if out == nil {
		out = map[string]any{}
	}

	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(out, k)
		case map[string]any:
			out[k] = applyPatch(out[k], v)
		default:
			out[k] = v
		}
	}

	return out
}

func TestChanges(t *testing.T) {
	t.Parallel()

	const stream = "{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {namespace: shop, name: a}, data: {a: b}}\n"

	type want struct {
		changes objects
		err     string
	}

	cases := map[string]struct {
		reason string
		after  string
		want   want
	}{
		"Nothing": {reason: "A component may change nothing.", after: stream, want: want{changes: objects{}}},
		"Field": {
			reason: "A patch contains only differences.",
			after:  strings.ReplaceAll(stream, "a: b", "a: c"),
			want:   want{changes: objects{"ConfigMap/shop/a": {"data": map[string]any{"a": "c"}}}},
		},
		"New": {
			reason: "A new object is included as a whole.",
			after:  stream + "---\n{apiVersion: x.example.com/v1, kind: Secret, metadata: {name: a}}",
			want: want{changes: objects{"Secret.x.example.com/a": {
				"apiVersion": "x.example.com/v1", "kind": "Secret", "metadata": map[string]any{"name": "a"},
			}}},
		},
		"Name": {
			reason: "A renamed object counts as the same object.",
			after:  strings.ReplaceAll(stream, "Secret, metadata: {name: a", "Secret, metadata: {name: b"),
			want:   want{changes: objects{"Secret/a": {"metadata": map[string]any{"name": "b"}}}},
		},
		"Gone": {
			reason: "A component cannot remove objects yet.",
			after:  "{apiVersion: v1, kind: Secret, metadata: {name: a}}",
			want:   want{err: "ConfigMap/shop/a is missing, and there is not exactly one new object of its kind: []"},
		},
		"Twice": {
			reason: "Two objects with one name would be merged.",
			after:  stream + "---\n" + stream,
			want:   want{err: "Secret/a exists twice"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			before, err := decodeObjects([]byte(stream))
			if err != nil {
				t.Fatal(err)
			}

			got := want{}

			after, err := decodeObjects([]byte(tc.after))
			if err == nil {
				got.changes, err = changes(before, after)
			}

			if err != nil {
				got.err = err.Error()
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nchanges(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
