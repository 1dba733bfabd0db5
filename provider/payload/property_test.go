// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestJSONRoundTrip checks that strings written by encoding/json are parsed back, for any key and
// value.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(rapid.StringMatching(`[a-zA-Z0-9._-]{1,9}`), variable(), 0, 8).Draw(t, "members")
		doc, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		s := Secret{Name: "s", ContentType: "application/json", Value: string(doc)}
		p, err := checkParse(t, s, Auto)
		checkJSON(t, s, p, err)
		checkValues(t, want, p, err)
	})
}

// TestDotenvRoundTrip checks that any value in quotes is parsed back.
func TestDotenvRoundTrip(t *testing.T) {
	escapes := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(rapid.StringMatching(`[a-zA-Z_][a-zA-Z0-9._-]{0,8}`), variable(), 0, 8).Draw(t, "variables")
		var b strings.Builder
		for key, value := range want {
			b.WriteString(rapid.SampledFrom([]string{"", " ", "export ", "# comment\n", "\r\n"}).Draw(t, "before"))
			if strings.ContainsAny(value, "'\r") || rapid.Bool().Draw(t, "double") {
				fmt.Fprintf(&b, "%s=\"%s\"", key, escapes.Replace(value))
			} else {
				fmt.Fprintf(&b, "%s='%s'", key, value)
			}
			b.WriteString(rapid.SampledFrom([]string{"\n", "\r\n", " # comment\n", "#\n\n"}).Draw(t, "after"))
		}
		p, err := checkParse(t, Secret{Name: "s", Value: b.String()}, Dotenv)
		checkValues(t, want, p, err)
	})
}

// TestBrokenJSON checks that the error about a truncated object contains the position and nothing
// else.
func TestBrokenJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := `{"` + marker + `": "` + marker + `", "n": [1, {"` + marker + `": null}]}`
		s := Secret{Name: "s", Value: doc[:rapid.IntRange(0, len(doc)-1).Draw(t, "end")]}
		_, err := checkParse(t, s, JSON)
		if err == nil {
			t.Fatalf("Parse(%q) has no error", s.Value)
		}
	})
}

// TestAwaitingComplements checks that each key of a structure is either awaited or has a value.
func TestAwaitingComplements(t *testing.T) {
	key := rapid.SampledFrom([]string{"A", "B", "C", "D"})
	value := rapid.SampledFrom([]Value{nil, {}, Value("v")})
	rapid.Check(t, func(t *rapid.T) {
		structure := rapid.SliceOfDistinct(key, rapid.ID[string]).Draw(t, "structure")
		values := rapid.MapOf(key, value).Draw(t, "values")
		var p Payload
		for k, v := range values {
			p.Entries = append(p.Entries, Entry{Key: k, Value: v})
		}
		var want []string
		for _, k := range structure {
			if len(values[k]) == 0 {
				want = append(want, k)
			}
		}
		before := slices.Clone(structure)
		if diff := cmp.Diff(want, p.Awaiting(structure), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Awaiting(...): -want, +got:\n%s", diff)
		}
		if diff := cmp.Diff(before, structure); diff != "" {
			t.Errorf("Awaiting(...) changed its argument: -before, +after:\n%s", diff)
		}
	})
}

// variable draws a valid value of an environment variable.
func variable() *rapid.Generator[string] {
	return rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 }))
}

func checkValues(t *rapid.T, want map[string]string, p Payload, err error) {
	t.Helper()

	if err != nil {
		t.Fatalf("Parse(...): %v", err)
	}
	got := map[string]string{}
	for _, e := range p.Entries {
		got[e.Key] = string(e.Value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse(...): -want, +got:\n%s", diff)
	}
}
