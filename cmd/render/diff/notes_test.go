// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package diff

import (
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
			reason: "Nothing needs no announcement.",
		},
		"None": {
			reason: "Without an entry each field is named, once.",
			rolled: []string{seccomp, level, seccomp},
			want:   []string{seccomp, level},
		},
		"Field": {
			reason: "An entry is about the field that it names, and no other.",
			after:  before + "- **Rolls pods:** `" + seccomp + "` is another, for a reason.\n",
			rolled: []string{seccomp, level},
			want:   []string{level},
		},
		"Fields": {
			reason: "It may name several, on several lines.",
			after:  before + "- **Rolls pods:** for a reason, `" + seccomp + "` and\n  `" + level + "` are others.\n- Else.\n",
			rolled: []string{seccomp, level},
		},
		"WithAllInIt": {
			reason: "A field has all that is in it, and the order of that.",
			after:  before + "- **Rolls pods:** `spec.template.spec.securityContext`, `spec.template.spec.containers[].env`.\n",
			rolled: []string{seccomp, level, order},
		},
		"OneElement": {
			reason: "An element of a list may be named.",
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
			reason: "A field with a longer name is another one.",
			after:  before + "- **Rolls pods:** `spec.template.spec.secur`.\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"NoField": {
			reason: "An entry that names no field could be about anything.",
			after:  before + "- **Rolls pods:** for a reason.\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"OtherEntry": {
			reason: "An entry announces only the fields that it names itself.",
			after:  before + "- **Rolls pods:** for a reason.\n- `" + seccomp + "` is new.\n\n  `" + seccomp + "`\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"Before": {
			reason: "The reason for an earlier version is none for this one, wherever and however it is written now.",
			before: before + "- **Rolls pods:** `" + seccomp + "`, for a reason.\n",
			after:  "# Release notes\n\n## v0.3.0\n\n" + before + "- **Rolls pods:** for a good reason,\n  `" + seccomp + "`.\n",
			rolled: []string{seccomp},
			want:   []string{seccomp},
		},
		"Again": {
			reason: "A field may change again.",
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
