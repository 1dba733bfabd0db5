// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"

	"github.com/crossplane/function-sdk-go/request"
	"github.com/crossplane/function-sdk-go/resource/composite"
	"github.com/crossplane/function-sdk-go/response"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/fields"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/internal/jsonerror"
)

// defaultNamespace is where kubectl puts an object that names no namespace.
const defaultNamespace = "default"

// decodeRequest adds the application and its observed resources.
func (c *call) decodeRequest() *stop {
	xr, err := request.GetObservedCompositeResource(c.req)
	if err != nil {
		return abort(compose.ReasonInvalid, err)
	}
	c.xr = xr.Resource
	if c.app, err = decodeApplication(c.xr); err != nil {
		return abort(compose.ReasonInvalid, err)
	}
	if lacksNamespace(c.xr) {
		response.Warning(c.rsp, finding.Err(finding.NamespaceMissing, finding.With{"namespace": defaultNamespace}))
	}
	c.log = c.log.WithValues("namespace", c.app.Namespace, "name", c.app.Name)
	if c.seen, err = decodeObserved(c.req, c.xr, c.app.Namespace); err != nil {
		return abort(compose.ReasonInvalid, err)
	}
	if err := c.seen.checkForeign(); err != nil {
		return abort(compose.ReasonForeignResource, err)
	}

	return nil
}

// lacksNamespace reports whether a manifest without a namespace is rendered. On an API
// server, an object of its kind always has one.
func lacksNamespace(xr *composite.Unstructured) bool {
	return xr.GetNamespace() == "" && xr.GetKind() == v1alpha1.Kind
}

// A manifest is a composite resource, either namespaced or behind a claim.
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

// legacy reports whether the manifest is the composite resource of a claim.
func (m manifest) legacy() bool { return m.Metadata.Namespace == "" && m.Kind != v1alpha1.Kind }

// decodeApplication reads a composite resource. An application behind a claim has the
// claim's name and namespace, so that both variants compose the same resources.
func decodeApplication(xr *composite.Unstructured) (compose.Application, error) {
	var m manifest
	err := errors.Join(checkConfig(xr), checkQuantities(xr))
	if err == nil {
		err = decode(xr.Object, &m)
	}
	if err != nil {
		return compose.Application{}, finding.Err(finding.ApplicationUnreadable, finding.With{"kind": v1alpha1.Kind, "cause": err})
	}
	a := compose.Application{
		Name:        m.Metadata.Name,
		Namespace:   m.Metadata.Namespace,
		Labels:      m.Metadata.Labels,
		Annotations: m.Metadata.Annotations,
		Spec:        m.Spec,
		Status:      decodeStatus(child(xr.Object, "status")),
		LatestTime:  compose.LatestTime(xr.Object),
		Ignored:     ignoredFields(m, child(xr.Object, "spec")),
	}
	switch claim := child(xr.Object, "spec", "claimRef"); {
	case lacksNamespace(xr):
		a.Namespace = defaultNamespace
	case m.legacy() && claim != nil:
		// A namespaced XR could use claimRef to pose as one from another namespace.
		a.Name, _ = claim["name"].(string)
		a.Namespace, _ = claim["namespace"].(string)
	}
	if a.Namespace == "" {
		return a, finding.Err(finding.ApplicationWithoutNamespace, finding.With{"kind": v1alpha1.LegacyKind, "name": a.Name, "modern": v1alpha1.Kind})
	}

	return a, nil
}

// child returns the object at a path, or nil.
func child(object map[string]any, path ...string) map[string]any {
	v, _, _ := unstructured.NestedFieldNoCopy(object, path...)
	m, _ := v.(map[string]any)

	return m
}

// decodeStatus reads the last status. An unreadable status counts as empty: every call
// writes a new one, and an old one must not block an application.
func decodeStatus(status map[string]any) v1alpha1.PlatformApplicationStatus {
	var last v1alpha1.PlatformApplicationStatus
	if err := decode(status, &last); err != nil {
		return v1alpha1.PlatformApplicationStatus{}
	}

	return last
}

