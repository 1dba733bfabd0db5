// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

// TestFirewall sends requests from several networks.
func TestFirewall(t *testing.T) {
	w := newWorld(t)
	token := w.officer(t, forVaults)
	deny := azure.Firewall{Deny: true, IPRules: []string{"20.50.1.2", "20.60.0.0/16"}, PrivateEndpoints: []string{"cluster"}}
	private := azure.Firewall{Private: true, IPRules: []string{"20.50.1.2"}, PrivateEndpoints: []string{"cluster"}}

	const firewall, connection = "403 Forbidden ForbiddenByFirewall", "403 Forbidden ForbiddenByConnection"

	cases := map[string]struct {
		reason   string
		firewall azure.Firewall
		network  string
		want     string
	}{
		"Open":             {"Without a firewall, everybody can connect.", azure.Firewall{}, "", "200"},
		"Elsewhere":        {"An unknown client is rejected.", deny, "", firewall},
		"Address":          {"The address of a rule is allowed.", deny, "20.50.1.2", "200"},
		"Range":            {"An address in a range is allowed.", deny, "20.60.7.7", "200"},
		"OtherAddress":     {"Other addresses are rejected.", deny, "20.50.1.3", firewall},
		"Endpoint":         {"A private endpoint is not subject to the rules.", deny, "cluster", "200"},
		"OtherNetwork":     {"Other networks have no private endpoint.", deny, "office", firewall},
		"Private":          {"Without public access, rules do not count.", private, "20.50.1.2", connection},
		"PrivateEndpoint":  {"Without public access, the private endpoint remains.", private, "cluster", "200"},
		"PrivateElsewhere": {"Without public access, nobody else can connect.", private, "", connection},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			must(t, w.SetFirewall(vault, func(f *azure.Firewall) { *f = tc.firewall }))

			from := &world{Server: w.Server, clock: w.clock, key: w.key, raw: w.TransportFrom(tc.network)}
			t.Cleanup(from.raw.CloseIdleConnections)

			if diff := cmp.Diff(tc.want, from.ask(t, "GET /secrets", token, "").String()); diff != "" {
				t.Errorf("\n%s\nGET /secrets: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestFirewallComesLast checks that a client that presents no token gets a challenge, as from Azure.
func TestFirewallComesLast(t *testing.T) {
	w := newWorld(t)
	must(t, w.SetFirewall(vault, func(f *azure.Firewall) { f.Deny = true }))

	if got := w.ask(t, "GET /secrets", "", ""); got.status != http.StatusUnauthorized || !strings.Contains(got.header.Get("Www-Authenticate"), "Bearer") {
		t.Errorf("GET /secrets: want a challenge, got %d", got.status)
	}
}
