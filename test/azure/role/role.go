// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package role has Azure's role definitions and the table of role assignments, which the resource manager writes and all services
// enforce.
package role

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// The ids of the built-in roles for secrets.
const (
	SecretsOfficer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
	SecretsUser    = "4633458b-17de-408a-b874-0445c86b69e6"
)

// Permissions are those of a role. In an action, one * matches anything.
type Permissions struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// A Definition defines a role.
type Definition struct {
	Permissions

	ID          string
	Name        string
	Description string

	// Tenant and Scopes of a custom role. A built-in one can be assigned everywhere.
	Tenant string
	Scopes []string
}

// Allows reports whether the role has an action.
func (d Definition) Allows(action string) bool {
	return matches(d.Actions, action) && !matches(d.NotActions, action)
}

// AllowsData reports whether the role has a data action.
func (d Definition) AllowsData(action string) bool {
	return matches(d.DataActions, action) && !matches(d.NotDataActions, action)
}

func matches(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		before, after, star := strings.Cut(strings.ToLower(pattern), "*")
		rest, ok := strings.CutPrefix(strings.ToLower(action), before)

		return ok && (rest == after || star && strings.HasSuffix(rest, after))
	})
}

// AssignableOn reports whether the role can be assigned on a scope.
func (d Definition) AssignableOn(scope string) bool {
	return d.Tenant == "" || slices.ContainsFunc(d.Scopes, func(s string) bool { return Covers(s, scope) })
}

// Is reports whether a name, an id or a resource id identifies the role.
func (d Definition) Is(name string) bool {
	return strings.EqualFold(d.Name, name) || strings.EqualFold(d.ID, name[strings.LastIndexByte(name, '/')+1:])
}

// Covers reports whether a scope contains another or is the same.
func Covers(scope, other string) bool {
	return strings.HasPrefix(strings.ToLower(other)+"/", strings.ToLower(strings.TrimSuffix(scope, "/"))+"/")
}

// Named returns a built-in role by its name, id or resource id.
func Named(name string) (Definition, bool) {
	i := slices.IndexFunc(BuiltIn(), func(d Definition) bool { return d.Is(name) })
	if i < 0 {
		return Definition{}, false
	}

	return BuiltIn()[i], true
}

