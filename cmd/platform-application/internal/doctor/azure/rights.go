// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure/access"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// Ids of roles.
const (
	secretsUser    = "4633458b-17de-408a-b874-0445c86b69e6"
	secretsOfficer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
)

const servicePrincipal = "ServicePrincipal"

// Actions in more than one place.
const (
	deletedVaults = "Microsoft.KeyVault/locations/deletedVaults/"
	getSecret     = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
	setSecret     = "Microsoft.KeyVault/vaults/secrets/setSecret/action"
	listSecrets   = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
)

// A need is a required permission.
type need struct {
	// missing is the code of the finding if the permission is missing.
	missing finding.Code

	// scope of all requests.
	scope    string
	requests []access.Request

	// excessive is the code of the finding if one of the refused requests is allowed.
	excessive finding.Code
	refused   []access.Request

	// with are pairs of further parameters of the finding.
	with []string
}

// newNeed returns the need for actions on a scope.
func newNeed(missing finding.Code, scope string, data bool, actions ...string) need {
	return need{missing: missing, scope: scope, requests: requests(scope, data, actions...)}
}

// needs returns the needs of the Azure providers.
func (d decision) needs() []need {
	out := []need{
		newNeed(
			ProviderMayNotWrite, d.groupID, false,
			"Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/write", "Microsoft.KeyVault/vaults/delete",
			"Microsoft.ManagedIdentity/userAssignedIdentities/read", "Microsoft.ManagedIdentity/userAssignedIdentities/write",
			"Microsoft.ManagedIdentity/userAssignedIdentities/delete",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
			"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
			"Microsoft.Authorization/roleAssignments/read",
		),
		{missing: ProviderMayNotAssign, scope: d.groupID, requests: d.assignments()},
		newNeed(ProviderMayNotRecover, d.subscriptionID, false, deletedVaults+"read"),
	}

	if k := d.settings.KeyVault; k != nil && k.Allow != nil && k.Allow.Purge {
		out = append(out, newNeed(ProviderMayNotPurge, d.subscriptionID, false, deletedVaults+"purge/action"))
	}

	return slices.Concat(out, d.links(), d.sharing())
}

// sharing returns the needs of roles on single secrets of shared vaults.
func (d decision) sharing() []need {
	user := access.Assignment{RoleID: secretsUser, PrincipalType: servicePrincipal}

	var out []need

	for _, e := range rolePerSecret(d.settings) {
		vault := e.VaultResourceID
		out = append(out, need{
			missing: ProviderMayNotShare, scope: vault, requests: []access.Request{access.Assign(vault, user), access.Unassign(vault, user)},
			with: []string{"scope", vault},
		})
	}

	return out
}

// creatorNeeds returns the needs of the identity of provider-keyvault-secretsync. It creates missing secrets, for which the function can
// assign its role on each vault, and lists shared vaults.
func (d decision) creatorNeeds() []need {
	s := d.settings.Secrets
	if s == nil {
		s = &v1alpha1.SecretDefaults{}
	}

	var out []need

	if d.settings.SecretCreatorPrincipalID == "" && ptr.Deref(s.CreateMissing, true) {
		out = append(out, newNeed(CreatorMayNotWrite, d.groupID, true, setSecret, listSecrets))
	}

	for _, e := range s.Shared {
		if e.ListWith != secretsv1alpha1.ListWithProviderConfig {
			continue
		}

		n := newNeed(ListerMayNotList, e.VaultResourceID, true, listSecrets)
		n.excessive, n.refused, n.with = ListerMayAccess, requests(n.scope, true, getSecret, setSecret), []string{"scope", n.scope}
		out = append(out, n)
	}

	return out
}

func requests(scope string, data bool, actions ...string) []access.Request {
	out := make([]access.Request, 0, len(actions))
	for _, a := range actions {
		out = append(out, access.Request{Scope: scope, Action: a, Data: data})
	}

	return out
}

