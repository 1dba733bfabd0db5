package azure

import (
	"github.com/p6m-dev/platform-application/test/azure/arm"
)

// What the resource manager has, as package arm has it.
type (
	// Subscription is where resources are.
	Subscription = arm.Subscription

	// ResourceGroup is what resources of a subscription are grouped in.
	ResourceGroup = arm.ResourceGroup

	// ScopedRoleAssignment gives a principal a role on a scope of a subscription.
	ScopedRoleAssignment = arm.RoleAssignment

	// Padding is how many made-up resources a subscription has.
	Padding = arm.Padding

	// Cluster is one of AKS.
	Cluster = arm.Cluster

	// Delays are how long it takes until what was made through the resource manager has its effect everywhere.
	Delays = arm.Delays

	// ARMResource says how often what was done to a resource.
	ARMResource = arm.Resource

	// ARMEvent is a change that the resource manager was asked for and made.
	ARMEvent = arm.Event
)

// A DelaysState is Delays that are written as in Go.
type DelaysState struct {
	Principal  Duration `json:"principal,omitempty"`
	Credential Duration `json:"credential,omitempty"`
	Role       Duration `json:"role,omitempty"`
	Vault      Duration `json:"vault,omitempty"`
}

func (d DelaysState) delays() Delays {
	return Delays{Principal: d.Principal.std(), Credential: d.Credential.std(), Role: d.Role.std(), Vault: d.Vault.std()}
}

// PutSubscription creates or changes a subscription of a tenant. The resource groups and role assignments that it has stay.
func (s *Server) PutSubscription(sub Subscription) error { return s.manager.PutSubscription(sub) }

// PutResourceGroup creates a resource group of a subscription.
func (s *Server) PutResourceGroup(subscriptionID string, g ResourceGroup) error {
	return s.manager.PutResourceGroup(subscriptionID, g)
}

// PutScopedRoleAssignment gives a principal a role in a subscription.
func (s *Server) PutScopedRoleAssignment(subscriptionID string, a ScopedRoleAssignment) error {
	return s.manager.PutRoleAssignment(subscriptionID, a)
}

// DeleteScopedRoleAssignment takes away a role that was given so, and says whether there was one.
func (s *Server) DeleteScopedRoleAssignment(subscriptionID string, a ScopedRoleAssignment) bool {
	return s.manager.DeleteRoleAssignment(subscriptionID, a)
}

// PutGroup registers a group of people and identities. Their roles count in the resource manager only.
func (s *Server) PutGroup(id string, members ...string) { s.manager.PutGroup(id, members) }

// PutCluster registers a cluster of AKS in a resource group.
func (s *Server) PutCluster(c Cluster) error { return s.manager.PutCluster(c) }

// Subscriptions returns all of them with their resource groups, by id.
func (s *Server) Subscriptions() []Subscription { return s.manager.Subscriptions() }

// SetDelays changes how long it takes until what is made from now on has its effect.
func (s *Server) SetDelays(d Delays) { s.manager.SetDelays(d) }

// Delays returns the delays.
func (s *Server) Delays() Delays { return s.manager.Delays() }

// ARMResources returns every resource that was made through the resource manager, gone or not, by id.
func (s *Server) ARMResources() []ARMResource { return s.manager.Resources() }

// ARMEvents returns what was done through the resource manager, in order.
func (s *Server) ARMEvents() []ARMEvent { return s.manager.Events() }
