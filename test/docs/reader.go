// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/p6m-dev/platform-application/package/tools"
)

const (
	// pageTimeout bounds all commands of a page.
	pageTimeout = 15 * time.Minute

	// endTimeout bounds the end of remaining processes after that.
	endTimeout = 10 * time.Second

	// typed is the reader's input at prompts.
	typed = "what-somebody-types\n"

	// nothing is kubectl's output if it finds none of the page's objects.
	nothing = "No resources found"
)

// prelude begins a script. Programs in separate terminals end as with Ctrl-C.
const prelude = `set -euo pipefail

terminals=()
trap 'for t in "${terminals[@]}"; do kill -INT -- "-$t" && wait "$t"; done || true' EXIT

# refused WORDS COMMAND: it has to fail, and to say so.
refused() {
  local said
  if said=$(eval "$2" 2>&1); then
    printf '%s\nthis has to fail: %s\n' "$said" "$2"
    return 1
  fi
  printf '%s\n' "$said"
  grep --quiet --word-regexp --fixed-strings -- "$1" <<<"$said" || { echo "it has to fail with: $1"; return 1; }
}

# ready WORDS LOG: the last terminal has said so.
ready() {
  local status=0
  until grep --quiet --fixed-strings -- "$1" "$2"; do
    kill -0 "${terminals[-1]}" || { status=1; break; }
    sleep 0.1
  done
  cat "$2"
  return "$status"
}
`

// A Reader follows pages.
type Reader struct {
	// Dir is the reader's copy of the repository.
	Dir string

	// Env has additional environment variables of the reader's shell.
	Env []string

	// Said receives the output of a page's commands. The output of a block is between its line and that of the next.
	Said *strings.Builder

	// Instead are pairs of texts: the reader types the second of each pair instead of the first,
	// such as another address.
	Instead []string
}

// Follow runs the chosen blocks of a page in order. Variables of one block exist in the next. No
// started process outlives it. It returns an error if a command does not do what the page shows.
func (r Reader) Follow(ctx context.Context, blocks []Block, chosen func(Block) bool) (err error) {
	temp, err := os.MkdirTemp("", "page-")
	if err != nil {
		return fmt.Errorf("cannot make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()

	script, err := r.script(temp, blocks, chosen)
	if err != nil {
		return err
	}

	said, err := r.execute(ctx, temp, script)
	if r.Said != nil {
		r.Said.WriteString(said)
	}

	if err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}

	for _, b := range blocks {
		if err := b.compare(section(said, b)); chosen(b) && err != nil {
			return fmt.Errorf("line %d: %w", b.Line, err)
		}
	}

	return nil
}

// script returns the script that runs the blocks, and writes the files that the reader writes.
func (r Reader) script(temp string, blocks []Block, chosen func(Block) bool) (string, error) {
	instead := strings.NewReplacer(r.Instead...)

	var out strings.Builder

	out.WriteString(prelude)

	for _, b := range blocks {
		b.Text = instead.Replace(b.Text)

		if b.Mark == File {
			path := filepath.Join(r.Dir, b.Detail)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(b.Text), 0o600)); err != nil {
				return "", fmt.Errorf("cannot write file of the page: %w", err)
			}
		}

		if !chosen(b) {
			continue
		}

		fmt.Fprintf(&out, "printf '\\n%s\\n'\n", begin(b))

		switch {
		case b.Mark == In:
			fmt.Fprintf(&out, "pushd %q >/dev/null\n%spopd >/dev/null\n", b.Detail, b.Text)
		case b.Mark == Terminal:
			log := filepath.Join(temp, fmt.Sprintf("line-%d.log", b.Line))
			fmt.Fprintf(&out, "set -m\n(\n%s) >%q 2>&1 </dev/null &\nset +m\nterminals+=($!)\nready %s %q\n", b.Text, log, quote(b.Detail), log)
		case b.Mark == Cluster && b.Detail != "":
			for _, command := range b.each() {
				fmt.Fprintf(&out, "refused %s %s\n", quote(b.Detail), quote(command))
			}
		default:
			out.WriteString(b.Text)
		}
	}

	return out.String(), nil
}

// quote quotes a text for the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// begin precedes the output of a block.
func begin(b Block) string { return fmt.Sprintf("==> line %d", b.Line) }

