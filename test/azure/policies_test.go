// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

// TestPolicies: a denied resource is refused, and a check of policies says so before.
func TestPolicies(t *testing.T) {
	m := newManager(t)
	must(t, m.PutSubscription(azure.Subscription{ID: subscription, TenantID: tenant, Policies: map[string]string{"no-vaults": "microsoft.keyvault/vaults"}}))

	ask := func(typ string) any {
		_, _, answer := m.do(http.MethodPost, groupID+"/providers/Microsoft.PolicyInsights/checkPolicyRestrictions", "2023-03-01",
			`{"resourceDetails": {"apiVersion": "2023-07-01", "resourceContent": {"type": "`+typ+`"}}}`)

		return answer["contentEvaluationResult"]
	}

	denied := map[string]any{
		"policyInfo": map[string]any{
			"policyAssignmentId": "/subscriptions/" + subscription + "/providers/Microsoft.Authorization/policyAssignments/no-vaults",
			"policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/stand-in",
		},
		"evaluationResult": "NonCompliant", "effectDetails": map[string]any{"policyEffect": "Deny"},
	}

	if diff := cmp.Diff(map[string]any{"policyEvaluations": []any{denied}}, ask("Microsoft.KeyVault/vaults")); diff != "" {
		t.Errorf("a type that is refused: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(map[string]any{"policyEvaluations": []any{}}, ask("Microsoft.ManagedIdentity/userAssignedIdentities")); diff != "" {
		t.Errorf("a type that is not: -want, +got:\n%s", diff)
	}

	if status, code, _ := m.do(http.MethodPut, vaults+"kv-refused", vaultAPI, `{}`); status != http.StatusForbidden || code != "RequestDisallowedByPolicy" {
		t.Errorf("want the vault refused, got %d %s", status, code)
	}
}
