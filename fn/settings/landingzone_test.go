// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

const platformOverlay = `{
	"tenantId": "11111111-1111-4111-8111-111111111111", "subscriptionId": "22222222-2222-4222-8222-222222222222",
	"resourceGroupName": "rg", "location": "westeurope", "oidcIssuerUrl": "https://issuer.example.com/",
	"tags": {"cost-center": "platform", "owner": "platform"}, "keyVault": {"sku": "premium", "officers": [{"objectId": "55555555-5555-4555-8555-555555555555"}]}
}`

func decoded(t *testing.T, doc string) map[string]any {
	t.Helper()

	m := map[string]any{}
	if err := json.Unmarshal([]byte(doc), &m); err != nil {
		t.Fatal(err)
	}

	return m
}

// TestResolveInZone shows what a landing zone can change.
func TestResolveInZone(t *testing.T) {
	type want struct {
		Group, Location, Issuer, SKU string
		Tags                         map[string]string
		Officers                     int
		Err                          string
	}

	const prefix = "cannot use EnvironmentConfig platform-application-eu of landing zone eu: "

	own := want{Group: "rg", Location: "westeurope", Issuer: "https://issuer.example.com/", SKU: "premium", Tags: map[string]string{"cost-center": "platform", "owner": "platform"}, Officers: 1}
	changed := func(change func(*want)) want {
		w := own
		change(&w)

		return w
	}

	cases := map[string]struct {
		reason string
		zone   string
		want   want
	}{
		"Empty": {"A zone inherits everything.", `{}`, own},
		"Overlay": {"Objects are merged, and plain values are replaced.", `{"resourceGroupName": "eu", "tags": {"cost-center": "eu"}, "keyVault": {"sku": "standard"}}`, changed(func(w *want) {
			w.Group, w.SKU, w.Tags = "eu", "standard", map[string]string{"cost-center": "eu", "owner": "platform"}
		})},
		"Lists":      {"Lists are replaced.", `{"keyVault": {"officers": []}}`, changed(func(w *want) { w.Officers = 0 })},
		"Issuer":     {"The issuer is that of the cluster.", `{"oidcIssuerUrl": "https://issuer.example.com/"}`, want{Err: "oidcIssuerUrl: Forbidden"}},
		"Tenant":     {"A zone cannot disable the proof of ownership.", `{"tenantLabel": ""}`, want{Err: "tenantLabel: Forbidden"}},
		"TenantNull": {"A null cannot do so, either.", `{"tenantLabel": null}`, want{Err: "tenantLabel: Forbidden"}},
		"Retired":    {"A zone cannot revive a namespace.", `{"retiredNamespaces": []}`, want{Err: "retiredNamespaces: Forbidden"}},
		"Adopt":      {"Adoption is decided for the whole cluster.", `{"adopt": [{"namespace": "a", "name": "b"}]}`, want{Err: "adopt: Forbidden"}},
		"Assigned":   {"Two zones could assign one vault twice.", `{"keyVault": {"assigned": []}}`, want{Err: "keyVault.assigned: Forbidden"}},
		"VaultNull":  {"A null would remove the assigned vaults.", `{"keyVault": null}`, want{Err: "keyVault: Forbidden"}},
		"Shared":     {"A zone cannot lose a revocation.", `{"secrets": {"shared": []}}`, want{Err: "secrets.shared: Forbidden"}},
		"SecretNull": {"A null would remove the shared secrets.", `{"secrets": null}`, want{Err: "secrets: Forbidden"}},
		"Secrets":    {"A zone can have its own rules for secrets.", `{"secrets": {"pollInterval": "1m"}, "keyVault": {"confirmedGrants": []}}`, own},
		"Reference":  {"A zone cannot name other settings.", `{"environmentConfigRef": {"name": "x"}}`, want{Err: "environmentConfigRef: Forbidden"}},
		"Cluster":    {"The name of the cluster is that of the cluster.", `{"clusterName": "x"}`, want{Err: "clusterName: Forbidden"}},
		"Several":    {"All faults are named at once.", `{"adopt": [], "tenantLabel": "x"}`, want{Err: "tenantLabel: Forbidden: a landing zone cannot change it; set it in the platform's own settings, adopt: Forbidden"}},
		"Namespaces": {"Namespaces are exact names.", `{"landingZone": {"namespaces": ["shop-*"]}}`, want{Err: "landingZone.namespaces[0]"}},
		"Twice":      {"A namespace is listed once.", `{"landingZone": {"namespaces": ["shop", "shop"]}}`, want{Err: "landingZone.namespaces[1]: Duplicate"}},
		"Misspelt":   {"A misspelt field is not ignored.", `{"landingZone": {"namespace": ["shop"]}}`, want{Err: `unknown field "landingZone.namespace"`}},
		"NullOfTag": {"A null in an object removes an entry of the platform's.", `{"tags": {"owner": null}}`, changed(func(w *want) {
			w.Tags = map[string]string{"cost-center": "platform"}
		})},
		"NullMisspelt": {"A misspelt null would remove nothing.", `{"keyVault": {"SKU": null}}`, want{Err: `unknown field "keyVault.SKU"`}},
		"Null":         {"A required setting cannot be removed.", `{"subscriptionId": null}`, want{Err: "subscriptionId"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := ResolveInZone(&v1alpha1.PlatformConfig{}, decoded(t, platformOverlay), "eu", decoded(t, tc.zone))
			if tc.want.Err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), tc.want.Err) {
					t.Errorf("\n%s\nResolveInZone(...): want an error that says %q, got %v", tc.reason, tc.want.Err, err)
				}

				return
			}

			if err != nil {
				t.Fatalf("\n%s\nResolveInZone(...): %v", tc.reason, err)
			}

			got := want{Group: s.ResourceGroupName, Location: s.Location, Issuer: s.OIDCIssuerURL, SKU: s.KeyVault.SKU, Tags: s.Tags, Officers: len(s.KeyVault.Officers)}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nResolveInZone(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestResolveInZoneNames shows which object the error names: that with the fault.
func TestResolveInZoneNames(t *testing.T) {
	const (
		platform = "cannot use the platform's own settings, EnvironmentConfig platform-application, which landing zone eu overlays: "
		zone     = "cannot use EnvironmentConfig platform-application-eu of landing zone eu: "
	)

	cases := map[string]struct {
		reason             string
		overlay, zone, err string
	}{
		"PlatformInvalid":  {"A zone inherits the fault of the platform.", `{"cloud": "Moon"}`, `{}`, platform + `cloud: Unsupported value: "Moon": supported values: "AzurePublic", "AzureUSGovernment", "AzureChina"`},
		"PlatformMissing":  {"The platform lacks a setting that this zone does not have, either.", `{"location": null, "resourceGroupName": null}`, `{"resourceGroupName": "eu"}`, platform + "missing location"},
		"PlatformSample":   {"A placeholder of the platform is its own.", `{"location": "REPLACE_ME"}`, `{}`, platform + "replace REPLACE_ME with your own value: location"},
		"PlatformMisspelt": {"Settings of the platform that cannot be read are its own fault.", `{"tennantId": "x"}`, `{}`, platform + `unknown field "tennantId"`},
		"PlatformZone":     {"Only a zone lists namespaces.", `{"landingZone": {}}`, `{}`, platform + "landingZone: Forbidden: only the EnvironmentConfig of a landing zone can set it"},
		"Both":             {"If both have a fault of the same sort, that of the platform comes first, and alone.", `{"cloud": "Moon"}`, `{"subscriptionId": "x"}`, platform + `cloud: Unsupported value: "Moon": supported values: "AzurePublic", "AzureUSGovernment", "AzureChina"`},
		"ZoneInvalid":      {"A zone has its own faults.", `{}`, `{"subscriptionId": "x"}`, zone + `subscriptionId: Invalid value: "x": must be a UUID`},
		"ZoneMissing":      {"A zone removes a setting.", `{}`, `{"location": null}`, zone + "missing location"},
		"ZoneMisspelt":     {"A zone cannot be read.", `{}`, `{"sku": "x"}`, zone + `unknown field "sku"`},
		"ZoneTogether": {
			"Each is valid alone.", `{"tags": {` + tags(30) + `}}`, `{"inheritedTags": [` + keys(20) + `]}`,
			zone + "inheritedTags: Too many: 52: must have at most 45 items",
		},
		"ZoneMends": {"What a zone mends is no fault in it.", `{"location": null, "cloud": "Moon"}`, `{"location": "northeurope", "cloud": "AzureChina"}`, ""},
		"ZoneMendsType": {
			"What a zone mends is no fault, and it has another one.", `{"tags": "x"}`, `{"tags": {"a": "b"}, "subscriptionId": "x"}`,
			zone + `subscriptionId: Invalid value: "x": must be a UUID`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ResolveInZone(&v1alpha1.PlatformConfig{}, merge(decoded(t, platformOverlay), decoded(t, tc.overlay)), "eu", decoded(t, tc.zone))
			got := ""
			if err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.err, got); diff != "" {
				t.Errorf("\n%s\nResolveInZone(...): -want error, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestOnlyInLandingZone checks that the platform's own settings list no namespaces, neither in the input nor in the EnvironmentConfig.
func TestOnlyInLandingZone(t *testing.T) {
	overlay := decoded(t, platformOverlay)
	overlay["landingZone"] = nil
	input := &v1alpha1.PlatformConfig{Spec: v1alpha1.PlatformConfigSpec{LandingZone: &v1alpha1.LandingZone{}}}

	for name, resolve := range map[string]func() error{
		"Overlay": func() error { _, err := Resolve(&v1alpha1.PlatformConfig{}, overlay); return err },
		"Input":   func() error { _, err := Resolve(input, decoded(t, platformOverlay)); return err },
		"InZone":  func() error { _, err := ResolveInZone(&v1alpha1.PlatformConfig{}, overlay, "eu", nil); return err },
	} {
		if err := resolve(); err == nil || !strings.Contains(err.Error(), "landingZone: Forbidden: only the EnvironmentConfig of a landing zone can set it") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestLandingZoneConfig checks that the EnvironmentConfigs of two zones never have the same name, nor that of the platform, and that an
// API server accepts the names.
func TestLandingZoneConfig(t *testing.T) {
	for zone, want := range map[string]bool{
		"eu": true, "eu-1": true, "eu.west": true, "1": true, strings.Repeat("a", 63): true,
		"": false, "EU": false, "eu_west": false, "eu..west": false, "-eu": false, "eu-": false, "eu/west": false, strings.Repeat("a", 64): false, "eu\n": false, "ü": false,
	} {
		if _, got := LandingZoneConfig(zone); got != want {
			t.Errorf("LandingZoneConfig(%q): want %t, got %t", zone, want, got)
		}
	}

	rapid.Check(t, func(rt *rapid.T) {
		a, b := rapid.String().Draw(rt, "a"), rapid.StringMatching(`[a-z0-9A-Z]([-._a-z0-9A-Z]{0,61}[a-z0-9A-Z])?`).Draw(rt, "b")
		nameA, okA := LandingZoneConfig(a)
		nameB, okB := LandingZoneConfig(b)

		if okA && okB && a != b && strings.EqualFold(nameA, nameB) || okB && nameB == v1alpha1.DefaultEnvironmentConfig {
			rt.Fatalf("zones %q and %q have EnvironmentConfigs %q and %q", a, b, nameA, nameB)
		}
	})
}
