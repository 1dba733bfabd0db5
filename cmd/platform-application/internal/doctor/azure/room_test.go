// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	otherSubscription   = "33333333-2222-4222-8222-22222222222a"
	otherSubscriptionID = "/subscriptions/" + otherSubscription
)

// zone returns a healthy landing zone in a resource group of a subscription.
func zone(subscription, group string) *world {
	w := well()
	w.platform.Settings.SubscriptionID, w.platform.Settings.ResourceGroupName = subscription, group
	w.platform.Azure, w.platform.Creator, w.platform.Settings.SecretCreatorPrincipalID = nil, nil, ""
	w.facts.Provider, w.facts.Creator = Account{}, Account{}

	return w
}

// share returns an entry of shared secrets in a vault of the subscription.
func share(entry, subscriptionID string, most int32, namespaces ...string) v1alpha1.SharedSecrets {
	return v1alpha1.SharedSecrets{
		Name: entry, Access: v1alpha1.AccessRolePerSecret, Namespaces: namespaces, MaxRoleAssignmentsPerNamespace: most,
		VaultResourceID: subscriptionID + "/resourceGroups/rg-shared/providers/Microsoft.KeyVault/vaults/" + entry,
	}
}

// TestZones proves that each resource group and each subscription is counted once, and each grant where it is.
func TestZones(t *testing.T) {
	shares := func(entries ...v1alpha1.SharedSecrets) *v1alpha1.SecretDefaults {
		return &v1alpha1.SecretDefaults{Shared: entries}
	}
	used := func(n int, scope string) Answer[[]Resource[Assignment]] {
		return Answer[[]Resource[Assignment]]{Value: of[Assignment](n, scope)}
	}
	vaults := func(w *world, n int, group string) {
		w.facts.Vaults.Value = of[struct{}](n, "/subscriptions/"+w.platform.Settings.SubscriptionID+"/resourceGroups/"+group)
	}

	// A found is the part of a finding that tells what is near its limit, or not granted.
	type found struct {
		Code                                      finding.Code
		Subscription, Group, What, Used, Reserved string
	}

	cases := map[string]struct {
		reason string
		plant  func(a, b, c *world)
		want   []found
	}{
		"Well": {"A healthy platform with two zones has no findings.", func(_, _, _ *world) {}, nil},
		"Vaults": {
			"Each zone has its own resource group.", func(_, b, c *world) { vaults(b, 800, "rg-b"); vaults(c, 640, "rg-c") },
			[]found{{RoomNone, subscription, "rg-b", subjectVaults, "800", ""}, {RoomLow, otherSubscription, "rg-c", subjectVaults, "640", ""}},
		},
		"OneGroup": {
			"Zones in one resource group share its room.", func(a, b, _ *world) {
				b.platform.Settings.ResourceGroupName, b.platform.Settings.Location = "RG-Applications", "northeurope"
				b.facts.Group.Value.Location = "northeurope"
				vaults(a, 700, "rg-applications")
				b.facts.Vaults = a.facts.Vaults
			}, []found{{RoomLow, subscription, "rg-applications", subjectVaults, "700", ""}},
		},
		"Assignments": {
			"Zones in one subscription share its role assignments.", func(a, b, _ *world) {
				a.facts.Assignments = used(4000, subscriptionID)
				b.facts.Assignments = a.facts.Assignments
			}, []found{{RoomNone, subscription, "", subjectAssignments, "4000", ""}},
		},
		"Unreadable": {
			"Zones in one subscription have the same unreadable lists.", func(a, b, _ *world) {
				a.facts.Assignments, a.facts.Locks = forbidden[[]Resource[Assignment]](), forbidden[[]Resource[Lock]]()
				b.facts.Assignments, b.facts.Locks = a.facts.Assignments, a.facts.Locks
			}, []found{{MayNotRead, subscription, "", subjectLocks, "", ""}, {MayNotRead, subscription, "", subjectAssignments, "", ""}},
		},
		"Disabled": {"Zones in one subscription have the same state.", func(a, b, _ *world) {
			a.facts.Subscription.Value.State, b.facts.Subscription.Value.State = "Disabled", "Disabled"
		}, []found{{SubscriptionDisabled, subscription, "", "", "", ""}}},

		"SharedElsewhere": {
			"A subscription that has only shared vaults is counted, too.", func(a, _, _ *world) {
				a.platform.Settings.Secrets = shares(share("common", "/subscriptions/"+tenant, 20, "shop"))
				a.facts.Others = map[string]Answer[[]Resource[Assignment]]{tenant: used(3300, "/subscriptions/"+tenant)}
			}, []found{{RoomLow, tenant, "", subjectAssignments, "3300", ""}},
		},
		"SharedUnreadable": {
			"The doctor may have no role in the subscription of a shared vault.", func(a, _, _ *world) {
				a.facts.Others = map[string]Answer[[]Resource[Assignment]]{tenant: {Refused: "AuthorizationFailed", Status: http.StatusForbidden}}
			}, []found{{MayNotRead, tenant, "", subjectAssignments, "", ""}},
		},
		"Shared": {
			"Existing role assignments on shared secrets are part of those that the settings allow, which zones with the same entry allow once.",
			func(a, b, _ *world) {
				entry := share("common", subscriptionID, 500, "a", "b", "c", "d")
				a.platform.Settings.Secrets, b.platform.Settings.Secrets = shares(entry), shares(entry)
				a.facts.Assignments.Value = append(of[Assignment](2000, groupID), of[Assignment](1000, strings.ToUpper(entry.VaultResourceID)+"/SECRETS/x")...)
				b.facts.Assignments = a.facts.Assignments
			}, nil,
		},
		"SharedTooMany": {
			"With the other role assignments, the settings allow more than Azure.", func(a, b, c *world) {
				a.platform.Settings.Secrets = shares(share("common", subscriptionID, 500, "a", "b", "c", "d"))
				b.platform.Settings.Secrets = shares(share("common", subscriptionID, 300, "d", "e"))
				c.platform.Settings.Secrets = shares(share("other", otherSubscriptionID, 500, "a", "b", "c", "d"))
				a.facts.Assignments = used(1701, groupID)
				b.facts.Assignments = a.facts.Assignments
			}, []found{{SharedRoomLow, subscription, "", "", "1701", "2300"}},
		},
		"SharedGranted": {
			"A wider grant and a revoked namespace need no role assignments.", func(a, _, _ *world) {
				granted, revoked := share("common", subscriptionID, 500, "a", "b", "c", "d", "e"), share("other", subscriptionID, 500, "a", "b", "c", "d", "e")
				granted.Access = v1alpha1.AccessGranted
				revoked.Revoked = []v1alpha1.RevokedAccess{{Namespace: "a"}, {Namespace: "b"}, {Namespace: "c", Application: "web"}}
				a.platform.Settings.Secrets = shares(granted, revoked)
				a.facts.Assignments = used(2500, groupID)
			}, nil,
		},

		"Granted": {
			"Each zone needs the grant on its own group, and a confirmed grant of another subscription is there.", func(a, b, c *world) {
				grants := []v1alpha1.ConfirmedGrant{{PrincipalID: creatorObject, Scope: groupID}, {PrincipalID: creatorObject, Scope: otherSubscriptionID}}
				for _, w := range []*world{a, b, c} {
					w.platform.Settings.SecretCreatorPrincipalID = creatorObject
					w.platform.Settings.KeyVault.RoleAssignments, w.platform.Settings.KeyVault.ConfirmedGrants = settings.RoleAssignmentsGranted, grants
				}
				here := Answer[[]Resource[Assignment]]{Value: []Resource[Assignment]{grantOf(creatorObject, groupID)}}
				there := Answer[[]Resource[Assignment]]{Value: []Resource[Assignment]{grantOf(creatorObject, otherSubscriptionID)}}
				a.facts.Assignments, b.facts.Assignments, c.facts.Assignments = here, here, there
				a.facts.Others, b.facts.Others, c.facts.Others = others(there, otherSubscription), others(there, otherSubscription), others(here, subscription)
			}, []found{{GrantMissing, subscription, "rg-b", "", "", ""}},
		},
		"ConfirmedElsewhere": {
			"A confirmed grant is missing in the subscription of its scope, and reported once there.", func(a, _, _ *world) {
				a.platform.Settings.KeyVault.ConfirmedGrants = []v1alpha1.ConfirmedGrant{{PrincipalID: creatorObject, Scope: "/subscriptions/" + tenant}}
				a.facts.Others = others(Answer[[]Resource[Assignment]]{}, tenant)
			}, []found{{GrantMissing, subscription, "rg-applications", "", "", ""}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a, b, c := zone(subscription, "rg-applications"), zone(subscription, "rg-b"), zone(otherSubscription, "rg-c")
			tc.plant(a, b, c)

			var got []found

			for _, f := range decide(place{a.platform, a.facts}, place{b.platform, b.facts}, place{c.platform, c.facts}) {
				got = append(got, found{f.Code, f.With["subscription"], f.With["group"], f.With["what"], f.With["used"], f.With["reserved"]})

				words := Words().Words(f)
				if text := words.Problem + words.Impact + words.Fix; unfilled(text) {
					t.Errorf("%s: want a complete sentence, got %q", f.Code, text)
				}
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ndecide(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func others(a Answer[[]Resource[Assignment]], subscription string) map[string]Answer[[]Resource[Assignment]] {
	return map[string]Answer[[]Resource[Assignment]]{subscription: a}
}

// TestReadPlaces proves that landing zones find the identities of providers in any of their subscriptions, with their role assignments in
// the subscriptions of shared vaults, and that a subscription of several zones is read once.
func TestReadPlaces(t *testing.T) {
	all := answers()
	all["GET /subscriptions/"+strings.ToUpper(otherSubscription)] = `{"tenantId":"` + tenant + `","state":"Enabled"}`
	m := newManager(t, all)

	all["GET "+otherSubscriptionID+"/providers/Microsoft.Authorization/roleAssignments assignedTo('"+providerObject+"')"] = `{"value":[{"id":"a","properties":{"scope":"/"}}]}`

	p := well().platform
	p.Settings.Secrets = &v1alpha1.SecretDefaults{Shared: []v1alpha1.SharedSecrets{share("platform", otherSubscriptionID, 1)}}
	in := func(subscription, group string) platform.Zone {
		s := *p.Settings
		s.SubscriptionID, s.ResourceGroupName = subscription, group
		s.KeyVault = &v1alpha1.KeyVaultDefaults{ConfirmedGrants: []v1alpha1.ConfirmedGrant{{PrincipalID: creatorObject, Scope: subscriptionID}}}

		return platform.Zone{Settings: s, Azure: p.Azure}
	}
	p.Zones = []platform.Zone{in(subscription, "rg-b"), in(strings.ToUpper(otherSubscription), "rg-c")}

	got, err := readPlaces(t.Context(), m.client(t, signIn{token{}}), p, Options{Namespace: "default", Application: "acceptance"})
	if err != nil || len(got) != 3 {
		t.Fatalf("readPlaces(...): want 3 places, got %d: %v", len(got), err)
	}

	if got[2].facts.Provider.Identity == nil {
		t.Error("readPlaces(...): want the identity of another zone's subscription")
	}

	if n := len(got[2].facts.Others[subscription].Value); n != 2 {
		t.Errorf("readPlaces(...): want 2 role assignments in the subscription of the confirmed grant, got %d", n)
	}

	for _, i := range []int{0, 1} {
		if n := len(got[i].facts.Provider.Others[otherSubscription].Value); n != 1 {
			t.Errorf("readPlaces(...): place %d: want 1 role assignment of the provider in the subscription of the shared vault, got %d", i, n)
		}
	}

	asked := map[string]int{}
	for _, key := range m.asked {
		asked[key]++
	}

	for key, n := range asked {
		if strings.HasPrefix(key, "GET ") && n > 1 {
			t.Errorf("readPlaces(...): want one request, got %d: %s", n, key)
		}
	}
}
