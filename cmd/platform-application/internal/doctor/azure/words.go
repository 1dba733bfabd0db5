// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import "github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"

// Codes of what is found in Azure.
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
	CreatorMayNotWrite    finding.Code = "AzureSecretCreatorMayNotWrite"
	RightsUnknown         finding.Code = "AzureRightsUnknown"
	MayAssignOthers       finding.Code = "AzureProviderMayAssignOtherRoles"
	RightsElsewhere       finding.Code = "AzureProviderHasRightsElsewhere"
	MayReadSecrets        finding.Code = "AzureProviderMayReadSecrets"

	RoomLow           finding.Code = "AzureRoomLow"
	RoomNone          finding.Code = "AzureRoomNone"
	OfficerNotSeen    finding.Code = "AzureOfficerNotSeen"
	OfficerDiffers    finding.Code = "AzureOfficerTypeDiffers"
	LockedForDeletion finding.Code = "AzureLockedForDeletion"
	LockedForWriting  finding.Code = "AzureLockedForWriting"
	PolicyDenies      finding.Code = "AzurePolicyDenies"
	InitiativeDenies  finding.Code = "AzureInitiativeDenies"
	VaultDeleted      finding.Code = "AzureVaultSoftDeleted"
	VaultNameTaken    finding.Code = "AzureVaultNameTaken"
)

// assignRoles is the command that lets the Azure providers assign the roles of applications, and no others. In single quotes, no shell
// takes an exclamation mark for a command of before.
const assignRoles = `az role assignment create --role "Role Based Access Control Administrator" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {groupId} --condition-version 2.0 --condition '((!(ActionMatches{'\''Microsoft.Authorization/roleAssignments/write'\''})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + secretsUser + `, ` + secretsOfficer + `})) AND ((!(ActionMatches{'\''Microsoft.Authorization/roleAssignments/delete'\''})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {` + secretsUser + `, ` + secretsOfficer + `}))'`

// listRoles is the command that shows what the Azure providers may do.
const listRoles = "az role assignment list --all --assignee {object} --include-groups --include-inherited --subscription {subscription} --output table"

