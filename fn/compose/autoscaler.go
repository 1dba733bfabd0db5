// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	"k8s.io/utils/ptr"
)

const defaultTargetCPUUtilizationPercentage = 80

// autoscaler scales the Deployment, as soon as there is one.
func (c *composition) autoscaler(w *workload) {
	a := c.app.Spec.Autoscaling
	if !c.autoscaled() {
		return
	}
	if w.waits() && w.observed == nil {
		c.keepIfObserved(NameAutoscaler)
		return
	}

	if r := c.resources(); r == nil || r.Requests == nil || (*r.Requests).Cpu().IsZero() {
		w.ignored = append(w.ignored, IgnoredField{Path: "spec.autoscaling", Why: "without deployment.resources.requests.cpu there is nothing to measure the load by"})
	}
	maxReplicas := ptr.Deref(a.MaxReplicas, 1)
	minReplicas := ptr.Deref(a.MinReplicas, min(max(ptr.Deref(c.app.Spec.Deployment.Replicas, 1), 1), maxReplicas))
	target := ptr.Deref(a.TargetCPUUtilizationPercentage, defaultTargetCPUUtilizationPercentage)
	spec := autoscalingv2ac.HorizontalPodAutoscalerSpec().
		WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().WithAPIVersion("apps/v1").WithKind(kindDeployment).WithName(c.app.Name)).
		WithMinReplicas(minReplicas).
		WithMaxReplicas(maxReplicas).
		WithMetrics(autoscalingv2ac.MetricSpec().
			WithType(autoscalingv2.ResourceMetricSourceType).
			WithResource(autoscalingv2ac.ResourceMetricSource().
				WithName(corev1.ResourceCPU).
				WithTarget(autoscalingv2ac.MetricTarget().WithType(autoscalingv2.UtilizationMetricType).WithAverageUtilization(target))))
	object := autoscalingv2ac.HorizontalPodAutoscaler(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec)
	c.want(NameAutoscaler, object)
}

// replicas of the Deployment, or nil for what the autoscaler says.
func (c *composition) replicas(seen Object) *int32 {
	if !c.autoscaled() {
		if n := c.app.Spec.Deployment.Replicas; n != nil {
			return n
		}
		return c.platform.Workload.Replicas
	}
	// An application that turns autoscaling on has a number of pods that only we
	// own. To let go of it would make it 1, until the autoscaler notices. So it
	// stays as it is until the autoscaler has written it and owns it.
	n, ok := seen.number("spec", "replicas")
	if !ok || !ownsReplicas(seen) {
		return nil
	}
	return new(int32(n)) //nolint:gosec // The API server keeps replicas within an int32.
}

func (c *composition) autoscaled() bool {
	return c.app.Spec.Autoscaling != nil && c.app.Spec.Autoscaling.Enabled
}

// ownsReplicas tells whether Crossplane, and nobody else, has set the number of
// pods.
func ownsReplicas(seen Object) bool {
	owned := false
	for _, e := range seen.list("metadata", "managedFields") {
		m, _ := e.(map[string]any)
		if _, ok := Object(m).object("fieldsV1", "f:spec")["f:replicas"]; !ok {
			continue
		}
		if !strings.HasPrefix(Object(m).str("manager"), composedFieldManager) {
			return false
		}
		owned = true
	}
	return owned
}
