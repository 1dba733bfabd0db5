// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure/access"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// TestRolesOfZones checks the roles of an identity that serves two landing zones.
func TestRolesOfZones(t *testing.T) {
	const elsewhere = "/subscriptions/33333333-3333-4333-8333-333333333333"

	// b links to a DNS zone in the subscription of a, where the identity has a role for it.
	linksToA := func(a, b *world) {
		b.platform.Settings.KeyVault.Network = &v1alpha1.KeyVaultNetwork{PrivateEndpoint: &v1alpha1.KeyVaultPrivateEndpoint{
			SubnetID: strings.Replace(testSubnet, subscriptionID, elsewhere, 1), PrivateDNSZoneIDs: []string{testZone},
		}}
		b.facts.Registrations["Microsoft.Network"] = Answer[Registration]{Value: Registration{"Registered"}}
		b.facts.Provider.Grants.Value = append(b.facts.Provider.Grants.Value, access.Grant{
			Scope: b.platform.Settings.KeyVault.Network.PrivateEndpoint.SubnetID, Role: roleNetwork, Permissions: permits("Microsoft.Network/*"),
		})
		a.facts.Provider.Grants.Value = append(a.facts.Provider.Grants.Value, access.Grant{Scope: testZone, Role: roleZone, Permissions: permits("Microsoft.Network/privateDnsZones/*")})
	}
	otherIdentity := func(b *world) { b.facts.Provider.ObjectID = officerObject }

	for name, tc := range map[string]struct {
		reason string
		plant  func(a, b *world)
		want   []finding.Code
	}{
		"Two": {reason: "Each zone needs the roles in its own subscription.", plant: func(_, _ *world) {}},
		"OneSubscription": {
			reason: "The role on the resource group of the other zone is needed there.", plant: func(a, b *world) {
				b.platform.Settings.SubscriptionID, b.platform.Settings.ResourceGroupName = subscription, "rg-b"
				for _, w := range []*world{a, b} {
					w.facts.Provider.Grants.Value = slices.Concat(well().facts.Provider.Grants.Value, []access.Grant{
						{Scope: subscriptionID + "/resourceGroups/rg-b", Role: "Contributor", Permissions: permits("*")},
						{Scope: subscriptionID + "/resourceGroups/RG-B", Role: "Assigner", Permissions: administrator(access.Condition{}).Permissions, Condition: condition(secretsUser, secretsOfficer)},
					})
				}
			},
		},
		"Link":           {reason: "The settings of one zone can refer to the subscription of the other one, where the grants of its identity are unread.", plant: linksToA, want: []finding.Code{RightsUnknown}},
		"LinkUnreadable": {reason: "The settings of a zone count even if its subscription is unreadable.", plant: func(a, b *world) { linksToA(a, b); b.facts.Subscription = forbidden[Subscription]() }, want: []finding.Code{MayNotRead}},
		"OtherIdentity": {
			reason: "What another identity needs, this one does not.", plant: func(a, b *world) { linksToA(a, b); otherIdentity(b) },
			want: []finding.Code{RightsElsewhere, RightsUnknown},
		},
		"OtherGroup": {
			reason: "No zone needs the role.", plant: func(a, _ *world) {
				a.facts.Provider.Grants.Value = append(a.facts.Provider.Grants.Value, access.Grant{Scope: subscriptionID + "/resourceGroups/rg-b", Role: "Contributor", Permissions: permits("*")})
			}, want: []finding.Code{RightsElsewhere},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := well(), well()

			b.platform.Settings.SubscriptionID = strings.TrimPrefix(elsewhere, "/subscriptions/")
			for i := range b.facts.Provider.Grants.Value {
				g := &b.facts.Provider.Grants.Value[i]
				g.Scope = strings.Replace(g.Scope, subscriptionID, elsewhere, 1)
			}

			tc.plant(a, b)

			var got []finding.Code
			for _, f := range decide(place{a.platform, a.facts}, place{b.platform, b.facts}) {
				got = append(got, f.Code)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ndecide(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
