// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package tools

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseModule(t *testing.T) {
	t.Parallel()

	type want struct {
		program, version string
		err              bool
	}

	cases := map[string]struct {
		reason string
		gomod  string
		module string
		want   want
	}{
		"OneLine": {
			reason: "A module with one dependency requires it on one line.",
			gomod:  "module m\n\ngo 1.26.0\n\nrequire example.org/tool v1.2.3\n\ntool example.org/tool/cmd/tool\n",
			module: "example.org/tool",
			want:   want{program: "example.org/tool/cmd/tool", version: "v1.2.3"},
		},
		"Block": {
			reason: "In a block, only the exact path of the module counts, not one below it.",
			gomod:  "tool example.org/tool/v2\n\nrequire (\n\texample.org/tool/v2/apis v1.0.0\n\texample.org/tool/v2 v2.1.0 // indirect\n)\n",
			module: "example.org/tool/v2",
			want:   want{program: "example.org/tool/v2", version: "v2.1.0"},
		},
		"Replaced": {
			reason: "A replacement is not a requirement.",
			gomod:  "tool example.org/tool\n\nreplace example.org/tool => example.org/fork v1.0.0\n",
			module: "example.org/tool",
			want:   want{err: true},
		},
		"Missing": {
			reason: "A wrapper that does not require its tool is an error.",
			gomod:  "module m\n\ntool example.org/tool\n",
			module: "example.org/tool",
			want:   want{err: true},
		},
		"NoTool": {
			reason: "A wrapper without a program cannot be built.",
			gomod:  "module m\n\nrequire example.org/tool v1.2.3\n",
			module: "example.org/tool",
			want:   want{err: true},
		},
		"TwoTools": {
			reason: "The versions for one tool may not work for another, so each has its own module.",
			gomod:  "tool example.org/tool/a\n\ntool example.org/tool/b\n\nrequire example.org/tool v1.2.3\n",
			module: "example.org/tool",
			want:   want{err: true},
		},
		"Syntax": {
			reason: "The file is not a go.mod.",
			gomod:  "require (\n",
			module: "example.org/tool",
			want:   want{err: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			program, version, err := parseModule([]byte(tc.gomod), tc.module)
			got := want{program: program, version: version, err: err != nil}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nparseModule(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReports(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		output string
		want   bool
	}{
		"Sentence":   {reason: "A version within a sentence is found.", output: "Client Version: v2.5.0\n", want: true},
		"WithoutV":   {reason: "A version without the v is found.", output: "2.5.0\n", want: true},
		"Longer":     {reason: "A version that begins like the pinned one is another one.", output: "v2.5.01\n", want: false},
		"Suffix":     {reason: "A version that ends like the pinned one is another one.", output: "v12.5.0\n", want: false},
		"Prerelease": {reason: "A release candidate is not the release.", output: "v2.5.0-rc.1\n", want: false},
		"Fork":       {reason: "A build with additions is not the release.", output: "v2.5.0+mine\n", want: false},
		"Nothing":    {reason: "A tool without output is not trusted.", output: "", want: false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, hasVersion([]byte(tc.output), "v2.5.0")); diff != "" {
				t.Errorf("\n%s\nreports(%q): -want, +got:\n%s", tc.reason, tc.output, diff)
			}
		})
	}
}

func TestLinkerFlags(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		tool   Tool
		want   string
	}{
		"NoVariables": {
			reason: "A tool that knows its own version needs no linker flags.",
			want:   "-s -w",
		},
		"Expanded": {
			reason: "Parts of the version can be set one by one, as Kubernetes requires.",
			tool:   Tool{Variables: []string{"a.version=${version}", "a.major=${major}", "a.minor=${minor}"}},
			want:   "-s -w -X a.version=v1.36.3 -X a.major=1 -X a.minor=36",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, linkerFlags(tc.tool, "v1.36.3")); diff != "" {
				t.Errorf("\n%s\nlinkerFlags(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTable compares the table with the wrapper modules.
func TestTable(t *testing.T) {
	t.Parallel()

	for _, tool := range All() {
		t.Run(tool.Name, func(t *testing.T) {
			t.Parallel()

			if _, err := readPin(tool.Name, tool); err != nil {
				t.Errorf("readPin(...): %v", err)
			}
		})
	}
}

func TestReadPinHash(t *testing.T) {
	t.Parallel()

	tool := Tool{Name: "tool", Module: "example.org/tool"}
	wrapper := func(sum string) string {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "go.mod"), "tool example.org/tool\n\nrequire example.org/tool v1.0.0\n", 0o600)
		writeFile(t, filepath.Join(dir, "go.sum"), sum, 0o600)

		return dir
	}
	key := func(dir string, tool Tool) string {
		p, err := readPin(dir, tool)
		if err != nil {
			t.Fatalf("readPin(...): %v", err)
		}

		return p.key(tool.Name)
	}

	dir := wrapper("one")
	before := key(dir, tool)

	if again := key(dir, tool); again != before {
		t.Errorf("key of the same wrapper: want %q, got %q", before, again)
	}

	if edited := key(wrapper("two"), tool); edited == before {
		t.Errorf("key after an edit of go.sum: want another than %q", before)
	}

	tool.Variables = []string{"main.version=${version}"}
	if edited := key(dir, tool); edited == before {
		t.Errorf("key after an edit of the table: want another than %q", before)
	}
}

func TestOnPath(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		script string
		want   bool
	}{
		"Pinned": {
			reason: "A program of the pinned version saves a build.",
			args:   []string{"--version"},
			script: "#!/bin/sh\necho tool v1.0.0\n",
			want:   true,
		},
		"Other": {
			reason: "Another version would make results depend on the machine.",
			args:   []string{"--version"},
			script: "#!/bin/sh\necho tool v1.0.1\n",
		},
		"Failing": {
			reason: "A program that fails is not trusted, whatever it prints.",
			args:   []string{"--version"},
			script: "#!/bin/sh\necho tool v1.0.0\nexit 1\n",
		},
		"CannotTell": {
			reason: "A tool that cannot report its version is never used from PATH.",
			script: "#!/bin/sh\necho tool v1.0.0\n",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "tool"), tc.script, 0o700)
			t.Setenv("PATH", dir)

			path, got := onPath(t.Context(), Tool{Name: "tool", VersionArgs: tc.args}, "v1.0.0")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nonPath(...): -want, +got:\n%s", tc.reason, diff)
			}

			if got && path != filepath.Join(dir, "tool") {
				t.Errorf("\n%s\nonPath(...): want the tool in %s, got %s", tc.reason, dir, path)
			}
		})
	}
}

