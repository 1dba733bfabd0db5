// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// An input has the arguments of Map.
type input struct {
	config            map[string]string
	secrets           []Secret
	prefixes          []string
	withheld, allowed []string
}

func (in input) run() Environment {
	return Map(in.config, in.secrets, in.prefixes, NewPolicy(in.withheld, in.allowed))
}

func TestMapProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput().Draw(t, "input")
		checkMap(t, in)
		checkReordered(t, in)
		checkAdded(t, in)
		checkWithheld(t, in)
	})
}

// checkReordered checks that the order of keys and of maps does not matter.
func checkReordered(t *rapid.T, in input) {
	t.Helper()

	other := clone(in)
	for i := range other.secrets {
		if keys := other.secrets[i].Keys; len(keys) > 0 {
			other.secrets[i].Keys = rapid.Permutation(keys).Draw(t, "keys")
		}
	}
	checkEqual(t, in.run(), other.run())
}

// checkAdded checks that an additional secret removes no name.
func checkAdded(t *rapid.T, in input) {
	t.Helper()

	at := rapid.IntRange(0, len(in.secrets)).Draw(t, "at")
	more := in
	more.secrets = slices.Insert(slices.Clone(in.secrets), at, anySecret().Draw(t, "added"))

	after := map[string]bool{}
	for _, v := range more.run().Variables {
		after[v.Name] = true
	}
	for _, v := range in.run().Variables {
		if !after[v.Name] {
			t.Errorf("Map(...) with %q added at %d has lost %s", more.secrets[at].Name, at, v.Name)
		}
	}
}

// checkWithheld checks that withheld keys do not affect other keys: they do not take precedence, and
// do not collide.
func checkWithheld(t rapid.TB, in input) {
	t.Helper()

	without := clone(in)
	for i := range without.secrets {
		s := &without.secrets[i]
		if len(s.Env) > 0 {
			continue
		}
		s.Keys = slices.DeleteFunc(s.Keys, func(k Key) bool {
			name := k.Name
			if name == "" {
				name = TrimEnvironment(s.Name, in.prefixes)
			}

			return oracleWithholds(s.Prefix+oracleName(name), in.withheld, in.allowed)
		})
	}
	want, got := without.run(), in.run()
	if len(want.Withheld) > 0 {
		t.Errorf("Map(...) withholds %v, which the list does not have", want.Withheld)
	}
	got.Withheld, want.Withheld = nil, nil
	checkEqual(t, want, got)
}

// checkMap checks the rules for any input.
func checkMap(t rapid.TB, in input) {
	t.Helper()

	before := clone(in)
	got := in.run()
	if diff := cmp.Diff(before, in, cmp.AllowUnexported(input{})); diff != "" {
		t.Errorf("Map(...) changed its arguments: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff(got, before.run()); diff != "" {
		t.Errorf("Map(...) twice: -first, +second:\n%s", diff)
	}
	if diff := cmp.Diff(oracle(in), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("Map(...): -want, +got:\n%s", diff)
	}

	claims, withheld, _ := oracleClaims(in)
	if diff := cmp.Diff(accounts(in.secrets, claims, withheld), accounted(got), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("Map(...) lost or invented keys: -claimed, +accounted for:\n%s", diff)
	}
	checkVariables(t, in, got.Variables)
	checkSorted(t, got)
}

func checkVariables(t rapid.TB, in input, variables []Variable) {
	t.Helper()

	given := maps.Clone(in.config)
	if given == nil {
		given = map[string]string{}
	}
	exact, prefixed := map[Withheld]bool{}, false
	for _, s := range in.secrets {
		for _, m := range s.Env {
			given[m.Name] = ""
			exact[Withheld{m.Name, s.Name, m.Key}] = true
		}
		prefixed = prefixed || s.Prefix != "" && !validName.MatchString(s.Prefix)
	}

	seen := map[string]bool{}
	for _, v := range variables {
		if seen[v.Name] {
			t.Errorf("Map(...) has %q twice", v.Name)
		}
		seen[v.Name] = true

		if v.Secret != "" && oracleWithholds(v.Name, in.withheld, in.allowed) && !exact[Withheld{v.Name, v.Secret, v.Key}] {
			t.Errorf("Map(...) has %q of secret %q, without a mapping", v.Name, v.Secret)
		}
		if _, ok := given[v.Name]; !ok && !prefixed && !validName.MatchString(v.Name) {
			t.Errorf("Map(...) derived %q, which is not the name of a variable", v.Name)
		}
	}
	for name := range in.config {
		if !seen[name] {
			t.Errorf("Map(...) has lost %q of config", name)
		}
	}
}

func checkSorted(t rapid.TB, env Environment) {
	t.Helper()

	config := slices.IndexFunc(env.Variables, func(v Variable) bool { return v.Secret == "" })
	if config < 0 {
		config = len(env.Variables)
	}
	byName := func(a, b Variable) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(env.Variables[:config], byName) || !slices.IsSortedFunc(env.Variables[config:], byName) {
		t.Errorf("Map(...) variables are not sorted: %v", env.Variables)
	}
	if !slices.IsSortedFunc(env.Shadowed, func(a, b Shadowed) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("Map(...) shadowed keys are not sorted: %v", env.Shadowed)
	}
	if !slices.IsSortedFunc(env.Collisions, func(a, b Collision) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("Map(...) collisions are not sorted: %v", env.Collisions)
	}
	if !slices.IsSortedFunc(env.Withheld, func(a, b Withheld) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("Map(...) withheld keys are not sorted: %v", env.Withheld)
	}
	for _, c := range env.Collisions {
		if len(c.Keys) < 2 || !slices.IsSorted(c.Keys) {
			t.Errorf("Map(...) collision has keys %q, want two or more, sorted", c.Keys)
		}
	}
}

func checkEqual(t rapid.TB, want, got Environment) {
	t.Helper()

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Map(...) with things in another order: -want, +got:\n%s", diff)
	}
}

