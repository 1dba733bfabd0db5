// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/fields"
	"github.com/p6m-dev/platform-application/fn/jsonerror"
)

// defaultNamespace is where kubectl puts an object that names no namespace.
const defaultNamespace = "default"

// lacksNamespace is true of a manifest that is rendered before anybody has said where it
// goes: its kind has a namespace on every API server.
func lacksNamespace(xr *structpb.Struct) bool {
	namespace := xr.GetFields()["metadata"].GetStructValue().GetFields()["namespace"].GetStringValue()
	return namespace == "" && xr.GetFields()["kind"].GetStringValue() == v1alpha1.Kind
}

// A manifest is a composite resource, be it namespaced or behind a claim.
type manifest struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec v1alpha1.PlatformApplicationSpec `json:"spec"`
}

// legacy tells whether the manifest is the composite resource of a claim.
func (m manifest) legacy() bool { return m.Metadata.Namespace == "" && m.Kind != v1alpha1.Kind }

// decodeApplication reads a composite resource. An application behind a claim
// has the claim's name and namespace, so that both variants compose the same.
func decodeApplication(xr *structpb.Struct) (compose.Application, error) {
	var m manifest
	if err := errors.Join(checkConfig(xr), checkQuantities(xr)); err != nil {
		return compose.Application{}, fmt.Errorf("cannot read %s: %w", v1alpha1.Kind, err)
	}
	if err := decode(xr, &m); err != nil {
		return compose.Application{}, fmt.Errorf("cannot read %s: %w", v1alpha1.Kind, err)
	}
	a := compose.Application{
		Name:        m.Metadata.Name,
		Namespace:   m.Metadata.Namespace,
		Labels:      m.Metadata.Labels,
		Annotations: m.Metadata.Annotations,
		Spec:        m.Spec,
		Status:      decodeStatus(xr.GetFields()["status"].GetStructValue()),
		LatestTime:  compose.LatestTime(xr.AsMap()),
		Ignored:     ignoredFields(m, xr),
	}
	switch claim := xr.GetFields()["spec"].GetStructValue().GetFields()["claimRef"].GetStructValue().GetFields(); {
	case lacksNamespace(xr):
		a.Namespace = defaultNamespace
	case m.legacy() && claim != nil:
		// A namespaced one could use claimRef to pose as one of another namespace.
		a.Name, a.Namespace = claim["name"].GetStringValue(), claim["namespace"].GetStringValue()
	}
	if a.Namespace == "" {
		return a, fmt.Errorf("cannot compose %s %q: it has no namespace; create a %s in the namespace of the application", v1alpha1.LegacyKind, a.Name, v1alpha1.Kind)
	}
	return a, nil
}

// decodeStatus reads the last status. One that cannot be read is none: it is
// written anew by every call, and must not keep an application from changing.
func decodeStatus(status *structpb.Struct) v1alpha1.PlatformApplicationStatus {
	var last v1alpha1.PlatformApplicationStatus
	if err := decode(status, &last); err != nil {
		return v1alpha1.PlatformApplicationStatus{}
	}
	return last
}

// decodeConditions reads the conditions this function has set.
func decodeConditions(xr *structpb.Struct) map[string]compose.Condition {
	out := map[string]compose.Condition{}
	for _, v := range xr.GetFields()["status"].GetStructValue().GetFields()["conditions"].GetListValue().GetValues() {
		c := v.GetStructValue().GetFields()
		out[c["type"].GetStringValue()] = compose.Condition{
			Type:    c["type"].GetStringValue(),
			Status:  compose.ConditionStatus(c["status"].GetStringValue()),
			Reason:  c["reason"].GetStringValue(),
			Message: c["message"].GetStringValue(),
		}
	}
	return out
}

// checkConfig names the variable that is not a string, which decoding does not.
func checkConfig(xr *structpb.Struct) error {
	config := xr.GetFields()["spec"].GetStructValue().GetFields()["config"].GetStructValue().GetFields()
	for _, name := range slices.Sorted(maps.Keys(config)) {
		if _, ok := config[name].GetKind().(*structpb.Value_StringValue); !ok {
			return fmt.Errorf("%s: must be a string: put the value in quotes", compose.Child("spec.config", name))
		}
	}
	return nil
}

