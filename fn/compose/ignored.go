// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// An IgnoredField stays in the manifest without effect.
type IgnoredField struct {
	// Path of the field, from Child and Entry. A reference in a value precedes its path.
	Path string
	// Why the field has no effect. It is zero for an unknown field.
	Why finding.Finding
	// Meant is the path of a similar field, as a suggestion.
	Meant string
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	plainKey  = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)
)

// Child returns the path of a field below path.
func Child(path, name string) string {
	if plainName.MatchString(name) {
		return path + "." + name
	}

	return Entry(path, name)
}

// Entry returns the path of a named entry of a list or map. A manifest can have any name. An
// ambiguous one is quoted in ASCII, which also reveals look-alike letters.
func Entry(path, name string) string {
	if plainKey.MatchString(name) {
		return path + "[" + name + "]"
	}

	return path + "[" + strconv.QuoteToASCII(name) + "]"
}

// Finding returns the field as a part of a condition.
func (f IgnoredField) Finding() finding.Finding {
	switch {
	case !f.Why.IsZero():
		return finding.New(finding.FieldIgnoredBecause, finding.With{"field": cut(f.Path), "why": f.Why})
	case f.Meant != "":
		return finding.New(finding.FieldMistaken, finding.With{"field": cut(f.Path), "meant": cut(f.Meant)})
	}

	return finding.New(finding.FieldIgnored, finding.With{"field": cut(f.Path)})
}

// mostIgnored is the greatest number of shown fields.
const mostIgnored = 50

// fieldsIgnored returns the condition FieldsIgnored. It shows a limited number of fields,
// because the API server rejects a status that is too large.
func fieldsIgnored(fields []IgnoredField) Condition {
	if len(fields) == 0 {
		c := Condition{Type: TypeFieldsIgnored, Status: False, Reason: ReasonNoFieldsIgnored}
		return c.with(finding.New(finding.NoFieldsIgnored))
	}
	fields = slices.SortedStableFunc(slices.Values(fields), func(a, b IgnoredField) int { return cmp.Compare(a.Path, b.Path) })
	fields = slices.CompactFunc(fields, func(a, b IgnoredField) bool { return reflect.DeepEqual(a, b) })
	shown := make([]finding.Finding, 0, len(fields))
	for _, f := range fields {
		shown = append(shown, f.Finding())
	}
	c := Condition{Type: TypeFieldsIgnored, Status: True, Reason: ReasonFieldsIgnored}

	return c.with(finding.New(finding.FieldsIgnored, finding.With{"fields": finding.First(mostIgnored, ", ", shown)}))
}

// cut shortens the path of a field. Names can have any length.
func cut(path string) string {
	const most = 200
	if len(path) <= most {
		return path
	}

	return strings.ToValidUTF8(path[:most], "") + "…"
}
