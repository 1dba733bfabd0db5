// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/arm/condition"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	builtIn = "BuiltInRole"
	custom  = "CustomRole"
)

// permissions of a role. In an action, * matches anything.
type permissions struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// A role is a role definition.
type role struct {
	permissions

	ID          string
	Name        string
	Description string

	// tenant and scopes of a custom role. A built-in one can be assigned everywhere.
	tenant string
	scopes []string
}

// allows tells whether the role has an action.
func (r role) allows(action string) bool {
	matches := func(pattern string) bool { return condition.Matches(pattern, action) }

	return slices.ContainsFunc(r.Actions, matches) && !slices.ContainsFunc(r.NotActions, matches)
}

// assignableOn tells whether the role can be assigned on a scope.
func (r role) assignableOn(scope string) bool {
	return r.tenant == "" || slices.ContainsFunc(r.scopes, func(s string) bool { return covers(s, scope) })
}

// covers tells whether a scope contains another or is the same.
func covers(scope, other string) bool {
	return strings.HasPrefix(strings.ToLower(other)+"/", strings.ToLower(strings.TrimSuffix(scope, "/"))+"/")
}

// builtInRoles with their actions in Microsoft's reference, without those about alerts, deployments and support.
func builtInRoles() []role {
	const secrets = "Microsoft.KeyVault/vaults/secrets/"

	vaultReader := []string{
		"Microsoft.KeyVault/checkNameAvailability/read", "Microsoft.KeyVault/deletedVaults/read", "Microsoft.KeyVault/locations/*/read",
		"Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/operations/read",
	}

	return []role{
		{ID: keyvault.Administrator, Name: "Key Vault Administrator", permissions: permissions{Actions: vaultReader, DataActions: []string{"Microsoft.KeyVault/vaults/*"}}},
		{ID: keyvault.Reader, Name: "Key Vault Reader", permissions: permissions{Actions: vaultReader, DataActions: []string{"Microsoft.KeyVault/vaults/*/read", secrets + "readMetadata/action"}}},
		{ID: keyvault.SecretsOfficer, Name: "Key Vault Secrets Officer", permissions: permissions{Actions: vaultReader, DataActions: []string{secrets + "*"}}},
		{ID: keyvault.SecretsUser, Name: "Key Vault Secrets User", permissions: permissions{DataActions: []string{secrets + "getSecret/action", secrets + "readMetadata/action"}}},
		{ID: keyvault.CertificatesOfficer, Name: "Key Vault Certificates Officer", permissions: permissions{Actions: vaultReader, DataActions: []string{"Microsoft.KeyVault/vaults/certificatecas/*", "Microsoft.KeyVault/vaults/certificates/*"}}},
		{ID: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Name: "Owner", permissions: permissions{Actions: []string{"*"}}},
		{ID: "b24988ac-6180-42a0-ab88-20f7382dd24c", Name: "Contributor", permissions: permissions{Actions: []string{"*"}, NotActions: []string{
			"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action",
		}}},
		{ID: "acdd72a7-3385-48ef-bd42-f606fba81ae7", Name: "Reader", permissions: permissions{Actions: []string{"*/read"}}},
		{ID: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", Name: "User Access Administrator", permissions: permissions{Actions: []string{"*/read", "Microsoft.Authorization/*"}}},
		{ID: "f58310d9-a9f6-439a-9e8d-f62e7b41a168", Name: "Role Based Access Control Administrator", permissions: permissions{Actions: []string{
			"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read",
		}}},
		{ID: "f25e0fa2-a7c8-4377-a976-54943a77a395", Name: "Key Vault Contributor", permissions: permissions{
			Actions: []string{"Microsoft.Authorization/*/read", "Microsoft.KeyVault/*", "Microsoft.Resources/subscriptions/resourceGroups/read"},
			NotActions: []string{
				"Microsoft.KeyVault/locations/deletedVaults/purge/action", "Microsoft.KeyVault/hsmPools/*", "Microsoft.KeyVault/managedHsms/*",
			},
		}},
		{ID: "a68e7c17-0ab2-4c09-9a58-125dae29748c", Name: "Key Vault Purge Operator", permissions: permissions{Actions: []string{
			"Microsoft.KeyVault/locations/deletedVaults/read", "Microsoft.KeyVault/locations/deletedVaults/purge/action",
			"Microsoft.Resources/subscriptions/resourceGroups/read",
		}}},
		{ID: "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", Name: "Managed Identity Contributor", permissions: permissions{Actions: []string{
			"Microsoft.ManagedIdentity/userAssignedIdentities/read", "Microsoft.ManagedIdentity/userAssignedIdentities/write",
			"Microsoft.ManagedIdentity/userAssignedIdentities/delete", "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
			"Microsoft.ManagedIdentity/userAssignedIdentities/*/write", "Microsoft.ManagedIdentity/userAssignedIdentities/*/delete",
			"Microsoft.Authorization/*/read", "Microsoft.Resources/subscriptions/resourceGroups/read",
		}}},
		{ID: "f1a07417-d97a-45cb-824c-7a7467783830", Name: "Managed Identity Operator", permissions: permissions{Actions: []string{
			"Microsoft.ManagedIdentity/userAssignedIdentities/*/read", "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
			"Microsoft.Authorization/*/read", "Microsoft.Resources/subscriptions/resourceGroups/read",
		}}},
	}
}

