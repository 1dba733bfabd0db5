// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azurename

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestCluster checks that clusters with one name share vaults and identities, and never credentials.
func TestCluster(t *testing.T) {
	blue := Scope{SubscriptionID: subscription, Issuer: issuer, Cluster: "production", Namespace: "shop", Name: "orders"}
	green := blue
	green.Issuer = "https://oidc.example.org"
	if blue.Vault() != green.Vault() || blue.Identity() != green.Identity() || blue.Credential() == green.Credential() {
		t.Errorf("want one vault and identity and two credentials, got %s, %s, %s and %s, %s, %s",
			blue.Vault(), blue.Identity(), blue.Credential(), green.Vault(), green.Identity(), green.Credential())
	}
	unnamed := app("shop", "orders")
	if blue.Vault() == unnamed.Vault() || blue.Credential() != unnamed.Credential() {
		t.Errorf("want another vault than %s and the credential %s, got %s, %s", unnamed.Vault(), unnamed.Credential(), blue.Vault(), blue.Credential())
	}
	// A cluster can take the names of one that is named by its issuer.
	green.Cluster = issuer + "/"
	if green.Vault() != unnamed.Vault() || green.Identity() != unnamed.Identity() || green.Credential() == unnamed.Credential() {
		t.Errorf("want vault %s, got %s", unnamed.Vault(), green.Vault())
	}
}

func TestIssuerTag(t *testing.T) {
	cases := map[string]struct {
		reason string
		issuer string
		want   string
	}{
		"AKS":      {"An issuer of AKS is kept, without the slash at its end.", issuer + "/", issuer},
		"Longest":  {"The longest issuer that is kept leaves room for a hash.", "https://" + strings.Repeat("a", 232), "https://" + strings.Repeat("a", 232)},
		"Long":     {"A longer one is shortened.", "https://" + strings.Repeat("a", 233), "https://" + strings.Repeat("a", 232) + "~kdpggthixqmb2jv"},
		"Query":    {"Characters that Azure does not allow everywhere are replaced.", "https://a.example/?x=<1>", "https://a.example/-x=-1-~p7zup3ijqtucaeu"},
		"NotASCII": {"Other alphabets are replaced.", "https://ä.example", "https://-.example~fxtkbp5hpgnuzot"},
		"Empty":    {"An empty issuer has an empty tag.", "", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, IssuerTag(tc.issuer)); diff != "" {
				t.Errorf("\n%s\nIssuerTag(%q): -want, +got:\n%s", tc.reason, tc.issuer, diff)
			}
		})
	}
}

// TestIssuerTagProperties checks that a tag is valid, and that issuers share one only if they differ in slashes at the end.
func TestIssuerTagProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.OneOf(rapid.String(), rapid.StringMatching(`https://[a-z~?%-]{0,300}/{0,2}`))
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		for _, issuer := range []string{a, b} {
			if tag := IssuerTag(issuer); len(tag) > 256 || !utf8.ValidString(tag) || strings.ContainsAny(tag, `<>%&\?`) {
				t.Errorf("IssuerTag(%q) = %q is not valid", issuer, tag)
			}
		}
		if same, want := IssuerTag(a) == IssuerTag(b), strings.TrimRight(a, "/") == strings.TrimRight(b, "/"); same != want {
			t.Errorf("IssuerTag(%q) and IssuerTag(%q) are the same: %t, want %t", a, b, same, want)
		}
		if tag := IssuerTag(a); IssuerTag(a+"/") != tag {
			t.Errorf("IssuerTag(%q) depends on the slash", a)
		}
	})
}
