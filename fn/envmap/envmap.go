// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// ByConfig is the value of Shadowed.By when a variable of config wins.
const ByConfig = "config"

// commonPrefix marks secrets that environments share. They hold defaults, so more specific
// secrets take precedence.
const commonPrefix = "common-"

// A Secret is one entry of spec.secrets, with its synced keys.
type Secret struct {
	// Name of the secret in Key Vault.
	Name string

	// Prefix precedes every derived name. It is used unchanged, because the schema ensures
	// that the result is a valid name.
	Prefix string

	// Env lists exact mappings. If there are any, no other key of the secret is injected,
	// and Prefix is not used.
	Env []Mapping

	// Keys with values in the Kubernetes Secret. A plain-text secret has one key with an
	// empty name.
	Keys []Key

	// Optional secrets may be missing.
	Optional bool
}

// A Mapping injects one key under a chosen name.
type Mapping struct {
	// Name of the variable.
	Name string

	// Key of the secret. It is empty for the whole value of a plain-text secret.
	Key string
}

// A Key is one key of a secret that has a value.
type Key struct {
	// Name of the key in the secret. It is empty for a plain-text secret.
	Name string

	// DataKey of the value in the Kubernetes Secret.
	DataKey string
}

// An Environment is the result of Map: the injected variables, and the other keys with the
// reason why they are not injected.
type Environment struct {
	// Variables in the order of the pod: first those of secrets, then those of config, each
	// sorted by name. No name occurs twice.
	Variables []Variable

	// Shadowed lists the keys whose name another source has, sorted by name, then by
	// position of their secret.
	Shadowed []Shadowed

	// Collisions lists the keys of one secret that claim the same name, sorted by name, then
	// by position of the secret.
	Collisions []Collision

	// Withheld lists the keys that require an exact mapping, sorted by name, then by position
	// of their secret, then by key.
	Withheld []Withheld

	// Missing lists the exact mappings of required secrets whose key has no value yet, in the
	// order of the spec.
	Missing []Missing
}

// A Variable is an environment variable of the pod. It has a value from config, or a reference
// to a secret.
type Variable struct {
	Name string

	// Value of a config variable, unchanged from the spec.
	Value string

	// Secret, Key and DataKey locate the value of a secret variable. Secret is empty for
	// config.
	Secret, Key, DataKey string

	// Optional is true if the secret is optional.
	Optional bool
}

// Shadowed is a key that is not injected because another source has its name.
type Shadowed struct {
	Name, Secret, Key string

	// By is ByConfig, or the name of the secret that has the name.
	By string
}

// A Collision is a set of keys of one secret that claim the same name. None of them is
// injected.
type Collision struct {
	Name, Secret string

	// Keys that claim the name, sorted.
	Keys []string
}

// Missing is an exact mapping whose key is not in the secret.
type Missing struct{ Name, Secret, Key string }

// Map computes the environment of a pod from the config and the secrets of its spec. Names of
// plain-text variables omit the environment prefixes. The policy decides which names require an
// exact mapping.
//
// The order of secrets matters, because later secrets take precedence. The order of keys in a
// secret does not. A new secret can change the source of a variable, but never removes a
// variable: keys collide only within one secret. (A new key of a secret can remove a variable by
// a collision.)
//
// The result is also defined for some input that the schema rejects. Two mappings of one secret
// to the same name collide like two keys, and so do two keys of the same name with different data
// keys. An exact repetition of a mapping or key counts once. A secret that is listed twice counts
// as two secrets.
//
// A withheld key does not affect any other key.
//
// Map does not modify its arguments, and the result shares no slice with them.
func Map(config map[string]string, secrets []Secret, prefixes []string, policy Policy) Environment {
	claims, withheld, missing := collect(secrets, prefixes, policy)
	order := byName(claims)
	names := countNames(claims, order)

	m := mapper{config: config, secrets: secrets, claims: claims}
	m.env.Withheld, m.env.Missing = withhold(withheld, secrets), missing
	m.env.Variables = slices.Grow(m.env.Variables, names+len(config))
	m.env.Shadowed = slices.Grow(m.env.Shadowed, len(claims)-names)

	var contenders []int // reused from name to name
	for len(order) > 0 {
		name := claims[order[0]].name
		n := run(order, func(c int) bool { return claims[c].name == name })
		contenders = m.collide(contenders[:0], order[:n])
		m.award(contenders)
		order = order[n:]
	}

	for _, name := range slices.Sorted(maps.Keys(config)) {
		m.env.Variables = append(m.env.Variables, Variable{Name: name, Value: config[name]})
	}

	return m.env
}

// A claim of one key of one secret to a variable name.
type claim struct {
	name   string
	secret int // position in the list, which decides the precedence
	key    *Key
}

// collect returns the claims of all secrets in their order, the claims to withheld names, and
// the mappings whose key is missing.
func collect(secrets []Secret, prefixes []string, policy Policy) (claims, withheld []claim, missing []Missing) {
	n := 0
	for i := range secrets {
		n += max(len(secrets[i].Keys), len(secrets[i].Env))
	}

	claims = make([]claim, 0, n)
	for i := range secrets {
		s := &secrets[i]
		if len(s.Env) == 0 {
			for j := range s.Keys {
				c := claim{name: derive(s, &s.Keys[j], prefixes), secret: i, key: &s.Keys[j]}
				if policy.Withholds(c.name) {
					withheld = append(withheld, c)
				} else {
					claims = append(claims, c)
				}
			}

			continue
		}

		keys := index(s.Keys)
		for _, m := range s.Env {
			if k := keys[m.Key]; k != nil {
				claims = append(claims, claim{name: m.Name, secret: i, key: k})
			} else if !s.Optional {
				missing = append(missing, Missing{Name: m.Name, Secret: s.Name, Key: m.Key})
			}
		}
	}

	return claims, withheld, missing
}

