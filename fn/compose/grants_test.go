// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

const (
	testGroupID    = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications"
	testOwnOfficer = "99999999-9999-4999-8999-999999999999"
)

// A call is a call of Compose with a mode of role assignments and confirmed grants. Each grant is a principal and a scope.
type call struct {
	mode      string
	confirmed [][2]string
	// restored: the status was lost before the call, as after a restore.
	restored bool
	changes  map[string]any
}

func (c call) settings(t testingT) string {
	t.Helper()
	keyVault := map[string]any{
		"allow":    map[string]any{"officers": "Any"},
		"officers": []any{map[string]any{"objectId": testOfficerID, "principalType": "Group"}},
	}
	if c.mode != "" {
		keyVault["roleAssignments"] = c.mode
	}
	grants := []any{}
	for _, g := range c.confirmed {
		grants = append(grants, map[string]any{"principalId": g[0], "scope": g[1]})
	}
	keyVault["confirmedGrants"] = grants
	maps.Copy(keyVault, c.changes)
	b, err := json.Marshal(map[string]any{"secretCreatorPrincipalId": testCreatorID, "keyVault": keyVault})
	if err != nil {
		t.Fatalf("cannot write settings: %v", err)
	}

	return string(b)
}

// run calls Compose for one application, whose assignments become ready after each call. It returns the last result.
func run(t testingT, spec string, calls ...call) Result {
	t.Helper()
	a, seen, r := application(t, spec), azureSeen(), Result{}
	for _, c := range calls {
		var err error
		if c.restored {
			a.Status = v1alpha1.PlatformApplicationStatus{}
		}
		if r, err = Compose(a, platform(t, c.settings(t)), seen); err != nil {
			t.Fatalf("Compose(...): %v", err)
		}
		maps.DeleteFunc(seen, func(name string, _ Object) bool { return strings.HasPrefix(name, "role-assignment-") })
		for name, o := range assignments(r) {
			seen[name] = runtime.DeepCopyJSON(o)
			seen[name]["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "True"}}}
		}
		a.Status = r.Status
		seen[NameKeyVault]["metadata"] = runtime.DeepCopyJSON(r.Resources[NameKeyVault].Object)["metadata"]
	}

	return r
}

// TestGranted checks for which principals assignments on the vault are composed if the platform has granted their roles on a wider scope.
func TestGranted(t *testing.T) {
	const (
		app, creator = NameRoleAssignmentApp, NameRoleAssignmentCreator
		officer      = PrefixRoleAssignmentOfficer + testOfficerID
		own          = PrefixRoleAssignmentOfficer + testOwnOfficer
	)
	onGroup := func(principal string) [2]string { return [2]string{principal, testGroupID} }
	assigned := call{mode: "Granted", confirmed: [][2]string{onGroup(testOfficerID), onGroup(testCreatorID)}, changes: map[string]any{
		"assigned": []any{map[string]any{"name": "shop-api-abc", "namespace": "shop", "application": "shop-api", "resourceGroupName": "rg-other"}},
	}}
	cases := map[string]struct {
		reason string
		spec   string
		calls  []call
		want   []string
	}{
		"Default": {
			reason: "Without the setting, officers and the creator have assignments on the vault.",
			calls:  []call{{}}, want: []string{app, creator, officer},
		},
		"New": {
			reason: "A new application has only its own assignment.",
			calls:  []call{{mode: "Granted"}, {mode: "Granted"}}, want: []string{app},
		},
		"OwnOfficer": {
			reason: "Nobody has granted an officer of the manifest anything.",
			spec:   `{"keyVault": {"officers": [{"objectId": "` + testOwnOfficer + `"}, {"objectId": "` + testOfficerID + `"}]}}`,
			calls:  []call{{mode: "Granted", confirmed: [][2]string{onGroup(testOwnOfficer)}}}, want: []string{app, own},
		},
		"AssignedVault": {
			reason: "A vault that the platform assigned can be anywhere.",
			spec:   `{"keyVault": {"name": "shop-api-abc"}}`,
			calls:  []call{assigned}, want: []string{app, creator, officer},
		},
		"Existing": {
			reason: "Existing assignments stay until the platform confirms the wider ones.",
			calls:  []call{{}, {mode: "Granted"}, {mode: "Granted"}}, want: []string{app, creator, officer},
		},
		"ConfirmedWithoutGranted": {
			reason: "A confirmation alone deletes nothing.",
			calls:  []call{{}, {confirmed: [][2]string{onGroup(testOfficerID)}}}, want: []string{app, creator, officer},
		},
		"OneConfirmed": {
			reason: "A confirmation is about one principal.",
			calls:  []call{{}, {mode: "Granted", confirmed: [][2]string{onGroup(testOfficerID)}}}, want: []string{app, creator},
		},
		"BothConfirmed": {
			reason: "A subscription contains the vault, too. Azure ignores case in ids.",
			calls: []call{{}, {mode: "Granted", confirmed: [][2]string{
				{testOfficerID, strings.Replace(strings.ToUpper(testGroupID), "/SUBSCRIPTIONS", "/subscriptions", 1)[:len("/subscriptions/")+36]},
				{testCreatorID, strings.Replace(testGroupID, "rg-applications", "RG-Applications", 1)},
			}}},
			want: []string{app},
		},
		"ConfirmedElsewhere": {
			reason: "A vault in another resource group keeps its assignments, also if the names begin alike.",
			calls: []call{{}, {mode: "Granted", confirmed: [][2]string{
				{testOfficerID, strings.TrimSuffix(testGroupID, "s")}, {testCreatorID, testGroupID + "-2"},
			}}},
			want: []string{app, creator, officer},
		},
		"BothSettingsLost": {
			reason: "If the settings are lost, an application keeps what it has.",
			calls:  []call{{}, assigned, {}, {}}, want: []string{app},
		},
		"SettingsAndStatusLost": {
			reason: "The vault records that the roles are granted. A restore brings back no status.",
			calls:  []call{{}, assigned, {restored: true}, {}}, want: []string{app},
		},
		"ConfirmationLost": {
			reason: "If only the confirmation is lost, deleted assignments stay deleted.",
			calls:  []call{{}, assigned, {mode: "Granted"}}, want: []string{app},
		},
		"Back": {
			reason: "The platform says explicitly that it wants assignments on the vault again.",
			calls:  []call{{mode: "Granted"}, {mode: "Vault"}, {mode: "Vault"}}, want: []string{app, creator, officer},
		},
		"BackAndLost": {
			reason: "Assignments that were composed again stay when the setting is removed.",
			calls:  []call{{mode: "Granted"}, {mode: "Vault"}, {}}, want: []string{app, creator, officer},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			spec := tc.spec
			if spec == "" {
				spec = `{}`
			}
			r := run(t, spec, tc.calls...)
			if diff := cmp.Diff(slices.Sorted(slices.Values(tc.want)), slices.Sorted(maps.Keys(assignments(r)))); diff != "" {
				t.Errorf("\n%s\nCompose(...): assignments: -want, +got:\n%s", tc.reason, diff)
			}
			if got := r.condition(TypeAccessReady).Status; len(tc.calls) > 1 && got != True {
				t.Errorf("\n%s\nCompose(...): AccessReady: want True, got %s", tc.reason, got)
			}
		})
	}
}

// TestGrantsStay checks that the setting changes no assignment of an existing application, unless the platform says so: with Vault, or
// with a confirmation.
func TestGrantsStay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(modes ...string) call {
			c := call{mode: rapid.SampledFrom(modes).Draw(rt, "mode")}
			for _, principal := range []string{testOfficerID, testCreatorID} {
				if c.mode == "Granted" && rapid.Bool().Draw(rt, "confirmed") {
					c.confirmed = append(c.confirmed, [2]string{principal, testGroupID})
				}
			}

			return c
		}
		var calls []call
		for range rapid.IntRange(1, 5).Draw(rt, "calls") {
			calls = append(calls, draw("", "Vault", "Granted"))
		}
		before := assignments(run(rt, `{}`, calls...))
		after := assignments(run(rt, `{}`, append(calls, call{mode: rapid.SampledFrom([]string{"", "Granted"}).Draw(rt, "last")})...))
		if diff := cmp.Diff(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))); diff != "" {
			rt.Errorf("Compose(...): assignments: -before, +after:\n%s", diff)
		}
	})
}
