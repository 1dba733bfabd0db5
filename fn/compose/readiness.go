// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"strings"
)

// ready tells whether an observed resource does what it is there for.
func ready(o Object) bool {
	if o == nil {
		return false
	}
	switch o.str("kind") {
	case kindDeployment:
		return rollout(o).Status == True
	case "ServiceAccount", kindService, kindIngress, kindAutoscaler, kindScaledObject, kindNetworkPolicy, kindPodDisruptionBudget:
		// They have no condition that tells, or one that depends on traffic, or on KEDA:
		// pods run without it, only not as many as the triggers say.
		return true
	}
	return o.condition("Ready").status == "True"
}

// rollout tells how far a Deployment is with its latest generation, by the
// rules of kubectl rollout status.
func rollout(o Object) Condition {
	c := Condition{Status: False, Reason: ReasonRollingOut}
	if o == nil {
		c.Message = "The pods are being started. This normally takes a minute."
		return c
	}

	generation, _ := o.number("metadata", "generation")
	observed, _ := o.number("status", "observedGeneration")
	want, ok := o.number("spec", "replicas")
	if !ok {
		want = 1
	}
	total, _ := o.number("status", "replicas")
	updated, _ := o.number("status", "updatedReplicas")
	available, _ := o.number("status", "availableReplicas")
	progressing := o.condition("Progressing")

	switch {
	case observed < generation:
		c.Message = "The pods are being rolled out. This normally takes a few minutes."
	case progressing.reason == "ProgressDeadlineExceeded":
		c.Reason = ReasonRolloutFailed
		c.Message = fmt.Sprintf("New pods do not become ready: %s. %d of %d pods are available. The log of the new pods says why; pods of the previous rollout keep running.", strings.TrimSuffix(shorten(progressing.message), "."), available, want)
	case o.condition("ReplicaFailure").status == "True":
		c.Reason = ReasonRolloutFailed
		c.Message = "Pods cannot be created: " + shorten(o.condition("ReplicaFailure").message)
	case updated < want || total > updated || available < want:
		c.Message = fmt.Sprintf("%d of %d pods are up to date, %d are available. This normally takes a few minutes.", updated, want, available)
	default:
		c.Status, c.Reason = True, ReasonAvailable
		c.Message = fmt.Sprintf("%d of %d pods are up to date and available.", available, want)
	}
	return c
}
