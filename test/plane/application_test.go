// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		want   []string
	}{
		"Short": {reason: "A text that fits stays as it is.", text: "a short text", want: []string{"a short text"}},
		"Long":  {reason: "A line ends before the word that does not fit.", text: "a text that is too long", want: []string{"a text that", "is too long"}},
		"Word":  {reason: "A word is never broken.", text: "an https://example.com/address", want: []string{"an", "https://example.com/address"}},
		"Empty": {reason: "There may be nothing to say."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, wrap(tc.text, 12)); diff != "" {
				t.Errorf("\n%s\nwrap(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
