// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"cmp"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// Roles of docs/how-to/private-vaults.md, and the action that connects an endpoint to a vault. The actions of these needs are those of
// https://learn.microsoft.com/azure/private-link/rbac-permissions, https://learn.microsoft.com/azure/role-based-access-control/permissions/networking
// and https://learn.microsoft.com/azure/azure-monitor/logs/manage-access, without those that only the Azure portal needs.
const (
	roleNetwork  = "Network Contributor"
	roleZone     = "Private DNS Zone Contributor"
	roleLogs     = "Log Analytics Contributor"
	roleContrib  = "Contributor"
	connectVault = "Microsoft.KeyVault/vaults/PrivateEndpointConnectionsApproval/action"
)

// privateEndpoint returns the private endpoint of vaults in the settings, or nil without one.
func privateEndpoint(s *v1alpha1.PlatformConfigSpec) *v1alpha1.KeyVaultPrivateEndpoint {
	if s.KeyVault == nil || s.KeyVault.Network == nil || s.KeyVault.Network.PrivateEndpoint == nil || !settings.Enabled(s.KeyVault.Network.PrivateEndpoint.Enabled) {
		return nil
	}

	return s.KeyVault.Network.PrivateEndpoint
}

// diagnostics returns the logs of vaults in the settings, or nil without them.
func diagnostics(s *v1alpha1.PlatformConfigSpec) *v1alpha1.KeyVaultDiagnostics {
	if s.KeyVault == nil || s.KeyVault.Diagnostics == nil || !settings.Enabled(s.KeyVault.Diagnostics.Enabled) {
		return nil
	}

	return s.KeyVault.Diagnostics
}

// links returns the needs of network rules, private endpoints and logs of vaults, as docs/how-to/private-vaults.md lists them.
func (d decision) links() []need {
	var out []need

	add := func(role, scope string, actions ...string) {
		n := newNeed(ProviderMayNotLink, scope, false, actions...)
		n.with = []string{"role", role, "scope", scope}
		out = append(out, n)
	}

	if k := d.settings.KeyVault; k != nil && k.Network != nil {
		for _, subnet := range k.Network.VirtualNetworkSubnetIDs {
			add(roleNetwork, subnet, "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action")
		}
	}

	if e := privateEndpoint(&d.settings); e != nil && d.sameIdentity(e.AzureProviderConfigRef) {
		// A private endpoint is in the subscription of its subnet.
		group := "/subscriptions/" + segment(e.SubnetID, "subscriptions") + "/resourceGroups/" + cmp.Or(e.ResourceGroupName, d.settings.ResourceGroupName)

		add(roleNetwork, e.SubnetID, "Microsoft.Network/virtualNetworks/subnets/join/action")
		add(
			roleContrib, group,
			"Microsoft.Network/privateEndpoints/read", "Microsoft.Network/privateEndpoints/write", "Microsoft.Network/privateEndpoints/delete",
			"Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read", "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write",
			"Microsoft.Network/privateEndpoints/privateDnsZoneGroups/delete",
		)

		for _, zone := range e.PrivateDNSZoneIDs {
			add(roleZone, zone, "Microsoft.Network/privateDnsZones/join/action")
		}

		if !e.ManualApproval {
			add(roleContrib, d.groupID, connectVault)
		}
	}

	if l := diagnostics(&d.settings); l != nil {
		add(roleLogs, l.LogAnalyticsWorkspaceID, "Microsoft.OperationalInsights/workspaces/sharedKeys/action")
		add(
			roleContrib, d.groupID,
			"Microsoft.Insights/diagnosticSettings/read", "Microsoft.Insights/diagnosticSettings/write", "Microsoft.Insights/diagnosticSettings/delete",
		)
	}

	return out
}

// sameIdentity reports whether a provider configuration is that of the vaults. The doctor knows no other identity.
func (d decision) sameIdentity(ref *v1alpha1.ProviderConfigReference) bool {
	if ref == nil {
		return true
	}

	name := func(r v1alpha1.ProviderConfigReference) string { return cmp.Or(r.Name, "default") }
	ours := ptr.Deref(d.settings.AzureProviderConfigRef, v1alpha1.ProviderConfigReference{})

	return strings.EqualFold(cmp.Or(ref.Kind, "ClusterProviderConfig"), cmp.Or(ours.Kind, "ClusterProviderConfig")) && name(*ref) == name(ours)
}
