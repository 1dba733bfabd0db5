// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure/access"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	tenant       = "11111111-1111-4111-8111-111111111112"
	subscription = "22222222-2222-4222-8222-222222222223"
	issuer       = "https://westeurope.oic.prod-aks.azure.com/" + tenant + "/33333333-3333-4333-8333-333333333334/"

	providerClient  = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaab"
	providerObject  = "99999999-9999-4999-8999-999999999998"
	creatorClient   = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbc"
	creatorObject   = "77777777-7777-4777-8777-777777777778"
	officerObject   = "66666666-6666-4666-8666-666666666667"
	subscriptionID  = "/subscriptions/" + subscription
	groupID         = subscriptionID + "/resourceGroups/rg-applications"
	platformGroupID = subscriptionID + "/resourceGroups/rg-platform"
	ownerRole       = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	setUpCondition  = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLES})) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {ROLES}))"
)

const (
	networkGroup = subscriptionID + "/resourceGroups/rg-network/providers/"
	testSubnet   = networkGroup + "Microsoft.Network/virtualNetworks/cluster/subnets/endpoints"
	testZone     = networkGroup + "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	testLogs     = networkGroup + "Microsoft.OperationalInsights/workspaces/platform"
	testShared   = subscriptionID + "/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/shared-ab12"
)

// testSharedElsewhere is a shared vault in another subscription.
const testSharedElsewhere = "/subscriptions/elsewhere/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/shared-cd34"

// shared sets a shared vault in the subscription, and one in another.
func shared(w *world) {
	entry := v1alpha1.SharedSecrets{Name: "platform", Access: v1alpha1.AccessRolePerSecret, VaultResourceID: testShared}
	elsewhere := v1alpha1.SharedSecrets{Name: "other", Access: v1alpha1.AccessRolePerSecret, VaultResourceID: testSharedElsewhere}
	w.platform.Settings.Secrets = &v1alpha1.SecretDefaults{Shared: []v1alpha1.SharedSecrets{entry, elsewhere}}
}

// listed sets a shared vault that the secret sync provider lists.
func listed(vault string, grants ...access.Grant) func(*world) {
	return func(w *world) {
		w.platform.Settings.Secrets = &v1alpha1.SecretDefaults{Shared: []v1alpha1.SharedSecrets{
			{Name: "platform", Access: v1alpha1.AccessGranted, ListWith: "ProviderConfig", VaultResourceID: vault},
		}}
		w.facts.Creator.Grants.Value = grants
	}
}

// dataGrant returns the grant of a role with data actions.
func dataGrant(scope string, actions ...string) access.Grant {
	return access.Grant{Scope: scope, Permissions: []access.Permission{{DataActions: actions}}}
}

func elsewhere(grants ...access.Grant) map[string]Answer[[]access.Grant] {
	return map[string]Answer[[]access.Grant]{"elsewhere": {Value: grants}}
}

// linked sets private endpoints and logs.
func linked(w *world) {
	w.platform.Settings.KeyVault.Network = &v1alpha1.KeyVaultNetwork{
		DefaultAction: "Deny", PrivateEndpoint: &v1alpha1.KeyVaultPrivateEndpoint{SubnetID: testSubnet, PrivateDNSZoneIDs: []string{testZone}},
	}
	w.platform.Settings.KeyVault.Diagnostics = &v1alpha1.KeyVaultDiagnostics{LogAnalyticsWorkspaceID: testLogs}
}

// A world is a platform, and its facts in Azure.
type world struct {
	platform platform.Platform
	facts    Facts
}

func condition(roles ...string) access.Condition {
	return access.Condition{Expression: strings.ReplaceAll(setUpCondition, "ROLES", strings.Join(roles, ", ")), Version: "2.0"}
}

func permits(actions ...string) []access.Permission {
	return []access.Permission{{Actions: actions, NotActions: []string{"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"}}}
}

func administrator(c access.Condition) access.Grant {
	return access.Grant{
		ID: groupID + "/providers/Microsoft.Authorization/roleAssignments/administrator", Scope: groupID, Role: "Role Based Access Control Administrator", Condition: c,
		Permissions: []access.Permission{{Actions: []string{"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read"}}},
	}
}

func identity(name, client, object string) Resource[Identity] {
	return Resource[Identity]{
		ID: platformGroupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name, Name: name,
		Properties: Identity{ClientID: client, PrincipalID: object, TenantID: tenant},
	}
}

func trusts(account string) Answer[[]Resource[Credential]] {
	return Answer[[]Resource[Credential]]{Value: []Resource[Credential]{{
		Name: account, Properties: Credential{Issuer: issuer, Subject: "system:serviceaccount:crossplane-system:" + account, Audiences: []string{audience}},
	}}}
}

