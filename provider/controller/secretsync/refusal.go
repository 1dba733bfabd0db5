// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"index/suffixarray"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The threat: when the API server rejects a Secret, the text of an admission policy or webhook,
// which has seen the values, may quote them, also encoded or in pieces. Everyone with permission
// to get the sync can read that text. It is cleaned and not dropped, because it is the only hint
// at what to change: a quota, a policy, a missing permission.

// maxRefusal is the longest text of a refusal. An admission webhook can send any text.
const maxRefusal = 1000

// maxWords is how much of a refusal is read. Hiding values makes the text shorter.
const maxWords = 4096

// A refusal is the API server's reason for rejecting a Secret.
type refusal struct {
	words string
	cause error
}

// Error returns the text without values of the Secret.
func (r *refusal) Error() string { return r.words }

// Unwrap returns the error of the API server, so that callers can check its kind.
func (r *refusal) Unwrap() error { return r.cause }

// refused returns an error without these values of a Secret. Public texts are shown even if they
// equal a value.
func refused(err error, values [][]byte, public ...string) error {
	words, cut := cutWords(err.Error())
	words = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}

		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}

		return r
	}, withoutValues(words, cut, values, public))

	if len(words) > maxRefusal {
		words, cut = words[:maxRefusal], true
	}

	if cut {
		words = strings.ToValidUTF8(words, "") + " …"
	}

	return &refusal{words: words, cause: err}
}

// cutWords returns the beginning of a text, and reports whether the text was longer. It does not
// cut an escape sequence.
func cutWords(text string) (string, bool) {
	const longest = 16 // Two halves of a character, escaped twice.

	if len(text) <= maxWords {
		return text, false
	}

	text = text[:maxWords]
	if i := strings.IndexByte(text[maxWords-longest:], '\\'); i >= 0 {
		text = strings.TrimRight(text[:maxWords-longest+i], `\`)
	}

	return text, true
}

const (
	// hidden stands for a value.
	hidden = "[hidden]"
	// shortest is the length from which a value is hidden within words, too. A shorter value
	// would be found everywhere.
	shortest = 4
)

// withoutValues hides values in every form in which a policy may have written them. It searches
// only the original text, so that hiding one value does not prevent finding another. The text
// may have been cut within a value.
func withoutValues(text string, cut bool, values [][]byte, public []string) string {
	var (
		found = make(redactions, len(text)+1)
		names = suffixarray.New([]byte(strings.Join(public, " ")))
		plain = undecoded(text)
		texts = []*decoded{plain}
	)

	// A quoted text may be quoted again.
	for v := plain; len(texts) < 3 && bytes.IndexByte(v.text, '\\') >= 0; {
		v = v.unescape()
		texts = append(texts, v)
	}

	for _, v := range texts {
		index := suffixarray.New(v.text)

		for _, value := range values {
			found.addForms(v, index, names, value, cut)

			if short := bytes.TrimSpace(value); len(short) > 0 && len(short) < shortest && !slices.Contains(public, string(short)) {
				found.addWords(v, index, short)
			}
		}
	}

	return found.hide(text)
}

// addForms hides all forms of a value in a text, except parts of public names.
func (r redactions) addForms(v *decoded, index, names *suffixarray.Index, value []byte, cut bool) {
	for form := range forms(value) {
		if at := index.Lookup(form, -1); len(at) > 0 && names.Lookup(form, 1) == nil {
			for _, i := range at {
				r.add(v, i, i+len(form))
			}
		}

		if cut {
			r.add(v, v.beginOf(form), len(v.text))
		}
	}
}

// addWords hides the words of a text that equal a short value.
func (r redactions) addWords(v *decoded, index *suffixarray.Index, short []byte) {
	for _, i := range index.Lookup(short, -1) {
		if v.isWord(i, i+len(short)) {
			r.add(v, i, i+len(short))
		}
	}
}

// forms returns the forms of a value that are long enough to be found within words.
func forms(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		long := func(form []byte) bool { return len(form) < shortest || yield(form) }

		if !long(value) {
			return
		}

		if bytes.ContainsAny(value, "\r\n") {
			for line := range bytes.FieldsFuncSeq(value, func(r rune) bool { return r == '\n' || r == '\r' }) {
				if !long(bytes.TrimSpace(line)) {
					return
				}
			}
		}

		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
			if !long(e.AppendEncode(nil, value)) {
				return
			}
		}

		digits := hex.AppendEncode(nil, value)
		_ = long(digits) && long(bytes.ToUpper(digits))
	}
}

// A decoded text, unescaped any number of times, has for each byte its range in the original.
type decoded struct {
	text     []byte
	from, to []int
}

func undecoded(text string) *decoded {
	v := &decoded{text: []byte(text)}
	for i := range v.text {
		v.from, v.to = append(v.from, i), append(v.to, i+1)
	}

	return v
}

// unescape returns the text without the backslash escapes of Go, JSON and others.
func (v *decoded) unescape() *decoded {
	out := &decoded{}

	for i := 0; i < len(v.text); {
		char, length := unescape(v.text[i:])
		for range char {
			out.from, out.to = append(out.from, v.from[i]), append(out.to, v.to[i+length-1])
		}

		out.text = append(out.text, char...)
		i += length
	}

	return out
}

// unescape returns the first character of a text, and its length in the text.
func unescape(text []byte) ([]byte, int) {
	if text[0] != '\\' || len(text) == 1 {
		return text[:1], 1
	}

	if strings.IndexByte("\"'`/", text[1]) >= 0 {
		return text[1:2], 2
	}

	start := string(text[:min(len(text), 12)])

	if r, multibyte, rest, err := strconv.UnquoteChar(start, 0); err == nil {
		if !multibyte {
			return []byte{byte(r)}, len(start) - len(rest) //nolint:gosec // It is one byte.
		}

		return []byte(string(r)), len(start) - len(rest)
	}

	// JSON escapes a character outside of the basic plane in two halves.
	var char string
	if len(start) == 12 && start[1] == 'u' && start[6:8] == `\u` && json.Unmarshal([]byte(`"`+start+`"`), &char) == nil {
		return []byte(char), 12
	}

	return text[:1], 1
}

// beginOf returns where a form begins that the end of the text cuts off.
func (v *decoded) beginOf(form []byte) int {
	for i := max(0, len(v.text)-len(form)); i < len(v.text); i++ {
		if bytes.HasPrefix(form, v.text[i:]) {
			return i
		}
	}

	return len(v.text)
}

// isWord reports whether a part of the text is a word, or in quotes. The numbers of a quota, as
// in count/secrets=1, are not words.
func (v *decoded) isWord(from, to int) bool {
	const around = " \t\r\n\"'`()[]{}<>"

	before := from == 0 || strings.IndexByte(around, v.text[from-1]) >= 0
	after := to == len(v.text) || strings.IndexByte(around+".,:;!?", v.text[to]) >= 0

	return before && after
}

// redactions of a text: for each byte, how many begin there minus how many end there.
type redactions []int

// add a range of a decoded text.
func (r redactions) add(v *decoded, from, to int) {
	if from < to {
		r[v.from[from]]++
		r[v.to[to-1]]--
	}
}

// hide the redacted ranges of a text. Ranges that overlap or touch become one.
func (r redactions) hide(text string) string {
	var b strings.Builder

	open := 0
	for i := range len(text) {
		before := open
		open += r[i]

		switch {
		case open == 0:
			b.WriteByte(text[i])
		case before == 0:
			b.WriteString(hidden)
		}
	}

	return b.String()
}
