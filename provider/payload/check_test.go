// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// marker stands for secret text. No other text contains its letters in a row.
const marker = "Zq7XkW9vJ"

// hide inserts the marker into a value.
func hide(value string, at uint16) string {
	i := int(at) % (len(value) + 1)
	return value[:i] + marker + value[i:]
}

// checkParse checks the rules for all secrets and formats, and returns the payload.
func checkParse(t rapid.TB, s Secret, format Format) (Payload, error) {
	t.Helper()

	p, err := Parse(s, format)
	again, errAgain := Parse(s, format)
	if diff := cmp.Diff(p, again); diff != "" || (err == nil) != (errAgain == nil) {
		t.Errorf("Parse(...) twice: -first, +second:\n%s", diff)
	}
	if err != nil {
		if diff := cmp.Diff(Payload{}, p); diff != "" {
			t.Errorf("Parse(...) returns both an error and a payload:\n%s", diff)
		}
		checkError(t, err)

		return p, err
	}

	if p.Format == Auto || reader(p.Format) == nil {
		t.Errorf("Parse(...) used format %q", p.Format)
	}
	seen := map[string]bool{}
	for _, e := range p.Entries {
		if !validDataKey.MatchString(e.DataKey) || len(e.DataKey) > 253 || e.DataKey == "." || e.DataKey == ".." {
			t.Errorf("Parse(...) returns %q, which is not a key of a Kubernetes Secret", e.DataKey)
		}
		if e.DataKey != s.Name && !strings.HasPrefix(e.DataKey, s.Name+".") {
			t.Errorf("Parse(...) returns %q for secret %q", e.DataKey, s.Name)
		}
		if seen[e.DataKey] {
			t.Errorf("Parse(...) returns %q twice", e.DataKey)
		}
		seen[e.DataKey] = true
		if bytes.IndexByte(e.Value, 0) >= 0 {
			t.Errorf("Parse(...) returns a value of %q that no variable can have", e.DataKey)
		}
	}
	if !slices.IsSortedFunc(p.Entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) }) {
		t.Errorf("Parse(...) returns entries that are not sorted")
	}

	return p, nil
}

var validDataKey = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)

// checkError checks that an error is a *Error and contains nothing of a value.
func checkError(t rapid.TB, err error) {
	t.Helper()

	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("Parse(...) returns a %T", err)
	}
	if !utf8.ValidString(err.Error()) || strings.ContainsAny(err.Error(), "\n\r\x00") {
		t.Errorf("Parse(...) returns an error that is not a line of text: %q", err)
	}
	// These are any four letters of the marker.
	for i := range len(marker) - 3 {
		if strings.Contains(e.Finding.Cause.String(), marker[i:i+4]) {
			t.Fatalf("Parse(...) returns an error that shows a part of the value: %v", err)
		}
	}
}

// checkJSON compares a payload, or the error, with the result of encoding/json.
func checkJSON(t rapid.TB, s Secret, p Payload, err error) {
	t.Helper()

	doc := []byte(trimBOM(s.Value))
	keys, ok := keysOf(doc)
	if err != nil {
		if ok && !stricter(err) {
			t.Errorf("Parse(...) refuses what encoding/json takes: %v", err)
		}

		return
	}
	if !ok {
		t.Fatalf("Parse(...) takes what encoding/json refuses: %q", doc)
	}
	slices.Sort(keys)
	got := make([]string, 0, len(p.Entries))
	for _, e := range p.Entries {
		got = append(got, e.Key)
	}
	if diff := cmp.Diff(keys, got); diff != "" {
		t.Errorf("Parse(...) keys: -encoding/json, +got:\n%s", diff)
	}

	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		t.Fatalf("cannot decode what has keys: %v", err)
	}
	for _, e := range p.Entries {
		if diff := cmp.Diff(oracleValue(t, members[e.Key]), e.Value); diff != "" {
			t.Errorf("Parse(...) value of %q: -encoding/json, +got:\n%s", e.Key, diff)
		}
	}
}

// stricter reports whether an error is about something that encoding/json accepts.
func stricter(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains([]finding.Reason{
		finding.JSONEscapeHalf, finding.NotUTF8, finding.JSONTooDeep, finding.ValueTooLong, finding.KeyHasNUL,
		finding.KeyEmpty, finding.KeyTwice, finding.KeysCollide, finding.DataKeyTooLong, finding.GuessedKeyUnlikely, finding.TooManyKeys,
	}, e.Finding.Cause.Reason)
}

// keysOf returns the keys of an object, and whether the text is an object.
func keysOf(doc []byte) ([]string, bool) {
	d := json.NewDecoder(bytes.NewReader(doc))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, false
	}
	keys := []string{}
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		keys = append(keys, key)
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()

	return keys, errors.Is(err, io.EOF)
}

func oracleValue(t rapid.TB, raw json.RawMessage) Value {
	t.Helper()

	switch raw[0] {
	case 'n':
		return nil
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			t.Fatalf("cannot decode a string: %v", err)
		}

		return Value(text)
	case '{', '[':
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			t.Fatalf("cannot make a value compact: %v", err)
		}

		return b.Bytes()
	default:
		return Value(raw)
	}
}

// sentenceOf renders a problem.
func sentenceOf(r finding.Reason) string { return keyProblem(r).Finding.Cause.String() }
