// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// clouds by the DNS suffix of their vaults. See
// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers
//
//nolint:gochecknoglobals // A constant.
var clouds = [...]vaultCloud{
	{".vault.azure.net", cloud.AzurePublic},
	{".vault.azure.cn", cloud.AzureChina},
	{".vault.usgovcloudapi.net", cloud.AzureGovernment},
}

type vaultCloud struct {
	suffix string
	cloud  cloud.Configuration
}

// parseVault returns the host of a vault and its cloud. Tokens of applications are sent to no
// other host.
func parseVault(uri string) (host string, c cloud.Configuration, err error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", c, fmt.Errorf("cannot use %q as the URI of a Key Vault: it must have the form https://my-vault.vault.azure.net/", uri)
	}

	host = strings.ToLower(u.Hostname())
	for _, v := range clouds {
		if name, ok := strings.CutSuffix(host, v.suffix); ok && name != "" && !strings.Contains(name, ".") {
			return host, v.cloud, nil
		}
	}

	return "", c, fmt.Errorf("cannot use %q as the URI of a Key Vault: its host is not in an Azure cloud", uri)
}

// authorities returns the hosts that issue the tokens of a cloud: the default one, and its
// aliases. See
// https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
func authorities(c cloud.Configuration) []string {
	hosts := []string{}
	if u, err := url.Parse(c.ActiveDirectoryAuthorityHost); err == nil {
		hosts = append(hosts, u.Host)
	}

	switch c.ActiveDirectoryAuthorityHost {
	case cloud.AzurePublic.ActiveDirectoryAuthorityHost:
		hosts = append(hosts, "login.windows.net", "login.microsoft.com", "sts.windows.net")
	case cloud.AzureChina.ActiveDirectoryAuthorityHost:
		hosts = append(hosts, "login.partner.microsoftonline.cn")
	case cloud.AzureGovernment.ActiveDirectoryAuthorityHost:
		hosts = append(hosts, "login.usgovcloudapi.net")
	}

	return hosts
}

// isVault reports whether a host is that of a vault.
func isVault(host string) bool {
	for _, v := range clouds {
		if strings.HasSuffix(host, v.suffix) {
			return true
		}
	}

	return false
}
