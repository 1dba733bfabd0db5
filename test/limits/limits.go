// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package limits computes the tables of docs/operations/limits-and-cost.md: how many applications fit into Azure's limits, and what
// Azure charges for one. It computes with Azure's limits and prices, which the page links, and with the requests of an application,
// which tests measure.
package limits

import (
	"maps"
	"math"
	"time"
)

// These are limits of Azure.
const (
	// PerResourceGroup is the number of resources of one type in a resource group.
	PerResourceGroup = 800
	// RoleAssignments is the number of role assignments in a subscription.
	RoleAssignments = 4000
	// ReadsBurst is the number of reads of Resource Manager at once, for each subscription and principal.
	ReadsBurst = 250
	// ReadsPerSecond is the rate of further reads.
	ReadsPerSecond = 25
	// VaultRequests is the number of requests to all vaults of a subscription in a region within
	// VaultWindow: five times that of one vault.
	VaultRequests = 5 * VaultLimit
	// VaultLimit is the number of requests to one vault within VaultWindow.
	VaultLimit  = 4000
	VaultWindow = 10 * time.Second
)

const (
	// month is a twelfth of a year.
	month = 730 * time.Hour
	// dollars is the price of 10,000 requests to a vault.
	dollars = 0.03

	// AzurePoll is the interval at which the Azure providers observe each resource: the default of their
	// flag --poll.
	AzurePoll = 10 * time.Minute
	// fullRead is the interval at which the sync reads every secret: the default of its flag
	// --full-read-interval.
	fullRead = 10 * time.Minute
	// early is the average fraction of the interval between polls, because they come up to a tenth
	// earlier.
	early = 0.95
)

// An Application holds the Azure resources of one application: the kinds of its managed resources, and their
// numbers.
type Application map[string]int

// These are the kinds of managed resources.
const (
	vault, identity, credential, assignment = "Vault", "UserAssignedIdentity", "FederatedIdentityCredential", "RoleAssignment"
	// A vault can have these, too.
	endpoint, diagnostics = "PrivateEndpoint", "MonitorDiagnosticSetting"
)

// NewApplication returns an application with that many role assignments: its own, one for each officer, and one for the
// identity that creates secrets.
func NewApplication(assignments int) Application {
	return Application{vault: 1, identity: 1, credential: 1, assignment: assignments}
}

// Reads returns the reads of Resource Manager for observing one resource, by kind. TestRequests in test/azure/arm/provider counts them at
// kinds that read like those of terraform-provider-azurerm 4.54.0, which provider-azure 2.6.0 is built on, in the Read functions of
// internal/services: keyvault/key_vault_resource.go, managedidentity/user_assigned_identity_resource_gen.go,
// managedidentity/federated_identity_credential_resource.go, authorization/role_assignment_resource.go, which reads the assignment, and its
// role for the role's name, network/private_endpoint_resource.go, which also lists the DNS zone groups and reads the one and the network
// interface, and monitor/monitor_diagnostic_setting_resource.go.
func Reads() map[string]int {
	return map[string]int{vault: 1, identity: 1, credential: 1, assignment: 2, endpoint: 4, diagnostics: 1}
}

// Contacts is the number of requests to the vault itself when provider-azure observes it: for certificates/contacts, in the Read
// function of key_vault_resource.go. Azure rejects and counts them.
const Contacts = 1

// Reads is the number of reads of Resource Manager for observing the whole application once.
func (a Application) Reads() int {
	return a.sum(Reads())
}

// FirstReads returns the reads of Resource Manager for creating a resource until it is ready, by kind: those of the Create function in the
// same file, of the Read afterwards, and of the observations before and after, without those that wait for Azure's operations. TestRequests counts them.
func FirstReads() map[string]int {
	return map[string]int{vault: 6, identity: 4, credential: 4, assignment: 12, endpoint: 10, diagnostics: 7}
}

// Tokens returns the token requests to Entra ID for each observation of a resource, by kind: provider-azure signs in each time, at
// Resource Manager, at Microsoft Graph and for vaults at the vault. See configureNoForkAzureClient in its internal/clients/azure.go. TestRequests
// counts them.
func Tokens() map[string]int {
	return map[string]int{vault: 3, identity: 2, credential: 2, assignment: 2, endpoint: 2, diagnostics: 2}
}

