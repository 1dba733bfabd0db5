// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// preserve makes every object of a schema keep unknown fields. The API server would drop
// them silently; the function lists them in a condition.
func preserve(s *extv1.JSONSchemaProps) {
	for name, property := range s.Properties {
		preserve(&property)
		s.Properties[name] = property
	}
	if s.Items != nil && s.Items.Schema != nil {
		preserve(s.Items.Schema)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		preserve(s.AdditionalProperties.Schema)
	}
	// A map has no unknown fields.
	if s.Type == "object" && s.AdditionalProperties == nil {
		s.XPreserveUnknownFields = new(true)
	}
}