// visible roles: those of a tenant that can be assigned on a scope, in order.
func (s *Manager) visible(tenantID, scope string) []role {
	out := builtInRoles()

	for _, id := range slices.Sorted(maps.Keys(s.roles)) {
		if r := s.roles[id]; r.tenant == tenantID && r.assignableOn(scope) {
			out = append(out, r)
		}
	}

	return out
}

// role finds one by its id, wherever it can be assigned.
func (s *Manager) role(id string) (role, bool) {
	if r, ok := s.roles[strings.ToLower(id)]; ok {
		return r, true
	}

	all := builtInRoles()

	i := slices.IndexFunc(all, func(r role) bool { return strings.EqualFold(r.ID, id) })
	if i < 0 {
		return role{}, false
	}

	return all[i], true
}

// named finds a role by its name or id among those that can be assigned on a scope.
func (s *Manager) named(tenantID, scope, name string) (role, bool) {
	for _, r := range s.visible(tenantID, scope) {
		if strings.EqualFold(r.Name, name) || strings.EqualFold(r.ID, last(name)) {
			return r, true
		}
	}

	return role{}, false
}

// last segment of an id.
func last(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func definitionID(subscriptionID, roleID string) string {
	id := "/providers/" + typeDefinition + "/" + roleID
	if subscriptionID != "" {
		id = "/subscriptions/" + subscriptionID + id
	}

	return id
}

type definitionProperties struct {
	RoleName         string        `json:"roleName"`
	Type             string        `json:"type"`
	Description      string        `json:"description"`
	AssignableScopes []string      `json:"assignableScopes"`
	Permissions      []permissions `json:"permissions"`
}

type definitionBody struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Properties definitionProperties `json:"properties"`
}

func (r role) body(subscriptionID string) definitionBody {
	out := definitionBody{
		ID: definitionID(subscriptionID, r.ID), Name: r.ID, Type: typeDefinition,
		Properties: definitionProperties{
			RoleName: r.Name, Type: builtIn, Description: r.Description, AssignableScopes: []string{"/"}, Permissions: []permissions{{
				Actions: list(r.Actions), NotActions: list(r.NotActions), DataActions: list(r.DataActions), NotDataActions: list(r.NotDataActions),
			}},
		},
	}

	if r.tenant != "" {
		out.Properties.Type, out.Properties.AssignableScopes = custom, r.scopes
	}

	return out
}

// list is never null.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}

	return values
}

// byName is the one filter that lists of role definitions have here.
var byName = regexp.MustCompile(`^roleName eq '([^']*)'$`)

func (c *call) listDefinitions() wire.Answer {
	filter := c.request.URL.Query().Get("$filter")

	match := byName.FindStringSubmatch(filter)
	if filter != "" && match == nil {
		return badFilter(filter)
	}

	found := []any{}

	for _, r := range c.service.visible(c.caller.TenantID, c.scope) {
		if match == nil || strings.EqualFold(r.Name, match[1]) {
			found = append(found, r.body(c.route.subscription))
		}
	}

	return c.page(found)
}

func badFilter(filter string) wire.Answer {
	return refuse(http.StatusBadRequest, "InvalidFilterInQueryString", "The filter '%s' is not supported.", filter)
}

