// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Labels that the function sets on pods. Network policies find callers by those that name an
// application.
const (
	LabelApplication  = "meta.p6m.dev/application"
	LabelApp          = "p6m.dev/app"
	LabelName         = "app.kubernetes.io/name"
	LabelUseWorkloads = "azure.workload.identity/use"
)

func podLabels() []string {
	return []string{LabelApplication, LabelApp, LabelName, LabelUseWorkloads}
}

func (c *checker) workload(path *field.Path, w *v1alpha1.WorkloadDefaults) {
	if w == nil {
		return
	}
	if w.Replicas != nil && *w.Replicas < 0 {
		c.invalid(path.Child("replicas"), *w.Replicas, finding.MustNotBeNegative)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Labels)) {
		at := path.Child("labels").Key(name)
		c.qualified(at, name, name)
		if slices.Contains(podLabels(), name) {
			c.forbidden(at, finding.LabelOfFunction, finding.With{"labels": finding.All(", ", podLabels())})
		}
		if len(validation.IsValidLabelValue(w.Labels[name])) > 0 {
			c.invalid(at, w.Labels[name], finding.LabelValueInvalid)
		}
	}
	for i, name := range w.ImagePullSecrets {
		c.dns(path.Child("imagePullSecrets").Index(i), name)
	}
	c.unique(path.Child("imagePullSecrets"), w.ImagePullSecrets)
	if r := w.Resources; r != nil {
		c.errs = append(c.errs, Resources(path.Child("resources"), r.Limits, r.Requests)...)
	}
}

// Resources applies the rules of Kubernetes for the resources of a container.
func Resources(path *field.Path, limits, requests corev1.ResourceList) field.ErrorList {
	c := &checker{}
	c.resources(path.Child("limits"), limits)
	c.resources(path.Child("requests"), requests)
	c.requests(path.Child("requests"), requests, limits)

	return c.errs
}

func (c *checker) resources(path *field.Path, resources corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		at, quantity := path.Key(string(name)), resources[name]
		if !slices.Contains(standardResources(), name) && !isHugePages(name) && !strings.Contains(string(name), "/") {
			c.invalid(at, string(name), finding.ResourceNameInvalid)
		}
		c.qualified(at, string(name), string(name))
		if quantity.Sign() < 0 {
			c.invalid(at, quantity.String(), finding.MustNotBeNegative)
		}
		if isExtended(name) && quantity.MilliValue()%1000 != 0 {
			c.invalid(at, quantity.String(), finding.MustBeWhole)
		}
	}
}

// requests rejects requests above their limits. If a node cannot overcommit a resource, the
// request must equal the limit.
func (c *checker) requests(path *field.Path, requests, limits corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		request := requests[name]
		limit, limited := limits[name]
		at := path.Key(string(name))
		switch {
		case (isExtended(name) || isHugePages(name)) && (!limited || request.Cmp(limit) != 0):
			c.invalid(at, request.String(), finding.MustEqualLimit)
		case limited && request.Cmp(limit) > 0:
			c.invalid(at, request.String(), finding.MustNotExceedLimit, finding.With{"limit": limit.String()})
		}
	}
}

func standardResources() []corev1.ResourceName {
	return []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}
}

func isHugePages(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

// isExtended reports whether a resource belongs to a device. Kubernetes has resources with a domain, too.
func isExtended(name corev1.ResourceName) bool {
	return strings.Contains(string(name), "/") && !strings.Contains(string(name), corev1.ResourceDefaultNamespacePrefix)
}

func (c *checker) autoscaling(path *field.Path, a *v1alpha1.AutoscalingDefaults) {
	if a == nil {
		return
	}
	if n := a.MaxReplicas; n != nil && (*n < 1 || *n > 1000) {
		c.invalid(path.Child("maxReplicas"), *n, finding.MustBeBetween, finding.With{"least": 1, "most": 1000})
	}
	triggers := path.Child("allowedTriggers")
	c.atMost(triggers, len(a.AllowedTriggers), 100)
	for i, name := range a.AllowedTriggers {
		if len(validation.IsDNS1123Label(name)) > 0 {
			c.invalid(triggers.Index(i), name, finding.MustBeTriggerType)
		}
	}
	c.unique(triggers, a.AllowedTriggers)
}

func (c *checker) networkPolicy(path *field.Path, n *v1alpha1.NetworkPolicyDefaults) {
	if n == nil {
		return
	}
	namespaces := path.Child("allowedNamespaces")
	c.atMost(namespaces, len(n.AllowedNamespaces), 50)
	c.namespaces(namespaces, n.AllowedNamespaces)
}
