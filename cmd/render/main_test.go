// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/cmd/render/render"
)

func TestRunArguments(t *testing.T) {
	t.Parallel()

	type want struct {
		stdout string
		err    string
	}

	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Nothing":     {reason: "A command is required.", want: want{err: "usage:"}},
		"Help":        {reason: "A request for help is not an error.", args: []string{"--help"}, want: want{stdout: usage + "\n"}},
		"CommandHelp": {reason: "A request for help after a command is not an error.", args: []string{"validate", "--help"}, want: want{stdout: usage + "\n"}},
		"NoSuchCommand": {
			reason: "The error names an unknown command.",
			args:   []string{"rendr"},
			want:   want{err: `unknown command "rendr"`},
		},
		"NoSuchVariant": {
			reason: "The error lists the variants.",
			args:   []string{"render", "--variant", "clam"},
			want: want{err: `cannot render: invalid value "clam" for flag -variant: ` +
				`unknown variant "clam": choose from modern, claim`},
		},
		"NoSuchVersion": {
			reason: "The error lists the older versions.",
			args:   []string{"render", "--crossplane", "1.14"},
			want: want{err: `cannot render: invalid value "1.14" for flag -crossplane: ` +
				`unknown version "1.14" of Crossplane: choose from 2.0, 1.20`},
		},
		"DiffWithNothing": {
			reason: "There is no default version to upgrade from.",
			args:   []string{"diff"},
			want:   want{err: "cannot compare without a version to upgrade from, such as make diff FROM=v0.1.0"},
		},
		"DiffNoSuchCommit": {
			reason: "The error says how to find a missing tag.",
			args:   []string{"diff", "--from", "v0.0.0-none"},
			want: want{err: `cannot find commit or tag "v0.0.0-none" in this clone: list tags with git tag, ` +
				"or fetch them with git fetch --tags --unshallow"},
		},
		"ValidateStage": {
			reason: "Every stage is validated, so the flag is rejected instead of ignored.",
			args:   []string{"validate", "--stage", "3"},
			want:   want{err: "cannot validate: flag provided but not defined: -stage"},
		},
		"ValidateArgument": {
			reason: "An argument is rejected instead of ignored.",
			args:   []string{"validate", "web"},
			want:   want{err: `cannot validate: unexpected argument "web"`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var stdout bytes.Buffer

			got := want{}
			if err := run(t.Context(), tc.args, &stdout); err != nil {
				got.err, _, _ = strings.Cut(err.Error(), "\n")
			}

			got.stdout = stdout.String()

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nrun(%q): -want, +got:\n%s", tc.reason, tc.args, diff)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()

	request := func(v render.Variant, example string) render.Request {
		return render.Request{Variant: v, Example: example}
	}
	requests := []render.Request{
		request(render.Modern, "good"), request(render.Modern, "bad"), request(render.Claim, "good"), request(render.Claim, "bad"),
	}
	problems := []render.Problem{{File: "examples/bad/application.yaml"}, {File: "examples/good/observed/1-x.yaml"}}

	sound, skipped := split(requests, render.Claim, problems)

	if diff := cmp.Diff([]render.Request{request(render.Claim, "good")}, sound); diff != "" {
		t.Errorf("split(...): sound: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff([]render.Request{request(render.Claim, "bad")}, skipped); diff != "" {
		t.Errorf("split(...): skipped: -want, +got:\n%s", diff)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()

	var stdout bytes.Buffer

	known := map[render.Problem]bool{}
	files := []render.File{{Name: "good"}, {Name: "bad"}}
	problems := []render.Problem{{File: "bad", Object: "A a", Message: "no"}}

	report(&stdout, files, problems, known)
	report(&stdout, files, problems, known)

	want := "ok       good\nproblem  bad: A a: no\ninvalid  bad\nok       good\ninvalid  bad\n"
	if diff := cmp.Diff(want, stdout.String()); diff != "" {
		t.Errorf("report(...) twice: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(1, len(known)); diff != "" {
		t.Errorf("report(...) twice: problems known: -want, +got:\n%s", diff)
	}
}
