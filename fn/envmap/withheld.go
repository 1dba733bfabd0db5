// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import "strings"

// Withheld is a key that is not injected because the name of its variable requires an exact
// mapping.
type Withheld struct{ Name, Secret, Key string }

// A Policy decides which names of variables are withheld. A person who can write values also
// chooses the keys, and must not decide which code runs: only the manifest can inject names that
// steer loaders, runtimes, proxies, trust or identity.
//
// The zero Policy withholds the names of Steering.
type Policy struct{ withheld, allowed patterns }

// NewPolicy returns a policy that withholds more names, and allows names of Steering. Names have
// the form of those in Group. A name in both lists is allowed.
func NewPolicy(withheld, allowed []string) Policy {
	return Policy{withheld: compile(withheld), allowed: compile(allowed)}
}

// Withholds reports whether a variable name requires an exact mapping. It ignores case, because
// programs read both http_proxy and HTTP_PROXY.
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

// The names of Steering, compiled.
//
//nolint:gochecknoglobals // Constants.
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

// relax normalizes a name like Spring Boot, which drops empty parts between underscores, and reads
// trailing numbers as positions in a list.
// https://docs.spring.io/spring-boot/reference/features/external-config.html
func relax(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '_' })
	for len(parts) > 1 && strings.Trim(parts[len(parts)-1], "0123456789") == "" {
		parts = parts[:len(parts)-1]
	}

	return strings.Join(parts, "_")
}

// patterns holds names, and the beginnings and ends of names, in upper case.
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
