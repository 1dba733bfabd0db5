// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package check has what tests of several packages need: errors of a setup, files of the repository, tools, and golden files.
package check

import (
	"context"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/package/tools"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them") //nolint:gochecknoglobals // The way of the flag package.

// stopMargin is the part of a test's deadline for stopping its processes.
const stopMargin = 10 * time.Second

// Context ends a little before the test's deadline, so that a hanging test still stops its processes.
func Context(t *testing.T) context.Context {
	t.Helper()

	deadline, ok := t.Deadline()
	if !ok {
		return t.Context()
	}

	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-stopMargin))
	t.Cleanup(cancel)

	return ctx
}

// Must ends a test for an error of its setup.
func Must(tb testing.TB, err error) {
	tb.Helper()

	if err != nil {
		tb.Fatal(err)
	}
}

// Close closes something when the test ends.
func Close(tb testing.TB, c io.Closer) {
	tb.Helper()

	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Errorf("Close(): %v", err)
		}
	})
}

// Tool returns the path of a pinned tool.
func Tool(tb testing.TB, name string) string {
	tb.Helper()

	path, err := tools.Path(tb.Context(), name)
	Must(tb, err)

	return path
}

// File returns the path of a file of the repository, and without elements that of the repository.
func File(tb testing.TB, elements ...string) string {
	tb.Helper()

	root, err := tools.Root()
	Must(tb, err)

	return filepath.Join(append([]string{root}, elements...)...)
}

// Read returns the text of a file of the repository.
func Read(tb testing.TB, elements ...string) string {
	tb.Helper()

	data, err := os.ReadFile(File(tb, elements...))
	Must(tb, err)

	return string(data)
}

// Updating reports whether golden files are written.
func Updating() bool { return *update }

// Golden compares a text with a file of the repository. With -update it writes the file.
func Golden(tb testing.TB, got string, elements ...string) {
	tb.Helper()

	if *update {
		path := File(tb, elements...)
		Must(tb, errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(got), 0o600)))

		return
	}

	if diff := cmp.Diff(strings.Split(Read(tb, elements...), "\n"), strings.Split(got, "\n")); diff != "" {
		tb.Errorf("%s: -want, +got:\n%s\nIf this is meant, run this test with -update, and review the change.", filepath.Join(elements...), diff)
	}
}

// Constants returns the values of the string constants in a Go file of the repository whose names begin with a prefix, sorted.
func Constants(tb testing.TB, file, prefix string) []string {
	tb.Helper()

	f, err := parser.ParseFile(token.NewFileSet(), File(tb, file), nil, 0)
	Must(tb, err)

	var values []string

	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) || len(spec.Values) != 1 {
			return true
		}

		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			value, err := strconv.Unquote(literal.Value)
			if err != nil {
				tb.Fatalf("cannot read %s: %v", spec.Names[0].Name, err)
			}

			values = append(values, value)
		}

		return true
	})

	slices.Sort(values)

	return values
}