// Words of what is found.
func Words() finding.Catalogue {
	return finding.Catalogue{
		SignInFailed: {
			Severity: finding.Unknown,
			Wrong:    "The doctor cannot sign in to Azure: {error}",
			Breaks:   "Faults in Azure stay unnoticed.",
			Mend:     "Sign in, and run the doctor again. In a pod, give it a workload identity, or the variables AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.\naz login --tenant {tenant}",
		},
		Unreachable: {
			Severity: finding.Unknown,
			Wrong:    "The Resource Manager of Azure cannot be reached: {error}",
			Breaks:   "Faults in Azure stay unnoticed. If the cluster cannot reach it either, nothing is created.",
			Mend:     "Set HTTPS_PROXY and SSL_CERT_FILE if a proxy leads there, and run the doctor again.\naz account show --subscription {subscription}",
		},
		MayNotRead: {
			Severity: finding.Unknown,
			Wrong:    "The doctor may not read {what}: {error}. It needs the action {permission}.",
			Breaks:   "Faults there stay unnoticed.",
			Mend:     "Sign in as somebody with the role Reader on the subscription, or assign it to the account that runs the doctor, and run it again. OBJECT_ID is what the first command says for you, and for the Job what the second says:\naz ad signed-in-user show --query id --output tsv\naz identity show --name doctor --resource-group rg-platform --query principalId --output tsv\naz role assignment create --role Reader --assignee-object-id OBJECT_ID --scope {subscriptionId}",
		},
		NoAnswer: {
			Severity: finding.Unknown,
			Wrong:    "The Resource Manager of Azure does not say {what}: {error}",
			Breaks:   "Faults there stay unnoticed.",
			Mend:     "Run the doctor again in some minutes. If it stays so, look at the health of Azure: https://azure.status.microsoft",
		},

		SubscriptionMissing: {
			Severity: finding.Error,
			Wrong:    "Subscription {subscription} does not exist in tenant {tenant}, or whoever runs the doctor has no role in it.",
			Breaks:   "If it does not exist, nothing is created.",
			Mend:     "Compare subscriptionId of the settings with the subscriptions that there are. If it is right, sign in as somebody with the role Reader on it:\naz login --tenant {tenant}\naz account list --all --output table",
		},
		SubscriptionOfOtherTenant: {
			Severity: finding.Error,
			Wrong:    "Subscription {subscription} does not belong to tenant {tenant} of the settings.",
			Breaks:   "Vaults that would trust the identities of another tenant are refused.",
			Mend:     "Set tenantId of the settings, and tenantID of the configuration of the Azure providers, to the tenant of the subscription:\naz account show --subscription {subscription} --query tenantId --output tsv",
		},
		SubscriptionPastDue: {
			Severity: finding.Warning,
			Wrong:    "A bill of subscription {subscription} is not paid.",
			Breaks:   "When Azure disables the subscription, nothing can be created or changed.",
			Mend:     "Ask the owner of the subscription to pay it:\naz account show --subscription {subscription} --query state --output tsv",
		},
		SubscriptionDisabled: {
			Severity: finding.Error,
			Wrong:    "Subscription {subscription} is not enabled. Its state is {state}.",
			Breaks:   "Nothing can be created or changed.",
			Mend:     "Ask the owner of the subscription to enable it:\naz account subscription enable --id {subscription}",
		},
		GroupMissing: {
			Severity: finding.Error,
			Wrong:    "Resource group {group} does not exist in subscription {subscription}.",
			Breaks:   "No vault and no identity can be created.",
			Mend:     "Create it, or correct resourceGroupName of the settings:\naz group create --name {group} --location {location} --subscription {subscription}",
		},
		GroupDeleting: {
			Severity: finding.Error,
			Wrong:    "Resource group {group} is being deleted.",
			Breaks:   "Vaults and identities of applications are deleted with it.",
			Mend:     "Create it again when it is gone, and recover the vaults: docs/operations/backup.md\naz group create --name {group} --location {location} --subscription {subscription}",
		},
		GroupElsewhere: {
			Severity: finding.Warning,
			Wrong:    "Resource group {group} is in {elsewhere}, and vaults and identities are created in {location}, which is the location of the settings.",
			Breaks:   "Nothing, if that is what you want. When {elsewhere} has an outage, nothing in the resource group can be changed.",
			Mend:     "If it is not what you want, correct location of the settings before the first application:\naz group show --name {group} --subscription {subscription} --query location --output tsv",
		},
		NotRegistered: {
			Severity: finding.Error,
			Wrong:    "Resource provider {object} is not registered in subscription {subscription}. Its state is {state}.",
			Breaks:   "Azure refuses to create its resources. The Azure providers do not register it.",
			Mend:     "az provider register --namespace {object} --subscription {subscription} --wait",
		},

		IdentityNotFound: {
			Severity: finding.Unknown,
			Wrong:    "Subscription {subscription} has no identity with client id {client}, as which {party} signs in.",
			Breaks:   "If there is no such identity, {party} cannot sign in to Azure. Faults of its federated credential and roles stay unnoticed.",
			Mend:     "Find its resource id and object id, and run the doctor again with --identity and the resource id. If it has none, it is an application: run the doctor with --provider-object-id, and look at its federated credentials yourself.\naz ad sp show --id {client} --query \"{id:id, alternativeNames:alternativeNames}\"",
		},
		CredentialMissing: {
			Severity: finding.Error,
			Wrong:    "Identity {object} has no federated credential for {subject}, as which {party} signs in.",
			Breaks:   "Entra ID refuses to sign in {party}. Resources of applications stay unready.",
			Mend:     "az identity federated-credential create --name {account} --identity-name {identity} --resource-group {identityGroup} --subscription {identitySubscription} --issuer {issuer} --subject {subject} --audiences " + audience,
		},
		CredentialDiffers: {
			Severity: finding.Error,
			Wrong:    "Federated credential {credential} of identity {object} does not match the tokens of {party}, letter by letter: {wrong}.",
			Breaks:   "Entra ID refuses to sign in {party}. Resources of applications stay unready.",
			Mend:     "az identity federated-credential update --name {credential} --identity-name {identity} --resource-group {identityGroup} --subscription {identitySubscription} --issuer {issuer} --subject {subject} --audiences " + audience,
		},
		CreatorDiffers: {
			Severity: finding.Error,
			Wrong:    "secretCreatorPrincipalId of the settings is {ours}, and the identity that provider-keyvault-secretsync signs in as, {object}, is {theirs}.",
			Breaks:   "The role on each vault goes to somebody else. Missing secrets are not created.",
			Mend:     "Set secretCreatorPrincipalId to {theirs} in settings.yaml, and apply it:\n" + finding.Apply,
		},
		CreatorNotSeen: {
			Severity: finding.Warning,
			Wrong:    "provider-keyvault-secretsync signs in as application {client} with a secret, and the doctor does not ask Entra ID whether that is {object}, which is secretCreatorPrincipalId of the settings.",
			Breaks:   "If it is not, the role on each vault goes to somebody else, and missing secrets are not created.",
			Mend:     "See that this says {object}:\naz ad sp show --id {client} --query id --output tsv",
		},

		ProviderMayNotWrite: {
			Severity: finding.Error,
			Wrong:    "The identity of the Azure providers, {object}, may not do this in resource group {group}: {actions}",
			Breaks:   "Azure refuses vaults and identities of applications.",
			Mend:     "az role assignment create --role Contributor --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {groupId}",
		},
		ProviderMayNotAssign: {
			Severity: finding.Error,
			Wrong:    "The identity of the Azure providers, {object}, may not do this in resource group {group}: {actions}",
			Breaks:   "Applications and officers get no access to their vaults.",
			Mend:     assignRoles,
		},
		ConditionRefuses: {
			Severity: finding.Error,
			Wrong:    "The condition of role assignment {assignment} keeps the identity of the Azure providers, {object}, from this in resource group {group}: {actions}",
			Breaks:   "Applications or officers get no access to their vaults.",
			// {assignment} may be somebody else's, of a group or on a management group, so it stays. Assignments add up. Azure keeps one of
			// a principal, role and scope, with its condition: that one of the identity alone is in the way of a new one.
			Mend: "Assign the role with the condition of the platform. An assignment to a group, or on another scope, may stay. The identity's own on the resource group has to go first, if there is one:\n" +
				"az role assignment delete --assignee {object} --role \"Role Based Access Control Administrator\" --scope {groupId}\n" + assignRoles,
		},
		ProviderMayNotRecover: {
			Severity: finding.Warning,
			Wrong:    "The identity of the Azure providers, {object}, cannot see the deleted vaults of subscription {subscription}: {actions}",
			Breaks:   "An application with deletionPolicy SoftDelete that comes back does not get its vault, until somebody recovers it.",
			Mend: `az role definition create --role-definition '{"Name": "Deleted Vaults Reader", "Description": "Sees which vaults are deleted and can be recovered.", "Actions": ["Microsoft.KeyVault/locations/deletedVaults/read"], "AssignableScopes": ["'{subscriptionId}'"]}'
for i in $(seq 30); do az role assignment create --role "Deleted Vaults Reader" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {subscriptionId} && break; sleep 10; done`,
		},
		ProviderMayNotPurge: {
			Severity: finding.Error,
			Wrong:    "The settings allow deletionPolicy Purge, and the identity of the Azure providers, {object}, may not do this in subscription {subscription}: {actions}",
			Breaks:   "A vault of an application with deletionPolicy Purge stays soft-deleted, and an application that comes back gets its old values.",
			Mend:     "Let it purge, or take keyVault.allow.purge out of the settings:\naz role assignment create --role \"Key Vault Purge Operator\" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {subscriptionId}",
		},
		CreatorMayNotWrite: {
			Severity: finding.Error,
			Wrong:    "The settings have no secretCreatorPrincipalId, and the identity that creates missing secrets, {object}, may not do this in resource group {group}: {actions}",
			Breaks:   "Missing secrets are not created.",
			Mend:     "Set secretCreatorPrincipalId of the settings to {object}, which gives it the role on the vaults of applications only, or assign the role on the resource group:\naz role assignment create --role \"Key Vault Secrets Officer\" --assignee-object-id {object} --assignee-principal-type ServicePrincipal --scope {groupId}",
		},
		RightsUnknown: {
			Severity: finding.Unknown,
			Wrong:    "The doctor cannot tell whether {object} may do this, because it does not understand a condition, or cannot read a role: {actions}",
			Breaks:   "Azure may refuse resources of applications, or let the identity do more than it needs to.",
			Mend:     "Compare its roles and their conditions with step 1 of docs/how-to/set-up-a-platform.md:\naz role assignment list --all --assignee {object} --include-groups --include-inherited --subscription {subscription} --output json",
		},
		MayAssignOthers: {
			Severity: finding.Warning,
			Wrong:    "The identity of the Azure providers, {object}, may assign these roles in resource group {group}: {roles}",
			Breaks:   "Nothing. Whoever takes over a provider can give anybody these roles.",
			Mend:     "Delete the assignment that allows it, and assign the role with a condition:\n" + listRoles + "\n" + assignRoles,
		},
		RightsElsewhere: {
			Severity: finding.Warning,
			Wrong:    "The identity of the Azure providers, {object}, has rights beyond resource group {group}: {roles}",
			Breaks:   "Nothing. Whoever takes over a provider has these rights, too.",
			Mend:     "Delete the assignments that no other platform of yours needs:\n" + listRoles,
		},
		MayReadSecrets: {
			Severity: finding.Warning,
			Wrong:    "The identity of the Azure providers, {object}, may read the secrets of every vault in resource group {group}.",
			Breaks:   "Nothing. Whoever takes over a provider can read them.",
			Mend:     "Delete the assignment that allows it. The Azure providers do not need it:\n" + listRoles,
		},

		RoomLow: {
			Severity: finding.Warning,
			Wrong:    "{used} of {limit} {what} of {where} are in use.",
			Breaks:   "When all are, Azure refuses new applications. Nobody can raise the limit.",
			Mend:     "Prepare another resource group for new applications, with the roles of step 1 of docs/how-to/set-up-a-platform.md, or for role assignments another platform in another subscription:\naz group create --name {group}-2 --location {location}",
		},
		RoomNone: {
			Severity: finding.Error,
			Wrong:    "{used} of {limit} {what} of {where} are in use.",
			Breaks:   "Azure refuses new applications. Nobody can raise the limit.",
			Mend:     "Use another resource group for new applications, with the roles of step 1 of docs/how-to/set-up-a-platform.md, or for role assignments another platform in another subscription:\naz group create --name {group}-2 --location {location}",
		},
		OfficerNotSeen: {
			Severity: finding.Warning,
			Wrong:    "Officer {object} of the settings has no role in subscription {subscription} so far, and the doctor does not ask Entra ID who exists.",
			Breaks:   "If it does not exist, no application becomes ready. Before the first application, no officer has a role.",
			Mend:     "See that one of these finds it:\naz ad group show --group {object} --query displayName\naz ad user show --id {object} --query displayName\naz ad sp show --id {object} --query displayName",
		},
		OfficerDiffers: {
			Severity: finding.Error,
			Wrong:    "principalType of officer {object} is {ours} in the settings, and {theirs} in Azure.",
			Breaks:   "Azure refuses its role on new vaults. No new application becomes ready.",
			Mend:     "Set principalType to {theirs} in settings.yaml, and apply it:\n" + finding.Apply,
		},
		LockedForDeletion: {
			Severity: finding.Error,
			Wrong:    "Lock {object} keeps anything in resource group {group} from being deleted.",
			Breaks:   "An application that is deleted stays, as its identity, role assignments and vault cannot be deleted.",
			Mend:     "Delete the lock. If it is not yours, ask its owner first. Vaults are protected by deletionPolicy and purge protection:\naz lock delete --ids {object}",
		},
		LockedForWriting: {
			Severity: finding.Error,
			Wrong:    "Lock {object} keeps anything in resource group {group} from being changed.",
			Breaks:   "No application can be created, changed or deleted.",
			Mend:     "Delete the lock. If it is not yours, ask its owner first:\naz lock delete --ids {object}",
		},
		PolicyDenies: {
			Severity: finding.Error,
			Wrong:    "Policy assignment {object} refuses {what} as applications have them. Its definition is {definition}.",
			Breaks:   "Azure refuses new applications.",
			Mend:     "Change the settings of vaults, or exempt the resource group:\naz policy exemption create --name platform-application --policy-assignment {object} --exemption-category Waiver --scope {groupId}",
		},
		InitiativeDenies: {
			Severity: finding.Error,
			Wrong:    "Policy assignment {object} of an initiative refuses {what} as applications have them. Its definition is {definition}, and the initiative's name for it {reference}.",
			Breaks:   "Azure refuses new applications.",
			Mend:     "Change the settings of vaults, or exempt the resource group from that definition. Without --policy-definition-reference-ids the whole initiative would be waived:\naz policy exemption create --name platform-application --policy-assignment {object} --policy-definition-reference-ids {reference} --exemption-category Waiver --scope {groupId}",
		},
		VaultDeleted: {
			Severity: finding.Warning,
			Wrong:    "Vault {object} of resource group {group} is soft-deleted until {until}.",
			Breaks:   "Its application gets it back with its old values. With deletionPolicy Purge it cannot be created before that.",
			Mend:     "az keyvault recover --name {object} --location {location} --subscription {subscription}",
		},
		VaultNameTaken: {
			Severity: finding.Error,
			Wrong:    "The name {object}, which the vault of an application would get, is not free: {reason}",
			Breaks:   "That application cannot create its vault. Somebody with the same cluster and subscription in the settings may have it.",
			Mend:     "Find out who has the vault. If it is not in your tenant, use another name for the application:\naz keyvault show --name {object}\naz keyvault list-deleted --subscription {subscription} --query \"[?name=='{object}']\"",
		},
	}
}
