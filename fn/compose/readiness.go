// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

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
