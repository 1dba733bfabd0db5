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
	"unicode/utf8"
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

// Apply is the command that applies the base again, which every way to install it has of its own.
const Apply = "kubectl apply --server-side --kustomize platform\nWith Helm or Argo CD: docs/operations/doctor.md#apply-the-base-again"

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

	pairs := []string{"{object}", Printable(f.Object)}
	for name, value := range f.With {
		pairs = append(pairs, "{"+name+"}", Printable(value))
	}

	sentence := strings.NewReplacer(pairs...)
	words.Wrong, words.Breaks, words.Mend = sentence.Replace(words.Wrong), sentence.Replace(words.Breaks), command(words.Mend, pairs)

	return words
}

// maxParameter is how much of a parameter is said, in bytes. Anybody may have written it.
const maxParameter = 1000

// Printable is a text without what a terminal would act on, of a size that somebody reads.
func Printable(text string) string {
	if len(text) > maxParameter {
		text = strings.ToValidUTF8(text[:maxParameter], "") + " …"
	}

	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		default:
			return utf8.RuneError
		}
	}, text)
}

// command has parameters in it as a shell takes them for what they are, within quotes and without.
func command(text string, pairs []string) string {
	var (
		out   strings.Builder
		quote byte
	)

next:
	for len(text) > 0 {
		for i := 0; i < len(pairs); i += 2 {
			if strings.HasPrefix(text, pairs[i]) {
				out.WriteString(quoted(pairs[i+1], quote))
				text = text[len(pairs[i]):]

				continue next
			}
		}

		switch b := text[0]; {
		case b == '\\' && quote != '\'' && len(text) > 1:
			out.WriteString(text[:2])
			text = text[2:]

			continue
		case quote == b:
			quote = 0
		case quote == 0 && (b == '\'' || b == '"'):
			quote = b
		}

		out.WriteByte(text[0])
		text = text[1:]
	}

	return out.String()
}

// quoted for a shell, if it has to be, in quotes of that kind or none.
func quoted(text string, quote byte) string {
	single := strings.ReplaceAll(text, "'", `'\''`)

	switch {
	case quote == '\'':
		return single
	case quote == '"':
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(text)
	case text != "" && strings.IndexFunc(text, special) < 0:
		return text
	default:
		return "'" + single + "'"
	}
}

// special to a shell.
func special(r rune) bool {
	return !strings.ContainsRune("_./:=@%+,-", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
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
