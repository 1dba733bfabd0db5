// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure/access"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/azurename"
)

// A reader reads facts.
type reader struct {
	client

	platform platform.Platform
	options  Options

	// subscriptions are the ids of the subscriptions of all landing zones. The identities of providers can be in any of them.
	subscriptions []string

	subscriptionID, groupID string
}

// read reads the facts. It returns an error if it cannot read anything.
func (r reader) read(ctx context.Context) (Facts, error) {
	f := Facts{Registrations: map[string]Answer[Registration]{}}

	subscription, err := get[Subscription](ctx, r.client, r.subscriptionID, subscriptions)
	f.Subscription = answer(subscription, err)

	switch {
	case f.Subscription.Refused == unanswered:
		return f, err
	case f.Subscription.Refused != "":
		return f, nil
	}

	f.Group = answer(get[Resource[Provisioning]](ctx, r.client, r.groupID, resources))

	for _, namespace := range resourceProviders(r.platform.Settings) {
		f.Registrations[namespace] = answer(get[Registration](ctx, r.client, r.subscriptionID+"/providers/"+namespace, resources))
	}

	f.Identities = r.identities(ctx)
	f.Assignments = r.assignments(ctx, r.subscriptionID)
	f.Others = map[string]Answer[[]Resource[Assignment]]{}

	for _, id := range otherSubscriptions(*r.platform.Settings) {
		f.Others[id] = r.assignments(ctx, "/subscriptions/"+id)
	}

	f.Locks = answer(list[Resource[Lock]](ctx, r.client, r.subscriptionID+"/providers/Microsoft.Authorization/locks", locks))

	known := slices.Concat(f.Identities.Value, r.otherIdentities(ctx))

	d := about(r.platform)

	if r.platform.Azure != nil {
		f.Provider = r.account(ctx, known, r.platform.Azure.ClientID, r.options.ProviderObjectID, d.needs())
	}

	if r.platform.Creator != nil {
		f.Creator = r.account(ctx, known, r.platform.Creator.ClientID, r.platform.Settings.SecretCreatorPrincipalID, d.creatorNeeds())
	}

	if f.Group.Refused == "" {
		f.Vaults = answer(list[Resource[struct{}]](ctx, r.client, r.groupID+"/providers/Microsoft.KeyVault/vaults", keyVaults))
		f.Policies = answer(r.policies(ctx))
	}

	f.Name = r.name(ctx)

	return f, nil
}

// assignments reads the role assignments of a subscription.
func (r reader) assignments(ctx context.Context, subscriptionID string) Answer[[]Resource[Assignment]] {
	return answer(list[Resource[Assignment]](ctx, r.client, subscriptionID+"/providers/Microsoft.Authorization/roleAssignments", authorization))
}

// otherSubscriptions returns the subscriptions of shared vaults and confirmed grants, except that of the vaults, in lower case.
func otherSubscriptions(s v1alpha1.PlatformConfigSpec) []string {
	var out []string

	add := func(resourceID string) {
		id := strings.ToLower(segment(resourceID, "subscriptions"))
		if id != "" && id != strings.ToLower(s.SubscriptionID) {
			out = append(out, id)
		}
	}

	for _, e := range rolePerSecret(s) {
		add(e.VaultResourceID)
	}

	if s.KeyVault != nil {
		for _, g := range s.KeyVault.ConfirmedGrants {
			add(g.Scope)
		}
	}

	return slices.Compact(slices.Sorted(slices.Values(out)))
}

// otherIdentities reads the identities of the subscriptions of other landing zones. Those zones report what is unreadable.
func (r reader) otherIdentities(ctx context.Context) []Resource[Identity] {
	var out []Resource[Identity]

	for _, id := range r.subscriptions {
		if id != strings.ToLower(r.platform.Settings.SubscriptionID) {
			found, _ := list[Resource[Identity]](ctx, r.client, identitiesOf("/subscriptions/"+id), identities)
			out = append(out, found...)
		}
	}

	return out
}

func identitiesOf(subscriptionID string) string {
	return subscriptionID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
}

// identities reads the identities of the subscription, and those of --identity.
func (r reader) identities(ctx context.Context) Answer[[]Resource[Identity]] {
	out := answer(list[Resource[Identity]](ctx, r.client, identitiesOf(r.subscriptionID), identities))

	for _, id := range r.options.Identities {
		if i, err := get[Resource[Identity]](ctx, r.client, id, identities); err == nil {
			out.Value = append(out.Value, i)
		}
	}

	return out
}

