// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import "strings"

// Withheld is a key that is not injected because its variable would have a name
// that only an exact mapping may give.
type Withheld struct{ Name, Secret, Key string }

// A Policy withholds variable names from keys. A person who may write values chooses
// the keys, and must not choose which code runs: only the manifest may ask for names
// that steer loaders, runtimes, proxies, trust or identity.
//
// The zero Policy has the names of Steering.
type Policy struct{ withheld, allowed patterns }

// NewPolicy returns a policy with more names that are withheld, and names that
// are allowed although they are on the list of Steering. Names are as in Group. A
// name in both lists is allowed.
func NewPolicy(withheld, allowed []string) Policy {
	return Policy{withheld: compile(withheld), allowed: compile(allowed)}
}

// Withholds says whether a variable of that name needs an exact mapping. Case is
// ignored: programs read http_proxy as well as HTTP_PROXY.
func (p Policy) Withholds(name string) bool {
	name = strings.ToUpper(name)
	if p.allowed.match(name) {
		return false
	}
	if p.withheld.match(name) {
		return true
	}
	spring := relax(name)
	return steering.match(name) && !passing.match(name) || relaxed.match(spring) && !passing.match(spring)
}

// The list, in the form that is fast to ask.
//
//nolint:gochecknoglobals // Constants in all but name.
var (
	steering = compileGroups(func(g Group) []string { return g.Names })
	passing  = compileGroups(func(g Group) []string { return g.Except })
	relaxed  = compileGroups(func(g Group) []string {
		if !g.Relaxed {
			return nil
		}
		return g.Names
	})
)

func compileGroups(of func(Group) []string) patterns {
	var all []string
	for _, g := range Steering() {
		all = append(all, of(g)...)
	}
	return compile(all)
}

// relax a name as Spring Boot does: it drops empty parts between underscores, and reads
// trailing numbers as positions in a list.
// https://docs.spring.io/spring-boot/reference/features/external-config.html
func relax(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '_' })
	for len(parts) > 1 && strings.Trim(parts[len(parts)-1], "0123456789") == "" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, "_")
}

// patterns are names, and beginnings and ends of names, in upper case.
type patterns struct {
	names              map[string]bool
	prefixes, suffixes []string
}

func compile(list []string) patterns {
	p := patterns{names: make(map[string]bool, len(list))}
	for _, s := range list {
		s = strings.ToUpper(s)
		if prefix, ok := strings.CutSuffix(s, "*"); ok {
			p.prefixes = append(p.prefixes, prefix)
		} else if suffix, ok := strings.CutPrefix(s, "*"); ok {
			p.suffixes = append(p.suffixes, suffix)
		} else {
			p.names[s] = true
		}
	}
	return p
}

func (p patterns) match(name string) bool {
	if p.names[name] {
		return true
	}
	for _, prefix := range p.prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for _, suffix := range p.suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}
