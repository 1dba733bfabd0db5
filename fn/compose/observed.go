// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// Observed holds the composed resources that exist, by their composition
// resource name. They are read without their Go types, because a provider may
// be newer than the types this function was built with.
type Observed map[string]Object

// An Object is an observed resource.
type Object map[string]any

// Annotations this function sets on what it composes.
const (
	annotationExternalName = "crossplane.io/external-name"
	annotationArgoCDLink   = "link.argocd.argoproj.io/external-link"
	annotationClientID     = "azure.workload.identity/client-id"
	annotationTenantID     = "azure.workload.identity/tenant-id"
)

// Labels this function sets on what it composes.
const (
	labelName         = "app.kubernetes.io/name"
	labelApp          = "p6m.dev/app"
	labelUseWorkloads = "azure.workload.identity/use"
)

// str returns the string at a path, or "" if there is none.
func (o Object) str(path ...string) string {
	s, _, _ := unstructured.NestedString(o, path...)
	return s
}

// number returns the number at a path. Numbers of a request are floats; those
// of a Go object are integers.
func (o Object) number(path ...string) (int64, bool) {
	v, ok, err := unstructured.NestedFieldNoCopy(o, path...)
	if !ok || err != nil {
		return 0, false
	}
	switch n := v.(type) {
	case float64:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

func (o Object) bool(path ...string) bool {
	b, _, _ := unstructured.NestedBool(o, path...)
	return b
}

func (o Object) list(path ...string) []any {
	v, _, _ := unstructured.NestedFieldNoCopy(o, path...)
	l, _ := v.([]any)
	return l
}

func (o Object) object(path ...string) Object {
	v, _, _ := unstructured.NestedFieldNoCopy(o, path...)
	m, _ := v.(map[string]any)
	return m
}

// observedCondition is a condition of an observed resource.
type observedCondition struct{ status, reason, message string }

func (o Object) condition(conditionType string) observedCondition {
	for _, v := range o.list("status", "conditions") {
		m, _ := v.(map[string]any)
		if c := Object(m); c.str("type") == conditionType {
			return observedCondition{status: c.str("status"), reason: c.str("reason"), message: c.str("message")}
		}
	}
	return observedCondition{}
}

// own returns of an observed object what this function may desire of it: what
// it composes itself, and nothing that somebody else keeps there. To desire a
// field means to own it, and to overwrite whoever else writes it.
func own(o Object) map[string]any {
	metadata := map[string]any{"name": o.str("metadata", "name")}
	if ns := o.str("metadata", "namespace"); ns != "" {
		metadata["namespace"] = ns
	}
	if l := pick(o.object("metadata", "labels"), labelName, labelApp, labelUseWorkloads); len(l) > 0 {
		metadata["labels"] = l
	}
	annotations := pick(o.object("metadata", "annotations"), annotationExternalName, annotationArgoCDLink, annotationClientID, annotationTenantID)
	if o.str("kind") == kindIngress {
		annotations = ownIngressAnnotations(o)
	}
	if len(annotations) > 0 {
		metadata["annotations"] = annotations
	}

	out := map[string]any{"apiVersion": o.str("apiVersion"), "kind": o.str("kind"), "metadata": metadata}
	if spec := o.object("spec"); spec != nil {
		out["spec"] = ownSpec(o.str("kind"), spec)
	}
	return out
}

func ownSpec(kind string, spec Object) map[string]any {
	spec = unstructuredCopy(spec)
	switch kind {
	case kindDeployment:
		if template := spec.object("template", "metadata"); template != nil {
			a := pick(template.object("annotations"), v1alpha1.SecretsRevisionAnnotation)
			delete(template, "annotations")
			delete(template, "creationTimestamp")
			if len(a) > 0 {
				template["annotations"] = a
			}
		}
	case kindService:
		// The API server allocates these.
		for _, f := range []string{"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"} {
			delete(spec, f)
		}
	}
	return spec
}

// ownIngressAnnotations are those the application's team or platform asked for.
// Which ones that were cannot be told from others', except for what is known to
// be written by machines.
func ownIngressAnnotations(o Object) map[string]any {
	out := map[string]any{}
	for k, v := range o.object("metadata", "annotations") {
		domain, _, _ := strings.Cut(k, "/")
		if domain == "crossplane.io" || domain == "argocd.argoproj.io" || domain == "kubectl.kubernetes.io" {
			continue
		}
		out[k] = v
	}
	return out
}

func pick(from Object, keys ...string) map[string]any {
	out := map[string]any{}
	for _, k := range keys {
		if v, ok := from[k]; ok {
			out[k] = v
		}
	}
	return out
}

func unstructuredCopy(o Object) Object {
	return (&unstructured.Unstructured{Object: maps.Clone(map[string]any(o))}).DeepCopy().Object
}

// first returns the first string that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
