// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// mergeSchemaFiles returns the files with the schema: the one that teams copy, and the
// copy in the example.
func mergeSchemaFiles() []string {
	return []string{
		"package/kustomize/schema.yaml",
		"examples/environments/.platform/kubernetes/component/schema.yaml",
	}
}

// A mergeSchema tells kustomize which lists to merge by key. It contains only the paths
// to these lists, so that people can read it before they copy it.
type mergeSchema struct {
	Type          string                  `json:"type"`
	Kinds         []groupVersionKind      `json:"x-kubernetes-group-version-kind,omitempty"`
	PatchStrategy string                  `json:"x-kubernetes-patch-strategy,omitempty"`
	PatchMergeKey string                  `json:"x-kubernetes-patch-merge-key,omitempty"`
	Items         *mergeSchema            `json:"items,omitempty"`
	Properties    map[string]*mergeSchema `json:"properties,omitempty"`
}

type groupVersionKind struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

// writeMergeSchema writes the schema that kustomize needs to merge a kind.
func writeMergeSchema(crd *extv1.CustomResourceDefinition) error {
	definitions, err := mergeSchemas(crd)
	if err != nil {
		return err
	}

	b, err := yaml.Marshal(map[string]any{"definitions": definitions})
	if err != nil {
		return fmt.Errorf("cannot encode schema for kustomize: %w", err)
	}

	for _, file := range mergeSchemaFiles() {
		if err := write(file, header+string(b)); err != nil {
			return err
		}
	}

	return nil
}

// mergeSchemas returns the schemas of all versions of a kind, by their OpenAPI names.
func mergeSchemas(crd *extv1.CustomResourceDefinition) (map[string]*mergeSchema, error) {
	definitions := map[string]*mergeSchema{}

	for _, v := range crd.Spec.Versions {
		spec := v.Schema.OpenAPIV3Schema.Properties["spec"]

		s, err := mergeable(&spec)
		if err == nil && s == nil {
			err = errors.New("no list of spec has a key")
		}

		if err != nil {
			return nil, fmt.Errorf("cannot make the merge schema of version %s: %w", v.Name, err)
		}

		reversed := strings.Split(crd.Spec.Group, ".")
		slices.Reverse(reversed)

		definitions[strings.Join(append(reversed, v.Name, crd.Spec.Names.Kind), ".")] = &mergeSchema{
			Type:       "object",
			Kinds:      []groupVersionKind{{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind}},
			Properties: map[string]*mergeSchema{"spec": s},
		}
	}

	return definitions, nil
}

// mergeable returns the part of a schema that leads to lists with a key, or nil if
// there are none.
func mergeable(s *extv1.JSONSchemaProps) (*mergeSchema, error) {
	out := &mergeSchema{Type: s.Type, Properties: map[string]*mergeSchema{}}

	for name, property := range s.Properties {
		p, err := mergeable(&property)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}

		if p != nil {
			out.Properties[name] = p
		}
	}

	if s.Items != nil && s.Items.Schema != nil {
		items, err := mergeable(s.Items.Schema)
		if err != nil {
			return nil, err
		}

		out.Items = items
	}

	if s.XListType != nil && *s.XListType == "map" {
		if len(s.XListMapKeys) != 1 {
			return nil, errors.New("kustomize merges lists of one key only")
		}

		out.PatchStrategy, out.PatchMergeKey = "merge", s.XListMapKeys[0]

		if out.Items == nil {
			out.Items = &mergeSchema{Type: s.Items.Schema.Type}
		}
	}

	if out.PatchStrategy == "" && out.Items == nil && len(out.Properties) == 0 {
		return nil, nil //nolint:nilnil // No part of the schema is a result, not a failure.
	}

	return out, nil
}
