// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An IgnoredField is kept in the manifest and has no effect.
type IgnoredField struct {
	// Path of the field, made with Child and Entry: its names are the manifest's. A
	// reference in a value has itself in front.
	Path string
	// Why it has no effect, if that is more than that nothing acts on it.
	Why string
	// Meant is the path of the field that may be meant.
	Meant string
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	plainKey  = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)
)

// Child is the path of the field that has a name below path.
func Child(path, name string) string {
	if plainName.MatchString(name) {
		return path + "." + name
	}
	return Entry(path, name)
}

// Entry is the path of the entry of a list or map that has a name. A manifest may have
// any name: one that could be read as something else is quoted, in ASCII, which also
// shows letters that only look like those of a field.
func Entry(path, name string) string {
	if plainKey.MatchString(name) {
		return path + "[" + name + "]"
	}
	return path + "[" + strconv.QuoteToASCII(name) + "]"
}

// String is how a condition shows the field.
func (f IgnoredField) String() string {
	switch {
	case f.Why != "":
		return cut(f.Path) + " (" + f.Why + ")"
	case f.Meant != "":
		return cut(f.Path) + " (did you mean " + cut(f.Meant) + "?)"
	}
	return cut(f.Path)
}

// mostIgnored is how many fields without effect are shown.
const mostIgnored = 50

// fieldsIgnored shows the first fields of many: a status must not become too large to
// be written.
func fieldsIgnored(fields []IgnoredField) Condition {
	if len(fields) == 0 {
		return Condition{Type: TypeFieldsIgnored, Status: False, Reason: ReasonNoFieldsIgnored, Message: "Every field of the spec has its effect."}
	}
	fields = slices.SortedFunc(slices.Values(fields), func(a, b IgnoredField) int { return cmp.Compare(a.Path, b.Path) })
	fields = slices.Compact(fields)
	shown := make([]string, 0, mostIgnored+1)
	for _, f := range fields[:min(len(fields), mostIgnored)] {
		shown = append(shown, f.String())
	}
	if more := len(fields) - mostIgnored; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return Condition{
		Type: TypeFieldsIgnored, Status: True, Reason: ReasonFieldsIgnored,
		Message: "These fields are kept but have no effect: " + strings.Join(shown, ", ") + ".",
	}
}

// cut the path of a field: its names can be of any length.
func cut(path string) string {
	const most = 200
	if len(path) <= most {
		return path
	}
	return strings.ToValidUTF8(path[:most], "") + "…"
}