func TestPathUnknown(t *testing.T) {
	t.Parallel()

	_, err := Path(t.Context(), "hammer")
	if err == nil || !strings.Contains(err.Error(), "gotestsum") {
		t.Errorf("Path(hammer): want an error that lists the tools, got %v", err)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "lock")
	waited := 0
	waiting := func() { waited++ }

	unlock, err := lock(t.Context(), path, waiting)
	if err != nil {
		t.Fatalf("lock(...): %v", err)
	}

	// The time is long enough for a second attempt.
	ended, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()

	if _, err := lock(ended, path, waiting); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("lock(...) while another holds it: want it to give up with its context, got %v", err)
	}

	unlock()

	unlock, err = lock(t.Context(), path, waiting)
	if err != nil {
		t.Fatalf("lock(...) after the other has let go: %v", err)
	}

	unlock()

	if diff := cmp.Diff(1, waited); diff != "" {
		t.Errorf("calls of waiting by three locks, one of which waits: -want, +got:\n%s", diff)
	}
}

func TestBuildUnwritableCache(t *testing.T) {
	t.Parallel()

	// Not even root can create a directory below a file.
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "", 0o600)

	err := build(t.Context(), Tool{Name: "tool"}, pin{}, filepath.Join(file, "key", "tool"), io.Discard)
	if err == nil || !strings.HasSuffix(err.Error(), "; set PLATFORM_APPLICATION_TOOLS to a directory you can write to") {
		t.Errorf("build(...): want an error that says how to use another cache, got %v", err)
	}
}

func writeFile(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()

	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatalf("cannot write fixture: %v", err)
	}
}
