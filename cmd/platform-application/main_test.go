// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestReleased(t *testing.T) {
	cases := map[string]struct {
		reason, version, want string
	}{
		"Release":     {"A release has images.", "v0.1.0", "v0.1.0"},
		"Candidate":   {"A candidate has images.", "v0.1.0-rc.1", "v0.1.0-rc.1"},
		"Development": {"A local build has no version.", "development", ""},
		"Commit":      {"A commit without a tag has no images.", "607ff2f", ""},
		"After":       {"A commit after a release has no images.", "v0.1.0-3-g607ff2f", ""},
		"Dirty":       {"A changed release has no images.", "v0.1.0-dirty", ""},
		"AfterDirty":  {"A changed commit after a candidate has no images.", "v0.1.0-rc.1-3-g607ff2f-dirty", ""},
		"Metadata":    {"The tag of an image cannot contain a plus sign.", "v0.1.0+one", ""},
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
