// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func TestChartSchema(t *testing.T) {
	t.Parallel()

	type want struct {
		properties any
		err        string
	}

	object := func(properties map[string]extv1.JSONSchemaProps) extv1.JSONSchemaProps {
		return extv1.JSONSchemaProps{Type: "object", Properties: properties}
	}
	text := extv1.JSONSchemaProps{Type: "string"}
	rules := extv1.JSONSchemaProps{Type: "string", XValidations: extv1.ValidationRules{{Rule: "true"}}}
	open := object(map[string]extv1.JSONSchemaProps{"known": text})
	open.XPreserveUnknownFields = new(true)
	described := extv1.JSONSchemaProps{Type: "integer", Description: "A number."}
	something := extv1.JSONSchemaProps{Description: "Anything.", XPreserveUnknownFields: new(true)}
	needy := object(map[string]extv1.JSONSchemaProps{"name": text, "value": described})
	needy.Required = []string{"name"}

	orNull := func(schema map[string]any) map[string]any {
		return map[string]any{"if": map[string]any{"type": "null"}, "else": schema}
	}
	textOrNull := orNull(map[string]any{"type": "string"})

	cases := map[string]struct {
		reason string
		spec   map[string]extv1.JSONSchemaProps
		values string
		want   want
	}{
		"SideBySide": {
			reason: "Fields of spec and other values are properties of the same schema.",
			spec:   map[string]extv1.JSONSchemaProps{"image": text},
			values: "name: {type: string, maxLength: 63}",
			want: want{properties: map[string]any{
				"image": textOrNull,
				"name":  orNull(map[string]any{"type": "string", "maxLength": float64(63)}),
			}},
		},
		"Taken": {
			reason: "A value that hides a field of spec could never reach it.",
			spec:   map[string]extv1.JSONSchemaProps{"name": text},
			values: "name: {type: string}",
			want:   want{err: "value name is a field of spec already"},
		},
		"Plain": {
			reason: "Objects allow unknown fields, as the API does, and lose Kubernetes extensions.",
			spec: map[string]extv1.JSONSchemaProps{"secrets": {Type: "array", XListType: new("map"), Items: &extv1.JSONSchemaPropsOrArray{
				Schema: new(object(map[string]extv1.JSONSchemaProps{"name": rules})),
			}}},
			want: want{properties: map[string]any{"secrets": orNull(map[string]any{"type": "array", "items": map[string]any{
				"type":       "object",
				"properties": map[string]any{"name": textOrNull},
			}})}},
		},
		"Set": {
			reason: "A set has no duplicates.",
			spec:   map[string]extv1.JSONSchemaProps{"names": {Type: "array", XListType: new("set"), Items: &extv1.JSONSchemaPropsOrArray{Schema: &text}}},
			want:   want{properties: map[string]any{"names": orNull(map[string]any{"type": "array", "uniqueItems": true, "items": map[string]any{"type": "string"}})}},
		},
		"Map": {
			reason: "The values of a map have a schema, its keys do not.",
			spec: map[string]extv1.JSONSchemaProps{"config": {Type: "object", AdditionalProperties: &extv1.JSONSchemaPropsOrBool{
				Schema: new(object(map[string]extv1.JSONSchemaProps{"a": text})),
			}}},
			want: want{properties: map[string]any{"config": orNull(map[string]any{"type": "object", "additionalProperties": orNull(map[string]any{
				"type":       "object",
				"properties": map[string]any{"a": textOrNull},
			})})}},
		},
		"Open": {
			reason: "Unknown fields that the API preserves are allowed.",
			spec:   map[string]extv1.JSONSchemaProps{"rollouts": open},
			want: want{properties: map[string]any{"rollouts": orNull(map[string]any{
				"type": "object", "properties": map[string]any{"known": textOrNull},
			})}},
		},
		"Null": {
			reason: "An optional value may be null and keeps its description; a value of any type allows null already.",
			spec:   map[string]extv1.JSONSchemaProps{"entry": needy, "anything": something},
			want: want{properties: map[string]any{
				"anything": map[string]any{"description": "Anything."},
				"entry": orNull(map[string]any{
					"type": "object", "required": []any{"name"},
					"properties": map[string]any{
						"name":  map[string]any{"type": "string"},
						"value": map[string]any{"description": "A number.", "if": map[string]any{"type": "null"}, "else": map[string]any{"type": "integer"}},
					},
				}),
			}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			crd := example()
			crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"] = object(tc.spec)

			schema, err := chartSchema(crd, []byte(tc.values))
			got := want{properties: schema["properties"]}

			if err != nil {
				got = want{err: err.Error()}
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nchartSchema(...): -want, +got:\n%s", tc.reason, diff)
			}

			if _, ok := schema["additionalProperties"]; ok {
				t.Errorf("\n%s\nchartSchema(...): want a schema that lets other values through", tc.reason)
			}
		})
	}
}

func TestChartSchemaOfTwoVersions(t *testing.T) {
	t.Parallel()

	crd := example()
	crd.Spec.Versions = append(crd.Spec.Versions, crd.Spec.Versions[0])

	if _, err := chartSchema(crd, nil); err == nil {
		t.Error("chartSchema(...): want an error that there is a decision to make, got none")
	}
}
