// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package fault makes requests fail on demand.
//
// A Rule selects requests and has an effect on them. Rules are tried in the order in which they were added; the first one that matches
// decides, but a Slow rule only delays and lets the next ones decide.
package fault

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Operations distinguish requests in rules and counts.
const (
	// Connect is the opening of a connection through the proxy.
	Connect = "connect"

	// Discovery and the following are of Entra ID.
	Discovery     = "discovery"
	Configuration = "openid-configuration"
	Keys          = "keys"
	Token         = "token"

	// Challenge is a request to a vault without a token, for any operation.
	Challenge = "challenge"

	// Set and the following are of a vault's secrets.
	Set          = "set"
	Update       = "update"
	Get          = "get"
	List         = "list"
	ListVersions = "list-versions"
	Delete       = "delete"
	GetDeleted   = "get-deleted"
	Recover      = "recover"
	Purge        = "purge"

	// GetContacts reads the contacts of certificates. The Azure provider does so whenever it observes a vault.
	GetContacts = "get-contacts"

	// ManagementChallenge is a request to the resource manager without a token, for any operation.
	ManagementChallenge = "management-challenge"

	// GetVault and the following are of the resource manager.
	GetVault             = "get-vault"
	ListVaults           = "list-vaults"
	PutVault             = "put-vault"
	PatchVault           = "patch-vault"
	DeleteVault          = "delete-vault"
	GetDeletedVault      = "get-deleted-vault"
	PurgeVault           = "purge-vault"
	GetIdentity          = "get-identity"
	PutIdentity          = "put-identity"
	PatchIdentity        = "patch-identity"
	DeleteIdentity       = "delete-identity"
	GetCredential        = "get-federated-credential"
	ListCredentials      = "list-federated-credentials"
	PutCredential        = "put-federated-credential"
	DeleteCredential     = "delete-federated-credential"
	GetRoleAssignment    = "get-role-assignment"
	ListRoleAssignments  = "list-role-assignments"
	PutRoleAssignment    = "put-role-assignment"
	DeleteRoleAssignment = "delete-role-assignment"
	GetRoleDefinition    = "get-role-definition"
	ListRoleDefinitions  = "list-role-definitions"
	GetResourceGroup     = "get-resource-group"
	PutResourceGroup     = "put-resource-group"
	GetSubscription      = "get-subscription"
	PutRoleDefinition    = "put-role-definition"
	ListIdentities       = "list-identities"
	ListLocks            = "list-locks"
	PutLock              = "put-lock"
	GetProvider          = "get-resource-provider"
	RegisterProvider     = "register-resource-provider"
	CheckVaultName       = "check-vault-name"
	CheckPolicies        = "check-policies"
	GetCluster           = "get-cluster"
	PutCluster           = "put-cluster"
	GetEndpoint          = "get-private-endpoint"
	PutEndpoint          = "put-private-endpoint"
	DeleteEndpoint       = "delete-private-endpoint"
	GetInterface         = "get-network-interface"
	ListZoneGroups       = "list-dns-zone-groups"
	GetZoneGroup         = "get-dns-zone-group"
	PutZoneGroup         = "put-dns-zone-group"
	DeleteZoneGroup      = "delete-dns-zone-group"
	GetDiagnostics       = "get-diagnostic-setting"
	PutDiagnostics       = "put-diagnostic-setting"
	DeleteDiagnostics    = "delete-diagnostic-setting"

	// Unknown is a request that no operation matches.
	Unknown = "unknown"
)

// An Effect is the consequence of a rule for a request.
type Effect string

// The effects.
const (
	// Status answers with Rule.Status, and Rule.RetryAfter and Rule.Error if they are set. Nothing is carried out.
	Status Effect = "status"

	// Hang does not answer until the client gives up, or for Rule.Duration if that is set, after which the connection is closed.
	// Nothing is carried out.
	Hang Effect = "hang"

	// Slow answers Rule.Duration later than otherwise.
	Slow Effect = "slow"

	// Reset carries out the request, sends half of the answer and resets the connection.
	Reset Effect = "reset"

	// Truncate carries out the request, sends half of the answer and closes the connection.
	Truncate Effect = "truncate"

	// Garbage carries out the request and answers with its status and a body that is not JSON: Rule.Text, or some HTML.
	Garbage Effect = "garbage"

	// ExpireToken answers 401 with error="invalid_token", as a vault does for a token that has expired. Vaults only.
	ExpireToken Effect = "expire-token"

	// RevokeToken answers 401 with error="insufficient_claims" and claims, which asks the client for a fresh token (continuous
	// access evaluation). Vaults only.
	RevokeToken Effect = "revoke-token"
)

// Effects returns all effects.
func Effects() []Effect {
	return []Effect{Status, Hang, Slow, Reset, Truncate, Garbage, ExpireToken, RevokeToken}
}

