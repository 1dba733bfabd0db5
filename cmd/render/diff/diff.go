// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package diff tells what an upgrade changes in what an application consists of, and which of that must never happen.
//
// It compares renderings: what Crossplane would apply before and after. It knows nothing of how they were made.
package diff

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Annotations of Crossplane that say what an object is.
const (
	annotationResource     = "crossplane.io/composition-resource-name"
	annotationExternalName = "crossplane.io/external-name"
)

// A Verdict about a change.
type Verdict string

// Verdicts, from the one that matters most.
const (
	// Forbidden deletes or makes again what an application has, or can never be applied.
	Forbidden Verdict = "forbidden"

	// RollsPods restarts Pods, which the release notes must announce.
	RollsPods Verdict = "rolls pods"

	// Harmless changes an object, or makes one, and no Pod.
	Harmless Verdict = "changes"
)

// A Change of an object.
type Change struct {
	// Object by kind and, if it is composed, by its name in the Composition, such as "Vault key-vault".
	Object string

	// Path of the field, such as spec.template.spec.containers[web].image. It is empty if the object came or went.
	Path string

	// Before and After as YAML, on one line. They are empty if the field, or the object, was not there or is not there any more.
	Before, After string

	Verdict Verdict

	// Why it is forbidden.
	Why string
}

// String returns the change on one line, as people read it.
func (c Change) String() string {
	what := c.Object
	if c.Path != "" {
		what += " " + c.Path
	}

	var line string

	switch {
	case c.Before == "":
		line = "+ " + what
		if c.Path != "" {
			line += ": " + c.After
		}
	case c.After == "":
		line = "- " + what
		if c.Path != "" {
			line += ": " + c.Before
		}
	default:
		line = "~ " + what + ": " + c.Before + " -> " + c.After
	}

	if c.Verdict != Harmless {
		line += "  [" + string(c.Verdict) + "]"
	}

	if c.Why != "" {
		line += " " + c.Why
	}

	return line
}

// present stands for an object in a Change that it is all about.
const present = "present"

// Compare returns what is different, sorted by object and path. Objects are the same if they have the same name in the
// Composition; what else has none is known by its kind. The order of objects does not matter, and neither does that of list
// elements that have names, except in a Pod's template.
//
// Both renderings were made for the observed resources. A field that was not composed had the observed value.
func Compare(before, after, observed []*unstructured.Unstructured) []Change {
	was, is, has := byIdentity(before), byIdentity(after), byIdentity(observed)

	var changes []Change

	for _, name := range sortedKeys(was, is) {
		b, a := was[name], is[name]

		switch {
		case b == nil:
			changes = append(changes, Change{Object: name, After: present, Verdict: Harmless})
		case a == nil:
			changes = append(changes, gone(name, b))
		default:
			changes = append(changes, compareObjects(name, b, a, has[name])...)
		}
	}

	return changes
}

// gone is an object that is composed no more, which deletes it, or a message.
func gone(name string, o *unstructured.Unstructured) Change {
	c := Change{Object: name, Before: present, Verdict: Harmless}
	if isComposed(o) {
		c.Verdict, c.Why = Forbidden, "Crossplane deletes what is composed no more, and a new name in the Composition is a new object"
	}

	return c
}

func compareObjects(name string, before, after, observed *unstructured.Unstructured) []Change {
	was, is := leaves(before.Object), leaves(after.Object)

	var has map[string]any
	if observed != nil {
		has = leaves(observed.Object)
	}

	changes := reordered(name, before, after)

	for _, path := range sortedKeys(was, is) {
		b, wasThere := was[path]
		a, isThere := is[path]

		if wasThere && isThere && reflect.DeepEqual(b, a) {
			continue
		}

		// The upgrade overwrites a field that others owned before.
		if value, ok := has[path]; ok && !wasThere && !reflect.DeepEqual(value, a) {
			b, wasThere = value, true
		}

		c := Change{Object: name, Path: path}
		if wasThere {
			c.Before = inline(b)
		}

		if isThere {
			c.After = inline(a)
		}

		c.Verdict, c.Why = judge(before, path, b, a, has)
		changes = append(changes, c)
	}

	slices.SortStableFunc(changes, func(x, y Change) int { return strings.Compare(x.Path, y.Path) })

	return changes
}

