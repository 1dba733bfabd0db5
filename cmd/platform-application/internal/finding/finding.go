// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package finding has what a doctor finds: values, of which a table makes the sentences that people read.
package finding

import (
	"cmp"
	"fmt"
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

// Words of a finding, with its parameters. They show what a terminal would act on, and in
// what mends it, a shell takes each for one word.
func (c Catalogue) Words(f Finding) Words {
	words := c[f.Code]

	said, typed := []string{"{object}", printable(f.Object)}, []string{"{object}", quoted(f.Object)}
	for name, value := range f.With {
		said, typed = append(said, "{"+name+"}", printable(value)), append(typed, "{"+name+"}", quoted(value))
	}

	sentence, command := strings.NewReplacer(said...), strings.NewReplacer(typed...)
	words.Wrong, words.Breaks, words.Mend = sentence.Replace(words.Wrong), sentence.Replace(words.Breaks), command.Replace(words.Mend)

	return words
}

// maxParameter is how much of a parameter is said, in bytes. Anybody may have written it.
const maxParameter = 1000

func printable(text string) string {
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

// quoted for a shell, if it has to be.
func quoted(text string) string {
	text = printable(text)

	plain := strings.IndexFunc(text, func(r rune) bool {
		return !strings.ContainsRune("_./:=@%+,-", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) < 0
	if plain {
		return text
	}

	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
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
