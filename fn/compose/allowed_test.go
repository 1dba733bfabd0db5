// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAllowedKeyVault checks which vault settings a manifest may use, and that others are reported.
func TestAllowedKeyVault(t *testing.T) {
	const (
		group = "88888888-8888-4888-8888-888888888888"
		user  = "99999999-9999-4999-8999-999999999999"
		all   = `{"keyVault": {"deletionPolicy": "Purge", "sku": "premium", "officers": [{"objectId": "` + group + `", "principalType": "Group"}, {"objectId": "` + user + `"}]}}`
	)
	type want struct {
		officers        []string
		policies        []any
		purgeProtection any
		sku             string
		ignored         string
	}
	officers := `{"keyVault": {"officers": [{"objectId": "` + group + `", "principalType": "Group"}, {"objectId": "` + user + `"}]}}`
	retained := []any{"Observe", "Create", "Update"}
	assignedAs := func(principalType string) Observed {
		seen := azureSeen()
		seen[PrefixRoleAssignmentOfficer+group] = Object{
			"kind":   "RoleAssignment",
			"spec":   map[string]any{"forProvider": map[string]any{"principalId": group, "principalType": principalType, "scope": testVaultID, "roleDefinitionName": "Key Vault Secrets Officer"}},
			"status": map[string]any{"atProvider": map[string]any{"principalType": principalType}},
		}

		return seen
	}
	premium := azureSeen()
	premium[NameKeyVault].object("status", "atProvider")["skuName"] = "premium"

	cases := map[string]struct {
		reason         string
		spec, platform string
		seen           Observed
		want           want
	}{
		"Default": {
			reason: "By default, manifests cannot choose officers, purging or premium vaults.",
			spec:   all,
			want: want{policies: retained, purgeProtection: true, sku: "standard", ignored: "spec.keyVault.deletionPolicy (the platform does not allow Purge), " +
				"spec.keyVault.officers[" + group + "] (the platform allows no officers in manifests), " +
				"spec.keyVault.officers[" + user + "] (the platform allows no officers in manifests), " +
				"spec.keyVault.sku (the platform does not allow premium)"},
		},
		"Everything": {
			reason:   "The platform can allow everything.",
			spec:     all,
			platform: `{"keyVault": {"allow": {"officers": "Any", "purge": true, "premium": true}}}`,
			want:     want{officers: []string{group, user}, policies: []any{"Observe", "Create", "Update", "Delete"}, purgeProtection: false, sku: "premium"},
		},
		"Groups": {
			reason:   "Groups can be allowed, because their members are managed elsewhere.",
			spec:     officers,
			platform: `{"keyVault": {"allow": {"officers": "Groups"}}}`,
			want:     want{officers: []string{group}, policies: retained, purgeProtection: true, sku: "standard", ignored: "spec.keyVault.officers[" + user + "] (the platform allows only groups, with principalType Group)"},
		},
		"CalledGroup": {
			reason:   "Azure ignores the type for a principal that already has the role, so the type in Azure counts, not the manifest's.",
			spec:     `{"keyVault": {"officers": [{"objectId": "` + group + `", "principalType": "Group"}]}}`,
			platform: `{"keyVault": {"allow": {"officers": "Groups"}}}`,
			seen:     assignedAs("User"),
			want:     want{policies: retained, purgeProtection: true, sku: "standard", ignored: "spec.keyVault.officers[" + group + "] (the platform allows only groups, with principalType Group)"},
		},
		"IsGroup": {
			reason:   "A group with the role keeps it.",
			spec:     `{"keyVault": {"officers": [{"objectId": "` + group + `", "principalType": "Group"}]}}`,
			platform: `{"keyVault": {"allow": {"officers": "Groups"}}}`,
			seen:     assignedAs("Group"),
			want:     want{officers: []string{group}, policies: retained, purgeProtection: true, sku: "standard"},
		},
		"GroupsAndListed": {
			reason:   "The platform can allow listed officers in addition to groups.",
			spec:     officers,
			platform: `{"keyVault": {"allow": {"officers": "Groups", "officerIds": ["` + strings.ToUpper(user) + `"]}}}`,
			want:     want{officers: []string{group, user}, policies: retained, purgeProtection: true, sku: "standard"},
		},
		"Listed": {
			reason:   "The platform can allow only listed officers.",
			spec:     officers,
			platform: `{"keyVault": {"allow": {"officers": "Listed", "officerIds": ["` + user + `"]}}}`,
			want:     want{officers: []string{user}, policies: retained, purgeProtection: true, sku: "standard", ignored: "spec.keyVault.officers[" + group + "] (the platform allows only listed officers)"},
		},
		"PlatformsOwn": {
			reason:   "An officer of the platform already has the role, so nothing is reported.",
			spec:     `{"keyVault": {"officers": [{"objectId": "` + user + `"}]}}`,
			platform: `{"keyVault": {"officers": [{"objectId": "` + user + `"}]}}`,
			want:     want{officers: []string{user}, policies: retained, purgeProtection: true, sku: "standard"},
		},
		"SoftDelete": {
			reason: "Every application may choose a vault that can be recovered.",
			spec:   `{"keyVault": {"deletionPolicy": "SoftDelete"}}`,
			want:   want{policies: []any{"Observe", "Create", "Update", "Delete"}, purgeProtection: true, sku: "standard"},
		},
		"PurgeOfPlatformThatDeletes": {
			reason:   "Without Purge, the platform's own policy applies, with protection.",
			spec:     `{"keyVault": {"deletionPolicy": "Purge"}}`,
			platform: `{"keyVault": {"deletionPolicy": "SoftDelete"}}`,
			want:     want{policies: []any{"Observe", "Create", "Update", "Delete"}, purgeProtection: true, sku: "standard", ignored: "spec.keyVault.deletionPolicy (the platform does not allow Purge)"},
		},
		"PremiumStays": {
			reason: "Keys of a premium vault may be in hardware.",
			spec:   `{"keyVault": {"sku": "premium"}}`,
			seen:   premium,
			want:   want{policies: retained, purgeProtection: true, sku: "premium"},
		},
		"PremiumOfFormerSettings": {
			reason: "A vault stays premium if the platform's default becomes standard.",
			spec:   `{}`,
			seen:   premium,
			want:   want{policies: retained, purgeProtection: true, sku: "premium"},
		},
		"StandardAgain": {
			reason: "Only the manifest makes a premium vault a standard one.",
			spec:   `{"keyVault": {"sku": "standard"}}`,
			seen:   premium,
			want:   want{policies: retained, purgeProtection: true, sku: "standard"},
		},
		"PremiumOfPlatform": {
			reason:   "A manifest may choose less than the platform's default.",
			spec:     `{"keyVault": {"sku": "standard"}}`,
			platform: `{"keyVault": {"sku": "premium"}}`,
			want:     want{policies: retained, purgeProtection: true, sku: "standard"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			seen := tc.seen
			if seen == nil {
				seen = azureSeen()
			}
			r := compose(t, tc.spec, tc.platform, seen)
			vault := Object(r.Resources[NameKeyVault].Object)
			got := want{
				policies:        vault.list("spec", "managementPolicies"),
				purgeProtection: vault.object("spec", "forProvider")["purgeProtectionEnabled"],
				sku:             vault.str("spec", "forProvider", "skuName"),
				ignored:         ignored(r),
			}
			for name := range r.Resources {
				if id, ok := strings.CutPrefix(name, PrefixRoleAssignmentOfficer); ok {
					got.officers = append(got.officers, id)
				}
			}
			slices.Sort(got.officers)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// ignored returns the fields in condition FieldsIgnored.
func ignored(r Result) string {
	_, list, _ := strings.Cut(r.condition(TypeFieldsIgnored).Message, "These fields are kept but have no effect: ")
	return strings.TrimSuffix(list, ".")
}
