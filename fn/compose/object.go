// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"k8s.io/apimachinery/pkg/runtime"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// Kinds with special handling.
const (
	kindDeployment          = "Deployment"
	kindService             = "Service"
	kindServiceAccount      = "ServiceAccount"
	kindIngress             = "Ingress"
	kindAutoscaler          = "HorizontalPodAutoscaler"
	kindScaledObject        = "ScaledObject"
	kindNetworkPolicy       = "NetworkPolicy"
	kindPodDisruptionBudget = "PodDisruptionBudget"
	kindDiagnosticSetting   = "MonitorDiagnosticSetting"
)

// toMap returns the unstructured form of an object.
func toMap(object any) map[string]any {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		// Only types that are not API objects fail.
		panic(fmt.Sprintf("cannot convert %T: %v", object, err))
	}

	return m
}

// set writes a string to a path of a desired object.
func set(object map[string]any, value string, path ...string) {
	last := len(path) - 1
	for _, field := range path[:last] {
		m, ok := object[field].(map[string]any)
		if !ok {
			m = map[string]any{}
			object[field] = m
		}
		object = m
	}
	object[path[last]] = value
}

// selector returns the labels that select the application's pods. It uses a label of this
// project: a common label could also select the pods of another workload.
func (c *composition) selector() map[string]string {
	return map[string]string{LabelApplication: c.app.Name}
}

// labels returns the labels of all composed resources.
func (c *composition) labels() map[string]string {
	l := c.podLabels()
	for _, name := range carriedLabels() {
		if v := c.app.Labels[name]; v != "" {
			l[name] = v
		}
	}
	if c.app.LandingZone != "" {
		l[inputv1alpha1.LandingZoneLabel] = c.app.LandingZone
	}

	return l
}

// podLabels returns the labels of pods. It omits the other carried labels, because new labels
// would roll existing pods.
func (c *composition) podLabels() map[string]string {
	l := c.selector()
	l[labelName] = c.app.Name
	if v := c.app.Labels[labelApp]; v != "" {
		l[labelApp] = v
	}

	return l
}

// setPolicies sets the management policies of a desired object.
func setPolicies(object map[string]any, actions ...xpv1.ManagementAction) {
	policies := make([]any, 0, len(actions))
	for _, a := range actions {
		policies = append(policies, string(a))
	}
	spec, ok := object["spec"].(map[string]any)
	if !ok {
		spec = map[string]any{}
		object["spec"] = spec
	}
	spec["managementPolicies"] = policies
}