// BuiltIn returns roles of Azure with their actions in Microsoft's reference, without those about alerts, deployments and support.
var BuiltIn = sync.OnceValue(func() []Definition { //nolint:gochecknoglobals // A constant in all but name.
	const secrets = "Microsoft.KeyVault/vaults/secrets/"

	vaultReader := []string{
		"Microsoft.KeyVault/checkNameAvailability/read", "Microsoft.KeyVault/deletedVaults/read", "Microsoft.KeyVault/locations/*/read",
		"Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/operations/read",
	}

	return []Definition{
		{ID: "00482a5a-887f-4fb3-b363-3b7fe8e74483", Name: "Key Vault Administrator", Permissions: Permissions{Actions: vaultReader, DataActions: []string{"Microsoft.KeyVault/vaults/*"}}},
		{ID: "21090545-7ca7-4776-b22c-e363652d74d2", Name: "Key Vault Reader", Permissions: Permissions{Actions: vaultReader, DataActions: []string{"Microsoft.KeyVault/vaults/*/read", secrets + "readMetadata/action"}}},
		{ID: SecretsOfficer, Name: "Key Vault Secrets Officer", Permissions: Permissions{Actions: vaultReader, DataActions: []string{secrets + "*"}}},
		{ID: SecretsUser, Name: "Key Vault Secrets User", Permissions: Permissions{DataActions: []string{secrets + "getSecret/action", secrets + "readMetadata/action"}}},
		{ID: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Name: "Owner", Permissions: Permissions{Actions: []string{"*"}}},
		{ID: "b24988ac-6180-42a0-ab88-20f7382dd24c", Name: "Contributor", Permissions: Permissions{Actions: []string{"*"}, NotActions: []string{
			"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action",
		}}},
		{ID: "acdd72a7-3385-48ef-bd42-f606fba81ae7", Name: "Reader", Permissions: Permissions{Actions: []string{"*/read"}}},
		{ID: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", Name: "User Access Administrator", Permissions: Permissions{Actions: []string{"*/read", "Microsoft.Authorization/*"}}},
		{ID: "f58310d9-a9f6-439a-9e8d-f62e7b41a168", Name: "Role Based Access Control Administrator", Permissions: Permissions{Actions: []string{
			"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read",
		}}},
		{ID: "a68e7c17-0ab2-4c09-9a58-125dae29748c", Name: "Key Vault Purge Operator", Permissions: Permissions{Actions: []string{
			"Microsoft.KeyVault/locations/deletedVaults/read", "Microsoft.KeyVault/locations/deletedVaults/purge/action",
			"Microsoft.Resources/subscriptions/resourceGroups/read",
		}}},
		{ID: "4d97b98b-1d4f-4787-a291-c67834d212e7", Name: "Network Contributor", Permissions: Permissions{Actions: []string{
			"Microsoft.Authorization/*/read", "Microsoft.Network/*", "Microsoft.Resources/subscriptions/resourceGroups/read",
		}}},
		{ID: "b12aa53e-6015-4669-85d0-8515ebb3ae7f", Name: "Private DNS Zone Contributor", Permissions: Permissions{Actions: []string{
			"Microsoft.Authorization/*/read", "Microsoft.Network/privateDnsZones/*", "Microsoft.Network/virtualNetworks/read",
			"Microsoft.Network/virtualNetworks/join/action", "Microsoft.Resources/subscriptions/resourceGroups/read",
		}}},
		{ID: "92aaf0da-9dab-42b6-94a3-d43ce8d16293", Name: "Log Analytics Contributor", Permissions: Permissions{Actions: []string{
			"*/read", "Microsoft.Insights/diagnosticSettings/*", "Microsoft.OperationalInsights/*",
		}}},
	}
})

// Definitions is the table of custom roles, which the resource manager writes and all services enforce. Its zero value is ready for
// concurrent use.
type Definitions struct {
	mu   sync.RWMutex
	byID map[string]Definition
}

// Get returns a custom or built-in role by its id.
func (t *Definitions) Get(id string) (Definition, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()

	if d, ok := t.byID[strings.ToLower(id)]; ok {
		return d, true
	}

	return Named(id)
}

// Put stores a custom role, and reports whether it is new.
func (t *Definitions) Put(d Definition) bool {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.byID == nil {
		t.byID = map[string]Definition{}
	}

	d.ID = strings.ToLower(d.ID)
	_, known := t.byID[d.ID]
	t.byID[d.ID] = d

	return !known
}

// All returns the custom roles, by id.
func (t *Definitions) All() []Definition {
	t.mu.RLock()
	defer t.mu.RUnlock()

	out := make([]Definition, 0, len(t.byID))
	for _, id := range slices.Sorted(maps.Keys(t.byID)) {
		out = append(out, t.byID[id])
	}

	return out
}

// An Assignment gives a principal a role on a scope.
type Assignment struct {
	// Name is unique on its scope.
	Name          string
	Scope         string
	PrincipalID   string
	PrincipalType string

	// RoleID of the role's definition.
	RoleID string

	// From is when the assignment takes effect.
	From time.Time

	// Subscription is the one that counts the assignment, if the resource manager shows it. Counts is its scope in there, which is the
	// subscription itself if Scope is above it.
	Subscription string
	Counts       string

	// Condition is the original text, and Limits the parsed condition.
	Condition string
	Limits    *Condition

	Description string
	Created     time.Time
	CreatedBy   string
}

// ID returns the id of the assignment as a resource.
func (a Assignment) ID() string {
	return strings.TrimSuffix(a.Scope, "/") + "/providers/Microsoft.Authorization/roleAssignments/" + a.Name
}

// Same reports whether another assignment gives the same role.
func (a Assignment) Same(other Assignment) bool {
	return a.PrincipalID == other.PrincipalID && a.RoleID == other.RoleID && strings.EqualFold(a.Scope, other.Scope)
}

// Assignments is the table of all role assignments. Its zero value is ready for concurrent use.
type Assignments struct {
	// Definitions are the roles to assign.
	Definitions Definitions

	mu   sync.RWMutex
	byID map[string]Assignment
}

// Get returns the assignment with an id.
func (t *Assignments) Get(id string) (Assignment, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()

	a, ok := t.byID[strings.ToLower(id)]

	return a, ok
}

// Put stores an assignment, or replaces the one with its id.
func (t *Assignments) Put(a Assignment) {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.byID == nil {
		t.byID = map[string]Assignment{}
	}

	t.byID[strings.ToLower(a.ID())] = a
}

// Delete deletes assignments, and reports whether there were any.
func (t *Assignments) Delete(doomed func(Assignment) bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()

	before := len(t.byID)
	maps.DeleteFunc(t.byID, func(_ string, a Assignment) bool { return doomed(a) })

	return len(t.byID) < before
}

// Any reports whether a wanted assignment exists.
func (t *Assignments) Any(wanted func(Assignment) bool) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()

	for _, a := range t.byID {
		if wanted(a) {
			return true
		}
	}

	return false
}

// Select returns the wanted assignments, by id.
func (t *Assignments) Select(wanted func(Assignment) bool) (out []Assignment) {
	t.mu.RLock()
	defer t.mu.RUnlock()

	for _, a := range t.byID {
		if wanted(a) {
			out = append(out, a)
		}
	}

	slices.SortFunc(out, func(a, b Assignment) int { return strings.Compare(strings.ToLower(a.ID()), strings.ToLower(b.ID())) })

	return out
}
