// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// TestSharedIsChecked shows which entries are rejected. No error has the name of a secret.
func TestSharedIsChecked(t *testing.T) {
	const (
		id   = `"vaultResourceId": "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/shared-ab12"`
		ours = `"name": "a", "vaultUri": "https://shared-ab12.vault.azure.net", ` + id
	)
	cases := map[string]struct {
		reason  string
		entries string
		want    string
	}{
		"Valid":          {"An entry has a vault, names and namespaces.", `[{` + ours + `, "names": ["hidden"], "namespaces": ["shop"]}]`, ""},
		"Granted":        {"A wider grant needs no id.", `[{"name": "a", "vaultUri": "https://shared-ab12.vault.azure.net", "access": "Granted", "prefixes": ["hidden-"]}]`, ""},
		"Apart":          {"The same names in other namespaces are in another vault.", `[{` + ours + `, "names": ["hidden"], "namespaces": ["shop"]}, {` + strings.Replace(ours, `"a"`, `"b"`, 1) + `, "prefixes": ["HID"], "namespaces": ["billing"]}]`, ""},
		"Overlap":        {"A name has one vault in a namespace.", `[{` + ours + `, "names": ["hidden"], "namespaces": ["shop"]}, {` + strings.Replace(ours, `"a"`, `"b"`, 1) + `, "prefixes": ["HID"], "namespaces": ["shop"]}]`, "secrets.shared[1]: Forbidden: entries b and a match the same names in the same namespace"},
		"Prefixes":       {"A longer prefix is a part of a shorter one.", `[{` + ours + `, "prefixes": ["hidden-x"], "namespaces": ["shop"]}, {` + strings.Replace(ours, `"a"`, `"b"`, 1) + `, "prefixes": ["hidden-"], "namespaces": ["shop"]}]`, "secrets.shared[1]: Forbidden: entries b and a match the same names in the same namespace"},
		"Hyphen":         {"With hyphens, two pairs of entry and secret would have one role assignment.", `[{` + strings.Replace(ours, `"a"`, `"a-b"`, 1) + `, "names": ["hidden"]}]`, `secrets.shared[0].name: Invalid value: "a-b": must be 1 to 20 lower-case letters and digits, and begin with a letter`},
		"SecretName":     {"A name that Key Vault does not allow is not shown.", `[{` + ours + `, "names": ["hidden_name"]}]`, "secrets.shared[0].names[0]: Forbidden: must be 1 to 127 letters, digits and hyphens: Key Vault allows nothing else"},
		"OtherVault":     {"The id must be that of the vault.", `[{` + strings.Replace(ours, "https://shared-ab12", "https://shared-cd34", 1) + `, "names": ["hidden"]}]`, `secrets.shared[0].vaultResourceId: Invalid value: "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/shared-ab12": must be the id of the vault in vaultUri`},
		"NoID":           {"A role needs the id of the vault.", `[{"name": "a", "vaultUri": "https://shared-ab12.vault.azure.net", "names": ["hidden"]}]`, `secrets.shared[0].vaultResourceId: Invalid value: "": must be the id of a vault: /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.KeyVault/vaults/<name>`},
		"NoNames":        {"An entry without names would share nothing.", `[{` + ours + `}]`, "secrets.shared[0]: Required value: must have names or prefixes"},
		"Twice":          {"Names of entries are unique.", `[{` + ours + `, "names": ["hidden"]}, {` + ours + `, "names": ["other"]}]`, `secrets.shared[1].name: Duplicate value: "a"`},
		"NameTwice":      {"Key Vault ignores case, and a name is listed once.", `[{` + ours + `, "names": ["hidden", "Hidden"]}]`, "secrets.shared[0].names[1]: Duplicate value"},
		"ListWith":       {"Only known identities list.", `[{` + ours + `, "names": ["hidden"], "listWith": "Anybody"}]`, `secrets.shared[0].listWith: Unsupported value: "Anybody": supported values: "Application", "ProviderConfig"`},
		"Revoked":        {"A namespace or one of its applications is revoked.", `[{` + ours + `, "names": ["hidden"], "revoked": [{"namespace": "shop"}, {"namespace": "billing", "application": "web"}]}]`, ""},
		"RevokedNothing": {"A revocation without a namespace would revoke nothing.", `[{` + ours + `, "names": ["hidden"], "revoked": [{"application": "web"}]}]`, `secrets.shared[0].revoked[0].namespace: Invalid value: "": must be the name of a namespace`},
		"RevokedNoNamespace": {
			"A namespace that cannot exist is misspelt.", `[{` + ours + `, "names": ["hidden"], "revoked": [{"namespace": "Shop"}]}]`,
			`secrets.shared[0].revoked[0].namespace: Invalid value: "Shop": must be the name of a namespace`,
		},
		"RevokedNoApplication": {
			"An application that cannot exist is misspelt.", `[{` + ours + `, "names": ["hidden"], "revoked": [{"namespace": "shop", "application": "shop/web"}]}]`,
			`secrets.shared[0].revoked[0].application: Invalid value: "shop/web": must be at most 63 lower-case letters, digits and hyphens, begin with a letter and end with a letter or digit: it becomes the name of a Service`,
		},
		"Poll": {"The interval is that of a sync.", `[{` + ours + `, "names": ["hidden"], "pollInterval": "500ms"}]`, `secrets.shared[0].pollInterval: Invalid value: "500ms": must be a duration of at least one second, such as 30s or 5m`},
		"TooMany": {
			"Azure's limit bounds the sum of all limits.", `[{` + ours + `, "names": ["hidden"], "namespaces": ["a", "b", "c", "d", "e", "f", "g", "h", "i"], "maxRoleAssignmentsPerNamespace": 500}]`,
			"secrets.shared[0]: Forbidden: the limits of all namespaces are 4500 role assignments in subscription 33333333-3333-4333-8333-333333333333, and Azure allows 4000; lower maxRoleAssignmentsPerNamespace, use a vault in another subscription, or access Granted",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var spec v1alpha1.PlatformConfigSpec
			if err := json.Unmarshal([]byte(`{`+complete+`, "secrets": {"shared": `+tc.entries+`}}`), &spec); err != nil {
				t.Fatal(err)
			}
			got := ""
			if _, err := Resolve(&v1alpha1.PlatformConfig{Spec: spec}, nil); err != nil {
				got = strings.TrimPrefix(err.Error(), "cannot use platform settings: ")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nResolve(...): -want error, +got:\n%s", tc.reason, diff)
			}
			if strings.Contains(strings.ToLower(got), "hidden") {
				t.Errorf("Resolve(...): the error %q has the name of a secret", got)
			}
		})
	}
}

