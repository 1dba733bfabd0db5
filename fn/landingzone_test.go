// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

const zoneLabel = "meta.p6m.dev/landing-zone"

// zoneSettings are the settings of a landing zone for namespace shop. Every zone has its own subscription.
func zoneSettings(zone string) map[string]any {
	number := map[string]string{"eu": "5", "us": "6", "asia": "7"}[zone]
	return map[string]any{
		"landingZone":            map[string]any{"namespaces": []any{"shop"}},
		"subscriptionId":         strings.Repeat(number, 8) + "-2222-4222-8222-222222222222",
		"resourceGroupName":      "rg-" + zone,
		"location":               "location-" + zone,
		"azureProviderConfigRef": map[string]any{"kind": "ClusterProviderConfig", "name": "azure-" + zone},
	}
}

// zonedWorld has a platform with three landing zones, and a Namespace in one of them.
func zonedWorld(tb testing.TB, zone string) *world {
	tb.Helper()
	w := newWorld(tb, twoSecrets)
	nested(w.xr, "metadata")["creationTimestamp"] = "2026-01-01T00:00:00Z"
	w.zones = map[string]map[string]any{}
	for _, name := range []string{"eu", "us", "asia"} {
		w.zones["platform-application-"+name] = zoneSettings(name)
	}
	w.inZone(zone)

	return w
}

