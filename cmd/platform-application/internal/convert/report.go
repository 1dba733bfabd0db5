// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"slices"
	"strings"
)

// A Finding is about one object.
type Finding struct {
	// Where has kind and name of the object, and the field.
	Where string

	// What is the problem, and what to do about it.
	What string
}

// A Report has what the manifest cannot express.
type Report struct {
	// Fields that were not converted, or that may behave differently. Review them
	// before the manifest is used.
	Todo []Finding

	// Notes are harmless differences.
	Notes []Finding

	// Steps besides the manifest, in order.
	Steps []string
}

// NeedsPerson tells whether somebody must review the report.
func (r *Report) NeedsPerson() bool { return len(r.Todo) > 0 }

// add a finding once, even if it concerns every key of a secret.
func add(list *[]Finding, where, what string, args []any) {
	f := Finding{Where: where, What: fmt.Sprintf(what, args...)}
	if !slices.Contains(*list, f) {
		*list = append(*list, f)
	}
}

// String is the report as text, for people.
func (r *Report) String() string {
	var b strings.Builder
	for _, part := range []struct {
		title string
		list  []Finding
	}{
		{"Not converted, or may behave differently. Review:", r.Todo},
		{"Good to know:", r.Notes},
	} {
		if len(part.list) == 0 {
			continue
		}
		b.WriteString(part.title + "\n")
		for _, f := range part.list {
			fmt.Fprintf(&b, "- %s: %s\n", f.Where, f.What)
		}
		b.WriteString("\n")
	}
	if len(r.Steps) > 0 {
		b.WriteString("Before you use the manifest:\n")
		for i, s := range r.Steps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, strings.ReplaceAll(s, "\n", "\n   "))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (r *Report) todo(where, what string, args ...any) { add(&r.Todo, where, what, args) }

func (r *Report) note(where, what string, args ...any) { add(&r.Notes, where, what, args) }

func (r *Report) step(what string, args ...any) {
	r.Steps = append(r.Steps, fmt.Sprintf(what, args...))
}