// TestOverlapping compares the result with the definition: two entries overlap if they list a
// namespace, and a secret has one of the names or prefixes of both.
func TestOverlapping(t *testing.T) {
	texts := func(most int) *rapid.Generator[[]string] {
		return rapid.SliceOfN(rapid.StringMatching(`[aAb-]{1,4}`), 0, most)
	}
	entry := rapid.Custom(func(t *rapid.T) v1alpha1.SharedSecrets {
		return v1alpha1.SharedSecrets{
			Names: texts(4).Draw(t, "names"), Prefixes: texts(2).Draw(t, "prefixes"),
			Namespaces: rapid.SliceOfN(rapid.SampledFrom([]string{"shop", "billing", "news"}), 0, 2).Draw(t, "namespaces"),
		}
	})
	// A secret with the text of a name or a prefix is in all vaults in which a longer secret is.
	share := func(a, b v1alpha1.SharedSecrets) bool {
		return slices.ContainsFunc(slices.Concat(a.Names, a.Prefixes, b.Names, b.Prefixes), func(secret string) bool { return matches(a, secret) && matches(b, secret) })
	}
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(entry, 0, maxSharedEntries).Draw(t, "entries")
		want := make([][]int, len(entries))
		for i, e := range entries {
			for j, other := range entries[:i] {
				together := slices.ContainsFunc(e.Namespaces, func(n string) bool { return slices.Contains(other.Namespaces, n) })
				if together && share(e, other) {
					want[i] = append(want[i], j)
				}
			}
		}
		if diff := cmp.Diff(want, overlapping(entries)); diff != "" {
			t.Errorf("overlapping(%v): -want, +got:\n%s", entries, diff)
		}
	})
}

// BenchmarkOverlapping has as many entries and names as the settings can have, in one namespace.
func BenchmarkOverlapping(b *testing.B) {
	entries := make([]v1alpha1.SharedSecrets, maxSharedEntries)
	for i := range entries {
		entries[i].Namespaces = []string{"shop"}
		for n := range maxSharedNames {
			entries[i].Names = append(entries[i].Names, fmt.Sprintf("common-database-%02d-%03d", i, n))
		}
		for n := range maxSharedPrefixes {
			entries[i].Prefixes = append(entries[i].Prefixes, fmt.Sprintf("common-queue-%02d-%02d-", i, n))
		}
	}
	for b.Loop() {
		overlapping(entries)
	}
}
