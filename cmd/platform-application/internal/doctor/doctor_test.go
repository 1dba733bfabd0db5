// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

func TestRun(t *testing.T) {
	words, err := finding.Merge(Words(), finding.Catalogue{
		"Bad": {Severity: finding.Error, Problem: "{object} is bad.", Impact: "All.", Fix: "one\ntwo"}, "Odd": {Severity: finding.Warning}, "Hidden": {Severity: finding.Unknown},
	})
	if err != nil {
		t.Fatal(err)
	}

	area := func(name string, err error, codes ...finding.Code) Area {
		return Area{Name: name, Look: func(context.Context) ([]finding.Finding, error) {
			var out []finding.Finding
			for _, c := range codes {
				out = append(out, finding.Finding{Code: c})
			}

			return out, err
		}}
	}

	cases := map[string]struct {
		reason string
		areas  []Area
		want   Result
		codes  []finding.Code
	}{
		"Nothing":  {"Without findings, the result is Passed.", []Area{area("a", nil)}, Passed, nil},
		"Warning":  {"A warning does not fail a run.", []Area{area("a", nil, "Odd")}, Passed, []finding.Code{"Odd"}},
		"Unknown":  {"An unknown fact may hide an error.", []Area{area("a", nil, "Odd", "Hidden")}, Incomplete, []finding.Code{"Hidden", "Odd"}},
		"Error":    {"An error fails the run, whatever the other areas report.", []Area{area("a", nil, "Hidden", "Bad"), area("b", errors.New("x"))}, Failed, []finding.Code{"Bad", "Hidden", CannotLook}},
		"CannotDo": {"Findings before an error of the area stay in the report.", []Area{area("a", errors.New("x"), "Odd")}, Incomplete, []finding.Code{CannotLook, "Odd"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := Run(t.Context(), words, tc.areas...)

			var codes []finding.Code

			for _, a := range r.Areas {
				for _, f := range a.Findings {
					codes = append(codes, f.Code)
				}
			}

			if diff := cmp.Diff(tc.want, r.Result) + cmp.Diff(tc.codes, codes); diff != "" {
				t.Errorf("\n%s\nRun(...): -want, +got:\n%s", tc.reason, diff)
			}

			var out bytes.Buffer
			if err := r.JSON(&out); err != nil || !json.Valid(out.Bytes()) {
				t.Errorf("JSON(...): %v\n%s", err, out.Bytes())
			}
		})
	}
}

// TestHostile proves that no format and no field contains characters that control a terminal.
func TestHostile(t *testing.T) {
	const hostile = "a\u009b31m\u202eb\x7f\x1b[2J\nc"

	with := map[string]string{"error": hostile}
	r := Run(t.Context(), finding.Catalogue{"Bad": {Severity: finding.Error, Problem: "{object}: {error}"}}, Area{Name: "a", Look: func(context.Context) ([]finding.Finding, error) {
		return []finding.Finding{{Code: "Bad", Object: hostile, With: with}}, nil
	}})

	f := r.Areas[0].Findings[0]
	for _, text := range []string{f.Object, f.Problem, f.Parameters["error"]} {
		if strings.ContainsAny(text, "\u009b\u202e\x7f\x1b\n") {
			t.Errorf("Run(...): %q contains control characters", text)
		}
	}

	var out bytes.Buffer
	if err := r.JSON(&out); err != nil || strings.ContainsAny(out.String(), "\u009b\u202e\x7f\x1b") {
		t.Errorf("JSON(...): %v: %q", err, out.String())
	}

	if with["error"] != hostile {
		t.Error("Run(...) changed the finding")
	}
}

// TestUnreachable proves that the report has all areas, and the cause once.
func TestUnreachable(t *testing.T) {
	r := Run(t.Context(), Words(), Unreachable(errors.New("no route"), []Area{{Name: "a"}, {Name: "b"}})...)

	got := map[string][]finding.Code{}

	for _, a := range r.Areas {
		for _, f := range a.Findings {
			got[a.Name] = append(got[a.Name], f.Code)
		}
	}

	want := map[string][]finding.Code{"a": {ClusterUnreachable}, "b": {CannotLook}}
	if diff := cmp.Diff(want, got) + cmp.Diff(Incomplete, r.Result); diff != "" {
		t.Errorf("Run(...): -want, +got:\n%s", diff)
	}

	if r := Run(t.Context(), Words(), Unreachable(errors.New("no route"), nil)...); len(r.Areas) != 0 {
		t.Errorf("want no area if all are skipped, got %v", r.Areas)
	}
}

func TestText(t *testing.T) {
	var out bytes.Buffer

	Report{Result: Failed, Areas: []AreaReport{
		{Name: "azure"},
		{Name: "cluster", Findings: []FindingReport{{Code: "Bad", Severity: finding.Error, Problem: "It is\nerror    Forged: bad.", Impact: "All.", Fix: "one\ntwo"}}},
	}}.Text(&out)

	want := `ok       azure
         cluster
error    Bad: It is
                 error    Forged: bad.
         Impact: All.
         Fix:    one
                 two

Failed
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("Text(...): -want, +got:\n%s", diff)
	}
}
