// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  string
		want   Value
	}{
		"AsItIs":  {"Nothing is trimmed, decoded or normalized.", "\ufeff p\xff\x01w \r\n", Value("\ufeff p\xff\x01w \r\n")},
		"Empty":   {"An empty text is not a value.", "", nil},
		"OneLine": {"A password is kept unchanged.", "p@ss=w0rd", Value("p@ss=w0rd")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := outcome{Payload: Payload{Format: Text, Entries: []Entry{{DataKey: "s", Value: tc.want}}}}
			if diff := cmp.Diff(want, parsed(Secret{Name: "s", Value: tc.value}, Text)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
