// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package access evaluates what role assignments of Azure allow, whatever the roles are called. It is pure, and never guesses: what
// it does not understand is Unknown.
package access

import (
	"slices"
	"strings"
)

// A Truth is whether something is allowed, in Kleene's logic of three values.
type Truth int8

// Truths, in their order: the and of two is the lesser, the or of two the greater.
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

// A Request is something that a principal may be allowed to do.
type Request struct {
	// Scope is the resource id of what it is done to.
	Scope string

	// Action, such as Microsoft.KeyVault/vaults/write.
	Action string

	// Data says that it is an action of the data plane.
	Data bool

	// Attributes that conditions ask for and that are known, by names in lower case, such as
	// request[microsoft.authorization/roleassignments:principaltype].
	Attributes map[string]string
}

// An Assignment of a role, as Azure checks it when the role is to be assigned or taken away.
type Assignment struct {
	// RoleID is the GUID of the role's definition.
	RoleID string

	// PrincipalID and PrincipalType of who gets it. Empty if they are not known.
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

// Unassign returns the request that takes a role away.
func Unassign(scope string, a Assignment) Request {
	return Request{Scope: scope, Action: "Microsoft.Authorization/roleAssignments/delete", Attributes: a.attributes("resource")}
}

// A Grant is a role assignment of a principal or of a group that it is in, with what the role permits.
type Grant struct {
	Condition

	// ID of the assignment.
	ID string

	// Scope that it is on.
	Scope string

	// Role is the name of its role.
	Role string

	// Permissions of the role. Unreadable says that they are not known.
	Permissions []Permission
	Unreadable  bool
}

// A Permission of a role.
type Permission struct {
	Condition

	Actions, NotActions, DataActions, NotDataActions []string
}

// Allowed says whether grants allow a request.
func Allowed(grants []Grant, r Request) Truth {
	out := No
	for _, g := range grants {
		out = max(out, g.Allows(r))
	}

	return out
}

// Allows says whether a grant allows a request.
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

// Names says whether a role names a request, whatever its conditions say.
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

// Covers says whether what is assigned on a scope counts for a resource. Azure lists the management groups of a subscription only.
func Covers(scope, resource string) bool {
	scope = strings.TrimRight(scope, "/")

	return scope == "" || hasPrefix(scope, "/providers/Microsoft.Management/managementGroups/") || strings.EqualFold(scope, resource) ||
		hasPrefix(resource, scope+"/")
}

func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// Matches says whether an action matches a pattern of a role, in which an asterisk stands for any characters.
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