// inZone labels the Namespace.
func (w *world) inZone(zone string) {
	labels := map[string]any{"team": "shop"}
	if zone != "" {
		labels[zoneLabel] = zone
	}
	w.others = map[string]map[string]any{"Namespace": {"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "shop", "labels": labels}}}
}

// A place is where an Azure resource is.
type place struct{ zone, config, group, location, tag any }

func placeOf(o map[string]any) place {
	return place{
		zone: at(o, "metadata", "labels", zoneLabel), config: at(o, "spec", "providerConfigRef", "name"), group: at(o, "spec", "forProvider", "resourceGroupName"),
		location: at(o, "spec", "forProvider", "location"), tag: at(o, "spec", "forProvider", "tags", "landing-zone"),
	}
}

func placeIn(zone string) place {
	return place{zone: zone, config: "azure-" + zone, group: "rg-" + zone, location: "location-" + zone, tag: zone}
}

// TestLandingZoneOfNewApplication shows where a new application is composed.
func TestLandingZoneOfNewApplication(t *testing.T) {
	const keeps = "no new ones are created"
	own := place{config: "default", group: "rg-applications", location: "westeurope"}
	cases := map[string]struct {
		reason string
		change func(w *world)
		want   *place
		says   string
		fatal  string
	}{
		"NoLabel":  {reason: "Without the label, the platform's own settings are used.", change: func(w *world) { w.inZone("") }, want: &own},
		"Zone":     {reason: "The label chooses the settings of the zone.", change: func(*world) {}, want: new(placeIn("eu"))},
		"Other":    {reason: "Another label chooses another zone.", change: func(w *world) { w.inZone("us") }, want: new(placeIn("us"))},
		"Claim":    {reason: "An application behind a claim uses the Namespace of the claim.", change: func(w *world) { w.behindClaim() }, want: new(placeIn("eu"))},
		"Rendered": {reason: "A rendering without a file of the Namespace shows the platform's own settings.", change: func(w *world) { w.others = nil; delete(nested(w.xr, "metadata"), "creationTimestamp") }, want: &own},
		"NotFound": {reason: "On an API server, a Namespace that is not found is not known yet.", change: func(w *world) { w.others = nil }, says: "cannot find Namespace shop"},
		"NotListed": {
			reason: "A label alone gives nobody another subscription.", says: "Namespace shop may not use landing zone eu",
			change: func(w *world) {
				w.zones["platform-application-eu"]["landingZone"] = map[string]any{"namespaces": []any{"shop-2", "sho*", "Shop", "*", 7.0}}
			},
		},
		"NoList":  {reason: "Without a list, nobody may use the zone.", change: func(w *world) { delete(w.zones["platform-application-eu"], "landingZone") }, says: keeps},
		"BadList": {reason: "A list of another type lists nobody.", change: func(w *world) { w.zones["platform-application-eu"]["landingZone"] = "shop" }, says: keeps},
		"Missing": {reason: "Nothing is composed in the platform's own subscription instead.", change: func(w *world) { w.inZone("mars") }, says: "EnvironmentConfig platform-application-mars does not exist"},
		"Empty":   {reason: "A zone without settings lists nobody.", change: func(w *world) { w.zones["platform-application-eu"] = map[string]any{} }, says: keeps},
		"Case":    {reason: "No EnvironmentConfig can have the name, and no other zone gets it.", change: func(w *world) { w.inZone("EU") }, says: `Landing zone "EU" does not exist`},
		"Dots":    {reason: "A label may have dots that a name may not have.", change: func(w *world) { w.inZone("eu..us") }, says: `Landing zone "eu..us" does not exist`},
		"Hostile": {reason: "A file can have any text.", change: func(w *world) { w.inZone("../x\n{zone}\x00" + strings.Repeat("y", 100)) }, says: `Landing zone "../x`},
		"OwnSettings": {
			reason: "A zone cannot be the platform's own settings, whatever they contain.", says: `Landing zone "own" does not exist`,
			change: func(w *world) {
				w.input = map[string]any{"environmentConfigRef": map[string]any{"name": "platform-application-own"}}
				w.inZone("own")
			},
		},
		"Invalid":    {reason: "Invalid settings of a zone change nothing, and the error names them.", change: func(w *world) { w.zones["platform-application-eu"]["subscriptionId"] = "x" }, fatal: "cannot use EnvironmentConfig platform-application-eu of landing zone eu: "},
		"Misspelt":   {reason: "A misspelt setting is not ignored.", change: func(w *world) { w.zones["platform-application-eu"]["subscriptionID"] = "x" }, fatal: `unknown field "subscriptionID"`},
		"BaseHasIt":  {reason: "Only a zone has a list of namespaces.", change: func(w *world) { w.environment["landingZone"] = map[string]any{} }, fatal: "landingZone: Forbidden"},
		"ZoneIssuer": {reason: "A zone cannot change what identifies the cluster.", change: func(w *world) { w.zones["platform-application-eu"]["oidcIssuerUrl"] = "https://other.example.com/" }, fatal: "oidcIssuerUrl: Forbidden"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := zonedWorld(t, "eu")
			tc.change(w)
			rsp := w.reconcile()
			if got := fatal(rsp); !strings.Contains(got, tc.fatal) || tc.fatal == "" && got != "" {
				t.Fatalf("\n%s\nRunFunction(...): want fatal result %q, got %q", tc.reason, tc.fatal, got)
			}
			for _, c := range compose.ConditionTypes()[:5] {
				if got := condition(rsp, c).GetMessage(); !strings.Contains(got, tc.says) {
					t.Errorf("\n%s\nRunFunction(...): %s: want a message that says %q, got %q", tc.reason, c, tc.says, got)
				}
			}
			checkPlace(t, tc.reason, w, tc.want)
		})
	}
}

// checkPlace checks where vault and identity are composed, and that the status names the zone. Nothing is composed without a place.
func checkPlace(t *testing.T, reason string, w *world, want *place) {
	t.Helper()
	if want == nil {
		if len(w.composed) > 0 {
			t.Errorf("\n%s\nRunFunction(...): want nothing composed, got %v", reason, w.observed())
		}

		return
	}
	for _, resource := range []string{compose.NameKeyVault, compose.NameIdentity} {
		if diff := cmp.Diff(*want, placeOf(w.composed[resource]), cmp.AllowUnexported(place{})); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): %s: -want, +got:\n%s", reason, resource, diff)
		}
	}
	if diff := cmp.Diff(want.zone, at(w.xr, "status", "landingZone")); diff != "" {
		t.Errorf("\n%s\nRunFunction(...): zone in the status: -want, +got:\n%s", reason, diff)
	}
}

