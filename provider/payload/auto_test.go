// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
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

		"PEM":         {"A private key and a certificate.", args{"", "comment\n" + certificate(p.web) + pkcs8(t, p.web)}, PEM},
		"KeyOnly":     {"A private key alone is text.", args{"", pkcs8(t, p.web)}, Text},
		"CertOnly":    {"So is a certificate alone.", args{"", certificate(p.web)}, Text},
		"PEMInDotenv": {"Variables may hold them, too.", args{"", "KEY='" + pkcs8(t, p.web) + "'\nCERT=\"" + certificate(p.web) + "\""}, Dotenv},

		"Dotenv":         {"Two assignments.", args{"", "# comment\nA=1\n\nexport B=2\n"}, Dotenv},
		"OneAssignment":  {"One is not enough.", args{"", "# comment\nA=1\n"}, Text},
		"ServiceBus":     {"A connection string is text.", args{"", "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=aGk="}, Text},
		"Sentence":       {"A line that is no assignment makes all of it text.", args{"", "A=1\nB=2\nand so on"}, Text},
		"Ini":            {"So does the head of a section.", args{"", "[db]\nhost=a\nport=b"}, Text},
		"OpenQuote":      {"And a quote that does not end.", args{"", "A=1\nB=2\nC='"}, Text},
		"DotenvTwice":    {"A key that is there twice makes it an error, not text.", args{"", "A=1\nA=2"}, Dotenv},
		"PKCS12NoType":   {"Base64 could be anything.", args{"", strings.Repeat("MIIB", 20)}, Text},
		"PEMInOneLine":   {"Line breaks are part of PEM.", args{"", strings.ReplaceAll(pkcs8(t, p.web)+certificate(p.web), "\n", " ")}, Text},
		"WindowsDotenv":  {"Windows writes files, too.", args{"", "\ufeffA=1\r\nB=2\r\n"}, Dotenv},
		"JSONInADotenv":  {"Values of variables may be objects.", args{"", "A={\nB=2"}, Dotenv},
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
	cases := map[string]struct {
		reason string
		secret Secret
		format Format
		want   string
	}{
		"Content":     {"What was found by content may have been meant as text.", Secret{Name: "s", Value: "{hunter2"}, Auto, `cannot read secret "s" as JSON: line 1, column 2: a key in double quotes is missing; correct it, or set the format to Text if it is meant to be plain text`},
		"ContentType": {"What was found by content type may have another.", Secret{Name: "s", ContentType: "application/json", Value: "hunter2"}, Auto, `cannot read secret "s" as JSON: line 1, column 1: an object in { } is expected: write one, or set the format to Text; correct it, or the content type of the secret`},
		"AskedFor":    {"What was asked for is meant.", Secret{Name: "s", Value: "{hunter2"}, JSON, `cannot read secret "s" as JSON: line 1, column 2: a key in double quotes is missing`},
		"Keys":        {"The advice follows errors about keys, too.", Secret{Name: "s", Value: "A=1\nA=2"}, Auto, `cannot read secret "s" as Dotenv: key "A" is there twice: remove one; correct it, or set the format to Text if it is meant to be plain text`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(outcome{Error: tc.want}, parsed(tc.secret, tc.format)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
