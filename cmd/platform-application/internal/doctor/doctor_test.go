// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

func TestRun(t *testing.T) {
	words, err := finding.Merge(Words(), finding.Catalogue{
		"Bad":  {Severity: finding.Error, Wrong: "{object} is bad.", Breaks: "All.", Mend: "kubectl get a\nkubectl get b"},
		"Poor": {Severity: finding.Warning, Wrong: "It is poor."},
	})
	if err != nil {
		t.Fatal(err)
	}

	area := func(err error, codes ...finding.Code) Area {
		return Area{Name: "the cluster", Look: func(context.Context) ([]finding.Finding, error) {
			var out []finding.Finding
			for _, c := range codes {
				out = append(out, finding.Finding{Code: c, Object: "Provider/a"})
			}

			return out, err
		}}
	}

	cases := map[string]struct {
		reason string
		areas  []Area
		result Result
		text   string
	}{
		"Nothing": {reason: "All is well.", areas: []Area{area(nil)}, result: Passed, text: "ok       the cluster\n\nPassed\n"},
		"Warning": {
			reason: "A warning is no failure.", areas: []Area{area(nil, "Poor")}, result: Passed,
			text: "         the cluster\nwarning  Poor: It is poor.\n",
		},
		"Error": {
			reason: "What is worst counts, and comes first.", areas: []Area{area(nil, "Poor", "Bad")}, result: Failed,
			text: "error    Bad: Provider/a is bad.\n         It breaks: All.\n         Mend it:   kubectl get a\n                    kubectl get b\nwarning  Poor",
		},
		"Unreachable": {
			reason: "What cannot be looked at is not well.", areas: []Area{area(errors.New("forbidden"))}, result: Incomplete,
			text: "unknown  CannotLook: The doctor cannot look at the cluster: forbidden",
		},
		"Both": {
			reason: "What was found before the area could not be looked at any further counts.",
			areas:  []Area{area(errors.New("forbidden"), "Bad")}, result: Failed, text: "error    Bad",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			report := Run(t.Context(), words, tc.areas...)
			if diff := cmp.Diff(tc.result, report.Result); diff != "" {
				t.Errorf("\n%s\nRun(...): -want, +got:\n%s", tc.reason, diff)
			}

			var text strings.Builder

			report.Text(&text)

			if !strings.Contains(text.String(), tc.text) {
				t.Errorf("\n%s\nText(...): want %q in it, got %q", tc.reason, tc.text, text.String())
			}
		})
	}
}
