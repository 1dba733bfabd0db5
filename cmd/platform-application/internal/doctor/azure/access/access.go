// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package access evaluates role assignments of Azure by the permissions of their roles. It is pure, and never guesses: a condition that
// it cannot parse is Unknown.
package access

import (
	"slices"
	"strings"
)

// A Truth is a value of Kleene's three-valued logic.
type Truth int8

// Truths, in order: AND is the minimum, OR the maximum.
const (
	No Truth = iota - 1
	Unknown
	Yes
)

func truth(b bool) Truth {
	if b {
		return Yes
	}

	return No
}

// A Request is an action of a principal on a scope.
type Request struct {
	// Scope is the resource id of its object.
	Scope string

	// Action, such as Microsoft.KeyVault/vaults/write.
	Action string

	// Data is true for an action of the data plane.
	Data bool

	// Attributes are the known attributes for conditions, by names in lower case, such as
	// request[microsoft.authorization/roleassignments:principaltype].
	Attributes map[string]string
}

// An Assignment is a role assignment that a request creates or deletes.
type Assignment struct {
	// RoleID is the GUID of the role definition.
	RoleID string

	// PrincipalID and PrincipalType are empty if they are unknown.
	PrincipalID, PrincipalType string
}

func (a Assignment) attributes(of string) map[string]string {
	out := map[string]string{}

	for name, value := range map[string]string{"roledefinitionid": a.RoleID, "principalid": a.PrincipalID, "principaltype": a.PrincipalType} {
		if value != "" {
			out[of+"[microsoft.authorization/roleassignments:"+name+"]"] = value
		}
	}

	return out
}

// Assign returns the request that assigns a role.
func Assign(scope string, a Assignment) Request {
	return Request{Scope: scope, Action: "Microsoft.Authorization/roleAssignments/write", Attributes: a.attributes("request")}
}

// Unassign returns the request that deletes a role assignment.
func Unassign(scope string, a Assignment) Request {
	return Request{Scope: scope, Action: "Microsoft.Authorization/roleAssignments/delete", Attributes: a.attributes("resource")}
}

// A Grant is a role assignment of a principal or of one of its groups, with the permissions of the role.
type Grant struct {
	Condition

	// ID of the assignment.
	ID string

	// Scope of the assignment.
	Scope string

	// Role is the name of the role.
	Role string

	// Permissions of the role. Unreadable means that they are unknown.
	Permissions []Permission
	Unreadable  bool
}

// A Permission is a part of a role.
type Permission struct {
	Condition

	Actions, NotActions, DataActions, NotDataActions []string
}

// Allowed reports whether grants allow a request.
func Allowed(grants []Grant, r Request) Truth {
	out := No
	for _, g := range grants {
		out = max(out, g.Allows(r))
	}

	return out
}

// Allows reports whether a grant allows a request.
func (g Grant) Allows(r Request) Truth {
	switch {
	case !Covers(g.Scope, r.Scope):
		return No
	case g.Unreadable:
		return Unknown
	}

	out := No
	for _, p := range g.Permissions {
		if p.names(r) {
			out = max(out, p.holds(r))
		}
	}

	return min(out, g.holds(r))
}

// Names reports whether the role of a grant names the action of a request. It ignores conditions.
func (g Grant) Names(r Request) bool {
	return Covers(g.Scope, r.Scope) && slices.ContainsFunc(g.Permissions, func(p Permission) bool { return p.names(r) })
}

func (p Permission) names(r Request) bool {
	actions, not := p.Actions, p.NotActions
	if r.Data {
		actions, not = p.DataActions, p.NotDataActions
	}

	match := func(pattern string) bool { return Matches(pattern, r.Action) }

	return slices.ContainsFunc(actions, match) && !slices.ContainsFunc(not, match)
}

// Covers reports whether a role assignment on a scope applies to a resource. Every management group applies, because Azure lists only
// those of the subscription.
func Covers(scope, resource string) bool {
	scope = strings.TrimRight(scope, "/")

	return scope == "" || hasPrefix(scope, "/providers/Microsoft.Management/managementGroups/") || strings.EqualFold(scope, resource) ||
		hasPrefix(resource, scope+"/")
}

func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// Matches reports whether an action matches a pattern of a role, in which an asterisk matches any characters.
func Matches(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)

	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == action
	}

	rest, ok := strings.CutPrefix(action, parts[0])
	if !ok {
		return false
	}

	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}

		rest = rest[i+len(part):]
	}

	return strings.HasSuffix(rest, parts[last])
}