// checkConfig returns an error that names the first variable that is not a string. Decoding
// does not name it.
func checkConfig(xr *composite.Unstructured) error {
	config := child(xr.Object, "spec", "config")
	for _, name := range slices.Sorted(maps.Keys(config)) {
		if _, ok := config[name].(string); !ok {
			return finding.Err(finding.ConfigNotString, finding.With{"field": compose.Child("spec.config", name)})
		}
	}

	return nil
}

// checkQuantities returns an error that names the first invalid quantity. Decoding does not
// name it.
func checkQuantities(xr *composite.Unstructured) error {
	for _, group := range []string{"limits", "requests"} {
		quantities := child(xr.Object, "spec", "deployment", "resources", group)
		for _, name := range slices.Sorted(maps.Keys(quantities)) {
			switch q := quantities[name].(type) {
			case string:
				if isQuantity(q) {
					continue
				}
			case nil, int64, float64:
				continue
			}

			return field.Invalid(field.NewPath(compose.Child("spec.deployment.resources."+group, name)), quantities[name], finding.Say(finding.QuantityInvalid))
		}
	}

	return nil
}

// quantityPattern excludes quantities that take minutes to parse.
var quantityPattern = regexp.MustCompile(v1alpha1.QuantityPattern)

func isQuantity(s string) bool {
	if !quantityPattern.MatchString(s) {
		return false
	}
	_, err := resource.ParseQuantity(s)

	return err == nil
}

// withoutEffect returns the fields of the API that are accepted and ignored.
func withoutEffect() []string {
	return []string{
		"spec.resources", "spec.resourceRequirements", "spec.managedResources", "spec.rollouts",
		"spec.networking.outbound", "spec.networking.cdn",
	}
}

// known has the fields of a manifest.
//
//nolint:gochecknoglobals // A constant.
var known = fields.Of("spec", reflect.TypeFor[v1alpha1.PlatformApplicationSpec](), withoutEffect()...)

// fieldsOfCrossplane returns Crossplane's own fields of spec. A namespaced composite
// resource has them below one field, and the composite resource of a claim has them next to
// the fields of the team.
func fieldsOfCrossplane(legacy bool) []string {
	if !legacy {
		return []string{"crossplane"}
	}

	return []string{
		"claimRef", "compositionRef", "compositionRevisionRef", "compositionRevisionSelector", "compositionSelector",
		"compositionUpdatePolicy", "resourceRefs", "writeConnectionSecretToRef",
	}
}

// ignoredFields returns the fields of a spec that have no effect.
func ignoredFields(m manifest, spec map[string]any) []compose.IgnoredField {
	ignored := known.Unknown(spec, fieldsOfCrossplane(m.legacy())...)

	for _, name := range slices.Sorted(maps.Keys(child(spec, "networking", "ingress", "oidc"))) {
		if name != "enabled" {
			ignored = append(ignored, compose.IgnoredField{Path: compose.Child("spec.networking.ingress.oidc", name)})
		}
	}
	if in := m.Spec.Networking; in != nil && in.Ingress != nil && !in.Ingress.Enabled && len(in.Ingress.Hostnames) > 0 {
		ignored = append(ignored, compose.IgnoredField{Path: "spec.networking.ingress", Why: finding.New(finding.NotEnabled)})
	}

	return ignored
}

// decode ignores unknown fields: the manifest may have passed the schema of a newer
// version. Direct conversion is fast, and conversion through JSON can name a wrong field.
func decode(object map[string]any, into any) error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, into); err == nil {
		return nil
	}
	b, err := json.Marshal(object)
	if err != nil {
		return err //nolint:wrapcheck // The caller names what was read.
	}
	// encoding/json would ignore case in the names of fields.
	return jsonerror.Explain(utiljson.Unmarshal(b, into))
}
