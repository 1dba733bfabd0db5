// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package check has what tests of several packages need: files of the repository, and golden files.
package check

import (
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/package/tools"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them") //nolint:gochecknoglobals // The way of the flag package.

// File returns the path of a file of the repository, and without elements that of the repository.
func File(tb testing.TB, elements ...string) string {
	tb.Helper()

	root, err := tools.Root()
	if err != nil {
		tb.Fatal(err)
	}

	return filepath.Join(append([]string{root}, elements...)...)
}

// Read returns the text of a file of the repository.
func Read(tb testing.TB, elements ...string) string {
	tb.Helper()

	data, err := os.ReadFile(File(tb, elements...))
	if err != nil {
		tb.Fatal(err)
	}

	return string(data)
}

// Golden compares a text with a file of the repository. With -update it writes the file.
func Golden(tb testing.TB, got string, elements ...string) {
	tb.Helper()

	if *update {
		path := File(tb, elements...)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(got), 0o600)); err != nil {
			tb.Fatalf("cannot write golden file: %v", err)
		}

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
	if err != nil {
		tb.Fatal(err)
	}

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
