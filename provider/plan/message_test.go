// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutCurrent(t *testing.T) {
	cases := map[string]struct {
		reason  string
		message string
		want    string
	}{
		"Stays":   {reason: "What is said of current values goes.", message: "It is disabled." + stillInUse, want: "It is disabled."},
		"Only":    {reason: "That is all there is.", message: stillInUse[1:]},
		"Nothing": {reason: "Nothing is said of them.", message: "It is disabled.", want: "It is disabled."},
		"Empty":   {reason: "Nothing is said."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, WithoutCurrent(tc.message)); diff != "" {
				t.Errorf("\n%s\nWithoutCurrent(%q): -want, +got:\n%s", tc.reason, tc.message, diff)
			}
		})
	}
}
