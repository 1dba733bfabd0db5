// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// module has the CustomResourceDefinitions of the real provider.
const module = "github.com/upbound/provider-azure/v2"

// CRDs returns the files with the CustomResourceDefinitions of a package: of the simulated kinds, and of provider
// configurations for the family. It uses the Go tool to find the module in go.mod.
func CRDs(ctx context.Context, pkg string) ([]string, error) {
	files := map[string][]string{
		Family: {
			"azure.m.upbound.io_clusterproviderconfigs.yaml", "azure.m.upbound.io_providerconfigs.yaml",
			"azure.m.upbound.io_providerconfigusages.yaml",
		},
		KeyVault: {"keyvault.azure.m.upbound.io_vaults.yaml"},
		ManagedIdentity: {
			"managedidentity.azure.m.upbound.io_federatedidentitycredentials.yaml",
			"managedidentity.azure.m.upbound.io_userassignedidentities.yaml",
		},
		Authorization: {"authorization.azure.m.upbound.io_roleassignments.yaml"},
		Network:       {"network.azure.m.upbound.io_privateendpoints.yaml"},
		Insights:      {"insights.azure.m.upbound.io_monitordiagnosticsettings.yaml"},
	}[pkg]
	if files == nil {
		return nil, fmt.Errorf("there is no package %q: choose from %v", pkg, Packages())
	}

	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("cannot find module %s: %w", module, err)
	}

	paths := make([]string, 0, len(files))
	for _, file := range files {
		paths = append(paths, filepath.Join(strings.TrimSpace(string(out)), "package", "crds", file))
	}

	return paths, nil
}
