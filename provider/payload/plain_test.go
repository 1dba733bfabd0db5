// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/test/plain"
)

// TestPlainValues checks that a plain value stays in one piece or is rejected, and that no key and
// no error contains a piece of it, in any format.
func TestPlainValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := plain.Values().Draw(t, "value")
		s := Secret{Name: "s", ContentType: rapid.SampledFrom([]string{"", "note", "text/plain"}).Draw(t, "content type"), Value: v.Text}

		p, err := checkParse(t, s, Auto)
		checkNoPiece(t, v, err)
		checkGuess(t, s, p, err)
		if want := []Entry{{DataKey: "s", Value: Value(v.Text)}}; err == nil && !cmp.Equal(want, p.Entries) {
			t.Errorf("Parse(...) takes %s apart: %+v", v.Kind, p)
		}
		if strings.HasPrefix(strings.TrimSpace(trimBOM(v.Text)), "{") || looksLikePEM(v.Text) {
			if err == nil && s.ContentType != "text/plain" {
				t.Errorf("Parse(...) takes %s, which can be no more than a mistake, for text", v.Kind)
			}
		} else if err != nil && !strings.ContainsRune(v.Text, 0) && len(v.Text) <= maxValue {
			t.Errorf("Parse(...) refuses %s: %v", v.Kind, err)
		}

		for _, f := range []Format{JSON, Text, Dotenv, PEM, PKCS12, "YAML"} {
			_, err := checkParse(t, s, f)
			checkNoPiece(t, v, err)
		}
	})
}

// TestPieces checks that pieces of a value are found. Otherwise TestPlainValues would prove
// nothing.
func TestPieces(t *testing.T) {
	const value = "c2VjcmV0\n<&>\"\\ é8Zq7XkW"
	cases := map[string]struct {
		reason string
		text   string
		want   bool
	}{
		"Nothing": {"A text without a piece has none.", "cannot read secret c2VjcmV", false},
		"Piece":   {"A plain piece is found.", "key c2VjcmV0 is there", true},
		"Escaped": {"A piece with escapes is found.", `line "mV0\n<&>\"" is wrong`, true},
		"JSON":    {"A piece in JSON is found.", `{"message":"mV0\n\u003c\u0026\u003e\""}`, true},
		"Lines":   {"A line of equal characters is not a piece.", "--------", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, plain.Value{Text: value + "\n--------"}.Piece(tc.text) != ""); diff != "" {
				t.Errorf("\n%s\nPiece(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func checkNoPiece(t rapid.TB, v plain.Value, err error) {
	t.Helper()

	if err == nil {
		return
	}
	if piece := v.Piece(err.Error()); piece != "" {
		t.Errorf("Parse(...) returns an error that has %q of the value: %v", piece, err)
	}
}

// checkGuess checks that a guessed format yields only the keys of an object or a certificate.
func checkGuess(t rapid.TB, s Secret, p Payload, err error) {
	t.Helper()

	if err != nil {
		return
	}
	for _, e := range p.Entries {
		switch {
		case e.Key == "" && len(p.Entries) == 1 && string(e.Value) == s.Value:
		case p.Format == JSON && isKeyOf(s.Value, e.Key):
		case p.Format == PEM && slices.Contains([]string{keyCertificate, keyPrivateKey, keyAuthority}, e.Key):
		default:
			t.Errorf("Parse(...) takes plain text apart: %+v", p)
		}
	}
}

// isKeyOf reports whether an object has a key that looks like a name.
func isKeyOf(object, key string) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(trimBOM(object)), &members) != nil {
		return false
	}
	_, ok := members[key]

	return ok && looksLikeName(key) && validDataKey.MatchString(key)
}
