// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRefusal is how long the words of a refusal may be. An admission webhook can say
// anything.
const maxRefusal = 1000

// A refusal is why the API server did not take a Secret, in its words. They may be those
// of a policy that has seen the values, and everybody who may see the sync reads them.
type refusal struct {
	words string
	cause error
}

// Error has no value of the Secret in it.
func (r *refusal) Error() string { return r.words }

// Unwrap tells what kind of refusal it is.
func (r *refusal) Unwrap() error { return r.cause }

// refused returns an error without the values of a Secret. Public is what may be said of
// the Secret, whatever its values are.
func refused(err error, data map[string][]byte, public ...string) error {
	words := withoutValues(err.Error(), data, strings.Join(public, " "))
	words = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}

		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}

		return r
	}, words)

	if len(words) > maxRefusal {
		words = strings.ToValidUTF8(words[:maxRefusal], "") + " …"
	}

	return &refusal{words: words, cause: err}
}

// hidden stands for a value.
const hidden = "[hidden]"

// withoutValues hides values in the ways in which somebody may have written them. A text
// of less than four bytes is found everywhere, and gives nothing away.
func withoutValues(text string, data map[string][]byte, public string) string {
	const least = 4

	var forms []string

	for _, value := range data {
		raw := string(value)
		quoted := strconv.Quote(raw)
		forms = append(forms, raw, quoted[1:len(quoted)-1], base64.StdEncoding.EncodeToString(value), base64.URLEncoding.EncodeToString(value), base64.RawStdEncoding.EncodeToString(value))
		forms = append(forms, strings.FieldsFunc(raw, func(r rune) bool { return r == '\n' || r == '\r' })...)
	}

	// The longest first, as one value may be part of another.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })

	for _, form := range forms {
		if len(form) >= least && !strings.Contains(public, form) && !strings.Contains(hidden, form) {
			text = strings.ReplaceAll(text, form, hidden)
		}
	}

	return text
}
