// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	stdcmp "cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// clone makes a repository with two commits on main. The second is checked out and has the tags.
func clone(t *testing.T, tags ...string) string {
	t.Helper()

	root := t.TempDir()
	must := func(args ...string) string {
		t.Helper()

		out, err := git(t.Context(), root, append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}

		return out
	}

	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(operatorNotes)), 0o700); err != nil {
		t.Fatal(err)
	}

	write(t, filepath.Join(root, operatorNotes), "# Release notes\n\n## Unreleased\n\nNothing yet.\n\n## v1.1.0\n\n- Set a [field](upgrade.md#field), see [elsewhere](https://example.com/).\n\n## v1.0.0\n\nFirst.\n")
	must("init", "--quiet", "--initial-branch=main")
	must("add", ".")
	must("commit", "--quiet", "--message=Begin")
	must("tag", "v1.0.0")
	must("commit", "--quiet", "--allow-empty", "--message=Keep *all* of <b>")
	must("update-ref", "refs/remotes/origin/main", "main")

	for _, tag := range tags {
		must("tag", "--annotate", "--message=x", tag)
	}

	return root
}

// github answers each request, and records the last one.
func github(t *testing.T, status int, answer string, asked *string) string {
	t.Helper()

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = r.Header.Get("Authorization") + " " + r.URL.String()

		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)

	return server.URL
}

func TestCheck(t *testing.T) {
	commit := func(t *testing.T, root string, args ...string) {
		t.Helper()

		args = append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)
		if _, err := git(t.Context(), root, args...); err != nil {
			t.Fatal(err)
		}
	}
	success := `{"workflow_runs": [{"head_sha": "COMMIT", "conclusion": "success", "html_url": "RUN"}]}`

	cases := map[string]struct {
		reason  string
		version string
		prepare func(t *testing.T, root string)
		answer  string
		status  int
		want    string
	}{
		"Ready":      {reason: "A tagged commit with passed checks is ready.", version: "v1.1.0", answer: success},
		"Candidate":  {reason: "A candidate needs no section of its own in the release notes.", version: "v1.2.0-rc.1", answer: success},
		"Word":       {reason: "Any tag that begins with v starts the workflow.", version: "vnext", want: `cannot use version "vnext"`},
		"Short":      {reason: "Helm and Crossplane require three numbers.", version: "v1.1", want: `cannot use version "v1.1"`},
		"Option":     {reason: "A version must not become an option of git.", version: "--upload-pack=touch", want: "cannot use version"},
		"Script":     {reason: "A version must not become a script.", version: `v1.1.0";touch x;"`, want: "cannot use version"},
		"NoTag":      {reason: "A branch is not a tag.", version: "v1.3.0", want: "cannot find the tag"},
		"NoNotes":    {reason: "The release notes must have a section for the version.", version: "v1.1.1", want: `cannot find the section "v1.1.1"`},
		"OtherHead":  {reason: "The tag must be checked out.", version: "v1.0.0", want: "and the tag is at"},
		"OtherFiles": {reason: "All files must be committed, because the files are built.", version: "v1.1.0", want: "files are not committed", prepare: func(t *testing.T, root string) { t.Helper(); write(t, filepath.Join(root, "new"), "") }},
		"OtherBranch": {reason: "A commit on another branch has not been reviewed.", version: "v9.0.0", want: "is not on branch main", prepare: func(t *testing.T, root string) {
			t.Helper()
			commit(t, root, "commit", "--quiet", "--allow-empty", "--message=Mine")
			commit(t, root, "tag", "v9.0.0")
		}},
		"NotRun":   {reason: "Skipped checks do not count.", version: "v1.1.0", answer: `{"workflow_runs": []}`, want: "has not run"},
		"OtherRun": {reason: "Checks of another commit do not count.", version: "v1.1.0", answer: strings.ReplaceAll(success, "COMMIT", "0123"), want: "has not run"},
		"Running":  {reason: "Running checks are not finished.", version: "v1.1.0", answer: strings.ReplaceAll(success, `"success"`, "null"), want: "RUN has not passed. Run the release again after it has passed"},
		"Failed":   {reason: "Failed checks block a release.", version: "v1.1.0", answer: strings.ReplaceAll(success, "success", "failure"), want: "RUN has not passed"},
		"Refused":  {reason: "The token has no permission to read the checks.", version: "v1.1.0", status: http.StatusForbidden, want: "403 Forbidden"},
		"Nonsense": {reason: "The response is not from GitHub.", version: "v1.1.0", answer: "<html>", want: "cannot read the checks"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			root := clone(t, "v1.1.0", "v1.1.1", "v1.2.0-rc.1")
			head, err := git(t.Context(), root, "rev-parse", "HEAD")
			if err != nil {
				t.Fatal(err)
			}

			asked := ""
			address := github(t, stdcmp.Or(tc.status, http.StatusOK), strings.ReplaceAll(tc.answer, "COMMIT", head), &asked)

			if tc.prepare != nil {
				tc.prepare(t, root)
			}

			c := Checker{API: address, Repository: "o/r", Token: "token", Branch: "main", Workflow: "ci.yaml"}

			err = c.Check(t.Context(), root, tc.version)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nCheck(...): want an error with %q, got %v", tc.reason, tc.want, err)
			}

			want := "Bearer token /repos/o/r/actions/workflows/ci.yaml/runs?branch=main&event=push&head_sha=" + head + "&per_page=1"
			if diff := cmp.Diff(want, asked); asked != "" && diff != "" {
				t.Errorf("\n%s\nrequest: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	root := clone(t, "v1.1.0")

	commit, err := git(t.Context(), root, "rev-parse", "--short", "HEAD")
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	write(t, filepath.Join(dir, imagesFile), "ghcr.io/a/b:v1.1.0@sha256:1\n")

	got, err := Notes(t.Context(), root, "v1.1.0", dir)
	if err != nil {
		t.Fatal(err)
	}

	want := "- Set a field, see [elsewhere](https://example.com/).\n\n## Commits since v1.0.0\n\n" +
		"- ` Keep *all* of <b> ` (" + commit + ")\n\n## Verify\n\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("Notes(...): want it to begin with\n%s\ngot\n%s", want, got)
	}

	for _, want := range []string{
		"```\nghcr.io/a/b:v1.1.0@sha256:1\n```\n",
		"--certificate-identity=https://github.com/p6m-dev/platform-application/.github/workflows/release.yaml@refs/tags/v1.1.0 \\\n",
		"cosign verify-blob checksums.txt --bundle=checksums.txt.sigstore.json \\\n",
		"sha256sum --check --ignore-missing checksums.txt\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Notes(...): want %q in\n%s", want, got)
		}
	}
}

