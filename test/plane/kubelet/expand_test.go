// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExpand(t *testing.T) {
	vars := map[string]string{"A": "a", "B": "$(A)", "EMPTY": ""}

	cases := map[string]struct {
		reason string
		in     string
		want   string
	}{
		"Nothing":     {reason: "Text stays.", in: "text", want: "text"},
		"Variable":    {reason: "A reference is replaced, wherever it is.", in: "x$(A)y$(A)", want: "xaya"},
		"Once":        {reason: "A value is not expanded again.", in: "$(B)", want: "$(A)"},
		"Empty":       {reason: "An empty value is a value.", in: "-$(EMPTY)-", want: "--"},
		"Unknown":     {reason: "A reference to a missing variable is not replaced.", in: "$(C)", want: "$(C)"},
		"Escaped":     {reason: "Two dollars are one that means nothing.", in: "$$(A)", want: "$(A)"},
		"TwiceEscape": {reason: "Three are one and a reference.", in: "$$$(A)", want: "$a"},
		"Open":        {reason: "A reference has an end.", in: "$(A", want: "$(A"},
		"Shell":       {reason: "A shell's references are its own.", in: "$A ${A}", want: "$A ${A}"},
		"Last":        {reason: "A dollar at the end is one.", in: "5$", want: "5$"},
		"NoName":      {reason: "No variable has an empty name.", in: "$()", want: "$()"},
		"Nested":      {reason: "A name goes up to the first end.", in: "$($(A))", want: "$($(A))"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, expand(tc.in, vars)); diff != "" {
				t.Errorf("\n%s\nexpand(%q): -want, +got:\n%s", tc.reason, tc.in, diff)
			}
		})
	}
}