// reordered returns the lists of named elements in a Pod's template that come in another order, because that makes another
// template. Elements that came or went are changes of their own.
func reordered(name string, before, after *unstructured.Unstructured) []Change {
	if before.GetKind() != kindDeployment {
		return nil
	}

	was, is := orders(before.Object), orders(after.Object)

	var changes []Change

	for _, path := range sortedKeys(was, is) {
		b, a := common(was[path], is[path]), common(is[path], was[path])
		if covers(podTemplate, path) && !slices.Equal(b, a) {
			changes = append(changes, Change{
				Object: name, Path: path + " order", Before: strings.Join(b, ", "), After: strings.Join(a, ", "), Verdict: RollsPods,
			})
		}
	}

	return changes
}

// common returns the elements of a list that are in another, in the order of the first.
func common(list, other []string) []string {
	var out []string

	for _, e := range list {
		if slices.Contains(other, e) {
			out = append(out, e)
		}
	}

	return out
}

// byIdentity returns the objects by a key that is the same in every rendering of the application.
func byIdentity(objects []*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	out := map[string]*unstructured.Unstructured{}

	for _, o := range objects {
		name := o.GetKind()

		switch message, isResult := o.Object["message"].(string); {
		case isComposed(o):
			name = "composed " + o.GetAnnotations()[annotationResource]
		case isResult:
			name += " " + strconv.Quote(message)
		}

		out[name] = o
	}

	return out
}

func isComposed(o *unstructured.Unstructured) bool {
	return o.GetAnnotations()[annotationResource] != ""
}

// leaves returns all values that have nothing in them, by their paths.
func leaves(object map[string]any) map[string]any {
	out := map[string]any{}

	walk("", object, func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			if len(v) > 0 {
				return
			}
		case []any:
			if len(v) > 0 {
				return
			}
		}

		out[path] = value
	})

	return out
}

// orders returns what the elements of all lists are known by, in their order, by the paths of the lists.
func orders(object map[string]any) map[string][]string {
	out := map[string][]string{}

	walk("", object, func(path string, value any) {
		if list, ok := value.([]any); ok {
			out[path] = elementNames(list)
		}
	})

	return out
}

// walk visits a value and all that is in it.
func walk(path string, value any, visit func(path string, value any)) {
	visit(path, value)

	switch v := value.(type) {
	case map[string]any:
		for k, child := range v {
			walk(join(path, k), child, visit)
		}
	case []any:
		names := elementNames(v)
		for i, child := range v {
			walk(path+"["+names[i]+"]", child, visit)
		}
	}
}

// elementNames are what the elements of a list are known by: names, types of conditions, or positions.
func elementNames(list []any) []string {
	for _, key := range []string{"name", "type"} {
		if names := namesBy(list, key); names != nil {
			return names
		}
	}

	names := make([]string, len(list))
	for i := range list {
		names[i] = strconv.Itoa(i)
	}

	return names
}

// namesBy returns nil unless every element has that key, with a value of its own.
func namesBy(list []any, key string) []string {
	var names []string

	for _, element := range list {
		m, _ := element.(map[string]any)

		name, ok := m[key].(string)
		if !ok || slices.Contains(names, name) {
			return nil
		}

		names = append(names, name)
	}

	return names
}

// join a key to a path. One with dots is quoted: it is one key.
func join(path, key string) string {
	if strings.ContainsAny(key, ".[]") {
		return path + "[" + strconv.Quote(key) + "]"
	}

	if path == "" {
		return key
	}

	return path + "." + key
}

// inline returns a value on one line.
func inline(value any) string {
	if s, ok := value.(string); ok && (s == "" || strings.ContainsAny(s, "\n")) {
		return strconv.Quote(s)
	}

	data, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}

	return strings.TrimSpace(string(data))
}

func sortedKeys[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)

	return slices.Sorted(maps.Keys(all))
}
