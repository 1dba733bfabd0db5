// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/arm/condition"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	// maxAssignments is how many role assignments a subscription may have.
	maxAssignments = 4000

	servicePrincipal = "ServicePrincipal"

	// conditionVersion is the one that there is.
	conditionVersion = "2.0"
)

// An assignment is a role assignment on a scope.
type assignment struct {
	id            string
	name          string
	scope         string
	subscription  string
	principalID   string
	principalType string
	role          string
	condition     string
	description   string
	created       time.Time
	createdBy     string

	// counts is the scope within the subscription: the subscription itself if the scope is above it.
	counts string

	// allows is the condition, if any. The assignment takes effect at from.
	allows condition.Condition
	from   time.Time

	// vault that enforces the assignment, if any.
	vault string
}

type assignmentProperties struct {
	RoleDefinitionID string  `json:"roleDefinitionId"`
	PrincipalID      string  `json:"principalId"`
	PrincipalType    string  `json:"principalType"`
	Description      *string `json:"description"`
	Condition        *string `json:"condition"`
	ConditionVersion *string `json:"conditionVersion"`

	DelegatedManagedIdentityResourceID *string `json:"delegatedManagedIdentityResourceId"`

	// Read only.
	Scope string `json:"scope"`
}

type assignmentBody struct {
	Properties assignmentProperties `json:"properties"`

	// Read only.
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// scopeID is the id of the scope of the request, or a refusal if the scope does not exist.
func (c *call) scopeID() (string, *wire.Answer) {
	typ, name := resourceOf(c.scope)

	switch {
	case typ == typeVault:
		v, ok := c.service.Vaults.Lookup(name)
		if !ok || !v.DeletedAt.IsZero() || !strings.EqualFold(v.ResourceID, c.resourceID(typeVault, name)) {
			return "", new(notFound(typeVault, name, c.group.Name))
		}

		return v.ResourceID, nil
	case typ == typeIdentity:
		known := c.service.identities[strings.ToLower(c.resourceID(typeIdentity, name))]
		if known == nil {
			return "", new(notFound(typeIdentity, name, c.group.Name))
		}

		return known.id, nil
	case c.group != nil:
		return c.groupID(), nil
	default:
		return "/subscriptions/" + c.subscription.ID, nil
	}
}

// lookupAssignment returns an assignment by its id. It is gone if its vault does not have it any more.
func (s *Manager) lookupAssignment(id string) *assignment {
	key := strings.ToLower(id)

	known := s.assignments[key]
	if known == nil || known.vault == "" {
		return known
	}

	state, ok := s.Vaults.Lookup(known.vault)
	if ok && state.DeletedAt.IsZero() {
		list, err := s.Vaults.RoleAssignments(known.vault)
		if err == nil && slices.ContainsFunc(list, func(a keyvault.RoleAssignment) bool { return a.ID == known.name }) {
			return known
		}
	}

	delete(s.assignments, key)

	return nil
}

func (a *assignment) json() map[string]any {
	return map[string]any{
		"id": a.id, "name": a.name, "type": typeAssignment,
		"properties": map[string]any{
			"roleDefinitionId": definitionID(a.subscription, a.role), "principalId": a.principalID, "principalType": a.principalType,
			"scope": a.scope, "description": nullable(a.description),
			"condition": nullable(a.condition), "conditionVersion": nullable(map[bool]string{true: conditionVersion}[a.condition != ""]),
			"createdOn": a.created.UTC().Format(time.RFC3339Nano), "updatedOn": a.created.UTC().Format(time.RFC3339Nano),
			"createdBy": a.createdBy, "updatedBy": a.createdBy, "delegatedManagedIdentityResourceId": nil,
		},
	}
}

func (c *call) assignmentNotFound() wire.Answer {
	return refuse(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", c.name)
}

func (c *call) assignmentID() string { return c.scope + "/providers/" + typeAssignment + "/" + c.name }

func (c *call) getAssignment() wire.Answer {
	known := c.service.lookupAssignment(c.assignmentID())
	if known == nil {
		return c.assignmentNotFound()
	}

	return wire.JSON(http.StatusOK, known.json())
}

// ofPrincipal is a filter of lists of role assignments: those of a principal, or those that are assigned to it by a group, too.
var ofPrincipal = regexp.MustCompile(`^(?:(assignedTo)\('([^']*)'\)|principalId eq '?([-0-9a-fA-F]*)'?)$`)

// listAssignments on the scope, above and below.
func (c *call) listAssignments() wire.Answer {
	var (
		out   []any
		wants = func(*assignment) bool { return true }
	)

	if filter := c.request.URL.Query().Get("$filter"); filter != "" {
		for term := range strings.SplitSeq(filter, " and ") {
			match, others := ofPrincipal.FindStringSubmatch(term), wants

			switch {
			case term == "atScope()":
				wants = func(a *assignment) bool { return others(a) && covers(a.counts, c.scope) }
			case match == nil:
				return badFilter(filter)
			case match[1] != "":
				wants = func(a *assignment) bool { return others(a) && c.service.has(a, match[2]) }
			default:
				wants = func(a *assignment) bool { return others(a) && strings.EqualFold(a.principalID, match[3]) }
			}
		}
	}

	for _, id := range slices.Sorted(maps.Keys(c.service.assignments)) {
		known := c.service.lookupAssignment(id)
		if known != nil && known.subscription == c.subscription.ID && (covers(c.scope, known.counts) || covers(known.counts, c.scope)) && wants(known) {
			out = append(out, known.json())
		}
	}

	padding := c.subscription.Padding.RoleAssignments
	if c.request.URL.Query().Get("$filter") != "" {
		padding = 0 // They have no principal.
	}

	return c.page(padded(out, padding, func(i int) any {
		return (&assignment{
			name: strconv.Itoa(i), id: c.scope + "/providers/" + typeAssignment + "/" + strconv.Itoa(i), scope: c.scope,
			subscription: c.subscription.ID, role: keyvault.SecretsUser, principalID: uuid.Nil.String(), principalType: servicePrincipal,
		}).json()
	}))
}

// putAssignment creates a role assignment. There is nothing to change about one but its description.
func (c *call) putAssignment() wire.Answer {
	var body assignmentBody
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	wants, answer := c.assignment(body.Properties)
	if answer != nil {
		return *answer
	}

	if known := c.service.lookupAssignment(wants.id); known != nil {
		if known.principalID != wants.principalID || known.role != wants.role {
			return refuse(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted",
				"Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
		}

		if known.description != wants.description || known.condition != wants.condition {
			known.description, known.condition, known.allows = wants.description, wants.condition, wants.allows
			c.note(ActionUpdated, known.id)
		}

		return wire.JSON(http.StatusOK, known.json())
	}

	if answer := c.conflict(wants); answer != nil {
		return *answer
	}

	if answer := c.service.add(wants); answer != nil {
		return *answer
	}

	c.note(ActionCreated, wants.id)

	return wire.JSON(http.StatusCreated, wants.json())
}

// assignment that the request describes, or a refusal.
func (c *call) assignment(p assignmentProperties) (*assignment, *wire.Answer) {
	if parsed, err := uuid.Parse(c.name); err != nil || len(c.name) != len(parsed.String()) {
		return nil, new(refuse(http.StatusBadRequest, "InvalidRoleAssignmentId",
			"The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", c.name))
	}

	scope, answer := c.scopeID()
	if answer != nil {
		return nil, answer
	}

	role, answer := c.assignable(p.RoleDefinitionID)
	if answer != nil {
		return nil, answer
	}

	principal, err := uuid.Parse(p.PrincipalID)
	if err != nil {
		return nil, new(refuse(http.StatusBadRequest, "InvalidPrincipalId",
			"The Principal ID '%s' is not valid. Principal ID must be a GUID.", p.PrincipalID))
	}

	if answer := c.checkPrincipal(principal.String(), p.PrincipalType); answer != nil {
		return nil, answer
	}

	a := &assignment{
		id: scope + "/providers/" + typeAssignment + "/" + c.name, name: c.name, scope: scope, counts: scope, subscription: c.subscription.ID,
		principalID: principal.String(), principalType: cmp.Or(p.PrincipalType, servicePrincipal), role: role.ID,
		created: c.now, from: c.now.Add(c.service.delays.Role), createdBy: c.caller.PrincipalID,
	}

	if p.Description != nil {
		a.description = *p.Description
	}

	return a, a.restrict(p.Condition, p.ConditionVersion)
}

// restrict an assignment by a condition.
func (a *assignment) restrict(text, version *string) *wire.Answer {
	if text == nil || *text == "" {
		return nil
	}

	allows, err := condition.Parse(*text)

	switch {
	case err != nil || version != nil && *version != conditionVersion:
		return new(refuse(http.StatusBadRequest, "InvalidConditionOrConditionVersion", "The given role assignment condition is invalid."))
	case keyvault.Knows(a.role):
		return new(badRequest("This stand-in knows no conditions about secrets."))
	}

	a.condition, a.allows = *text, allows

	return nil
}

// checkPrincipal looks a principal up in the directory, which does not know a new one yet. A type in the request makes up for that.
func (c *call) checkPrincipal(principalID, principalType string) *wire.Answer {
	if principalType != "" && !slices.Contains([]string{"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"}, principalType) {
		return new(refuse(http.StatusBadRequest, "InvalidPrincipalType", "The principal type '%s' is not valid.", principalType))
	}

	if _, group := c.service.groups[principalID]; group && principalType == "Group" {
		return nil
	}

	known := c.service.Directory.HasPrincipal(c.subscription.TenantID, principalID)

	for _, i := range c.service.identities {
		if i.principalID == principalID && c.now.Before(i.created.Add(c.service.delays.Principal)) {
			known = false
		}
	}

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

// conflict is the refusal of an assignment that exists, or of one too many.
func (c *call) conflict(wants *assignment) *wire.Answer {
	n := c.subscription.Padding.RoleAssignments

	for id, other := range maps.Clone(c.service.assignments) {
		if other.subscription != wants.subscription {
			continue
		}

		n++

		same := other.principalID == wants.principalID && other.role == wants.role && strings.EqualFold(other.scope, wants.scope)
		if same && c.service.lookupAssignment(id) != nil {
			return new(assignmentExists(other.name))
		}
	}

	if n >= maxAssignments {
		return new(badRequest("No more role assignments can be created (code: RoleAssignmentLimitExceeded)."))
	}

	return nil
}

func assignmentExists(name string) wire.Answer {
	return refuse(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists. The ID of the existing role assignment is %s.",
		strings.ReplaceAll(name, "-", ""))
}

// add an assignment, and enforce it in vaults if its role has data actions on secrets.
func (s *Manager) add(a *assignment) *wire.Answer {
	if keyvault.Knows(a.role) {
		if answer := s.enforce(a); answer != nil {
			return answer
		}
	}

	s.assignments[strings.ToLower(a.id)] = a

	return nil
}

func (s *Manager) enforce(a *assignment) *wire.Answer {
	given := keyvault.RoleAssignment{ID: a.name, PrincipalID: a.principalID, Role: a.role, Delay: s.delays.Role}

	switch typ, name := resourceOf(a.counts); typ {
	case typeVault:
		others, err := s.Vaults.RoleAssignments(name)
		if err != nil {
			return new(notFound(typeVault, name, ""))
		}

		for _, other := range others {
			if known, ok := s.named("", a.counts, other.Role); ok && known.ID == a.role && other.PrincipalID == a.principalID && other.ID != a.name {
				return new(assignmentExists(other.ID))
			}
		}

		if err := s.Vaults.PutRoleAssignment(name, given); err != nil {
			return new(badRequest("%s", err))
		}

		a.vault = name
	case typeIdentity, typeCluster:
	default:
		if err := s.Vaults.Inherit(a.counts, given); err != nil {
			return new(badRequest("%s", err))
		}
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

	r, ok := s.named(sub.TenantID, a.counts, wants.Role)
	if !ok {
		return fail("there is no such role")
	}

	a.role, a.created, a.from = r.ID, s.Now(), s.Now()

	if answer := a.restrict(&wants.Condition, nil); answer != nil {
		return fail(answer.Error)
	}

	if answer := s.add(a); answer != nil {
		return fail(answer.Error)
	}

	return nil
}

// DeleteScopedRoleAssignment removes an assignment of PutScopedRoleAssignment, and tells whether there was one.
func (s *Manager) DeleteScopedRoleAssignment(subscriptionID string, was RoleAssignment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	known := s.lookupAssignment(was.assignment(strings.ToLower(subscriptionID)).id)
	if known != nil {
		_ = s.remove(known)
	}

	return known != nil
}

// assignment with a name that is derived from its fields.
func (r RoleAssignment) assignment(subscriptionID string) *assignment {
	here := "/subscriptions/" + subscriptionID
	scope := cmp.Or(r.Scope, here)
	name := uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(scope+" "+r.PrincipalID+" "+r.Role))).String()

	a := &assignment{
		id: strings.TrimSuffix(scope, "/") + "/providers/" + typeAssignment + "/" + name, name: name, scope: scope, counts: scope, subscription: subscriptionID,
		principalID: strings.ToLower(r.PrincipalID), principalType: cmp.Or(r.PrincipalType, servicePrincipal),
	}

	if !covers(here, scope) {
		a.counts = here
	}

	return a
}

// registered is an assignment as it can be registered.
func (a *assignment) registered(s *Manager) RoleAssignment {
	r, _ := s.role(a.role)

	return RoleAssignment{Scope: a.scope, PrincipalID: a.principalID, PrincipalType: a.principalType, Role: r.Name, Condition: a.condition}
}

// PutGroup registers a group of the directory with its members. Vaults do not know groups.
func (s *Manager) PutGroup(id string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.groups[strings.ToLower(id)] = slices.Clone(members)
}

func (c *call) deleteAssignment() wire.Answer {
	known := c.service.lookupAssignment(c.assignmentID())
	if known == nil {
		return wire.Answer{Status: http.StatusNoContent}
	}

	if err := c.service.remove(known); err != nil {
		return badRequest("%s", err)
	}

	c.note(ActionDeleted, known.id)

	return wire.JSON(http.StatusOK, known.json())
}

func (s *Manager) remove(known *assignment) error {
	if known.vault != "" {
		if err := s.Vaults.DeleteRoleAssignment(known.vault, known.name); err != nil {
			return err
		}
	}

	s.Vaults.Disinherit(known.counts, known.name)
	delete(s.assignments, strings.ToLower(known.id))

	return nil
}

func nullable(s string) any {
	if s == "" {
		return nil
	}

	return s
}
