// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSentences checks that every reason has one sentence, and every sentence one reason.
func TestSentences(t *testing.T) {
	told := map[string]bool{}
	reasons := map[string]Reason{}
	for reason, sentence := range sentences {
		told[string(reason)] = true
		if other, ok := reasons[sentence]; ok {
			t.Errorf("%s and %s have the same sentence: %q", reason, other, sentence)
		}
		reasons[sentence] = reason
		if sentence == "" || strings.TrimSpace(sentence) != sentence {
			t.Errorf("%s: not a sentence: %q", reason, sentence)
		}
	}
	if diff := cmp.Diff(declared(t), told); diff != "" {
		t.Errorf("-reasons, +sentences:\n%s", diff)
	}
}

// declared returns the constants of type Reason.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, f := range parse(t, ".") {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) == 0 {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Reason" {
				value := unquote(t, spec.Values[0])
				if out[value] = true; value != spec.Names[0].Name {
					t.Errorf("reason %s has another value: %q", spec.Names[0].Name, value)
				}
			}

			return true
		})
	}

	return out
}

// TestReasonsAreUsed checks that the function uses every reason, with the parameters of its sentence.
func TestReasonsAreUsed(t *testing.T) {
	used := map[string]bool{}
	for path, f := range parse(t, filepath.Join("..", "..")) {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && isFinding(s) {
				used[s.Sel.Name] = true
			}
			if c, ok := n.(*ast.CallExpr); ok {
				checkParameters(t, path, c)
			}

			return true
		})
	}
	used[string(AndMore)] = true // By lists.
	for reason := range sentences {
		if !used[string(reason)] {
			t.Errorf("%s: no code uses this reason", reason)
		}
	}
}

// checkParameters checks a call such as finding.New(finding.VaultCreating, finding.With{"vault": v.name}).
func checkParameters(t *testing.T, path string, c *ast.CallExpr) {
	t.Helper()
	for i, arg := range c.Args {
		s, ok := arg.(*ast.SelectorExpr)
		if !ok || !isFinding(s) {
			continue
		}
		sentence, ok := sentences[Reason(s.Sel.Name)]
		if !ok {
			continue
		}
		want := map[string]bool{}
		for _, m := range parameter.FindAllStringSubmatch(sentence, -1) {
			want[m[1]] = true
		}
		got := map[string]bool{}
		literal := constructs(c) // Otherwise the reason is passed on.
		for _, arg := range c.Args[i+1:] {
			var with *ast.CompositeLit
			if with, literal = arg.(*ast.CompositeLit); !literal {
				break // Several findings share the parameters.
			}
			for _, e := range with.Elts {
				kv, _ := e.(*ast.KeyValueExpr)
				got[unquote(t, kv.Key)] = true
			}
		}
		if !literal {
			continue
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: parameters of %s: -of the sentence, +given:\n%s", path, s.Sel.Name, diff)
		}
	}
}

// constructs reports whether a call makes a finding from a reason and its parameters.
func constructs(c *ast.CallExpr) bool {
	return slices.Contains([]string{"New", "Say", "Err", "refuse", "invalid", "forbidden"}, callee(c))
}

func isFinding(s *ast.SelectorExpr) bool {
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == "finding"
}

// callee returns the last part of the name of the called function.
func callee(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}

	return ""
}

// parse returns the files of all packages below a directory, without tests and without this package.
func parse(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	out := map[string]*ast.File{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && dir != "." && d.Name() == "finding":
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		out[path] = f

		return err //nolint:wrapcheck // It names the file.
	})
	if err != nil {
		t.Fatal(err)
	}

	return out
}

func unquote(t *testing.T, e ast.Expr) string {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("want a string literal, got %T", e)
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}

	return s
}
