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

// maxRefusal is the longest text of a refusal. An admission webhook can send any text.
const maxRefusal = 1000

// maxWords is how much of a refusal is read. Hidden values make it shorter.
const maxWords = 4096

// A refusal is the API server's reason for rejecting a Secret. An admission policy or webhook
// has seen the values and may quote them in its text, also encoded or in pieces, and everyone
// with permission to get the sync can read the text. It is cleaned and not dropped, because it
// is the only hint at what to change: a quota, a policy, a missing permission.
type refusal struct {
	words string
	cause error
}

// Error returns a text without values of the Secret.
func (r *refusal) Error() string { return r.words }

// Unwrap returns the error of the API server, for its kind.
func (r *refusal) Unwrap() error { return r.cause }

// refused returns an error without these values of a Secret. Public texts may be shown even
// if they are values.
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

// cutWords returns the beginning of a text, and whether the text was longer. It does not
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
	// shortest is the length from which a value is hidden within a word as well. A shorter
	// one would be found everywhere.
	shortest = 4
)

// withoutValues hides values in every form in which a policy may have written them. It
// finds all of them in the original text, so that hiding one does not keep it from finding
// another. The text may have been cut within a value.
func withoutValues(text string, cut bool, values [][]byte, public []string) string {
	var (
		found = make(ranges, len(text)+1)
		names = suffixarray.New([]byte(strings.Join(public, " ")))
		plain = viewOf(text)
		views = []*view{plain}
	)

	// A quoted text may be quoted again.
	for v := plain; len(views) < 3 && bytes.IndexByte(v.text, '\\') >= 0; {
		v = v.unescape()
		views = append(views, v)
	}

	for _, v := range views {
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

// addForms of a value that are in a view, and are no part of a name.
func (r ranges) addForms(v *view, index, names *suffixarray.Index, value []byte, cut bool) {
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

// addWords that are a short value.
func (r ranges) addWords(v *view, index *suffixarray.Index, short []byte) {
	for _, i := range index.Lookup(short, -1) {
		if v.isWord(i, i+len(short)) {
			r.add(v, i, i+len(short))
		}
	}
}

// forms of a value that are long enough to be found within words.
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

// A view is a text, escaped or not, and where each of its bytes comes from.
type view struct {
	text     []byte
	from, to []int
}

func viewOf(text string) *view {
	v := &view{text: []byte(text)}
	for i := range v.text {
		v.from, v.to = append(v.from, i), append(v.to, i+1)
	}

	return v
}

// unescape the backslashes of Go, JSON and others.
func (v *view) unescape() *view {
	out := &view{}

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

// unescape the first character of a text, and return how long it was.
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

	// Halves of a character, as JSON has them.
	var char string
	if len(start) == 12 && start[1] == 'u' && start[6:8] == `\u` && json.Unmarshal([]byte(`"`+start+`"`), &char) == nil {
		return []byte(char), 12
	}

	return text[:1], 1
}

// beginOf a form at the end of the text, where the text may have been cut within it.
func (v *view) beginOf(form []byte) int {
	for i := max(0, len(v.text)-len(form)); i < len(v.text); i++ {
		if bytes.HasPrefix(form, v.text[i:]) {
			return i
		}
	}

	return len(v.text)
}

// isWord reports whether a part of the text is one or stands in quotes. The numbers of a
// quota, as in count/secrets=1, are no words.
func (v *view) isWord(from, to int) bool {
	const around = " \t\r\n\"'`()[]{}<>"

	before := from == 0 || strings.IndexByte(around, v.text[from-1]) >= 0
	after := to == len(v.text) || strings.IndexByte(around+".,:;!?", v.text[to]) >= 0

	return before && after
}

// ranges of a text: how many more begin than end at a byte.
type ranges []int

// add a range of a view.
func (r ranges) add(v *view, from, to int) {
	if from < to {
		r[v.from[from]]++
		r[v.to[to-1]]--
	}
}

// hide the ranges. Those that overlap or touch each other are one.
func (r ranges) hide(text string) string {
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
