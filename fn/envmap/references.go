// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package envmap

import (
	"iter"
	"slices"
	"strings"
)

// An Unresolved reference is a $(NAME) in a value that Kubernetes leaves as it is.
type Unresolved struct {
	// Variable whose value has the reference.
	Variable string

	// Name that is referred to.
	Name string

	// Later is true if a variable of that name exists, and does not come before.
	Later bool
}

// Unresolved returns the references in values of config that no earlier variable
// resolves, each once, in the order of variables. Some names are provided from outside
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
// sorted and each once. $$ is a dollar sign, so $$(NAME) refers to nothing.
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
