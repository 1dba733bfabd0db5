// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
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

// A definitionBody is a role on the wire.
type definitionBody struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Properties struct {
		RoleName         string             `json:"roleName"`
		Type             string             `json:"type"`
		Description      string             `json:"description"`
		AssignableScopes []string           `json:"assignableScopes"`
		Permissions      []role.Permissions `json:"permissions"`
	} `json:"properties"`
}

func bodyOf(d role.Definition, subscriptionID string) definitionBody {
	out := definitionBody{ID: definitionID(subscriptionID, d.ID), Name: d.ID, Type: typeDefinition}
	p := &out.Properties
	p.RoleName, p.Type, p.Description, p.AssignableScopes, p.Permissions = d.Name, "BuiltInRole", d.Description, []string{"/"}, []role.Permissions{d.Permissions}

	if d.Tenant != "" {
		p.Type, p.AssignableScopes = "CustomRole", d.Scopes
	}

	return out
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

	if _, err := uuid.Parse(c.name); err != nil || wants.Name == "" || len(p.Permissions) != 1 || !wants.AssignableOn(c.scope) {
		return badRequest("A custom role needs a GUID, roleName, one element of permissions, and assignableScopes with '%s'.", c.scope)
	}

	return c.wrote(c.service.Roles.Definitions.Put(wants), definitionID(c.subscription.ID, wants.ID), bodyOf(wants, c.subscription.ID))
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

// authorize rejects a caller whose roles do not allow the request.
func (c *call) authorize() *wire.Answer {
	if c.visible() && c.service.sees(c.caller.PrincipalID, c.subscription.ID) {
		return nil
	}

	q := c.question()
	if c.service.allowed(c.caller.PrincipalID, c.scope, q) {
		return nil
	}

	return new(refuse(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform "+
		"action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.",
		c.caller.ClientID, c.caller.PrincipalID, q.Action, strings.TrimSuffix(c.request.URL.Path, "/")))
}

// visible reports whether any role in the subscription suffices: for the subscription itself, and for a built-in role by its id, because
// the Azure providers work with roles on a resource group. Neither was tested with Azure.
func (c *call) visible() bool {
	known, ok := c.service.Roles.Definitions.Get(c.name)

	return c.operation == fault.GetSubscription || c.operation == fault.GetRoleDefinition && ok && known.Tenant == ""
}

// question returns the request for the conditions of role assignments.
func (c *call) question() role.Question {
	q := role.Question{Action: c.right()}

	if c.typ != typeAssignment {
		return q
	}

	// An invalid body is rejected later.
	var body assignmentBody
	if c.operation == fault.PutRoleAssignment && json.Unmarshal(c.body, &body) == nil {
		q.Requested = last(body.Properties.RoleDefinitionID)
	}

	if known, ok := c.service.Roles.Get(c.id()); ok {
		q.Existing = known.RoleID
	}

	return q
}

// allowed reports whether the roles of a principal and its groups on a scope allow a request.
func (s *Manager) allowed(principalID, scope string, q role.Question) bool {
	now := s.Now()

	return s.Roles.Any(func(a role.Assignment) bool {
		if !s.has(a, principalID) || now.Before(a.From) || !role.Covers(a.Counts, scope) {
			return false
		}

		definition, _ := s.Roles.Definitions.Get(a.RoleID)

		return definition.Allows(q.Action) && a.Limits.Allows(q)
	})
}

// has reports whether an assignment is for a principal or a group of it.
func (s *Manager) has(a role.Assignment, principalID string) bool {
	return strings.EqualFold(a.PrincipalID, principalID) || slices.ContainsFunc(s.groups[a.PrincipalID], func(member string) bool {
		return strings.EqualFold(member, principalID)
	})
}

// sees reports whether a principal has any role in a subscription.
func (s *Manager) sees(principalID, subscriptionID string) bool {
	return s.Roles.Any(func(a role.Assignment) bool { return a.Subscription == subscriptionID && s.has(a, principalID) })
}
