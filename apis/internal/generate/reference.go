// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// intros are the kinds that have a page, and what it says after the
// description of the kind.
var intros = map[string]string{ //nolint:gochecknoglobals // A constant in all but name.
	"PlatformApplication": "Only `metadata.name` and `spec` are yours to write. Crossplane adds `spec.crossplane` and\n" +
		"`status.conditions`, and refuses names of more than 63 characters.",
	"PlatformConfig": "It is not an object of the cluster: it is the `input` of the function's step in a Composition.",
	"KeyVaultSecretSync": "The function composes one for each PlatformApplication; do not write it by hand. No field ever holds the value of a\n" +
		"secret, nor anything computed from one.",
	"ProviderConfig": "It says with which identity missing secrets are created for the syncs of its namespace that name it in\n" +
		"`spec.providerConfigRef`. It does not affect reads, which always use the identity of the application. While a sync uses it,\n" +
		"it is not deleted.",
	"ClusterProviderConfig": "It says with which identity missing secrets are created for the syncs of all namespaces that name it in\n" +
		"`spec.providerConfigRef`. It does not affect reads, which always use the identity of the application. While a sync uses it,\n" +
		"it is not deleted. Only here may `secretRef` have a namespace of its choice.",
	"ProviderConfigUsage": "Only the provider writes and removes them. `providerConfigRef` is the configuration that is\n" +
		"used, by `kind` and `name`, and `resourceRef` the KeyVaultSecretSync that uses it, by `apiVersion`, `kind`,\n" +
		"`name` and `uid`.",
}

// common are the fields that every managed resource has. They are described in
// Crossplane's documentation.
var common = map[string]string{ //nolint:gochecknoglobals // A constant in all but name.
	"spec.managementPolicies":         "What Crossplane may do with the resource. As for every managed resource.",
	"spec.providerConfigRef":          "The provider configuration to use, by kind and name. As for every managed resource.",
	"spec.writeConnectionSecretToRef": "Not used: there are no connection details. As for every managed resource.",
	"status.conditions":               "Conditions, among them Ready and Synced. As for every managed resource.",
	"status.observedGeneration":       "The generation that was last reconciled. As for every managed resource.",
}

// A section describes one object of a schema.
type section struct {
	path   string
	typ    string // Go type
	schema extv1.JSONSchemaProps
}

// A page is the reference of one kind while it is being written.
type page struct {
	bytes.Buffer

	types goTypes
	// described are the sections there are. Fields of the same type share one.
	described []section
}

// reference returns the reference page of a kind, in Markdown.
func reference(crd *extv1.CustomResourceDefinition, types goTypes, intro string) string {
	p := &page{types: types}
	names := crd.Spec.Names
	for _, v := range crd.Spec.Versions {
		root := *v.Schema.OpenAPIV3Schema
		fmt.Fprintf(p, "<!-- Code generated from the Go types in apis by 'make generate'. DO NOT EDIT. -->\n\n")
		fmt.Fprintf(p, "# %s\n\n`apiVersion: %s/%s`, `kind: %s`", names.Kind, crd.Spec.Group, v.Name, names.Kind)
		if len(names.ShortNames) > 0 {
			fmt.Fprintf(p, ", short name `%s`", strings.Join(names.ShortNames, "`, `"))
		}
		fmt.Fprintf(p, "\n\n%s\n\n%s\n", root.Description, intro)
		p.rules(root.XValidations)

		for _, f := range p.fields(root, names.Kind) {
			if f.name == "spec" || f.name == "status" {
				p.section(section{path: f.name, typ: f.typ, schema: root.Properties[f.name]})
			}
		}
	}
	return p.String()
}

// section writes the table of one object, then those of its fields.
func (p *page) section(s section) {
	p.described = append(p.described, s)
	fmt.Fprintf(p, "\n## %s\n", s.path)
	if d := p.description(s); d != "" {
		fmt.Fprintf(p, "\n%s\n", d)
	}
	p.rules(s.schema.XValidations)

	// Nobody writes a status, so nothing in it is required.
	status := s.path == "status" || strings.HasPrefix(s.path, "status.")
	if status {
		fmt.Fprint(p, "\n| Field | Type | Description |\n|---|---|---|\n")
	} else {
		fmt.Fprint(p, "\n| Field | Type | Required | Description |\n|---|---|---|---|\n")
	}
	var nested []section
	for _, f := range p.fields(s.schema, s.typ) {
		schema := s.schema.Properties[f.name]
		path := s.path + "." + f.name
		typ, rules := p.typeOf(path, f.typ, schema, &nested)
		row := []string{"`" + f.name + "`", typ}
		if !status {
			row = append(row, map[bool]string{true: "yes"}[slices.Contains(s.schema.Required, f.name)])
		}
		row = append(row, describe(path, f.goName, schema, rules))
		fmt.Fprintf(p, "| %s |\n", strings.Join(row, " | "))
	}
	for _, n := range nested {
		p.section(n)
	}
}