// account reads the account with a client id, or with an object id if there is no such identity.
func (r reader) account(ctx context.Context, known []Resource[Identity], clientID, objectID string, needs []need) Account {
	out := Account{ObjectID: strings.ToLower(objectID)}

	i := slices.IndexFunc(known, func(i Resource[Identity]) bool {
		return clientID != "" && strings.EqualFold(i.Properties.ClientID, clientID)
	})
	if i >= 0 {
		out.Identity, out.ObjectID = &known[i], known[i].Properties.PrincipalID
		out.Credentials = answer(list[Resource[Credential]](ctx, r.client, out.Identity.ID+"/federatedIdentityCredentials", identities))
	}

	if out.ObjectID == "" {
		return out
	}

	out.Grants = answer(r.grants(ctx, r.subscriptionID, out.ObjectID))

	for _, n := range needs {
		id := strings.ToLower(segment(n.scope, "subscriptions"))
		if _, ok := out.Others[id]; ok || id == "" || access.Covers(r.subscriptionID, n.scope) {
			continue
		}

		if out.Others == nil {
			out.Others = map[string]Answer[[]access.Grant]{}
		}

		out.Others[id] = answer(r.grants(ctx, "/subscriptions/"+id, out.ObjectID))
	}

	return out
}

// grants reads the role assignments of a principal in a subscription, with the permissions of their roles.
func (r reader) grants(ctx context.Context, subscriptionID, objectID string) ([]access.Grant, error) {
	assignments, err := list[Resource[Assignment]](ctx, r.client, subscriptionID+"/providers/Microsoft.Authorization/roleAssignments", authorization,
		"assignedTo('"+strings.ReplaceAll(objectID, "'", "''")+"')")
	if err != nil {
		return nil, err
	}

	roles, out := map[string]Answer[Resource[Role]]{}, make([]access.Grant, 0, len(assignments))

	for _, a := range assignments {
		id := strings.ToLower(a.Properties.RoleDefinitionID)

		if _, ok := roles[id]; !ok && len(roles) < maxRoles {
			roles[id] = answer(get[Resource[Role]](ctx, r.client, a.Properties.RoleDefinitionID, authorization))
		}

		role, ok := roles[id]
		out = append(out, grant(a, role, ok))
	}

	return out, nil
}

func grant(a Resource[Assignment], role Answer[Resource[Role]], ok bool) access.Grant {
	out := access.Grant{
		ID: a.ID, Scope: a.Properties.Scope, Role: role.Value.Properties.Name, Unreadable: !ok || role.Refused != "",
		Condition: access.Condition{Expression: a.Properties.Condition, Version: a.Properties.ConditionVersion},
	}

	if out.Role == "" {
		out.Role = a.Properties.RoleDefinitionID[strings.LastIndexByte(a.Properties.RoleDefinitionID, '/')+1:]
	}

	for _, p := range role.Value.Properties.Permissions {
		out.Permissions = append(out.Permissions, access.Permission{
			Actions: p.Actions, NotActions: p.NotActions, DataActions: p.DataActions, NotDataActions: p.NotDataActions,
			Condition: access.Condition{Expression: p.Condition, Version: p.ConditionVersion},
		})
	}

	return out
}

// name reads the availability of the vault name of the acceptance run.
func (r reader) name(ctx context.Context) VaultName {
	s := r.platform.Settings
	out := VaultName{Name: azurename.Scope{
		SubscriptionID: s.SubscriptionID, Issuer: s.OIDCIssuerURL, Cluster: s.ClusterName, Namespace: r.options.Namespace, Name: r.options.Application,
	}.Vault()}

	address, err := r.address(r.subscriptionID+"/providers/Microsoft.KeyVault/checkNameAvailability", keyVaults)
	if err != nil {
		out.Available = answer(Availability{}, err)

		return out
	}

	var available Availability

	err = r.do(ctx, http.MethodPost, address, map[string]string{"name": out.Name, "type": "Microsoft.KeyVault/vaults"}, &available)
	out.Available = answer(available, err)

	if err == nil && !available.Available {
		out.Ours = answer(get[Resource[struct{}]](ctx, r.client, r.groupID+"/providers/Microsoft.KeyVault/vaults/"+out.Name, keyVaults))
		out.Deleted = answer(get[Resource[DeletedVault]](ctx, r.client,
			r.subscriptionID+"/providers/Microsoft.KeyVault/locations/"+location(s.Location)+"/deletedVaults/"+out.Name, keyVaults))
	}

	return out
}

// location returns the name that Azure uses, such as westeurope for "West Europe".
func location(l string) string { return strings.ToLower(strings.ReplaceAll(l, " ", "")) }
