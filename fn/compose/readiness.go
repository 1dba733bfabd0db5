// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// ready reports whether an observed resource is ready.
func ready(o Object) bool {
	if o == nil {
		return false
	}
	switch o.str("kind") {
	case kindDeployment:
		return rollout(o).Status == True
	case kindServiceAccount, kindService, kindIngress, kindAutoscaler, kindScaledObject, kindNetworkPolicy, kindPodDisruptionBudget, kindDiagnosticSetting:
		// They have no condition, or one that depends on traffic, on KEDA or on a workspace.
		// Without KEDA, pods still run, but triggers do not scale them.
		return true
	}

	return o.condition(conditionReady).status == "True"
}

// rollout returns the progress of a Deployment, by the rules of kubectl rollout status.
func rollout(o Object) Condition {
	c := Condition{Status: False, Reason: ReasonRollingOut}
	if o == nil {
		return c.with(finding.New(finding.PodsStarting))
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
		return c.with(finding.New(finding.PodsRollingOut))
	case progressing.reason == "ProgressDeadlineExceeded":
		c.Reason = ReasonRolloutFailed
		return c.with(finding.New(finding.RolloutFailed, finding.With{"problem": shorten(progressing.message), "available": available, "wanted": want}))
	case o.condition("ReplicaFailure").status == "True":
		c.Reason = ReasonRolloutFailed
		return c.with(finding.New(finding.PodsNotCreated, finding.With{"problem": shorten(o.condition("ReplicaFailure").message)}))
	case updated < want || total > updated || available < want:
		return c.with(finding.New(finding.PodsUpdating, finding.With{"updated": updated, "wanted": want, "available": available}))
	}
	c.Status, c.Reason = True, ReasonAvailable

	return c.with(finding.New(finding.PodsAvailable, finding.With{"available": available, "wanted": want}))
}
