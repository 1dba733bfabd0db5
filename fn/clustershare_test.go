// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// sharingSites returns an owner and a member whose application has a shared secret, a private endpoint and logs.
func sharingSites(t *testing.T) (blue, green *site) {
	t.Helper()
	blue, green = sites(t, `{"keyVault": {"deletionPolicy": "Purge"}, "secrets": [{"name": "a"}, {"name": "common-api-key"}]}`)
	green.become("Member", blueIssuer)
	for _, s := range []*site{blue, green} {
		s.share(nil)
		maps.Copy(nested(s.environment, "keyVault"), closed(false))
		s.live()
	}

	return blue, green
}

// revoke revokes the shared secrets in one cluster.
func (s *site) revoke() {
	s.share(func(e map[string]any) { e["revoked"] = []any{map[string]any{"namespace": "shop"}} })
	s.live()
}

// count returns the number of resources of a kind in Azure. A prefix of the name can follow the kind.
func (in subscription) count(prefix string) (n int) {
	for key := range in {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}

	return n
}

// ownsEndpoint checks that a cluster changes no endpoint of another.
func (s *site) ownsEndpoint(t *testing.T, tag string) {
	t.Helper()
	s.updates = func(key string, _ *part) {
		if owner := s.azure.clusterOf(key); strings.HasPrefix(key, "PrivateEndpoint ") && owner != tag {
			t.Errorf("%s changes the endpoint of %s", tag, owner)
		}
	}
}

// liveOn reconciles the application unless it is deleted.
func (s *site) liveOn() {
	if len(s.composed) > 0 {
		s.live()
	}
}

// TestClustersShareAccess shows what happens in two clusters to roles on shared secrets, private endpoints and logs. In Azure, both
// clusters have one role and one diagnostic setting, and each has an endpoint of its own.
func TestClustersShareAccess(t *testing.T) {
	const sharedScope = "RoleAssignment " + sharedVault
	type want struct {
		// Policies of the role on the shared secret, in both clusters.
		BlueRole, GreenRole string
		// Policies of the diagnostic setting.
		BlueLogs, GreenLogs string
		// Sync with the shared vault.
		BlueSync, GreenSync bool
		// In Azure.
		Roles, Endpoints, Logs int
	}
	both := want{BlueRole: changes, GreenRole: observes, BlueLogs: changes, BlueSync: true, GreenSync: true, Roles: 1, Endpoints: 2, Logs: 1}
	changed := func(change func(*want)) want {
		w := both
		change(&w)

		return w
	}
	withoutBlue := func(w *want) { w.BlueRole, w.BlueLogs, w.BlueSync, w.Endpoints = "", "", false, 1 }
	takeOver := func(blue, green *site) {
		blue.become("Member", greenIssuer)
		blue.live()
		green.become("Owner", blueIssuer)
	}
	cases := map[string]struct {
		reason string
		do     func(blue, green *site)
		want   want
		// says is part of AccessReady in blue.
		says string
	}{
		"Both": {reason: "A member changes neither roles nor logs, and has its own endpoint and sync.", do: func(_, _ *site) {}, want: both},
		"RevokedByMember": {
			reason: "A member stops using the secret, and the owner goes on.", do: func(_, green *site) { green.revoke() },
			want: changed(func(w *want) { w.GreenRole, w.GreenSync = "", false }),
		},
		"RevokedByOwner": {
			reason: "The member may still need the role, and the owner names it.", do: func(blue, _ *site) { blue.revoke() },
			want: changed(func(w *want) { w.BlueRole, w.BlueSync = observes, false }), says: "still exist in Azure: " + sharedRole,
		},
		"RevokedAgain": {
			reason: "A role that somebody deleted in Azure is not reported any more.",
			do: func(blue, green *site) {
				blue.revoke()
				green.revoke()
				for key := range blue.azure {
					if strings.HasPrefix(key, sharedScope) {
						delete(blue.azure, key)
					}
				}
			},
			want: changed(func(w *want) {
				w.BlueRole, w.GreenRole, w.BlueSync, w.GreenSync, w.Roles = observes, "", false, false, 0
			}),
		},
		"RevokedBySoleOwner": {
			reason: "A sole owner deletes the role.",
			do: func(blue, green *site) {
				green.deleteApplication()
				blue.become("SoleOwner", greenIssuer)
				blue.live()
				blue.revoke()
			},
			want: want{BlueLogs: fullPolicies, Endpoints: 1, Logs: 1},
		},
		"NotListed": {
			reason: "A manifest that no longer lists the secret in one cluster leaves the role to the other one.",
			do: func(blue, _ *site) {
				blue.changeSpec(map[string]any{"keyVault": map[string]any{"deletionPolicy": "Purge"}, "secrets": []any{map[string]any{"name": "a"}}})
			},
			want: changed(func(w *want) { w.BlueRole, w.BlueSync = observes, false }), says: sharedRole,
		},
		"NamedLater": {
			reason: "Policies of a cluster that had no name are corrected before anything is deleted.",
			do: func(blue, green *site) {
				for _, name := range []string{sharedRole, compose.NameDiagnosticSetting} {
					nested(blue.composed[name], "spec")["managementPolicies"] = []any{"Observe", "Create", "Update", "Delete"}
				}
				blue.compose()
				green.revoke()
				blue.deleteApplication()
			},
			want: changed(func(w *want) { withoutBlue(w); w.GreenRole, w.GreenSync = "", false }),
		},
		"DeletedByOwner": {reason: "The member keeps role and logs.", do: func(blue, _ *site) { blue.deleteApplication() }, want: changed(withoutBlue)},
		"DeletedByMember": {
			reason: "The owner keeps its endpoint, too.", do: func(_, green *site) { green.deleteApplication() },
			want: changed(func(w *want) { w.GreenRole, w.GreenSync, w.Endpoints = "", false, 1 }),
		},
		"TakeOver": {
			reason: "Roles and logs follow the vault.", do: takeOver,
			want: changed(func(w *want) { w.BlueRole, w.GreenRole, w.BlueLogs, w.GreenLogs = observes, changes, observes, changes }),
		},
		"Disabled": {
			reason: "The owner removes the logs if the platform says so, and each cluster its endpoint.",
			do: func(blue, _ *site) {
				blue.environment["keyVault"] = map[string]any{"network": map[string]any{"privateEndpoint": map[string]any{"enabled": false}}, "diagnostics": map[string]any{"enabled": false}}
			},
			want: changed(func(w *want) { w.BlueLogs, w.Logs, w.Endpoints = "", 0, 1 }),
		},
		"DisabledByMember": {
			reason: "A former owner does not remove the logs of the new one.",
			do: func(blue, green *site) {
				takeOver(blue, green)
				green.live()
				blue.environment["keyVault"] = map[string]any{"diagnostics": map[string]any{"enabled": false}}
			},
			want: changed(func(w *want) { w.BlueRole, w.GreenRole, w.BlueLogs, w.GreenLogs = observes, changes, "", changes }),
		},
		"Restored": {
			reason: "An endpoint of the other cluster is left to it.",
			do: func(blue, green *site) {
				green.composed[compose.NamePrivateEndpoint] = maps.Clone(blue.composed[compose.NamePrivateEndpoint])
			},
			want: both,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			blue, green := sharingSites(t)
			blue.ownsEndpoint(t, blueTag)
			green.ownsEndpoint(t, greenTag)
			tc.do(blue, green)
			for _, s := range []*site{blue, green, blue, green} {
				s.liveOn()
			}
			got := want{
				BlueRole: policies(blue.composed[sharedRole]), GreenRole: policies(green.composed[sharedRole]),
				BlueLogs: policies(blue.composed[compose.NameDiagnosticSetting]), GreenLogs: policies(green.composed[compose.NameDiagnosticSetting]),
				BlueSync: blue.composed[sharedSync] != nil, GreenSync: green.composed[sharedSync] != nil,
				Roles: blue.azure.count(sharedScope), Endpoints: blue.azure.count("PrivateEndpoint "), Logs: blue.azure.count("MonitorDiagnosticSetting "),
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if _, says := blue.says(compose.TypeAccessReady); !strings.Contains(says, tc.says) || tc.says == "" && strings.Contains(says, "still exist") {
				t.Errorf("\n%s\nAccessReady: want a message that says %q, got %q", tc.reason, tc.says, says)
			}
		})
	}
}

