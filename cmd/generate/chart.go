// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

const (
	chartSchemaFile = "package/helm/platform-application/values.schema.json"

	// generatedComment is the header for a format without comments.
	generatedComment = "Code generated from the Go types in apis by 'make generate'. DO NOT EDIT. " +
		"Values that are not in spec come from cmd/generate/chart_values.yaml."
)

// chartValues are the values of the Helm chart that are not fields of spec, as
// properties of a JSON schema.
//
//go:embed chart_values.yaml
var chartValues []byte

// writeChartSchema writes the schema of the values of the Helm chart.
func writeChartSchema(crd *extv1.CustomResourceDefinition) error {
	schema, err := chartSchema(crd, chartValues)
	if err != nil {
		return fmt.Errorf("cannot make a schema for Helm: %w", err)
	}

	b, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode schema for Helm: %w", err)
	}

	return write(chartSchemaFile, string(b)+"\n")
}

// chartSchema returns a schema with the fields of spec and the other values. Unknown
// values become unknown fields of spec.
func chartSchema(crd *extv1.CustomResourceDefinition, values []byte) (map[string]any, error) {
	spec, err := specSchema(crd)
	if err != nil {
		return nil, err
	}

	properties, _ := spec["properties"].(map[string]any)

	others := map[string]any{}
	if err := yaml.UnmarshalStrict(values, &others); err != nil {
		return nil, fmt.Errorf("cannot parse chart_values.yaml: %w", err)
	}

	for name, value := range others {
		if _, taken := properties[name]; taken {
			return nil, fmt.Errorf("value %s is a field of spec already", name)
		}

		properties[name] = value
	}

	schema, _ := withNulls(map[string]any{
		"$schema":    "http://json-schema.org/draft-07/schema#",
		"$comment":   generatedComment,
		"type":       "object",
		"properties": properties,
	}).(map[string]any)

	return schema, nil
}

// withNulls returns a schema that allows null for everything that is not required: null in
// a values file unsets a value of an earlier file, and the chart omits it.
func withNulls(schema any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema
	}

	out := eachSchema(s, withNulls)
	required, _ := s["required"].([]any)
	fields, _ := out["properties"].(map[string]any)

	for name, field := range fields {
		if !slices.Contains(required, any(name)) {
			fields[name] = orNull(field)
		}
	}

	if values, ok := out["additionalProperties"].(map[string]any); ok {
		out["additionalProperties"] = orNull(values)
	}

	return out
}

// orNull returns a schema that also allows null. A list of types would do the same, but
// the error for a wrong value would recommend null.
func orNull(schema any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema
	}

	rest := maps.Clone(s)
	delete(rest, "description")

	if len(rest) == 0 {
		return s
	}

	out := map[string]any{"if": map[string]any{"type": "null"}, "else": rest}
	if description, ok := s["description"]; ok {
		out["description"] = description
	}

	return out
}

// specSchema returns the spec of a definition with one version as a JSON schema.
func specSchema(crd *extv1.CustomResourceDefinition) (map[string]any, error) {
	if len(crd.Spec.Versions) != 1 {
		return nil, errors.New("there is more than one version: decide which one the chart writes")
	}

	encoded, err := json.Marshal(crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"])
	if err != nil {
		return nil, fmt.Errorf("cannot encode spec: %w", err)
	}

	spec := map[string]any{}
	if err := json.Unmarshal(encoded, &spec); err != nil {
		return nil, fmt.Errorf("cannot decode spec: %w", err)
	}

	schema, _ := plain(spec).(map[string]any)

	return schema, nil
}

// plain returns a schema of Kubernetes without the extensions of Kubernetes, except that a set has no duplicates. Like the
// API, it allows unknown fields.
func plain(schema any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema
	}

	out := eachSchema(s, plain)
	if s["x-kubernetes-list-type"] == "set" {
		out["uniqueItems"] = true
	}

	maps.DeleteFunc(out, func(keyword string, _ any) bool { return strings.HasPrefix(keyword, "x-kubernetes-") })

	return out
}

// eachSchema returns a copy of a schema in which the schemas of its fields, items and values are changed.
func eachSchema(schema map[string]any, change func(any) any) map[string]any {
	out := maps.Clone(schema)

	if fields, ok := schema["properties"].(map[string]any); ok {
		properties := make(map[string]any, len(fields))
		for name, field := range fields {
			properties[name] = change(field)
		}

		out["properties"] = properties
	}

	for _, keyword := range []string{"items", "additionalProperties"} {
		if of, ok := schema[keyword]; ok {
			out[keyword] = change(of)
		}
	}

	return out
}
