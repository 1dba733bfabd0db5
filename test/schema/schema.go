// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package schema validates objects of a custom resource as an API server would, without
// an API server: it runs the API server's own library for validation, pruning, list
// types and CEL rules.
//
// A Validator is made from a CustomResourceDefinition, or from a Crossplane
// CompositeResourceDefinition by way of the CustomResourceDefinition that
// Crossplane derives from it. It compiles schema and rules once; checking an
// object of common size then takes less than a millisecond.
package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"sigs.k8s.io/yaml"
)

// errNotChecked is the message of the API server when it skips the CEL rules.
const errNotChecked = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"

// A Validator checks objects of the stored version of one custom resource. It
// is safe for concurrent use.
type Validator struct {
	crd *extv1.CustomResourceDefinition

	version    string
	root       *apiextensions.JSONSchemaProps
	structural *structural.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator // nil without rules
}

// LoadCRD returns a Validator for the CustomResourceDefinition in a file.
func LoadCRD(path string) (*Validator, error) {
	crd := &extv1.CustomResourceDefinition{}
	if err := readYAML(path, crd); err != nil {
		return nil, err
	}

	return newValidator(path, crd)
}

// LoadXRD returns a Validator for the composite resource of the
// CompositeResourceDefinition in a file.
func LoadXRD(path string) (*Validator, error) {
	return loadXRD(path, (*definition).composite)
}

// LoadClaim returns a Validator for the claim that the
// CompositeResourceDefinition in a file offers.
func LoadClaim(path string) (*Validator, error) {
	return loadXRD(path, (*definition).claim)
}

func loadXRD(path string, derive func(*definition) (*extv1.CustomResourceDefinition, error)) (*Validator, error) {
	d := &definition{}
	if err := readYAML(path, d); err != nil {
		return nil, err
	}
	crd, err := derive(d)
	if err != nil {
		return nil, fmt.Errorf("cannot derive a CustomResourceDefinition from %q: %w", path, err)
	}

	return newValidator(path, crd)
}

func readYAML(path string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read definition: %w", err)
	}
	if err := yaml.UnmarshalStrict(b, into); err != nil {
		return fmt.Errorf("cannot parse %q: %w", path, err)
	}

	return nil
}

func newValidator(path string, crd *extv1.CustomResourceDefinition) (*Validator, error) {
	extv1.SetDefaults_CustomResourceDefinition(crd)
	extv1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)

	v := &Validator{crd: crd}
	for _, version := range crd.Spec.Versions {
		if !version.Storage {
			continue
		}
		if version.Schema == nil || version.Schema.OpenAPIV3Schema == nil {
			return nil, fmt.Errorf("cannot validate with %q: version %q has no schema", path, version.Name)
		}
		v.version = version.Name
		v.root = &apiextensions.JSONSchemaProps{}
		if err := extv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, v.root, nil); err != nil {
			return nil, fmt.Errorf("cannot convert the schema of %q: %w", path, err)
		}
	}
	if v.root == nil {
		return nil, fmt.Errorf("cannot validate with %q: it has no stored version", path)
	}

	var err error
	if v.structural, err = structural.NewStructural(v.root); err != nil {
		return nil, fmt.Errorf("cannot make the schema of %q structural: %w", path, err)
	}
	if v.schema, _, err = validation.NewSchemaValidator(v.root); err != nil {
		return nil, fmt.Errorf("cannot compile the schema of %q: %w", path, err)
	}
	v.rules = cel.NewValidator(v.structural, true, celconfig.PerCallLimit)

	return v, nil
}

// CRD returns a copy of the CustomResourceDefinition that objects are checked
// against.
func (v *Validator) CRD() *extv1.CustomResourceDefinition {
	return v.crd.DeepCopy()
}

// Validate returns the messages of an API server when the object is created with strict field
// validation, one per fault. It returns nothing if the API server accepts the object. The object is
// not changed.
func (v *Validator) Validate(obj map[string]any) []string {
	u, unknown, errs := v.decode(obj)
	if len(errs) > 0 {
		return messages(unknown, errs)
	}

	errs = append(errs, v.validateMeta(u)...)
	errs = append(errs, validation.ValidateCustomResource(nil, u.Object, v.schema)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, v.structural, u.Object)...)

	return messages(unknown, errs, v.validateRules(errs, u.Object, nil))
}

