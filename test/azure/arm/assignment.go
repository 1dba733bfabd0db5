package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// maxAssignments is how many role assignments a subscription may have.
const maxAssignments = 4000

// An assignment is a role assignment on a scope.
type assignment struct {
	id            string
	name          string
	scope         string
	subscription  string
	principalID   string
	principalType string
	role          string
	description   string
	created       time.Time
	createdBy     string

	// vault is the one that it is on, if it is on one and says anything about secrets.
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

// scopeID is the id of what the request assigns a role on, or an answer if that does not exist.
func (c *call) scopeID() (string, *wire.Answer) {
	r, _ := parseScope(segments(c.scope))

	switch {
	case r.typ == typeVault:
		v, ok := c.service.Vaults.Lookup(r.name)
		if !ok || !v.DeletedAt.IsZero() || !strings.EqualFold(v.ResourceID, c.resourceID(typeVault, r.name)) {
			return "", new(notFound(typeVault, r.name, c.group.Name))
		}

		return v.ResourceID, nil
	case r.typ == typeIdentity:
		known := c.service.identities[strings.ToLower(c.resourceID(typeIdentity, r.name))]
		if known == nil {
			return "", new(notFound(typeIdentity, r.name, c.group.Name))
		}

		return known.id, nil
	case c.group != nil:
		return c.groupID(), nil
	default:
		return "/subscriptions/" + c.subscription.ID, nil
	}
}

// lookupAssignment returns an assignment by its id. One that a vault does not have any more is gone.
func (s *Service) lookupAssignment(id string) *assignment {
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
			"scope": a.scope, "description": nullable(a.description), "condition": nil, "conditionVersion": nil,
			"createdOn": a.created.UTC().Format(time.RFC3339Nano), "updatedOn": a.created.UTC().Format(time.RFC3339Nano),
			"createdBy": a.createdBy, "updatedBy": a.createdBy, "delegatedManagedIdentityResourceId": nil,
		},
	}
}

func (c *call) assignmentNotFound() wire.Answer {
	return refuse(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", c.name)
}

func (c *call) getAssignment() wire.Answer {
	known := c.service.lookupAssignment(c.scope + "/providers/" + typeAssignment + "/" + c.name)
	if known == nil {
		return c.assignmentNotFound()
	}

	return wire.JSON(http.StatusOK, known.json())
}

// listAssignments lists those on the scope and below.
func (c *call) listAssignments() wire.Answer {
	list := []any{}

	for _, id := range slices.Sorted(maps.Keys(c.service.assignments)) {
		known := c.service.lookupAssignment(id)
		if known != nil && strings.HasPrefix(strings.ToLower(known.scope)+"/", strings.ToLower(c.scope)+"/") {
			list = append(list, known.json())
		}
	}

	return wire.JSON(http.StatusOK, map[string]any{"value": list})
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

		if known.description != wants.description {
			known.description = wants.description
			c.note(ActionUpdated, known.id)
		}

		return wire.JSON(http.StatusOK, known.json())
	}

	if answer := c.conflict(wants); answer != nil {
		return *answer
	}

	if answer := c.enforce(wants); answer != nil {
		return *answer
	}

	c.service.assignments[strings.ToLower(wants.id)] = wants
	c.note(ActionCreated, wants.id)

	return wire.JSON(http.StatusCreated, wants.json())
}