// TestLandingZoneStays shows that nothing moves an application to another zone, or changes what it has in Azure.
func TestLandingZoneStays(t *testing.T) {
	const otherTenant = "99999999-1111-4111-8111-111111111111"
	type state struct {
		Azure   map[string]any
		Tenants []any
	}
	cases := map[string]struct {
		reason string
		zone   string
		change func(w *world)
		says   string
	}{
		"LabelChanged":   {reason: "The label of another zone moves nothing.", zone: "eu", change: func(w *world) { w.inZone("us") }, says: "stays in landing zone eu, although the label of its Namespace now names us"},
		"LabelToMissing": {reason: "The other zone need not exist.", zone: "eu", change: func(w *world) { w.inZone("mars") }, says: "now names mars"},
		"LabelGone":      {reason: "An application that loses the label keeps its zone.", zone: "eu", change: func(w *world) { w.inZone("") }, says: "stays in landing zone eu, although its Namespace no longer has the label"},
		"LabelAdded":     {reason: "An application of the platform's own settings keeps them.", change: func(w *world) { w.inZone("eu") }, says: "keeps the platform's own settings, although the label of its Namespace now names landing zone eu"},
		"NamespaceGone":  {reason: "A Namespace that is not found changes nothing.", zone: "eu", change: func(w *world) { w.others = nil }},
		"ConfigGone":     {reason: "Everything is kept without the settings of the zone.", zone: "eu", change: func(w *world) { delete(w.zones, "platform-application-eu") }, says: "EnvironmentConfig platform-application-eu does not exist"},
		"ConfigInvalid":  {reason: "Everything is kept with invalid settings.", zone: "eu", change: func(w *world) { w.zones["platform-application-eu"]["tenantId"] = "x" }, says: "cannot use EnvironmentConfig platform-application-eu"},
		"Delisted":       {reason: "Everything is kept when the namespace is removed from the list.", zone: "eu", change: func(w *world) { nested(w.zones["platform-application-eu"], "landingZone")["namespaces"] = []any{} }, says: "may not use landing zone eu"},
		"ConfigEdited": {
			reason: "What exists keeps its provider configuration, subscription, resource group and location.", zone: "eu",
			change: func(w *world) {
				w.zones["platform-application-eu"] = zoneSettings("us")
			},
		},
		"OwnEdited": {
			reason: "The same holds for the platform's own settings.",
			change: func(w *world) { maps.Copy(w.environment, zoneSettings("us")); delete(w.environment, "landingZone") },
		},
		"TenantEdited": {
			reason: "Neither Azure nor the pods follow to another Entra ID tenant.", zone: "eu",
			change: func(w *world) { w.zones["platform-application-eu"]["tenantId"] = otherTenant }, says: "although the platform settings now name " + otherTenant,
		},
		"OwnTenantEdited": {
			reason: "The same holds for the tenant of the platform's own settings.",
			change: func(w *world) { w.environment["tenantId"] = otherTenant }, says: "although the platform settings now name " + otherTenant,
		},
		"StatusForged": {reason: "The status decides nothing.", zone: "eu", change: func(w *world) { nested(w.xr, "status")["landingZone"] = "us" }},
		"StatusLost":   {reason: "The status is written anew.", zone: "eu", change: func(w *world) { delete(w.xr, "status") }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := zonedWorld(t, tc.zone)
			w.azureAll()
			w.sync("postgres-credentials", "Synced", "POSTGRES_USER")
			w.reconcile()
			before := state{inAzure(w), tenantsIn(w)}
			tc.change(w)
			for range 3 {
				rsp := w.reconcile()
				if got := condition(rsp, compose.TypeKeyVaultReady).GetMessage(); fatal(rsp) == "" && !strings.Contains(got, tc.says) || !strings.Contains(fatal(rsp)+got, tc.says) {
					t.Errorf("\n%s\nRunFunction(...): want a message that says %q, got %q", tc.reason, tc.says, got)
				}
				if diff := cmp.Diff(before, state{inAzure(w), tenantsIn(w)}); diff != "" {
					t.Errorf("\n%s\nRunFunction(...): -before, +after:\n%s", tc.reason, diff)
				}
			}
			if zone, _ := at(w.xr, "status", "landingZone").(string); zone != tc.zone && len(fatalOrKept(w)) == 0 {
				t.Errorf("\n%s\nRunFunction(...): want zone %q in the status, got %q", tc.reason, tc.zone, zone)
			}
		})
	}
}