func TestCode(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		want   string
	}{
		"Markup":   {reason: "Markup, mentions and addresses are text in a code span.", text: "*a* @b https://c.example <d>", want: "` *a* @b https://c.example <d> `"},
		"Backtick": {reason: "A run of backquotes must not end the span.", text: "a `b` ``c``", want: "``` a `b` ``c`` ```"},
		"Edge":     {reason: "A backquote at the edge must not extend the fence.", text: "`", want: "`` ` ``"},
		"Return":   {reason: "A carriage return is a line break in Markdown.", text: "a\r\r# b", want: "` a# b `"},
		"Bidi":     {reason: "Invisible characters can reorder the text.", text: "a\u202eb", want: "` ab `"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, code(tc.text)); diff != "" {
				t.Errorf("\n%s\ncode(%q): -want, +got:\n%s", tc.reason, tc.text, diff)
			}
		})
	}
}

// TestCodeProperties checks that no text can end its code span or its line.
func TestCodeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := code(rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("`\r\n\u2028 a")), rapid.Rune())).Draw(t, "text"))
		fence := span[:len(span)-len(strings.TrimLeft(span, "`"))]

		if text := strings.TrimSuffix(strings.TrimPrefix(span, fence+" "), " "+fence); fence == "" || len(text)+2*len(fence)+2 != len(span) || strings.Contains(text, fence) {
			t.Fatalf("code(...) = %q: the text ends the span", span)
		}

		if strings.ContainsFunc(span, unicode.IsControl) {
			t.Fatalf("code(...) = %q: it has control characters", span)
		}
	})
}

// TestListProperties checks that no history makes the notes larger than GitHub accepts.
func TestListProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subject := strings.Repeat(rapid.SampledFrom([]string{"`", "a", "ä", "€", "` "}).Draw(t, "text"), rapid.IntRange(0, 2000).Draw(t, "length"))
		count := rapid.IntRange(0, 1000).Draw(t, "commits")

		got := list(strings.Repeat("0123456 "+subject+"\n", count))
		if size := utf8.RuneCountInString(got); size > 100_000 || strings.Count(got, "\n") != min(count, maxCommits)+min(max(count-maxCommits, 0), 1) {
			t.Fatalf("list(...): %d characters, %d lines of %d commits", size, strings.Count(got, "\n"), count)
		}
	})
}

func TestVersionBefore(t *testing.T) {
	cases := map[string]struct {
		reason  string
		version string
		tags    []string
		want    string
	}{
		"First":       {reason: "The first version has no previous version.", version: "v0.1.0", tags: []string{"v0.1.0"}},
		"Newest":      {reason: "Versions are compared as numbers.", version: "v0.11.0", tags: []string{"v0.9.0", "v0.10.0", "v0.2.0"}, want: "v0.10.0"},
		"Patch":       {reason: "A patch of an older line follows that line.", version: "v0.9.1", tags: []string{"v0.9.0", "v0.10.0"}, want: "v0.9.0"},
		"Candidates":  {reason: "A release includes all changes since the previous release.", version: "v1.0.0", tags: []string{"v0.9.0", "v1.0.0-rc.1"}, want: "v0.9.0"},
		"Candidate":   {reason: "A candidate includes only its own changes.", version: "v1.0.0-rc.2", tags: []string{"v0.9.0", "v1.0.0-rc.1"}, want: "v1.0.0-rc.1"},
		"NoVersions":  {reason: "Other tags are ignored.", version: "v1.0.0", tags: []string{"v1", "vnext", "v0.5"}},
		"OnlyNotOurs": {reason: "Build metadata is not what we release.", version: "v1.0.0", tags: []string{"v0.9.0+one"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, versionBefore(tc.version, tc.tags)); diff != "" {
				t.Errorf("\n%s\nversionBefore(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
