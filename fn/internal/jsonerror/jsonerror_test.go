// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package jsonerror

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	type document struct {
		Number *int32            `json:"number"`
		Port   uint16            `json:"port"`
		Ratio  float64           `json:"ratio"`
		Text   string            `json:"text"`
		Flag   bool              `json:"flag"`
		List   []string          `json:"list"`
		Map    map[string]string `json:"map"`
		Inner  struct {
			Items []struct {
				Number int64 `json:"number"`
			} `json:"items"`
		} `json:"inner"`
	}
	cases := map[string]struct {
		reason string
		doc    string
		want   string
	}{
		"Fine":       {"A valid document has no error.", `{"number": 1}`, ""},
		"Number":     {"A number in quotes is a string.", `{"number": "1"}`, "number: must be a whole number, not a string"},
		"Unsigned":   {"The type of the Go field does not matter.", `{"port": "1"}`, "port: must be a whole number, not a string"},
		"Float":      {"A field may take fractions.", `{"ratio": "1"}`, "ratio: must be a number, not a string"},
		"Fraction":   {"A fraction is not a whole number, and is not shown.", `{"number": 1.5}`, "number: must be a whole number, not a number"},
		"Text":       {"A number without quotes is not a string.", `{"text": 8080}`, "text: must be a string, not a number"},
		"Flag":       {"Yes in quotes is not a flag.", `{"flag": "yes"}`, "flag: must be true or false, not a string"},
		"List":       {"An object is not a list.", `{"list": {"a": "b"}}`, "list: must be a list, not an object"},
		"Map":        {"A list is not an object.", `{"map": ["a"]}`, "map: must be an object, not a list"},
		"MapOfFlags": {"The values of a map have types, too.", `{"map": {"a": true}}`, "map: must be a string, not true or false"},
		"Inner":      {"The path leads to the field.", `{"inner": {"items": [{"number": "1"}]}}`, "inner.items.number: must be a whole number, not a string"},
		"Syntax":     {"Other errors are passed on.", `{"number"`, "unexpected end of JSON input"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := Explain(json.Unmarshal([]byte(tc.doc), &document{})); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nExplain(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
