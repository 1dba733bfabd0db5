// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseVault(t *testing.T) {
	type want struct {
		Host      string
		Authority string
		Failed    bool
	}

	const (
		public     = "https://login.microsoftonline.com/"
		china      = "https://login.chinacloudapi.cn/"
		government = "https://login.microsoftonline.us/"
	)

	refused := want{Failed: true}

	cases := map[string]struct {
		reason string
		uri    string
		want   want
	}{
		"Public":        {reason: "A vault of Azure.", uri: "https://web.vault.azure.net/", want: want{Host: "web.vault.azure.net", Authority: public}},
		"NoSlash":       {reason: "The slash at the end does not matter.", uri: "https://web.vault.azure.net", want: want{Host: "web.vault.azure.net", Authority: public}},
		"Slashes":       {reason: "Several slashes at the end do not matter.", uri: "https://web.vault.azure.net//", want: want{Host: "web.vault.azure.net", Authority: public}},
		"Case":          {reason: "Names of hosts have no case.", uri: "HTTPS://Web.Vault.Azure.NET/", want: want{Host: "web.vault.azure.net", Authority: public}},
		"China":         {reason: "A vault of Azure China.", uri: "https://web.vault.azure.cn/", want: want{Host: "web.vault.azure.cn", Authority: china}},
		"Government":    {reason: "A vault of Azure US Government.", uri: "https://web.vault.usgovcloudapi.net/", want: want{Host: "web.vault.usgovcloudapi.net", Authority: government}},
		"Empty":         {reason: "An empty URI is invalid.", uri: "", want: refused},
		"Garbage":       {reason: "An unparsable URI is invalid.", uri: "https://%zz", want: refused},
		"NoScheme":      {reason: "A host without a scheme is invalid.", uri: "web.vault.azure.net", want: refused},
		"HTTP":          {reason: "A URI without TLS is rejected: it would expose tokens.", uri: "http://web.vault.azure.net/", want: refused},
		"Port":          {reason: "A port is rejected, because Key Vault has only one.", uri: "https://web.vault.azure.net:8443/", want: refused},
		"EmptyPort":     {reason: "An empty port is the default port.", uri: "https://web.vault.azure.net:/", want: want{Host: "web.vault.azure.net", Authority: public}},
		"Path":          {reason: "A secret's URI is not a vault's.", uri: "https://web.vault.azure.net/secrets/db", want: refused},
		"Query":         {reason: "A query is rejected.", uri: "https://web.vault.azure.net/?x=y", want: refused},
		"Fragment":      {reason: "A fragment is rejected.", uri: "https://web.vault.azure.net/#x", want: refused},
		"User":          {reason: "A user part that looks like a vault is rejected.", uri: "https://web.vault.azure.net@evil.com/", want: refused},
		"UserOfVault":   {reason: "A user part is rejected.", uri: "https://user@web.vault.azure.net/", want: refused},
		"Suffix":        {reason: "A host that begins with a vault's name is rejected.", uri: "https://web.vault.azure.net.evil.com/", want: refused},
		"Prefix":        {reason: "A domain that ends like Key Vault's is rejected.", uri: "https://evilvault.azure.net/", want: refused},
		"OtherDomain":   {reason: "A similar domain is rejected.", uri: "https://web.vault.azure.net.cn/", want: refused},
		"Subdomain":     {reason: "Vaults have no subdomains.", uri: "https://a.b.vault.azure.net/", want: refused},
		"NoName":        {reason: "The domain of all vaults is no vault.", uri: "https://.vault.azure.net/", want: refused},
		"Domain":        {reason: "The domain of all vaults is no vault.", uri: "https://vault.azure.net/", want: refused},
		"TrailingDot":   {reason: "A host with a dot at the end is rejected.", uri: "https://web.vault.azure.net./", want: refused},
		"Backslash":     {reason: "A backslash is rejected, because some parsers read it as a slash.", uri: `https://evil.com\.vault.azure.net/`, want: refused},
		"EscapedSlash":  {reason: "An escaped slash in the host is rejected.", uri: "https://evil.com%2f.vault.azure.net/", want: refused},
		"Opaque":        {reason: "A URI without a host is rejected.", uri: "https:web.vault.azure.net", want: refused},
		"ManagedHSM":    {reason: "A managed HSM has no secrets.", uri: "https://web.managedhsm.azure.net/", want: refused},
		"Address":       {reason: "An IPv4 address is not a vault.", uri: "https://10.0.0.1/", want: refused},
		"AddressOfName": {reason: "An IPv6 address is not a vault.", uri: "https://[::1].vault.azure.net/", want: refused},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			host, cloud, err := parseVault(tc.uri)
			got := want{Host: host, Authority: cloud.ActiveDirectoryAuthorityHost, Failed: err != nil}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nparseVault(%q): -want, +got:\n%s", tc.reason, tc.uri, diff)
			}
		})
	}
}

func FuzzParseVault(f *testing.F) {
	for _, seed := range []string{
		"https://web.vault.azure.net/", "https://web.vault.azure.cn", "https://web.vault.usgovcloudapi.net/", "https://x@web.vault.azure.net",
		"https://web.vault.azure.net.evil.com", `https://evil.com\.vault.azure.net`, "https://evil.com/.vault.azure.net", "https://evil.com#.vault.azure.net",
		"https://evil.com%00.vault.azure.net", "https://[::1].vault.azure.net/", "https://\u2025.vault.azure.net/",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, uri string) {
		host, _, err := parseVault(uri)
		if err != nil {
			return
		}

		// Tokens are sent to https:// plus the host.
		u, err := url.Parse("https://" + host)
		if err != nil || u.Host != host || u.User != nil || u.Path != "" {
			t.Fatalf("parseVault(%q) = %q, which is more than a host", uri, host)
		}

		name, domain, _ := strings.Cut(host, ".")
		if name == "" || domain != "vault.azure.net" && domain != "vault.azure.cn" && domain != "vault.usgovcloudapi.net" {
			t.Fatalf("parseVault(%q) = %q, which is no vault", uri, host)
		}
	})
}
