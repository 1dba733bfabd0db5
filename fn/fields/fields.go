// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package fields finds what a manifest has that the Go type it is decoded into does
// not. The type is the only list of what is known, so a field that is added to it is
// never reported. Values are never part of a finding.
package fields

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// A Schema knows the fields of a Go type, as they are named in JSON.
type Schema struct {
	root string
	node *node
	// places of each name.
	places map[string][]place
}

// A place is where a field that has an effect is, with [] for the entries of lists.
type place struct {
	path string
	node *node
}

// A node is what one value may be.
type node struct {
	// fields of an object, or nil if it has none of its own.
	fields map[string]*node
	// entry of a list or map, or nil.
	entry *node
	// inert is true if nothing acts on the value.
	inert bool
	// kind of the value in JSON, as structpb has it, or nil if it may be any.
	kind reflect.Type
}

// Of returns the schema of a Go type whose value is found at a path such as spec. Nothing
// acts on the inert fields of it.
func Of(root string, t reflect.Type, inert ...string) *Schema {
	s := &Schema{root: root, node: nodeOf(t), places: map[string][]place{}}
	s.index(root, s.node, inert)
	return s
}

// nodeOf a type. One that decodes itself may be anything.
func nodeOf(t reflect.Type) *node {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return &node{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nodeOf(t.Elem())
	case reflect.Slice, reflect.Map:
		kind := reflect.TypeFor[*structpb.Value_StructValue]()
		if t.Kind() == reflect.Slice {
			kind = reflect.TypeFor[*structpb.Value_ListValue]()
		}
		return &node{entry: nodeOf(t.Elem()), kind: kind}
	case reflect.Struct:
		n := &node{fields: map[string]*node{}, kind: reflect.TypeFor[*structpb.Value_StructValue]()}
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				n.fields[name] = nodeOf(f.Type)
			}
		}
		return n
	case reflect.String:
		return &node{kind: reflect.TypeFor[*structpb.Value_StringValue]()}
	case reflect.Bool:
		return &node{kind: reflect.TypeFor[*structpb.Value_BoolValue]()}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return &node{kind: reflect.TypeFor[*structpb.Value_NumberValue]()}
	default:
		return &node{}
	}
}

// Unknown returns the fields of an object that its type does not have, and the inert ones.
// Empty fields are skipped. Fields of others (Crossplane) in the same object are passed as
// others and skipped.
func (s *Schema) Unknown(object *structpb.Struct, others ...string) []compose.IgnoredField {
	w := walk{schema: s}
	w.object(s.root, s.node, object)
	return slices.DeleteFunc(w.found, func(f compose.IgnoredField) bool {
		name, ok := strings.CutPrefix(f.Path, s.root+".")
		return ok && slices.Contains(others, name)
	})
}

// index the fields below a path.
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

func (w *walk) value(path string, n *node, v *structpb.Value) {
	switch {
	case n.fields != nil:
		w.object(path, n, v.GetStructValue())
	case n.entry == nil || n.entry.fields == nil && n.entry.entry == nil:
		// Its entries are scalars or free-form.
	default:
		for _, name := range slices.Sorted(maps.Keys(v.GetStructValue().GetFields())) {
			w.value(compose.Entry(path, name), n.entry, v.GetStructValue().GetFields()[name])
		}
		for i, e := range v.GetListValue().GetValues() {
			w.value(compose.Entry(path, entryName(n.entry, i, e)), n.entry, e)
		}
	}
}

func (w *walk) object(path string, n *node, o *structpb.Struct) {
	for _, name := range slices.Sorted(maps.Keys(o.GetFields())) {
		v, at := o.GetFields()[name], compose.Child(path, name)
		switch known, ok := n.fields[name]; {
		case ok && !known.inert:
			w.value(at, known, v)
		case compose.IsEmpty(v.AsInterface()):
		case ok:
			w.found = append(w.found, compose.IgnoredField{Path: at, Meant: w.schema.alike(name, v)})
		default:
			f := compose.IgnoredField{Path: at}
			if len(w.found) < guesses {
				f.Meant = w.schema.meant(path, name, n, o)
			}
			w.found = append(w.found, f)
		}
	}
}

// entryName is what people call an entry of a list: its name if it has one, which stays
// when the list is reordered, else its position.
func entryName(n *node, i int, v *structpb.Value) string {
	for _, key := range []string{"name", "objectId"} {
		name := v.GetStructValue().GetFields()[key].GetStringValue()
		if _, err := strconv.Atoi(name); n.fields[key] != nil && name != "" && err != nil {
			return name
		}
	}
	return strconv.Itoa(i)
}
