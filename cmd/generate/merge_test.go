// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// keyed returns the schema of a list of objects that has these keys.
func keyed(keys ...string) extv1.JSONSchemaProps {
	return extv1.JSONSchemaProps{
		Type: "array", XListType: new("map"), XListMapKeys: keys,
		Items: &extv1.JSONSchemaPropsOrArray{Schema: &extv1.JSONSchemaProps{Type: "object"}},
	}
}

func TestMergeable(t *testing.T) {
	t.Parallel()

	type want struct {
		schema *mergeSchema
		err    string
	}

	list := &mergeSchema{
		Type: "array", PatchStrategy: "merge", PatchMergeKey: "name",
		Items: &mergeSchema{Type: "object"}, Properties: map[string]*mergeSchema{},
	}
	nested := keyed("name")
	nested.Items.Schema.Properties = map[string]extv1.JSONSchemaProps{"env": keyed("name"), "prefix": {Type: "string"}}

	cases := map[string]struct {
		reason string
		schema extv1.JSONSchemaProps
		want   want
	}{
		"NoList": {
			reason: "Objects are merged without markers.",
			schema: extv1.JSONSchemaProps{Type: "object", Properties: map[string]extv1.JSONSchemaProps{"a": {Type: "string"}}},
		},
		"Atomic": {
			reason: "A list that the API server replaces as a whole is replaced by kustomize.",
			schema: extv1.JSONSchemaProps{
				Type: "array", XListType: new("atomic"),
				Items: &extv1.JSONSchemaPropsOrArray{Schema: &extv1.JSONSchemaProps{Type: "string"}},
			},
		},
		"Keyed": {
			reason: "A list with a key is merged by its key.",
			schema: keyed("name"),
			want:   want{schema: list},
		},
		"Nested": {
			reason: "A list within the entries of a list is merged, and other fields of the entries are omitted.",
			schema: nested,
			want: want{schema: &mergeSchema{
				Type: "array", PatchStrategy: "merge", PatchMergeKey: "name", Properties: map[string]*mergeSchema{},
				Items: &mergeSchema{Type: "object", Properties: map[string]*mergeSchema{"env": list}},
			}},
		},
		"TwoKeys": {
			reason: "With only a part of the key, kustomize would merge different entries.",
			schema: extv1.JSONSchemaProps{Type: "object", Properties: map[string]extv1.JSONSchemaProps{"ports": keyed("port", "protocol")}},
			want:   want{err: "ports: kustomize merges lists of one key only"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			schema, err := mergeable(&tc.schema)
			got := want{schema: schema}

			if err != nil {
				got.err = err.Error()
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nmergeable(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMergeSchemas(t *testing.T) {
	t.Parallel()

	crd := example()
	if _, err := mergeSchemas(crd); err == nil || !strings.Contains(err.Error(), "no list of spec has a key") {
		t.Errorf("mergeSchemas(...): want an error if there is nothing to merge, got %v", err)
	}

	crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties["secrets"] = keyed("name")

	got, err := mergeSchemas(crd)
	if err != nil {
		t.Fatalf("mergeSchemas(...): %s", err)
	}

	app, ok := got["com.example.v1.App"]
	if !ok || len(got) != 1 {
		t.Fatalf("mergeSchemas(...): want com.example.v1.App, got %v", got)
	}

	if diff := cmp.Diff([]groupVersionKind{{Group: "example.com", Version: "v1", Kind: "App"}}, app.Kinds); diff != "" {
		t.Errorf("kinds: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("name", app.Properties["spec"].Properties["secrets"].PatchMergeKey); diff != "" {
		t.Errorf("merge key of spec.secrets: -want, +got:\n%s", diff)
	}
}