func definitionNotFound(id string) wire.Answer {
	return refuse(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", id)
}

func (c *call) getDefinition() wire.Answer {
	r, ok := c.service.role(c.name)
	if !ok || r.tenant != "" && r.tenant != c.caller.TenantID {
		return definitionNotFound(c.name)
	}

	return wire.JSON(http.StatusOK, r.body(c.route.subscription))
}

// putDefinition creates or changes a custom role.
func (c *call) putDefinition() wire.Answer {
	var body definitionBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	wants := role{
		ID: strings.ToLower(c.name), Name: body.Properties.RoleName, Description: body.Properties.Description, tenant: c.caller.TenantID,
		scopes: body.Properties.AssignableScopes,
	}
	if len(body.Properties.Permissions) == 1 {
		wants.permissions = body.Properties.Permissions[0]
	}

	if answer := c.checkDefinition(wants, body.Properties); answer != nil {
		return *answer
	}

	_, known := c.service.roles[wants.ID]
	c.service.roles[wants.ID] = wants
	c.note(map[bool]string{true: ActionUpdated, false: ActionCreated}[known], definitionID(c.subscription.ID, wants.ID))

	return wire.JSON(http.StatusCreated, wants.body(c.subscription.ID))
}

// checkDefinition is the refusal of an invalid role.
func (c *call) checkDefinition(wants role, p definitionProperties) *wire.Answer {
	switch parsed, err := uuid.Parse(c.name); {
	case err != nil || len(c.name) != len(parsed.String()):
		return new(refuse(http.StatusBadRequest, "InvalidRoleDefinitionId", "The role definition ID '%s' is not valid. The role definition ID must be a GUID.", c.name))
	case p.Type != "" && !strings.EqualFold(p.Type, custom):
		return new(refuse(http.StatusBadRequest, "InvalidRoleDefinitionType", "The role definition type '%s' is not valid.", p.Type))
	case wants.Name == "" || len(p.Permissions) != 1 || len(wants.scopes) == 0:
		return new(badRequest("A custom role needs roleName, assignableScopes and one element of permissions."))
	case len(wants.DataActions) > 0:
		return new(badRequest("This stand-in knows no data actions of custom roles."))
	case !wants.assignableOn(c.scope):
		return new(badRequest("The scope '%s' is not one of the assignable scopes.", c.scope))
	}

	for _, r := range c.service.roles {
		if r.tenant == wants.tenant && r.ID != wants.ID && strings.EqualFold(r.Name, wants.Name) {
			return new(sameName(wants.Name))
		}
	}

	if slices.ContainsFunc(builtInRoles(), func(r role) bool { return r.ID == wants.ID || strings.EqualFold(r.Name, wants.Name) }) {
		return new(sameName(wants.Name))
	}

	// The caller needs the permission on all assignable scopes.
	for _, scope := range wants.scopes {
		if !c.service.allowed(c.caller.PrincipalID, scope, c.question()) {
			return new(refuse(http.StatusForbidden, "LinkedAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform "+
				"action '%s' on scope '%s'; however, it does not have permission to perform action '%s' on the linked scope(s) '%s' or the "+
				"linked scope(s) are invalid.", c.caller.ClientID, c.caller.PrincipalID, c.right(), c.scope, c.right(), scope))
		}
	}

	return nil
}

func sameName(name string) wire.Answer {
	return refuse(http.StatusConflict, "RoleDefinitionWithSameNameExists",
		"A custom role with the same name already exists in this directory. Use a different name (%s).", name)
}

func (c *call) deleteDefinition() wire.Answer {
	known, ok := c.service.roles[strings.ToLower(c.name)]
	if !ok || known.tenant != c.caller.TenantID {
		return wire.Answer{Status: http.StatusNoContent}
	}

	for id := range maps.Clone(c.service.assignments) {
		if a := c.service.lookupAssignment(id); a != nil && a.role == known.ID {
			return refuse(http.StatusBadRequest, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).")
		}
	}

	delete(c.service.roles, known.ID)
	c.note(ActionDeleted, definitionID(c.subscription.ID, known.ID))

	return wire.JSON(http.StatusOK, known.body(c.subscription.ID))
}

// assignable finds a role by the resource id of its definition.
func (c *call) assignable(definition string) (role, *wire.Answer) {
	if strings.Contains(strings.ToLower(definition), "/providers/microsoft.authorization/roledefinitions/") {
		r, ok := c.service.role(last(definition))
		if ok && r.assignableOn(c.scope) && (r.tenant == "" || r.tenant == c.caller.TenantID) {
			return r, nil
		}
	}

	return role{}, new(refuse(http.StatusBadRequest, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.",
		strings.ReplaceAll(last(definition), "-", "")))
}
