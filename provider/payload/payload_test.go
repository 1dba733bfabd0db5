// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome is the result of Parse in a compact form.
type outcome struct {
	Payload Payload
	Error   string
}

func parsed(s Secret, f Format) outcome {
	p, err := Parse(s, f)
	if err != nil {
		return outcome{Payload: p, Error: err.Error()}
	}

	return outcome{Payload: p}
}

// readable makes entries of alternating keys and values, for a secret named s.
func readable(keysAndValues ...string) []Entry {
	var entries []Entry
	for kv := range slices.Chunk(keysAndValues, 2) {
		entries = append(entries, Entry{Key: kv[0], DataKey: "s." + kv[0], Value: Value(kv[1])})
	}

	return entries
}

func TestParse(t *testing.T) {
	type args struct {
		secret Secret
		format Format
	}
	cases := map[string]struct {
		reason string
		args   args
		want   outcome
	}{
		"DefaultIsAuto": {
			reason: "An empty format means Auto, and the detected format is returned.",
			args:   args{secret: Secret{Name: "s", Value: `{"A": "1"}`}},
			want:   outcome{Payload: Payload{Format: JSON, Entries: readable("A", "1")}},
		},
		"FormatWins": {
			reason: "A requested format takes precedence over the content type and the content.",
			args:   args{secret: Secret{Name: "s", ContentType: "application/json", Value: `{"A": "1"}`}, format: Text},
			want: outcome{Payload: Payload{
				Format: Text, Entries: []Entry{{DataKey: "s", Value: Value(`{"A": "1"}`)}},
			}},
		},
		"Sorted": {
			reason: "Entries are sorted by key, byte by byte.",
			args:   args{secret: Secret{Name: "s", Value: `{"b":"1","B":"2","a":"3","ab":"4"}`}},
			want:   outcome{Payload: Payload{Format: JSON, Entries: readable("B", "2", "a", "3", "ab", "4", "b", "1")}},
		},
		"NoSuchFormat": {
			reason: "Only the formats of the schema are accepted.",
			args:   args{secret: Secret{Name: "s", Value: "v"}, format: "YAML"},
			want:   outcome{Error: `cannot read secret "s": the format does not exist: use Auto, JSON, Text, Dotenv, PEM or PKCS12`},
		},
		"NoSuchName": {
			reason: "Data keys are valid because the name of the secret is valid.",
			args:   args{secret: Secret{Name: "a_b", Value: "v"}},
			want:   outcome{Error: `cannot read secret "a_b": its name is invalid in Key Vault: use up to 127 letters, digits and hyphens`},
		},
		"TooLarge": {
			reason: "A value that Key Vault cannot store is not parsed.",
			args:   args{secret: Secret{Name: "s", Value: "{" + strings.Repeat(" ", 25_600)}},
			want:   outcome{Error: `cannot read secret "s": the value is larger than the 25600 bytes that Key Vault stores: split it into several secrets`},
		},
		"NUL": {
			reason: "A NUL is rejected, because no process can have such a variable. The error has the position of its key, and nothing of the value.",
			args:   args{secret: Secret{Name: "s", Value: `{"A": "1", "B": "hunter2\u0000"}`}, format: JSON},
			want:   outcome{Error: `cannot read secret "s" as JSON: line 1, column 12: the value of this key has a NUL character, which environment variables cannot hold: remove it`},
		},
		"NULWithoutKey": {
			reason: "A NUL is rejected in plain text, too.",
			args:   args{secret: Secret{Name: "s", Value: "hunter\x002"}, format: Text},
			want:   outcome{Error: `cannot read secret "s" as Text: the value has a NUL character, which environment variables cannot hold: remove it`},
		},
		"NULFound": {
			reason: "The error about a NUL advises no other format, because all formats reject it.",
			args:   args{secret: Secret{Name: "s", Value: `{"A": "hunter2\u0000"}`}},
			want:   outcome{Error: `cannot read secret "s" as JSON: line 1, column 2: the value of this key has a NUL character, which environment variables cannot hold: remove it`},
		},
		"NULEscaped": {
			reason: "An escaped NUL in an object stays an escape sequence, which is text.",
			args:   args{secret: Secret{Name: "s", Value: `{"A": ["\u0000"]}`}, format: JSON},
			want:   outcome{Payload: Payload{Format: JSON, Entries: readable("A", `["\u0000"]`)}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := parsed(tc.args.secret, tc.args.format)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParseLargest(t *testing.T) {
	value := strings.Repeat("x", 25_600)
	want := outcome{Payload: Payload{Format: Text, Entries: []Entry{{DataKey: "s", Value: Value(value)}}}}
	if diff := cmp.Diff(want, parsed(Secret{Name: "s", Value: value}, Auto)); diff != "" {
		t.Errorf("\nThe largest value of Key Vault is read.\nParse(...): -want, +got:\n%s", diff)
	}
}

func TestAwaiting(t *testing.T) {
	payload := Payload{Entries: []Entry{
		{Key: "EMPTY", Value: Value{}},
		{Key: "FULL", Value: Value("1")},
		{Key: "NULL"},
		{Key: "OTHER"},
	}}
	cases := map[string]struct {
		reason    string
		payload   Payload
		structure []string
		want      []string
	}{
		"NoStructure":   {"Without a structure, nothing is awaited.", payload, nil, nil},
		"InTheirOrder":  {"Absent, null and empty keys are awaited, in the order of the structure.", payload, []string{"NULL", "FULL", "ABSENT", "EMPTY"}, []string{"NULL", "ABSENT", "EMPTY"}},
		"Complete":      {"Nothing is awaited when every key has a value.", payload, []string{"FULL"}, []string{}},
		"EmptyPayload":  {"An empty object lacks all keys.", Payload{}, []string{"A", "B"}, []string{"A", "B"}},
		"TextHasNoKeys": {"A text has no keys.", Payload{Entries: []Entry{{DataKey: "s", Value: Value("v")}}}, []string{"A"}, []string{"A"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.payload.Awaiting(tc.structure)); diff != "" {
				t.Errorf("\n%s\nAwaiting(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