// TestKeptRoleCounts checks that a role that stays for another cluster counts for the limit of the namespace, also if it cannot be
// observed: the provider reports a role that somebody has deleted in the same way as an outage. Whoever has deleted it also deletes its
// object in the cluster, which teams cannot do.
func TestKeptRoleCounts(t *testing.T) {
	const (
		other     = "common-other"
		otherRole = "role-assignment-shared-platform-" + other
	)
	blue, _ := sites(t, `{"secrets": [{"name": "common-api-key"}]}`)
	blue.share(func(e map[string]any) { e["maxRoleAssignmentsPerNamespace"] = 1 })
	blue.live()
	steps := []struct {
		reason string
		do     func()
		// policies of the role that is not needed any more, and whether there is one for the other secret.
		want []any
	}{
		{"The role may be needed in another cluster.", func() { blue.changeSpec(map[string]any{"secrets": []any{map[string]any{"name": other}}}) }, []any{observes, false}},
		{"A failure to observe the role frees nothing.", func() { delete(blue.azure, keyOf(blue.composed[sharedRole])) }, []any{observes, false}},
		{"Without its object, there is room again.", func() { delete(blue.composed, sharedRole) }, []any{"", true}},
	}
	for _, s := range steps {
		s.do()
		blue.live()
		if diff := cmp.Diff(s.want, []any{policies(blue.composed[sharedRole]), blue.composed[otherRole] != nil}); diff != "" {
			t.Errorf("\n%s\n-want, +got:\n%s", s.reason, diff)
		}
	}
}

