// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// intros maps each kind that has a page to the text after the kind's description.
var intros = map[string]string{ //nolint:gochecknoglobals // A constant in all but name.
	"PlatformApplication": "Set only `metadata.name` and `spec`. Crossplane adds `spec.crossplane` and\n" +
		"`status.conditions`, and rejects names of more than 63 characters.",
	"PlatformConfig": "A PlatformConfig is not an object of the cluster. It is the `input` of the function's step in a Composition.",
	"KeyVaultSecretSync": "The function composes one for the vault of each PlatformApplication, and one for each entry of shared secrets that it uses.\n" +
		"Without the function, [write it yourself](../how-to/try-the-provider.md#in-your-own-cluster). No field holds the value of a\n" +
		"secret, or anything computed from a value.",
	"ProviderConfig": "It configures the identity that creates missing secrets, for the syncs of its namespace that reference it in\n" +
		"`spec.providerConfigRef`. It does not affect reads, which always use the identity of the application. It is not\n" +
		"deleted while a sync uses it.",
	"ClusterProviderConfig": "It configures the identity that creates missing secrets, for the syncs of all namespaces that reference it in\n" +
		"`spec.providerConfigRef`. It does not affect reads, which always use the identity of the application. It is not\n" +
		"deleted while a sync uses it. Unlike that of a ProviderConfig, its `secretRef` can name any namespace.",
	"ProviderConfigUsage": "Only the provider writes and deletes ProviderConfigUsages. `providerConfigRef` names the configuration by `kind`\n" +
		"and `name`. `resourceRef` names the KeyVaultSecretSync that uses it by `apiVersion`, `kind`, `name` and `uid`.",
}

// common describes the fields of every managed resource, which Crossplane's
// documentation explains.
var common = map[string]string{ //nolint:gochecknoglobals // A constant in all but name.
	"spec.managementPolicies":         "The actions that Crossplane may take on the resource. As for every managed resource.",
	"spec.providerConfigRef":          "The provider configuration to use, by kind and name. As for every managed resource.",
	"spec.writeConnectionSecretToRef": "Not used: there are no connection details. As for every managed resource.",
	"status.conditions":               "Conditions, among them Ready and Synced. As for every managed resource.",
	"status.observedGeneration":       "The generation that was last reconciled. As for every managed resource.",
}

// properties are the fields of an object, by name.
type properties = map[string]extv1.JSONSchemaProps

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
	// described are the sections so far. Fields of the same type share a section.
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
		p.rules(root)

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
	p.rules(s.schema)

	// Users do not write a status, so its fields are not marked as required.
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
		row = append(row, describe(path, schema, rules, s.schema.Properties))
		fmt.Fprintf(p, "| %s |\n", strings.Join(row, " | "))
	}
	for _, n := range nested {
		p.section(n)
	}
}

// description returns the comment of the object's type, because several fields can
// share a section, or else the description of its schema.
func (p *page) description(s section) string {
	return cmp.Or(p.types[s.typ].comment, s.schema.Description)
}

// rules writes the rules of an object as a list.
func (p *page) rules(s extv1.JSONSchemaProps) {
	if len(s.XValidations) > 0 {
		fmt.Fprintln(p)
	}
	for _, r := range s.XValidations {
		fmt.Fprintf(p, "- %s.\n", cell(sentence(r.Message, s.Properties)))
	}
}

// fields returns the fields of an object in the order of its Go type. Fields that the
// type does not have come last, by name.
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

// typeOf returns the type of a field, which is a link for an object with fields, and
// the rules that the linked section does not have. It adds new sections to nested.
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

// isCommon reports whether a path is the entry of a common list.
func isCommon(path string) bool {
	_, ok := common[strings.TrimSuffix(path, "[]")]
	return ok
}

// link returns a link to the section of an object. Objects of the same type share the
// first one's section; link then also returns the rules of this object.
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

// anchor returns the anchor of a heading, as Markdown renderers make it.
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

// describe returns the last cell of a row: the description of a field and its
// limits. siblings are the fields of the same object.
func describe(path string, s extv1.JSONSchemaProps, rules extv1.ValidationRules, siblings properties) string {
	text := s.Description
	if short, ok := common[path]; ok {
		text = short
	}
	parts := strings.Fields(text)
	add := func(format, limit string) {
		if limit != "" {
			parts = append(parts, fmt.Sprintf(format, limit))
		}
	}
	if s.Default != nil {
		add("Default: `%s`.", string(s.Default.Raw))
	}
	add("%s.", capital(limits(s)))
	if s.Items != nil && s.Items.Schema != nil && len(s.Items.Schema.Properties) == 0 {
		add("Each: %s.", limits(*s.Items.Schema))
	}
	for _, r := range rules {
		add("%s.", sentence(r.Message, siblings, s.Properties))
	}

	return cell(strings.Join(parts, " "))
}

func capital(s string) string {
	if s == "" {
		return s
	}

	return strings.ToUpper(s[:1]) + s[1:]
}

// limits returns the limits of a value that are in its schema, except its type.
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

// sentence makes the first letter of a message upper case, unless the message begins
// with a field, such as keyVault.name, of one of these objects.
func sentence(message string, objects ...properties) string {
	field := message[:len(message)-len(strings.TrimLeftFunc(message, unicode.IsLetter))]
	for _, fields := range objects {
		if _, ok := fields[field]; ok {
			return message
		}
	}

	return capital(message)
}

// cell escapes text for a cell of a table. Angle brackets outside of code are text.
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
