// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
	"k8s.io/utils/ptr"
)

// podDisruptionBudget limits evictions to one pod at a time, for applications that always
// have more than one. Unhealthy pods can be evicted at any time: otherwise they would
// block the drain of a node.
func (c *composition) podDisruptionBudget(w workload) {
	least := c.fixedReplicas()
	if c.autoscaled() {
		least, _ = c.scale()
	}
	switch {
	case !ptr.Deref(c.platform.Workload.PodDisruptionBudget, true) || least < 2:
		return
	case w.waits() && w.observed == nil:
		c.keepIfObserved(NamePodDisruptionBudget)
		return
	}
	spec := policyv1ac.PodDisruptionBudgetSpec().
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(c.selector())).
		WithMaxUnavailable(intstr.FromInt32(1)).
		WithUnhealthyPodEvictionPolicy(policyv1.AlwaysAllow)
	c.want(NamePodDisruptionBudget, policyv1ac.PodDisruptionBudget(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec))
}
