// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"strings"
)

// A cloud of Azure, and who answers for it.
type cloud struct {
	// login gives tokens, manager is Resource Manager, and vaults have names that end with suffix.
	login, manager, suffix string
}

// hosts of the clouds, by the names that the settings have for them. See
// https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud and
// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
func hosts(name string) cloud {
	switch name {
	case "AzureUSGovernment":
		return cloud{"login.microsoftonline.us", "management.usgovcloudapi.net", ".vault.usgovcloudapi.net"}
	case "AzureChina":
		return cloud{"login.chinacloudapi.cn", "management.chinacloudapi.cn", ".vault.azure.cn"}
	default:
		return cloud{"login.microsoftonline.com", "management.azure.com", ".vault.azure.net"}
	}
}

// environments of the Azure providers, by the names that the settings have for them.
func environment(name string) string {
	switch strings.ToLower(name) {
	case "usgovernment", "usgovernmentl4", "usgovernmentl5":
		return "AzureUSGovernment"
	case "china":
		return "AzureChina"
	default:
		return ""
	}
}

// cloudOf a platform. The settings say which, and if there are none the Azure providers do.
func cloudOf(settings, provider string) cloud {
	return hosts(cmp.Or(settings, environment(provider)))
}

// scope of tokens for Resource Manager, and for vaults.
func (c cloud) managerScope() string { return "https://" + c.manager + "/.default" }

func (c cloud) vaultScope() string {
	return "https://" + strings.TrimPrefix(c.suffix, ".") + "/.default"
}

// vaultOf the host of a vault, which is in this cloud.
func (c cloud) isVault(host string) bool {
	name, ok := strings.CutSuffix(strings.ToLower(host), c.suffix)

	return ok && name != "" && len(name) <= maxVaultName && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

// maxVaultName is how long the name of a vault may be.
const maxVaultName = 24

// allClouds there are.
func allClouds() []cloud {
	return []cloud{hosts(""), hosts("AzureUSGovernment"), hosts("AzureChina")}
}
