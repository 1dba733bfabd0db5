// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure/access"
)

// maxRoles limits the roles of a principal that the doctor reads.
const maxRoles = 100

// API versions.
const (
	subscriptions  = "2022-12-01"
	resources      = "2022-09-01"
	identities     = "2023-01-31"
	authorization  = "2022-04-01"
	locks          = "2020-05-01"
	keyVaults      = "2023-07-01"
	policyVersions = "2023-03-01"
)

// resourceProviders returns the resource providers that settings need.
func resourceProviders(s *v1alpha1.PlatformConfigSpec) []string {
	out := []string{"Microsoft.KeyVault", "Microsoft.ManagedIdentity"}

	if privateEndpoint(s) != nil {
		out = append(out, "Microsoft.Network")
	}

	if diagnostics(s) != nil {
		out = append(out, "Microsoft.Insights")
	}

	return out
}

// Facts are the responses of Azure Resource Manager.
type Facts struct {
	Subscription Answer[Subscription]
	Group        Answer[Resource[Provisioning]]

	// Registrations of resource providers, by namespace.
	Registrations map[string]Answer[Registration]

	// Identities of the subscription, and those of --identity.
	Identities Answer[[]Resource[Identity]]

	// Provider is the account of the Azure providers, and Creator the one that creates missing secrets.
	Provider, Creator Account

	// Assignments are the role assignments of the subscription, including inherited ones.
	Assignments Answer[[]Resource[Assignment]]

	// Others are the role assignments of the other subscriptions in the settings: those of shared vaults and of confirmed grants. The keys
	// are ids of subscriptions in lower case.
	Others map[string]Answer[[]Resource[Assignment]]

	// Vaults of the resource group.
	Vaults Answer[[]Resource[struct{}]]

	Locks    Answer[[]Resource[Lock]]
	Policies Answer[[]Policy]

	Name VaultName
}

// An Account is the Azure account of a provider.
type Account struct {
	// Identity is nil if it is unknown.
	Identity *Resource[Identity]

	// ObjectID is empty if it is unknown.
	ObjectID string

	// Credentials of the identity.
	Credentials Answer[[]Resource[Credential]]

	// Grants of the principal and of its groups in the subscription of the settings.
	Grants Answer[[]access.Grant]

	// Others are the grants in the other subscriptions where the account needs permissions. The keys are ids of subscriptions in lower
	// case.
	Others map[string]Answer[[]access.Grant]
}

// A Resource is a resource of Azure Resource Manager.
type Resource[P any] struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties P                 `json:"properties"`
}

// A Subscription contains the resource group.
type Subscription struct {
	TenantID string `json:"tenantId"`
	State    string `json:"state"`
}

// Provisioning is the provisioning state of a resource.
type Provisioning struct {
	State string `json:"provisioningState"`
}

// A Registration is the registration of a resource provider.
type Registration struct {
	State string `json:"registrationState"`
}

// An Identity is a user-assigned identity.
type Identity struct {
	ClientID    string `json:"clientId"`
	PrincipalID string `json:"principalId"`
	TenantID    string `json:"tenantId"`
}

// A Credential is a federated credential of an identity.
type Credential struct {
	Issuer    string   `json:"issuer"`
	Subject   string   `json:"subject"`
	Audiences []string `json:"audiences"`
}

// An Assignment is a role assignment.
type Assignment struct {
	RoleDefinitionID string `json:"roleDefinitionId"`
	PrincipalID      string `json:"principalId"`
	PrincipalType    string `json:"principalType"`
	Scope            string `json:"scope"`
	Condition        string `json:"condition"`
	ConditionVersion string `json:"conditionVersion"`
}

// A Role is a role definition.
type Role struct {
	Name        string `json:"roleName"`
	Permissions []struct {
		Actions          []string `json:"actions"`
		NotActions       []string `json:"notActions"`
		DataActions      []string `json:"dataActions"`
		NotDataActions   []string `json:"notDataActions"`
		Condition        string   `json:"condition"`
		ConditionVersion string   `json:"conditionVersion"`
	} `json:"permissions"`
}

// A Lock is a lock on a scope.
type Lock struct {
	Level string `json:"level"`
}

// A VaultName is the vault name of the application of an acceptance run.
type VaultName struct {
	Name      string
	Available Answer[Availability]

	// Ours is the vault of that name in the resource group, and Deleted the soft-deleted one in the location. The doctor reads them only
	// if the name is taken.
	Ours    Answer[Resource[struct{}]]
	Deleted Answer[Resource[DeletedVault]]
}

// An Availability is the availability of a name.
type Availability struct {
	Available bool   `json:"nameAvailable"`
	Reason    string `json:"reason"`
}

// A DeletedVault is a soft-deleted vault.
type DeletedVault struct {
	VaultID   string `json:"vaultId"`
	PurgeDate string `json:"scheduledPurgeDate"`
}
