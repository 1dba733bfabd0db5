// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/cmd/render/diff"
	"github.com/p6m-dev/platform-application/package/tools"
)

// TestCompare upgrades a clone of this repository from its last commit to a changed one.
func TestCompare(t *testing.T) {
	clone := newClone(t)

	const chart = "package/helm/platform-application/templates/application.yaml"

	cases := map[string]struct {
		reason  string
		example string
		edits   []edit
		err     error
		says    string
	}{
		"Nothing": {
			reason: "The same function composes the same resources.",
			says:   ": 0 changes, of which 0 roll pods and 0 are forbidden\n",
		},
		"ComposedName": {
			reason: "A name in the Composition must not change.",
			edits:  []edit{{file: "fn/compose/names.go", old: `= "key-vault"`, now: `= "vault"`}},
			err:    errForbidden,
			says:   "\n  - composed key-vault  [forbidden]",
		},
		"PodsUnannounced": {
			reason: "The release notes must announce a change that rolls pods.",
			edits:  []edit{{file: "fn/compose/deployment.go", old: "SeccompProfileTypeRuntimeDefault", now: "SeccompProfileTypeUnconfined"}},
			err:    errUnannounced,
			says:   "[rolls pods]\n",
		},
		"PodsAnnounced": {
			reason: "The release notes name the fields of the report.",
			edits: []edit{
				{file: "fn/compose/deployment.go", old: "SeccompProfileTypeRuntimeDefault", now: "SeccompProfileTypeUnconfined"},
				{file: releaseNotes, old: "## Unreleased\n", now: "## Unreleased\n\n- **Rolls pods:** `spec.template.spec.securityContext`, for a reason.\n"},
			},
			says: "securityContext.seccompProfile.type: RuntimeDefault -> Unconfined  [rolls pods]\n",
		},
		"Overlays": {
			reason:  "Overlays are compared like other examples.",
			example: "environments",
			edits:   []edit{{file: "fn/compose/names.go", old: `= "key-vault"`, now: `= "vault"`}},
			err:     errForbidden,
			says:    "\n  - composed key-vault  [forbidden]",
		},
		"Chart": {
			reason:  "Existing values are rendered with the new chart.",
			example: "helm",
			edits:   []edit{{file: chart, old: "{{- toYaml $spec ", now: `{{- toYaml (omit $spec "deployment") `}},
			err:     errForbidden,
			says:    "\n  - composed deployment  [forbidden]",
		},
		"ChartRefuses": {
			reason:  "Existing values must stay valid.",
			example: "helm",
			edits:   []edit{{file: chart, old: "apiVersion:", now: "{{ fail \"rejected\" }}\napiVersion:"}},
			err:     errBroken,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, e := range tc.edits {
				defer e.apply(t, clone)()
			}

			var stdout bytes.Buffer

			err := run(t.Context(), []string{"diff", "--from", "HEAD", "--root", clone, "--example", cmp.Or(tc.example, "api-keys")}, &stdout)
			if !errors.Is(err, tc.err) {
				t.Errorf("\n%s\nwant error %v, got %v", tc.reason, tc.err, err)
			}

			if !strings.Contains(stdout.String(), tc.says) {
				t.Errorf("\n%s\nwant %q, got:\n%s", tc.reason, tc.says, stdout.String())
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()

	const (
		field = "spec.template.spec.securityContext"
		entry = "# Release notes\n\n## Unreleased\n\n- **Rolls pods:** `" + field + "`, for a reason.\n"
	)

	harmless := diff.Change{Path: "spec.replicas", Verdict: diff.Harmless}
	rolls := diff.Change{Path: field + ".runAsNonRoot", Verdict: diff.RollsPods}
	others := diff.Change{Path: "spec.template.spec.hostname", Verdict: diff.RollsPods}
	forbidden := diff.Change{Path: "kind", Verdict: diff.Forbidden}

	cases := map[string]struct {
		reason        string
		found         []diff.Change
		before, after string
		want          error
		says          string
	}{
		"Nothing":   {reason: "No change is allowed."},
		"Harmless":  {reason: "A harmless change needs no announcement.", found: []diff.Change{harmless}},
		"Announced": {reason: "An announced restart of Pods is allowed.", found: []diff.Change{harmless, rolls}, after: entry},
		"Unannounced": {
			reason: "An unannounced restart of Pods is an error.",
			found:  []diff.Change{rolls}, want: errUnannounced, says: field + ".runAsNonRoot",
		},
		"Others": {
			reason: "An announcement covers only its own fields.",
			found:  []diff.Change{rolls, others}, after: entry, want: errUnannounced, says: "backquotes: spec.template.spec.hostname",
		},
		"Before": {
			reason: "An announcement of an earlier version does not count.",
			found:  []diff.Change{rolls}, before: entry, after: entry, want: errUnannounced,
		},
		"Malformed": {
			reason: "An entry that only looks like an announcement is an error, even if no Pod restarts.",
			after:  "- **Restarts pods:** `" + field + "`\n", want: errMalformed, says: "- **Restarts pods:** `" + field + "`",
		},
		"Forbidden": {
			reason: "An announcement does not allow a forbidden change.",
			found:  []diff.Change{rolls, forbidden}, after: entry, want: errForbidden,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			notes := func(content string) string {
				root := t.TempDir()
				path := filepath.Join(root, releaseNotes)

				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
					t.Fatal(err)
				}

				return root
			}

			got := verdict(tc.found, notes(tc.after), notes(tc.before))
			if !errors.Is(got, tc.want) {
				t.Errorf("\n%s\nverdict(...): want %v, got %v", tc.reason, tc.want, got)
			}

			if got != nil && !strings.HasSuffix(got.Error(), tc.says) {
				t.Errorf("\n%s\nverdict(...): want it to end with %q, got %v", tc.reason, tc.says, got)
			}
		})
	}
}

// An edit of a file.
type edit struct{ file, old, now string }

// apply makes the edit, and returns a function that reverts it.
func (e edit) apply(t *testing.T, root string) (undo func()) {
	t.Helper()

	path := filepath.Join(root, e.file)

	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	after := strings.Replace(string(before), e.old, e.now, 1)
	if after == string(before) {
		t.Fatalf("%s has no %q", e.file, e.old)
	}

	if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
		t.Fatal(err)
	}

	return func() {
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// newClone returns the root of a clone of this repository.
func newClone(t *testing.T) string {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	dir := filepath.Join(t.TempDir(), "clone")
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "--quiet", root, dir).CombinedOutput(); err != nil {
		t.Fatalf("cannot clone: %v\n%s", err, out)
	}

	return dir
}