func well() *world {
	provider, creator := identity("crossplane", providerClient, providerObject), identity("secret-creator", creatorClient, creatorObject)

	return &world{
		platform: platform.Platform{
			Namespace: "crossplane-system", Issuer: issuer,
			Settings: &v1alpha1.PlatformConfigSpec{
				TenantID: tenant, SubscriptionID: subscription, ResourceGroupName: "rg-applications", Location: "westeurope", OIDCIssuerURL: issuer,
				SecretCreatorPrincipalID: creatorObject,
				KeyVault:                 &v1alpha1.KeyVaultDefaults{Allow: &v1alpha1.KeyVaultAllowance{Purge: true}},
			},
			Azure:   &platform.Principal{Source: "OIDCTokenFile", ServiceAccount: "provider-azure", ClientID: providerClient, TenantID: tenant, SubscriptionID: subscription},
			Creator: &platform.Principal{Source: "WorkloadIdentity", ServiceAccount: "provider-keyvault-secretsync", ClientID: creatorClient, TenantID: tenant},
		},
		facts: Facts{
			Subscription:  Answer[Subscription]{Value: Subscription{TenantID: tenant, State: "Enabled"}},
			Group:         Answer[Resource[Provisioning]]{Value: Resource[Provisioning]{Location: "westeurope", Properties: Provisioning{State: "Succeeded"}}},
			Registrations: map[string]Answer[Registration]{"Microsoft.KeyVault": {Value: Registration{"Registered"}}, "Microsoft.ManagedIdentity": {Value: Registration{"Registered"}}},
			Identities:    Answer[[]Resource[Identity]]{Value: []Resource[Identity]{provider, creator}},
			Provider: Account{
				Identity: &provider, ObjectID: providerObject, Credentials: trusts("provider-azure"),
				Grants: Answer[[]access.Grant]{Value: []access.Grant{
					{Scope: groupID, Role: "Contributor", Permissions: permits("*")},
					administrator(condition(secretsUser, secretsOfficer)),
					{Scope: subscriptionID, Role: "Deleted Vaults Reader", Permissions: permits(deletedVaults + "read")},
					{Scope: subscriptionID, Role: "Key Vault Purge Operator", Permissions: permits(deletedVaults+"read", deletedVaults+"purge/action", "Microsoft.Resources/subscriptions/resourceGroups/read")},
				}},
			},
			Creator: Account{Identity: &creator, ObjectID: creatorObject, Credentials: trusts("provider-keyvault-secretsync")},
			Name:    VaultName{Name: "acceptance-abc", Available: Answer[Availability]{Value: Availability{Available: true}}},
		},
	}
}

// of returns n resources in a scope.
func of[P any](n int, scope string) []Resource[P] {
	out := make([]Resource[P], n)
	for i := range out {
		out[i].ID = fmt.Sprintf("%s/providers/x/y/%d", scope, i)
	}

	return out
}

func forbidden[T any]() Answer[T] {
	return Answer[T]{Refused: "AuthorizationFailed", Status: 403}
}

func missing[T any]() Answer[T] { return Answer[T]{Refused: "NotFound", Status: 404} }

// grantOf returns a role assignment of an officer.
func grantOf(principal, scope string) Resource[Assignment] {
	return Resource[Assignment]{ID: scope + "/providers/Microsoft.Authorization/roleAssignments/a", Properties: Assignment{
		PrincipalID: principal, Scope: scope, RoleDefinitionID: subscriptionID + "/providers/Microsoft.Authorization/roleDefinitions/" + strings.ToUpper(secretsOfficer),
	}}
}

