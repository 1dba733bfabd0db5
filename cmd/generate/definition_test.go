// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// example returns a definition as controller-gen writes it.
func example() *extv1.CustomResourceDefinition {
	crd := &extv1.CustomResourceDefinition{}
	crd.Name = "apps.example.com"
	crd.Spec.Group = "example.com"
	crd.Spec.Names = extv1.CustomResourceDefinitionNames{
		Kind: "App", ListKind: "AppList", Plural: "apps", Singular: "app", ShortNames: []string{"a"}, Categories: []string{"platform"},
	}
	crd.Spec.Versions = []extv1.CustomResourceDefinitionVersion{{
		Name:    "v1",
		Served:  true,
		Storage: true,
		Schema:  &extv1.CustomResourceValidation{OpenAPIV3Schema: exampleSchema()},
	}}

	return crd
}

func exampleSchema() *extv1.JSONSchemaProps {
	return &extv1.JSONSchemaProps{
		Type:         "object",
		Description:  "An App is an application.",
		XValidations: extv1.ValidationRules{{Rule: "true", Message: "all is well"}},
		Properties: map[string]extv1.JSONSchemaProps{
			"apiVersion": {Type: "string"},
			"kind":       {Type: "string"},
			"metadata":   {Type: "object"},
			"spec": {
				Type:        "object",
				Description: "AppSpec is what is asked for.",
				Required:    []string{"image"},
				Properties:  map[string]extv1.JSONSchemaProps{"image": {Type: "string"}},
			},
			"status": {Type: "object", Properties: map[string]extv1.JSONSchemaProps{"ready": {Type: "boolean"}}},
		},
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()

	schema := exampleSchema()
	delete(schema.Properties, "apiVersion")
	delete(schema.Properties, "kind")

	versions := []definitionVersion{{
		Name: "v1", Served: true, Referenceable: true, Schema: extv1.CustomResourceValidation{OpenAPIV3Schema: schema},
	}}
	own := extv1.CustomResourceDefinitionNames{
		Kind: "App", Plural: "apps", Singular: "app", ShortNames: []string{"a"}, Categories: []string{"platform"},
	}

	got, err := definitionVersions(example())
	if err != nil {
		t.Fatalf("definitionVersions(...): %s", err)
	}

	cases := map[string]struct {
		reason    string
		got, want *definition
	}{
		"Namespaced": {
			reason: "The namespaced composite resource has the names of the type.",
			got:    namespaced(example(), got),
			want: &definition{
				APIVersion: "apiextensions.crossplane.io/v2",
				Kind:       "CompositeResourceDefinition",
				Metadata:   metadata{Name: "apps.example.com"},
				Spec:       definitionSpec{Scope: "Namespaced", Group: "example.com", Names: own, Versions: versions},
			},
		},
		"WithClaim": {
			reason: "The claim has the names of the type, and the composite resource has none that would clash.",
			got:    withClaim(example(), got),
			want: &definition{
				APIVersion: "apiextensions.crossplane.io/v1",
				Kind:       "CompositeResourceDefinition",
				Metadata:   metadata{Name: "xapps.example.com"},
				Spec: definitionSpec{
					Scope:      "LegacyCluster",
					Group:      "example.com",
					Names:      extv1.CustomResourceDefinitionNames{Kind: "XApp", Plural: "xapps", Singular: "xapp"},
					ClaimNames: &own,
					Versions:   versions,
				},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDefinitionVersionsRefuses(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		change func(*extv1.JSONSchemaProps)
		want   string
	}{
		"RootRequired": {
			reason: "Crossplane has its own required fields of the root.",
			change: func(s *extv1.JSONSchemaProps) { s.Required = []string{"spec"} },
			want:   "of the root",
		},
		"SpecLimit": {
			reason: "Crossplane drops limits of spec.",
			change: func(s *extv1.JSONSchemaProps) {
				spec := s.Properties["spec"]
				spec.MaxProperties = new(int64(1))
				s.Properties["spec"] = spec
			},
			want: "of spec",
		},
		"StatusPreserved": {
			reason: "Crossplane prunes unknown fields of status, and keeps those of spec.",
			change: func(s *extv1.JSONSchemaProps) {
				status := s.Properties["status"]
				status.XPreserveUnknownFields = new(true)
				s.Properties["status"] = status
			},
			want: "of status",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			crd := example()
			tc.change(crd.Spec.Versions[0].Schema.OpenAPIV3Schema)

			_, err := definitionVersions(crd)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\ndefinitionVersions(...): want error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestBound(t *testing.T) {
	t.Parallel()

	quantities := func() extv1.JSONSchemaProps {
		return extv1.JSONSchemaProps{
			Type: "object",
			AdditionalProperties: &extv1.JSONSchemaPropsOrBool{
				Allows: true,
				Schema: &extv1.JSONSchemaProps{XIntOrString: true, Pattern: "^[0-9]+$"},
			},
		}
	}
	s := extv1.JSONSchemaProps{Properties: map[string]extv1.JSONSchemaProps{
		"containers": {Items: &extv1.JSONSchemaPropsOrArray{Schema: &extv1.JSONSchemaProps{
			Properties: map[string]extv1.JSONSchemaProps{"limits": quantities()},
		}}},
		"labels": {AdditionalProperties: &extv1.JSONSchemaPropsOrBool{Schema: &extv1.JSONSchemaProps{Type: "string", Pattern: "a"}}},
	}}
	want := *s.DeepCopy()
	limits := want.Properties["containers"].Items.Schema.Properties["limits"]
	limits.MaxProperties = new(int64(16))
	limits.AdditionalProperties.Schema = &extv1.JSONSchemaProps{
		XIntOrString: true,
		MaxLength:    new(int64(64)),
		XValidations: extv1.ValidationRules{{
			Rule:    "string(self).matches('^[+]?([0-9]{1,18}([.][0-9]{0,9})?|[.][0-9]{1,9})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$') && isQuantity(string(self))",
			Message: "must be a quantity, such as 250m or 1 for cpu, and 512Mi or 2Gi for memory",
		}},
	}
	want.Properties["containers"].Items.Schema.Properties["limits"] = limits

	bound(&s)

	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("bound(...): -want, +got:\n%s", diff)
	}
}
