// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	builtIn = "BuiltInRole"
	custom  = "CustomRole"
)

// visible returns the roles of a tenant that can be assigned on a scope, sorted.
func (s *Manager) visible(tenantID, scope string) []role.Definition {
	out := slices.Clone(role.BuiltIn())

	for _, d := range s.Roles.Definitions.All() {
		if d.Tenant == tenantID && d.AssignableOn(scope) {
			out = append(out, d)
		}
	}

	return out
}

// last returns the last segment of an id.
func last(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func definitionID(subscriptionID, roleID string) string {
	id := "/providers/" + typeDefinition + "/" + roleID
	if subscriptionID != "" {
		id = "/subscriptions/" + subscriptionID + id
	}

	return id
}

type definitionProperties struct {
	RoleName         string             `json:"roleName"`
	Type             string             `json:"type"`
	Description      string             `json:"description"`
	AssignableScopes []string           `json:"assignableScopes"`
	Permissions      []role.Permissions `json:"permissions"`
}

type definitionBody struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Properties definitionProperties `json:"properties"`
}

func bodyOf(d role.Definition, subscriptionID string) definitionBody {
	out := definitionBody{
		ID: definitionID(subscriptionID, d.ID), Name: d.ID, Type: typeDefinition,
		Properties: definitionProperties{
			RoleName: d.Name, Type: builtIn, Description: d.Description, AssignableScopes: []string{"/"}, Permissions: []role.Permissions{{
				Actions: list(d.Actions), NotActions: list(d.NotActions), DataActions: list(d.DataActions), NotDataActions: list(d.NotDataActions),
			}},
		},
	}

	if d.Tenant != "" {
		out.Properties.Type, out.Properties.AssignableScopes = custom, d.Scopes
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

// byName is the only supported filter of lists of role definitions.
var byName = regexp.MustCompile(`^roleName eq '([^']*)'$`)

func (c *call) listDefinitions() wire.Answer {
	filter := c.request.URL.Query().Get("$filter")

	match := byName.FindStringSubmatch(filter)
	if filter != "" && match == nil {
		return badFilter(filter)
	}

	found := []any{}

	for _, d := range c.service.visible(c.caller.TenantID, c.scope) {
		if match == nil || strings.EqualFold(d.Name, match[1]) {
			found = append(found, bodyOf(d, c.route.subscription))
		}
	}

	return c.page(found)
}

func badFilter(filter string) wire.Answer {
	return refuse(http.StatusBadRequest, "InvalidFilterInQueryString", "The filter '%s' is not supported.", filter)
}

func definitionNotFound(status int, id string) wire.Answer {
	return refuse(status, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", id)
}

func (c *call) getDefinition() wire.Answer {
	d, ok := c.service.Roles.Definitions.Get(c.name)
	if !ok || d.Tenant != "" && d.Tenant != c.caller.TenantID {
		return definitionNotFound(http.StatusNotFound, c.name)
	}

	return wire.JSON(http.StatusOK, bodyOf(d, c.route.subscription))
}

// putDefinition creates or changes a custom role.
func (c *call) putDefinition() wire.Answer {
	var body definitionBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	p := body.Properties

	wants := role.Definition{ID: strings.ToLower(c.name), Name: p.RoleName, Description: p.Description, Tenant: c.caller.TenantID, Scopes: p.AssignableScopes}
	if len(p.Permissions) == 1 {
		wants.Permissions = p.Permissions[0]
	}

	if answer := c.checkDefinition(wants, p); answer != nil {
		return *answer
	}

	if c.service.Roles.Definitions.Put(wants) {
		c.note(definitionID(c.subscription.ID, wants.ID)).Created++
	} else {
		c.note(definitionID(c.subscription.ID, wants.ID)).Updated++
	}

	return wire.JSON(http.StatusCreated, bodyOf(wants, c.subscription.ID))
}

// checkDefinition returns the rejection of an invalid role.
func (c *call) checkDefinition(wants role.Definition, p definitionProperties) *wire.Answer {
	switch parsed, err := uuid.Parse(c.name); {
	case err != nil || len(c.name) != len(parsed.String()):
		return new(refuse(http.StatusBadRequest, "InvalidRoleDefinitionId", "The role definition ID '%s' is not valid. The role definition ID must be a GUID.", c.name))
	case p.Type != "" && !strings.EqualFold(p.Type, custom):
		return new(refuse(http.StatusBadRequest, "InvalidRoleDefinitionType", "The role definition type '%s' is not valid.", p.Type))
	case wants.Name == "" || len(p.Permissions) != 1 || len(wants.Scopes) == 0:
		return new(badRequest("A custom role needs roleName, assignableScopes and one element of permissions."))
	case !wants.AssignableOn(c.scope):
		return new(badRequest("The scope '%s' is not one of the assignable scopes.", c.scope))
	}

	for _, action := range slices.Concat(wants.DataActions, wants.NotDataActions) {
		if !keyvault.KnowsDataAction(action) {
			return new(refuse(http.StatusBadRequest, "InvalidDataActionOrNotDataAction",
				"'%s' does not match any of the actions supported by the providers.", action))
		}
	}

	taken := func(d role.Definition) bool {
		return strings.EqualFold(d.Name, wants.Name) && (d.Tenant == "" || d.Tenant == wants.Tenant && d.ID != wants.ID)
	}
	if slices.ContainsFunc(slices.Concat(role.BuiltIn(), c.service.Roles.Definitions.All()), taken) {
		return new(refuse(http.StatusConflict, "RoleDefinitionWithSameNameExists",
			"A custom role with the same name already exists in this directory. Use a different name (%s).", wants.Name))
	}

	// The caller needs the permission on all assignable scopes.
	for _, scope := range wants.Scopes {
		if !c.service.allowed(c.caller.PrincipalID, scope, c.question()) {
			return new(refuse(http.StatusForbidden, "LinkedAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform "+
				"action '%s' on scope '%s'; however, it does not have permission to perform action '%s' on the linked scope(s) '%s' or the "+
				"linked scope(s) are invalid.", c.caller.ClientID, c.caller.PrincipalID, c.right(), c.scope, c.right(), scope))
		}
	}

	return nil
}

// assignable finds a role by the resource id of its definition.
func (c *call) assignable(definition string) (role.Definition, *wire.Answer) {
	if strings.Contains(strings.ToLower(definition), "/providers/microsoft.authorization/roledefinitions/") {
		d, ok := c.service.Roles.Definitions.Get(last(definition))
		if ok && d.AssignableOn(c.scope) && (d.Tenant == "" || d.Tenant == c.caller.TenantID) {
			return d, nil
		}
	}

	return role.Definition{}, new(definitionNotFound(http.StatusBadRequest, strings.ReplaceAll(last(definition), "-", "")))
}
