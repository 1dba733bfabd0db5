// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package migrate

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	page     = "docs/how-to/migrate.md"
	examples = "../../examples/migrate"
)

// TestDocs runs every command of the page that does not need a real Azure, and compares its output with the page. Other commands
// have a mark.
func TestDocs(t *testing.T) { //nolint:gocognit // A flat list of checks for each kind of block.
	t.Parallel()

	w := newWorld(t)
	for _, name := range []string{"prod-database", "prod-api-key", "prod-payment"} {
		w.put(t, from, name, azure.Secret{})
	}

	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(w.bin, "platform-application"), "../../cmd/platform-application").CombinedOutput()
	if err != nil {
		t.Fatalf("cannot build the converter: %v\n%s", err, out)
	}

	var (
		stdout, stderr string
		shown          bool
		ran            int
	)

	blocks, err := docs.Parse(check.Read(t, page))
	check.Must(t, err)

	for _, b := range blocks {
		switch b.Language {
		case "sh":
			stdout, stderr, shown = "", "", false

			if !strings.HasPrefix(b.Text, "# Needs ") {
				stdout, stderr = w.runBlock(t, b.Text)
				ran++
			}

			if strings.HasPrefix(stdout, "apiVersion:") && !slices.Contains(files(t), stdout) {
				t.Errorf("want what is printed to be a file of %s:\n%s", examples, stdout)
			}
		case "yaml":
			if !slices.Contains(files(t), b.Text) {
				t.Errorf("want the block to be a file of %s:\n%s", examples, b.Text)
			}

			// The rest belongs to later steps.
			if stdout != "" && !shown {
				compare(t, "the manifest", b.Text, stdout)
			}

			shown = true
		case "text":
			if strings.HasPrefix(stdout, "apiVersion:") {
				compare(t, "the report", b.Text, stderr)
			} else {
				compare(t, "the output", b.Text, stdout)
			}
		default:
			t.Errorf("want a block of sh, yaml or text, got %q:\n%s", b.Language, b.Text)
		}
	}

	if ran != 5 {
		t.Errorf("want 5 blocks of commands to run, got %d", ran)
	}
}

// runBlock runs a block of the page in the directory of the examples.
func (w *world) runBlock(t *testing.T, commands string) (stdout, stderr string) {
	t.Helper()

	var o, e bytes.Buffer

	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	cmd.Dir, cmd.Env = examples, w.command(t.Context()).Env
	cmd.Stdout, cmd.Stderr = &o, &e

	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s", commands, err, &e)
	}

	w.expectNoValue(t, "the output", o.String()+e.String())

	return o.String(), e.String()
}

func compare(t *testing.T, what, want, got string) {
	t.Helper()

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want %s that the page shows: -want, +got:\n%s", what, diff)
	}
}

// files returns the contents of all manifests of the examples.
func files(t *testing.T) []string {
	t.Helper()

	var list []string

	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		names, err := filepath.Glob(filepath.Join(examples, pattern))
		check.Must(t, err)

		for _, name := range names {
			data, err := os.ReadFile(name)
			check.Must(t, err)

			list = append(list, string(data))
		}
	}

	return list
}
