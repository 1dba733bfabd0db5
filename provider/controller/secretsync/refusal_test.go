// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"
)

func TestRefused(t *testing.T) {
	const quota = `secrets "shop-api-keyvault" is forbidden: exceeded quota: q, requested: count/secrets=1, used: count/secrets=0, limited: count/secrets=0`

	cases := map[string]struct {
		reason string
		words  string
		value  string
		want   string
	}{
		"Quota":       {reason: "The text of the API server is passed on.", words: quota, value: "hunter2", want: quota},
		"Short":       {reason: "A value that occurs everywhere hides nothing.", words: quota, value: "1", want: quota},
		"Name":        {reason: "A value that is part of the Secret's name hides nothing.", words: quota, value: "shop", want: quota},
		"Raw":         {reason: "A plain value in the text of a policy is hidden.", words: "password is hunter2", value: "hunter2", want: "password is [hidden]"},
		"Base64":      {reason: "A value in base64 is hidden.", words: "aHVudGVyMg== is weak", value: "hunter2", want: "[hidden] is weak"},
		"Quoted":      {reason: "A quoted value is hidden.", words: `Invalid value: "a\"b\nc\td"`, value: "a\"b\nc\td", want: `Invalid value: "[hidden]"`},
		"JSON":        {reason: "A value with the escapes of JSON is hidden.", words: `got "p\u0026ss\/word\u00e4\ud83d\ude00"`, value: "p&ss/wordä😀", want: `got "[hidden]"`},
		"QuotedTwice": {reason: "A value that is quoted twice is hidden.", words: `"message": "Invalid value: \"a\\\"b\\nc\\td\""`, value: "a\"b\nc\td", want: `"message": "Invalid value: \"[hidden]\""`},
		"Backslash":   {reason: "A value with a backslash is hidden, escaped or not.", words: `got C:\new "C:\\new"`, value: `C:\new`, want: `got [hidden] "[hidden]"`},
		"RawBase64":   {reason: "A value in base64 without padding is hidden.", words: "aHVudGVyMg is weak", value: "hunter2", want: "[hidden] is weak"},
		"URLBase64":   {reason: "A value in URL-safe base64 is hidden.", words: "-_-_-_8 is weak", value: "\xfb\xff\xbf\xfb\xff", want: "[hidden] is weak"},
		"Hex":         {reason: "A value in hexadecimal digits is hidden.", words: "68756e74657232 or 68756E74657232", value: "hunter2", want: "[hidden] or [hidden]"},
		"NewLine":     {reason: "White space around a value is not part of it.", words: "password is hunter2", value: " hunter2\r\n", want: "password is [hidden]"},
		"Word":        {reason: "A short value is hidden where it is a word.", words: `password abc is no "abc", abc. Not abcdef`, value: "abc\n", want: `password [hidden] is no "[hidden]", [hidden]. Not abcdef`},
		"ShortName":   {reason: "A short value that is a public name is shown.", words: `secret "web" is forbidden`, value: "web", want: `secret "web" is forbidden`},
		"ItsOwn":      {reason: "A value that equals the placeholder is hidden, too.", words: "it is hidden", value: "hidden", want: "it is [hidden]"},
		"Cut":         {reason: "A value that is longer than the shown text is hidden.", words: "x " + strings.Repeat("hunter2", 1000), value: strings.Repeat("hunter2", 1000), want: "x [hidden] …"},
		"Line":        {reason: "A single line of a value is hidden.", words: "found MIIEvQ in data", value: "-----BEGIN\nMIIEvQ\n-----END", want: "found [hidden] in data"},
		"PartOfWord":  {reason: "A value is hidden wherever it is.", words: "xhunter2y", value: "hunter2", want: "x[hidden]y"},
		"Whitespace":  {reason: "The text becomes one line.", words: "a\n\tb", want: "a  b"},
		"Unprintable": {reason: "Control characters are replaced.", words: "a\x1b[31mb\x00", want: "a\uFFFD[31mb\uFFFD"},
		"Long":        {reason: "A long text is shortened.", words: strings.Repeat("ä", 1000), want: strings.Repeat("ä", 500) + " …"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := refused(errors.New(tc.words), [][]byte{[]byte(tc.value)}, "shop", "shop-api-keyvault", "web").Error()
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nrefused(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRefusedIsWhatItWas(t *testing.T) {
	conflict := kerrors.NewConflict(schema.GroupResource{Resource: "secrets"}, "web", errors.New("it has changed"))
	if err := fmt.Errorf("cannot apply: %w", refused(conflict, nil)); !kerrors.IsConflict(err) {
		t.Errorf("\nA conflict is retried at once.\nrefused(...): %v is no conflict any more", err)
	}
}

// Overlapping values are hidden as a whole, and each value is found.
func TestRefusedOverlapping(t *testing.T) {
	cases := map[string]struct {
		reason string
		words  string
		values []string
		want   string
	}{
		"Overlap": {reason: "Values that overlap are hidden together.", words: "the value is 12345678.", values: []string{"12345", "345678"}, want: "the value is [hidden]."},
		"Touch":   {reason: "Adjacent values are hidden together.", words: "abcdefgh", values: []string{"abcd", "efgh"}, want: "[hidden]"},
		"Inside":  {reason: "A value inside another one is hidden.", words: "abcdefgh bcde", values: []string{"abcdefgh", "bcde"}, want: "[hidden] [hidden]"},
		"Itself":  {reason: "A value that overlaps itself is hidden.", words: "abababab.", values: []string{"ababab"}, want: "[hidden]."},
		"Stand":   {reason: "The placeholder of a value is not a value.", words: "hunter2 hidden", values: []string{"hunter2", "idde", "dden"}, want: "[hidden] h[hidden]"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var values [][]byte
			for _, v := range tc.values {
				values = append(values, []byte(v))
			}

			if diff := cmp.Diff(tc.want, refused(errors.New(tc.words), values).Error()); diff != "" {
				t.Errorf("\n%s\nrefused(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRefusedProperties lets policies quote values in any form.
func TestRefusedProperties(t *testing.T) {
	escape := func(v []byte) string {
		text, _ := json.Marshal(string(v)) //nolint:errchkjson // A string can be encoded.

		return string(text)
	}
	ways := []func(v []byte) string{
		func(v []byte) string { return string(v) }, base64.StdEncoding.EncodeToString, base64.RawStdEncoding.EncodeToString,
		base64.URLEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString, hex.EncodeToString, escape,
		func(v []byte) string { return strconv.Quote(string(v)) }, func(v []byte) string { return strconv.QuoteToASCII(string(v)) },
		func(v []byte) string { return escape([]byte(escape(v))) },
	}

	rapid.Check(t, func(t *rapid.T) {
		// Values contain none of the letters in the words.
		var values [][]byte
		for _, v := range rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("gh\\\"'&</\n\t\x00ä😀")), 4, 60, -1), 0, 6).Draw(t, "values") {
			values = append(values, []byte(v))
		}

		var said, want strings.Builder

		for i := range rapid.IntRange(1, 300).Draw(t, "words") {
			if len(values) == 0 || i%2 == 0 {
				said.WriteString("XYZ ")
				want.WriteString("XYZ ")

				continue
			}

			v := rapid.SampledFrom(values).Draw(t, "value")
			said.WriteString(rapid.SampledFrom(ways).Draw(t, "way")(v))
			want.WriteString(hidden)
		}

		text, cut := cutWords(said.String())
		got := withoutValues(text, cut, values, nil)

		// Quotes around a value are not part of it. If they are themselves a value, they are hidden
		// as well.
		quotes, twice := strings.NewReplacer(`"`, "", `\`, ""), regexp.MustCompile(`(\[hidden\])+`)
		shown := twice.ReplaceAllLiteralString(quotes.Replace(got), hidden)

		if !strings.HasPrefix(quotes.Replace(want.String()), strings.TrimSuffix(shown, hidden)) {
			t.Fatalf("withoutValues(%q): want %q, got %q", said.String(), want.String(), got)
		}

		if len(got) > 2*len(text)+len(hidden) {
			t.Fatalf("withoutValues(%q): %d bytes become %d", said.String(), len(text), len(got))
		}

		if got := refused(errors.New(said.String()), values).Error(); len(got) > maxRefusal+len(" …") || !utf8.ValidString(got) {
			t.Fatalf("refused(%q): %d bytes, valid: %t", said.String(), len(got), utf8.ValidString(got))
		}
	})
}

// No part of a value is shown, wherever it begins and ends.
func TestRefusedHidesAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.StringOfN(rapid.RuneFrom([]rune(`ab\n`)), 4, 12, -1)
		text := strings.Join(rapid.SliceOfN(few, 1, 20).Draw(t, "text"), "")

		var values [][]byte

		shown := []byte(text)

		for _, v := range rapid.SliceOfN(few, 0, 5).Draw(t, "values") {
			values = append(values, []byte(v))

			for i := range text {
				if strings.HasPrefix(text[i:], v) {
					copy(shown[i:], strings.Repeat("-", len(v)))
				}
			}
		}

		got := withoutValues(text, false, values, nil)
		if letters := strings.ReplaceAll(got, hidden, ""); len(letters) > len(text)-bytes.Count(shown, []byte("-")) {
			t.Fatalf("withoutValues(%q, %q): %q", text, values, got)
		}

		if len(got) > 2*len(text)+len(hidden) {
			t.Fatalf("withoutValues(%q): %d bytes become %d", text, len(text), len(got))
		}
	})
}

// A value with many lines does not make a rejection expensive.
func BenchmarkRefused(b *testing.B) {
	var values [][]byte

	for i := range 40 {
		var v []byte
		for j := range 5000 {
			v = fmt.Appendf(v, "%x\n", i*5000+j+65536)
		}

		values = append(values, v)
	}

	err := errors.New(strings.Repeat("exceeded quota: q, requested: count/secrets=1 ", 1000))
	public := strings.Repeat("some-secret.SOME_KEY ", 5000)

	for b.Loop() {
		_ = refused(err, values, public)
	}
}
