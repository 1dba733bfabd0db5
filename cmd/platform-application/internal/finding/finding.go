// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package finding defines the doctor's findings and renders them from a catalogue. Its templates are not those of package
// sentence, because a fix contains commands with braces of their own, and a parameter may be inside of quotes.
package finding

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// A Code names a kind of finding, such as KubernetesTooOld. Pipelines depend on codes, so they stay the same.
type Code string

// A Severity is the effect of a finding on applications.
type Severity string

// Severities, from worst to least.
const (
	// Error breaks applications or their protection.
	Error Severity = "Error"

	// Unknown means that the doctor could not examine something, which may hide an Error.
	Unknown Severity = "Unknown"

	// Warning breaks nothing yet.
	Warning Severity = "Warning"
)

// A Finding is a problem, or a fact that the doctor could not determine.
type Finding struct {
	Code Code

	// Object with the problem: Kind/name in the cluster, or a resource id of Azure. It is empty if no single object has it.
	Object string

	// With are the parameters of the sentences, by name.
	With map[string]string
}

// Words are the sentences of a Code. They contain parameters as {name}, and the Object as {object}.
type Words struct {
	Severity Severity

	// Problem and Impact are sentences. Fix has instructions, and the exact commands on lines of their own.
	Problem, Impact, Fix string

	// Phrases replace the values of parameters that are codes, by parameter and value. They can contain other parameters.
	Phrases map[string]map[string]string
}

// Apply is the command that applies the base again. It depends on how the base was installed.
const Apply = "kubectl apply --server-side --kustomize platform\nWith Helm or Argo CD: docs/operations/doctor.md#apply-the-base-again"

// A Catalogue has the words of all codes.
type Catalogue map[Code]Words

// Merge returns one catalogue with the codes of all. It fails if a code is in two of them.
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

// Words returns the sentences of a finding, with its parameters.
func (c Catalogue) Words(f Finding) Words {
	words := c[f.Code]

	values := map[string]string{"object": sentence.Printable(f.Object)}
	for name, value := range f.With {
		values[name] = sentence.Printable(value)
	}

	plain := strings.NewReplacer(pairsOf(values)...)

	for name, phrases := range words.Phrases {
		if phrase, ok := phrases[f.With[name]]; ok {
			values[name] = plain.Replace(phrase)
		}
	}

	pairs := pairsOf(values)
	replacer := strings.NewReplacer(pairs...)
	words.Problem, words.Impact, words.Fix = replacer.Replace(words.Problem), replacer.Replace(words.Impact), command(words.Fix, pairs)

	return words
}

// pairsOf returns the parameters as they are in sentences, each followed by its value.
func pairsOf(values map[string]string) []string {
	var out []string
	for name, value := range values {
		out = append(out, "{"+name+"}", value)
	}

	return out
}

// maxListed limits the items of a printed list.
const maxListed = 20

// List returns items for a sentence, which names a limited number of them.
func List(items []string) string {
	if more := len(items) - maxListed; more > 0 {
		return strings.Join(items[:maxListed], ", ") + fmt.Sprintf(", and %d more", more)
	}

	return strings.Join(items, ", ")
}

// command replaces parameters and quotes their values for a shell, inside and outside of quotes. Quotes end with their line.
func command(text string, pairs []string) string {
	var (
		out   strings.Builder
		quote byte
	)

next:
	for len(text) > 0 {
		for i := 0; i < len(pairs); i += 2 {
			if strings.HasPrefix(text, pairs[i]) {
				out.WriteString(sentence.Quoted(pairs[i+1], quote))
				text = text[len(pairs[i]):]

				continue next
			}
		}

		switch b := text[0]; {
		case b == '\\' && quote != '\'' && len(text) > 1:
			out.WriteString(text[:2])
			text = text[2:]

			continue
		case quote == b, b == '\n':
			// Each line is a command or a sentence of its own, and an apostrophe of a sentence opens no quote.
			quote = 0
		case quote == 0 && (b == '\'' || b == '"'):
			quote = b
		}

		out.WriteByte(text[0])
		text = text[1:]
	}

	return out.String()
}

// Sort sorts findings by severity, the worst first, then by code and object.
func (c Catalogue) Sort(findings []Finding) {
	rank := []Severity{Error, Unknown, Warning}

	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(rank, c[a.Code].Severity), slices.Index(rank, c[b.Code].Severity)),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Object, b.Object),
		)
	})
}

// JSON writes all codes and their sentences for pipelines.
func (c Catalogue) JSON(w io.Writer) error {
	type entry struct {
		Code     Code     `json:"code"`
		Severity Severity `json:"severity"`
		Problem  string   `json:"problem"`
		Impact   string   `json:"impact"`
		Fix      string   `json:"fix"`
	}

	out := []entry{}
	for _, code := range slices.Sorted(maps.Keys(c)) {
		words := c[code]
		out = append(out, entry{code, words.Severity, words.Problem, words.Impact, words.Fix})
	}

	return WriteJSON(w, out)
}

// WriteJSON writes a value for pipelines and for people: indented, and without escapes for HTML.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")

	if err := e.Encode(v); err != nil {
		return fmt.Errorf("cannot write JSON: %w", err)
	}

	return nil
}

// Text writes all codes for people.
func (c Catalogue) Text(w io.Writer) {
	for _, code := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(w, "%-8s %s: %s\n", strings.ToLower(string(c[code].Severity)), code, c[code].Problem)
	}
}
