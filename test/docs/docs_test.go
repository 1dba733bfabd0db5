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

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/package/tools"
)

func pages(t *testing.T) map[string][]Block {
	t.Helper()

	out, err := Pages()
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
			r := reader(t.TempDir(), programs)
			r.Instead = []string{pageAddress, freeAddress(t)}

			if err := Clone(t.Context(), r.Dir); err != nil {
				t.Fatal(err)
			}

			if err := r.Follow(t.Context(), blocks, Block.Runs); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		})
	}

	if ran == 0 {
		t.Error("no page has commands to run")
	}
}

// TestCommandsFail makes sure that TestCommandsRun would notice, and the same on a cluster.
func TestCommandsFail(t *testing.T) {
	r := reader(t.TempDir(), programs(t))

	for name, b := range map[string]Block{
		"Program":  {Text: "no-such-program"},
		"First":    {Text: "false\ntrue"},
		"Variable": {Text: "echo $NOT_SET"},
		"Pipe":     {Text: "false | true"},
		"Cluster":  {Text: "kubectl get pods"},
		"Output":   {Text: "echo Missing", Output: "Synced\n"},
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

// TestFollow has commands that do what their page says.
func TestFollow(t *testing.T) {
	r := Reader{Dir: t.TempDir(), Env: []string{"GREETING=hello"}, Instead: []string{"port 80", "port 8080"}}
	file := filepath.Join(r.Dir, "ended")

	cases := map[string]struct {
		reason string
		blocks []Block
	}{
		"Session": {
			reason: "Variables of one block are there in the next, and so is the environment.",
			blocks: []Block{{Line: 1, Text: "NAME=you\n"}, {Line: 2, Text: "echo $GREETING $NAME\n", Output: "hello you\n"}},
		},
		"File": {
			reason: "What the page has the reader write is there, with what is different here.",
			blocks: []Block{{Mark: File, Detail: "a/b", Text: "port 80\n"}, {Text: "cat a/b\n", Output: "port 8080\n"}},
		},
		"In": {
			reason: "Commands of a directory leave it again.",
			blocks: []Block{{Mark: File, Detail: "c/d", Text: "text\n"}, {Mark: In, Detail: "c", Text: "cat d\n"}, {Text: "cat c/d\n"}},
		},
		"Refused": {
			reason: "Each command fails with the words.",
			blocks: []Block{{Mark: Cluster, Detail: "no", Text: "# Both\n(echo no; false)\n(echo \\\n  'no!'; false)\n"}},
		},
		"Typed": {
			reason: "Somebody types what is asked for.",
			blocks: []Block{{Text: "read -rs SECRET\ntest -n \"$SECRET\"\n"}},
		},
		"Terminal": {
			reason: "A program in a terminal of its own runs until the page ends, and ends as with Ctrl-C.",
			blocks: []Block{
				{Line: 1, Mark: Terminal, Detail: "it is ready", Text: "trap 'touch ended; exit' INT; echo it is ready; while true; do sleep 0.1; done\n", Output: "it is ready\n"},
				{Line: 2, Text: "test ! -e ended\n"},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			all := func(b Block) bool { return b.Mark != File }
			if err := r.Follow(t.Context(), tc.blocks, all); err != nil {
				t.Errorf("\n%s\nFollow(...): %v", tc.reason, err)
			}
		})
	}

	if _, err := os.Stat(file); err != nil {
		t.Errorf("the program in the terminal did not end by itself: %v", err)
	}
}

func TestLacks(t *testing.T) {
	cases := map[string]struct {
		reason      string
		said, shown string
		want        []string
	}{
		"Same":    {reason: "Spaces may be others, and there may be more.", said: "A   B\nC\n", shown: "A B\n"},
		"Varies":  {reason: "Times and versions are others.", said: "4m10s version 0f1c52ea at 2026-11-25T01:56:11Z\n", shown: "3s version bb17ef21 at 2026-11-26T01:56:11Z\n"},
		"Ports":   {reason: "And so are ports.", said: "https://127.0.0.1:4480/\nhttps://127.0.0.1:40123/\n", shown: "https://127.0.0.1:37005/\n"},
		"Words":   {reason: "A word is what it is.", said: "web Missing\n", shown: "web Synced\n", want: []string{"web Synced"}},
		"Numbers": {reason: "And so is a number.", said: "0/1 v0.1.0 burst=100\n", shown: "0/1 v0.1.0 burst=500\n", want: []string{"0/1 v0.1.0 burst=500"}},
		"Part":    {reason: "A line is all of a line.", said: "web Synced now\n", shown: "web Synced\n", want: []string{"web Synced"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Lacks(tc.said, tc.shown)); diff != "" {
				t.Errorf("\n%s\nLacks(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// pageAddress is where pages have a program listen. Here somebody else may.
const pageAddress = "127.0.0.1:9443"

func freeAddress(t *testing.T) string {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer l.Close() //nolint:errcheck // It only held the address.

	return l.Addr().String()
}

// reader in a directory, with programs.
func reader(dir, programs string) Reader {
	return Reader{Dir: dir, Env: []string{"PATH=" + programs + string(filepath.ListSeparator) + os.Getenv("PATH")}}
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

// TestCommandsAreKept looks at commands that are not run: they are words of a shell,
// what they apply is there, and what is left to .ci/run is what it does.
func TestCommandsAreKept(t *testing.T) {
	root := repository(t)

	gate, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}

	for page, blocks := range pages(t) {
		copies := copies(blocks)

		for _, b := range blocks {
			for _, fault := range faults(t, root, string(gate), copies, b) {
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
		"Copy":   {reason: "What it is a copy of was moved.", block: Block{Language: "sh", Mark: Cluster, Text: "kubectl apply -f own\n"}, want: "no/example"},
		"Step":   {reason: "There is no such step.", block: Block{Language: "sh", Mark: Gate, Detail: "demo, deploy", Text: "make demo\n"}, want: "step deploy"},
		"Target": {reason: "The gate does something else.", block: Block{Language: "sh", Mark: Gate, Detail: "demo", Text: "make show\n"}, want: "make show"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(faults(t, t.TempDir(), gate, map[string]string{"own": "no/example"}, tc.block), "\n")
			if !strings.Contains(got, tc.want) {
				t.Errorf("\n%s\nfaults(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

var copyCommand = regexp.MustCompile(`(?m)^cp -r (\S+) (\S+)$`)

// copies that the reader has made, and what of.
func copies(blocks []Block) map[string]string {
	out := map[string]string{}

	for _, b := range blocks {
		for _, c := range copyCommand.FindAllStringSubmatch(b.Text, -1) {
			out[c[2]] = c[1]
		}
	}

	return out
}

var makeTarget = regexp.MustCompile(`(?m)^make ([a-z0-9-]+)`)

// faults of a block that can be seen without running it.
func faults(t *testing.T, root, gate string, copies map[string]string, b Block) []string {
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
		if of, ok := copies[path]; ok {
			path = of
		}

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