// A Fit is the number of applications that each limit allows.
type Fit struct {
	// ResourceGroup is the number that fits into a resource group.
	ResourceGroup int
	// Assignments is the number that the role assignments of a subscription allow.
	Assignments int
	// Reads is the number that the reads of one identity of the Azure providers in a subscription allow.
	Reads int
}

// Fit returns the number of applications like this one, if each resource is observed once per interval and nothing
// else uses the limits.
func (a Application) Fit(poll time.Duration) Fit {
	return Fit{
		ResourceGroup: PerResourceGroup / max(a[vault], a[identity]),
		Assignments:   RoleAssignments / a[assignment],
		Reads:         int(ReadsPerSecond*poll.Seconds()) / a.Reads(),
	}
}

// Subscription returns the number of applications in a subscription with enough resource groups, the limit that comes first, and the
// number of resource groups.
func (f Fit) Subscription() (applications int, first string, groups int) {
	applications, first = f.Assignments, "role assignments"
	if f.Reads < f.Assignments {
		applications, first = f.Reads, "reads"
	}

	return applications, first, (applications + f.ResourceGroup - 1) / f.ResourceGroup
}

// Warning returns the number at which an alert warns: 80% of a limit.
func Warning(limit int) int { return limit * 8 / 10 }

// Restart returns the time for observing that many applications once, as the Azure providers do when they start.
func (a Application) Restart(applications int) time.Duration {
	return reading(applications * a.Reads())
}

// Creation returns the time for creating that many applications, if only reads take time.
func (a Application) Creation(applications int) time.Duration {
	return reading(applications * a.sum(FirstReads())).Round(time.Second)
}

// private returns the application with a private endpoint of its vault, and a diagnostic setting for its logs.
func (a Application) private() Application {
	out := maps.Clone(a)
	out[endpoint], out[diagnostics] = 1, 1

	return out
}

// resources returns the number of resources, each of which is written once.
func (a Application) resources() int {
	return a[vault] + a[identity] + a[credential] + a[assignment]
}

// sum adds up a cost of the resources.
func (a Application) sum(costs map[string]int) int {
	sum := 0
	for kind, n := range a {
		sum += n * costs[kind]
	}

	return sum
}

// reading returns the time for that many reads.
func reading(reads int) time.Duration {
	return time.Duration(max(0, reads-ReadsBurst)) * time.Second / ReadsPerSecond
}

// A Load is the number of requests to a vault.
type Load struct {
	// Lists and Reads are per month.
	Lists, Reads float64
}

// Requests returns the number of requests per month.
func (l Load) Requests() float64 { return l.Lists + l.Reads }

// Dollars returns the price of a month.
func (l Load) Dollars() float64 { return l.Requests() / 10000 * dollars }

// Sync returns the load of an idle application with one page of secrets: a list per interval, a full read of all secrets at
// times, and the requests of the Azure provider.
func Sync(interval time.Duration, secrets int) Load {
	return Load{
		Lists: times(interval) / early,
		Reads: float64(secrets)*times(fullRead) + Contacts*times(AzurePoll),
	}
}

// SharedReads returns the requests within VaultWindow to a vault that applications share, each with a role on some of its secrets: a
// list that is refused and a read of each secret in each interval.
func SharedReads(applications, secrets int, interval time.Duration) float64 {
	return float64(applications) * (1/early + float64(secrets)) * VaultWindow.Seconds() / interval.Seconds()
}

// SharedList returns them if one list in each interval shows all changes, and each application reads its secrets only in full reads.
func SharedList(applications, secrets int, interval time.Duration) float64 {
	return VaultWindow.Seconds() * (1/early/interval.Seconds() + float64(applications*secrets)/fullRead.Seconds())
}

// ExternalSecrets returns the load of External Secrets: in each interval, one request for every entry of data and of dataFrom, even
// for the same secret. See GetSecret and GetSecretMap in its providers/v1/azure/keyvault/keyvault.go.
func ExternalSecrets(interval time.Duration, entries int) Load {
	return Load{Reads: float64(entries) * times(interval)}
}

// VaultsFit returns the number of applications that the limit of a subscription in a region allows.
func VaultsFit(l Load) int {
	return int(math.Floor(VaultRequests * times(VaultWindow) / l.Requests()))
}

// times returns how often an interval occurs in a month.
func times(interval time.Duration) float64 { return month.Seconds() / interval.Seconds() }
