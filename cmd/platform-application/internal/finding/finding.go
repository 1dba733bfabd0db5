// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package finding has what a doctor finds: values, of which a table makes the sentences that people read.
package finding

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// A Code names a kind of finding, such as KubernetesTooOld. Codes are a contract with pipelines.
type Code string

// A Severity is what a finding means for applications.
type Severity string

// Severities, the worst first.
const (
	// Error breaks applications, or what protects them.
	Error Severity = "Error"

	// Unknown is what could not be looked at. It may hide an Error.
	Unknown Severity = "Unknown"

	// Warning breaks nothing yet.
	Warning Severity = "Warning"
)

// A Finding is something that is wrong, or that could not be found out.
type Finding struct {
	Code Code

	// Object that it is about: Kind/name of the cluster, or a resource id of Azure. Empty if it is about no single one.
	Object string

	// With are the parameters of its sentences, by name.
	With map[string]string
}

// Words are the sentences of a Code. {name} in them is the parameter of that name, and {object} the Object.
type Words struct {
	Severity Severity

	// Wrong is what is wrong, Breaks what that will break, and Mend the exact command, or the lines of a manifest, that mends it.
	Wrong, Breaks, Mend string
}

// A Catalogue has the words of all codes.
type Catalogue map[Code]Words

// Merge catalogues. No code is in two of them.
func Merge(all ...Catalogue) (Catalogue, error) {
	out := Catalogue{}

	for _, c := range all {
		for code, words := range c {
			if _, ok := out[code]; ok {
				return nil, fmt.Errorf("cannot merge catalogues: %s is in two of them", code)
			}

			out[code] = words
		}
	}

	return out, nil
}

// Words of a finding, with its parameters.
func (c Catalogue) Words(f Finding) Words {
	words := c[f.Code]

	pairs := []string{"{object}", readable(f.Object)}
	for name, value := range f.With {
		pairs = append(pairs, "{"+name+"}", readable(value))
	}

	r := strings.NewReplacer(pairs...)
	words.Wrong, words.Breaks, words.Mend = r.Replace(words.Wrong), r.Replace(words.Breaks), r.Replace(words.Mend)

	return words
}

// maxValue of a parameter that people read, in bytes. Whoever may write an object of the cluster may write a long one.
const maxValue = 4 << 10

// readable is a value without what a terminal would obey.
func readable(value string) string {
	if len(value) > maxValue {
		value = value[:maxValue] + "…"
	}

	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}

		return unicode.ReplacementChar
	}, value)
}

// Quote a value for a command in Mend, unless a shell would take it as it is. People copy the command, and somebody else may have
// chosen the value.
func Quote(value string) string {
	plain := func(r rune) bool {
		return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./:@=,+", r))
	}
	if value != "" && strings.IndexFunc(value, func(r rune) bool { return !plain(r) }) < 0 {
		return value
	}

	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// Sort findings: the worst first, then by code and object.
func (c Catalogue) Sort(findings []Finding) {
	rank := []Severity{Error, Unknown, Warning}

	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(rank, c[a.Code].Severity), slices.Index(rank, c[b.Code].Severity)),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Object, b.Object),
		)
	})
}

// JSON writes all codes with their words for pipelines.
func (c Catalogue) JSON(w io.Writer) error {
	type entry struct {
		Code     Code     `json:"code"`
		Severity Severity `json:"severity"`
		Wrong    string   `json:"wrong"`
		Breaks   string   `json:"breaks"`
		Mend     string   `json:"mend"`
	}

	out := []entry{}
	for _, code := range slices.Sorted(maps.Keys(c)) {
		words := c[code]
		out = append(out, entry{code, words.Severity, words.Wrong, words.Breaks, words.Mend})
	}

	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")

	if err := e.Encode(out); err != nil {
		return fmt.Errorf("cannot write findings: %w", err)
	}

	return nil
}

// Text writes all codes for people.
func (c Catalogue) Text(w io.Writer) {
	for _, code := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(w, "%-8s %s: %s\n", strings.ToLower(string(c[code].Severity)), code, c[code].Wrong)
	}
}
