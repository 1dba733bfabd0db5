// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnannounced(t *testing.T) {
	t.Parallel()

	const (
		before  = "# Release notes\n\n## v0.2.0\n\n"
		seccomp = "spec.template.spec.securityContext.seccompProfile.type"
		level   = "spec.template.spec.containers[web].env[LOG_LEVEL].value"
		note    = `spec.template.metadata.annotations["example.com/note"]`
		order   = "spec.template.spec.containers[web].env order"
	)

	cases := map[string]struct {
		reason        string
		before, after string
		rolled        []string
		want          []string
	}{
		"Nothing": {
			reason: "No change needs no announcement.",
		},
		"None": {
			reason: "Each unannounced field is returned once.",
			rolled: []string{seccomp, level, seccomp},
			want:   []string{seccomp, level},
		},
		"Field": {
			reason: "An entry announces only the fields that it names.",
			after:  before + "- **Rolls pods:** `" + seccomp + "` differs, for a reason.\n",
			rolled: []string{seccomp, level},
			want:   []string{level},
		},
		"Fields": {
			reason: "An entry may name several fields on several lines.",
			after:  before + "- **Rolls pods:** for a reason, `" + seccomp + "` and\n  `" + level + "` differ.\n- Else.\n",
			rolled: []string{seccomp, level},
		},
		"WithAllInIt": {
			reason: "A field includes all fields below it, and their order.",
			after:  before + "- **Rolls pods:** `spec.template.spec.securityContext`, `spec.template.spec.containers[].env`.\n",
			rolled: []string{seccomp, level, order},
		},
		"OneElement": {
			reason: "An entry may name one element of a list.",
			after:  before + "- **Rolls pods:** `spec.template.spec.containers[].env[LOG_LEVEL]`.\n",
			rolled: []string{level, "spec.template.spec.containers[web].env[LOG_LEVELS].value"},
			want:   []string{"spec.template.spec.containers[web].env[LOG_LEVELS].value"},
		},
		"Key": {
			reason: "A key with dots is one key.",
			after:  before + "- **Rolls pods:** `" + note + "`.\n",
			rolled: []string{note},
		},
		"Beginning": {
			reason: "A field with a longer name is another field.",
			after:  before + "- **Rolls pods:** `spec.template.spec.secur`.\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"NoField": {
			reason: "An entry without a field announces nothing.",
			after:  before + "- **Rolls pods:** for a reason.\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"OtherEntry": {
			reason: "Only an announcement announces fields.",
			after:  before + "- **Rolls pods:** for a reason.\n- `" + seccomp + "` is new.\n\n  `" + seccomp + "`\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"Before": {
			reason: "An announcement of an earlier version does not count, even if it was moved and reworded.",
			before: before + "- **Rolls pods:** `" + seccomp + "`, for a reason.\n",
			after:  "# Release notes\n\n## v0.3.0\n\n" + before + "- **Rolls pods:** for a good reason,\n  `" + seccomp + "`.\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"Again": {
			reason: "A later version may announce a field again.",
			before: before + "- **Rolls pods:** `" + seccomp + "`, for a reason.\n",
			after:  before + "- **Rolls pods:** `" + seccomp + "`, for another.\n- **Rolls pods:** `" + seccomp + "`, for a reason.\n",
			rolled: []string{seccomp},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			changes := []Change{{Path: "spec.replicas", Verdict: Harmless}}
			for _, path := range tc.rolled {
				changes = append(changes, Change{Path: path, Verdict: RollsPods})
			}

			if diff := cmp.Diff(tc.want, Unannounced(changes, tc.before, tc.after)); diff != "" {
				t.Errorf("\n%s\nUnannounced(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()

	const field = "`spec.template.spec.securityContext`"

	cases := map[string]struct {
		reason string
		notes  string
		want   []string
	}{
		"Valid":     {reason: "An announcement with a field is valid.", notes: "- **Rolls pods:** for a reason,\n  " + field + "\n"},
		"Prose":     {reason: "Only list items are entries.", notes: "An entry that begins with **Rolls pods:** names " + field + ".\n"},
		"Mention":   {reason: "Another entry may mention pods.", notes: "- The upgrade restarts pods of the provider.\n"},
		"NoField":   {reason: "An announcement must name a field.", notes: "- **Rolls pods:** for a reason,\n  `metadata`\n", want: []string{"- **Rolls pods:** for a reason,"}},
		"NotStrong": {reason: "The text must be bold.", notes: "- Rolls pods: " + field + "\n", want: []string{"- Rolls pods: " + field}},
		"Case":      {reason: "The text is case-sensitive.", notes: "- **rolls Pods:** " + field + "\n", want: []string{"- **rolls Pods:** " + field}},
		"Bullet":    {reason: "The bullet is a hyphen.", notes: "* **Rolls pods:** " + field + "\n", want: []string{"* **Rolls pods:** " + field}},
		"Nested":    {reason: "The entry is not nested.", notes: "  - **Rolls pods:** " + field + "\n", want: []string{"  - **Rolls pods:** " + field}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, Malformed(tc.notes)); diff != "" {
				t.Errorf("\n%s\nMalformed(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestReleaseNotes checks that the release notes of this repository have only well-formed
// announcements.
func TestReleaseNotes(t *testing.T) {
	t.Parallel()

	notes, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "operations", "release-notes.md"))
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string(nil), Malformed(string(notes))); diff != "" {
		t.Errorf("Malformed(...): -want, +got:\n%s", diff)
	}
}
