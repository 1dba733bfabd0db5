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

// visible tells whether any role in the subscription suffices: for the subscription itself, and for a built-in role by its id, because the
// Azure providers work with roles on a resource group. Neither was tried against Azure.
func (c *call) visible() bool {
	known, ok := c.service.role(c.name)

	return c.operation == fault.GetSubscription || c.operation == fault.GetRoleDefinition && ok && known.tenant == ""
}

// question for the conditions of role assignments.
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

	if known := c.service.lookupAssignment(c.assignmentID()); known != nil {
		q.Set("@Resource["+attribute+"RoleDefinitionId]", known.role)
		q.Set("@Resource["+attribute+"PrincipalId]", known.principalID)
		q.Set("@Resource["+attribute+"PrincipalType]", known.principalType)
	}

	return q
}

// allowed tells whether the roles of a principal on a scope allow a request.
func (s *Manager) allowed(principalID, scope string, q condition.Request) bool {
	return slices.ContainsFunc(s.held(principalID, scope), func(a *assignment) bool {
		r, ok := s.role(a.role)

		return ok && r.allows(q.Action) && (a.allows == nil || a.allows(q))
	})
}

// held are the role assignments of a principal and its groups on a scope.
func (s *Manager) held(principalID, scope string) []*assignment {
	var out []*assignment

	for id, a := range s.assignments {
		if s.has(a, principalID) && covers(a.counts, scope) && !s.Now().Before(a.from) && s.lookupAssignment(id) != nil {
			out = append(out, a)
		}
	}

	return out
}

// has tells whether an assignment is for a principal or a group of it.
func (s *Manager) has(a *assignment, principalID string) bool {
	return strings.EqualFold(a.principalID, principalID) || slices.ContainsFunc(s.groups[a.principalID], func(member string) bool {
		return strings.EqualFold(member, principalID)
	})
}

// sees tells whether a principal has any role in a subscription.
func (s *Manager) sees(principalID, subscriptionID string) bool {
	for _, a := range s.assignments {
		if s.has(a, principalID) && a.subscription == subscriptionID {
			return true
		}
	}

	return false
}

// listPermissions of the caller. Like Azure, it ignores conditions.
func (c *call) listPermissions() wire.Answer {
	out := []any{}

	for _, a := range c.service.held(c.caller.PrincipalID, c.scope) {
		if r, ok := c.service.role(a.role); ok {
			out = append(out, r.body("").Properties.Permissions[0])
		}
	}

	return c.page(out)
}
