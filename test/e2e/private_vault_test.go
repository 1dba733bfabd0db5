//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// TestPrivateVault runs an application whose vault denies other networks than the one of its private endpoint. The Azure providers
// get their rights late, and an administrator later rejects the connection.
func TestPrivateVault(t *testing.T) {
	p := w.modern

	packages, err := p.Kustomize(t.Context(), w.root, "components: [azure-network, azure-insights]")
	must(t, err)

	for _, o := range packages {
		must(t, p.API.Apply(t.Context(), o))
	}

	eventually(t, "the providers of private vaults", func(ctx context.Context) error {
		var errs []error
		for _, o := range packages {
			errs = append(errs, p.PackageReady(ctx, o))
		}

		return errors.Join(errs...)
	})

	configure(t, p, map[string]any{"keyVault": map[string]any{
		"network": map[string]any{
			"defaultAction":   "Deny",
			"privateEndpoint": map[string]any{"subnetId": plane.Subnet, "privateDnsZoneIds": []any{plane.DNSZone}},
		},
		"diagnostics": map[string]any{"logAnalyticsWorkspaceId": plane.Workspace},
	}})

	a, pw := apply(t, p, namespaceOf(t, p), "web"), password()
	a.wait(t, conditionSays("KeyVaultReady", "Azure did not create private endpoint", "LinkedAuthorizationFailed"))

	uri := a.vault(t)
	if err := plane.SetSecret(t.Context(), w.azure, uri, secretName, postgres(pw)); err == nil || !strings.Contains(err.Error(), "ForbiddenByFirewall") {
		t.Errorf("the vault must reject an officer in another network, got %v", err)
	}

	must(t, plane.GrantNetwork(w.azure))
	eventually(t, "an officer in the network of the cluster", func(ctx context.Context) error {
		return plane.SetSecretFrom(ctx, w.azure, plane.VirtualNetwork, uri, secretName, postgres(pw))
	})
	a.runsWith(t, pw)

	vault := a.wait(t, plane.Ready).Status.KeyVault
	eventually(t, "logs of the vault", func(context.Context) error {
		for _, r := range w.azure.ARMResources() {
			if strings.HasPrefix(r.ID, vault.ResourceID+"/providers/Microsoft.Insights/diagnosticSettings/") && r.Created == 1 {
				return nil
			}
		}

		return errors.New("there is no diagnostic setting")
	})

	// A new secret holds the Deployment while the vault cannot be reached.
	connected := rejected(t, vault.Name)
	apply(t, p, a.namespace, "web", with("secrets", []any{map[string]any{"name": secretName}, map[string]any{"name": "api-key"}}))
	a.wait(t, conditionIs("WorkloadReady", "Held", "api-key (Unreachable)"))
	a.runsWith(t, pw)

	must(t, w.azure.SetFirewall(vault.Name, func(f *azure.Firewall) { f.PrivateEndpoints = connected }))
	must(t, plane.SetSecretFrom(t.Context(), w.azure, plane.VirtualNetwork, uri, "api-key", "k"))
	a.wait(t, plane.Ready)
}

// rejected rejects the connections of the private endpoints of a vault, and returns their networks.
func rejected(t *testing.T, vault string) (networks []string) {
	t.Helper()

	must(t, w.azure.SetFirewall(vault, func(f *azure.Firewall) {
		networks, f.PrivateEndpoints = slices.Clone(f.PrivateEndpoints), nil
	}))

	return networks
}
