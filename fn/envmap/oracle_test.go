// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// This is a second implementation of the rules, for comparison with Map and Name. It is written to
// be compared with the design, not to be fast.

var (
	conventional = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
	afterSmall   = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	endOfRun     = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
	outside      = regexp.MustCompile(`[^A-Z0-9_]`)
	smallLetters = regexp.MustCompile(`[a-z]+`)
	leadingDigit = regexp.MustCompile(`^[0-9]`)

	underscores = regexp.MustCompile(`_+`)
	positions   = regexp.MustCompile(`(_[0-9]+)+$`)

	relaxedNames  = oraclePattern(slices.DeleteFunc(Steering(), func(g Group) bool { return !g.Relaxed }), func(g Group) []string { return g.Names }) //nolint:gochecknoglobals // Constants.
	steeringNames = oraclePattern(Steering(), func(g Group) []string { return g.Names })                                                              //nolint:gochecknoglobals // Constants.
	passingNames  = oraclePattern(Steering(), func(g Group) []string { return g.Except })                                                             //nolint:gochecknoglobals // Constants.
)

func oraclePattern(groups []Group, of func(Group) []string) *regexp.Regexp {
	var all []string
	for _, g := range groups {
		for _, name := range of(g) {
			// A variable's name is always UTF-8, and regexp accepts no other pattern.
			all = append(all, strings.ReplaceAll(regexp.QuoteMeta(strings.ToValidUTF8(name, "\uFFFD")), `\*`, `.*`))
		}
	}

	return regexp.MustCompile(`(?is)^(` + strings.Join(all, "|") + `)$`)
}

// oracleWithholds checks the platform's names first.
func oracleWithholds(name string, withheld, allowed []string) bool {
	own := func(list []string) bool {
		return len(list) > 0 && oraclePattern([]Group{{Names: list}}, func(g Group) []string { return g.Names }).MatchString(name)
	}
	switch {
	case own(allowed):
		return false
	case own(withheld):
		return true
	}
	spring := positions.ReplaceAllString(strings.Trim(underscores.ReplaceAllString(name, "_"), "_"), "")

	return steeringNames.MatchString(name) && !passingNames.MatchString(name) || relaxedNames.MatchString(spring) && !passingNames.MatchString(spring)
}

func oracleName(key string) string {
	if conventional.MatchString(key) {
		return key
	}
	if key == "" {
		return "_"
	}
	// Go regular expressions match an invalid byte as one character.
	name := afterSmall.ReplaceAllString(key, "${1}_${2}")
	for endOfRun.MatchString(name) {
		name = endOfRun.ReplaceAllString(name, "${1}_${2}")
	}
	name = smallLetters.ReplaceAllStringFunc(name, strings.ToUpper)
	name = outside.ReplaceAllString(name, "_")
	if leadingDigit.MatchString(name) {
		name = "_" + name
	}

	return name
}

// ref is a key of a secret, by position.
type ref struct {
	secret  int
	key     string
	dataKey string
}

// oracleClaims returns the claims of all keys, the withheld claims, and the missing mappings.
//
//nolint:gocognit // Naive on purpose: the rules, word for word.
func oracleClaims(in input) (claims, withheld map[string][]ref, missing []Missing) {
	claims, withheld = map[string][]ref{}, map[string][]ref{}
	add := func(to map[string][]ref, name string, r ref) {
		if !slices.Contains(to[name], r) {
			to[name] = append(to[name], r)
		}
	}
	for i, s := range in.secrets {
		for _, k := range s.Keys {
			if len(s.Env) > 0 {
				break
			}
			name := oracleName(k.Name)
			if k.Name == "" {
				name = oracleName(TrimEnvironment(s.Name, in.prefixes))
			}
			name = s.Prefix + name
			if oracleWithholds(name, in.withheld, in.allowed) {
				add(withheld, name, ref{i, k.Name, k.DataKey})
			} else {
				add(claims, name, ref{i, k.Name, k.DataKey})
			}
		}
		for _, m := range s.Env {
			var found []string
			for _, k := range s.Keys {
				if k.Name == m.Key {
					found = append(found, k.DataKey)
				}
			}
			switch {
			case len(found) > 0:
				add(claims, m.Name, ref{i, m.Key, slices.Min(found)})
			case !s.Optional:
				missing = append(missing, Missing{m.Name, s.Name, m.Key})
			}
		}
	}

	return claims, withheld, missing
}

