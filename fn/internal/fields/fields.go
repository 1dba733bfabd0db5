// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package fields finds the fields of a manifest that its Go type does not have. The type is
// the only list of known fields, so a new field of the type is never reported. Findings never
// contain values.
package fields

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// A Schema holds the fields of a Go type by their names in JSON.
type Schema struct {
	root string
	node *node
	// places of each name.
	places map[string][]place
}

// A place is the path of a field that has an effect, with [] for the entries of lists.
type place struct {
	path string
	node *node
}

// A node is the schema of one value.
type node struct {
	// fields of an object, or nil for another value.
	fields map[string]*node
	// entry of a list or map, or nil.
	entry *node
	// inert is true if nothing acts on the value.
	inert bool
	// kind of the value when it is decoded from JSON, or nil if it may be any.
	kind reflect.Type
}

// Of returns the schema of a Go type at a path such as spec. Inert fields have no effect.
func Of(root string, t reflect.Type, inert ...string) *Schema {
	s := &Schema{root: root, node: nodeOf(t), places: map[string][]place{}}
	s.index(root, s.node, inert)

	return s
}

// nodeOf returns the node of a type. A type with its own decoder can have any value.
func nodeOf(t reflect.Type) *node {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return &node{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nodeOf(t.Elem())
	case reflect.Slice, reflect.Map:
		kind := reflect.TypeFor[map[string]any]()
		if t.Kind() == reflect.Slice {
			kind = reflect.TypeFor[[]any]()
		}

		return &node{entry: nodeOf(t.Elem()), kind: kind}
	case reflect.Struct:
		n := &node{fields: map[string]*node{}, kind: reflect.TypeFor[map[string]any]()}
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				n.fields[name] = nodeOf(f.Type)
			}
		}

		return n
	case reflect.String:
		return &node{kind: reflect.TypeFor[string]()}
	case reflect.Bool:
		return &node{kind: reflect.TypeFor[bool]()}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return &node{kind: reflect.TypeFor[float64]()}
	default:
		return &node{}
	}
}

// Unknown returns the fields of an object that its type does not have, and the inert ones. It
// skips empty fields and those that belong to others, such as Crossplane.
func (s *Schema) Unknown(object map[string]any, others ...string) []compose.IgnoredField {
	w := walk{schema: s}
	w.object(s.root, s.node, object)

	return slices.DeleteFunc(w.found, func(f compose.IgnoredField) bool {
		name, ok := strings.CutPrefix(f.Path, s.root+".")
		return ok && slices.Contains(others, name)
	})
}

// index records the fields below a path.
func (s *Schema) index(path string, n *node, inert []string) {
	for _, name := range slices.Sorted(maps.Keys(n.fields)) {
		field, at := n.fields[name], path+"."+name
		if field.inert = slices.Contains(inert, at); !field.inert {
			s.places[name] = append(s.places[name], place{path: at, node: field})
			s.index(at, field, inert)
		}
	}
	if n.entry != nil {
		s.index(path+"[]", n.entry, inert)
	}
}

type walk struct {
	schema *Schema
	found  []compose.IgnoredField
}

func (w *walk) value(path string, n *node, v any) {
	object, _ := v.(map[string]any)
	list, _ := v.([]any)
	switch {
	case n.fields != nil:
		w.object(path, n, object)
	case n.entry == nil || n.entry.fields == nil && n.entry.entry == nil:
		// Its entries are scalars or free-form.
	default:
		for _, name := range slices.Sorted(maps.Keys(object)) {
			w.value(compose.Entry(path, name), n.entry, object[name])
		}
		for i, e := range list {
			w.value(compose.Entry(path, entryName(n.entry, i, e)), n.entry, e)
		}
	}
}

func (w *walk) object(path string, n *node, object map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v, at := object[name], compose.Child(path, name)
		switch known, ok := n.fields[name]; {
		case ok && !known.inert:
			w.value(at, known, v)
		case compose.IsEmpty(v):
		case ok:
			w.found = append(w.found, compose.IgnoredField{Path: at, Meant: w.schema.alike(name, v)})
		default:
			f := compose.IgnoredField{Path: at}
			if len(w.found) < guesses {
				f.Meant = w.schema.meant(path, name, n, object)
			}
			w.found = append(w.found, f)
		}
	}
}

// entryName identifies an entry of a list by its name, which does not depend on the order, or
// else by its position.
func entryName(n *node, i int, v any) string {
	object, _ := v.(map[string]any)
	for _, key := range []string{"name", "objectId"} {
		name, _ := object[key].(string)
		if _, err := strconv.Atoi(name); n.fields[key] != nil && name != "" && err != nil {
			return name
		}
	}

	return strconv.Itoa(i)
}
