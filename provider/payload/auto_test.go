// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDetect(t *testing.T) {
	p := newParties(t)
	type args struct{ contentType, value string }
	cases := map[string]struct {
		reason string
		args   args
		want   Format
	}{
		"JSONType":     {"A content type decides the format.", args{"application/json", "A=1\nB=2"}, JSON},
		"JSONTypeText": {"The other name of JSON is recognized.", args{"text/json", ""}, JSON},
		"JSONSuffix":   {"Types based on JSON are recognized.", args{"application/vnd.example.v1+json", ""}, JSON},
		"Parameters":   {"Parameters, case and white space are ignored.", args{" Application/JSON ; charset=utf-8", ""}, JSON},
		"PKCS12Type":   {"Key Vault's type for PFX certificates is recognized.", args{"application/x-pkcs12", "{}"}, PKCS12},
		"PEMType":      {"Key Vault's type for PEM certificates is recognized.", args{"application/x-pem-file", "{}"}, PEM},
		"TextType":     {"A content type for text means text, whatever the content.", args{"text/plain", `{"A":"1"}`}, Text},
		"DotenvType":   {"One line of dotenv is accepted with its content type.", args{"application/x-dotenv", "A=1"}, Dotenv},
		"DotenvText":   {"The second name of dotenv is recognized.", args{"text/x-dotenv", "A=1"}, Dotenv},
		"DotenvShort":  {"The third name of dotenv is recognized.", args{"application/dotenv", "A=1"}, Dotenv},
		"Note":         {"An unknown content type is a note, so the content decides.", args{"database of the shop; json", "{}"}, JSON},

		"Object":       {"A brace begins JSON.", args{"", "\ufeff \n{\"A\": 1}"}, JSON},
		"BrokenObject": {"A brace begins JSON, even if the rest is invalid.", args{"", "{A: 1}"}, JSON},
		"Array":        {"An array has no keys.", args{"", "[1, 2]"}, Text},
		"String":       {"A string is text.", args{"", `"hunter2"`}, Text},
		"Number":       {"A number is text.", args{"", "42"}, Text},
		"Password":     {"A single word is text.", args{"", "hunter2"}, Text},
		"Empty":        {"An empty value is text.", args{"", ""}, Text},

		"PEM":         {"A private key with a certificate is recognized.", args{"", "comment\n" + pemOf(p.web) + pkcs8(t, p.web)}, PEM},
		"KeyOnly":     {"A private key alone is text.", args{"", pkcs8(t, p.web)}, Text},
		"CertOnly":    {"A certificate alone is text.", args{"", pemOf(p.web)}, Text},
		"PEMInDotenv": {"Variables with a certificate stay in one piece.", args{"", "KEY='" + pkcs8(t, p.web) + "'\nCERT=\"" + pemOf(p.web) + "\""}, Text},

		"Dotenv":         {"Assignments are text, because other texts look alike.", args{"", "# comment\nA=1\n\nexport B=2\n"}, Text},
		"Base64":         {"Two lines of base64 are text.", args{"", "c2VjcmV0LW9uZQ==\nc2VjcmV0LXR3bw==\n"}, Text},
		"ServiceBus":     {"A connection string is text.", args{"", "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=aGk="}, Text},
		"Sentence":       {"Assignments with another line are text.", args{"", "A=1\nB=2\nand so on"}, Text},
		"Ini":            {"Assignments with a section header are text.", args{"", "[db]\nhost=a\nport=b"}, Text},
		"OpenQuote":      {"Assignments with an open quote are text.", args{"", "A=1\nB=2\nC='"}, Text},
		"PKCS12NoType":   {"Base64 could be anything.", args{"", strings.Repeat("MIIB", 20)}, Text},
		"PEMInOneLine":   {"PEM without line breaks is text.", args{"", strings.ReplaceAll(pkcs8(t, p.web)+pemOf(p.web), "\n", " ")}, Text},
		"TemplateObject": {"A template looks like JSON; its format must be set.", args{"", "{{ .Values.x }}"}, JSON},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, _ := detect(Secret{Name: "s", ContentType: tc.args.contentType, Value: tc.args.value})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ndetect(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAutoErrors(t *testing.T) {
	const (
		text  = "; correct it or, if it is plain text, set its content type to text/plain or the format to Text"
		noKey = "this key does not look like a name (words, few digits, '-', '_' and '.', at most 64 characters), so the value may not be JSON: rename the key or, if the value is JSON, set its content type to application/json"
		lost  = "this line is outside the private key and the certificates, and would be lost: remove it or, if it is not needed, set the content type to application/x-pem-file"
	)
	p := newParties(t)
	pair := pkcs8(t, p.web) + pemOf(p.web)
	cases := map[string]struct {
		reason string
		secret Secret
		format Format
		want   string
	}{
		"Content":     {"A format guessed from the content may be wrong.", Secret{Name: "s", Value: "{hunter2"}, Auto, `cannot read secret "s" as JSON: line 1, column 2: a key in double quotes is missing` + text},
		"ContentType": {"A format from the content type may be wrong.", Secret{Name: "s", ContentType: "application/json", Value: "hunter2"}, Auto, `cannot read secret "s" as JSON: line 1, column 1: an object in { } is expected: write one, or set the format to Text; correct it, or the content type of the secret`},
		"AskedFor":    {"A requested format is intended.", Secret{Name: "s", Value: "{hunter2"}, JSON, `cannot read secret "s" as JSON: line 1, column 2: a key in double quotes is missing`},
		"Keys":        {"Errors about keys have the advice, too.", Secret{Name: "s", Value: `{"A":1,"A":2}`}, Auto, `cannot read secret "s" as JSON: line 1, column 8: duplicate key, first at line 1, column 2: remove one` + text},
		"NoKey":       {"A guess does not turn an invalid name into a key.", Secret{Name: "s", Value: `{"aGk=":1}`}, Auto, `cannot read secret "s" as JSON: line 1, column 2: ` + noKey + text},
		"LongKey":     {"A guess does not turn a long text into a key.", Secret{Name: "s", Value: `{"` + strings.Repeat("k", 65) + `":1}`}, Auto, `cannot read secret "s" as JSON: line 1, column 2: ` + noKey + text},
		"Token":       {"A guess does not turn a token into a key, although some people use tokens as keys.", Secret{Name: "s", Value: `{"user":"alice","` + "ghp_16C7e42F292c6912E7710c838347" + `Ae178B4a":"alice"}`}, Auto, `cannot read secret "s" as JSON: line 1, column 17: ` + noKey + text},
		"BesidePEM":   {"A guess does not extract a certificate from a longer text.", Secret{Name: "s", Value: "client\n" + pair + "auth-user"}, Auto, `cannot read secret "s" as PEM: line 1: ` + lost + text},
		"AfterPEM":    {"A guess does not extract a certificate at any position.", Secret{Name: "s", Value: pair + "auth-user"}, Auto, fmt.Sprintf(`cannot read secret "s" as PEM: line %d: `, 1+strings.Count(pair, "\n")) + lost + text},
		"BetweenPEM":  {"A guess does not drop other blocks.", Secret{Name: "s", Value: block("DH PARAMETERS", []byte("x")) + pair}, Auto, `cannot read secret "s" as PEM: line 1: ` + lost + text},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(outcome{Error: tc.want}, parsed(tc.secret, tc.format)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestGuesses compares the contents that a guess accepts with those that a content type accepts.
func TestGuesses(t *testing.T) {
	p := newParties(t)
	pair := pkcs8(t, p.web) + pemOf(p.web)
	openssl := "Bag Attributes\n    friendlyName: web\n    localKeyID: 54 69 \nKey Attributes: <No Attributes>\n" + pkcs8(t, p.web) +
		"Bag Attributes\n    localKeyID: 54 69 \nsubject=CN = web\n\nissuer=CN = issuing\n\n" + pemOf(p.web)
	cases := map[string]struct {
		reason            string
		value             string
		asked             string
		guessed, declared []string
	}{
		"Keys":     {"Keys that a manifest can list are guessed.", `{"tls.crt":1,"A_b-1":2}`, "application/json", []string{"A_b-1", "tls.crt"}, []string{"A_b-1", "tls.crt"}},
		"LongKeys": {"Keys of up to 64 characters are guessed.", `{"` + strings.Repeat("k", 64) + `":1}`, "application/json", []string{strings.Repeat("k", 64)}, []string{strings.Repeat("k", 64)}},
		"Tokens":   {"Tokens are keys if the content type is JSON.", `{"123e4567-e89b-12d3-a456-426614174000":"alice"}`, "application/json", nil, []string{"123e4567-e89b-12d3-a456-426614174000"}},
		"Others":   {"Other texts are keys if the content type is JSON.", `{"a b":1}`, "application/json", nil, []string{"a b"}},
		"Lines":    {"Variables are keys if the content type is dotenv.", "A=1\nB=2", "application/x-dotenv", []string{""}, []string{"A", "B"}},
		"OpenSSL":  {"OpenSSL's notes around a certificate may be dropped.", openssl, "application/x-pem-file", []string{"tls.crt", "tls.key"}, []string{"tls.crt", "tls.key"}},
		"Config":   {"A configuration around a certificate must not be dropped.", "remote x\n<key>\n" + pair + "</key>", "application/x-pem-file", nil, []string{"tls.crt", "tls.key"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for contentType, want := range map[string][]string{"": tc.guessed, tc.asked: tc.declared} {
				p, _ := Parse(Secret{Name: "s", ContentType: contentType, Value: tc.value}, Auto)
				var got []string
				for _, e := range p.Entries {
					got = append(got, e.Key)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("\n%s\nParse(...) keys with content type %q: -want, +got:\n%s", tc.reason, contentType, diff)
				}
			}
		})
	}
}
