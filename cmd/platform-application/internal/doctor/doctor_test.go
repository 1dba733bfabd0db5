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
		"Bad": {Severity: finding.Error, Wrong: "{object} is bad.", Breaks: "All.", Mend: "one\ntwo"}, "Odd": {Severity: finding.Warning}, "Hidden": {Severity: finding.Unknown},
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
		"Nothing":  {"Nothing is wrong.", []Area{area("a", nil)}, Passed, nil},
		"Warning":  {"It is no failure.", []Area{area("a", nil, "Odd")}, Passed, []finding.Code{"Odd"}},
		"Unknown":  {"It may hide one.", []Area{area("a", nil, "Odd", "Hidden")}, Incomplete, []finding.Code{"Hidden", "Odd"}},
		"Error":    {"It is one, whatever comes later.", []Area{area("a", nil, "Hidden", "Bad"), area("b", errors.New("x"))}, Failed, []finding.Code{"Bad", "Hidden", CannotLook}},
		"CannotDo": {"What was found until then counts.", []Area{area("a", errors.New("x"), "Odd")}, Incomplete, []finding.Code{CannotLook, "Odd"}},
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

// TestHostile prints nothing that a terminal acts on, in no format and no field.
func TestHostile(t *testing.T) {
	const hostile = "a\u009b31m\u202eb\x7f\x1b[2J\nc"

	with := map[string]string{"error": hostile}
	r := Run(t.Context(), finding.Catalogue{"Bad": {Severity: finding.Error, Wrong: "{object}: {error}"}}, Area{Name: "a", Look: func(context.Context) ([]finding.Finding, error) {
		return []finding.Finding{{Code: "Bad", Object: hostile, With: with}}, nil
	}})

	f := r.Areas[0].Findings[0]
	for _, text := range []string{f.Object, f.Wrong, f.Parameters["error"]} {
		if strings.ContainsAny(text, "\u009b\u202e\x7f\x1b\n") {
			t.Errorf("Run(...): %q is passed on as it was", text)
		}
	}

	var out bytes.Buffer
	if err := r.JSON(&out); err != nil || strings.ContainsAny(out.String(), "\u009b\u202e\x7f\x1b") {
		t.Errorf("JSON(...): %v: %q", err, out.String())
	}

	if with["error"] != hostile {
		t.Error("Run(...): the finding was changed")
	}
}

// TestUnreachable has all areas in the report, and the reason once.
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
		{Name: "cluster", Findings: []FindingReport{{Code: "Bad", Severity: finding.Error, Wrong: "It is\nerror    Forged: bad.", Breaks: "All.", Mend: "one\ntwo"}}},
	}}.Text(&out)

	want := `ok       azure
         cluster
error    Bad: It is
                    error    Forged: bad.
         It breaks: All.
         Mend it:   one
                    two

Failed
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("Text(...): -want, +got:\n%s", diff)
	}
}
