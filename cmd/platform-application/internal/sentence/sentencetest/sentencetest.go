// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package sentencetest helps tests of packages that have their sentences in words.go.
package sentencetest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// table is the file of a package that has its sentences.
const table = "words.go"

// Declared returns the values of the table's constants of type Code. It fails the test unless each value is the constant's name.
func Declared(t *testing.T) []string {
	t.Helper()

	var out []string

	ast.Inspect(Sources(t)[table], func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}

		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Code" {
			out = append(out, Unquote(t, spec.Values[0]))
			if name := spec.Names[0].Name; name != out[len(out)-1] {
				t.Errorf("code %s has another value: %q", name, out[len(out)-1])
			}
		}

		return true
	})

	slices.Sort(out)

	return out
}

// Used calls a function for each use of a name outside of the table as an argument of a call, with the arguments after it.
func Used(t *testing.T, use func(path, name string, rest []ast.Expr)) {
	t.Helper()

	for path, f := range Sources(t) {
		if path == table {
			continue
		}

		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				for i, arg := range c.Args {
					if id, ok := arg.(*ast.Ident); ok {
						use(path, id.Name, c.Args[i+1:])
					}
				}
			}

			return true
		})
	}
}

// Rendered fails the test for each template of the table that is rendered with other parameters than it has.
func Rendered(t *testing.T) {
	t.Helper()

	all := templates(t)

	for path, f := range Sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || callee(c) != "Render" || len(c.Args) != 1 {
				return true
			}

			// Parameters of several templates are not a literal.
			with, isLiteral := c.Args[0].(*ast.CompositeLit)
			if template, ok := all[receiver(c)]; ok && isLiteral {
				want := slices.Compact(slices.Sorted(slices.Values(template.Parameters())))
				if got := Keys(t, []ast.Expr{with}); !slices.Equal(want, got) {
					t.Errorf("%s: %s has parameters %q and gets %q", path, receiver(c), want, got)
				}
			}

			return true
		})
	}
}

// templates returns the constants of the table by name.
func templates(t *testing.T) map[string]sentence.Template {
	t.Helper()

	out := map[string]sentence.Template{}

	ast.Inspect(Sources(t)[table], func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if text := Unquote(t, spec.Values[0]); text != "" {
				out[spec.Names[0].Name] = sentence.Template(text)
			}
		}

		return true
	})

	return out
}

// receiver returns the name that a method is called on, if it is a plain name.
func receiver(c *ast.CallExpr) string {
	if method, ok := c.Fun.(*ast.SelectorExpr); ok {
		if name, ok := method.X.(*ast.Ident); ok {
			return name.Name
		}
	}

	return ""
}

// Keys returns the sorted keys of all literals among the expressions that have strings as keys.
func Keys(t *testing.T, all []ast.Expr) []string {
	t.Helper()

	out := []string{}

	for _, e := range all {
		literal, ok := e.(*ast.CompositeLit)
		if !ok {
			continue
		}

		for _, element := range literal.Elts {
			if kv, ok := element.(*ast.KeyValueExpr); ok {
				out = append(out, Unquote(t, kv.Key))
			}
		}
	}

	slices.Sort(out)

	return out
}

// Sources parses the files of the package in the working directory, except for its tests.
func Sources(t *testing.T) map[string]*ast.File {
	t.Helper()

	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}

	out := map[string]*ast.File{}

	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}

		if out[path], err = parser.ParseFile(token.NewFileSet(), path, nil, 0); err != nil {
			t.Fatal(err)
		}
	}

	return out
}

// Unquote returns the string of a literal, or nothing for a literal of another kind.
func Unquote(t *testing.T, e ast.Expr) string {
	t.Helper()

	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}

	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}

	return s
}

// callee returns the last name of the called function.
func callee(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}

	return ""
}
