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
		"Nothing":     {reason: "Without a command there is nothing to do.", want: want{err: "usage:"}},
		"Help":        {reason: "To ask for help is no mistake.", args: []string{"--help"}, want: want{stdout: usage + "\n"}},
		"CommandHelp": {reason: "Nor is it after a command.", args: []string{"validate", "--help"}, want: want{stdout: usage + "\n"}},
		"NoSuchCommand": {
			reason: "A slip in the command is named.",
			args:   []string{"rendr"},
			want:   want{err: `there is no command "rendr"`},
		},
		"NoSuchVariant": {
			reason: "A slip in the variant is answered with the choices.",
			args:   []string{"render", "--variant", "clam"},
			want: want{err: `cannot render: invalid value "clam" for flag -variant: ` +
				`there is no variant "clam": choose from modern, claim`},
		},
		"DiffWithNothing": {
			reason: "There is no version that everybody comes from.",
			args:   []string{"diff"},
			want:   want{err: "cannot compare with nothing: say what is upgraded from: make diff FROM=v0.1.0"},
		},
		"DiffNoSuchCommit": {
			reason: "A slip in the name is answered with where to look.",
			args:   []string{"diff", "--from", "v0.0.0-none"},
			want: want{err: `there is no commit or tag "v0.0.0-none" in this clone: look for it with git tag, ` +
				"or get it with git fetch --tags --unshallow"},
		},
		"ValidateStage": {
			reason: "Every stage is validated; to ignore the flag would hide that.",
			args:   []string{"validate", "--stage", "3"},
			want:   want{err: "cannot validate: flag provided but not defined: -stage"},
		},
		"ValidateArgument": {
			reason: "An example without its flag would be ignored, and everything validated.",
			args:   []string{"validate", "web"},
			want:   want{err: `cannot validate: there is an argument too many: "web"`},
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
