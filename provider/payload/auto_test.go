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
		"JSONType":     {"A content type decides.", args{"application/json", "A=1\nB=2"}, JSON},
		"JSONTypeText": {"The other name of JSON.", args{"text/json", ""}, JSON},
		"JSONSuffix":   {"Types that are made of JSON.", args{"application/vnd.example.v1+json", ""}, JSON},
		"Parameters":   {"Parameters, case and white space do not matter.", args{" Application/JSON ; charset=utf-8", ""}, JSON},
		"PKCS12Type":   {"What Key Vault writes on a certificate.", args{"application/x-pkcs12", "{}"}, PKCS12},
		"PEMType":      {"The other thing that Key Vault writes on a certificate.", args{"application/x-pem-file", "{}"}, PEM},
		"TextType":     {"Text is text, whatever it looks like.", args{"text/plain", `{"A":"1"}`}, Text},
		"DotenvType":   {"One line of dotenv can be asked for.", args{"application/x-dotenv", "A=1"}, Dotenv},
		"DotenvText":   {"By any of its names.", args{"text/x-dotenv", "A=1"}, Dotenv},
		"DotenvShort":  {"By any of its names.", args{"application/dotenv", "A=1"}, Dotenv},
		"Note":         {"Many use the content type for notes, and then the content decides.", args{"database of the shop; json", "{}"}, JSON},

		"Object":       {"A brace begins JSON.", args{"", "\ufeff \n{\"A\": 1}"}, JSON},
		"BrokenObject": {"Even if what follows is not.", args{"", "{A: 1}"}, JSON},
		"Array":        {"An array has no keys.", args{"", "[1, 2]"}, Text},
		"String":       {"Nor has a string.", args{"", `"hunter2"`}, Text},
		"Number":       {"Nor a number.", args{"", "42"}, Text},
		"Password":     {"Most texts are one word.", args{"", "hunter2"}, Text},
		"Empty":        {"Nothing is text, too.", args{"", ""}, Text},

		"PEM":         {"A private key and a certificate.", args{"", "comment\n" + pemOf(p.web) + pkcs8(t, p.web)}, PEM},
		"KeyOnly":     {"A private key alone is text.", args{"", pkcs8(t, p.web)}, Text},
		"CertOnly":    {"So is a certificate alone.", args{"", pemOf(p.web)}, Text},
		"PEMInDotenv": {"Variables may hold them, too, and stay in one piece.", args{"", "KEY='" + pkcs8(t, p.web) + "'\nCERT=\"" + pemOf(p.web) + "\""}, Text},

		"Dotenv":         {"Assignments are text, as other texts have their form.", args{"", "# comment\nA=1\n\nexport B=2\n"}, Text},
		"Base64":         {"Such as two lines of base64.", args{"", "c2VjcmV0LW9uZQ==\nc2VjcmV0LXR3bw==\n"}, Text},
		"ServiceBus":     {"A connection string is text.", args{"", "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=aGk="}, Text},
		"Sentence":       {"A line that is no assignment makes all of it text.", args{"", "A=1\nB=2\nand so on"}, Text},
		"Ini":            {"So does the head of a section.", args{"", "[db]\nhost=a\nport=b"}, Text},
		"OpenQuote":      {"And a quote that does not end.", args{"", "A=1\nB=2\nC='"}, Text},
		"PKCS12NoType":   {"Base64 could be anything.", args{"", strings.Repeat("MIIB", 20)}, Text},
		"PEMInOneLine":   {"Line breaks are part of PEM.", args{"", strings.ReplaceAll(pkcs8(t, p.web)+pemOf(p.web), "\n", " ")}, Text},
		"TemplateObject": {"A template looks like JSON; its format has to be set.", args{"", "{{ .Values.x }}"}, JSON},
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
		noKey = "this key does not look like a name of words, few digits, '-', '_' and '.', with at most 64 characters, so the value may not be JSON: rename the key or, if the value is JSON, set its content type to application/json"
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
		"Content":     {"What was found by content may have been meant as text.", Secret{Name: "s", Value: "{hunter2"}, Auto, `cannot read secret "s" as JSON: line 1, column 2: a key in double quotes is missing` + text},
		"ContentType": {"What was found by content type may have another.", Secret{Name: "s", ContentType: "application/json", Value: "hunter2"}, Auto, `cannot read secret "s" as JSON: line 1, column 1: an object in { } is expected: write one, or set the format to Text; correct it, or the content type of the secret`},
		"AskedFor":    {"What was asked for is meant.", Secret{Name: "s", Value: "{hunter2"}, JSON, `cannot read secret "s" as JSON: line 1, column 2: a key in double quotes is missing`},
		"Keys":        {"The advice follows errors about keys, too.", Secret{Name: "s", Value: `{"A":1,"A":2}`}, Auto, `cannot read secret "s" as JSON: line 1, column 8: duplicate key, first at line 1, column 2: remove one` + text},
		"NoKey":       {"What cannot be a key does not become one by a guess.", Secret{Name: "s", Value: `{"aGk=":1}`}, Auto, `cannot read secret "s" as JSON: line 1, column 2: ` + noKey + text},
		"LongKey":     {"Nor does what is too long for one.", Secret{Name: "s", Value: `{"` + strings.Repeat("k", 65) + `":1}`}, Auto, `cannot read secret "s" as JSON: line 1, column 2: ` + noKey + text},
		"Token":       {"Nor does a token, which some keep as the key of a map.", Secret{Name: "s", Value: `{"user":"alice","` + "ghp_16C7e42F292c6912E7710c838347" + `Ae178B4a":"alice"}`}, Auto, `cannot read secret "s" as JSON: line 1, column 17: ` + noKey + text},
		"BesidePEM":   {"A certificate with more around it is not taken out of it by a guess.", Secret{Name: "s", Value: "client\n" + pair + "auth-user"}, Auto, `cannot read secret "s" as PEM: line 1: ` + lost + text},
		"AfterPEM":    {"Wherever it is.", Secret{Name: "s", Value: pair + "auth-user"}, Auto, fmt.Sprintf(`cannot read secret "s" as PEM: line %d: `, 1+strings.Count(pair, "\n")) + lost + text},
		"BetweenPEM":  {"Blocks that are neither are lost, too.", Secret{Name: "s", Value: block("DH PARAMETERS", []byte("x")) + pair}, Auto, `cannot read secret "s" as PEM: line 1: ` + lost + text},
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
		"Keys":     {"Keys that a manifest can name.", `{"tls.crt":1,"A_b-1":2}`, "application/json", []string{"A_b-1", "tls.crt"}, []string{"A_b-1", "tls.crt"}},
		"LongKeys": {"Up to 64 characters.", `{"` + strings.Repeat("k", 64) + `":1}`, "application/json", []string{strings.Repeat("k", 64)}, []string{strings.Repeat("k", 64)}},
		"Tokens":   {"Tokens are keys if it is said that it is JSON.", `{"123e4567-e89b-12d3-a456-426614174000":"alice"}`, "application/json", nil, []string{"123e4567-e89b-12d3-a456-426614174000"}},
		"Others":   {"Others are keys if it is said that it is JSON.", `{"a b":1}`, "application/json", nil, []string{"a b"}},
		"Lines":    {"Variables are variables if it is said that they are.", "A=1\nB=2", "application/x-dotenv", []string{""}, []string{"A", "B"}},
		"OpenSSL":  {"Notes of openssl are nobody's loss.", openssl, "application/x-pem-file", []string{"tls.crt", "tls.key"}, []string{"tls.crt", "tls.key"}},
		"Config":   {"A configuration with a certificate is.", "remote x\n<key>\n" + pair + "</key>", "application/x-pem-file", nil, []string{"tls.crt", "tls.key"}},
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
