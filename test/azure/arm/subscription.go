// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// groupName is Azure's rule, but also allows a period at the end.
var groupName = regexp.MustCompile(`^[-\w._()]{1,90}$`)

// A Subscription contains resources.
type Subscription struct {
	// ID and TenantID are GUIDs.
	ID       string `json:"id,omitempty"`
	TenantID string `json:"tenantId"`

	// State is Enabled by default.
	State string `json:"state,omitempty"`

	// RoleAssignments are added to existing ones.
	RoleAssignments []RoleAssignment `json:"roleAssignments,omitempty"`

	// ResourceGroups are added to existing ones.
	ResourceGroups []ResourceGroup `json:"resourceGroups,omitempty"`

	// Registrations are the states of resource providers, such as NotRegistered, by namespace. Others are Registered.
	Registrations map[string]string `json:"registrations,omitempty"`

	// Policies deny a type of resources, such as Microsoft.KeyVault/vaults, each under the name of its assignment.
	Policies map[string]string `json:"policies,omitempty"`

	// Padding makes lists longer, and so leaves less room for resources.
	Padding Padding `json:"padding,omitzero"`
}

// A RoleAssignment gives a principal a role.
type RoleAssignment struct {
	// Scope is a resource id. The subscription is the default; a management group is one above it, as is /.
	Scope string `json:"scope,omitempty"`

	PrincipalID   string `json:"principalId"`
	PrincipalType string `json:"principalType,omitempty"`

	// Role by its name or id.
	Role      string `json:"role"`
	Condition string `json:"condition,omitempty"`
}

// Padding is the number of made-up resources of a subscription. Vaults and identities are in each of its resource groups.
type Padding struct {
	RoleAssignments int `json:"roleAssignments,omitempty"`
	Vaults          int `json:"vaults,omitempty"`
	Identities      int `json:"identities,omitempty"`
}

// A ResourceGroup of a subscription.
type ResourceGroup struct {
	Name     string `json:"name,omitempty"`
	Location string `json:"location"`
}

type subscription struct {
	Subscription

	groups map[string]*ResourceGroup
}

// PutSubscription creates or changes a subscription. Its resource groups and role assignments stay.
func (s *Manager) PutSubscription(sub Subscription) error {
	for what, id := range map[string]string{"id": sub.ID, "tenant id": sub.TenantID} {
		if parsed, err := uuid.Parse(id); err != nil || len(id) != len(parsed.String()) {
			return fmt.Errorf("cannot register subscription %q: its %s %q is not a GUID", sub.ID, what, id)
		}
	}

	sub.ID, sub.TenantID = strings.ToLower(sub.ID), strings.ToLower(sub.TenantID)

	if !s.Directory.HasTenant(sub.TenantID) {
		return fmt.Errorf("cannot register subscription %q: there is no tenant %q", sub.ID, sub.TenantID)
	}

	s.mu.Lock()

	groups := map[string]*ResourceGroup{}
	if known := s.subscriptions[sub.ID]; known != nil {
		groups = known.groups
	}

	more, roles := sub.ResourceGroups, sub.RoleAssignments
	sub.ResourceGroups, sub.RoleAssignments = nil, nil
	sub.Registrations, sub.Policies = maps.Clone(sub.Registrations), maps.Clone(sub.Policies)
	s.subscriptions[sub.ID] = &subscription{Subscription: sub, groups: groups}

	s.mu.Unlock()

	var errs []error
	for _, g := range more {
		errs = append(errs, s.PutResourceGroup(sub.ID, g))
	}

	for _, a := range roles {
		errs = append(errs, s.PutScopedRoleAssignment(sub.ID, a))
	}

	return errors.Join(errs...)
}

// PutResourceGroup creates a resource group of a subscription.
func (s *Manager) PutResourceGroup(subscriptionID string, g ResourceGroup) error {
	made, err := newGroup(g.Name, g.Location)
	if err != nil {
		return err
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	sub := s.subscriptions[strings.ToLower(subscriptionID)]
	if sub == nil {
		return fmt.Errorf("cannot register resource group %q: there is no subscription %q", g.Name, subscriptionID)
	}

	sub.groups[strings.ToLower(g.Name)] = made

	return nil
}

func newGroup(name, where string) (*ResourceGroup, error) {
	if !groupName.MatchString(name) || strings.HasSuffix(name, ".") || where == "" {
		return nil, fmt.Errorf("cannot register resource group %q: it needs a location, and a name of 1 to 90 letters, digits, underscores, "+
			"hyphens, periods and parentheses", name)
	}

	return &ResourceGroup{Name: name, Location: location(where)}, nil
}

// location in Azure's spelling: "West Europe" is "westeurope".
func location(l string) string { return strings.ToLower(strings.ReplaceAll(l, " ", "")) }

func (c *call) getSubscription() wire.Answer {
	return wire.JSON(http.StatusOK, map[string]any{
		"id": "/subscriptions/" + c.subscription.ID, "subscriptionId": c.subscription.ID, "tenantId": c.subscription.TenantID,
		"displayName": "Stand-in", "state": cmp.Or(c.subscription.State, "Enabled"), "authorizationSource": "RoleBased",
	})
}

func (c *call) getResourceGroup() wire.Answer {
	return wire.JSON(http.StatusOK, map[string]any{
		"id": c.groupID(), "name": c.group.Name, "type": "Microsoft.Resources/resourceGroups", "location": c.group.Location,
		"properties": map[string]string{"provisioningState": "Succeeded"},
	})
}

// putResourceGroup creates a resource group. An existing one cannot move.
func (c *call) putResourceGroup() wire.Answer {
	var body ResourceGroup
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	status := http.StatusOK

	switch {
	case c.group != nil && c.group.Location != location(body.Location):
		return refuse(http.StatusConflict, "InvalidResourceGroupLocation", "The Resource group '%s' already exists in location '%s'.", c.group.Name, c.group.Location)
	case c.group == nil:
		made, err := newGroup(c.route.group, body.Location)
		if err != nil {
			return badRequest("%s", err)
		}

		c.group, status = made, http.StatusCreated
		c.subscription.groups[strings.ToLower(made.Name)] = made
	}

	answer := c.getResourceGroup()
	answer.Status = status

	return answer
}

// groupID returns the id of the request's resource group.
func (c *call) groupID() string {
	return "/subscriptions/" + c.subscription.ID + "/resourceGroups/" + c.group.Name
}

// resourceID returns the id of a resource in the request's resource group.
func (c *call) resourceID(typ, name string) string {
	return c.groupID() + "/providers/" + typ + "/" + name
}

// padded returns the id of a made-up resource.
func (c *call) padded(typ, name string) string {
	if c.group == nil {
		return "/subscriptions/" + c.subscription.ID + "/resourceGroups/padding/providers/" + typ + "/" + name
	}

	return c.resourceID(typ, name)
}
