// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// Codes of the area azure.
const (
	SignInFailed finding.Code = "AzureSignInFailed"
	Unreachable  finding.Code = "AzureUnreachable"
	MayNotRead   finding.Code = "AzureMayNotRead"
	NoAnswer     finding.Code = "AzureNoAnswer"

	SubscriptionMissing       finding.Code = "AzureSubscriptionMissing"
	SubscriptionOfOtherTenant finding.Code = "AzureSubscriptionOfOtherTenant"
	SubscriptionPastDue       finding.Code = "AzureSubscriptionPastDue"
	SubscriptionDisabled      finding.Code = "AzureSubscriptionDisabled"
	GroupMissing              finding.Code = "AzureResourceGroupMissing"
	GroupDeleting             finding.Code = "AzureResourceGroupDeleting"
	GroupElsewhere            finding.Code = "AzureResourceGroupElsewhere"
	NotRegistered             finding.Code = "AzureResourceProviderNotRegistered"

	IdentityNotFound  finding.Code = "AzureIdentityNotFound"
	CredentialMissing finding.Code = "AzureFederatedCredentialMissing"
	CredentialDiffers finding.Code = "AzureFederatedCredentialDiffers"
	CreatorDiffers    finding.Code = "AzureSecretCreatorDiffers"
	CreatorNotSeen    finding.Code = "AzureSecretCreatorNotSeen"

	ProviderMayNotWrite   finding.Code = "AzureProviderMayNotWrite"
	ProviderMayNotAssign  finding.Code = "AzureProviderMayNotAssignRoles"
	ConditionRefuses      finding.Code = "AzureConditionRefusesRoles"
	ProviderMayNotRecover finding.Code = "AzureProviderMayNotSeeDeletedVaults"
	ProviderMayNotPurge   finding.Code = "AzureProviderMayNotPurge"
	ProviderMayNotLink    finding.Code = "AzureProviderMayNotLink"
	ProviderMayNotShare   finding.Code = "AzureProviderMayNotShare"
	CreatorMayNotWrite    finding.Code = "AzureSecretCreatorMayNotWrite"
	ListerMayNotList      finding.Code = "AzureListerMayNotList"
	ListerMayAccess       finding.Code = "AzureListerMayAccessSecrets"
	RightsUnknown         finding.Code = "AzureRightsUnknown"
	MayAssignOthers       finding.Code = "AzureProviderMayAssignOtherRoles"
	RightsElsewhere       finding.Code = "AzureProviderHasRightsElsewhere"
	MayReadSecrets        finding.Code = "AzureProviderMayReadSecrets"

	RoomLow           finding.Code = "AzureRoomLow"
	RoomNone          finding.Code = "AzureRoomNone"
	SharedRoomLow     finding.Code = "AzureSharedRoomLow"
	OfficerNotSeen    finding.Code = "AzureOfficerNotSeen"
	OfficerDiffers    finding.Code = "AzureOfficerTypeDiffers"
	GrantMissing      finding.Code = "AzureGrantMissing"
	GrantNotConfirmed finding.Code = "AzureGrantNotConfirmed"
	LockedForDeletion finding.Code = "AzureLockedForDeletion"
	LockedForWriting  finding.Code = "AzureLockedForWriting"
	PolicyDenies      finding.Code = "AzurePolicyDenies"
	InitiativeDenies  finding.Code = "AzureInitiativeDenies"
	VaultDeleted      finding.Code = "AzureVaultSoftDeleted"
	VaultNameTaken    finding.Code = "AzureVaultNameTaken"
	OtherCluster      finding.Code = "AzureOtherCluster"
)

