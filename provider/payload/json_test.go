// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSON(t *testing.T) {
	deep := strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1)
	cases := map[string]struct {
		reason string
		value  string
		want   []Entry
	}{
		"Empty":    {"A new secret may have no keys.", "{}", nil},
		"Space":    {"White space around values is ignored.", " \r\n\t{ \"A\" : \"1\" , \"B\" : \"2\" } \n", readable("A", "1", "B", "2")},
		"BOM":      {"Editors on Windows write a byte order mark.", "\ufeff{\"A\":\"1\"}", readable("A", "1")},
		"Strings":  {"Escapes are resolved, and everything else stays.", `{"A":"a\"\\\/\b\f\n\r\t","B":"\u00e9\ud83d\udd11","C":"<&> \u2028é🔑 $HOME","D":" "}`, readable("A", "a\"\\/\b\f\n\r\t", "B", "é🔑", "C", "<&> \u2028é🔑 $HOME", "D", " ")},
		"EmptyOne": {"An empty string is a value; null is not.", `{"A":"","B":null}`, []Entry{{Key: "A", DataKey: "s.A", Value: Value{}}, {Key: "B", DataKey: "s.B"}}},
		"Numbers":  {"Numbers stay as they are written.", `{"A":1.0,"B":1e3,"C":-0,"D":123456789012345678901234567890,"E":1E+2,"F":0.10}`, readable("A", "1.0", "B", "1e3", "C", "-0", "D", "123456789012345678901234567890", "E", "1E+2", "F", "0.10")},
		"Booleans": {"Booleans stay as they are written.", `{"A":true,"B":false}`, readable("A", "true", "B", "false")},
		"Nested":   {"Objects and arrays become compact, with the order of their keys and the spelling of their numbers and characters.", `{"A": { "z" : 1.0, "a" : [ 1e3 , "<&>\u0041" , { } ] }, "B": [ ] }`, readable("A", `{"z":1.0,"a":[1e3,"<&>\u0041",{}]}`, "B", "[]")},
		"NestedTwice": {
			"What an object in a value has twice is for its reader to judge.",
			`{"A":{"k":1,"k":2}}`, readable("A", `{"k":1,"k":2}`),
		},
		"Deepest":    {"The maximum depth is accepted.", `{"A":` + deep + `}`, readable("A", deep)},
		"EscapedKey": {"Keys may have escapes.", `{"\u0041":"1"}`, readable("A", "1")},
		"Case":       {"Keys are case-sensitive.", `{"a":"1","A":"2"}`, readable("A", "2", "a", "1")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := outcome{Payload: Payload{Format: JSON, Entries: tc.want}}
			if diff := cmp.Diff(want, parsed(Secret{Name: "s", Value: tc.value}, JSON)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestJSONErrors(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  string
		want   string
	}{
		"Nothing":       {"An empty value is not an object.", "", "line 1, column 1: an object in { } is expected: write one, or set the format to Text"},
		"Array":         {"An array has no keys.", " []", "line 1, column 2: an object in { } is expected: write one, or set the format to Text"},
		"Open":          {"The object does not end.", `{`, "line 1, column 2: a key in double quotes is missing"},
		"Comma":         {"The column counts characters, not bytes.", "{\n  \"A\": \"1\",\n  \"ß🔑\": 1 \"C\": 2}", "line 3, column 11: a comma or } is missing"},
		"CommaAfterBOM": {"A byte order mark is not a character of the line.", "\ufeff{\"A\":1 2}", "line 1, column 8: a comma or } is missing"},
		"End":           {"The last brace is missing.", `{"A": "1"`, "line 1, column 10: a comma or } is missing"},
		"Trailing":      {"JavaScript allows a comma at the end.", "{\"A\": 1,\n}", "line 2, column 1: trailing comma before this }: remove it"},
		"TrailingArray": {"JavaScript also allows a comma at the end of arrays.", `{"A": [1,]}`, "line 1, column 10: trailing comma before this ]: remove it"},
		"ArrayComma":    {"An array needs commas.", `{"A": [1 2]}`, "line 1, column 10: a comma or ] is missing"},
		"OpenArray":     {"An array needs an end.", `{"A": [`, "line 1, column 8: a value is missing, or text is not in double quotes"},
		"BareKey":       {"JavaScript allows keys without quotes.", `{A: 1}`, "line 1, column 2: a key in double quotes is missing"},
		"Colon":         {"A key needs a colon.", `{"A" "1"}`, "line 1, column 6: a colon is missing after a key"},
		"NoValue":       {"A key needs a value.", `{"A": }`, "line 1, column 7: a value is missing, or text is not in double quotes"},
		"BareValue":     {"Text needs quotes.", `{"A": hunter2}`, "line 1, column 7: a value is missing, or text is not in double quotes"},
		"Literal":       {"Words are not cut in two.", `{"A": trueish}`, "line 1, column 11: a comma or } is missing"},
		"LeadingZero":   {"Numbers that JSON does not have are not cut in two.", `{"A": 007}`, "line 1, column 7: this is not a JSON number: put it in double quotes"},
		"Minus":         {"A number needs digits.", `{"A": -}`, "line 1, column 7: this is not a JSON number: put it in double quotes"},
		"Dot":           {"A fraction needs digits.", `{"A": 1.}`, "line 1, column 7: this is not a JSON number: put it in double quotes"},
		"Exponent":      {"An exponent needs digits.", `{"A": 1e+}`, "line 1, column 7: this is not a JSON number: put it in double quotes"},
		"Version":       {"A version is not a number.", `{"A": 1.2.3}`, "line 1, column 7: this is not a JSON number: put it in double quotes"},
		"OpenString":    {"The position is that of the beginning.", "{\"A\": \"hunter2}", `line 1, column 7: the string that begins here does not end: add the missing "`},
		"OpenKey":       {"Keys are strings.", `{"A`, `line 1, column 2: the string that begins here does not end: add the missing "`},
		"LineBreak":     {"A string is in one line.", "{\"A\": \"hunter2\nx\"}", `line 1, column 15: a string has a line break or another control character: write \n for a line break, or add the missing "`},
		"Escape":        {"A path of Windows has invalid escapes.", `{"A": "C:\hunter2"}`, `line 1, column 10: this \ does not begin an escape sequence: write \\ for the character itself`},
		"HexEscape":     {"An escape needs four digits.", `{"A": "\u00g0"}`, `line 1, column 8: four hexadecimal digits are missing after \u: write \\ if the character \ itself is meant`},
		"HexEnd":        {"An escape needs four digits, even at the end.", `{"A": "\u00`, `line 1, column 8: four hexadecimal digits are missing after \u: write \\ if the character \ itself is meant`},
		"HighAlone":     {"The first half of a surrogate pair alone is rejected, because it would silently become another character.", `{"A": "\ud83dx"}`, `line 1, column 8: this \u escape is half of a character: add the other half, or write the character itself`},
		"LowAlone":      {"The second half of a surrogate pair alone is rejected.", `{"A": "\udd11"}`, `line 1, column 8: this \u escape is half of a character: add the other half, or write the character itself`},
		"HighTwice":     {"Two first halves are not a character.", `{"A": "\ud83d\ud83d"}`, `line 1, column 8: this \u escape is half of a character: add the other half, or write the character itself`},
		"NotUTF8":       {"The position is that of the first byte, and U+FFFD is a character.", "{\"A\":\n \"\ufffd\xff\"}", "line 2, column 4: this byte is not valid UTF-8: save the value as UTF-8"},
		"After":         {"Text after the object is rejected.", "{}\n{}", "line 2, column 1: unexpected text after the JSON object: remove it"},
		"TooDeep":       {"The depth is bounded.", `{"A":` + strings.Repeat("[", 20_000), "line 1, column 105: objects and arrays are nested too deeply: put this one into a string"},
		"Twice":         {"The error about a repeated key has both positions.", "{\"A\":1,\n\"B\":2,\"\\u0041\":3}", "line 2, column 7: duplicate key, first at line 1, column 2: remove one"},
		"TwiceBroken":   {"Keys are compared only in a well-formed object.", `{"A":1,"A":2,}`, "line 1, column 14: trailing comma before this }: remove it"},
		"EmptyKey":      {"An empty key is rejected.", `{"":1}`, "line 1, column 2: this key is empty: name it or remove it"},
		"Collision":     {"Keys that become equal are rejected.", `{"a b":1,"a/b":2}`, `line 1, column 10: this key and the key at line 1, column 2 collide, because Kubernetes allows only letters, digits, '-', '_' and '.': rename one`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := outcome{Error: `cannot read secret "s" as JSON: ` + tc.want}
			if diff := cmp.Diff(want, parsed(Secret{Name: "s", Value: tc.value}, JSON)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