// assignment is what the request asks for, or why that cannot be.
func (c *call) assignment(p assignmentProperties) (*assignment, *wire.Answer) {
	if parsed, err := uuid.Parse(c.name); err != nil || len(c.name) != len(parsed.String()) {
		return nil, new(refuse(http.StatusBadRequest, "InvalidRoleAssignmentId",
			"The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", c.name))
	}

	scope, answer := c.scopeID()
	if answer != nil {
		return nil, answer
	}

	role, ok := roleByID(p.RoleDefinitionID)
	if !ok {
		return nil, new(refuse(http.StatusBadRequest, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.",
			strings.ReplaceAll(p.RoleDefinitionID[strings.LastIndexByte(p.RoleDefinitionID, '/')+1:], "-", "")))
	}

	principal, err := uuid.Parse(p.PrincipalID)
	if err != nil {
		return nil, new(refuse(http.StatusBadRequest, "InvalidPrincipalId",
			"The Principal ID '%s' is not valid. Principal ID must be a GUID.", p.PrincipalID))
	}

	if p.Condition != nil && *p.Condition != "" {
		return nil, new(badRequest("This stand-in knows no conditions."))
	}

	if answer := c.checkPrincipal(principal.String(), p.PrincipalType); answer != nil {
		return nil, answer
	}

	a := &assignment{
		id: scope + "/providers/" + typeAssignment + "/" + c.name, name: c.name, scope: scope, subscription: c.subscription.ID,
		principalID: principal.String(), principalType: p.PrincipalType, role: role.ID, created: c.now, createdBy: c.caller.PrincipalID,
	}

	if a.principalType == "" {
		a.principalType = "ServicePrincipal"
	}

	if p.Description != nil {
		a.description = *p.Description
	}

	return a, nil
}

// checkPrincipal looks a principal up in the directory, which does not know a new one yet. Who says which type it is of is believed
// until the directory knows better.
func (c *call) checkPrincipal(principalID, principalType string) *wire.Answer {
	if principalType != "" && !slices.Contains([]string{"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"}, principalType) {
		return new(refuse(http.StatusBadRequest, "InvalidPrincipalType", "The principal type '%s' is not valid.", principalType))
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
	case known && principalType != "" && principalType != "ServicePrincipal":
		return new(refuse(http.StatusBadRequest, "UnmatchedPrincipalType", "The PrincipalId '%s' has type 'ServicePrincipal' , which is different "+
			"from specified PrinciaplType '%s'.", strings.ReplaceAll(principalID, "-", ""), principalType))
	default:
		return nil
	}
}

// conflict says which assignment there is already in place of the one that is asked for.
func (c *call) conflict(wants *assignment) *wire.Answer {
	n := 0

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

// enforce has the vaults heed an assignment that says anything about secrets.
func (c *call) enforce(a *assignment) *wire.Answer {
	if !keyvault.Knows(a.role) {
		return nil
	}

	given := keyvault.RoleAssignment{ID: a.name, PrincipalID: a.principalID, Role: a.role, Delay: c.service.delays.Role}

	switch r, _ := parseScope(segments(a.scope)); r.typ {
	case typeVault:
		list, err := c.service.Vaults.RoleAssignments(r.name)
		if err != nil {
			return new(notFound(typeVault, r.name, r.group))
		}

		for _, other := range list {
			if other.PrincipalID == a.principalID && roleOf(other.Role) == a.role {
				return new(assignmentExists(other.ID))
			}
		}

		if err := c.service.Vaults.PutRoleAssignment(r.name, given); err != nil {
			return new(badRequest("%s", err))
		}

		a.vault = r.name
	case typeIdentity:
	default:
		if err := c.service.Vaults.PutScopedRoleAssignment(a.scope, given); err != nil {
			return new(badRequest("%s", err))
		}
	}

	return nil
}

func (c *call) deleteAssignment() wire.Answer {
	known := c.service.lookupAssignment(c.scope + "/providers/" + typeAssignment + "/" + c.name)
	if known == nil {
		return wire.Answer{Status: http.StatusNoContent}
	}

	if known.vault != "" {
		if err := c.service.Vaults.DeleteRoleAssignment(known.vault, known.name); err != nil {
			return badRequest("%s", err)
		}
	}

	c.service.Vaults.DeleteScopedRoleAssignment(known.scope, known.name)
	delete(c.service.assignments, strings.ToLower(known.id))
	c.note(ActionDeleted, known.id)

	return wire.JSON(http.StatusOK, known.json())
}

func nullable(s string) any {
	if s == "" {
		return nil
	}

	return s
}
