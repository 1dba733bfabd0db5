// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// TestPreserve checks that the definitions preserve unknown fields in every object of spec, also in
// lists and maps, and in no object of status.
func TestPreserve(t *testing.T) {
	t.Parallel()

	for _, file := range []string{namespacedFile, claimFile} {
		b, err := os.ReadFile(filepath.Join("../..", file)) //nolint:gosec // Our own file.
		if err != nil {
			t.Fatal(err)
		}

		d := definition{}
		if err := yaml.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}

		for _, v := range d.Spec.Versions {
			s := v.Schema.OpenAPIV3Schema
			preserves(t, file+": spec", s.Properties["spec"], true)
			preserves(t, file+": status", s.Properties["status"], false)
		}
	}
}

func preserves(t *testing.T, path string, s extv1.JSONSchemaProps, want bool) {
	t.Helper()

	isMap := s.AdditionalProperties != nil
	if got := s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields; s.Type == "object" && !isMap && got != want {
		t.Errorf("%s: want unknown fields kept: %t, got %t", path, want, got)
	}

	for name, p := range s.Properties {
		preserves(t, path+"."+name, p, want)
	}

	if s.Items != nil && s.Items.Schema != nil {
		preserves(t, path+"[]", *s.Items.Schema, want)
	}

	if isMap && s.AdditionalProperties.Schema != nil {
		preserves(t, path+"[*]", *s.AdditionalProperties.Schema, want)
	}
}
