package azure

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"
)

// A State is what a server can be told to have, all at once. See ParseState for how it is written.
type State struct {
	Tenants       []TenantState  `json:"tenants,omitempty"`
	Issuers       []IssuerState  `json:"issuers,omitempty"`
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	Delays        *DelaysState   `json:"delays,omitempty"`
	Vaults        []VaultState   `json:"vaults,omitempty"`
	Faults        []FaultState   `json:"faults,omitempty"`
}

// A TenantState is a tenant and its applications.
type TenantState struct {
	ID           string             `json:"id"`
	Applications []ApplicationState `json:"applications,omitempty"`
}

// An ApplicationState is an application and its federated credentials. Its tenant is the one that it is in.
type ApplicationState struct {
	Application

	FederatedCredentials []FederatedCredentialState `json:"federatedCredentials,omitempty"`
}

// A FederatedCredentialState is a federated credential whose delay is written as in Go.
type FederatedCredentialState struct {
	FederatedCredential

	Delay Duration `json:"delay,omitempty"`

	// JWKS registers the keys of the issuer as well.
	JWKS json.RawMessage `json:"jwks,omitempty"`
}

// An IssuerState is an issuer and its JSON Web Key Set.
type IssuerState struct {
	Issuer string          `json:"issuer"`
	JWKS   json.RawMessage `json:"jwks"`
}

// A VaultState is a vault and all that is in it.
type VaultState struct {
	Vault

	RoleAssignments []RoleAssignmentState  `json:"roleAssignments,omitempty"`
	Secrets         map[string]Secret      `json:"secrets,omitempty"`
	Certificates    map[string]Certificate `json:"certificates,omitempty"`
}

// A RoleAssignmentState is a role assignment whose delay is written as in Go.
type RoleAssignmentState struct {
	RoleAssignment

	Delay Duration `json:"delay,omitempty"`
}

// A FaultState is a fault whose durations are written as in Go.
type FaultState struct {
	Fault

	RetryAfter Duration `json:"retryAfter,omitempty"`
	Duration   Duration `json:"duration,omitempty"`
}

// ParseState reads a State from YAML or JSON, and refuses what it does not know.
func ParseState(data []byte) (State, error) {
	var state State
	if err := yaml.UnmarshalStrict(data, &state); err != nil {
		return State{}, fmt.Errorf("cannot read state: %w", err)
	}

	return state, nil
}

// Apply registers what a State has. It goes on after an error, and returns all of them.
func (s *Server) Apply(state State) error {
	var errs []error

	for _, t := range state.Tenants {
		errs = append(errs, s.applyTenant(t))
	}

	for _, i := range state.Issuers {
		errs = append(errs, s.PutIssuer(i.Issuer, i.JWKS))
	}

	for _, sub := range state.Subscriptions {
		errs = append(errs, s.PutSubscription(sub))
	}

	if state.Delays != nil {
		s.SetDelays(state.Delays.delays())
	}

	for _, v := range state.Vaults {
		errs = append(errs, s.applyVault(v))
	}

	for _, f := range state.Faults {
		_, err := s.AddFault(f.fault())
		errs = append(errs, err)
	}

	return errors.Join(errs...)
}

func (s *Server) applyTenant(t TenantState) error {
	errs := []error{s.PutTenant(t.ID)}

	for _, a := range t.Applications {
		a.TenantID = t.ID
		errs = append(errs, s.PutApplication(a.Application))

		for _, c := range a.FederatedCredentials {
			errs = append(errs, s.applyCredential(t.ID, a.ClientID, c))
		}
	}

	return errors.Join(errs...)
}

func (s *Server) applyCredential(tenantID, clientID string, c FederatedCredentialState) error {
	if len(c.JWKS) > 0 {
		if err := s.PutIssuer(c.Issuer, c.JWKS); err != nil {
			return err
		}
	}

	return s.PutFederatedCredential(tenantID, clientID, c.credential())
}

func (s *Server) applyVault(v VaultState) error {
	if err := s.PutVault(v.Vault); err != nil {
		return err
	}

	var errs []error

	for _, a := range v.RoleAssignments {
		errs = append(errs, s.PutRoleAssignment(v.Name, a.assignment()))
	}

	for _, name := range slices.Sorted(maps.Keys(v.Secrets)) {
		_, err := s.PutSecret(v.Name, name, v.Secrets[name])
		errs = append(errs, err)
	}

	for _, name := range slices.Sorted(maps.Keys(v.Certificates)) {
		_, err := s.PutCertificate(v.Name, name, v.Certificates[name])
		errs = append(errs, err)
	}

	return errors.Join(errs...)
}

func (c FederatedCredentialState) credential() FederatedCredential {
	c.FederatedCredential.Delay = c.Delay.std()

	return c.FederatedCredential
}

func (a RoleAssignmentState) assignment() RoleAssignment {
	a.RoleAssignment.Delay = a.Delay.std()

	return a.RoleAssignment
}

func (f FaultState) fault() Fault {
	f.Fault.RetryAfter, f.Fault.Duration = f.RetryAfter.std(), f.Duration.std()

	return f.Fault
}

// faultState is the inverse of fault.
func faultState(f Fault) FaultState {
	return FaultState{Fault: f, RetryAfter: Duration(f.RetryAfter), Duration: Duration(f.Duration)}
}
