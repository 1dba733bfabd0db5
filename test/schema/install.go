// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// The limits of an API server for the estimated cost of rules.
const (
	MaxRuleCost  = validation.StaticEstimatedCostLimit
	MaxTotalCost = validation.StaticEstimatedCRDCostLimit
)

// ValidateDefinition returns the messages of an API server when the CustomResourceDefinition is
// installed, and nothing if it accepts it. For example, it rejects rules that do not compile or may
// cost too much.
func (v *Validator) ValidateDefinition() []string {
	crd := v.crd.DeepCopy()
	for _, version := range crd.Spec.Versions {
		if version.Storage {
			crd.Status.StoredVersions = []string{version.Name}
		}
	}
	in := &apiextensions.CustomResourceDefinition{}
	if err := extv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, in, nil); err != nil {
		return []string{fmt.Sprintf("cannot convert: %s", err)}
	}

	return messages(nil, validation.ValidateCustomResourceDefinition(context.Background(), in))
}

// A RuleCost is the API server's estimate of the maximum cost of one CEL rule and its message, over
// all places in an object.
type RuleCost struct {
	Path string
	Rule string
	Cost uint64
}

// Costs returns the estimated cost of every CEL rule. The estimates are those
// of the Kubernetes version in go.mod; others may differ somewhat, hence the
// advice to stay well below the limits.
func (v *Validator) Costs() ([]RuleCost, error) {
	return costs("", v.root, validation.RootCELContext(v.root))
}

func costs(path string, s *apiextensions.JSONSchemaProps, c *validation.CELSchemaContext) ([]RuleCost, error) {
	own, err := ruleCosts(path, s, c)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		child := s.Properties[name]
		nested, err := costs(path+"."+name, &child, c.ChildPropertyContext(&child, name))
		if err != nil {
			return nil, err
		}
		own = append(own, nested...)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		child := s.AdditionalProperties.Schema
		nested, err := costs(path+"[*]", child, c.ChildAdditionalPropertiesContext(child))
		if err != nil {
			return nil, err
		}
		own = append(own, nested...)
	}
	if s.Items != nil && s.Items.Schema != nil {
		child := s.Items.Schema
		nested, err := costs(path+"[]", child, c.ChildItemsContext(child))
		if err != nil {
			return nil, err
		}
		own = append(own, nested...)
	}

	return own, nil
}

// ruleCosts returns the costs of the rules of one schema node.
func ruleCosts(path string, s *apiextensions.JSONSchemaProps, c *validation.CELSchemaContext) ([]RuleCost, error) {
	if len(s.XValidations) == 0 {
		return nil, nil
	}
	info, err := c.TypeInfo()
	if err != nil {
		return nil, fmt.Errorf("cannot get the type of %q: %w", path, err)
	}
	env := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	compiled, err := cel.Compile(info.Schema, info.DeclType, celconfig.PerCallLimit, env, cel.NewExpressionsEnvLoader())
	if err != nil {
		return nil, fmt.Errorf("cannot compile the rules of %q: %w", path, err)
	}
	out := make([]RuleCost, 0, len(compiled))
	for i, rule := range compiled {
		if rule.Error != nil {
			return nil, fmt.Errorf("cannot compile rule %d of %q: %s", i, path, rule.Error.Detail)
		}
		times := rule.MaxCardinality
		if c.MaxCardinality != nil {
			times = *c.MaxCardinality
		}
		out = append(out, RuleCost{Path: path, Rule: s.XValidations[i].Rule, Cost: add(multiply(rule.MaxCost, times), rule.MessageExpressionMaxCost)})
	}

	return out, nil
}

func multiply(a, b uint64) uint64 {
	if a != 0 && b > math.MaxUint64/a {
		return math.MaxUint64
	}

	return a * b
}

func add(a, b uint64) uint64 {
	if b > math.MaxUint64-a {
		return math.MaxUint64
	}

	return a + b
}