// ValidateUpdate returns the messages of an API server when an object is replaced: those of
// Validate, plus the rules that compare with the old object, and minus the rules that unchanged
// parts of the old object already break.
func (v *Validator) ValidateUpdate(obj, old map[string]any) []string {
	u, unknown, errs := v.decode(obj)
	o, _, olderrs := v.decode(old)
	if errs = append(errs, olderrs...); len(errs) > 0 {
		return messages(unknown, errs)
	}

	correlated := common.NewCorrelatedObject(u.Object, o.Object, &model.Structural{Structural: v.structural})
	errs = append(errs, v.validateMeta(u)...)
	errs = append(errs, validation.ValidateCustomResourceUpdate(nil, u.Object, o.Object, v.schema, validation.WithRatcheting(correlated))...)
	if len(listtype.ValidateListSetsAndMaps(nil, v.structural, o.Object)) == 0 {
		errs = append(errs, listtype.ValidateListSetsAndMaps(nil, v.structural, u.Object)...)
	}

	return messages(unknown, errs, v.validateRules(errs, u.Object, o.Object, cel.WithRatcheting(correlated)))
}

// decode returns the object as the API server sees it after decoding, and the
// paths of the fields it does not know.
func (v *Validator) decode(obj map[string]any) (*unstructured.Unstructured, []string, field.ErrorList) {
	// A round trip through JSON, so that numbers have the types of the API server.
	b, err := json.Marshal(obj)
	if err != nil {
		return nil, nil, field.ErrorList{field.InternalError(nil, fmt.Errorf("cannot encode object: %w", err))}
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(b); err != nil {
		return nil, nil, field.ErrorList{field.Invalid(nil, field.OmitValueType{}, err.Error())}
	}

	unknown := pruning.PruneWithOptions(u.Object, v.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(u.Object, v.structural)
	defaulting.Default(u.Object, v.structural)

	return u, unknown, nil
}

func (v *Validator) validateMeta(u *unstructured.Unstructured) field.ErrorList {
	var errs field.ErrorList
	if want := v.crd.Spec.Names.Kind; u.GetKind() != want {
		errs = append(errs, field.Invalid(field.NewPath("kind"), u.GetKind(), "must be "+want))
	}
	if want := v.crd.Spec.Group + "/" + v.version; u.GetAPIVersion() != want {
		errs = append(errs, field.Invalid(field.NewPath("apiVersion"), u.GetAPIVersion(), "must be "+want))
	}
	// A client adds the namespace, which manifests often leave out.
	if v.crd.Spec.Scope == extv1.NamespaceScoped && u.GetNamespace() == "" {
		u = u.DeepCopy()
		u.SetNamespace("default")
	}

	return append(errs, apivalidation.ValidateObjectMetaAccessor(u, v.crd.Spec.Scope == extv1.NamespaceScoped, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))...)
}

// validateRules runs the CEL rules, unless an error found so far keeps the API
// server from doing so.
func (v *Validator) validateRules(sofar field.ErrorList, obj, old map[string]any, o ...cel.Option) field.ErrorList {
	if v.rules == nil {
		return nil
	}
	for _, err := range sofar {
		switch err.Type { //nolint:exhaustive // These are the API server's reasons to stop.
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return field.ErrorList{field.Invalid(nil, nil, errNotChecked)}
		}
	}
	// A nil map in an interface is not a nil interface.
	var oldObj any
	if old != nil {
		oldObj = old
	}
	errs, _ := v.rules.Validate(context.Background(), nil, v.structural, obj, oldObj, celconfig.RuntimeCELCostBudget, o...)

	return errs
}

// messages returns the messages of unknown fields and of lists of errors. The
// API server has the errors of one list in no particular order; here they are
// sorted.
func messages(unknown []string, errs ...field.ErrorList) []string {
	var msgs []string
	for _, path := range unknown {
		msgs = append(msgs, fmt.Sprintf("unknown field %q", path))
	}
	for _, list := range errs {
		sorted := make([]string, 0, len(list))
		for _, err := range list {
			sorted = append(sorted, err.Error())
		}
		slices.Sort(sorted)
		msgs = append(msgs, sorted...)
	}

	return msgs
}

// FromYAML returns the object in a YAML document, for Validate.
func FromYAML(doc string) (map[string]any, error) {
	obj := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(doc), &obj); err != nil {
		return nil, fmt.Errorf("cannot parse object: %w", err)
	}

	return obj, nil
}
