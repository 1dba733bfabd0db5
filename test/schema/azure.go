// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// azureModule holds the CustomResourceDefinitions of provider-azure.
const azureModule = "github.com/upbound/provider-azure/v2"

// azureCRDs are the files of the kinds that an application is composed of.
var azureCRDs = map[string]string{ //nolint:gochecknoglobals // A constant in all but name.
	"Vault":                       "keyvault.azure.m.upbound.io_vaults.yaml",
	"RoleAssignment":              "authorization.azure.m.upbound.io_roleassignments.yaml",
	"UserAssignedIdentity":        "managedidentity.azure.m.upbound.io_userassignedidentities.yaml",
	"PrivateEndpoint":             "network.azure.m.upbound.io_privateendpoints.yaml",
	"MonitorDiagnosticSetting":    "insights.azure.m.upbound.io_monitordiagnosticsettings.yaml",
	"FederatedIdentityCredential": "managedidentity.azure.m.upbound.io_federatedidentitycredentials.yaml",
}

// AzureDefinitions returns the directory with the CustomResourceDefinitions of provider-azure.
func AzureDefinitions(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", azureModule).Output()
	if err != nil {
		return "", fmt.Errorf("cannot find module %s: %w", azureModule, err)
	}

	return filepath.Join(strings.TrimSpace(string(out)), "package", "crds"), nil
}

// ProviderAzureCRDs returns Validators for the Azure resources that an
// application is composed of, by kind, from the module in go.mod.
func ProviderAzureCRDs(tb testing.TB) map[string]*Validator {
	tb.Helper()
	dir, err := AzureDefinitions(tb.Context())
	check.Must(tb, err)

	vs := make(map[string]*Validator, len(azureCRDs))
	for kind, file := range azureCRDs {
		v, err := LoadCRD(filepath.Join(dir, file))
		check.Must(tb, err)
		vs[kind] = v
	}

	return vs
}
