// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"encoding/json"
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// A State describes the content of a server. See ParseState.
type State struct {
	Tenants       []TenantState  `json:"tenants,omitempty"`
	Issuers       []IssuerState  `json:"issuers,omitempty"`
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	Vaults        []VaultState   `json:"vaults,omitempty"`
}

// A TenantState is a tenant and its applications.
type TenantState struct {
	ID           string             `json:"id"`
	Applications []ApplicationState `json:"applications,omitempty"`
}

// An ApplicationState is an application of the tenant that contains it, and its federated credentials.
type ApplicationState struct {
	Application

	FederatedCredentials []FederatedCredential `json:"federatedCredentials,omitempty"`
}

// An IssuerState is an issuer and its JSON Web Key Set.
type IssuerState struct {
	Issuer string          `json:"issuer"`
	JWKS   json.RawMessage `json:"jwks"`
}

// A VaultState is a vault and its role assignments.
type VaultState struct {
	Vault

	RoleAssignments []RoleAssignment `json:"roleAssignments,omitempty"`
}

// ParseState reads a State from YAML or JSON, and rejects unknown fields.
func ParseState(data []byte) (State, error) {
	var state State
	if err := yaml.UnmarshalStrict(data, &state); err != nil {
		return State{}, fmt.Errorf("cannot read state: %w", err)
	}

	return state, nil
}

// Apply registers everything in a State. It continues after an error, and returns all errors.
func (s *Server) Apply(state State) error {
	var errs []error

	for _, t := range state.Tenants {
		errs = append(errs, s.PutTenant(t.ID))

		for _, a := range t.Applications {
			a.TenantID = t.ID
			errs = append(errs, s.PutApplication(a.Application))

			for _, c := range a.FederatedCredentials {
				errs = append(errs, s.PutFederatedCredential(t.ID, a.ClientID, c))
			}
		}
	}

	for _, i := range state.Issuers {
		errs = append(errs, s.PutIssuer(i.Issuer, i.JWKS))
	}

	for _, sub := range state.Subscriptions {
		errs = append(errs, s.PutSubscription(sub))
	}

	for _, v := range state.Vaults {
		errs = append(errs, s.PutVault(v.Vault))

		for _, a := range v.RoleAssignments {
			errs = append(errs, s.PutRoleAssignment(v.Name, a))
		}
	}

	return errors.Join(errs...)
}