// A Rule makes requests fail. Fields that are empty match every request.
type Rule struct {
	// ID of the rule, from AddFault.
	ID string `kong:"-"`

	// Host that was asked, such as management.azure.com.
	Host string `help:"Only requests to this host, such as management.azure.com."`

	// Vault, by name. Requests to Entra ID and to the resource manager have none.
	Vault string `help:"Only requests to this vault."`

	// Operation is one of the constants of this package.
	Operation string `help:"Only requests for this: connect, token, challenge, get, list, set, put-vault, …"`

	// Secret, by name.
	Secret string `help:"Only requests for this secret."`

	// Identity is a principal id or a client id.
	Identity string `help:"Only requests of this principal id or client id."`

	// Effect on the request.
	Effect Effect `help:"What happens to them: status, hang, slow, reset, truncate, garbage, expire-token or revoke-token."`

	// Status of an answer, 400 to 599. Only with effect Status.
	Status int `help:"With effect status: the status, 400 to 599."`

	// RetryAfter is sent in whole seconds if it is not zero. Only with effect Status.
	RetryAfter time.Duration `help:"With effect status: when to retry."`

	// Error is the code in the body: for Entra ID the number of an error such as 700211, for a vault a word such as Forbidden.
	// It is only for effect Status.
	Error string `help:"With effect status: the code in the body, such as 700211 or Forbidden."`

	// Duration is how long a request hangs, or its additional latency.
	Duration time.Duration `help:"With effects slow and hang: for how long."`

	// Text is the body of effect Garbage.
	Text string `help:"With effect garbage: the body."`

	// Count is the number of requests that the rule applies to. Zero means all until it is removed.
	Count int `help:"For how many requests. The default is until it is removed."`
}

// Validate returns an error for an invalid rule.
func (r Rule) Validate() error {
	if !slices.Contains(Effects(), r.Effect) {
		return fmt.Errorf("there is no effect %q: choose from %v", r.Effect, Effects())
	}

	if r.Effect == Status && (r.Status < http.StatusBadRequest || r.Status > 599) {
		return fmt.Errorf("effect %q needs a status from 400 to 599, not %d", Status, r.Status)
	}

	if r.Effect != Status && (r.Status != 0 || r.RetryAfter != 0 || r.Error != "") {
		return fmt.Errorf("a status, an error and when to retry are for effect %q only", Status)
	}

	return nil
}

// A Request has the properties that rules match.
type Request struct {
	Host      string
	Vault     string
	Operation string
	Secret    string

	// PrincipalID and ClientID of the caller are empty if unknown.
	PrincipalID string
	ClientID    string
}

func (r Rule) matches(q Request) bool {
	return (r.Host == "" || strings.EqualFold(r.Host, q.Host)) &&
		(r.Vault == "" || strings.EqualFold(r.Vault, q.Vault)) &&
		(r.Operation == "" && q.Operation != Connect || r.Operation == q.Operation) &&
		(r.Secret == "" || strings.EqualFold(r.Secret, q.Secret)) &&
		(r.Identity == "" || strings.EqualFold(r.Identity, q.PrincipalID) || strings.EqualFold(r.Identity, q.ClientID)) &&
		// Only a vault checks tokens.
		(q.Vault != "" && q.Operation != Challenge || r.Effect != ExpireToken && r.Effect != RevokeToken)
}

// Rules is a list of rules. Its zero value is ready for concurrent use.
type Rules struct {
	// some reports whether there are rules, so that a request takes no lock without any.
	some atomic.Bool

	mu     sync.Mutex
	rules  []Rule
	serial int
}

// AddFault adds a rule and returns its id.
func (r *Rules) AddFault(rule Rule) (string, error) {
	if err := rule.Validate(); err != nil {
		return "", fmt.Errorf("cannot add fault: %w", err)
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	r.serial++
	rule.ID = fmt.Sprintf("fault-%d", r.serial)
	r.rules = append(r.rules, rule)
	r.some.Store(true)

	return rule.ID, nil
}

// RemoveFault removes a rule, and reports whether a rule had that id.
func (r *Rules) RemoveFault(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()

	before := len(r.rules)
	r.rules = slices.DeleteFunc(r.rules, func(rule Rule) bool { return rule.ID == id })
	r.some.Store(len(r.rules) > 0)

	return len(r.rules) < before
}

// ClearFaults removes every rule.
func (r *Rules) ClearFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.rules = nil
	r.some.Store(false)
}

// MatchFault returns the delay of the request, and the rule that decides about it, if there is one.
func (r *Rules) MatchFault(q Request) (delay time.Duration, decides *Rule) {
	if !r.some.Load() {
		return 0, nil
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	used := map[string]bool{}

	for _, rule := range r.rules {
		if !rule.matches(q) {
			continue
		}

		used[rule.ID] = true

		if rule.Effect != Slow {
			decides = &rule

			break
		}

		delay += rule.Duration
	}

	for i := range r.rules {
		if used[r.rules[i].ID] && r.rules[i].Count > 0 {
			r.rules[i].Count--
			if r.rules[i].Count == 0 {
				r.rules[i].Count = -1
			}
		}
	}

	r.rules = slices.DeleteFunc(r.rules, func(rule Rule) bool { return rule.Count < 0 })
	r.some.Store(len(r.rules) > 0)

	return delay, decides
}