// TestLandingZoneUnobserved checks that an application whose objects Crossplane does not observe, for example because its
// references are lost, does not get another vault.
func TestLandingZoneUnobserved(t *testing.T) {
	const vault, identity = "cannot take over Vault shop-api", "cannot take over UserAssignedIdentity shop-api"
	cases := map[string]struct {
		reason   string
		resource string
		change   func(w *world, o map[string]any)
		fatal    string
	}{
		"Same":         {reason: "With the same settings, the application finds its vault.", resource: compose.NameKeyVault, change: func(*world, map[string]any) {}},
		"SameIdentity": {reason: "The same holds for the identity.", resource: compose.NameIdentity, change: func(*world, map[string]any) {}},
		"Label":        {reason: "The vault stays where it is.", resource: compose.NameKeyVault, change: func(w *world, _ map[string]any) { w.relabel("us") }, fatal: vault},
		"NoLabel":      {reason: "The same holds without a landing zone.", resource: compose.NameKeyVault, change: func(w *world, _ map[string]any) { w.relabel("") }, fatal: vault},
		"Edited": {
			reason: "The same holds if the zone has another subscription.", resource: compose.NameKeyVault, fatal: vault,
			change: func(w *world, _ map[string]any) { w.zones["platform-application-eu"] = zoneSettings("us") },
		},
		"Group": {
			reason: "The id of an identity has its resource group.", resource: compose.NameIdentity, fatal: identity,
			change: func(w *world, _ map[string]any) { w.zones["platform-application-eu"]["resourceGroupName"] = "rg-next" },
		},
		"Adopted": {
			reason: "Adoption finds only the vault that the application left behind.", resource: compose.NameKeyVault, fatal: vault,
			change: func(w *world, o map[string]any) {
				delete(nested(o, "metadata"), "ownerReferences")
				w.environment["adopt"] = []any{map[string]any{"namespace": "shop", "name": "shop-api"}}
				w.relabel("us")
			},
		},
		"Requested": {
			reason: "What Azure does not have follows the settings.", resource: compose.NameKeyVault,
			change: func(w *world, o map[string]any) { delete(o, "status"); w.relabel("us") },
		},
		"Elsewhere": {
			reason: "Tools that render compare only names.", resource: compose.NameKeyVault,
			change: func(w *world, o map[string]any) { nested(o, "metadata")["namespace"] = "other"; w.relabel("us") },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := zonedWorld(t, "eu")
			w.reconcile()
			w.azure(compose.NameKeyVault)
			w.azure(compose.NameIdentity)
			o := w.composed[tc.resource]
			w.composed = map[string]map[string]any{}
			w.others[fmt.Sprint(o["kind"])] = o
			tc.change(w, o)
			if got := fatal(w.call()); !strings.Contains(got, tc.fatal) || tc.fatal == "" && got != "" {
				t.Errorf("\n%s\nRunFunction(...): want fatal result %q, got %q", tc.reason, tc.fatal, got)
			}
		})
	}
}

// relabel changes the label of the Namespace, beside other objects.
func (w *world) relabel(zone string) {
	others := w.others
	w.inZone(zone)
	others["Namespace"], w.others = w.others["Namespace"], others
}