func TestDecide(t *testing.T) {
	credential := func(edit func(*Credential)) func(*world) {
		return func(w *world) { edit(&w.facts.Provider.Credentials.Value[0].Properties) }
	}
	grants := func(edit func([]access.Grant) []access.Grant) func(*world) {
		return func(w *world) { w.facts.Provider.Grants.Value = edit(w.facts.Provider.Grants.Value) }
	}
	with := func(more ...access.Grant) func(*world) {
		return grants(func(g []access.Grant) []access.Grant { return append(g, more...) })
	}
	without := func(roles ...string) func(*world) {
		return grants(func(all []access.Grant) []access.Grant {
			return slices.DeleteFunc(all, func(g access.Grant) bool { return slices.Contains(roles, g.Role) })
		})
	}
	conditioned := func(c access.Condition) func(*world) {
		return grants(func(all []access.Grant) []access.Grant {
			all[1].Condition = c

			return all
		})
	}
	taken := func(w *world) {
		w.facts.Name.Available.Value = Availability{Reason: "AlreadyExists"}
		w.facts.Name.Ours, w.facts.Name.Deleted = missing[Resource[struct{}]](), missing[Resource[DeletedVault]]()
	}

	granted := func(all ...Resource[Assignment]) func(*world) {
		return func(w *world) {
			w.platform.Settings.KeyVault.RoleAssignments = settings.RoleAssignmentsGranted
			w.facts.Assignments.Value = all
		}
	}

	cases := map[string]struct {
		reason string
		plant  func(*world)
		want   []finding.Code
	}{
		"Well": {reason: "A platform as the page sets it up has no findings.", plant: func(*world) {}},

		"NoSubscription": {reason: "Without a subscription, there are no other facts.", plant: func(w *world) { w.facts = Facts{Subscription: missing[Subscription]()} }, want: []finding.Code{SubscriptionMissing}},
		"WrongTenant": {
			reason: "Azure rejects a token of another tenant than the subscription's.", plant: func(w *world) {
				w.facts = Facts{Subscription: Answer[Subscription]{Refused: "InvalidAuthenticationTokenTenant", Status: 401}}
			}, want: []finding.Code{SubscriptionOfOtherTenant},
		},
		"OtherTenant":  {reason: "The subscription belongs to another tenant than that of the settings.", plant: func(w *world) { w.facts.Subscription.Value.TenantID = subscription }, want: []finding.Code{SubscriptionOfOtherTenant}},
		"MayNotRead":   {reason: "An unreadable subscription may be correct.", plant: func(w *world) { w.facts = Facts{Subscription: forbidden[Subscription]()} }, want: []finding.Code{MayNotRead}},
		"Disabled":     {reason: "A disabled subscription is read-only.", plant: func(w *world) { w.facts.Subscription.Value.State = "Disabled" }, want: []finding.Code{SubscriptionDisabled}},
		"NoState":      {reason: "An unknown state is not enabled.", plant: func(w *world) { w.facts.Subscription.Value.State = "" }, want: []finding.Code{SubscriptionDisabled}},
		"PastDue":      {reason: "The subscription has an unpaid bill.", plant: func(w *world) { w.facts.Subscription.Value.State = "PastDue" }, want: []finding.Code{SubscriptionPastDue}},
		"NoGroup":      {reason: "A missing group has no other findings.", plant: func(w *world) { w.facts.Group = missing[Resource[Provisioning]]() }, want: []finding.Code{GroupMissing}},
		"Deleting":     {reason: "The group is being deleted.", plant: func(w *world) { w.facts.Group.Value.Properties.State = "Deleting" }, want: []finding.Code{GroupDeleting}},
		"Elsewhere":    {reason: "The vaults have another location than their group.", plant: func(w *world) { w.facts.Group.Value.Location = "northeurope" }, want: []finding.Code{GroupElsewhere}},
		"LocationName": {reason: "A location has a name and a display name.", plant: func(w *world) { w.platform.Settings.Location = "West Europe" }},
		"Registering": {reason: "A resource provider that is being registered is not registered.", plant: func(w *world) {
			w.facts.Registrations["Microsoft.KeyVault"] = Answer[Registration]{Value: Registration{"Registering"}}
		}, want: []finding.Code{NotRegistered}},

		"NoIdentity":      {reason: "The identity is in another subscription.", plant: func(w *world) { w.facts.Provider = Account{} }, want: []finding.Code{IdentityNotFound}},
		"NoIdentityButID": {reason: "With an object id, the doctor checks roles but no credentials.", plant: func(w *world) { w.facts.Provider.Identity = nil }, want: []finding.Code{IdentityNotFound}},
		"NoProvider":      {reason: "Area cluster reports a missing configuration.", plant: func(w *world) { w.platform.Azure, w.facts.Provider = nil, Account{} }},
		"IdentitiesRefused": {reason: "Unreadable identities have one finding.", plant: func(w *world) {
			w.facts.Identities, w.facts.Provider, w.facts.Creator = forbidden[[]Resource[Identity]](), Account{}, Account{}
		}, want: []finding.Code{MayNotRead}},
		"Slash":        {reason: "Entra ID compares the trailing slash.", plant: credential(func(c *Credential) { c.Issuer = strings.TrimSuffix(issuer, "/") }), want: []finding.Code{CredentialDiffers}},
		"Subject":      {reason: "Entra ID compares the case.", plant: credential(func(c *Credential) { c.Subject = strings.ToUpper(c.Subject) }), want: []finding.Code{CredentialDiffers}},
		"Audience":     {reason: "Entra ID compares the audience.", plant: credential(func(c *Credential) { c.Audiences = []string{"https://kubernetes.default.svc"} }), want: []finding.Code{CredentialDiffers}},
		"OtherAccount": {reason: "The credential is for another ServiceAccount.", plant: credential(func(c *Credential) { c.Subject += "-2" }), want: []finding.Code{CredentialMissing}},
		"ManyClusters": {
			reason: "Other clusters have their own credentials.", plant: func(w *world) {
				other := w.facts.Provider.Credentials.Value[0]
				other.Properties.Issuer = "https://other/"
				w.facts.Provider.Credentials.Value = append([]Resource[Credential]{other}, w.facts.Provider.Credentials.Value...)
			},
		},
		"Secret": {reason: "A client secret needs no federated credential.", plant: func(w *world) {
			w.platform.Azure.Source, w.facts.Provider.Credentials = "Secret", Answer[[]Resource[Credential]]{}
		}},
		"CredentialsRefused": {reason: "The credentials are unreadable.", plant: func(w *world) { w.facts.Creator.Credentials = forbidden[[]Resource[Credential]]() }, want: []finding.Code{MayNotRead}},
		"CreatorCredential":  {reason: "The secret sync provider needs its own credential.", plant: func(w *world) { w.facts.Creator.Credentials = trusts("provider-azure") }, want: []finding.Code{CredentialMissing}},
		"CreatorDiffers":     {reason: "The role would go to another principal.", plant: func(w *world) { w.platform.Settings.SecretCreatorPrincipalID = officerObject }, want: []finding.Code{CreatorDiffers}},
		"CreatorSecret":      {reason: "The doctor does not read applications of Entra ID.", plant: func(w *world) { w.platform.Creator.Source, w.facts.Creator = "ClientSecret", Account{} }, want: []finding.Code{CreatorNotSeen}},
		"ProviderSecret":     {reason: "The doctor checks the roles of an application by its object id.", plant: func(w *world) { w.platform.Azure.Source, w.facts.Provider.Identity = "Secret", nil }},
		"CreatorNoRole":      {reason: "Without secretCreatorPrincipalId, the function assigns no role on each vault.", plant: func(w *world) { w.platform.Settings.SecretCreatorPrincipalID = "" }, want: []finding.Code{CreatorMayNotWrite}},
		"CreatorRole": {
			reason: "The role is on the resource group.", plant: func(w *world) {
				w.platform.Settings.SecretCreatorPrincipalID = ""
				w.facts.Creator.Grants.Value = []access.Grant{{Scope: groupID, Permissions: []access.Permission{{DataActions: []string{"Microsoft.KeyVault/vaults/secrets/*"}}}}}
			},
		},

		"GrantsRefused":   {reason: "The role assignments are unreadable.", plant: func(w *world) { w.facts.Provider.Grants = forbidden[[]access.Grant]() }, want: []finding.Code{MayNotRead}},
		"NoContributor":   {reason: "Creating resources needs a role.", plant: without("Contributor"), want: []finding.Code{ProviderMayNotWrite}},
		"NoAdministrator": {reason: "Assigning roles needs a role.", plant: without("Role Based Access Control Administrator"), want: []finding.Code{ProviderMayNotAssign}},
		"NoRecover":       {reason: "The role for purging also allows reading deleted vaults.", plant: without("Deleted Vaults Reader")},
		"NoPurge":         {reason: "The settings allow purging.", plant: without("Key Vault Purge Operator"), want: []finding.Code{ProviderMayNotPurge}},
		"NeitherOfThem":   {reason: "Reading deleted vaults needs a role on the subscription.", plant: without("Deleted Vaults Reader", "Key Vault Purge Operator"), want: []finding.Code{ProviderMayNotRecover, ProviderMayNotPurge}},
		"PurgeNotAllowed": {reason: "The settings forbid purging.", plant: func(w *world) {
			w.platform.Settings.KeyVault.Allow.Purge = false
			without("Key Vault Purge Operator")(w)
		}},
		"NoShare": {reason: "The roles on single secrets of shared vaults are assigned outside of the resource group.", plant: func(w *world) {
			shared(w)
			w.facts.Provider.Others = elsewhere()
		}, want: []finding.Code{ProviderMayNotShare, ProviderMayNotShare}},
		"ShareUnread": {reason: "The role assignments of another subscription are unread.", plant: shared, want: []finding.Code{ProviderMayNotShare, RightsUnknown}},
		"ShareRefused": {reason: "The doctor has no permission in another subscription.", plant: func(w *world) {
			shared(w)
			w.facts.Provider.Others = map[string]Answer[[]access.Grant]{"elsewhere": forbidden[[]access.Grant]()}
		}, want: []finding.Code{ProviderMayNotShare, RightsUnknown}},
		"Share": {reason: "With these roles, nothing is missing, and none is too much.", plant: func(w *world) {
			shared(w)
			with(access.Grant{Scope: testShared, Role: "Role Based Access Control Administrator", Permissions: administrator(access.Condition{}).Permissions})(w)
			w.facts.Provider.Others = elsewhere(access.Grant{Scope: testSharedElsewhere, Permissions: administrator(condition(secretsUser)).Permissions})
		}},
		"ShareTooMuch": {reason: "The role is on another whole subscription.", plant: func(w *world) {
			shared(w)
			w.platform.Settings.Secrets.Shared = w.platform.Settings.Secrets.Shared[1:]
			w.facts.Provider.Others = elsewhere(access.Grant{Scope: "/subscriptions/elsewhere", Permissions: administrator(condition(secretsUser)).Permissions})
		}, want: []finding.Code{RightsElsewhere}},
		"ShareOfManagementGroup": {reason: "The management group of one subscription is not that of another.", plant: func(w *world) {
			shared(w)
			w.platform.Settings.Secrets.Shared = w.platform.Settings.Secrets.Shared[1:]
			w.facts.Provider.Others = elsewhere()
			with(access.Grant{Scope: "/providers/Microsoft.Management/managementGroups/a", Permissions: administrator(access.Condition{}).Permissions})(w)
		}, want: []finding.Code{ProviderMayNotShare, MayAssignOthers, RightsElsewhere}},

		"Lists":    {reason: "With this role, nothing is missing, and none is too much.", plant: listed(testShared, dataGrant(testShared, listSecrets))},
		"NotLists": {reason: "Reading does not include listing.", plant: listed(testShared, dataGrant(testShared, getSecret)), want: []finding.Code{ListerMayNotList, ListerMayAccess}},
		"ListsActions": {
			reason: "Actions are not data actions.", want: []finding.Code{ListerMayNotList},
			plant: listed(testShared, access.Grant{Scope: testShared, Permissions: permits("*")}),
		},
		"ListsAndReads": {reason: "The role on the resource group of a shared vault also allows reading.", plant: listed(testShared, dataGrant(subscriptionID, "Microsoft.KeyVault/vaults/secrets/*")), want: []finding.Code{ListerMayAccess}},
		"ListsExcept": {reason: "The role excludes values.", plant: listed(testShared, access.Grant{Scope: testShared, Permissions: []access.Permission{
			{DataActions: []string{"Microsoft.KeyVault/vaults/secrets/*"}, NotDataActions: []string{getSecret, setSecret}},
		}})},
		"ListsUnread": {reason: "The role assignments of another subscription are unread.", plant: listed(testSharedElsewhere), want: []finding.Code{RightsUnknown}},
		"ListsElsewhere": {reason: "The vault is in another subscription.", plant: func(w *world) {
			listed(testSharedElsewhere)(w)
			w.facts.Creator.Others = elsewhere(dataGrant(testSharedElsewhere, listSecrets))
		}},
		"NotListsElsewhere": {reason: "A role in one subscription does not apply to another.", plant: func(w *world) {
			listed(testSharedElsewhere, dataGrant(subscriptionID, listSecrets))(w)
			w.facts.Creator.Others = elsewhere()
		}, want: []finding.Code{ListerMayNotList}},
		"ListsUnknownVault": {reason: "With access Granted, the settings need not have the id of the vault.", plant: listed(""), want: []finding.Code{RightsUnknown}},
		"ListsItself": {reason: "The applications list the vault.", plant: func(w *world) {
			listed(testShared)(w)
			w.platform.Settings.Secrets.Shared[0].ListWith = "Application"
		}},
		"OnlyLists": {reason: "The identity creates no secrets.", plant: func(w *world) {
			listed(testShared, dataGrant(testShared, listSecrets))(w)
			w.platform.Settings.SecretCreatorPrincipalID, w.platform.Settings.Secrets.CreateMissing = "", new(false)
		}},
		"ListerUnknown": {reason: "Another finding reports an unknown identity.", plant: func(w *world) {
			listed(testShared)(w)
			w.facts.Creator = Account{}
		}, want: []finding.Code{IdentityNotFound}},
		"NoLinks": {
			reason: "The resources of network and log settings need roles of their own.", plant: linked,
			want: []finding.Code{ProviderMayNotLink, ProviderMayNotLink, ProviderMayNotLink},
		},
		"Links": {reason: "With these roles, nothing is missing, and none is too much.", plant: func(w *world) {
			linked(w)
			with(access.Grant{Scope: testSubnet, Role: roleNetwork, Permissions: permits("Microsoft.Network/*")})(w)
			with(access.Grant{Scope: testZone, Role: roleZone, Permissions: permits("Microsoft.Network/privateDnsZones/*")})(w)
			with(access.Grant{Scope: testLogs, Role: roleLogs, Permissions: permits("Microsoft.OperationalInsights/*")})(w)
		}},
		"LinksElsewhere": {reason: "The roles in another subscription are unknown.", plant: func(w *world) {
			w.platform.Settings.KeyVault.Diagnostics = &v1alpha1.KeyVaultDiagnostics{LogAnalyticsWorkspaceID: "/subscriptions/elsewhere" + testLogs}
		}, want: []finding.Code{RightsUnknown}},
		"LinksOfOthers": {reason: "Another identity creates private endpoints.", plant: func(w *world) {
			linked(w)
			w.platform.Settings.KeyVault.Diagnostics = nil
			w.platform.Settings.KeyVault.Network.PrivateEndpoint.AzureProviderConfigRef = &v1alpha1.ProviderConfigReference{Name: "network"}
		}},
		"LinksToOtherGroup": {reason: "A private endpoint is in the subscription of its subnet.", plant: func(w *world) {
			linked(w)
			w.platform.Settings.KeyVault.Diagnostics = nil
			e := w.platform.Settings.KeyVault.Network.PrivateEndpoint
			e.SubnetID, e.ResourceGroupName, e.PrivateDNSZoneIDs = "/subscriptions/elsewhere"+strings.TrimPrefix(testSubnet, subscriptionID), "rg-endpoints", nil
		}, want: []finding.Code{RightsUnknown, RightsUnknown}},
		"SharedVault": {reason: "The providers assign roles on the secrets of a shared vault.", plant: func(w *world) {
			vault := platformGroupID + "/providers/Microsoft.KeyVault/vaults/shared"
			w.platform.Settings.Secrets = &v1alpha1.SecretDefaults{Shared: []v1alpha1.SharedSecrets{{Name: "common", Access: v1alpha1.AccessRolePerSecret, VaultResourceID: vault}}}
			g := administrator(condition(secretsUser))
			g.Scope = vault
			with(g)(w)
		}},
		"OtherNames": {reason: "Permissions of roles count, not their names.", plant: grants(func(g []access.Grant) []access.Grant { g[0].Role, g[1].Role = "Reader", "Owner"; return g })},
		"OnOneType": {reason: "Narrower roles are enough.", plant: func(w *world) {
			without("Contributor")(w)
			with(access.Grant{Scope: groupID, Permissions: permits("Microsoft.KeyVault/vaults/*", "Microsoft.ManagedIdentity/userAssignedIdentities/*")})(w)
		}},
		"OneRole":          {reason: "The condition denies the role of officers.", plant: conditioned(condition(secretsUser)), want: []finding.Code{ConditionRefuses}},
		"MoreRoles":        {reason: "The condition allows a third role.", plant: conditioned(condition(secretsUser, secretsOfficer, ownerRole)), want: []finding.Code{MayAssignOthers}},
		"NoCondition":      {reason: "Without a condition, every role can be assigned.", plant: conditioned(access.Condition{}), want: []finding.Code{MayAssignOthers}},
		"StrangeCondition": {reason: "A condition that cannot be parsed is unknown.", plant: conditioned(access.Condition{Expression: "@Principal[a] LooksLike 'b'", Version: "2.0"}), want: []finding.Code{RightsUnknown, RightsUnknown}},
		"Types": {
			reason: "The condition denies groups, and the officers are a group.", plant: func(w *world) {
				w.platform.Settings.KeyVault.Officers = []v1alpha1.Officer{{ObjectID: officerObject, PrincipalType: "Group"}}
				w.facts.Assignments.Value = []Resource[Assignment]{{Properties: Assignment{PrincipalID: officerObject, PrincipalType: "Group"}}}
				c := condition(secretsUser, secretsOfficer)
				c.Expression = "(" + c.Expression + ") AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEquals 'ServicePrincipal'))"
				conditioned(c)(w)
			}, want: []finding.Code{ConditionRefuses},
		},
		"Unreadable": {
			reason: "An unreadable custom role may allow purging.", plant: func(w *world) {
				without("Key Vault Purge Operator")(w)
				with(access.Grant{Scope: subscriptionID, Unreadable: true})(w)
			}, want: []finding.Code{RightsUnknown, RightsUnknown},
		},
		"Owner":        {reason: "The provider owns the subscription.", plant: with(access.Grant{Scope: subscriptionID, Role: "Owner", Permissions: []access.Permission{{Actions: []string{"*"}}}}), want: []finding.Code{MayAssignOthers, RightsElsewhere}},
		"OtherGroup":   {reason: "The provider can change another group.", plant: with(access.Grant{Scope: platformGroupID, Role: "Contributor", Permissions: permits("*")}), want: []finding.Code{RightsElsewhere}},
		"Reads":        {reason: "Reading elsewhere does no harm.", plant: with(access.Grant{Scope: subscriptionID, Permissions: permits("*/read")})},
		"ReadsSecrets": {reason: "The Azure providers do not need secrets.", plant: with(access.Grant{Scope: groupID, Permissions: []access.Permission{{DataActions: []string{"*"}}}}), want: []finding.Code{MayReadSecrets}},

		"Low":    {reason: "At 80 per cent, the platform team must plan.", plant: func(w *world) { w.facts.Assignments.Value = of[Assignment](3200, subscriptionID) }, want: []finding.Code{RoomLow}},
		"NotLow": {reason: "Below 80 per cent, no action is needed.", plant: func(w *world) { w.facts.Assignments.Value = of[Assignment](3199, subscriptionID) }},
		"AboveInherited": {reason: "Inherited role assignments do not count.", plant: func(w *world) {
			w.facts.Assignments.Value = of[Assignment](5000, "/providers/Microsoft.Management/managementGroups/a")
		}},
		"None": {reason: "The group is full of vaults.", plant: func(w *world) { w.facts.Vaults.Value = of[struct{}](800, strings.ToLower(groupID)) }, want: []finding.Code{RoomNone}},
		"OtherGroups": {reason: "Each group has its own limit.", plant: func(w *world) {
			w.facts.Identities.Value = append(w.facts.Identities.Value, of[Identity](900, groupID+"-2")...)
		}},
		"Identities": {reason: "The group is full of identities.", plant: func(w *world) {
			w.facts.Identities.Value = append(w.facts.Identities.Value, of[Identity](801, groupID)...)
		}, want: []finding.Code{RoomNone}},
		"Unlisted": {reason: "Each unreadable list has a finding.", plant: func(w *world) {
			w.facts.Assignments, w.facts.Vaults = forbidden[[]Resource[Assignment]](), Answer[[]Resource[struct{}]]{Refused: unanswered}
		}, want: []finding.Code{MayNotRead, NoAnswer}},

		"OtherCluster": {
			reason: "Another cluster with this name owns vaults and identities of this one.", plant: named("https://oidc.example.com/blue"), want: []finding.Code{OtherCluster},
		},
		"OwnCluster":     {reason: "The tag is that of this cluster.", plant: named(strings.TrimRight(issuer, "/"))},
		"UntaggedVaults": {reason: "A vault without a tag belongs to an unknown cluster.", plant: named(""), want: []finding.Code{OtherCluster}},
		"UnnamedCluster": {reason: "A cluster without clusterName shares nothing.", plant: unnamed},
		"VaultOfOther":   {reason: "A vault with another name is not that of an application of this cluster.", plant: ofOther},

		"Officer": {
			reason: "An officer without a role may not exist.", want: []finding.Code{OfficerNotSeen},
			plant: func(w *world) { w.platform.Settings.KeyVault.Officers = []v1alpha1.Officer{{ObjectID: officerObject}} },
		},
		"OfficerType": {
			reason: "Azure rejects another principal type.", want: []finding.Code{OfficerDiffers},
			plant: func(w *world) {
				w.platform.Settings.KeyVault.Officers = []v1alpha1.Officer{{ObjectID: officerObject, PrincipalType: "User"}}
				w.facts.Assignments.Value = []Resource[Assignment]{{Properties: Assignment{PrincipalID: strings.ToUpper(officerObject), PrincipalType: "Group"}}}
			},
		},

		"Granted": {reason: "The creator has its role on the group or above.", plant: granted(grantOf(creatorObject, subscriptionID))},
		"GrantedAbove": {
			reason: "Azure lists only management groups that contain the subscription.",
			plant:  granted(grantOf(creatorObject, "/providers/Microsoft.Management/managementGroups/a")),
		},
		"GrantMissing": {
			reason: "The creator has its role only on one vault.", want: []finding.Code{GrantMissing},
			plant: granted(grantOf(creatorObject, groupID+"/providers/Microsoft.KeyVault/vaults/a")),
		},
		"GrantElsewhere": {reason: "The role is on a group whose name begins alike.", want: []finding.Code{GrantMissing}, plant: granted(grantOf(creatorObject, groupID+"-2"))},
		"GrantOfOther":   {reason: "Somebody else has the role.", want: []finding.Code{GrantMissing}, plant: granted(grantOf(officerObject, groupID))},
		"GrantOfOtherRole": {reason: "The principal may only read.", want: []finding.Code{GrantMissing}, plant: func(w *world) {
			a := grantOf(creatorObject, groupID)
			a.Properties.RoleDefinitionID = subscriptionID + "/providers/Microsoft.Authorization/roleDefinitions/" + secretsUser
			granted(a)(w)
		}},
		"GrantConditional": {reason: "A condition may exclude secrets.", want: []finding.Code{GrantMissing}, plant: func(w *world) {
			a := grantOf(creatorObject, groupID)
			a.Properties.Condition = "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'"
			granted(a)(w)
		}},
		"GrantsOfOfficers": {reason: "Each officer needs the role.", want: []finding.Code{GrantMissing, OfficerNotSeen}, plant: func(w *world) {
			w.platform.Settings.KeyVault.Officers = []v1alpha1.Officer{{ObjectID: officerObject, PrincipalType: "User"}, {ObjectID: creatorObject}}
			granted(grantOf(creatorObject, groupID))(w)
		}},
		"GrantsUnreadable": {reason: "The unreadable list is already reported.", want: []finding.Code{MayNotRead}, plant: func(w *world) {
			granted()(w)
			w.facts.Assignments = forbidden[[]Resource[Assignment]]()
		}},
		"GrantNotConfirmed": {
			reason: "Vaults of older applications still have assignments.", want: []finding.Code{GrantNotConfirmed},
			plant: granted(grantOf(creatorObject, groupID), grantOf(creatorObject, strings.ToUpper(groupID)+"/providers/Microsoft.KeyVault/vaults/a")),
		},
		"GrantConfirmed": {reason: "Confirmed assignments are about to be deleted.", plant: func(w *world) {
			granted(grantOf(creatorObject, groupID), grantOf(creatorObject, groupID+"/providers/Microsoft.KeyVault/vaults/a"))(w)
			w.platform.Settings.KeyVault.ConfirmedGrants = []v1alpha1.ConfirmedGrant{{PrincipalID: creatorObject, Scope: subscriptionID}, {PrincipalID: creatorObject, Scope: groupID}}
		}, want: []finding.Code{GrantMissing}},
		"GrantConfirmedElsewhere": {reason: "Vaults of another group lost their assignments.", want: []finding.Code{GrantMissing}, plant: func(w *world) {
			granted(grantOf(creatorObject, groupID))(w)
			w.platform.Settings.KeyVault.ConfirmedGrants = []v1alpha1.ConfirmedGrant{{PrincipalID: strings.ToUpper(creatorObject), Scope: groupID + "-2"}}
		}},

		"Locks": {
			reason: "Locks on the group and on the subscription count.", want: []finding.Code{LockedForDeletion, LockedForWriting},
			plant: func(w *world) {
				lock := func(scope, level string) Resource[Lock] {
					return Resource[Lock]{ID: scope + "/providers/Microsoft.Authorization/locks/keep", Properties: Lock{level}}
				}
				w.facts.Locks.Value = []Resource[Lock]{
					lock(strings.ToUpper(groupID), "CanNotDelete"), lock(subscriptionID, "readonly"), lock(platformGroupID, "ReadOnly"),
					lock(groupID+"/providers/Microsoft.KeyVault/vaults/a", "ReadOnly"),
					{ID: "strange"},
				}
			},
		},
		"LocksRefused": {reason: "The locks are unreadable.", plant: func(w *world) { w.facts.Locks = forbidden[[]Resource[Lock]]() }, want: []finding.Code{MayNotRead}},
		"Policy": {reason: "The policy denies vaults.", plant: func(w *world) {
			w.facts.Policies.Value = []Policy{{Type: "Microsoft.KeyVault/vaults", AssignmentID: "a"}}
		}, want: []finding.Code{PolicyDenies}},
		"Initiative": {reason: "One definition of the initiative denies vaults.", plant: func(w *world) {
			w.facts.Policies.Value = []Policy{{Type: "Microsoft.KeyVault/vaults", AssignmentID: "a", ReferenceID: "r"}}
		}, want: []finding.Code{InitiativeDenies}},
		"PoliciesRefused": {reason: "The policies are unreadable.", plant: func(w *world) { w.facts.Policies = forbidden[[]Policy]() }, want: []finding.Code{MayNotRead}},

		"Taken": {reason: "Another tenant has the name.", plant: taken, want: []finding.Code{VaultNameTaken}},
		"TakenOurs": {reason: "The vault belongs to the existing application.", plant: func(w *world) {
			taken(w)
			w.facts.Name.Ours = Answer[Resource[struct{}]]{Value: Resource[struct{}]{ID: groupID + "/x"}}
		}},
		"Deleted": {
			reason: "The vault of an earlier application is soft-deleted.", want: []finding.Code{VaultDeleted},
			plant: func(w *world) {
				taken(w)
				w.facts.Name.Deleted = Answer[Resource[DeletedVault]]{Value: Resource[DeletedVault]{Properties: DeletedVault{VaultID: groupID + "/x"}}}
			},
		},
		"DeletedElsewhere": {
			reason: "The deleted vault belongs to another group.", want: []finding.Code{VaultNameTaken},
			plant: func(w *world) {
				taken(w)
				w.facts.Name.Deleted = Answer[Resource[DeletedVault]]{Value: Resource[DeletedVault]{Properties: DeletedVault{VaultID: platformGroupID + "/x"}}}
			},
		},
		"DeletedUnknown": {reason: "The deleted vault is unreadable.", plant: func(w *world) { taken(w); w.facts.Name.Deleted = forbidden[Resource[DeletedVault]]() }, want: []finding.Code{MayNotRead}},
		"NameUnknown":    {reason: "The availability of the name is unreadable.", plant: func(w *world) { w.facts.Name.Available = Answer[Availability]{Refused: "TooManyRequests", Status: 429} }, want: []finding.Code{NoAnswer}},
	}

	seen := map[finding.Code]bool{SignInFailed: true, Unreachable: true, SharedRoomLow: true} // TestZones finds SharedRoomLow.

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := well()
			tc.plant(w)

			var got []finding.Code

			for _, f := range decide(place{w.platform, w.facts}) {
				got = append(got, f.Code)
				seen[f.Code] = true

				words := Words().Words(f)
				for _, s := range []string{words.Problem, words.Impact, words.Fix} {
					if s == "" || unfilled(s) {
						t.Errorf("%s: want a complete sentence, got %q", f.Code, s)
					}
				}
			}

			slices.Sort(got)
			slices.Sort(tc.want)

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ndecide(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	for code := range Words() {
		if !seen[code] {
			t.Errorf("%s: no case finds it", code)
		}
	}
}

// TestFixesOwn proves that commands do not change role assignments of groups and management groups, or initiatives of a whole company.
func TestFixesOwn(t *testing.T) {
	const others = "/providers/Microsoft.Management/managementGroups/root/providers/Microsoft.Authorization/roleAssignments/others"

	cases := map[string]struct {
		reason string
		plant  func(*world)
		code   finding.Code
		want   string
		refuse []string
	}{
		"Condition": {
			reason: "The role assignment belongs to a group with other members.", code: ConditionRefuses, want: "--assignee " + providerObject + " ",
			plant: func(w *world) {
				for i, g := range w.facts.Provider.Grants.Value {
					if g.Role == "Role Based Access Control Administrator" {
						w.facts.Provider.Grants.Value[i].ID, w.facts.Provider.Grants.Value[i].Scope = others, "/"
						w.facts.Provider.Grants.Value[i].Condition = condition(secretsUser)
					}
				}
			},
			refuse: []string{others, "--ids"},
		},
		"Initiative": {
			reason: "The other definitions of the initiative stay in force.", code: InitiativeDenies, want: "--policy-definition-reference-ids 'deny public'",
			plant: func(w *world) {
				w.facts.Policies.Value = []Policy{{Type: "Microsoft.KeyVault/vaults", AssignmentID: "a", ReferenceID: "deny public"}}
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := well()
			tc.plant(w)

			found := decide(place{w.platform, w.facts})

			i := slices.IndexFunc(found, func(f finding.Finding) bool { return f.Code == tc.code })
			if i < 0 {
				t.Fatalf("\n%s\ndecide(...): want %s, got %v", tc.reason, tc.code, found)
			}

			fix := Words().Words(found[i]).Fix
			if !strings.Contains(fix, tc.want) {
				t.Errorf("\n%s\nFix: want %q in it, got %q", tc.reason, tc.want, fix)
			}

			for _, r := range tc.refuse {
				if strings.Contains(fix, r) {
					t.Errorf("\n%s\nFix: want no %q in it, got %q", tc.reason, r, fix)
				}
			}
		})
	}
}

// unfilled reports whether a sentence still has the name of a parameter. Braces of conditions and of the Azure CLI contain more.
func unfilled(sentence string) bool {
	for _, part := range strings.Split(sentence, "{")[1:] {
		name, _, ok := strings.Cut(part, "}")
		if ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			return true
		}
	}

	return false
}

// TestPhrases proves that no finding prints the code of a subject or a party.
func TestPhrases(t *testing.T) {
	d := about(well().platform)

	for _, code := range []finding.Code{MayNotRead, NoAnswer, RoomLow, RoomNone, IdentityNotFound, CredentialMissing, CredentialDiffers} {
		for name, phrases := range Words()[code].Phrases {
			for value := range phrases {
				words := Words().Words(d.found(code, "", name, value, "of", "x"))
				if text := words.Problem + words.Impact; strings.Contains(text, "{"+name+"}") || strings.Contains(text, "{of}") || strings.Contains(text, value) {
					t.Errorf("%s: want a phrase for %s, got %q", code, value, text)
				}
			}
		}
	}
}