// TestTakeOverKeepsRules checks that a cluster that takes over a vault keeps its network rules, including those that the former owner
// changed since.
func TestTakeOverKeepsRules(t *testing.T) {
	blue, green := sharingSites(t)
	kv := closed(true)
	nested(kv, "network")["ipRules"] = []any{testRunners}
	blue.environment["keyVault"] = kv
	blue.live()
	green.live()
	blue.become("Member", greenIssuer)
	blue.live()
	green.become("Owner", blueIssuer)
	green.live()
	want := any(map[string]any{"defaultAction": "Deny", "bypass": allowedInAll, "ipRules": []any{testRunners}})
	for key, p := range green.azure {
		if strings.HasPrefix(key, "Vault ") && p.tags[clusterTag] != greenTag {
			t.Errorf("want a vault of green, got %v", p.tags)
		}
		if strings.HasPrefix(key, "Vault ") && !cmp.Equal(want, p.rules) {
			t.Errorf("rules of the vault: -want, +got:\n%s", cmp.Diff(want, p.rules))
		}
	}
}

// TestVaultStart checks all combinations of what a new vault waits for: the proof of its tenant, of its cluster, and its network
// rules. A vault that does not exist is created with the rules, and one that is found again keeps its own. The provider may never
// change a vault before it has been looked for.
func TestVaultStart(t *testing.T) {
	for n := range 8 {
		found, tenant, cluster := n&1 != 0, map[bool]string{true: tenantLabel}[n&2 != 0], map[bool]string{true: "production"}[n&4 != 0]
		t.Run(fmt.Sprintf("Found=%t,Tenant=%s,Cluster=%s", found, tenant, cluster), func(t *testing.T) { testVaultStart(t, found, tenant, cluster) })
	}
}

func testVaultStart(t *testing.T, found bool, tenant, cluster string) {
	t.Helper()
	s, _ := sites(t, `{"secrets": [{"name": "a"}]}`)
	s.tenant("acme")
	s.environment["clusterName"], s.environment["tenantLabel"] = cluster, tenant
	open := any(map[string]any{"defaultAction": "Allow", "bypass": allowedInAll})
	want := any(map[string]any{"defaultAction": "Deny", "bypass": allowedInAll, "ipRules": []any{testRunner}})
	if found {
		s.live()
		s.azure[keyOf(s.composed[compose.NameKeyVault])].rules = open
		s.deleteApplication()
		want = open
	}
	maps.Copy(nested(s.environment, "keyVault"), closed(false))
	s.updates = func(key string, p *part) {
		if strings.HasPrefix(key, "Vault ") && at(s.composed[compose.NameKeyVault], "status", "atProvider", "id") == nil {
			t.Errorf("the provider changes the vault before it was seen: %v", p)
		}
	}
	s.live()
	vault := s.composed[compose.NameKeyVault]
	if got := s.azure[keyOf(vault)].rules; !cmp.Equal(want, got) || policies(vault) != changes {
		t.Errorf("rules of the vault: -want, +got:\n%s\npolicies: %s", cmp.Diff(want, got), policies(vault))
	}
}

// TestSharedBehindFirewall checks that the condition names the vault that cannot be reached: a shared one has nothing to do with the
// endpoint of the application's own.
func TestSharedBehindFirewall(t *testing.T) {
	const hint = "private endpoint"
	w := closedWorld(t)
	w.share(nil)
	w.list(map[string]any{"name": commonAPIKey})
	w.azureAll()
	w.sync("a", "Synced", "A")
	w.syncShared(commonAPIKey, "Unreachable")
	rsp := w.reconcile()
	for _, typ := range []string{compose.TypeSecretsSynced, compose.TypeWorkloadReady} {
		if got := condition(rsp, typ).GetMessage(); !strings.Contains(got, commonAPIKey+" (Unreachable)") || strings.Contains(got, hint) {
			t.Errorf("RunFunction(...) %s: want a message about the shared secret only, got %q", typ, got)
		}
	}
	w.sync("a", "Unreachable")
	if got := condition(w.reconcile(), compose.TypeSecretsSynced).GetMessage(); !strings.Contains(got, hint) {
		t.Errorf("RunFunction(...): want a message about the own vault's endpoint, got %q", got)
	}
}

// TestMemberAwaitsGrantedRoles checks that a member says why the roles of the platform's principals do not come: its owner grants them
// on a wider scope.
func TestMemberAwaitsGrantedRoles(t *testing.T) {
	blue, green := sites(t, `{"secrets": [{"name": "a"}]}`)
	nested(blue.environment, "keyVault")["roleAssignments"] = "Granted"
	green.become("Member", blueIssuer)
	blue.live()
	green.live()
	const says = "keyVault.roleAssignments must also be Granted in the settings of this cluster"
	if _, message := green.says(compose.TypeAccessReady); !strings.Contains(message, says) {
		t.Errorf("RunFunction(...): want a message that says %q, got %q", says, message)
	}
	nested(green.environment, "keyVault")["roleAssignments"] = "Granted"
	green.live()
	if reason, message := green.says(compose.TypeAccessReady); reason != compose.ReasonAvailable {
		t.Errorf("RunFunction(...): want all roles, got %s: %s", reason, message)
	}
}