// checkQuantities names the quantity that is wrong, which decoding does not.
func checkQuantities(xr *structpb.Struct) error {
	deployment := xr.GetFields()["spec"].GetStructValue().GetFields()["deployment"].GetStructValue()
	resources := deployment.GetFields()["resources"].GetStructValue()
	for _, group := range []string{"limits", "requests"} {
		quantities := resources.GetFields()[group].GetStructValue().GetFields()
		for _, name := range slices.Sorted(maps.Keys(quantities)) {
			if s, ok := quantities[name].GetKind().(*structpb.Value_StringValue); ok {
				if !isQuantity(s.StringValue) {
					return fmt.Errorf("%s: %q is not a quantity such as 500m, 2 or 512Mi", compose.Child("spec.deployment.resources."+group, name), s.StringValue)
				}
			}
		}
	}
	return nil
}

// quantityPattern keeps what takes minutes to parse from being parsed.
var quantityPattern = regexp.MustCompile(v1alpha1.QuantityPattern)

func isQuantity(s string) bool {
	if !quantityPattern.MatchString(s) {
		return false
	}
	_, err := resource.ParseQuantity(s)
	return err == nil
}

// withoutEffect are fields of the API that are preserved for manifests that have them.
func withoutEffect() []string {
	return []string{
		"spec.resources", "spec.resourceRequirements", "spec.managedResources", "spec.rollouts",
		"spec.networking.outbound", "spec.networking.cdn",
	}
}

// known are the fields of a manifest.
//
//nolint:gochecknoglobals // A constant.
var known = fields.Of("spec", reflect.TypeFor[v1alpha1.PlatformApplicationSpec](), withoutEffect()...)

// fieldsOfCrossplane are in spec as well: a namespaced composite resource has them all in
// one, that of a claim has them beside those of the team.
func fieldsOfCrossplane(legacy bool) []string {
	if !legacy {
		return []string{"crossplane"}
	}
	return []string{
		"claimRef", "compositionRef", "compositionRevisionRef", "compositionRevisionSelector", "compositionSelector",
		"compositionUpdatePolicy", "resourceRefs", "writeConnectionSecretToRef",
	}
}

// ignoredFields lists what a manifest has that is preserved and not acted on.
func ignoredFields(m manifest, xr *structpb.Struct) []compose.IgnoredField {
	spec := xr.GetFields()["spec"].GetStructValue()
	ignored := known.Unknown(spec, fieldsOfCrossplane(m.legacy())...)

	ingress := spec.GetFields()["networking"].GetStructValue().GetFields()["ingress"].GetStructValue()
	for _, name := range slices.Sorted(maps.Keys(ingress.GetFields()["oidc"].GetStructValue().GetFields())) {
		if name != "enabled" {
			ignored = append(ignored, compose.IgnoredField{Path: compose.Child("spec.networking.ingress.oidc", name)})
		}
	}
	if in := m.Spec.Networking; in != nil && in.Ingress != nil && !in.Ingress.Enabled && len(in.Ingress.Hostnames) > 0 {
		ignored = append(ignored, compose.IgnoredField{Path: "spec.networking.ingress", Why: "enabled is not true"})
	}
	return ignored
}

func decodeInput(req *fnv1.RunFunctionRequest) (*inputv1alpha1.PlatformConfig, error) {
	input := &inputv1alpha1.PlatformConfig{}
	if req.GetInput() == nil {
		return input, nil
	}
	if err := request.GetInput(req, input); err != nil {
		return nil, fmt.Errorf("cannot read the function's input from the Composition: %w", err)
	}
	return input, nil
}

// requirement is the name under which the EnvironmentConfig is asked for.
const requirement = "environment-config"

// requireEnvironmentConfig asks for the EnvironmentConfig.
func requireEnvironmentConfig(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse, name string) {
	require(req, rsp, requirement, &fnv1.ResourceSelector{
		ApiVersion: "apiextensions.crossplane.io/v1beta1",
		Kind:       "EnvironmentConfig",
		Match:      &fnv1.ResourceSelector_MatchName{MatchName: name},
	})
}

// decodeEnvironmentConfig returns the data of the EnvironmentConfig.
func decodeEnvironmentConfig(req *fnv1.RunFunctionRequest) (map[string]any, resolution) {
	items, state := required(req, requirement)
	if state != found {
		return nil, state
	}
	return items[0].GetResource().GetFields()["data"].GetStructValue().AsMap(), found
}

// decode is lenient about fields it does not know: the manifest may have passed
// the schema of a newer version. The direct way is the fast one; the way through
// JSON can say which field is wrong.
func decode(s *structpb.Struct, into any) error {
	m := s.AsMap()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m, into); err == nil {
		return nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err //nolint:wrapcheck // The caller says what was read.
	}
	// encoding/json would take a field for another whose name differs in case.
	return jsonerror.Explain(utiljson.Unmarshal(b, into))
}
