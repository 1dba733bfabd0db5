// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"maps"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxName is the longest name Crossplane allows a composite resource or claim,
// because the name is also the value of a label.
const maxName = 63

// The scopes of a composite resource.
const (
	scopeNamespaced    = "Namespaced"
	scopeLegacyCluster = "LegacyCluster"
)

// A definition is a CompositeResourceDefinition, as far as it matters here.
type definition struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Group      string                                `json:"group"`
		Scope      string                                `json:"scope"`
		Names      extv1.CustomResourceDefinitionNames   `json:"names"`
		ClaimNames *extv1.CustomResourceDefinitionNames  `json:"claimNames,omitempty"`
		Versions   []compositeResourceDefinitionVersions `json:"versions"`
	} `json:"spec"`
}

type compositeResourceDefinitionVersions struct {
	Name                     string                                 `json:"name"`
	Served                   bool                                   `json:"served"`
	Referenceable            bool                                   `json:"referenceable"`
	AdditionalPrinterColumns []extv1.CustomResourceColumnDefinition `json:"additionalPrinterColumns,omitempty"`
	Schema                   extv1.CustomResourceValidation         `json:"schema"`
}

// composite derives the CustomResourceDefinition of the composite resource.
func (d *definition) composite() (*extv1.CustomResourceDefinition, error) {
	scope := extv1.ClusterScoped
	if d.Spec.Scope == scopeNamespaced {
		scope = extv1.NamespaceScoped
	}

	return d.derive(d.Spec.Names, scope, compositeSpec(d.Spec.Scope))
}

// claim derives the CustomResourceDefinition of the claim.
func (d *definition) claim() (*extv1.CustomResourceDefinition, error) {
	if d.Spec.ClaimNames == nil {
		return nil, errors.New("it offers no claim")
	}

	return d.derive(*d.Spec.ClaimNames, extv1.NamespaceScoped, claimSpec())
}

// derive does what Crossplane's xcrd package does: it copies only the properties, required fields
// and rules of root, spec and status, and adds Crossplane's own properties. crossplane-runtime has
// that package from v2.3 on (pkg/xcrd), later than the version in go.mod.
func (d *definition) derive(names extv1.CustomResourceDefinitionNames, scope extv1.ResourceScope, spec map[string]extv1.JSONSchemaProps) (*extv1.CustomResourceDefinition, error) {
	crd := &extv1.CustomResourceDefinition{}
	crd.SetName(names.Plural + "." + d.Spec.Group)
	crd.Spec = extv1.CustomResourceDefinitionSpec{Group: d.Spec.Group, Names: names, Scope: scope}

	for _, version := range d.Spec.Versions {
		from := version.Schema.OpenAPIV3Schema
		if from == nil {
			return nil, errors.New("it has a version without schema")
		}
		columns := append([]extv1.CustomResourceColumnDefinition{}, version.AdditionalPrinterColumns...)
		crd.Spec.Versions = append(crd.Spec.Versions, extv1.CustomResourceDefinitionVersion{
			Name:                     version.Name,
			Served:                   version.Served,
			Storage:                  version.Referenceable,
			AdditionalPrinterColumns: columns,
			Subresources:             &extv1.CustomResourceSubresources{Status: &extv1.CustomResourceSubresourceStatus{}},
			Schema: &extv1.CustomResourceValidation{OpenAPIV3Schema: &extv1.JSONSchemaProps{
				Type:         "object",
				Description:  from.Description,
				Required:     []string{"spec"},
				XValidations: from.XValidations,
				Properties: map[string]extv1.JSONSchemaProps{
					"apiVersion": {Type: "string"},
					"kind":       {Type: "string"},
					"metadata":   metadata(from.Properties["metadata"]),
					"spec":       specOf(from.Properties["spec"], spec),
					"status":     takeOver(from.Properties["status"], statusProperties()),
				},
			}},
		})
	}

	return crd, nil
}

