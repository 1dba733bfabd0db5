// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestConvertCommand(t *testing.T) {
	const deployment = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[{"name":"web","image":"i"}]}}}}`
	file := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(file, []byte(deployment), 0o600); err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason  string
		command convertCommand
		stdin   string
		exit    int
	}{
		"File":   {reason: "A file is read.", command: convertCommand{Files: []string{file}}},
		"Stdin":  {reason: "Standard input is the default.", stdin: deployment},
		"Hyphen": {reason: "A hyphen is standard input, also among files.", command: convertCommand{Files: []string{file, "-"}}, stdin: "# nothing"},
		"Person": {reason: "Findings to review have their own exit status.", stdin: strings.Replace(deployment, `"image"`, `"lifecycle":{"preStop":{}},"image"`, 1), exit: 3},
		"Broken": {reason: "Invalid YAML is an error.", stdin: "a: [", exit: 1},
		"NoFile": {reason: "A missing file is an error.", command: convertCommand{Files: []string{file + "x"}}, exit: 1},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := tc.command.run(strings.NewReader(tc.stdin), &stdout, &stderr)
			if got := exitStatus(err); got != tc.exit {
				t.Fatalf("\n%s\nrun(...): want exit status %d, got %d: %v", tc.reason, tc.exit, got, err)
			}
			if want := tc.exit != 1; want != strings.HasPrefix(stdout.String(), "apiVersion: meta.p6m.dev/v1alpha1\n") {
				t.Errorf("\n%s\nrun(...): want a manifest: %t, got:\n%s", tc.reason, want, &stdout)
			}
			if strings.Contains(stdout.String(), "Good to know") {
				t.Errorf("\n%s\nrun(...): want the report on standard error", tc.reason)
			}
		})
	}
}

// exitStatus returns the exit status of the program, as kong does.
func exitStatus(err error) int {
	var coder kong.ExitCoder
	switch {
	case err == nil:
		return 0
	case errors.As(err, &coder):
		return coder.ExitCode()
	}

	return 1
}
