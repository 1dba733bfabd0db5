// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package fields

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// synonyms maps field names of other tools to fields of this API.
//
//nolint:gochecknoglobals // A constant.
var synonyms = map[string]string{
	"autoscaler":           "spec.autoscaling",
	"configMap":            "spec.config",
	"env":                  "spec.config",
	"envFrom":              "spec.secrets",
	"envVars":              "spec.config",
	"environment":          "spec.config",
	"environmentVariables": "spec.config",
	"host":                 "spec.networking.ingress.hostnames",
	"hostname":             "spec.networking.ingress.hostnames",
	"hosts":                "spec.networking.ingress.hostnames",
	"hpa":                  "spec.autoscaling",
	"nodeSelector":         "spec.workloadSelectors",
	"replicaCount":         "spec.deployment.replicas",
	"secretRefs":           "spec.secrets",
	"vault":                "spec.keyVault",
}

// meant guesses the path of the field for an unknown name. It returns nothing if the guess is
// uncertain, because a wrong guess is worse than none. It never returns a sibling that is
// already set.
func (s *Schema) meant(path, name string, n *node, object map[string]any) string {
	if len(name) > longest {
		return ""
	}
	free := func(field string) bool {
		_, taken := object[field]
		return !taken && !n.fields[field].inert
	}
	if field := only(n.fields, func(f string) bool { return free(f) && normalized(f) == normalized(name) }); field != "" {
		return compose.Child(path, field)
	}
	if place := synonyms[name]; place != "" && place != path && s.has(place) {
		return place
	}
	if place := s.elsewhere(name, object[name]); place != "" {
		return place
	}
	for distance := 1; distance <= tolerance(name); distance++ {
		if field := only(n.fields, func(f string) bool { return free(f) && distanceOf(f, name, distance) }); field != "" {
			return compose.Child(path, field)
		}
	}

	return s.elsewhere(only(s.places, func(f string) bool { return normalized(f) == normalized(name) }), object[name])
}

// generic lists names whose meaning depends on the place.
//
//nolint:gochecknoglobals // A constant.
var generic = []string{"annotations", "enabled", "env", "key", "keys", "name", "path", "port", "protocol", "type", "value", "version"}

// elsewhere returns the place of a name if there is only one and it can have the value. Places
// in lists are ambiguous.
func (s *Schema) elsewhere(name string, v any) string {
	places := s.places[name]
	if len(places) != 1 || slices.Contains(generic, name) || strings.Contains(places[0].path, "[]") {
		return ""
	}
	if kind := places[0].node.kind; kind != nil && kind != reflect.TypeOf(v) {
		return ""
	}

	return places[0].path
}

// alike returns the other field with the name of an inert one, if there is only one and it
// has all fields of the value.
func (s *Schema) alike(name string, v any) string {
	places := s.places[name]
	object, ok := v.(map[string]any)
	if len(places) != 1 || !ok {
		return ""
	}
	for field := range object {
		if places[0].node.fields[field] == nil {
			return ""
		}
	}

	return places[0].path
}

// has reports whether a path is the path of a field.
func (s *Schema) has(path string) bool {
	name := path[strings.LastIndex(path, ".")+1:]
	return slices.ContainsFunc(s.places[name], func(p place) bool { return p.path == path })
}

// only returns the matching name. It returns nothing if no name or several names match.
func only[V any](names map[string]V, wanted func(string) bool) string {
	found := ""
	for name := range maps.Keys(names) {
		switch {
		case !wanted(name):
		case found != "":
			return ""
		default:
			found = name
		}
	}

	return found
}

// normalized lower-cases a name and drops separators, so that read_only_root matches
// readOnlyRoot.
func normalized(name string) string {
	return strings.ToLower(separators.Replace(name))
}

//nolint:gochecknoglobals // A constant.
var separators = strings.NewReplacer("_", "", "-", "")

// longest is the length of the longest name that is compared with others.
const longest = 64

// guesses is the number of fields with a suggestion. Fewer are shown.
const guesses = 100

// tolerance returns the number of letters that may be wrong in a name.
func tolerance(name string) int {
	if len(name) <= 4 {
		return 1
	}

	return 2
}

// distanceOf reports whether two names differ by at most that many letters that are omitted,
// added, replaced or swapped with their neighbour.
func distanceOf(a, b string, most int) bool {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return false
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}

	return row[len(b)] <= most
}
