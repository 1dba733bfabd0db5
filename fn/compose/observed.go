// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"iter"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	upjet "github.com/crossplane/upjet/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/fn/settings"
)

// Observed holds the composed resources that exist, by their composition resource name.
// Each has the kind that GroupKindOf returns, and the application controls it. The caller
// checks both first, because a team can choose which objects Crossplane observes. They are
// read without Go types, because a provider may be newer than the types that this function
// was built with.
type Observed map[string]Object

// An Object is an observed resource.
type Object map[string]any

// Annotations that this function sets on composed resources.
const (
	annotationExternalName = meta.AnnotationKeyExternalName
	annotationArgoCDLink   = "link.argocd.argoproj.io/external-link"
	annotationClientID     = "azure.workload.identity/client-id"
	annotationTenantID     = "azure.workload.identity/tenant-id"
	// annotationPodsAskedFor is set on a Deployment: a digest of the pods that Crossplane
	// last requested from the API server.
	annotationPodsAskedFor = "meta.p6m.dev/pods-asked-for"
	// annotationPodIdentity is set on a Deployment: the identity with which its pods were
	// created. It is also set on pods that were replaced because of a new identity.
	annotationPodIdentity = "meta.p6m.dev/pod-identity"
	// annotationCreatedWith is set on a Vault: the resources that the settings demanded for
	// new vaults when it was created. Vaults that exist do not get them.
	annotationCreatedWith = "meta.p6m.dev/created-with"
	// annotationRoleAssignments is set on a Vault whose officers and secret creator have their
	// roles on a wider scope. Unlike the status, it is part of a backup.
	annotationRoleAssignments = "meta.p6m.dev/role-assignments"
)

// Annotations that crossplane-runtime sets before and after it creates an external resource.
const (
	annotationPending = meta.AnnotationKeyExternalCreatePending
	annotationCreated = meta.AnnotationKeyExternalCreateSucceeded
)

// Labels that this function sets on composed resources.
const (
	labelName = settings.LabelName
	labelApp  = settings.LabelApp
	// LabelApplication has the name of the application.
	LabelApplication  = settings.LabelApplication
	labelUseWorkloads = settings.LabelUseWorkloads
)

// carriedLabels returns the labels that composed resources get from the manifest.
func carriedLabels() []string {
	return []string{labelApp, "p6m.dev/domain", "p6m.dev/env-name", "p6m.dev/env-type"}
}

// secretKey returns the path of the key in a variable from a Secret.
func secretKey() []string { return []string{"valueFrom", "secretKeyRef", "key"} }

// secretName returns the path of the Kubernetes Secret in a variable from a Secret.
func secretName() []string { return []string{"valueFrom", "secretKeyRef", "name"} }

// str returns the string at a path, or "" if there is none.
func (o Object) str(path ...string) string {
	s, _, _ := unstructured.NestedString(o, path...)
	return s
}

// number returns the number at a path. Numbers of a request are floats, and those of a Go
// object are integers.
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

// reported reports whether the provider has found a managed resource in Azure.
func (o Object) reported() bool { return o.str("status", "atProvider", "id") != "" }

// inAzure reports whether a managed resource exists, or once existed, in Azure.
func (o Object) inAzure() bool { return o.reported() || o.created() }

// created reports whether the provider has created the resource in Azure for this object. The Azure
// providers record a creation when they start it in the background, so the record is ignored
// if Azure rejected the creation.
func (o Object) created() bool {
	last := o.condition(conditionLastOperation)
	refused := last.status == "False" && last.reason == string(upjet.ReasonAsyncCreateFailure)

	return o.str("metadata", "annotations", annotationCreated) != "" && !refused
}

// immutable returns an immutable parameter: its value in Azure, or else the requested value, or
// else the wanted one.
func (o Object) immutable(parameter, wanted string) string {
	if !o.inAzure() {
		return wanted
	}

	return cmp.Or(o.str("status", "atProvider", parameter), o.str("spec", "forProvider", parameter), wanted)
}

// exists reports whether Azure has the vault or the identity. Without a status, for example after a
// restore, the role of the application shows it: it was composed when both had an id.
func (o Observed) exists(object Object) bool {
	_, granted := o[NameRoleAssignmentApp]
	return granted || object.inAzure()
}

// immutable is like that of an Object, for the vault or the identity.
func (o Observed) immutable(object Object, parameter, wanted string) string {
	if o.exists(object) {
		wanted = cmp.Or(object.str("spec", "forProvider", parameter), wanted)
	}

	return object.immutable(parameter, wanted)
}

// immutableNumber is like immutable for a number. It returns false if the number can still be chosen.
func (o Observed) immutableNumber(object Object, parameter string) (int64, bool) {
	if !o.exists(object) {
		return 0, false
	}
	if n, ok := object.number("status", "atProvider", parameter); ok {
		return n, true
	}

	return object.number("spec", "forProvider", parameter)
}

func (o Object) list(path ...string) []any {
	v, _, _ := unstructured.NestedFieldNoCopy(o, path...)
	l, _ := v.([]any)

	return l
}

// strings returns the strings of a list.
func (o Object) strings(path ...string) (out []string) {
	for _, v := range o.list(path...) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}

	return out
}

// objects returns the objects of a list.
func (o Object) objects(path ...string) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for _, e := range o.list(path...) {
			m, _ := e.(map[string]any)
			if !yield(m) {
				return
			}
		}
	}
}

func (o Object) object(path ...string) Object {
	v, _, _ := unstructured.NestedFieldNoCopy(o, path...)
	m, _ := v.(map[string]any)

	return m
}

// observedCondition is a condition of an observed resource.
type observedCondition struct{ status, reason, message string }

func (o Object) condition(conditionType string) observedCondition {
	for c := range o.objects("status", "conditions") {
		if c.str("type") == conditionType {
			return observedCondition{status: c.str("status"), reason: c.str("reason"), message: c.str("message")}
		}
	}

	return observedCondition{}
}