//nolint:gocognit // Naive on purpose: the rules, word for word.
func oracle(in input) Environment {
	var env Environment
	config, secrets := in.config, in.secrets
	claims, withheld, missing := oracleClaims(in)
	env.Missing = missing
	for _, name := range slices.Sorted(maps.Keys(withheld)) {
		refs := withheld[name]
		slices.SortFunc(refs, func(a, b ref) int {
			return cmp.Or(a.secret-b.secret, strings.Compare(a.key, b.key))
		})
		for _, r := range refs {
			env.Withheld = append(env.Withheld, Withheld{name, secrets[r.secret].Name, r.key})
		}
	}

	for _, name := range slices.Sorted(maps.Keys(claims)) {
		var winner *ref
		var contenders []ref
		for i, s := range secrets {
			var own []ref
			var keys []string
			for _, r := range claims[name] {
				if r.secret == i {
					own, keys = append(own, r), append(keys, r.key)
				}
			}
			slices.Sort(keys)
			switch len(own) {
			case 0:
			case 1:
				contenders = append(contenders, own[0])
			default:
				env.Collisions = append(env.Collisions, Collision{name, s.Name, keys})
			}
		}

		// The last secret that is not common is used, or else the last one.
		for i, r := range contenders {
			if !strings.HasPrefix(strings.ToLower(secrets[r.secret].Name), "common-") {
				winner = &contenders[i]
			}
		}
		if winner == nil && len(contenders) > 0 {
			winner = &contenders[len(contenders)-1]
		}
		by := "config"
		if _, ok := config[name]; ok {
			winner = nil
		}
		if winner != nil {
			s := secrets[winner.secret]
			by = s.Name
			env.Variables = append(env.Variables, Variable{Name: name, Secret: s.Name, Key: winner.key, DataKey: winner.dataKey, Optional: s.Optional})
		}
		for i, r := range contenders {
			if &contenders[i] != winner {
				env.Shadowed = append(env.Shadowed, Shadowed{name, secrets[r.secret].Name, r.key, by})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(config)) {
		env.Variables = append(env.Variables, Variable{Name: name, Value: config[name]})
	}

	return env
}

// accounts lists every key that has a claim, as "secret/key -> name".
func accounts(secrets []Secret, claims ...map[string][]ref) []string {
	var out []string
	for _, c := range claims {
		for name, refs := range c {
			for _, r := range refs {
				out = append(out, fmt.Sprintf("%q/%q -> %q", secrets[r.secret].Name, r.key, name))
			}
		}
	}
	slices.Sort(out)

	return out
}

// accounted lists every key in an environment, in the same form.
func accounted(env Environment) []string {
	var out []string
	for _, v := range env.Variables {
		if v.Secret != "" {
			out = append(out, fmt.Sprintf("%q/%q -> %q", v.Secret, v.Key, v.Name))
		}
	}
	for _, s := range env.Shadowed {
		out = append(out, fmt.Sprintf("%q/%q -> %q", s.Secret, s.Key, s.Name))
	}
	for _, w := range env.Withheld {
		out = append(out, fmt.Sprintf("%q/%q -> %q", w.Secret, w.Key, w.Name))
	}
	for _, c := range env.Collisions {
		for _, k := range c.Keys {
			out = append(out, fmt.Sprintf("%q/%q -> %q", c.Secret, k, c.Name))
		}
	}
	slices.Sort(out)

	return out
}