// description returns what a section says about the object as a whole: what
// its type says, since more than one field may have the type, else its schema.
func (p *page) description(s section) string {
	if t := p.types[s.typ]; t.comment != "" {
		return withoutName(t.comment, s.typ)
	}
	return s.schema.Description
}

// rules writes the rules of an object as a list.
func (p *page) rules(rules extv1.ValidationRules) {
	if len(rules) > 0 {
		fmt.Fprintln(p)
	}
	for _, r := range rules {
		fmt.Fprintf(p, "- %s.\n", cell(sentence(r.Message)))
	}
}

// fields returns the fields of an object in the order of its Go type; those
// that it does not know come last, by name.
func (p *page) fields(s extv1.JSONSchemaProps, typ string) []goField {
	var out []goField
	known := map[string]bool{}
	for _, f := range p.types[typ].fields {
		if _, ok := s.Properties[f.name]; ok {
			known[f.name] = true
			out = append(out, f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !known[name] {
			out = append(out, goField{name: name})
		}
	}
	return out
}

// typeOf returns the type of a field, with a link to the table of its own
// fields if it has some, and the rules that table does not have. Tables that
// are still to be written are added to nested.
func (p *page) typeOf(path, typ string, s extv1.JSONSchemaProps, nested *[]section) (string, extv1.ValidationRules) {
	_, shallow := common[path]
	switch {
	case s.XIntOrString:
		return "quantity", s.XValidations
	case s.Type == "array" && s.Items != nil && s.Items.Schema != nil:
		name, rules := p.typeOf(path+"[]", typ, *s.Items.Schema, nested)
		return "list of " + plural(name), slices.Concat(s.XValidations, rules)
	case s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
		name, rules := p.typeOf(path+"{}", "", *s.AdditionalProperties.Schema, nested)
		return "map of " + plural(name), slices.Concat(s.XValidations, rules)
	case len(s.Properties) > 0 && !shallow && !isCommon(path):
		return p.link(section{path: path, typ: typ, schema: s}, nested)
	case s.Type == "" && s.XPreserveUnknownFields != nil:
		return "anything", s.XValidations
	case s.Format == "date-time":
		return "time", s.XValidations
	}
	return s.Type, s.XValidations
}

// isCommon says whether a path is that of an entry of a common list.
func isCommon(path string) bool {
	_, ok := common[strings.TrimSuffix(path, "[]")]
	return ok
}

// link returns a link to the section of an object. If another object has the
// same type, it is a link to that one's section, and the rules are returned.
func (p *page) link(s section, nested *[]section) (string, extv1.ValidationRules) {
	for _, have := range slices.Concat(p.described, *nested) {
		if have.typ != "" && have.typ == s.typ && reflect.DeepEqual(have.schema.Properties, s.schema.Properties) {
			return linkTo(have), s.schema.XValidations
		}
	}
	*nested = append(*nested, s)
	return linkTo(s), nil
}

func linkTo(s section) string {
	return fmt.Sprintf("[%s](#%s)", s.path[strings.LastIndex(s.path, ".")+1:], anchor(s.path))
}

// anchor returns the anchor that Markdown renderers give to a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '_':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, heading)
}

func plural(typ string) string {
	switch typ {
	case "string", "integer", "object", "time":
		return typ + "s"
	case "quantity":
		return "quantities"
	}
	return typ
}

// describe returns the last cell of a row: what a field is for and what it may
// be.
func describe(path, goName string, s extv1.JSONSchemaProps, rules extv1.ValidationRules) string {
	text := withoutName(s.Description, goName)
	if short, ok := common[path]; ok {
		text = short
	}
	text = strings.Join(strings.Fields(text), " ")

	parts := []string{text}
	say := func(prefix, what string) {
		if what != "" && !strings.Contains(text, what) {
			parts = append(parts, sentence(prefix+what)+".")
		}
	}
	if s.Default != nil {
		say("Default: ", "`"+string(s.Default.Raw)+"`")
	}
	say("", limits(s))
	if s.Items != nil && s.Items.Schema != nil && len(s.Items.Schema.Properties) == 0 {
		say("Each: ", limits(*s.Items.Schema))
	}
	for _, r := range rules {
		say("", r.Message)
	}
	return cell(strings.TrimSpace(strings.Join(parts, " ")))
}

// withoutName returns a Go comment without the name it begins with, if the rest
// is still a sentence: "Config holds variables" becomes "Holds variables", and
// "Limits is the most" becomes "The most". Otherwise the name becomes prose:
// "TenantID of the vault" becomes "Tenant ID of the vault".
func withoutName(comment, name string) string {
	first, rest, _ := strings.Cut(comment, " ")
	verb, object, _ := strings.Cut(rest, " ")
	switch {
	case strings.TrimSuffix(first, ",") != name:
		return comment
	case verb == "is", verb == "are":
		return capital(object)
	case first == name && strings.HasSuffix(verb, "s"):
		return capital(rest)
	}
	return inWords(name) + strings.TrimPrefix(comment, name)
}

var humps = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// inWords spells a Go name as prose. Acronyms stay: TLSSecretName becomes "TLS
// secret name".
func inWords(name string) string {
	words := strings.Fields(humps.ReplaceAllString(name, "$1$3 $2$4"))
	for i, w := range words {
		if i > 0 && w != strings.ToUpper(w) {
			words[i] = strings.ToLower(w)
		}
	}
	return strings.Join(words, " ")
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// limits returns what the schema itself says about a value, apart from its
// type.
func limits(s extv1.JSONSchemaProps) string {
	var l []string
	add := func(lo, hi *int64, unit string) {
		if lo != nil || hi != nil {
			l = append(l, between(number(lo), number(hi))+unit)
		}
	}
	switch {
	case s.MinLength != nil && s.MaxLength == nil && *s.MinLength == 1:
		l = append(l, "not empty")
	default:
		add(s.MinLength, s.MaxLength, " characters")
	}
	add(s.MinItems, s.MaxItems, " entries")
	add(s.MinProperties, s.MaxProperties, " entries")
	if s.Minimum != nil || s.Maximum != nil {
		l = append(l, between(float(s.Minimum), float(s.Maximum)))
	}
	if len(s.Enum) > 0 {
		l = append(l, "one of "+enum(s.Enum))
	}
	if s.Pattern != "" {
		l = append(l, "matches `"+s.Pattern+"`")
	}
	if s.XListType != nil && *s.XListType == "set" {
		l = append(l, "no duplicates")
	}
	if len(s.XListMapKeys) > 0 {
		l = append(l, "no two with the same `"+strings.Join(s.XListMapKeys, "` and `")+"`")
	}
	return strings.Join(l, ", ")
}

func between(lo, hi string) string {
	switch {
	case lo == "":
		return "at most " + hi
	case hi == "":
		return "at least " + lo
	case lo == hi:
		return "exactly " + lo
	}
	return lo + " to " + hi
}

func number(i *int64) string {
	if i == nil {
		return ""
	}
	return strconv.FormatInt(*i, 10)
}

func float(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}

func enum(values []extv1.JSON) string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		var s string
		if err := json.Unmarshal(v.Raw, &s); err != nil {
			s = string(v.Raw)
		}
		out = append(out, "`"+s+"`")
	}
	return strings.Join(out, ", ")
}

// sentence makes the first letter upper case, unless the text begins with the
// name of a field.
func sentence(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if strings.Contains(first, ".") || strings.ToLower(first) != first {
		return s
	}
	return capital(s)
}

// cell escapes text for a cell of a table. Angle brackets are not tags here.
func cell(s string) string {
	var b strings.Builder
	code := false
	for _, r := range s {
		switch {
		case r == '`':
			code = !code
			b.WriteRune(r)
		case r == '|':
			b.WriteString(`\|`)
		case r == '<' && !code:
			b.WriteString("&lt;")
		case r == '>' && !code:
			b.WriteString("&gt;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
