// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestReferences(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  string
		want   []string
	}{
		"None":      {reason: "Most values have no references.", value: "https://example.com/?a=$b(c)"},
		"Several":   {reason: "Each is listed once, sorted.", value: "$(B)$(A):$(B)", want: []string{"A", "B"}},
		"Escaped":   {reason: "A dollar sign is written twice.", value: "$$(A) $$$$(B)"},
		"AfterSign": {reason: "A third dollar sign begins a reference.", value: "$$$(A)", want: []string{"A"}},
		"Unclosed":  {reason: "A reference without its end is plain text.", value: "$(A $(B"},
		"Nested":    {reason: "A reference ends at the first parenthesis.", value: "$(A$(B))", want: []string{"A$(B"}},
		"End":       {reason: "A dollar sign at the end is plain text.", value: "5$"},
		"Empty":     {reason: "Kubernetes treats an empty name as a reference.", value: "$()", want: []string{""}},
		"Shell":     {reason: "Kubernetes looks for a variable of that name.", value: "$(cat /etc/x)", want: []string{"cat /etc/x"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, References(tc.value)); diff != "" {
				t.Errorf("\n%s\nReferences(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestReferencesLong checks that a long value with many unclosed references needs linear time.
func TestReferencesLong(t *testing.T) {
	if got := References(strings.Repeat("$(", 1<<20)); len(got) > 0 {
		t.Errorf("References(...): want none, got %d", len(got))
	}
}

func TestUnresolved(t *testing.T) {
	env := Map(map[string]string{
		"A": "$(B) $(A) $(SECRET) $(HOST)", "B": "$(A)", "C": "$$(X) $(X) $(secret)",
	}, []Secret{{Name: "s", Keys: []Key{{Name: "secret", DataKey: "s.secret"}}}}, nil, Policy{})
	want := []Unresolved{
		{Variable: "A", Name: "A", Later: true},
		{Variable: "A", Name: "B", Later: true},
		{Variable: "C", Name: "X"},
		{Variable: "C", Name: "secret"},
	}
	got := slices.Collect(env.Unresolved(func(name string) bool { return name == "HOST" }))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Unresolved(...): -want, +got:\n%s", diff)
	}
}

// TestUnresolvedProperties builds values from parts whose meaning is known.
//
//nolint:gocognit // The parts of a value, one after the other.
func TestUnresolvedProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		names := rapid.SampledFrom([]string{"A", "B", "C", "", "a b", "S"})
		config, refers := map[string]string{}, map[string]map[string]bool{}
		for _, variable := range []string{"A", "B", "C"} {
			refers[variable] = map[string]bool{}
			var value strings.Builder
			for range rapid.IntRange(0, 6).Draw(rt, "parts") {
				name := names.Draw(rt, "name")
				switch rapid.IntRange(0, 3).Draw(rt, "part") {
				case 0:
					value.WriteString("$(" + name + ")")
					refers[variable][name] = true
				case 1:
					value.WriteString("$$(" + name + ")")
				case 2:
					value.WriteString("$x")
				default:
					value.WriteString("(" + name + ")")
				}
			}
			config[variable] = value.String()
		}
		var want []Unresolved
		for _, variable := range slices.Sorted(maps.Keys(config)) {
			for _, name := range slices.Sorted(maps.Keys(refers[variable])) {
				_, exists := config[name]
				if exists && name < variable || name == "S" {
					continue
				}
				want = append(want, Unresolved{Variable: variable, Name: name, Later: exists})
			}
		}
		got := slices.Collect(Map(config, nil, nil, Policy{}).Unresolved(func(name string) bool { return name == "S" }))
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("Unresolved(...) of %q: -want, +got:\n%s", config, diff)
		}
	})
}

// FuzzReferences checks that no value keeps References busy or makes it fail.
func FuzzReferences(f *testing.F) {
	for _, s := range []string{"", "$", "$(A)", "$$(A)", "$(A", "$($(", "$)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range References(value) {
			if !strings.Contains(value, "$("+name+")") {
				t.Errorf("References(%q): has no %q", value, name)
			}
		}
	})
}
