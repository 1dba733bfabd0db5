// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package limits computes the tables of docs/operations/limits-and-cost.md: how many applications fit into Azure's limits, and what
// Azure charges for one. It computes with Azure's limits and prices, which the page links, and with the requests of an application,
// which tests measure.
package limits

import (
	"math"
	"time"
)

// Limits of Azure.
const (
	// PerResourceGroup is how many resources of one type a resource group can have.
	PerResourceGroup = 800
	// RoleAssignments of a subscription.
	RoleAssignments = 4000
	// ReadsBurst is how many reads of Resource Manager may come at once, for each subscription and principal.
	ReadsBurst = 250
	// ReadsPerSecond may follow.
	ReadsPerSecond = 25
	// VaultRequests of a subscription in a region within VaultWindow: five times those of one vault.
	VaultRequests = 5 * 4000
	VaultWindow   = 10 * time.Second
)

const (
	// month is a twelfth of a year.
	month = 730 * time.Hour
	// dollars for 10,000 requests to a vault.
	dollars = 0.03

	// AzurePoll is how often the Azure providers look at each resource: the default of their flag --poll.
	AzurePoll = 10 * time.Minute
	// fullRead is how often the sync reads every secret: the default of its flag --full-read-interval.
	fullRead = 10 * time.Minute
	// early is how much of their interval polls take on average, because they come up to a tenth earlier.
	early = 0.95
)

// An Application is what one application has in Azure: the kinds of its managed resources, and how many of each.
type Application map[string]int

// Kinds of managed resources.
const (
	vault, identity, credential, assignment = "Vault", "UserAssignedIdentity", "FederatedIdentityCredential", "RoleAssignment"
)

// NewApplication with that many role assignments: its own, one for each officer, and one for the identity that creates secrets.
func NewApplication(assignments int) Application {
	return Application{vault: 1, identity: 1, credential: 1, assignment: assignments}
}

// Reads of Resource Manager that it takes to look at one resource, by kind. They are those of terraform-provider-azurerm 4.54.0, of which
// provider-azure 2.6.0 is made: the Read functions of internal/services/keyvault/key_vault_resource.go,
// managedidentity/user_assigned_identity_resource_gen.go, managedidentity/federated_identity_credential_resource.go and
// authorization/role_assignment_resource.go, which asks for the assignment, and for its role to know its name.
func Reads() map[string]int {
	return map[string]int{vault: 1, identity: 1, credential: 1, assignment: 2}
}

// Contacts is how often provider-azure asks the vault itself when it looks at it: for certificates/contacts, in the Read function of
// key_vault_resource.go. Azure refuses that, and counts it.
const Contacts = 1

// Reads of Resource Manager that it takes to look at all of the application once.
func (a Application) Reads() int {
	return a.sum(Reads())
}

// firstReads of Resource Manager are those that it takes to create a resource, by kind, until it is ready. They are the reads of the Create
// functions in the same files, of the Read after it and of the looks before and after that.
func firstReads() map[string]int {
	return map[string]int{vault: 6, identity: 4, credential: 4, assignment: 12}
}

// tokens are how many Entra ID is asked for with each look at a resource, by kind: provider-azure signs in anew each time, at Resource
// Manager, at Microsoft Graph and for vaults at the vault. See configureNoForkAzureClient in its internal/clients/azure.go.
func tokens() map[string]int {
	return map[string]int{vault: 3, identity: 2, credential: 2, assignment: 2}
}

// A Fit is how many applications a limit allows.
type Fit struct {
	// ResourceGroup has room for so many.
	ResourceGroup int
	// Assignments of roles are enough for so many, in a subscription.
	Assignments int
	// Reads of Resource Manager are enough for so many, for one identity of the Azure providers in a subscription.
	Reads int
}

// Fit of applications that are all like this one, and nothing else, if each resource is looked at once in that time.
func (a Application) Fit(poll time.Duration) Fit {
	return Fit{
		ResourceGroup: PerResourceGroup / max(a[vault], a[identity]),
		Assignments:   RoleAssignments / a[assignment],
		Reads:         int(ReadsPerSecond*poll.Seconds()) / a.Reads(),
	}
}

// Restart is how long it takes to look at that many applications once, as the Azure providers do when they start.
func (a Application) Restart(applications int) time.Duration {
	return reading(applications * a.Reads())
}

// Creation is how long it takes to create that many applications, if nothing but reads takes time.
func (a Application) Creation(applications int) time.Duration {
	return reading(applications * a.sum(firstReads())).Round(time.Second)
}

// resources that it has, each of which is written once.
func (a Application) resources() int {
	return a[vault] + a[identity] + a[credential] + a[assignment]
}

// sum of what each of its resources costs.
func (a Application) sum(costs map[string]int) int {
	sum := 0
	for kind, n := range a {
		sum += n * costs[kind]
	}

	return sum
}

// reading of so many times takes that long.
func reading(reads int) time.Duration {
	return time.Duration(max(0, reads-ReadsBurst)) * time.Second / ReadsPerSecond
}

// A Load is what asks a vault.
type Load struct {
	// Lists and Reads in a month.
	Lists, Reads float64
}

// Requests in a month.
func (l Load) Requests() float64 { return l.Lists + l.Reads }

// Dollars that a month costs.
func (l Load) Dollars() float64 { return l.Requests() / 10000 * dollars }

// Sync is what an idle application asks a vault with one page of secrets: a list for each interval, all its secrets from time to
// time, and what the Azure provider asks.
func Sync(interval time.Duration, secrets int) Load {
	return Load{
		Lists: times(interval) / early,
		Reads: float64(secrets)*times(fullRead) + Contacts*times(AzurePoll),
	}
}

// ExternalSecrets is what External Secrets asks: each time, every entry of data by itself, and every entry of dataFrom, whether or not
// they are of the same secret. See GetSecret and GetSecretMap in its providers/v1/azure/keyvault/keyvault.go.
func ExternalSecrets(interval time.Duration, entries int) Load {
	return Load{Reads: float64(entries) * times(interval)}
}

// VaultsFit is how many applications the limit of a subscription in a region allows.
func VaultsFit(l Load) int {
	return int(math.Floor(VaultRequests * times(VaultWindow) / l.Requests()))
}

// times that an interval is in a month.
func times(interval time.Duration) float64 { return month.Seconds() / interval.Seconds() }
