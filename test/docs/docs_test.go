// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/p6m-dev/platform-application/test/tools"
)

// pages returns the blocks of every page by its path.
func pages(t *testing.T) map[string][]Block {
	t.Helper()

	root := repository(t)
	out := map[string][]Block{}

	add := func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}

		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}

		if out[name], err = Parse(string(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	add(filepath.Join(root, "README.md"))

	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			add(path)
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return out
}

func repository(t *testing.T) string {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	return root
}

// TestCommandsRun runs the commands of every page, in a copy of the repository and one
// after the other, as a reader would.
func TestCommandsRun(t *testing.T) {
	programs := programs(t)
	ran := 0

	for page, blocks := range pages(t) {
		if !slices.ContainsFunc(blocks, Block.Runs) {
			continue
		}

		ran++

		t.Run(page, func(t *testing.T) {
			dir := clone(t)

			if out, err := execute(t, dir, programs, script(t, dir, blocks)); err != nil {
				t.Errorf("%s: %v\n%s", page, err, out)
			}
		})
	}

	if ran == 0 {
		t.Error("no page has commands to run")
	}
}

// TestCommandsFail makes sure that TestCommandsRun would notice.
func TestCommandsFail(t *testing.T) {
	programs := programs(t)

	for name, text := range map[string]string{
		"Program":  "no-such-program",
		"First":    "false\ntrue",
		"Variable": "echo $NOT_SET",
		"Pipe":     "false | true",
		"Cluster":  "kubectl get pods",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()

			if out, err := execute(t, dir, programs, script(t, dir, []Block{{Language: "sh", Text: text}})); err == nil {
				t.Errorf("%q did not fail:\n%s", text, out)
			}
		})
	}
}

// script that runs the blocks in their order. Variables of one are there in the next.
func script(t *testing.T, dir string, blocks []Block) string {
	t.Helper()

	var out strings.Builder

	out.WriteString("set -euo pipefail\n")

	for _, b := range blocks {
		switch {
		case b.Mark == File:
			path := filepath.Join(dir, b.Detail)
			if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}

			if err := os.WriteFile(path, []byte(b.Text), 0o600); err != nil {
				t.Fatal(err)
			}
		case b.Mark == In && b.Runs():
			fmt.Fprintf(&out, "pushd %q >/dev/null\n%spopd >/dev/null\n", b.Detail, b.Text)
		case b.Runs():
			fmt.Fprintf(&out, "# line %d\n%s", b.Line, b.Text)
		}
	}

	return out.String()
}

// pageAddress is where pages have a program listen. Here somebody else may.
const pageAddress = "127.0.0.1:9443"

// execute a script in a directory. Nothing it has started outlives it.
func execute(t *testing.T, dir, programs, script string) (string, error) {
	t.Helper()

	if strings.Contains(script, pageAddress) {
		free := freeAddress(t)
		script = strings.ReplaceAll(script, pageAddress, free)
		replaceIn(t, filepath.Join(dir, "_output"), pageAddress, free)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()

	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+programs+string(filepath.ListSeparator)+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 10 * time.Second

	group := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = group

	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}

	cmd.Stdout, cmd.Stderr = log, log
	failure := cmd.Run()

	if cmd.Process != nil {
		_ = group()
	}

	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	said, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}

	return string(said), failure
}

func freeAddress(t *testing.T) string {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer l.Close() //nolint:errcheck // It only held the address.

	return l.Addr().String()
}

// replaceIn the files of a directory.
func replaceIn(t *testing.T, dir, old, replacement string) {
	t.Helper()

	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), old, replacement)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// programs returns a directory with what pages take for granted: helm, kustomize, and
// as much of kubectl as needs no cluster.
func programs(t *testing.T) string {
	t.Helper()

	dir := t.TempDir()

	for _, name := range []string{"helm", "kustomize"} {
		path, err := tools.Path(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}

		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}

	const kubectl = `#!/usr/bin/env bash
if [[ $# = 2 && $1 = kustomize ]]; then
  exec kustomize build "$2"
fi
echo "kubectl $* needs a cluster: mark the block with cluster" >&2
exit 1
`
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte(kubectl), 0o700); err != nil { //nolint:gosec // A program.
		t.Fatal(err)
	}

	return dir
}

// clone copies all that is not ignored, committed or not.
func clone(t *testing.T) string {
	t.Helper()

	root, dir := repository(t), t.TempDir()

	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root

	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot list files: %v", err)
	}

	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // Deleted, and not committed.
		}

		if err != nil {
			t.Fatal(err)
		}

		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(path, data, 0o700); err != nil { //nolint:gosec // Some are programs.
			t.Fatal(err)
		}
	}

	return dir
}

// TestCommandsAreKept looks at commands that are not run: they are words of a shell,
// what they apply is there, and what is left to .ci/run is what it does.
func TestCommandsAreKept(t *testing.T) {
	root := repository(t)

	gate, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}

	for page, blocks := range pages(t) {
		for _, b := range blocks {
			for _, fault := range faults(t, root, string(gate), b) {
				t.Errorf("%s: line %d: %s", page, b.Line, fault)
			}
		}
	}
}

// TestFaults makes sure that TestCommandsAreKept would notice.
func TestFaults(t *testing.T) {
	const gate = "step demo demo\n  make demo ONCE=1\nstep test make test\n" //nolint:dupword // The name and the command.

	for name, tc := range map[string]struct {
		reason string
		block  Block
		want   string
	}{
		"Syntax": {reason: "A quote is missing.", block: Block{Language: "sh", Mark: Azure, Text: "echo 'a\n"}, want: "unexpected EOF"},
		"File":   {reason: "It was moved.", block: Block{Language: "sh", Mark: Cluster, Text: "kubectl apply -f no/such.yaml\n"}, want: "no/such.yaml"},
		"Step":   {reason: "There is no such step.", block: Block{Language: "sh", Mark: Gate, Detail: "demo, deploy", Text: "make demo\n"}, want: "step deploy"},
		"Target": {reason: "The gate does something else.", block: Block{Language: "sh", Mark: Gate, Detail: "demo", Text: "make show\n"}, want: "make show"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(faults(t, t.TempDir(), gate, tc.block), "\n")
			if !strings.Contains(got, tc.want) {
				t.Errorf("\n%s\nfaults(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

var makeTarget = regexp.MustCompile(`(?m)^make ([a-z0-9-]+)`)

// faults of a block that can be seen without running it.
func faults(t *testing.T, root, gate string, b Block) []string {
	t.Helper()

	if !b.Commands() {
		return nil
	}

	var out []string

	cmd := exec.CommandContext(t.Context(), "bash", "-n")
	cmd.Stdin = strings.NewReader(b.Text)

	// An unfinished here-document is only a warning.
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		out = append(out, string(said))
	}

	for _, path := range b.Files() {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			out = append(out, "there is no "+path)
		}
	}

	if b.Mark != Gate {
		return out
	}

	for _, s := range b.Steps() {
		if !strings.Contains(gate, "\nstep "+s+" ") && !strings.HasPrefix(gate, "step "+s+" ") {
			out = append(out, ".ci/run has no step "+s)
		}
	}

	for _, target := range makeTarget.FindAllStringSubmatch(b.Text, -1) {
		if !strings.Contains(gate, "make "+target[1]) {
			out = append(out, ".ci/run does not have make "+target[1])
		}
	}

	return out
}
