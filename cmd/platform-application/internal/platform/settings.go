// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"errors"
	"fmt"
	"strings"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// input reads the function input in the Composition of the installed definition.
func (r *reader) input() *v1alpha1.PlatformConfig {
	input := &v1alpha1.PlatformConfig{}

	for _, name := range []string{ModernDefinition, ClaimDefinition} {
		d, _ := r.get(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1", Kind: "CompositeResourceDefinition"}, "compositeresourcedefinitions", name)
		if d == nil {
			continue
		}

		r.platform.Definitions = append(r.platform.Definitions, name)

		composition := r.composition(d)

		u, _ := r.get(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1", Kind: "Composition"}, "compositions", composition)
		if u == nil {
			continue
		}

		r.platform.Composition = composition

		found, err := inputOf(u)
		if err != nil {
			r.add(InputInvalid, "Composition/"+composition, map[string]string{"error": err.Error(), "resource": "compositions.apiextensions.crossplane.io/" + composition})

			continue
		}

		input = found
	}

	return input
}

// composition returns the Composition for new applications: the enforced one, the default, or the only one of the kind. If there are
// several, it returns that of the platform.
func (r *reader) composition(definition *unstructured.Unstructured) string {
	for _, ref := range []string{"enforcedCompositionRef", "defaultCompositionRef"} {
		if name, _, _ := unstructured.NestedString(definition.Object, "spec", ref, "name"); name != "" {
			return name
		}
	}

	compositions := &unstructured.UnstructuredList{}
	compositions.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1", Kind: "CompositionList"})

	if err := r.cluster.Client.List(r.ctx, compositions); err != nil {
		r.found = append(r.found, Unreadable("", "list", "compositions.apiextensions.crossplane.io", err))

		return definition.GetName()
	}

	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")

	for _, c := range compositions.Items {
		of, _, _ := unstructured.NestedStringMap(c.Object, "spec", "compositeTypeRef")
		if of["kind"] == kind && strings.HasPrefix(of["apiVersion"], "meta.p6m.dev/") {
			r.platform.Compositions = append(r.platform.Compositions, c.GetName())
		}
	}

	if len(r.platform.Compositions) == 1 {
		return r.platform.Compositions[0]
	}

	return definition.GetName()
}

// inputOf decodes the function input in a Composition, in the same way as the function.
func inputOf(composition *unstructured.Unstructured) (*v1alpha1.PlatformConfig, error) {
	input := &v1alpha1.PlatformConfig{}
	steps, _, _ := unstructured.NestedSlice(composition.Object, "spec", "pipeline")

	for _, step := range steps {
		m, _ := step.(map[string]any)
		raw, _ := m["input"].(map[string]any)

		// A platform team's own Composition can have other functions, too.
		if name, _, _ := unstructured.NestedString(m, "functionRef", "name"); name != Function && raw["kind"] != v1alpha1.Kind {
			continue
		}

		if raw == nil {
			return input, nil
		}

		s, err := structpb.NewStruct(raw)
		if err != nil {
			return nil, fmt.Errorf("cannot read input: %w", err)
		}

		return input, request.GetInput(&fnv1.RunFunctionRequest{Input: s}, input) //nolint:wrapcheck // The error names the input.
	}

	return input, nil
}

// settings reads the settings of the platform, and resolves them in the same way as the function.
func (r *reader) settings(input *v1alpha1.PlatformConfig) {
	ref := settings.EnvironmentConfig(input)
	object, resource := "EnvironmentConfig/"+ref.Name, "environmentconfigs.apiextensions.crossplane.io/"+ref.Name

	u, known := r.get(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1beta1", Kind: "EnvironmentConfig"}, "environmentconfigs", ref.Name)
	if !known {
		return
	}

	var overlay map[string]any

	switch {
	case u != nil:
		overlay, _ = u.Object["data"].(map[string]any)
		r.samples(object, overlay)
	case ref.Required:
		r.add(SettingsMissing, object, map[string]string{"resource": resource})

		return
	}

	resolved, err := settings.Resolve(input, overlay)
	if err != nil {
		r.refuse(object, resource, err)

		return
	}

	r.platform.Settings, r.own = &resolved, overlay
}

// refuse adds the function's error about settings.
func (r *reader) refuse(object, resource string, err error) {
	code, with := refusal(err)
	with["resource"] = resource
	r.add(code, object, with)
}

// refusal returns the code and parameters for the function's error about settings.
func refusal(err error) (finding.Code, map[string]string) {
	if missing, ok := errors.AsType[*settings.MissingError](err); ok {
		return SettingsIncomplete, map[string]string{"fields": finding.List(missing.Fields)}
	}

	if left, ok := errors.AsType[*settings.PlaceholderError](err); ok {
		return SettingsNotSet, map[string]string{"fields": finding.List(left.Fields)}
	}

	if unknown := unknownFields(err); len(unknown) > 0 {
		return SettingsUnknown, map[string]string{"fields": finding.List(unknown)}
	}

	return SettingsInvalid, map[string]string{"error": err.Error()}
}

// unknownFields returns the unknown fields in an error of strict decoding. Other strict errors are about duplicate fields, and a map has none.
func unknownFields(err error) []string {
	if f, ok := err.(kjson.FieldError); ok { //nolint:errorlint // This function walks the tree of errors itself.
		return []string{f.FieldPath()}
	}

	var out []string

	switch e := err.(type) { //nolint:errorlint // As above.
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			out = append(out, unknownFields(err)...)
		}
	case interface{ Unwrap() error }:
		out = unknownFields(e.Unwrap())
	}

	return out
}
