// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestGateSteps runs .ci/run with failing tools: it ends at the first step that needs one of them.
func TestGateSteps(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		want   []string
	}{
		"All": {
			reason: "without names it begins with the first step",
			want:   []string{"openssl ok", "tools FAILED"},
		},
		"Named": {
			reason: "only steps that are named run",
			args:   []string{"lint"},
			want:   []string{"lint FAILED"},
		},
		"Unknown": {
			reason: "a step that does not exist fails",
			args:   []string{"lnit"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			for command, script := range map[string]string{
				"openssl": "#!/bin/sh\nexit 0\n",
				"go":      "#!/bin/sh\nexit 1\n",
				"make":    "#!/bin/sh\nexit 1\n",
			} {
				if err := os.WriteFile(filepath.Join(path, command), []byte(script), 0o700); err != nil { //nolint:gosec // Commands are executable.
					t.Fatal(err)
				}
			}

			cmd := exec.CommandContext(t.Context(), check.File(t, ".ci", "run"), tc.args...)
			cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))

			output, err := cmd.CombinedOutput()
			if !errors.As(err, new(*exec.ExitError)) {
				t.Fatalf("%s: .ci/run ends with %v, want an exit code other than 0\n%s", tc.reason, err, output)
			}

			var got []string
			for _, row := range regexp.MustCompile(`(?m)^(\S+) +\d+  (ok|FAILED)$`).FindAllSubmatch(output, -1) {
				got = append(got, string(row[1])+" "+string(row[2]))
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: steps: -want, +got:\n%s\n%s", tc.reason, diff, output)
			}
		})
	}
}