// TestLandingZoneWithOrphans checks that objects without a controller are not forgotten while settings are missing: without them,
// an application would get another zone, or another vault.
func TestLandingZoneWithOrphans(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(w *world)
	}{
		"ZoneGone":        {"A backup has no settings of the zone yet.", func(w *world) { w.zones = nil }},
		"SettingsGone":    {"A backup has no settings yet.", func(w *world) { w.environment = nil }},
		"ZoneGoneRevoked": {"A revocation does not forget them either.", func(w *world) { w.zones = nil; w.revokeShared() }},
		"ZoneInvalidRevoked": {"The same holds for settings that are invalid.", func(w *world) {
			w.zones["platform-application-eu"]["locaton"] = "x"
			w.revokeShared()
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := sharingInZone(t)
			delete(nested(w.composed[compose.NameKeyVault], "metadata"), "ownerReferences")
			tc.change(w)
			if rsp := w.call(); fatal(rsp) == "" {
				t.Errorf("\n%s\nRunFunction(...): want a fatal result, so that Crossplane forgets nothing; got %v", tc.reason, desiredNames(rsp))
			}
		})
	}
}

// fatalOrKept returns the reason for which the status is not written.
func fatalOrKept(w *world) string {
	rsp := w.call()
	if c := condition(rsp, compose.TypeKeyVaultReady); c.GetStatus() == fnv1.Status_STATUS_CONDITION_UNKNOWN {
		return c.GetReason()
	}

	return fatal(rsp)
}

// tenantsIn returns the Entra ID tenants that the sync and the pods use, and the link to the vault.
func tenantsIn(w *world) []any {
	return []any{
		at(w.composed[compose.NameSecretSync], "spec", "forProvider", "tenantId"),
		at(w.composed[compose.NameServiceAccount], "metadata", "annotations", "azure.workload.identity/tenant-id"),
		at(w.composed[compose.NameDeployment], "spec", "template", "metadata", "annotations", podIdentity),
		at(w.composed[compose.NameKeyVault], "metadata", "annotations", "link.argocd.argoproj.io/external-link"),
	}
}

// inAzure returns the specs, external names and zones of all objects in Azure.
func inAzure(w *world) map[string]any {
	out := map[string]any{}
	for name, o := range w.composed {
		if version, _ := o["apiVersion"].(string); strings.Contains(version, "azure.m.upbound.io") {
			spec := maps.Clone(nested(o, "spec"))
			out[name] = []any{spec, at(o, "metadata", "name"), at(o, "metadata", "annotations", "crossplane.io/external-name"), at(o, "metadata", "labels", zoneLabel)}
		}
	}

	return out
}

// TestLandingZoneIsRequired checks the requirement for the settings of a zone, and that the calls of an application stay within
// Crossplane's limit.
func TestLandingZoneIsRequired(t *testing.T) {
	want := &fnv1.ResourceSelector{ApiVersion: "apiextensions.crossplane.io/v1beta1", Kind: "EnvironmentConfig", Match: &fnv1.ResourceSelector_MatchName{MatchName: "platform-application-eu"}}
	for name, c := range callers() {
		if !c.required && !c.extra {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rsp, calls := c.converse(t, zonedWorld(t, "eu"))
			requirements := rsp.GetRequirements().GetResources()
			if !c.required {
				requirements = rsp.GetRequirements().GetExtraResources() //nolint:staticcheck // Crossplane 1 knows no other.
			}
			if diff := cmp.Diff(want, requirements[requirementOfConfig("platform-application-eu")], protocmp.Transform()); diff != "" {
				t.Errorf("RunFunction(...): -want requirement, +got:\n%s", diff)
			}
			if diff := cmp.Diff([]any{4, []string{"identity", "key-vault", "service-account"}}, []any{len(calls), desiredNames(rsp)}); diff != "" {
				t.Errorf("RunFunction(...): -want calls and resources, +got:\n%s", diff)
			}
		})
	}
}

