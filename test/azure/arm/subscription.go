package arm

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// groupName is what Azure allows, but for a period at the end.
var groupName = regexp.MustCompile(`^[-\w._()]{1,90}$`)

// A Subscription is where resources are.
type Subscription struct {
	// ID and TenantID are GUIDs.
	ID       string `json:"id,omitempty"`
	TenantID string `json:"tenantId"`

	// Administrators are the principal ids of those who may do everything in it, which takes the roles Contributor and Role Based
	// Access Control Administrator. Nobody else may do anything.
	Administrators []string `json:"administrators,omitempty"`

	// ResourceGroups are added to those that there are.
	ResourceGroups []ResourceGroup `json:"resourceGroups,omitempty"`
}

// A ResourceGroup is what resources of a subscription are grouped in.
type ResourceGroup struct {
	Name     string `json:"name,omitempty"`
	Location string `json:"location"`
}

type subscription struct {
	Subscription

	groups map[string]*ResourceGroup
}

func (s *subscription) administers(principalID string) bool {
	return slices.ContainsFunc(s.Administrators, func(id string) bool { return strings.EqualFold(id, principalID) })
}

// PutSubscription creates or changes a subscription. The resource groups that it has stay.
func (s *Service) PutSubscription(sub Subscription) error {
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

	more := sub.ResourceGroups
	sub.ResourceGroups = nil
	sub.Administrators = slices.Clone(sub.Administrators)
	s.subscriptions[sub.ID] = &subscription{Subscription: sub, groups: groups}

	s.mu.Unlock()

	errs := make([]error, 0, len(more))
	for _, g := range more {
		errs = append(errs, s.PutResourceGroup(sub.ID, g))
	}

	return errors.Join(errs...)
}

// PutResourceGroup creates a resource group of a subscription.
func (s *Service) PutResourceGroup(subscriptionID string, g ResourceGroup) error {
	if !groupName.MatchString(g.Name) || strings.HasSuffix(g.Name, ".") || g.Location == "" {
		return fmt.Errorf("cannot register resource group %q: it needs a location, and a name of 1 to 90 letters, digits, underscores, "+
			"hyphens, periods and parentheses", g.Name)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	sub := s.subscriptions[strings.ToLower(subscriptionID)]
	if sub == nil {
		return fmt.Errorf("cannot register resource group %q: there is no subscription %q", g.Name, subscriptionID)
	}

	g.Location = location(g.Location)
	sub.groups[strings.ToLower(g.Name)] = &g

	return nil
}

// Subscriptions returns all of them with their resource groups, by id.
func (s *Service) Subscriptions() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()

	out := make([]Subscription, 0, len(s.subscriptions))

	for _, id := range slices.Sorted(maps.Keys(s.subscriptions)) {
		sub := s.subscriptions[id].Subscription
		sub.Administrators = slices.Clone(sub.Administrators)

		for _, name := range slices.Sorted(maps.Keys(s.subscriptions[id].groups)) {
			sub.ResourceGroups = append(sub.ResourceGroups, *s.subscriptions[id].groups[name])
		}

		out = append(out, sub)
	}

	return out
}

// location is how Azure writes one, whether it was told "West Europe" or "westeurope".
func location(l string) string { return strings.ToLower(strings.ReplaceAll(l, " ", "")) }

func (c *call) getSubscription() wire.Answer {
	return wire.JSON(http.StatusOK, map[string]any{
		"id": "/subscriptions/" + c.subscription.ID, "subscriptionId": c.subscription.ID, "tenantId": c.subscription.TenantID,
		"displayName": "Stand-in", "state": "Enabled", "authorizationSource": "RoleBased",
	})
}

func (c *call) getResourceGroup() wire.Answer {
	return wire.JSON(http.StatusOK, map[string]any{
		"id": c.groupID(), "name": c.group.Name, "type": "Microsoft.Resources/resourceGroups", "location": c.group.Location,
		"properties": map[string]string{"provisioningState": "Succeeded"},
	})
}

// groupID is the id of the request's resource group.
func (c *call) groupID() string {
	return "/subscriptions/" + c.subscription.ID + "/resourceGroups/" + c.group.Name
}

// resourceID is the id of a resource in the request's resource group.
func (c *call) resourceID(typ, name string) string {
	return c.groupID() + "/providers/" + typ + "/" + name
}
