// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// accepted has the patterns of the first version. Existing settings can have any id that one of them
// matches.
func accepted() map[string]struct {
	pattern string
	kind    *regexp.Regexp
} {
	const (
		uuid  = `[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}`
		group = `/subscriptions/` + uuid + `/resourceGroups/[^/\s]{1,90}/providers/`
	)

	return map[string]struct {
		pattern string
		kind    *regexp.Regexp
	}{
		"Subnet":    {group + `Microsoft\.Network/virtualNetworks/[^/\s]+/subnets/[^/\s]{1,80}`, subnetID},
		"Zone":      {group + `Microsoft\.Network/privateDnsZones/[^/\s]{1,80}`, zoneID},
		"Workspace": {group + `Microsoft\.OperationalInsights/workspaces/[^/\s]{1,80}`, workspaceID},
		"Vault":     {`(?i)/subscriptions/` + uuid + `/resourceGroups/[-\w.()]{1,90}/providers/Microsoft\.KeyVault/vaults/[a-z][0-9a-z-]{1,22}[0-9a-z]`, vaultID},
		"Scope":     {`/subscriptions/[0-9a-fA-F-]{36}(/resource[gG]roups/[^/]{1,90})?`, grantScope},
	}
}

func TestIDsStayAccepted(t *testing.T) {
	for name, tc := range accepted() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				id := rapid.StringMatching(tc.pattern).Draw(t, "id")
				if tc.kind == grantScope {
					if !tc.kind.MatchString(id) {
						t.Errorf("the scope %q is not accepted any more", id)
					}

					return
				}
				segments := strings.Split(id, "/")
				subscription, name, ok := parseID(tc.kind, id)
				if diff := cmp.Diff([]any{segments[2], segments[len(segments)-1], true}, []any{subscription, name, ok}); diff != "" {
					t.Errorf("parseID(%q): -want, +got:\n%s", id, diff)
				}
			})
		})
	}
}

func TestParseID(t *testing.T) {
	const (
		group = "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/"
		vault = "/providers/Microsoft.KeyVault/vaults/shared-ab12"
		zone  = "/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	)
	cases := map[string]struct {
		reason string
		kind   *regexp.Regexp
		id     string
		want   bool
	}{
		"Vault":          {"Azure does not preserve case in the ids of vaults.", vaultID, strings.ToLower(group) + "rg" + strings.ToUpper(vault), true},
		"Zone":           {"The Azure provider compares the types in other ids with case.", zoneID, group + "rg" + strings.ToLower(zone), false},
		"GroupOfVault":   {"A group can have letters of any alphabet.", vaultID, group + "größe_(1).x" + vault, true},
		"GroupOfZone":    {"Groups are the same in all ids.", zoneID, group + "größe_(1).x" + zone, true},
		"Space":          {"No group has a space, which is a mistake in copying.", vaultID, group + "rg " + vault, false},
		"Child":          {"The id of a secret is not the id of its vault.", vaultID, group + "rg" + vault + "/secrets/a", false},
		"Line":           {"An id is one line.", zoneID, group + "rg" + zone + "\n", false},
		"NoGroup":        {"A group has a name.", zoneID, group + zone, false},
		"NoSubscription": {"A subscription is a UUID.", zoneID, "/subscriptions/production/resourceGroups/rg" + zone, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, _, got := parseID(tc.kind, tc.id); got != tc.want {
				t.Errorf("\n%s\nparseID(%q): want %t, got %t", tc.reason, tc.id, tc.want, got)
			}
		})
	}
}
