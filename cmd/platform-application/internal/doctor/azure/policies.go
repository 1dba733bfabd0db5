// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"context"
	"net/http"
	"strings"

	"k8s.io/utils/ptr"
)

// A Policy denies a resource of applications.
type Policy struct {
	// Type of the resource, such as Microsoft.KeyVault/vaults.
	Type string

	AssignmentID, DefinitionID string

	// ReferenceID of the definition in its initiative. It is empty if the definition is assigned directly.
	ReferenceID string
}

// policies returns the policies that deny a vault or an identity as the function composes them.
func (r reader) policies(ctx context.Context) ([]Policy, error) {
	s := r.platform.Settings
	vault := map[string]any{
		"tenantId": s.TenantID, "sku": map[string]string{"family": "A", "name": "standard"},
		"enableRbacAuthorization": true, "enableSoftDelete": true, "enablePurgeProtection": true,
	}

	if k := s.KeyVault; k != nil {
		if ptr.Deref(k.SoftDeleteRetentionDays, 0) > 0 {
			vault["softDeleteRetentionInDays"] = *k.SoftDeleteRetentionDays
		}

		if k.SKU != "" {
			vault["sku"] = map[string]string{"family": "A", "name": k.SKU}
		}

		if !ptr.Deref(k.PublicNetworkAccessEnabled, true) {
			vault["publicNetworkAccess"] = "Disabled"
		}
	}

	var out []Policy

	for _, c := range [...]struct {
		typ, version string
		properties   any
	}{
		{"Microsoft.KeyVault/vaults", keyVaults, vault},
		{"Microsoft.ManagedIdentity/userAssignedIdentities", identities, map[string]any{}},
	} {
		found, err := r.restrictions(ctx, c.version, map[string]any{
			"type": c.typ, "location": location(s.Location), "tags": s.Tags, "properties": c.properties,
		})
		if err != nil {
			return nil, err
		}

		for _, p := range found {
			p.Type = c.typ
			out = append(out, p)
		}
	}

	return out, nil
}

// restrictions returns the policies that deny a resource. The request changes nothing.
func (r reader) restrictions(ctx context.Context, version string, resource map[string]any) ([]Policy, error) {
	address, err := r.address(r.groupID+"/providers/Microsoft.PolicyInsights/checkPolicyRestrictions", policyVersions)
	if err != nil {
		return nil, err
	}

	var result struct {
		Content struct {
			Evaluations []struct {
				Policy struct {
					AssignmentID string `json:"policyAssignmentId"`
					DefinitionID string `json:"policyDefinitionId"`
					ReferenceID  string `json:"policyDefinitionReferenceId"`
				} `json:"policyInfo"`
				Result string `json:"evaluationResult"`
				Effect struct {
					Name string `json:"policyEffect"`
				} `json:"effectDetails"`
			} `json:"policyEvaluations"`
		} `json:"contentEvaluationResult"`
	}

	err = r.do(ctx, http.MethodPost, address, map[string]any{
		"resourceDetails": map[string]any{"apiVersion": version, "resourceContent": resource},
	}, &result)
	if err != nil {
		return nil, err
	}

	var out []Policy

	for _, e := range result.Content.Evaluations {
		// Azure omits the effect of policies that deny.
		if e.Result == "NonCompliant" && (e.Effect.Name == "" || strings.EqualFold(e.Effect.Name, "Deny")) {
			out = append(out, Policy{AssignmentID: e.Policy.AssignmentID, DefinitionID: e.Policy.DefinitionID, ReferenceID: e.Policy.ReferenceID})
		}
	}

	return out, nil
}
