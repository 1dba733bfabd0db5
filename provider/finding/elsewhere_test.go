// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// prose matches three words in a row. Names, paths, patterns and types have fewer.
var prose = regexp.MustCompile(`(?:^| )(?:[A-Za-z]?[a-z]+[,;:]? ){2}[a-z]+`)

// exempt are functions whose texts never reach a status, a condition or an event: logs, help of
// flags and metrics, errors, operations of errors, and lists of words.
func exempt() []string {
	return []string{"Debug", "Info", "kong.Description", "prometheus.NewDesc", "errors.New", "fmt.Errorf", "call", "strings.Fields", "panic"}
}

// TestSentencesAreHere finds no sentence elsewhere in the provider.
func TestSentencesAreHere(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && d.Name() == "finding":
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}

		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err //nolint:wrapcheck // It names the file.
		}

		for _, text := range sentences(t, file) {
			t.Errorf("%s: a sentence that belongs into package finding: %s", path, text)
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sentences returns the texts of a file that are not exempt.
func sentences(t *testing.T, file *ast.File) []string {
	t.Helper()

	var out []string

	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			return n.Tag == nil // This is the help of a flag.
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			return !ok || key.Name != "Operation" && key.Name != "Help"
		case *ast.AssignStmt:
			to, ok := n.Lhs[0].(*ast.Ident)
			return !ok || to.Name != "operation"
		case *ast.ValueSpec:
			return n.Names[0].Name != "operation"
		case *ast.CallExpr:
			function, method := callee(n)
			return !slices.Contains(exempt(), function) && !slices.Contains(exempt(), method)
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				return true
			}

			text, err := strconv.Unquote(n.Value)
			if err != nil {
				t.Fatal(err)
			}

			if prose.MatchString(text) {
				out = append(out, text)
			}
		}

		return true
	})

	return out
}

// callee returns the called function with and without its package.
func callee(c *ast.CallExpr) (function, method string) {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); ok {
			function = of.Name + "." + f.Sel.Name
		}

		return function, f.Sel.Name
	case *ast.Ident:
		return f.Name, f.Name
	default:
		return "", ""
	}
}

func TestFindsSentences(t *testing.T) {
	const source = `package p

var a = "the value is damaged"
var b = fmt.Errorf("cannot get the Secret: %w", err)
var c = f("two words")
var d = Error{Operation: "list all the secrets", Problem: "it is wrong"}
`

	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}

	if got := sentences(t, file); !slices.Equal(got, []string{"the value is damaged", "it is wrong"}) {
		t.Errorf("\nSentences are found, and errors are not.\nsentences(...): got %q", got)
	}
}
