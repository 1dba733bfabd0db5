// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"reflect"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// compositeKind is the kind with CompositeResourceDefinitions.
const compositeKind = "PlatformApplication"

const (
	namespacedFile = "apis/platformapplication/definition.yaml"
	claimFile      = "apis/claim/definition.yaml"
)

// A definition is a CompositeResourceDefinition. The module of Crossplane's own type
// needs newer dependencies than this module can have.
type definition struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   metadata       `json:"metadata"`
	Spec       definitionSpec `json:"spec"`
}

type metadata struct {
	Name string `json:"name"`
}

type definitionSpec struct {
	Scope      string                               `json:"scope"`
	Group      string                               `json:"group"`
	Names      extv1.CustomResourceDefinitionNames  `json:"names"`
	ClaimNames *extv1.CustomResourceDefinitionNames `json:"claimNames,omitempty"`
	Versions   []definitionVersion                  `json:"versions"`
}

type definitionVersion struct {
	Name                     string                                 `json:"name"`
	Served                   bool                                   `json:"served"`
	Referenceable            bool                                   `json:"referenceable"`
	AdditionalPrinterColumns []extv1.CustomResourceColumnDefinition `json:"additionalPrinterColumns,omitempty"`
	Schema                   extv1.CustomResourceValidation         `json:"schema"`
}

// writeDefinitions writes the CompositeResourceDefinitions of the composite kind.
func writeDefinitions(crd *extv1.CustomResourceDefinition) error {
	versions, err := definitionVersions(crd)
	if err != nil {
		return err
	}
	for file, d := range map[string]*definition{
		namespacedFile: namespaced(crd, versions),
		claimFile:      withClaim(crd, versions),
	} {
		b, err := yaml.Marshal(d)
		if err != nil {
			return fmt.Errorf("cannot encode %s: %w", file, err)
		}
		if err := write(file, header+string(b)); err != nil {
			return err
		}
	}

	return nil
}

// namespaced returns the definition of the namespaced composite resource.
func namespaced(crd *extv1.CustomResourceDefinition, versions []definitionVersion) *definition {
	return &definition{
		APIVersion: "apiextensions.crossplane.io/v2",
		Kind:       "CompositeResourceDefinition",
		Metadata:   metadata{Name: crd.Name},
		Spec:       definitionSpec{Scope: "Namespaced", Group: crd.Spec.Group, Names: names(crd), Versions: versions},
	}
}

// withClaim returns the definition of a cluster-scoped composite resource whose
// claim has the names of the namespaced composite resource. Only version v1 of
// CompositeResourceDefinition has claims.
func withClaim(crd *extv1.CustomResourceDefinition, versions []definitionVersion) *definition {
	claim := names(crd)
	composite := extv1.CustomResourceDefinitionNames{
		Kind:     "X" + claim.Kind,
		Plural:   "x" + claim.Plural,
		Singular: "x" + claim.Singular,
		// The claim has the short names and categories, because people look for
		// claims.
	}

	return &definition{
		APIVersion: "apiextensions.crossplane.io/v1",
		Kind:       "CompositeResourceDefinition",
		Metadata:   metadata{Name: composite.Plural + "." + crd.Spec.Group},
		Spec:       definitionSpec{Scope: "LegacyCluster", Group: crd.Spec.Group, Names: composite, ClaimNames: &claim, Versions: versions},
	}
}

// names returns the names of a definition. Crossplane adds its own category,
// composite or claim.
func names(crd *extv1.CustomResourceDefinition) extv1.CustomResourceDefinitionNames {
	n := *crd.Spec.Names.DeepCopy()
	n.ListKind = "" // Kubernetes defaults it.

	return n
}

func definitionVersions(crd *extv1.CustomResourceDefinition) ([]definitionVersion, error) {
	out := make([]definitionVersion, 0, len(crd.Spec.Versions))
	for _, v := range crd.Spec.Versions {
		if v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
			return nil, fmt.Errorf("version %s has no schema", v.Name)
		}
		s := compositeSchema(v.Schema.OpenAPIV3Schema)
		if err := checkKept(s); err != nil {
			return nil, fmt.Errorf("cannot define version %s: %w", v.Name, err)
		}
		out = append(out, definitionVersion{
			Name:                     v.Name,
			Served:                   v.Served,
			Referenceable:            v.Storage,
			AdditionalPrinterColumns: v.AdditionalPrinterColumns,
			Schema:                   extv1.CustomResourceValidation{OpenAPIV3Schema: s},
		})
	}

	return out, nil
}

// compositeSchema returns the schema without the fields that Crossplane adds.
func compositeSchema(from *extv1.JSONSchemaProps) *extv1.JSONSchemaProps {
	s := from.DeepCopy()
	delete(s.Properties, "apiVersion")
	delete(s.Properties, "kind")
	s.Properties["metadata"] = extv1.JSONSchemaProps{Type: "object"}

	return s
}

// checkKept returns an error if the schema has something that Crossplane would silently
// drop. Crossplane copies a fixed set of fields of the root, spec and status, and their
// properties unchanged.
func checkKept(s *extv1.JSONSchemaProps) error {
	root := extv1.JSONSchemaProps{Type: "object", Description: s.Description, XValidations: s.XValidations, Properties: s.Properties}
	if !reflect.DeepEqual(root, *s) {
		return errors.New("crossplane keeps only description, properties and rules of the root of a schema")
	}
	for _, name := range []string{"spec", "status"} {
		from := s.Properties[name]
		kept := extv1.JSONSchemaProps{
			Type:         "object",
			Description:  from.Description,
			Required:     from.Required,
			XValidations: from.XValidations,
			Properties:   from.Properties,
		}
		if name == "spec" {
			kept.XPreserveUnknownFields = from.XPreserveUnknownFields
		}
		if !reflect.DeepEqual(kept, from) {
			return fmt.Errorf("crossplane keeps only description, properties, required fields and rules of %s, and unknown fields of spec", name)
		}
	}

	return nil
}
