// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

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

// Padding is the number of made-up resources of a subscription. Vaults are in each of its resource groups.
type Padding struct {
	RoleAssignments int `json:"roleAssignments,omitempty"`
	Vaults          int `json:"vaults,omitempty"`
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
	if _, err := uuid.Parse(sub.ID); err != nil || !s.Directory.HasTenant(sub.TenantID) {
		return fmt.Errorf("cannot register subscription %q: its id is no GUID, or there is no tenant %q", sub.ID, sub.TenantID)
	}

	sub.ID, sub.TenantID = strings.ToLower(sub.ID), strings.ToLower(sub.TenantID)

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
	s.mu.Lock()
	defer s.mu.Unlock()

	sub := s.subscriptions[strings.ToLower(subscriptionID)]
	if sub == nil {
		return fmt.Errorf("cannot register resource group %q: there is no subscription %q", g.Name, subscriptionID)
	}

	sub.groups[strings.ToLower(g.Name)] = &ResourceGroup{Name: g.Name, Location: location(g.Location)}

	return nil
}

// location in Azure's spelling: "West Europe" is "westeurope".
func location(l string) string { return strings.ToLower(strings.ReplaceAll(l, " ", "")) }

func (c *call) getSubscription() wire.Answer {
	return wire.JSON(http.StatusOK, object{
		"id": "/subscriptions/" + c.subscription.ID, "subscriptionId": c.subscription.ID, "tenantId": c.subscription.TenantID,
		"displayName": "Stand-in", "state": cmp.Or(c.subscription.State, "Enabled"), "authorizationSource": "RoleBased",
	})
}

func (c *call) getResourceGroup() wire.Answer {
	return wire.JSON(http.StatusOK, object{
		"id": c.scope, "name": c.group.Name, "type": "Microsoft.Resources/resourceGroups", "location": c.group.Location,
		"properties": object{"provisioningState": "Succeeded"},
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
		c.group, status = &ResourceGroup{Name: c.route.group, Location: location(body.Location)}, http.StatusCreated
		c.subscription.groups[strings.ToLower(c.route.group)] = c.group
	}

	answer := c.getResourceGroup()
	answer.Status = status

	return answer
}

// resourceID returns the id of a resource in the request's resource group. That of a subscription is made up.
func (c *call) resourceID(typ, name string) string {
	group := "padding"
	if c.group != nil {
		group = c.group.Name
	}

	return "/subscriptions/" + c.subscription.ID + "/resourceGroups/" + group + "/providers/" + typ + "/" + name
}

// checkPolicies answers with the policies that deny a resource, by name. They do not deny it here.
func (c *call) checkPolicies() wire.Answer {
	body, out := object{}, []any{}
	if answer := c.read(&body); answer != nil {
		return *answer
	}

	for _, name := range slices.Sorted(maps.Keys(c.subscription.Policies)) {
		if strings.EqualFold(c.subscription.Policies[name], text(body, "resourceDetails", "resourceContent", "type")) {
			out = append(out, object{
				"policyInfo": object{
					"policyAssignmentId": "/subscriptions/" + c.subscription.ID + "/providers/Microsoft.Authorization/policyAssignments/" + name,
					"policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/stand-in",
				},
				"evaluationResult": "NonCompliant", "effectDetails": object{"policyEffect": "Deny"},
			})
		}
	}

	return wire.JSON(http.StatusOK, object{"fieldRestrictions": []any{}, "contentEvaluationResult": object{"policyEvaluations": out}})
}

// registration returns the canonical spelling of a known namespace, and the state of its resource provider.
func (c *call) registration(name string) (namespace, state string) {
	for _, namespace := range []string{
		"Microsoft.Authorization", "Microsoft.ContainerService", "Microsoft.Insights", "Microsoft.KeyVault", "Microsoft.ManagedIdentity",
		"Microsoft.Network", "Microsoft.Resources",
	} {
		if strings.EqualFold(namespace, name) {
			return namespace, cmp.Or(c.subscription.Registrations[namespace], "Registered")
		}
	}

	return "", "Registered"
}

func (c *call) getProvider() wire.Answer {
	namespace, state := c.registration(c.name)
	if namespace == "" {
		return refuse(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", c.name)
	}

	return wire.JSON(http.StatusOK, object{
		"id": "/subscriptions/" + c.subscription.ID + "/providers/" + namespace, "namespace": namespace,
		"registrationPolicy": "RegistrationRequired", "registrationState": state, "resourceTypes": []any{},
	})
}

// registerProvider completes at once, but answers with the previous state as Azure does.
func (c *call) registerProvider() wire.Answer {
	answer := c.getProvider()
	namespace, _ := c.registration(c.name)
	delete(c.subscription.Registrations, namespace)

	return answer
}

// permitted rejects a resource of an unregistered resource provider.
func (c *call) permitted() *wire.Answer {
	if write, remove := c.changes(); !write || remove {
		return nil
	}

	if namespace, state := c.registration(strings.Split(c.typ, "/")[0]); state != "Registered" {
		return new(refuse(http.StatusConflict, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace '%s'. See "+
			"https://aka.ms/rps-not-found for how to register subscriptions.", namespace))
	}

	return nil
}
