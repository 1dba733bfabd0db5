// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// TestNotComposed shows which calls the metric counts. Crossplane drops a response that waits for required resources, so each reconcile
// would count.
func TestNotComposed(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(w *world)
		want   map[string]float64
	}{
		"Composed":         {"A composed application is not counted.", func(*world) {}, map[string]float64{}},
		"Waiting":          {"A call that waits for required resources is not counted.", func(w *world) { w.unresolved = true }, map[string]float64{}},
		"SettingsInvalid":  {"Rejected settings are counted.", func(w *world) { w.environment["tags"] = map[string]any{"tenant": "x"} }, map[string]float64{compose.ReasonSettingsInvalid: 1}},
		"SettingsMissing":  {"Missing settings are counted.", func(w *world) { w.environment = nil }, map[string]float64{compose.ReasonSettingsMissing: 1}},
		"ZoneInvalid":      {"Rejected settings of a landing zone are counted.", func(w *world) { w.zones["platform-application-eu"]["tags"] = map[string]any{"tenant": "x"} }, map[string]float64{compose.ReasonSettingsInvalid: 1}},
		"ZoneMissing":      {"A missing landing zone is counted.", func(w *world) { w.inZone("mars") }, map[string]float64{compose.ReasonLandingZoneUnavailable: 1}},
		"TenantMissing":    {"A Namespace without the label of its tenant is counted.", func(w *world) { w.environment["tenantLabel"] = "meta.p6m.dev/tenant" }, map[string]float64{compose.ReasonTenantUnknown: 1}},
		"ManifestRejected": {"A rejected manifest is counted with another reason.", func(w *world) { nested(w.xr, "spec")["deployment"] = "x" }, map[string]float64{compose.ReasonInvalid: 1}},
		"Foreign": {"An object of another application is counted.", func(w *world) {
			w.azureAll()
			list(at(w.composed[compose.NameKeyVault], "metadata", "ownerReferences"))[0]["uid"] = "other"
		}, map[string]float64{compose.ReasonForeignResource: 1}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := zonedWorld(t, "eu")
			tc.change(w)
			f := NewFunction(nopLogger())
			w.converseWith(f, w.request())
			if diff := cmp.Diff(tc.want, counts(t, f.stops)); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want counts, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// counts returns the values of a counter by its label.
func counts(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			out[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}

	return out
}
