// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	spec = runtime.DeepCopyJSON(spec)
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
