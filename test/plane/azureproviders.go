// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/azure/arm/provider"
)

// azureVersion is the version of the simulated packages of provider-upjet-azure.
const azureVersion = "v2.6.0"

// pushAzureProviders pushes the stand-ins for the packages of provider-upjet-azure under the names
// of these.
func (p *Plane) pushAzureProviders(ctx context.Context) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}

	dir := filepath.Join(root, "test", "azure", "arm", "package")

	member, err := os.ReadFile(filepath.Join(dir, "member", "crossplane.yaml"))
	if err != nil {
		return fmt.Errorf("cannot read metadata of packages: %w", err)
	}

	var packages []build.Package

	for _, name := range provider.Packages() {
		crds, err := provider.CRDs(ctx, name)
		if err != nil {
			return err
		}

		metadata := filepath.Join(dir, "family", "crossplane.yaml")
		if name != provider.Family {
			metadata = p.file("provider-azure-" + name + ".yaml")
			if err := os.WriteFile(metadata, bytes.ReplaceAll(member, []byte("NAME"), []byte(name)), 0o600); err != nil {
				return fmt.Errorf("cannot write metadata of a package: %w", err)
			}
		}

		packages = append(packages, build.Package{
			Repository: azureRepository(name),
			Metadata:   metadata,
			Objects:    crds,
			Program:    &build.Program{Main: "./test/azure/arm/cmd/provider-azure", Path: "/provider", Args: []string{name, "--poll=" + p.options.AzurePollInterval.String(), "--time-scale=0.01"}, Ports: []int{8080, 8081}},
		})
	}

	return p.pushPackages(ctx, packages, root, azureVersion)
}

// azureRepository returns the repository of the package with that name.
func azureRepository(name string) string {
	if name == provider.Family {
		return "crossplane-contrib/provider-family-azure"
	}

	return "crossplane-contrib/provider-azure-" + name
}
