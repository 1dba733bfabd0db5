// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package diff compares the resources of an application before and after an upgrade, and finds changes that are forbidden.
//
// It compares renderings, which are the objects that Crossplane would apply.
package diff

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Annotations of Crossplane that identify an object.
const (
	annotationResource     = "crossplane.io/composition-resource-name"
	annotationExternalName = meta.AnnotationKeyExternalName
)

// A Verdict about a change.
type Verdict string

// Verdicts, the most important first.
const (
	// Forbidden deletes or recreates an object of an application, or can never be applied.
	Forbidden Verdict = "forbidden"

	// RollsPods restarts Pods, which the release notes must announce.
	RollsPods Verdict = "rolls pods"

	// Harmless creates or changes an object without restarting Pods.
	Harmless Verdict = "changes"
)

// A Change of an object.
type Change struct {
	// Object by kind and, if it is composed, by its name in the Composition, such as "Vault key-vault".
	Object string

	// Path of the field, such as spec.template.spec.containers[web].image. It is empty if the whole object was added or removed.
	Path string

	// Before and After are YAML on one line. One of them is empty if the field or the object was added or removed.
	Before, After string

	Verdict Verdict

	// Why the change is forbidden.
	Why string
}

// String returns the change on one line.
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

// present replaces the YAML of a whole object in a Change.
const present = "present"

// Compare returns the differences, sorted by object and path. It identifies a composed object by its name in the Composition, and
// any other object by its kind. It ignores the order of objects, and of list elements that have names outside of a Pod's template.
//
// Both renderings must be for the observed resources. A field that was not composed had the observed value.
func Compare(before, after, observed []*unstructured.Unstructured) []Change {
	was, is, has := byIdentity(before), byIdentity(after), byIdentity(observed)

	var changes []Change

	for _, name := range sortedKeys(was, is) {
		b, a := was[name], is[name]

		switch {
		case b == nil:
			changes = append(changes, Change{Object: name, After: present, Verdict: Harmless})
		case a == nil:
			changes = append(changes, removed(name, b))
		default:
			changes = append(changes, compareObjects(name, b, a, has[name])...)
		}
	}

	return changes
}

// removed returns the change of an object that is no longer in the rendering. Crossplane deletes it, unless it is a message.
func removed(name string, o *unstructured.Unstructured) Change {
	c := Change{Object: name, Before: present, Verdict: Harmless}
	if isComposed(o) {
		c.Verdict, c.Why = Forbidden, "Crossplane deletes objects that are no longer composed; a new name in the Composition is a new object"
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

		// The upgrade overwrites a field of another field manager.
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

// reordered returns the lists of named elements in a Pod's template whose order differs, because that changes the template. It
// ignores elements that were added or removed, which are changes of their own.
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

// common returns the elements of a list that are also in another list, in the order of the first.
func common(list, other []string) []string {
	var out []string

	for _, e := range list {
		if slices.Contains(other, e) {
			out = append(out, e)
		}
	}

	return out
}

// byIdentity returns the objects by a key that is equal in all renderings of an application.
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

// leaves returns all scalars and empty containers by path.
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

// orders returns the ordered names of the elements of all lists, by path of the list.
func orders(object map[string]any) map[string][]string {
	out := map[string][]string{}

	walk("", object, func(path string, value any) {
		if list, ok := value.([]any); ok {
			out[path] = elementNames(list)
		}
	})

	return out
}

// walk visits a value and all values in it.
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

// elementNames returns the identifiers of a list's elements: names, types of conditions, or positions.
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

// namesBy returns the values of a key, or nil unless every element has the key with a unique value.
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

// join appends a key to a path. It quotes a key with dots, which would look like several.
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
