// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

func pages(t *testing.T) map[string][]Block {
	t.Helper()

	out, err := Pages()
	check.Must(t, err)

	return out
}

// TestCommandsRun runs the commands of every page like a reader: in a copy of the repository, one
// after the other.
func TestCommandsRun(t *testing.T) {
	programs := programs(t)
	ran := 0

	for page, blocks := range pages(t) {
		if !slices.ContainsFunc(blocks, Block.Runs) {
			continue
		}

		ran++

		t.Run(page, func(t *testing.T) {
			r := reader(t.TempDir(), programs)
			r.Instead = []string{pageAddress, freeAddress(t)}

			check.Must(t, Clone(t.Context(), r.Dir))

			if err := r.Follow(t.Context(), blocks, Block.Runs); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		})
	}

	if ran == 0 {
		t.Error("no page has commands to run")
	}
}

// TestCommandsFail checks that TestCommandsRun finds faults, also on a cluster.
func TestCommandsFail(t *testing.T) {
	r := reader(t.TempDir(), programs(t))

	for name, b := range map[string]Block{
		"Program":  {Text: "no-such-program"},
		"First":    {Text: "false\ntrue"},
		"Variable": {Text: "echo $NOT_SET"},
		"Pipe":     {Text: "false | true"},
		"Cluster":  {Text: "kubectl get pods"},
		"Output":   {Text: "echo Missing", Output: "Synced\n"},
		"Number":   {Text: "echo burst=100", Output: "burst=500\n"},
		"Part":     {Text: "echo web Synced now", Output: "web Synced\n"},
		"Empty":    {Text: "echo 'No resources found in shop namespace.'", Mark: Cluster},
		"Allowed":  {Text: "echo refused", Mark: Cluster, Detail: "refused"},
		"OneOf":    {Text: "(echo refused; false)\necho refused", Mark: Cluster, Detail: "refused"},
		"Words":    {Text: "echo 'not found'; false", Mark: Cluster, Detail: "no"},
		"Ended":    {Text: "echo no", Mark: Terminal, Detail: "ready"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := r.Follow(t.Context(), []Block{b}, func(Block) bool { return true }); err == nil {
				t.Errorf("%q did not fail", b.Text)
			}
		})
	}
}

// pageAddress is the listen address on pages. Here it may be in use.
const pageAddress = "127.0.0.1:9443"

func freeAddress(t *testing.T) string {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check.Must(t, err)

	defer l.Close() //nolint:errcheck // It only held the address.

	return l.Addr().String()
}

// reader returns a reader in a directory, with programs.
func reader(dir, programs string) Reader {
	return Reader{Dir: dir, Env: []string{"PATH=" + programs + string(filepath.ListSeparator) + os.Getenv("PATH")}}
}

// programs returns a directory with the programs that pages take for granted: helm, kustomize, and
// the commands of kubectl that need no cluster.
func programs(t *testing.T) string {
	t.Helper()

	dir := t.TempDir()

	for _, name := range []string{"helm", "kustomize"} {
		path := check.Tool(t, name)

		check.Must(t, os.Symlink(path, filepath.Join(dir, name)))
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

// TestCommandsAreKept checks commands that are not run: they are valid shell, and .ci/run runs those that are left to it.
func TestCommandsAreKept(t *testing.T) {
	gate := check.Read(t, ".ci", "run")

	for page, blocks := range pages(t) {
		for _, b := range blocks {
			for _, fault := range faults(t, gate, b) {
				t.Errorf("%s: line %d: %s", page, b.Line, fault)
			}
		}
	}
}

// TestFaults checks that TestCommandsAreKept finds faults.
func TestFaults(t *testing.T) {
	const gate = "step demo demo\n  make demo ONCE=1\nstep test make test\n" //nolint:dupword // The name and the command.

	for name, tc := range map[string]struct {
		reason string
		block  Block
		want   string
	}{
		"Syntax": {reason: "A quote is missing.", block: Block{Language: "sh", Mark: Azure, Text: "echo 'a\n"}, want: "unexpected EOF"},
		"Step":   {reason: "The step of .ci/run does not exist.", block: Block{Language: "sh", Mark: Gate, Detail: "demo, deploy", Text: "make demo\n"}, want: "step deploy"},
		"Target": {reason: "The step of .ci/run runs another command.", block: Block{Language: "sh", Mark: Gate, Detail: "demo", Text: "make show\n"}, want: "make show"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(faults(t, gate, tc.block), "\n")
			if !strings.Contains(got, tc.want) {
				t.Errorf("\n%s\nfaults(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

var makeTarget = regexp.MustCompile(`(?m)^make ([a-z0-9-]+)`)

// faults returns the faults of a block that are visible without running it.
func faults(t *testing.T, gate string, b Block) []string {
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