// clone returns a deep copy with a newly filled map.
func clone(in input) input {
	out := input{secrets: slices.Clone(in.secrets), prefixes: slices.Clone(in.prefixes), withheld: slices.Clone(in.withheld), allowed: slices.Clone(in.allowed)}
	if in.config != nil {
		out.config = map[string]string{}
		for _, name := range slices.Backward(slices.Sorted(maps.Keys(in.config))) {
			out.config[name] = in.config[name]
		}
	}
	for i := range out.secrets {
		out.secrets[i].Env = slices.Clone(out.secrets[i].Env)
		out.secrets[i].Keys = slices.Clone(out.secrets[i].Keys)
	}

	return out
}

// The names are few, so that they often collide.

func anyInput() *rapid.Generator[input] {
	return rapid.Custom(func(t *rapid.T) input {
		return input{
			config: rapid.MapOfN(
				rapid.SampledFrom([]string{"CLIENT_ID", "TLS_CRT", "API_KEY", "DB_HOST", "URL", "lower", "PATH"}),
				rapid.StringN(0, 3, -1), 0, 4).Draw(t, "config"),
			secrets: rapid.SliceOfNDistinct(anySecret(), 0, 6, func(s Secret) string { return s.Name }).Draw(t, "secrets"),
			prefixes: rapid.SliceOfDistinct(
				rapid.SampledFrom([]string{"common-", "dev-", "prod-", "prod-eu-", ""}),
				rapid.ID[string]).Draw(t, "prefixes"),
			withheld: rapid.SliceOfN(rapid.SampledFrom([]string{"CLIENT_ID", "db_*", "*_KEY", "PATH"}), 0, 2).Draw(t, "withheld"),
			allowed:  rapid.SliceOfN(rapid.SampledFrom([]string{"CLIENT_ID", "path", "LD_PRELOAD"}), 0, 2).Draw(t, "allowed"),
		}
	})
}

func anySecret() *rapid.Generator[Secret] {
	name := rapid.OneOf(
		rapid.SampledFrom([]string{"db", "common-db", "prod-db", "api-key", "prod-api-key", "common-api-key", "prod-", "Common-X", "config", "prod-node-options", "common-path"}),
		rapid.StringMatching(`[0-9a-zA-Z-]{1,8}`),
	)
	key := rapid.OneOf(
		rapid.SampledFrom([]string{"clientId", "client-id", "CLIENT_ID", "tls.crt", "tls_crt", "TLS_CRT", "host", "DB_HOST", "apiKey", "API_KEY", "nodeOptions", "NODE_OPTIONS", "path", "PATH", "preload", "LD_SDK_KEY"}),
		rapid.StringMatching(`[a-bA-B0-1_.\-]{0,3}`),
		anyKey(),
	)

	return rapid.Custom(func(t *rapid.T) Secret {
		s := Secret{
			Name:     name.Draw(t, "name"),
			Prefix:   rapid.SampledFrom([]string{"", "", "", "DB_", "x_", "LD_", "ld_"}).Draw(t, "prefix"),
			Optional: rapid.Bool().Draw(t, "optional"),
		}
		names := rapid.SliceOfNDistinct(key, 0, 6, rapid.ID[string]).Draw(t, "keys")
		if rapid.IntRange(0, 3).Draw(t, "plain") == 0 {
			names = []string{""}
		}
		for _, n := range names {
			s.Keys = append(s.Keys, Key{Name: n, DataKey: s.Name + "." + n})
		}
		if rapid.IntRange(0, 3).Draw(t, "exact") > 0 {
			return s
		}
		if len(names) > 0 {
			key = rapid.OneOf(rapid.SampledFrom(names), key)
		}
		for range rapid.IntRange(0, 3).Draw(t, "mappings") {
			s.Env = append(s.Env, Mapping{
				Name: rapid.SampledFrom([]string{"CLIENT_ID", "TLS_CRT", "API_KEY", "own", "PATH", "NODE_OPTIONS"}).Draw(t, "variable"),
				Key:  key.Draw(t, "key"),
			})
		}

		return s
	})
}