// withhold returns claims to withheld names, without exact repetitions.
func withhold(claims []claim, secrets []Secret) []Withheld {
	slices.SortFunc(claims, func(a, b claim) int {
		return cmp.Or(strings.Compare(a.name, b.name), a.secret-b.secret, compareKeys(*a.key, *b.key))
	})
	claims = slices.CompactFunc(claims, func(a, b claim) bool {
		return a.name == b.name && a.secret == b.secret && *a.key == *b.key
	})

	out := make([]Withheld, len(claims))
	for i, c := range claims {
		out[i] = Withheld{Name: c.name, Secret: secrets[c.secret].Name, Key: c.key.Name}
	}

	return out
}

func compareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.DataKey, b.DataKey))
}

// derive returns the name of the variable for a key without an exact mapping.
func derive(s *Secret, k *Key, prefixes []string) string {
	key := k.Name
	if key == "" {
		key = TrimEnvironment(s.Name, prefixes)
	}

	return s.Prefix + Name(key)
}

// index returns keys by name. If two have the same name, it returns the one with the smaller
// data key, so that their order does not matter.
func index(keys []Key) map[string]*Key {
	m := make(map[string]*Key, len(keys))
	for i := range keys {
		k := &keys[i]
		if seen := m[k.Name]; seen == nil || k.DataKey < seen.DataKey {
			m[k.Name] = k
		}
	}

	return m
}

// byName returns the positions of claims, sorted by name, then by position. It sorts numbers,
// because moving structs with pointers costs more than the comparisons.
func byName(claims []claim) []int {
	order := make([]int, len(claims))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if c := strings.Compare(claims[a].name, claims[b].name); c != 0 {
			return c
		}

		return a - b
	})

	return order
}

// countNames returns the number of different names.
func countNames(claims []claim, order []int) int {
	n := 0
	for i, c := range order {
		if i == 0 || claims[c].name != claims[order[i-1]].name {
			n++
		}
	}

	return n
}

// A mapper turns claims into an environment, one name at a time. Its methods take positions of
// claims.
type mapper struct {
	config  map[string]string
	secrets []Secret
	claims  []claim
	env     Environment
}

// collide takes all claims to one name in the order of their position, and appends the claim of
// each secret to contenders. It records several claims of one secret as a collision instead.
func (m *mapper) collide(contenders, same []int) []int {
	for len(same) > 0 {
		first := m.claims[same[0]]
		n := run(same, func(c int) bool { return m.claims[c].secret == first.secret })
		if m.repeated(same[:n]) {
			contenders = append(contenders, same[0])
		} else {
			m.env.Collisions = append(m.env.Collisions, Collision{
				Name:   first.name,
				Secret: m.secrets[first.secret].Name,
				Keys:   m.keys(same[:n]),
			})
		}
		same = same[n:]
	}

	return contenders
}

// repeated reports whether all claims are for the same key.
func (m *mapper) repeated(own []int) bool {
	for _, c := range own[1:] {
		if *m.claims[c].key != *m.claims[own[0]].key {
			return false
		}
	}

	return true
}

// keys returns the names of the keys of claims, sorted and without exact repetitions.
func (m *mapper) keys(own []int) []string {
	keys := make([]Key, len(own))
	for i, c := range own {
		keys[i] = *m.claims[c].key
	}
	slices.SortFunc(keys, compareKeys)
	keys = slices.Compact(keys)

	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}

	return names
}

// award gives a name to config or to one of the contenders, and records the others as shadowed.
// Contenders are in the order of their position.
func (m *mapper) award(contenders []int) {
	if len(contenders) == 0 {
		return
	}

	winner, by := -1, ByConfig
	if _, taken := m.config[m.claims[contenders[0]].name]; !taken {
		winner = m.winner(contenders)
		by = m.secrets[m.claims[winner].secret].Name
	}

	for _, i := range contenders {
		c := &m.claims[i]
		s := &m.secrets[c.secret]
		if i == winner {
			m.env.Variables = append(m.env.Variables, Variable{Name: c.name, Secret: s.Name, Key: c.key.Name, DataKey: c.key.DataKey, Optional: s.Optional})
		} else {
			m.env.Shadowed = append(m.env.Shadowed, Shadowed{Name: c.name, Secret: s.Name, Key: c.key.Name, By: by})
		}
	}
}

// winner returns the last contender whose secret is not common, or else the last one.
func (m *mapper) winner(contenders []int) int {
	for _, c := range slices.Backward(contenders) {
		if !hasPrefix(m.secrets[m.claims[c].secret].Name, commonPrefix) {
			return c
		}
	}

	return contenders[len(contenders)-1]
}

// run returns the number of claims at the start of a list that satisfy a condition.
func run(claims []int, same func(int) bool) int {
	for i, c := range claims {
		if !same(c) {
			return i
		}
	}

	return len(claims)
}
