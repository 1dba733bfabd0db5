// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// A Code identifies a sentence of the table.
type Code string

// With has the parameters of a sentence by name. A value may be a Finding.
type With = sentence.With

// A Finding is about one object.
type Finding struct {
	Code Code

	// Where has kind and name of the object, and the field. Steps have none.
	Where string

	With With
}

// A Part of the report.
type Part string

// Parts of the report, in their order.
const (
	// Review has fields that were not converted, or that may behave differently. A
	// person must review them before the manifest is used.
	Review Part = "Review"

	// Notes are harmless differences.
	Notes Part = "Notes"

	// Steps besides the manifest.
	Steps Part = "Steps"
)

// A Report has what the manifest cannot express.
type Report struct {
	Findings []Finding

	// seen has every finding as text that distinguishes it.
	seen map[string]bool
}

// In returns the findings of a part.
func (r *Report) In(part Part) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return table[f.Code].part != part })
}

// NeedsPerson reports whether there is something to review.
func (r *Report) NeedsPerson() bool { return len(r.In(Review)) > 0 }

// String renders the report for people.
func (r *Report) String() string {
	var parts []string
	for _, part := range []Part{Review, Notes, Steps} {
		lines := []string{headings[part]}
		for i, f := range r.In(part) {
			if part == Steps {
				lines = append(lines, fmt.Sprintf("%d. %s", i+1, strings.ReplaceAll(f.String(), "\n", "\n   ")))
				continue
			}
			lines = append(lines, fmt.Sprintf("- %s: %s", sentence.Printable(f.Where), f))
		}
		if len(lines) > 1 {
			parts = append(parts, strings.Join(lines, "\n")+"\n")
		}
	}

	return strings.Join(parts, "\n")
}

// add adds a finding once, even if it concerns every key of a secret.
func (r *Report) add(code Code, where string, with ...With) {
	f := newFinding(code, with...)
	f.Where = where
	id := fmt.Sprintf("%#v", f)
	if r.seen[id] {
		return
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[id] = true
	r.Findings = append(r.Findings, f)
}

func newFinding(code Code, with ...With) Finding {
	f := Finding{Code: code}
	for _, w := range with {
		f.With = w
	}

	return f
}

// String renders the sentence of the finding.
func (f Finding) String() string { return table[f.Code].sentence.Render(f.With) }

// An Error is a finding that prevents a conversion.
type Error struct{ Finding }

func fail(code Code, with ...With) error { return Error{newFinding(code, with...)} }

// Error renders the sentence of the finding.
func (e Error) Error() string { return e.String() }