// TestCallsOfRunningApplication checks that a reconcile of a running application takes one call to require resources and one to use
// them, in a landing zone as without. Older versions of Crossplane take another one to show which form they support.
func TestCallsOfRunningApplication(t *testing.T) {
	for name, want := range map[string]int{"Crossplane2.4": 2, "Crossplane2.0": 3, "Crossplane1.20": 3} {
		for _, zone := range []string{"", "eu"} {
			t.Run(name+"/"+zone, func(t *testing.T) {
				w := zonedWorld(t, zone)
				w.azureAll()
				w.sync("postgres-credentials", "Synced", "POSTGRES_USER")
				for range 3 {
					w.reconcile()
				}
				if _, calls := callers()[name].converse(t, w); len(calls) != want {
					t.Errorf("RunFunction(...): want %d calls, got %d", want, len(calls))
				}
			})
		}
	}
}

// TestLandingZoneUnresolved checks that nothing is decided before Crossplane has read the settings of the zone.
func TestLandingZoneUnresolved(t *testing.T) {
	for name, w := range map[string]*world{"New": zonedWorld(t, "eu"), "Running": zonedWorld(t, "eu")} {
		t.Run(name, func(t *testing.T) {
			if name == "Running" {
				w.azureAll()
			}
			before := w.observed()
			req := w.request()
			w.look(req, &fnv1.Requirements{Resources: map[string]*fnv1.ResourceSelector{requirementNamespace: {Kind: "Namespace"}}})
			rsp, err := NewFunction(nopLogger()).RunFunction(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, desiredNames(rsp)); diff != "" {
				t.Errorf("RunFunction(...): -observed, +desired:\n%s", diff)
			}
			if got := condition(rsp, compose.TypeKeyVaultReady).GetMessage(); !strings.HasPrefix(got, "Crossplane has not yet read EnvironmentConfig platform-application-eu,") {
				t.Errorf("RunFunction(...): got message %q", got)
			}
		})
	}
}

// TestLandingZoneProperties runs applications whose Namespace, zones and settings change in any order. No application is ever in
// two zones, and nothing in Azure moves.
func TestLandingZoneProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := zonedWorld(t, rapid.SampledFrom(anyZone()).Draw(rt, "first"))
		events := w.zoneEvents(rt)
		configs := map[string]bool{}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			events[rapid.SampledFrom(slices.Sorted(maps.Keys(events))).Draw(rt, "event")]()
			if len(subscriptions(w)) == 0 {
				clear(configs)
			}
			before := placesInAzure(w)
			w.reconcile()
			after := placesInAzure(w)
			maps.DeleteFunc(after, func(name, _ string) bool { return before[name] == "" })
			if diff := cmp.Diff(before, after); diff != "" {
				rt.Fatalf("objects in Azure were changed: -before, +after:\n%s", diff)
			}
			if found := zonesOf(w); len(found) > 1 {
				rt.Fatalf("the application is in zones %v", found)
			}
			vault, _ := at(w.composed[compose.NameKeyVault], "status", "atProvider", "id").(string)
			identity, _ := at(w.composed[compose.NameIdentity], "metadata", "annotations", "crossplane.io/external-name").(string)
			if vault != "" && identity != "" && strings.Split(vault, "/")[2] != strings.Split(identity, "/")[2] {
				rt.Fatalf("the vault is %s, and the identity %s", vault, identity)
			}
			maps.Copy(configs, subscriptions(w))
			if len(configs) > 1 {
				rt.Fatalf("the application is in subscriptions %v", slices.Sorted(maps.Keys(configs)))
			}
		}
	})
}

// anyZone returns the zones of zonedWorld, one that does not exist, and none.
func anyZone() []string { return []string{"eu", "us", "asia", "mars", ""} }

