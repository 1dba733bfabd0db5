// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"iter"
	"strings"

	upjet "github.com/crossplane/upjet/v2/pkg/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
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
	annotationExternalName = "crossplane.io/external-name"
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

// annotationCreated is set by crossplane-runtime when it has created an external resource.
const annotationCreated = "crossplane.io/external-create-succeeded"

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

// fixed returns an immutable parameter: its value in Azure, or else the requested value, or
// else the wanted one.
func (o Object) fixed(parameter, wanted string) string {
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

// fixed is like that of an Object, for the vault or the identity.
func (o Observed) fixed(object Object, parameter, wanted string) string {
	if o.exists(object) {
		wanted = cmp.Or(object.str("spec", "forProvider", parameter), wanted)
	}

	return object.fixed(parameter, wanted)
}

// fixedNumber is like fixed for a number. It returns false if the number can still be chosen.
func (o Object) fixedNumber(parameter string) (int64, bool) {
	if !o.inAzure() {
		return 0, false
	}
	if n, ok := o.number("status", "atProvider", parameter); ok {
		return n, true
	}

	return o.number("spec", "forProvider", parameter)
}

func (o Object) list(path ...string) []any {
	v, _, _ := unstructured.NestedFieldNoCopy(o, path...)
	l, _ := v.([]any)

	return l
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

// own returns the part of an observed object that this function composed. Desiring a field of
// another author would overwrite the author's changes, and delete the field when it is no
// longer desired.
func own(o Object) map[string]any {
	metadata := map[string]any{"name": o.str("metadata", "name")}
	if ns := o.str("metadata", "namespace"); ns != "" {
		metadata["namespace"] = ns
	}
	if l := pick(o.object("metadata", "labels"), append(carriedLabels(), labelName, LabelApplication, inputv1alpha1.LandingZoneLabel, LabelSharedSecrets)...); len(l) > 0 {
		metadata["labels"] = l
	}
	annotations := pick(o.object("metadata", "annotations"), annotationExternalName, annotationArgoCDLink, annotationClientID, annotationTenantID,
		annotationPodsAskedFor, annotationPodIdentity, annotationCreatedWith, annotationRoleAssignments, secretsv1alpha1.SyncRequestedAtAnnotation)
	if o.str("kind") == kindIngress {
		annotations = ownIngressAnnotations(o)
	}
	if len(annotations) > 0 {
		metadata["annotations"] = annotations
	}

	out := map[string]any{"apiVersion": o.str("apiVersion"), "kind": o.str("kind"), "metadata": metadata}
	if spec := ownSpec(o); spec != nil {
		out["spec"] = map[string]any(spec)
	}

	return out
}

// ownSpec returns the part of the spec that Crossplane has applied. Managed resources, and
// objects without managed fields, are assumed to have a single author.
func ownSpec(o Object) Object {
	if applied, ok := appliedByCrossplane(o); ok {
		return applied.object("spec")
	}
	spec := o.object("spec")
	if spec == nil {
		return nil
	}
	spec = unstructuredCopy(spec)
	switch o.str("kind") {
	case kindDeployment:
		if template := spec.object("template", "metadata"); template != nil {
			a := pick(template.object("annotations"), v1alpha1.SecretsRevisionAnnotation, v1alpha1.RestartedAtAnnotation, annotationPodIdentity)
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
	case kindScaledObject:
		return ownScaledObjectSpec(spec)
	}

	return spec
}

// composedFieldManager is the prefix of Crossplane's field manager for composed resources.
const composedFieldManager = "apiextensions.crossplane.io/composed"

// appliedByCrossplane returns the fields of a Kubernetes object that Crossplane has
// applied. It is false for other kinds, and without managed fields.
func appliedByCrossplane(o Object) (Object, bool) {
	manager := ""
	for f := range o.objects("metadata", "managedFields") {
		if name := f.str("manager"); strings.HasPrefix(name, composedFieldManager) && f.str("operation") == string(metav1.ManagedFieldsOperationApply) {
			manager = name
		}
	}
	if manager == "" {
		return nil, false
	}
	switch o.str("kind") {
	case kindDeployment:
		return extract(o, manager, appsv1ac.ExtractDeployment)
	case kindService:
		return extract(o, manager, corev1ac.ExtractService)
	case kindIngress:
		return extract(o, manager, networkingv1ac.ExtractIngress)
	case kindAutoscaler:
		return extract(o, manager, autoscalingv2ac.ExtractHorizontalPodAutoscaler)
	case kindNetworkPolicy:
		return extract(o, manager, networkingv1ac.ExtractNetworkPolicy)
	case kindPodDisruptionBudget:
		return extract(o, manager, policyv1ac.ExtractPodDisruptionBudget)
	}

	return nil, false
}

// extract reads an observed object into its Go type, because only the schema of a kind
// defines which author owns an item of a list.
func extract[T, C any](o Object, manager string, by func(*T, string) (*C, error)) (Object, bool) {
	typed := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o, typed); err != nil {
		return nil, false
	}
	applied, err := by(typed, manager)
	if err != nil {
		return nil, false
	}

	return toMap(applied), true
}

// ownIngressAnnotations returns the annotations of the application's team and the platform.
func ownIngressAnnotations(o Object) map[string]any {
	annotations := o.object("metadata", "annotations")
	if applied, ok := appliedByCrossplane(o); ok {
		annotations = applied.object("metadata", "annotations")
	}
	out := map[string]any{}
	for k, v := range annotations {
		if !settings.IsReserved(k) {
			out[k] = v
		}
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
	return (&unstructured.Unstructured{Object: o}).DeepCopy().Object
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
