// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure"
)

// A LandingZone is a subscription and a resource group for the applications of some namespaces. The Azure providers have an
// identity and a provider configuration for each.
type LandingZone struct {
	Name         string
	Subscription string
	Namespaces   []string
}

// ResourceGroup returns the resource group of the zone.
func (z LandingZone) ResourceGroup() string { return "rg-" + z.Name }

// ProviderConfig returns the name of the provider configuration of the zone.
func (z LandingZone) ProviderConfig() string { return "azure-" + z.Name }

// AddLandingZone creates a landing zone, as docs/how-to/landing-zones.md says.
func (p *Plane) AddLandingZone(ctx context.Context, z LandingZone) error {
	who := principal{uuid.NewString(), uuid.NewString(), "password-of-" + z.Name}
	a := p.options.Azure

	err := a.PutApplication(azure.Application{TenantID: Tenant, ClientID: who.clientID, PrincipalID: who.principalID, ClientSecret: who.password})
	if err != nil {
		return err
	}

	err = a.PutSubscription(azure.Subscription{
		ID: z.Subscription, TenantID: Tenant, RoleAssignments: provisionerRoles(z.Subscription, who.principalID, z.ResourceGroup()),
		ResourceGroups: []azure.ResourceGroup{{Name: z.ResourceGroup(), Location: Location}},
	})
	if err != nil {
		return err
	}

	err = p.configureAzure(ctx, z.ProviderConfig(), z.Subscription, who, map[string]any{"subscriptionID": z.Subscription})
	if err != nil {
		return err
	}

	return p.ConfigureLandingZone(ctx, z)
}

// ConfigureLandingZone replaces the settings of a landing zone.
func (p *Plane) ConfigureLandingZone(ctx context.Context, z LandingZone) error {
	namespaces := make([]any, 0, len(z.Namespaces))
	for _, name := range z.Namespaces {
		namespaces = append(namespaces, name)
	}

	return p.API.Apply(ctx, environmentConfig("platform-application-"+z.Name, map[string]any{
		"landingZone":            map[string]any{"namespaces": namespaces},
		"subscriptionId":         z.Subscription,
		"resourceGroupName":      z.ResourceGroup(),
		"azureProviderConfigRef": map[string]any{"kind": "ClusterProviderConfig", "name": z.ProviderConfig()},
	}))
}
