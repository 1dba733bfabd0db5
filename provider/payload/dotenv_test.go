// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDotenv(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  string
		want   []Entry
	}{
		"Nothing":      {"Without lines, there are no keys.", "", nil},
		"Comments":     {"Blank lines and comments have no keys.", "\n  # a comment\n\t\n#b=c", nil},
		"Lines":        {"Each line has one key. The last one may lack a line break.", "A=1\nB=2", readable("A", "1", "B", "2")},
		"CRLF":         {"Windows line breaks are accepted.", "A=1\r\nB='2'\r\n\r\nC=\"3\r\n4\"\r\n", readable("A", "1", "B", "2", "C", "3\n4")},
		"BOM":          {"A byte order mark is accepted.", "\ufeffA=1", readable("A", "1")},
		"Export":       {"The prefix export is accepted.", "export A=1\nexport\tB = 2\n  export   C=3", readable("A", "1", "B", "2", "C", "3")},
		"ExportKey":    {"export is a key, too.", "export=1", readable("export", "1")},
		"Space":        {"White space around key and value is ignored.", "  A \t= 1 2 \t\nB=  3", readable("A", "1 2", "B", "3")},
		"Empty":        {"A missing value is an empty value.", "A=\nB=  \nC=''\nD=\"\"\nE= # none", readable("A", "", "B", "", "C", "", "D", "", "E", "")},
		"Comment":      {"A comment begins after white space.", "A=1 # one\nB=p#ss\nC=#d\nD='x' # y\nE=\"x\"#y\nF=a\t#b\nG=a #", readable("A", "1", "B", "p#ss", "C", "#d", "D", "x", "E", "x", "F", "a", "G", "a")},
		"Equals":       {"Only the first = is special.", "A=b=c==", readable("A", "b=c==")},
		"Literal":      {"Nothing is expanded.", "A=$HOME\nB=\"${HOME}\"\nC='$(id)'\nD=`id`", readable("A", "$HOME", "B", "${HOME}", "C", "$(id)", "D", "`id`")},
		"Single":       {"Single quotes keep everything.", `A='a\n"b # c '`, readable("A", `a\n"b # c `)},
		"Double":       {"Double quotes have escapes, and leave other backslashes alone.", `A="a\n\r\t\"\\\$ \d 'b' # c"`, readable("A", "a\n\r\t\"\\$ \\d 'b' # c")},
		"SeveralLines": {"Quotes may span lines.", "A=\"1\n2\n\"\nB='3\n4'\nC=5", readable("A", "1\n2\n", "B", "3\n4", "C", "5")},
		"InnerQuotes":  {"A quote inside a value is a character.", `A=it's "fine"`, readable("A", `it's "fine"`)},
		"Keys":         {"A key may contain letters, digits, underscores, dots and hyphens.", "_a=1\nb.c-D_9=2", readable("_a", "1", "b.c-D_9", "2")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := outcome{Payload: Payload{Format: Dotenv, Entries: tc.want}}
			if diff := cmp.Diff(want, parsed(Secret{Name: "s", Value: tc.value}, Dotenv)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDotenvErrors(t *testing.T) {
	const (
		noKey   = "a key is missing: a key begins with a letter or _, and has only letters, digits, and _ . -; use # for a comment"
		noValue = "the = after the key is missing: write KEY=VALUE, where a key has only letters, digits, and _ . -; put a value of several lines in quotes"
	)
	cases := map[string]struct {
		reason string
		value  string
		want   string
	}{
		"NoEquals":    {"A line without an assignment is rejected.", "A=1\n\nhunter2", "line 3: " + noValue},
		"ExportAlone": {"A line with export and without an assignment is rejected.", "export A", "line 1: " + noValue},
		"KeySpace":    {"A key with a space is rejected.", "A B=1", "line 1: " + noValue},
		"NoKey":       {"A line without a key is rejected.", "=1", "line 1: " + noKey},
		"Digit":       {"A key that begins with a digit is rejected.", "A=\"\n\"\n1A=1", "line 3: " + noKey},
		"Open":        {"The error has the line of the opening quote.", "A=1\nB=\"x\ny", "line 2: the quote that begins here does not end: add the missing quote"},
		"SingleQuote": {"Single quotes have no escapes.", `A='it\'s'`, "line 1: unexpected text after the closing quote: remove it, or put the whole value in quotes"},
		"OpenSingle":  {"A single quote must be closed.", "A='1", "line 1: the quote that begins here does not end: add the missing quote"},
		"OpenEscaped": {"An escaped quote does not close.", `A="x\"`, "line 1: the quote that begins here does not end: add the missing quote"},
		"AfterQuote":  {"The error has the line of the closing quote.", "A=\"1\n2\" 3", "line 2: unexpected text after the closing quote: remove it, or put the whole value in quotes"},
		"Twice":       {"A repeated key is rejected.", "A=1\nB=2\nA=1", "line 3: duplicate key, first at line 1: remove one"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := outcome{Error: `cannot read secret "s" as Dotenv: ` + tc.want}
			if diff := cmp.Diff(want, parsed(Secret{Name: "s", Value: tc.value}, Dotenv)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
