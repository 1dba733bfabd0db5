// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"encoding/base64"
	"errors"
	"fmt"
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
		"Quota":       {reason: "What the API server says is passed on.", words: quota, value: "hunter2", want: quota},
		"Short":       {reason: "A value that is found everywhere hides nothing.", words: quota, value: "1", want: quota},
		"Name":        {reason: "A value that is part of the Secret's name neither.", words: quota, value: "shop", want: quota},
		"Raw":         {reason: "A policy may show values.", words: "password is hunter2", value: "hunter2", want: "password is [hidden]"},
		"Base64":      {reason: "Or what an object has of them.", words: "aHVudGVyMg== is weak", value: "hunter2", want: "[hidden] is weak"},
		"Quoted":      {reason: "Or quote them.", words: `Invalid value: "a\"b\nc\td"`, value: "a\"b\nc\td", want: `Invalid value: "[hidden]"`},
		"Line":        {reason: "Or show a line of them.", words: "found MIIEvQ in data", value: "-----BEGIN\nMIIEvQ\n-----END", want: "found [hidden] in data"},
		"PartOfWord":  {reason: "A value is hidden wherever it is.", words: "xhunter2y", value: "hunter2", want: "x[hidden]y"},
		"Whitespace":  {reason: "The words fit one line.", words: "a\n\tb", want: "a  b"},
		"Unprintable": {reason: "And do nothing to a terminal.", words: "a\x1b[31mb\x00", want: "a\uFFFD[31mb\uFFFD"},
		"Long":        {reason: "They have an end.", words: strings.Repeat("ä", 1000), want: strings.Repeat("ä", 500) + " …"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := refused(errors.New(tc.words), map[string][]byte{"db.PASSWORD": []byte(tc.value)}, "shop", "shop-api-keyvault").Error()
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nrefused(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRefusedIsWhatItWas(t *testing.T) {
	conflict := kerrors.NewConflict(schema.GroupResource{Resource: "secrets"}, "web", errors.New("it has changed"))
	if err := fmt.Errorf("cannot apply: %w", refused(conflict, nil)); !kerrors.IsConflict(err) {
		t.Errorf("\nA conflict is tried again at once.\nrefused(...): %v is no conflict any more", err)
	}
}

// TestRefusedProperties has policies say whatever they have seen.
func TestRefusedProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := map[string][]byte{}
		for _, v := range rapid.SliceOfN(rapid.StringN(4, 40, -1), 0, 4).Draw(t, "values") {
			data[fmt.Sprintf("db.%d", len(data))] = []byte("\u00a7" + v) // A sign that nothing else has.
		}

		words := rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "words")
		for _, v := range data {
			words = append(words, rapid.SampledFrom([]string{string(v), fmt.Sprintf("%q", v), base64.StdEncoding.EncodeToString(v)}).Draw(t, "value"))
		}

		said := strings.Join(words, rapid.String().Draw(t, "between"))

		got := refused(errors.New(said), data, "shop").Error()
		for _, v := range data {
			if strings.Contains(got, string(v)) || strings.Contains(got, base64.StdEncoding.EncodeToString(v)) {
				t.Fatalf("refused(%q): value %q is in %q", said, v, got)
			}
		}

		if len(got) > maxRefusal+len(" …") || !utf8.ValidString(got) {
			t.Fatalf("refused(%q): %d bytes, valid: %t", said, len(got), utf8.ValidString(got))
		}
	})
}
