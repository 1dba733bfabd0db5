// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The number of keys of a secret is limited, in any format, with or without values.
func TestMaxKeys(t *testing.T) {
	key := func(i int) string { return "k" + strconv.Itoa(i) }
	object := func(keys int) string {
		var b strings.Builder
		for i := range keys {
			fmt.Fprintf(&b, ",\n%q:null", key(i))
		}

		return "{" + strings.TrimPrefix(b.String(), ",\n") + "}"
	}
	lines := func(keys int) string {
		var b strings.Builder
		for i := range keys {
			b.WriteString(key(i) + "=\n")
		}

		return b.String()
	}
	const tooMany = "line 257%s: the secret has more than 256 keys: split it into several secrets"

	cases := map[string]struct {
		reason string
		format Format
		value  string
		keys   int
		want   string
	}{
		"JSON":           {"An object with the maximum number of keys is accepted.", JSON, object(256), 256, ""},
		"Dotenv":         {"Dotenv with the maximum number of keys is accepted.", Dotenv, lines(256), 256, ""},
		"TooManyJSON":    {"An object with one more key is rejected.", JSON, object(257), 0, fmt.Sprintf(tooMany, ", column 1")},
		"TooManyDotenv":  {"Dotenv with one more key is rejected.", Dotenv, lines(257), 0, fmt.Sprintf(tooMany, "")},
		"TooManyGuessed": {"A guessed object with one more key is rejected.", Auto, object(257), 0, fmt.Sprintf(tooMany, ", column 1")},
		"All":            {"A value full of keys is rejected.", Dotenv, lines(600), 0, fmt.Sprintf(tooMany, "")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(Secret{Name: "s", Value: tc.value}, tc.format)
			if diff := cmp.Diff(tc.keys, len(p.Entries)); diff != "" {
				t.Errorf("\n%s\nParse(...) keys: -want, +got:\n%s", tc.reason, diff)
			}
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nParse(...): want error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}
