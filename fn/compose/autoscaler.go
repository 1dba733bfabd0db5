// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

const defaultTargetCPUUtilizationPercentage = 80

const pathAutoscaling = "spec.autoscaling"

// autoscaler scales the Deployment once it exists: by CPU load with a
// HorizontalPodAutoscaler, or by triggers with a ScaledObject. The two never exist together,
// because KEDA creates its own HorizontalPodAutoscaler.
func (c *composition) autoscaler(w *workload) {
	if !c.autoscaled() {
		if a := c.app.Spec.Autoscaling; a != nil && !IsEmpty(parse(a.Triggers)) {
			w.ignored = append(w.ignored, IgnoredField{Path: pathTriggers, Why: finding.New(finding.AutoscalingNotEnabled)})
		}

		return
	}
	triggers, ignored := c.triggers()
	w.ignored = append(w.ignored, append(ignored, c.ignoredByAutoscaling(triggers)...)...)

	absent := w.waits() && w.observed == nil
	switch {
	case len(triggers) == 0 && absent:
		c.keepIfObserved(NameAutoscaler)
	case len(triggers) == 0:
		c.want(NameAutoscaler, c.horizontalPodAutoscaler())
	case absent:
		c.keepIfObserved(NameScaledObject)
	case !c.measures(w.observed, triggers):
		// KEDA rejects a ScaledObject for a Deployment that does not exist, or that does
		// not request the measured resource yet. Until then the current autoscaler is kept.
		c.waiting = true
		c.keepIfObserved(NameAutoscaler)
		c.keepIfObserved(NameScaledObject)
	default:
		c.want(NameScaledObject, c.scaledObject(triggers))
	}
}

// ignoredByAutoscaling returns the fields that have no effect on the number of pods.
func (c *composition) ignoredByAutoscaling(triggers []any) (ignored []IgnoredField) {
	a := c.app.Spec.Autoscaling
	why := finding.New(finding.CPUNotMeasured)
	switch {
	case c.requests(corev1.ResourceCPU):
	case len(triggers) == 0:
		ignored = append(ignored, IgnoredField{Path: pathAutoscaling, Why: why})
	case a.TargetCPUUtilizationPercentage != nil:
		ignored = append(ignored, IgnoredField{Path: pathAutoscaling + ".targetCPUUtilizationPercentage", Why: why})
	}
	if n := c.app.Spec.Deployment.Replicas; n != nil && *n == 0 {
		ignored = append(ignored, IgnoredField{Path: "spec.deployment.replicas", Why: finding.New(finding.AutoscalingKeepsPod)})
	}

	return ignored
}

func (c *composition) horizontalPodAutoscaler() *autoscalingv2ac.HorizontalPodAutoscalerApplyConfiguration {
	least, most := c.scale()
	spec := autoscalingv2ac.HorizontalPodAutoscalerSpec().
		WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().WithAPIVersion("apps/v1").WithKind(kindDeployment).WithName(c.app.Name)).
		WithMinReplicas(least).
		WithMaxReplicas(most).
		WithMetrics(autoscalingv2ac.MetricSpec().
			WithType(autoscalingv2.ResourceMetricSourceType).
			WithResource(autoscalingv2ac.ResourceMetricSource().
				WithName(corev1.ResourceCPU).
				WithTarget(autoscalingv2ac.MetricTarget().WithType(autoscalingv2.UtilizationMetricType).WithAverageUtilization(c.targetCPU()))))

	return autoscalingv2ac.HorizontalPodAutoscaler(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec)
}

func (c *composition) targetCPU() int32 {
	return ptr.Deref(c.app.Spec.Autoscaling.TargetCPUUtilizationPercentage, defaultTargetCPUUtilizationPercentage)
}

// scale returns the least and the greatest number of pods of an autoscaled application.
func (c *composition) scale() (least, most int32) {
	a := c.app.Spec.Autoscaling
	least = max(ptr.Deref(a.MinReplicas, c.fixedReplicas()), 1)
	switch {
	case a.MaxReplicas == nil:
		return least, max(ptr.Deref(c.platform.Autoscaling.MaxReplicas, least), least)
	case a.MinReplicas == nil:
		// An explicit limit takes precedence over the replicas without autoscaling.
		least = min(least, *a.MaxReplicas)
	}

	return least, *a.MaxReplicas
}

// fixedReplicas returns the number of pods without autoscaling.
func (c *composition) fixedReplicas() int32 {
	return ptr.Deref(c.app.Spec.Deployment.Replicas, ptr.Deref(c.platform.Workload.Replicas, 1))
}

// requests reports whether the container requests a resource. Without a request, Kubernetes
// uses the limit.
func (c *composition) requests(name corev1.ResourceName) bool {
	r := c.resources()
	if r == nil {
		return false
	}
	for _, list := range []*corev1.ResourceList{r.Requests, r.Limits} {
		if list == nil {
			continue
		}
		if quantity, ok := (*list)[name]; ok {
			return !quantity.IsZero()
		}
	}

	return false
}

// replicas returns the replicas of the Deployment, or nil if the autoscaler sets them.
func (c *composition) replicas(seen Object) *int32 {
	if !c.autoscaled() {
		if n := c.app.Spec.Deployment.Replicas; n != nil {
			return n
		}

		return c.platform.Workload.Replicas
	}
	// When an application turns autoscaling on, only Crossplane owns replicas. Without
	// the field, Kubernetes would scale to 1 until the autoscaler acts, so the field is
	// kept until the autoscaler owns it.
	n, ok := seen.number("spec", "replicas")
	if !ok || !ownsReplicas(seen) {
		return nil
	}
	// Autoscalers ignore a Deployment that is scaled to zero.
	return new(max(int32(n), 1)) //nolint:gosec // The API server keeps replicas within an int32.
}

func (c *composition) autoscaled() bool {
	return c.app.Spec.Autoscaling != nil && c.app.Spec.Autoscaling.Enabled
}

// ownsReplicas reports whether only Crossplane has set the number of pods.
func ownsReplicas(seen Object) bool {
	owned := false
	for f := range seen.objects("metadata", "managedFields") {
		if _, ok := f.object("fieldsV1", "f:spec")["f:replicas"]; !ok {
			continue
		}
		if !strings.HasPrefix(f.str("manager"), composedFieldManager) {
			return false
		}
		owned = true
	}

	return owned
}
