// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
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

	var packages []build.Package

	for _, name := range provider.Packages() {
		crds, err := provider.CRDs(ctx, name)
		if err != nil {
			return err
		}

		packages = append(packages, build.Package{
			Repository: azureRepository(name),
			Metadata:   filepath.Join(root, "test", "azure", "arm", "package", name, "crossplane.yaml"),
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