func metadata(from extv1.JSONSchemaProps) extv1.JSONSchemaProps {
	length := int64(maxName)
	if l := from.Properties["name"].MaxLength; l != nil {
		length = min(length, *l)
	}

	return extv1.JSONSchemaProps{Type: "object", Properties: map[string]extv1.JSONSchemaProps{
		"name": {Type: "string", MaxLength: new(length)},
	}}
}

// takeOver returns the parts that Crossplane keeps of the schemas of both spec and status. It also
// keeps oneOf, which is not used here.
func takeOver(from extv1.JSONSchemaProps, add map[string]extv1.JSONSchemaProps) extv1.JSONSchemaProps {
	to := extv1.JSONSchemaProps{
		Type:         "object",
		Description:  from.Description,
		Required:     from.Required,
		XValidations: from.XValidations,
		Properties:   map[string]extv1.JSONSchemaProps{},
	}
	maps.Copy(to.Properties, from.Properties)
	maps.Copy(to.Properties, add)

	return to
}

// specOf returns the parts that Crossplane keeps of the schema of spec. Unlike the schema of
// status, it may preserve unknown fields.
func specOf(from extv1.JSONSchemaProps, add map[string]extv1.JSONSchemaProps) extv1.JSONSchemaProps {
	to := takeOver(from, add)
	to.XPreserveUnknownFields = from.XPreserveUnknownFields

	return to
}

// compositeSpec returns the properties Crossplane adds to the spec of a
// composite resource, in less detail.
func compositeSpec(scope string) map[string]extv1.JSONSchemaProps {
	if scope != scopeLegacyCluster {
		return map[string]extv1.JSONSchemaProps{"crossplane": object()}
	}
	props := reference()
	props["claimRef"] = object()
	props["resourceRefs"] = extv1.JSONSchemaProps{
		Type:      "array",
		XListType: new("atomic"),
		Items:     &extv1.JSONSchemaPropsOrArray{Schema: new(object())},
	}

	return props
}

// claimSpec returns the properties Crossplane adds to the spec of a claim, in
// less detail.
func claimSpec() map[string]extv1.JSONSchemaProps {
	props := reference()
	props["compositeDeletePolicy"] = extv1.JSONSchemaProps{Type: "string"}
	props["resourceRef"] = object()

	return props
}

// reference returns the common properties of claims and composite resources of the old kind.
func reference() map[string]extv1.JSONSchemaProps {
	return map[string]extv1.JSONSchemaProps{
		"compositionRef":              object(),
		"compositionSelector":         object(),
		"compositionRevisionRef":      object(),
		"compositionRevisionSelector": object(),
		"compositionUpdatePolicy":     {Type: "string"},
		"writeConnectionSecretToRef":  object(),
	}
}

// statusProperties returns the properties Crossplane adds to status, in less
// detail.
func statusProperties() map[string]extv1.JSONSchemaProps {
	return map[string]extv1.JSONSchemaProps{
		"conditions": {
			Type:         "array",
			XListType:    new("map"),
			XListMapKeys: []string{"type"},
			Items: &extv1.JSONSchemaPropsOrArray{Schema: &extv1.JSONSchemaProps{
				Type:     "object",
				Required: []string{"lastTransitionTime", "reason", "status", "type"},
				Properties: map[string]extv1.JSONSchemaProps{
					"type":               {Type: "string"},
					"status":             {Type: "string"},
					"reason":             {Type: "string"},
					"message":            {Type: "string"},
					"lastTransitionTime": {Type: "string", Format: "date-time"},
					"observedGeneration": {Type: "integer", Format: "int64"},
				},
			}},
		},
		"connectionDetails":   object(),
		"claimConditionTypes": {Type: "array", Items: &extv1.JSONSchemaPropsOrArray{Schema: &extv1.JSONSchemaProps{Type: "string"}}},
	}
}

// object returns the schema of an object with any fields.
func object() extv1.JSONSchemaProps {
	return extv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: new(true)}
}
