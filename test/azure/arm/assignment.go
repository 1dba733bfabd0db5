// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	// maxAssignments is the maximum number of role assignments in a subscription.
	maxAssignments = 4000

	servicePrincipal = "ServicePrincipal"

	// conditionVersion is the only version.
	conditionVersion = "2.0"
)

// An assignmentBody is the request for a role assignment.
type assignmentBody struct {
	Properties struct {
		RoleDefinitionID string `json:"roleDefinitionId"`
		PrincipalID      string `json:"principalId"`
		PrincipalType    string `json:"principalType"`
		Description      string `json:"description"`
		Condition        string `json:"condition"`
		ConditionVersion string `json:"conditionVersion"`
	} `json:"properties"`
}

// scopeID returns the id of the request's scope, or a rejection if the scope does not exist.
func (c *call) scopeID() (string, *wire.Answer) {
	for _, typ := range []string{typeVault, typeIdentity} {
		if !strings.Contains(c.scope, "/providers/"+typ+"/") {
			continue
		}

		if v, ok := c.lookupVault(); ok && typ == typeVault {
			return v.ResourceID, nil
		}

		if known := c.lookupIdentity(); known != nil && typ == typeIdentity {
			return known.id, nil
		}

		return "", new(refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", c.scope))
	}

	return c.scope, nil
}

func assignmentJSON(a role.Assignment) object {
	created := a.Created.UTC().Format(time.RFC3339Nano)

	return object{
		"id": a.ID(), "name": a.Name, "type": typeAssignment,
		"properties": object{
			"roleDefinitionId": definitionID(a.Subscription, a.RoleID), "principalId": a.PrincipalID, "principalType": a.PrincipalType,
			"scope": a.Scope, "description": nullable(a.Description),
			"condition": nullable(a.Condition), "conditionVersion": nullable(map[bool]string{true: conditionVersion}[a.Condition != ""]),
			"createdOn": created, "updatedOn": created, "createdBy": a.CreatedBy, "updatedBy": a.CreatedBy, "delegatedManagedIdentityResourceId": nil,
		},
	}
}

// assignment carries out an operation on a role assignment.
func (c *call) assignment() wire.Answer {
	known, ok := c.service.Roles.Get(c.id())

	if c.operation == fault.PutRoleAssignment {
		return c.putAssignment(known, ok)
	}

	return c.readOrDelete(ok, known.ID(), assignmentJSON(known), func() {
		c.service.Roles.Delete(func(a role.Assignment) bool { return a.ID() == known.ID() })
	})
}

// assignedTo is the only supported filter of lists of role assignments: those of a principal and of its groups.
var assignedTo = regexp.MustCompile(`^assignedTo\('([^']*)'\)$`)

// listAssignments lists assignments on the scope, above and below.
func (c *call) listAssignments() wire.Answer {
	filter := c.request.URL.Query().Get("$filter")

	match := assignedTo.FindStringSubmatch(filter)
	if filter != "" && match == nil {
		return badFilter(filter)
	}

	var out []any

	for _, a := range c.service.Roles.Select(func(a role.Assignment) bool {
		return a.Subscription == c.subscription.ID && (role.Covers(c.scope, a.Counts) || role.Covers(a.Counts, c.scope)) &&
			(match == nil || c.service.has(a, match[1]))
	}) {
		out = append(out, assignmentJSON(a))
	}

	if match != nil {
		return c.page(out)
	}

	return c.page(padded(out, c.subscription.Padding.RoleAssignments, func(i int) any {
		return assignmentJSON(role.Assignment{
			Name: strconv.Itoa(i), Scope: c.scope, Subscription: c.subscription.ID, RoleID: role.SecretsUser, PrincipalID: uuid.Nil.String(),
			PrincipalType: servicePrincipal,
		})
	}))
}

// putAssignment creates a role assignment. Only its description and condition can be changed.
func (c *call) putAssignment(known role.Assignment, exists bool) wire.Answer {
	var body assignmentBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	wants, answer := c.wanted(body)
	if answer != nil {
		return *answer
	}

	switch {
	case exists && (known.PrincipalID != wants.PrincipalID || known.RoleID != wants.RoleID):
		return refuse(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted",
			"Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
	case exists && known.Description == wants.Description && known.Condition == wants.Condition:
		return wire.JSON(http.StatusOK, assignmentJSON(known))
	case exists:
		known.Description, known.Condition, known.Limits = wants.Description, wants.Condition, wants.Limits
		wants = known
	default:
		if answer := c.conflict(wants); answer != nil {
			return *answer
		}
	}

	c.service.Roles.Put(wants)

	return c.wrote(!exists, wants.ID(), assignmentJSON(wants))
}

// wanted returns the assignment in the request, or a rejection.
func (c *call) wanted(body assignmentBody) (a role.Assignment, answer *wire.Answer) {
	p := body.Properties
	if parsed, err := uuid.Parse(c.name); err != nil || len(c.name) != len(parsed.String()) {
		return a, new(refuse(http.StatusBadRequest, "InvalidRoleAssignmentId",
			"The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", c.name))
	}

	scope, answer := c.scopeID()
	if answer != nil {
		return a, answer
	}

	definition, answer := c.assignable(p.RoleDefinitionID)
	if answer != nil {
		return a, answer
	}

	principal, err := uuid.Parse(p.PrincipalID)
	if err != nil {
		return a, new(refuse(http.StatusBadRequest, "InvalidPrincipalId",
			"The Principal ID '%s' is not valid. Principal ID must be a GUID.", p.PrincipalID))
	}

	if answer := c.checkPrincipal(principal.String(), p.PrincipalType); answer != nil {
		return a, answer
	}

	a = role.Assignment{
		Name: c.name, Scope: scope, Counts: scope, Subscription: c.subscription.ID, PrincipalID: principal.String(),
		PrincipalType: cmp.Or(p.PrincipalType, servicePrincipal), RoleID: definition.ID, Description: p.Description,
		Created: c.now, From: c.now.Add(c.service.delays.Role), CreatedBy: c.caller.PrincipalID,
	}

	return a, restrict(&a, definition, p.Condition, cmp.Or(p.ConditionVersion, conditionVersion))
}

// restrict restricts an assignment by a condition.
func restrict(a *role.Assignment, definition role.Definition, text, version string) *wire.Answer {
	if text == "" {
		return nil
	}

	limits := role.ParseCondition(text)

	switch {
	case limits == nil || version != conditionVersion:
		return new(refuse(http.StatusBadRequest, "InvalidConditionOrConditionVersion", "The given role assignment condition is invalid."))
	case len(definition.DataActions) > 0:
		return new(badRequest("This stand-in knows no conditions about secrets."))
	}

	a.Condition, a.Limits = text, limits

	return nil
}

// checkPrincipal looks up a principal in the directory. A type in the request makes up for one that is not there yet.
func (c *call) checkPrincipal(principalID, principalType string) *wire.Answer {
	if _, group := c.service.groups[principalID]; group && principalType == "Group" {
		return nil
	}

	known := c.service.Directory.HasPrincipal(c.subscription.TenantID, principalID)

	switch {
	case !known && principalType == "":
		return new(refuse(http.StatusBadRequest, "PrincipalNotFound", "Principal %s does not exist in the directory %s. Check that you have the "+
			"correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to "+
			"a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or "+
			"Group.  See https://aka.ms/docs-principaltype", strings.ReplaceAll(principalID, "-", ""), c.subscription.TenantID))
	case known && principalType != "" && principalType != servicePrincipal:
		return new(refuse(http.StatusBadRequest, "UnmatchedPrincipalType", "The PrincipalId '%s' has type 'ServicePrincipal' , which is different "+
			"from specified PrinciaplType '%s'.", strings.ReplaceAll(principalID, "-", ""), principalType))
	default:
		return nil
	}
}

// conflict returns the rejection of an existing assignment, or of one above the limit.
func (c *call) conflict(wants role.Assignment) *wire.Answer {
	if same := c.service.Roles.Select(wants.Same); len(same) > 0 {
		return new(refuse(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists. The ID of the existing role assignment is %s.",
			strings.ReplaceAll(same[0].Name, "-", "")))
	}

	known := c.service.Roles.Select(func(a role.Assignment) bool { return a.Subscription == c.subscription.ID })
	if len(known)+c.subscription.Padding.RoleAssignments >= maxAssignments {
		return new(badRequest("No more role assignments can be created (code: RoleAssignmentLimitExceeded)."))
	}

	return nil
}

// PutScopedRoleAssignment assigns a role in a subscription. The principal need not exist.
func (s *Manager) PutScopedRoleAssignment(subscriptionID string, wants RoleAssignment) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	fail := func(why string) error {
		return fmt.Errorf("cannot assign role %q in subscription %q: %s", wants.Role, subscriptionID, why)
	}

	sub := s.subscriptions[strings.ToLower(subscriptionID)]
	if sub == nil {
		return fail("there is no such subscription")
	}

	a := wants.assignment(sub.ID)
	visible := s.visible(sub.TenantID, a.Counts)

	i := slices.IndexFunc(visible, func(d role.Definition) bool { return d.Is(wants.Role) })
	if i < 0 {
		return fail("there is no such role")
	}

	a.RoleID, a.Created, a.From = visible[i].ID, s.Now(), s.Now()

	if answer := restrict(&a, visible[i], wants.Condition, conditionVersion); answer != nil {
		return fail(answer.Error)
	}

	s.Roles.Put(a)

	return nil
}

// DeleteScopedRoleAssignment removes an assignment of PutScopedRoleAssignment.
func (s *Manager) DeleteScopedRoleAssignment(subscriptionID string, was RoleAssignment) {
	id := was.assignment(strings.ToLower(subscriptionID)).ID()
	s.Roles.Delete(func(a role.Assignment) bool { return strings.EqualFold(a.ID(), id) })
}

// assignment returns an assignment with a name that is derived from its fields.
func (r RoleAssignment) assignment(subscriptionID string) role.Assignment {
	here := "/subscriptions/" + subscriptionID
	scope := cmp.Or(r.Scope, here)

	a := role.Assignment{
		Name:  uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(scope+" "+r.PrincipalID+" "+r.Role))).String(),
		Scope: scope, Counts: scope, Subscription: subscriptionID, PrincipalID: strings.ToLower(r.PrincipalID), PrincipalType: cmp.Or(r.PrincipalType, servicePrincipal),
	}

	if !role.Covers(here, scope) {
		a.Counts = here
	}

	return a
}

// PutGroup registers a group of the directory with its members. Vaults ignore groups.
func (s *Manager) PutGroup(id string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.groups[strings.ToLower(id)] = slices.Clone(members)
}

func nullable(s string) any {
	if s == "" {
		return nil
	}

	return s
}