// section returns the part of a script's output that belongs to one block.
func section(said string, b Block) string {
	_, after, _ := strings.Cut(said, begin(b)+"\n")
	section, _, _ := strings.Cut(after, "\n==> line ")

	return section
}

// execute runs a script.
func (r Reader) execute(ctx context.Context, temp, script string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()

	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), r.Env...)
	cmd.Stdin = strings.NewReader(typed)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = endTimeout
	// The shell ends its terminals, which are in other process groups.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

	log, err := os.Create(filepath.Join(temp, "log"))
	if err != nil {
		return "", fmt.Errorf("cannot create log: %w", err)
	}

	cmd.Stdout, cmd.Stderr = log, log
	failure := cmd.Run()

	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // Usually no process is left.
	}

	if err := log.Close(); err != nil {
		return "", fmt.Errorf("cannot close log: %w", err)
	}

	said, err := os.ReadFile(log.Name())
	if err != nil {
		return "", fmt.Errorf("cannot read log: %w", err)
	}

	return string(said), failure
}

// compare compares the output of a block with the page.
func (b Block) compare(said string) error {
	if b.Mark == Cluster && strings.Contains(said, nothing) {
		return fmt.Errorf("a command finds nothing:\n%s", said)
	}

	if missing := lacks(said, b.Output); len(missing) > 0 {
		return fmt.Errorf("no command printed\n%s\nbut\n%s", strings.Join(missing, "\n"), said)
	}

	return nil
}

var (
	word     = regexp.MustCompile(`\d{4}-\d{2}-\d{2}T[\d:]+Z|\w+`)
	duration = regexp.MustCompile(`^(?:\d+[dhms]){1,2}$`)
	digit    = regexp.MustCompile(`\d`)
)

// chosenWord is the minimum length of a word with a digit that counts as generated or chosen.
const chosenWord = 5

// lacks returns lines on a page that are not in the output. Blanks and times may differ, and so may
// words of five letters or more that contain a digit, such as a version or a port.
func lacks(said, shown string) []string {
	var out []string

	for line := range strings.Lines(shown) {
		line = strings.TrimSpace(line)

		fields := strings.Fields(line)
		for i, f := range fields {
			fields[i] = pattern(f)
		}

		if !regexp.MustCompile(`(?m)^[ \t]*` + strings.Join(fields, `[ \t]+`) + `[ \t]*$`).MatchString(said) {
			out = append(out, line)
		}
	}

	return out
}

// pattern returns the pattern of a field of a line.
func pattern(field string) string {
	var out strings.Builder

	last := 0

	for _, w := range word.FindAllStringIndex(field, -1) {
		out.WriteString(regexp.QuoteMeta(field[last:w[0]]))

		switch text := field[w[0]:w[1]]; {
		case strings.ContainsAny(text, ":-"), duration.MatchString(text), len(text) >= chosenWord && digit.MatchString(text):
			out.WriteString(`[\w:-]+`)
		default:
			out.WriteString(text)
		}

		last = w[1]
	}

	return out.String() + regexp.QuoteMeta(field[last:])
}

// Pages returns the blocks of every page by its path.
func Pages() (map[string][]Block, error) {
	root, err := tools.Root()
	if err != nil {
		return nil, err
	}

	out := map[string][]Block{}

	add := func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("cannot read page: %w", err)
		}

		name, err := filepath.Rel(root, path)
		if err != nil {
			return fmt.Errorf("cannot name page: %w", err)
		}

		if out[name], err = Parse(string(data)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}

		return nil
	}

	err = filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			err = add(path)
		}

		return err
	})

	return out, errors.Join(err, add(filepath.Join(root, "README.md")))
}

// Clone copies all files of the repository that are not ignored, committed or not, into a
// directory.
func Clone(ctx context.Context, dir string) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}

	cmd := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root

	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("cannot list files: %w", err)
	}

	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // It was deleted, but not committed.
		}

		if err != nil {
			return fmt.Errorf("cannot read file: %w", err)
		}

		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, data, 0o700)); err != nil { //nolint:gosec // Some are programs.
			return fmt.Errorf("cannot copy file: %w", err)
		}
	}

	return nil
}