// assignments returns requests for the role assignments that the function composes.
func (d decision) assignments() []access.Request {
	roles := []access.Assignment{{RoleID: secretsUser, PrincipalType: servicePrincipal}}

	if id := d.settings.SecretCreatorPrincipalID; id != "" {
		roles = append(roles, access.Assignment{RoleID: secretsOfficer, PrincipalID: id, PrincipalType: servicePrincipal})
	}

	if k := d.settings.KeyVault; k != nil {
		for _, o := range k.Officers {
			roles = append(roles, access.Assignment{RoleID: secretsOfficer, PrincipalID: o.ObjectID, PrincipalType: o.PrincipalType})
		}
	}

	// Manifests can name officers, too, and settings can name them later.
	if len(roles) == 1 {
		roles = append(roles, access.Assignment{RoleID: secretsOfficer})
	}

	out := make([]access.Request, 0, 2*len(roles))
	for _, r := range roles {
		out = append(out, access.Assign(d.groupID, r), access.Unassign(d.groupID, r))
	}

	return out
}

// access checks the parties for missing and excessive permissions. An identity may serve several places.
func (d decision) access(places []decision) []finding.Finding {
	var out []finding.Finding

	for _, p := range d.parties() {
		switch {
		case p.ObjectID == "":
			// Already reported.
			continue
		case p.Grants.Refused != "":
			out = append(out, unread(d, p.Grants, subjectGrants, p.account, "Microsoft.Authorization/roleAssignments/read")...)

			continue
		}

		for _, n := range p.needs {
			out = append(out, d.need(p, n)...)
		}
	}

	return append(out, d.tooMuch(places)...)
}

// grantsOn returns the grants of an account in the subscription of a scope. It returns false if they are unread.
func (d decision) grantsOn(a Account, scope string) ([]access.Grant, bool) {
	if access.Covers(d.subscriptionID, scope) {
		return a.Grants.Value, a.Grants.Refused == ""
	}

	out, ok := a.Others[strings.ToLower(segment(scope, "subscriptions"))]

	return out.Value, ok && out.Refused == ""
}

// need checks one need of a party.
func (d decision) need(p party, n need) []finding.Finding {
	var missing, excessive, unknown []string

	conditional := ""
	grants, read := d.grantsOn(p.Account, n.scope)

	// Other resource groups are the same for all places.
	if id := segment(n.scope, "subscriptions"); id != "" && !access.Covers(d.groupID, n.scope) {
		d = d.in(id)
	}

	allowed := func(r access.Request) access.Truth {
		if !read {
			return access.Unknown
		}

		return access.Allowed(grants, r)
	}

	for _, r := range n.requests {
		switch allowed(r) {
		case access.No:
			missing = append(missing, describe(r))

			if i := slices.IndexFunc(grants, func(g access.Grant) bool { return g.Names(r) }); i >= 0 {
				conditional = grants[i].ID
			}
		case access.Unknown:
			unknown = append(unknown, describe(r))
		case access.Yes:
		}
	}

	for _, r := range n.refused {
		switch allowed(r) {
		case access.Yes:
			excessive = append(excessive, describe(r))
		case access.Unknown:
			unknown = append(unknown, describe(r))
		case access.No:
		}
	}

	var out []finding.Finding

	if len(excessive) > 0 {
		out = append(out, d.found(n.excessive, p.ObjectID, append([]string{"actions", finding.List(excessive)}, n.with...)...))
	}

	if len(missing) > 0 {
		code := n.missing
		if code == ProviderMayNotAssign && conditional != "" {
			code = ConditionRefuses
		}

		pairs := append([]string{"actions", finding.List(slices.Compact(missing)), "assignment", conditional}, n.with...)
		out = append(out, d.found(code, p.ObjectID, pairs...))
	}

	return append(out, d.unknown(p.ObjectID, unknown)...)
}

func (d decision) unknown(objectID string, actions []string) []finding.Finding {
	if len(actions) == 0 {
		return nil
	}

	return []finding.Finding{d.found(RightsUnknown, objectID, "actions", finding.List(slices.Compact(actions)))}
}

