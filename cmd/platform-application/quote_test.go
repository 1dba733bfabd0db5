// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

var parameter = regexp.MustCompile(`\{([a-zA-Z]+)\}`)

// TestFixesAreQuoted proves that a shell runs no parameter of any Fix. Names in a cluster and in Azure can come from an attacker,
// and people paste these commands.
func TestFixesAreQuoted(t *testing.T) { //nolint:gocognit // One question, asked of each line.
	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}

	// A shell without programs: it can only do what it has built in, such as creating a file.
	dir := t.TempDir()
	planted := filepath.Join(dir, "planted")
	texts := []string{"a;>" + planted + " #", "a';>" + planted + " #", `a";>` + planted + " #", "$(>" + planted + ")", "`>" + planted + "`"}
	ran := 0

	for code, words := range all {
		for _, text := range texts {
			with := map[string]string{}
			for _, m := range parameter.FindAllStringSubmatch(words.Problem+words.Impact+words.Fix, -1) {
				with[m[1]] = text
			}

			for line := range strings.Lines(all.Words(finding.Finding{Code: code, Object: text, With: with}).Fix) {
				if !command.MatchString(line) || !strings.Contains(line, "planted") {
					continue
				}

				ran++

				sh := exec.CommandContext(t.Context(), "/bin/sh", "-c", line) //nolint:gosec // The test is about these commands.
				sh.Dir, sh.Env = dir, []string{"PATH=" + dir}
				out, _ := sh.CombinedOutput() // There is no such program.

				if _, err := os.Stat(planted); err == nil {
					t.Errorf("%s: a parameter was run by %s%s", code, line, out)

					if err := os.Remove(planted); err != nil {
						t.Fatal(fmt.Errorf("cannot remove the file: %w", err))
					}
				}
			}
		}
	}

	if ran < 300 {
		t.Errorf("want at least 300 commands with parameters, got %d", ran)
	}
}
