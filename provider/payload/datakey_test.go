// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAssignDataKeys(t *testing.T) {
	long := strings.Repeat("k", 252)
	cases := map[string]struct {
		reason string
		keys   []string
		want   map[string]string
		error  string
	}{
		"Allowed":     {"Characters that Kubernetes allows are kept.", []string{"tls.crt", "A_b-1"}, map[string]string{"tls.crt": "s.tls.crt", "A_b-1": "s.A_b-1"}, ""},
		"Replaced":    {"Every other character becomes one underscore.", []string{"a b/c", "größe", "🔑"}, map[string]string{"a b/c": "s.a_b_c", "größe": "s.gr__e", "🔑": "s._"}, ""},
		"Dots":        {"A key may be an invalid data key.", []string{".", ".."}, map[string]string{".": "s..", "..": "s..."}, ""},
		"Collision":   {"Two keys cannot have one data key.", []string{"a/b", "c", "a b"}, nil, `line 1, column 2: this key and the key at line 3, column 2 collide, because Kubernetes allows only letters, digits, '-', '_' and '.': rename one`},
		"Twice":       {"A key cannot have two values.", []string{"b", "a", "b"}, nil, `line 3, column 2: duplicate key, first at line 1, column 2: remove one`},
		"LongestUsed": {"253 characters are allowed.", []string{long[1:]}, map[string]string{long[1:]: "s." + long[1:]}, ""},
		"TooLong":     {"254 are not.", []string{long}, nil, `line 1, column 2: this key is too long: key and secret name together can have at most 252 characters`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			fields := make([]field, len(tc.keys))
			for i, k := range tc.keys {
				fields[i] = field{Entry{Key: k}, position{Line: i + 1, Column: 2}}
			}
			var got map[string]string
			message := ""
			if fault := assignDataKeys("s", fields); fault != nil {
				message = strings.TrimPrefix(fault.Error(), `cannot read secret "": `)
			} else {
				got = map[string]string{}
				for _, e := range fields {
					got[e.Key] = e.DataKey
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nassignDataKeys(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.error, message); diff != "" {
				t.Errorf("\n%s\nassignDataKeys(...): -want error, +got error:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"": false, "a": true, "0": true, "-": true, "Db-1": true, "a.b": false, "a_b": false, "a b": false, "ä": false,
		strings.Repeat("n", 127): true, strings.Repeat("n", 128): false,
	} {
		if got := validName(name); got != want {
			t.Errorf("validName(%q) = %t, want %t", name, got, want)
		}
	}
}
