// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// Limits of maps of foreign types, which cannot have markers. They limit the estimated
// cost of CEL rules on these maps.
const (
	maxQuantities     = 16
	maxQuantityLength = 64
)

// bound limits the maps of Kubernetes quantities in a schema. It also replaces the long
// pattern of a quantity by a rule with a readable message.
func bound(s *extv1.JSONSchemaProps) {
	for name, property := range s.Properties {
		bound(&property)
		s.Properties[name] = property
	}
	if s.Items != nil && s.Items.Schema != nil {
		bound(s.Items.Schema)
	}
	if s.AdditionalProperties == nil || s.AdditionalProperties.Schema == nil {
		return
	}
	value := s.AdditionalProperties.Schema
	bound(value)
	if value.XIntOrString && value.Pattern != "" {
		s.MaxProperties = new(int64(maxQuantities))
		value.Pattern = ""
		value.MaxLength = new(int64(maxQuantityLength))
		value.XValidations = extv1.ValidationRules{{
			// QuantityPattern explains why the pattern comes first.
			Rule:    "string(self).matches('" + v1alpha1.QuantityPattern + "') && isQuantity(string(self))",
			Message: "must be a quantity, such as 250m or 1 for cpu, and 512Mi or 2Gi for memory",
		}}
	}
}