// describe returns the action of a request, and the role that it assigns.
func describe(r access.Request) string {
	for name, value := range r.Attributes {
		if strings.HasSuffix(name, ":roledefinitionid]") {
			return r.Action + " (" + roleName(value) + ")"
		}
	}

	return r.Action
}

// otherRoles returns roles that the composition of applications does not assign. The last one stands for all others.
func otherRoles() [][2]string {
	return [][2]string{
		{"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"},
		{"b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"},
		{"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"},
		{"f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"},
		{"00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator"},
		{"00000000-0000-0000-0000-000000000000", anyOtherRole},
	}
}

func roleName(id string) string {
	for _, r := range append(otherRoles(), [2]string{secretsUser, "Key Vault Secrets User"}, [2]string{secretsOfficer, "Key Vault Secrets Officer"}) {
		if r[0] == id {
			return r[1]
		}
	}

	return id
}

// tooMuch checks the Azure providers for excessive permissions, which a compromised provider could use.
func (d decision) tooMuch(places []decision) []finding.Finding {
	p := d.facts.Provider

	var roles, unknown, beyond []string

	grants := p.Grants.Value
	for _, id := range slices.Sorted(maps.Keys(p.Others)) {
		grants = append(slices.Clip(grants), p.Others[id].Value...)
	}

	for _, r := range otherRoles() {
		request := access.Assign(d.groupID, access.Assignment{RoleID: r[0], PrincipalID: p.ObjectID, PrincipalType: servicePrincipal})

		switch access.Allowed(p.Grants.Value, request) {
		case access.Yes:
			roles = append(roles, r[1])
		case access.Unknown:
			unknown = append(unknown, describe(request))
		case access.No:
		}
	}

	for _, g := range grants {
		needed := slices.ContainsFunc(places, func(o decision) bool {
			return strings.EqualFold(o.facts.Provider.ObjectID, p.ObjectID) && o.needsRolesOn(g.Scope)
		})
		// Each subscription lists the assignments of management groups.
		if role := g.Role + " on " + g.Scope; !needed && slices.ContainsFunc(g.Permissions, exceeds) && !slices.Contains(beyond, role) {
			beyond = append(beyond, role)
		}
	}

	out := d.unknown(p.ObjectID, unknown)

	if len(roles) > 0 {
		out = append(out, d.found(MayAssignOthers, p.ObjectID, "roles", finding.List(roles)))
	}

	if len(beyond) > 0 {
		out = append(out, d.found(RightsElsewhere, p.ObjectID, "roles", finding.List(beyond)))
	}

	creates := strings.EqualFold(p.ObjectID, d.facts.Creator.ObjectID)
	if r := (access.Request{Scope: d.groupID, Action: getSecret, Data: true}); !creates && access.Allowed(p.Grants.Value, r) == access.Yes {
		out = append(out, d.found(MayReadSecrets, p.ObjectID))
	}

	return out
}

// needsRolesOn reports whether the Azure providers need roles on a scope: in the resource group of vaults, on what the settings of their
// network and logs refer to, or on a shared vault, on whose secrets they assign roles.
func (d decision) needsRolesOn(scope string) bool {
	return access.Covers(d.groupID, scope) ||
		slices.ContainsFunc(d.links(), func(n need) bool { return strings.EqualFold(n.scope, scope) }) ||
		slices.ContainsFunc(rolePerSecret(d.settings), func(e v1alpha1.SharedSecrets) bool { return access.Covers(e.VaultResourceID, scope) })
}

// exceeds reports whether a permission allows more than reading and the actions on deleted vaults.
func exceeds(p access.Permission) bool {
	return len(p.DataActions) > 0 || slices.ContainsFunc(p.Actions, func(a string) bool {
		a = strings.ToLower(a)

		return !strings.HasSuffix(a, "/read") && !strings.HasPrefix(a, strings.ToLower(deletedVaults))
	})
}
