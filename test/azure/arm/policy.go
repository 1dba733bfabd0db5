// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// refusing returns the ids of the policy assignments that deny resources of a type, sorted.
func (c *call) refusing(typ string) []string {
	var out []string

	for _, name := range slices.Sorted(maps.Keys(c.subscription.Policies)) {
		if strings.EqualFold(c.subscription.Policies[name], typ) {
			out = append(out, "/subscriptions/"+c.subscription.ID+"/providers/Microsoft.Authorization/policyAssignments/"+name)
		}
	}

	return out
}

// checkPolicies answers with the policies that deny a resource.
func (c *call) checkPolicies() wire.Answer {
	var body struct {
		Details struct {
			Content struct {
				Type string `json:"type"`
			} `json:"resourceContent"`
		} `json:"resourceDetails"`
	}

	if err := json.Unmarshal(c.body, &body); err != nil {
		return refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized.")
	}

	out := []any{}

	for _, id := range c.refusing(body.Details.Content.Type) {
		out = append(out, map[string]any{
			"policyInfo":       map[string]string{"policyAssignmentId": id, "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/stand-in"},
			"evaluationResult": "NonCompliant", "effectDetails": map[string]string{"policyEffect": "Deny"},
		})
	}

	return wire.JSON(http.StatusOK, map[string]any{
		"fieldRestrictions": []any{}, "contentEvaluationResult": map[string]any{"policyEvaluations": out},
	})
}

// obeyPolicies rejects resources that a policy denies.
func (c *call) obeyPolicies() *wire.Answer {
	write, remove := c.changes()
	if !write || remove {
		return nil
	}

	for _, id := range c.refusing(c.typ) {
		return new(refuse(http.StatusForbidden, "RequestDisallowedByPolicy", "Resource '%s' was disallowed by policy. Policy assignment: '%s'.", c.name, id))
	}

	return nil
}
