// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/arm/condition"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

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
func (c *call) question() condition.Request {
	const attribute = "Microsoft.Authorization/roleAssignments:"

	q := condition.Request{Action: c.right()}

	if c.typ != typeAssignment {
		return q
	}

	// An invalid body is rejected later.
	var body assignmentBody
	if c.operation == fault.PutRoleAssignment && json.Unmarshal(c.body, &body) == nil {
		q.Set("@Request["+attribute+"RoleDefinitionId]", last(body.Properties.RoleDefinitionID))
		q.Set("@Request["+attribute+"PrincipalId]", body.Properties.PrincipalID)
		q.Set("@Request["+attribute+"PrincipalType]", body.Properties.PrincipalType)
	}

	if known, ok := c.lookupAssignment(); ok {
		q.Set("@Resource["+attribute+"RoleDefinitionId]", known.RoleID)
		q.Set("@Resource["+attribute+"PrincipalId]", known.PrincipalID)
		q.Set("@Resource["+attribute+"PrincipalType]", known.PrincipalType)
	}

	return q
}

// allowed reports whether the roles of a principal and its groups on a scope allow a request.
func (s *Manager) allowed(principalID, scope string, q condition.Request) bool {
	now := s.Now()

	return s.Roles.Any(func(a role.Assignment) bool {
		if !s.has(a, principalID) || now.Before(a.From) || !role.Covers(a.Counts, scope) {
			return false
		}

		definition, _ := s.Roles.Definitions.Get(a.RoleID)

		return definition.Allows(q.Action) && (a.Allows == nil || a.Allows(q))
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