// zoneEvents are changes of the Namespace, of zones, of settings and in Azure.
func (w *world) zoneEvents(rt *rapid.T) map[string]func() {
	zones := anyZone()

	return map[string]func(){
		"Label":         func() { w.inZone(rapid.SampledFrom(zones).Draw(rt, "label")) },
		"NamespaceGone": func() { w.others = nil },
		"ZoneGone":      func() { delete(w.zones, "platform-application-"+rapid.SampledFrom(zones).Draw(rt, "gone")) },
		"ZoneBack": func() {
			zone := rapid.SampledFrom(zones[:3]).Draw(rt, "back")
			w.zones["platform-application-"+zone] = zoneSettings(zone)
		},
		"Delisted": func() {
			if o := w.zones["platform-application-"+rapid.SampledFrom(zones).Draw(rt, "delisted")]; o != nil {
				o["landingZone"] = map[string]any{"namespaces": []any{"payments"}}
			}
		},
		"Edited": func() {
			zone := rapid.SampledFrom(zones[:3]).Draw(rt, "edited")
			w.zones["platform-application-"+zone] = zoneSettings(rapid.SampledFrom(zones[:3]).Draw(rt, "to"))
		},
		"Invalid": func() {
			w.zones["platform-application-"+rapid.SampledFrom(zones[:3]).Draw(rt, "invalid")] = map[string]any{"landingZone": map[string]any{"namespaces": []any{"shop"}}, "tenantId": 1.0}
		},
		"SettingsGone": func() { w.environment = nil },
		"SettingsBack": func() { w.environment = testSettings() },
		"Unresolved":   func() { w.unresolved = !w.unresolved },
		"StatusForged": func() { nested(w.xr, "status")["landingZone"] = "us" },
		"ResourceGone": func() {
			name := rapid.SampledFrom([]string{compose.NameKeyVault, compose.NameIdentity, compose.NameServiceAccount}).Draw(rt, "name")
			delete(w.composed, name)
			// Another vault or identity needs other roles and another credential.
			maps.DeleteFunc(w.composed, func(other string, _ map[string]any) bool {
				return name != compose.NameServiceAccount && (strings.HasPrefix(other, "role-assignment") || other == compose.NameFederatedCredential)
			})
		},
		"Azure": func() {
			for name := range w.composed {
				w.azureIn(name)
			}
		},
		"AzurePartly": func() {
			w.azureIn(rapid.SampledFrom([]string{compose.NameKeyVault, compose.NameIdentity}).Draw(rt, "partly"))
		},
	}
}

// azureIn acts as the Azure providers in the subscription of an object's provider configuration.
func (w *world) azureIn(name string) {
	if name != compose.NameKeyVault && name != compose.NameIdentity && name != compose.NameFederatedCredential && !strings.HasPrefix(name, "role-assignment") {
		return
	}
	o := w.composed[name]
	if o == nil {
		return
	}
	w.azure(name)
	nested(o, "metadata", "annotations")["crossplane.io/external-create-succeeded"] = "2026-01-01T00:00:00Z"
	zone := strings.TrimPrefix(fmt.Sprint(at(o, "spec", "providerConfigRef", "name")), "azure-")
	if subscription, ok := zoneSettings(zone)["subscriptionId"].(string); ok && zone != "default" {
		w.inAzure(name, subscription)
	}
}

// zonesOf returns the zones of the Azure objects of an application.
func zonesOf(w *world) (zones []string) {
	for _, o := range w.composed {
		if version, _ := o["apiVersion"].(string); !strings.Contains(version, "azure.m.upbound.io") {
			continue
		}
		if zone := fmt.Sprint(at(o, "metadata", "labels", zoneLabel)); !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}

	return zones
}

// placesInAzure returns where the objects are that Azure has.
func placesInAzure(w *world) map[string]string {
	out := map[string]string{}
	for name, o := range w.composed {
		if at(o, "metadata", "annotations", "crossplane.io/external-create-succeeded") != nil {
			out[name] = fmt.Sprint(placeOf(o), at(o, "metadata", "annotations", "crossplane.io/external-name"))
		}
	}

	return out
}

// subscriptions returns the provider configurations of the objects that Azure has.
func subscriptions(w *world) map[string]bool {
	out := map[string]bool{}
	for _, o := range w.composed {
		if at(o, "metadata", "annotations", "crossplane.io/external-create-succeeded") != nil {
			out[fmt.Sprint(at(o, "spec", "providerConfigRef", "name"))] = true
		}
	}

	return out
}
