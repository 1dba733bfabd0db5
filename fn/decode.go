// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/jsonerror"
)

// A manifest is a composite resource, be it namespaced or behind a claim.
type manifest struct {
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec v1alpha1.PlatformApplicationSpec `json:"spec"`
}

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
		Ignored:     ignoredFields(m.Spec, xr),
	}
	// Who is in a namespace could say it is in another.
	if claim := xr.GetFields()["spec"].GetStructValue().GetFields()["claimRef"].GetStructValue().GetFields(); claim != nil && a.Namespace == "" {
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
			return fmt.Errorf("spec.config.%s: must be a string: put the value in quotes", name)
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
					return fmt.Errorf("spec.deployment.resources.%s.%s: %q is not a quantity such as 500m, 2 or 512Mi", group, name, s.StringValue)
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

// ignoredFields lists what a manifest has that is preserved and not acted on.
// What is there but empty is not worth a word.
func ignoredFields(spec v1alpha1.PlatformApplicationSpec, xr *structpb.Struct) (ignored []compose.IgnoredField) {
	fields := xr.GetFields()["spec"].GetStructValue().GetFields()
	for _, name := range []string{"resources", "resourceRequirements", "managedResources", "rollouts"} {
		if !isEmpty(fields[name]) {
			ignored = append(ignored, compose.IgnoredField{Path: "spec." + name})
		}
	}
	networking := fields["networking"].GetStructValue().GetFields()
	for _, name := range []string{"inbound", "outbound", "cdn"} {
		if !isEmpty(networking[name]) {
			ignored = append(ignored, compose.IgnoredField{Path: "spec.networking." + name})
		}
	}
	oidc := networking["ingress"].GetStructValue().GetFields()["oidc"].GetStructValue().GetFields()
	for _, name := range slices.Sorted(maps.Keys(oidc)) {
		if name != "enabled" {
			ignored = append(ignored, compose.IgnoredField{Path: compose.Child("spec.networking.ingress.oidc", name)})
		}
	}
	if in := spec.Networking; in != nil && in.Ingress != nil && !in.Ingress.Enabled && len(in.Ingress.Hostnames) > 0 {
		ignored = append(ignored, compose.IgnoredField{Path: "spec.networking.ingress", Why: "enabled is not true"})
	}
	return ignored
}

func isEmpty(v *structpb.Value) bool {
	switch k := v.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return true
	case *structpb.Value_StructValue:
		return len(k.StructValue.GetFields()) == 0
	case *structpb.Value_ListValue:
		return len(k.ListValue.GetValues()) == 0
	}
	return false
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
	return jsonerror.Explain(json.Unmarshal(b, into))
}
