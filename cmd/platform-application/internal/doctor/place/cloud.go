// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"strings"
)

// A cloud is a cloud of Azure.
type cloud struct {
	// login and manager are the hosts of Entra ID and Resource Manager. Hosts of vaults end with suffix.
	login, manager, suffix string
}

// hosts returns the cloud with a name of the settings. See
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

// environment returns the name in the settings for an environment of the Azure providers.
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

// cloudOf returns the cloud of the settings, or that of the Azure providers if there are no settings.
func cloudOf(settings, provider string) cloud {
	return hosts(cmp.Or(settings, environment(provider)))
}

// managerScope returns the scope of tokens for Resource Manager.
func (c cloud) managerScope() string { return "https://" + c.manager + "/.default" }

// vaultScope returns the scope of tokens for vaults.
func (c cloud) vaultScope() string {
	return "https://" + strings.TrimPrefix(c.suffix, ".") + "/.default"
}

// isVault reports whether a host is that of a vault in this cloud.
func (c cloud) isVault(host string) bool {
	name, ok := strings.CutSuffix(strings.ToLower(host), c.suffix)

	return ok && name != "" && len(name) <= maxVaultName && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

// maxVaultName limits the length of a vault name.
const maxVaultName = 24

// allClouds returns all clouds.
func allClouds() []cloud {
	return []cloud{hosts(""), hosts("AzureUSGovernment"), hosts("AzureChina")}
}
