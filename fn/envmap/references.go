// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"iter"
	"slices"
	"strings"
)

// An Unresolved reference is a $(NAME) in a value that Kubernetes does not expand.
type Unresolved struct {
	// Variable with the reference in its value.
	Variable string

	// Name in the reference.
	Name string

	// Later is true if a variable of that name exists, but not before Variable.
	Later bool
}

// Unresolved returns the references in values of config that no earlier variable resolves, in the
// order of variables and without duplicates. provided reports whether a name is defined outside of
// the environment.
func (e Environment) Unresolved(provided func(name string) bool) iter.Seq[Unresolved] {
	return func(yield func(Unresolved) bool) {
		all := make(map[string]bool, len(e.Variables))
		for _, v := range e.Variables {
			all[v.Name] = true
		}
		before := make(map[string]bool, len(e.Variables))
		for _, v := range e.Variables {
			for _, name := range References(v.Value) {
				if !before[name] && !provided(name) && !yield(Unresolved{Variable: v.Name, Name: name, Later: all[name]}) {
					return
				}
			}
			before[v.Name] = true
		}
	}
}

// References returns the names in $(NAME) references of a value, as Kubernetes parses them,
// sorted and without duplicates. $$ is an escaped dollar sign, so $$(NAME) is not a reference.
func References(value string) []string {
	var names []string
	for {
		_, rest, found := strings.Cut(value, "$")
		if !found || rest == "" {
			break
		}
		if rest[0] != '(' {
			value = rest[1:]
			continue
		}
		name, rest, closed := strings.Cut(rest[1:], ")")
		if !closed {
			break
		}
		names, value = append(names, name), rest
	}
	slices.Sort(names)

	return slices.Compact(names)
}