// assignRoles is the command that allows the Azure providers to assign the roles of applications and no others. Its quotes are single,
// because a shell expands an exclamation mark in double quotes as history.
const assignRoles = `az role assignment create --role "Role Based Access Control Administrator" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {groupId} --condition-version 2.0 --condition '((!(ActionMatches{'\''Microsoft.Authorization/roleAssignments/write'\''})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + secretsUser + `, ` + secretsOfficer + `})) AND ((!(ActionMatches{'\''Microsoft.Authorization/roleAssignments/delete'\''})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + secretsUser + `, ` + secretsOfficer + `}))'`

// listRoles is the command that prints the roles of the Azure providers.
const listRoles = "az role assignment list --all --assignee {object} --include-groups --include-inherited --subscription {subscription} --output table"

// Subjects that the doctor reads. Each has a phrase.
const (
	subjectSubscription = "Subscription"
	subjectGroup        = "ResourceGroup"
	subjectRegistration = "Registration"
	subjectIdentities   = "Identities"
	subjectCredentials  = "FederatedCredentials"
	subjectAssignments  = "RoleAssignments"
	subjectGrants       = "RoleAssignmentsOfProvider"
	subjectVaults       = "Vaults"
	subjectLocks        = "Locks"
	subjectPolicies     = "Policies"
	subjectVaultName    = "VaultName"
	subjectDeleted      = "DeletedVault"
)

func subjectPhrases() map[string]map[string]string {
	return map[string]map[string]string{
		"what": {
			subjectSubscription: "subscription {subscription}",
			subjectGroup:        "resource group {group}",
			subjectRegistration: "the registration of resource provider {of}",
			subjectIdentities:   "the identities of subscription {subscription}",
			subjectCredentials:  "the federated credentials of {of}",
			subjectAssignments:  "the role assignments of subscription {subscription}",
			subjectGrants:       "the role assignments of {of}",
			subjectVaults:       "the vaults of resource group {group}",
			subjectLocks:        "the locks of subscription {subscription}",
			subjectPolicies:     "the policies for resource group {group}",
			subjectVaultName:    "the availability of vault name {of}",
			subjectDeleted:      "deleted vault {of}",
		},
		"error": {unanswered: "no response", unexpected: "an unexpected response"},
	}
}

// roomPhrases name the resources whose number Azure limits.
func roomPhrases() map[string]map[string]string {
	return map[string]map[string]string{"what": {
		subjectAssignments: "role assignments of subscription {subscription}",
		subjectVaults:      "vaults of resource group {group}",
		subjectIdentities:  "managed identities of resource group {group}",
	}}
}

// partyPhrases name the providers by their ServiceAccounts.
func partyPhrases() map[string]map[string]string {
	return map[string]map[string]string{"party": {platform.AzureServiceAccount: "the Azure providers"}}
}

// anyOtherRole stands for all roles that have no name here.
const anyOtherRole = "any other role"

// difference is the phrase for a claim of a token that a federated credential does not match.
func difference(claim, has, wants string) string {
	return claim + " is " + has + " instead of " + wants
}

// Words returns the sentences of the codes.
func Words() finding.Catalogue {
	return finding.Catalogue{
		SignInFailed: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot sign in to Azure: {error}",
			Impact:   "Faults in Azure stay unnoticed.",
			Fix:      "Sign in, and run the doctor again. In a pod, give it a workload identity, or set the variables AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.\naz login --tenant {tenant}",
		},
		Unreachable: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot reach Azure Resource Manager: {error}",
			Impact:   "Faults in Azure stay unnoticed. If the cluster cannot reach it either, nothing is created.",
			Fix:      "If a proxy is required, set HTTPS_PROXY and SSL_CERT_FILE, and run the doctor again.\naz account show --subscription {subscription}",
		},
		MayNotRead: {
			Severity: finding.Unknown,
			Problem:  "The doctor has no permission to read {what}: {error}. It needs the action {permission}.",
			Impact:   "Faults there stay unnoticed.",
			Fix:      "Sign in with the role Reader on the subscription, or assign it to the account that runs the doctor, and run it again. Get OBJECT_ID with the first command (you) or the second (the Job):\naz ad signed-in-user show --query id --output tsv\naz identity show --name doctor --resource-group rg-platform --query principalId --output tsv\naz role assignment create --role Reader --assignee-object-id OBJECT_ID --scope {subscriptionId}",
			Phrases:  subjectPhrases(),
		},
		NoAnswer: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot read {what}. Azure Resource Manager returned: {error}",
			Impact:   "Faults there stay unnoticed.",
			Fix:      "Run the doctor again in some minutes. If that does not help, check the health of Azure: https://azure.status.microsoft",
			Phrases:  subjectPhrases(),
		},

		SubscriptionMissing: {
			Severity: finding.Error,
			Problem:  "Subscription {subscription} does not exist in tenant {tenant}, or the account that runs the doctor has no role in it.",
			Impact:   "If it does not exist, nothing is created.",
			Fix:      "Compare subscriptionId of the settings with the existing subscriptions. If it is correct, sign in with the role Reader on it:\naz login --tenant {tenant}\naz account list --all --output table",
		},
		SubscriptionOfOtherTenant: {
			Severity: finding.Error,
			Problem:  "Subscription {subscription} does not belong to tenant {tenant} of the settings.",
			Impact:   "Azure rejects vaults of a tenant other than the subscription's.",
			Fix:      "Set tenantId of the settings, and tenantID in the configuration of the Azure providers, to the tenant of the subscription:\naz account show --subscription {subscription} --query tenantId --output tsv",
		},
		SubscriptionPastDue: {
			Severity: finding.Warning,
			Problem:  "Subscription {subscription} has an unpaid bill.",
			Impact:   "If Azure disables the subscription, nothing can be created or changed.",
			Fix:      "Ask the owner of the subscription to pay it:\naz account show --subscription {subscription} --query state --output tsv",
		},
		SubscriptionDisabled: {
			Severity: finding.Error,
			Problem:  "Subscription {subscription} is not enabled. Its state is {state}.",
			Impact:   "Nothing can be created or changed.",
			Fix:      "Ask the owner of the subscription to enable it:\naz account subscription enable --id {subscription}",
		},
		GroupMissing: {
			Severity: finding.Error,
			Problem:  "Resource group {group} does not exist in subscription {subscription}.",
			Impact:   "No vault and no identity can be created.",
			Fix:      "Create it, or correct resourceGroupName of the settings:\naz group create --name {group} --location {location} --subscription {subscription}",
		},
		GroupDeleting: {
			Severity: finding.Error,
			Problem:  "Resource group {group} is being deleted.",
			Impact:   "The vaults and identities of applications are deleted with it.",
			Fix:      "When it is deleted, create it again, and recover the vaults as described in docs/operations/backup.md:\naz group create --name {group} --location {location} --subscription {subscription}",
		},
		GroupElsewhere: {
			Severity: finding.Warning,
			Problem:  "Resource group {group} is in {elsewhere}, but vaults and identities are created in {location}, the location of the settings.",
			Impact:   "None, if intended. During an outage of {elsewhere}, nothing in the resource group can be changed.",
			Fix:      "If it is not intended, correct location of the settings before the first application:\naz group show --name {group} --subscription {subscription} --query location --output tsv",
		},
		NotRegistered: {
			Severity: finding.Error,
			Problem:  "Resource provider {object} is not registered in subscription {subscription}. Its state is {state}.",
			Impact:   "Azure rejects its resources. The Azure providers do not register it.",
			Fix:      "az provider register --namespace {object} --subscription {subscription} --wait",
		},

		IdentityNotFound: {
			Severity: finding.Unknown,
			Problem:  "Subscription {subscription} has no identity with client id {client}, which {party} uses.",
			Impact:   "If the identity does not exist, {party} cannot sign in to Azure. Faults of its federated credential and roles stay unnoticed.",
			Fix:      "Find its resource id and object id, and run the doctor again with --identity and the resource id. If it has no resource id, it is an application: run the doctor with --provider-object-id, and check its federated credentials yourself.\naz ad sp show --id {client} --query \"{id:id, alternativeNames:alternativeNames}\"",
			Phrases:  partyPhrases(),
		},
		CredentialMissing: {
			Severity: finding.Error,
			Problem:  "Identity {object} has no federated credential for {subject}, the subject of {party}.",
			Impact:   "Entra ID rejects the tokens of {party}. Resources of applications stay unready.",
			Fix:      "az identity federated-credential create --name {account} --identity-name {identity} --resource-group {identityGroup} --subscription {identitySubscription} --issuer {issuer} --subject {subject} --audiences " + audience,
			Phrases:  partyPhrases(),
		},
		CredentialDiffers: {
			Severity: finding.Error,
			Problem:  "Federated credential {credential} of identity {object} does not match the tokens of {party} exactly: {differences}.",
			Impact:   "Entra ID rejects the tokens of {party}. Resources of applications stay unready.",
			Fix:      "az identity federated-credential update --name {credential} --identity-name {identity} --resource-group {identityGroup} --subscription {identitySubscription} --issuer {issuer} --subject {subject} --audiences " + audience,
			Phrases:  partyPhrases(),
		},
		CreatorDiffers: {
			Severity: finding.Error,
			Problem:  "secretCreatorPrincipalId of the settings is {ours}, but the identity of provider-keyvault-secretsync, {object}, is {theirs}.",
			Impact:   "Another principal gets the role on each vault. Missing secrets are not created.",
			Fix:      "Set secretCreatorPrincipalId to {theirs} in settings.yaml, and apply it:\n" + finding.Apply,
		},
		CreatorNotSeen: {
			Severity: finding.Warning,
			Problem:  "provider-keyvault-secretsync signs in as application {client} with a secret. The doctor does not ask Entra ID whether its object id is {object}, the secretCreatorPrincipalId of the settings.",
			Impact:   "If it is not, another principal gets the role on each vault, and missing secrets are not created.",
			Fix:      "Verify that this prints {object}:\naz ad sp show --id {client} --query id --output tsv",
		},

		ProviderMayNotWrite: {
			Severity: finding.Error,
			Problem:  "The identity of the Azure providers, {object}, has no permission in resource group {group} for: {actions}",
			Impact:   "Azure rejects the vaults and identities of applications.",
			Fix:      "az role assignment create --role Contributor --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {groupId}",
		},
		ProviderMayNotAssign: {
			Severity: finding.Error,
			Problem:  "The identity of the Azure providers, {object}, has no permission in resource group {group} for: {actions}",
			Impact:   "Applications and officers get no access to their vaults.",
			Fix:      assignRoles,
		},
		ProviderMayNotShare: {
			Severity: finding.Error,
			Problem:  "secrets.shared of the settings has vault {scope}, but the identity of the Azure providers, {object}, has no permission there for: {actions}",
			Impact:   "Applications that list a shared secret of that vault for the first time do not get it.",
			Fix:      "Assign the role, as in docs/how-to/platform-settings.md#access, or set access Granted:\n" + strings.ReplaceAll(assignRoles, "{groupId}", "{scope}"),
		},
		ConditionRefuses: {
			Severity: finding.Error,
			Problem:  "The condition of role assignment {assignment} denies the identity of the Azure providers, {object}, in resource group {group}: {actions}",
			Impact:   "Applications or officers get no access to their vaults.",
			// {assignment} can belong to a group, or to a management group that others use, so it stays. Role assignments add up. But Azure
			// allows only one for the same principal, role and scope: an existing assignment of the identity blocks the new one.
			Fix: "Assign the role with the condition of the platform. First delete the identity's own assignment on the resource group, if any. An assignment to a group, or on another scope, can stay:\n" +
				"az role assignment delete --assignee {object} --role \"Role Based Access Control Administrator\" --scope {groupId}\n" + assignRoles,
		},
		ProviderMayNotRecover: {
			Severity: finding.Warning,
			Problem:  "The identity of the Azure providers, {object}, has no permission to see deleted vaults of subscription {subscription}: {actions}",
			Impact:   "If an application with deletionPolicy SoftDelete is deleted and created again, it gets no vault until you recover the deleted one.",
			Fix: `az role definition create --role-definition '{"Name": "Deleted Vaults Reader", "Description": "Sees which vaults are deleted and can be recovered.", "Actions": ["Microsoft.KeyVault/locations/deletedVaults/read"], "AssignableScopes": ["'{subscriptionId}'"]}'
for i in $(seq 30); do az role assignment create --role "Deleted Vaults Reader" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {subscriptionId} && break; sleep 10; done`,
		},
		ProviderMayNotPurge: {
			Severity: finding.Error,
			Problem:  "The settings allow deletionPolicy Purge, but the identity of the Azure providers, {object}, has no permission in subscription {subscription} for: {actions}",
			Impact:   "The vault of an application with deletionPolicy Purge stays soft-deleted. If the application is created again, it gets its old values.",
			Fix:      "Grant the permission, or remove keyVault.allow.purge from the settings:\naz role assignment create --role \"Key Vault Purge Operator\" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {subscriptionId}",
		},
		ProviderMayNotLink: {
			Severity: finding.Error,
			Problem:  "The network or log settings of vaults refer to {scope}, but the identity of the Azure providers, {object}, has no permission there for: {actions}",
			Impact:   "Azure rejects network rules or private endpoints of vaults, and these vaults cannot be reached, or their logs are not sent.",
			Fix:      "Assign the role, as in docs/how-to/private-vaults.md, or correct keyVault.network or keyVault.diagnostics of the settings:\naz role assignment create --role {role} --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {scope}",
		},
		CreatorMayNotWrite: {
			Severity: finding.Error,
			Problem:  "The settings have no secretCreatorPrincipalId, and the identity that creates missing secrets, {object}, has no permission in resource group {group} for: {actions}",
			Impact:   "Missing secrets are not created.",
			Fix:      "Set secretCreatorPrincipalId of the settings to {object}, which grants the role only on the vaults of applications, or assign the role on the resource group:\naz role assignment create --role \"Key Vault Secrets Officer\" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {groupId}",
		},
		ListerMayNotList: {
			Severity: finding.Warning,
			Problem:  "secrets.shared of the settings has vault {scope} with listWith ProviderConfig, but the identity of provider-keyvault-secretsync, {object}, has no permission there for: {actions}",
			Impact:   "Applications read their secrets of that vault one by one and take turns, so new values arrive later. Alert KeyVaultSyncVaultUnlisted fires.",
			Fix:      "Create the role Key Vault Secrets Lister if it does not exist, as in docs/how-to/platform-settings.md#one-list-for-all-applications, and assign it:\naz role assignment create --role \"Key Vault Secrets Lister\" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {scope}",
		},
		ListerMayAccess: {
			Severity: finding.Warning,
			Problem:  "The identity of provider-keyvault-secretsync, {object}, only has to list vault {scope} of secrets.shared, but also has permission there for: {actions}",
			Impact:   "None today. A compromised provider could read or change the shared secrets of all applications.",
			Fix:      "Delete the role assignment that allows it, or move the vault to a resource group on which the identity has no role:\n" + listRoles,
		},
		RightsUnknown: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot determine whether {object} has these permissions, because it cannot parse a condition, read a role or see another subscription, or because an entry of secrets.shared has no vaultResourceId: {actions}",
			Impact:   "Azure may reject resources of applications, or the identity may have excessive permissions.",
			Fix:      "If you have no role in subscription {subscription}, sign in with the role Reader on it, and run the doctor again. Otherwise compare the identity's roles and their conditions with step 1 of docs/how-to/set-up-a-platform.md:\naz role assignment list --all --assignee {object} --include-groups --include-inherited --subscription {subscription} --output json",
		},
		MayAssignOthers: {
			Severity: finding.Warning,
			Problem:  "The identity of the Azure providers, {object}, has permission to assign these roles in resource group {group}: {roles}",
			Impact:   "None today. A compromised provider could assign these roles to any principal.",
			Fix:      "Delete the role assignment that allows it, and assign the role with a condition:\n" + listRoles + "\n" + assignRoles,
		},
		RightsElsewhere: {
			Severity: finding.Warning,
			Problem:  "The identity of the Azure providers, {object}, has permissions outside of resource group {group}: {roles}",
			Impact:   "None today. A compromised provider could use these permissions.",
			Fix:      "Delete the role assignments that your other platforms do not need:\n" + listRoles,
		},
		MayReadSecrets: {
			Severity: finding.Warning,
			Problem:  "The identity of the Azure providers, {object}, has permission to read the secrets of every vault in resource group {group}.",
			Impact:   "None today. A compromised provider could read them.",
			Fix:      "Delete the role assignment that allows it. The Azure providers do not need it:\n" + listRoles,
		},

		RoomLow: {
			Severity: finding.Warning,
			Problem:  "{used} of {limit} {what} are in use.",
			Impact:   "At the limit, Azure rejects new applications. The limit cannot be raised.",
			Fix:      "Prepare a landing zone for new applications, as in docs/how-to/landing-zones.md: in another resource group, or, if role assignments are scarce, in another subscription. docs/how-to/roles.md saves role assignments.\naz group create --name GROUP --location LOCATION --subscription SUBSCRIPTION",
			Phrases:  roomPhrases(),
		},
		RoomNone: {
			Severity: finding.Error,
			Problem:  "{used} of {limit} {what} are in use.",
			Impact:   "Azure rejects new applications. The limit cannot be raised.",
			Fix:      "Use a landing zone for new applications, as in docs/how-to/landing-zones.md: in another resource group, or, if role assignments are scarce, in another subscription. docs/how-to/roles.md saves role assignments.\naz group create --name GROUP --location LOCATION --subscription SUBSCRIPTION",
			Phrases:  roomPhrases(),
		},
		SharedRoomLow: {
			Severity: finding.Warning,
			Problem:  "The settings allow {reserved} role assignments on shared secrets of subscription {subscription}. {used} of its {limit} role assignments are in use, {shared} of them on shared secrets.",
			Impact:   "The subscription can be full before an application reports that its namespace has no more role assignments on shared secrets. Azure then rejects new applications.",
			Fix:      "Lower maxRoleAssignmentsPerNamespace of secrets.shared in the settings, remove namespaces, or set access Granted, as in docs/how-to/platform-settings.md#share-secrets.",
		},
		OfficerNotSeen: {
			Severity: finding.Warning,
			Problem:  "Officer {object} of the settings has no role in subscription {subscription} yet. The doctor does not ask Entra ID whether it exists.",
			Impact:   "Before the first application, none: no officer has a role then. If the officer does not exist, no application becomes ready.",
			Fix:      "Verify that one of these finds it:\naz ad group show --group {object} --query displayName\naz ad user show --id {object} --query displayName\naz ad sp show --id {object} --query displayName",
		},
		OfficerDiffers: {
			Severity: finding.Error,
			Problem:  "principalType of officer {object} is {ours} in the settings, but {theirs} in Azure.",
			Impact:   "Azure rejects its role on new vaults. No new application becomes ready.",
			Fix:      "Set principalType to {theirs} in settings.yaml, and apply it:\n" + finding.Apply,
		},
		GrantMissing: {
			Severity: finding.Error,
			Problem:  "{object} does not have the role Key Vault Secrets Officer on {scope} or a wider scope, without a condition. keyVault.roleAssignments or keyVault.confirmedGrants of the settings requires it.",
			Impact:   "The principal has no access to vaults without an assignment of their own. If it is the secret creator, their missing secrets are not created.",
			Fix:      "Grant the role. If the principal must not have it there, set roleAssignments to Vault, and remove it from confirmedGrants:\naz role assignment create --role \"Key Vault Secrets Officer\" --assignee-object-id {object}{type} --scope {scope}",
		},
		GrantNotConfirmed: {
			Severity: finding.Warning,
			Problem:  "{object} has the role Key Vault Secrets Officer on resource group {group}, and also on single vaults in it.",
			Impact:   "Each assignment on a vault counts against the limit of the subscription.",
			Fix:      "To delete the assignments on the vaults, add this entry to keyVault.confirmedGrants in settings.yaml, or to that list of the landing zone if it has one, and apply it. Azure caches roles for up to 10 minutes, so wait that long after a new grant.\n- {principalId: {object}, scope: {groupId}}\n" + finding.Apply,
		},
		LockedForDeletion: {
			Severity: finding.Error,
			Problem:  "Lock {object} prevents deletions in resource group {group}.",
			Impact:   "Deleted applications stay, because their identities, role assignments and vaults cannot be deleted.",
			Fix:      "Delete the lock. If it is not yours, ask its owner first. deletionPolicy and purge protection protect vaults:\naz lock delete --ids {object}",
		},
		LockedForWriting: {
			Severity: finding.Error,
			Problem:  "Lock {object} prevents changes in resource group {group}.",
			Impact:   "No application can be created, changed or deleted.",
			Fix:      "Delete the lock. If it is not yours, ask its owner first:\naz lock delete --ids {object}",
		},
		PolicyDenies: {
			Severity: finding.Error,
			Problem:  "Policy assignment {object} denies the {what} of applications. Its definition is {definition}.",
			Impact:   "Azure rejects new applications.",
			Fix:      "Change the vault settings, or exempt the resource group:\naz policy exemption create --name platform-application --policy-assignment {object} --exemption-category Waiver --scope {groupId}",
		},
		InitiativeDenies: {
			Severity: finding.Error,
			Problem:  "Initiative assignment {object} denies the {what} of applications. The definition is {definition}, with reference id {reference}.",
			Impact:   "Azure rejects new applications.",
			Fix:      "Change the vault settings, or exempt the resource group from that definition. Without --policy-definition-reference-ids, the exemption covers the whole initiative:\naz policy exemption create --name platform-application --policy-assignment {object} --policy-definition-reference-ids {reference} --exemption-category Waiver --scope {groupId}",
		},
		VaultDeleted: {
			Severity: finding.Warning,
			Problem:  "Vault {object} of resource group {group} is soft-deleted until {until}.",
			Impact:   "Its application gets it back with its old values. With deletionPolicy Purge, the application cannot create a vault before that time.",
			Fix:      "az keyvault recover --name {object} --location {location} --subscription {subscription}",
		},
		VaultNameTaken: {
			Severity: finding.Error,
			Problem:  "The vault name {object}, which an application would use, is not available: {reason}",
			Impact:   "That application cannot create its vault. Another platform with the same cluster and subscription in its settings may have the vault.",
			Fix:      "Find the owner of the vault. If it is not in your tenant, rename the application:\naz keyvault show --name {object}\naz keyvault list-deleted --subscription {subscription} --query \"[?name=='{object}']\"",
		},
		OtherCluster: {
			Severity: finding.Warning,
			Problem:  "{count} vaults and identities with names of this cluster belong to the cluster with issuer {owner}: {resources}. {relation}",
			Impact:   "This cluster does not change them. A take-over changes their tag {tag} to {own}, and this cluster then changes and assigns roles to them by its own settings.",
			Fix:      "To use them or to take them over, follow docs/operations/clusters.md. If both clusters have the same clusterName by mistake, give this one another name, and delete the objects that its applications name with reason OwnedByAnother. List the tags of all resources:\naz resource list --resource-group {group} --query \"[].[name,tags]\" --output json",
			Phrases: map[string]map[string]string{
				"owner": {nobody: "unknown (no tag)"},
				"relation": {
					"":                  "clusterSharing does not list it.",
					settings.RoleMember: "This cluster is a member and uses them.",
					settings.RoleOwner:  "clusterSharing takes over those whose application runs in this cluster, and leaves the others.",
				},
			},
		},
	}
}
