// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestReleased(t *testing.T) {
	cases := map[string]struct {
		reason, version, want string
	}{
		"Release":     {"Its images are published.", "v0.1.0", "v0.1.0"},
		"Candidate":   {"So are those of a candidate.", "v0.1.0-rc.1", "v0.1.0-rc.1"},
		"Development": {"Nobody has set a version.", "development", ""},
		"Commit":      {"There is no tag before it.", "607ff2f", ""},
		"After":       {"It comes after a release.", "v0.1.0-3-g607ff2f", ""},
		"Dirty":       {"It is a release with changes.", "v0.1.0-dirty", ""},
		"AfterDirty":  {"It is neither.", "v0.1.0-rc.1-3-g607ff2f-dirty", ""},
		"Metadata":    {"A tag of an image cannot have it.", "v0.1.0+one", ""},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := version
			version = tc.version

			defer func() { version = before }()

			if got := released(); got != tc.want {
				t.Errorf("\n%s\nreleased() of %q: want %q, got %q", tc.reason, tc.version, tc.want, got)
			}
		})
	}
}
