// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package repository

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

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

var (
	// twoWords matches two words, the second in lower case. Names have no blanks, or are capitalized, such as those of Azure's roles.
	twoWords = regexp.MustCompile(`[A-Za-z]+[,;:]? [a-z]+`)

	// threeWords matches three words in a row. Names, paths, patterns and types have fewer.
	threeWords = regexp.MustCompile(`(?:^|[ \n])(?:[A-Za-z]?[a-z]+[,;:]? ){2}[a-z]+`)
)

// TestSentencesAreInTables checks that code decides on values, and that only the table of a program has the sentences for people.
func TestSentencesAreInTables(t *testing.T) {
	cases := map[string]struct {
		reason string
		// tables are the files and directories that have sentences.
		tables []string
		prose  *regexp.Regexp
		// exempt are functions whose texts are for developers and operators: errors, logs, and the help of flags and metrics.
		exempt []string
	}{
		"fn": {
			reason: "Teams read the sentences of the function. The steering variables are a part of the documentation.",
			tables: []string{"internal/finding", "envmap/steering.go"}, prose: twoWords,
			exempt: []string{"Debug", "Info", "Description", "Errorf", "panic", "NewCounterVec"},
		},
		"provider": {
			reason: "Teams read the sentences of the provider.",
			tables: []string{"finding"}, prose: threeWords,
			exempt: []string{"Debug", "Info", "kong.Description", "prometheus.NewDesc", "errors.New", "fmt.Errorf", "call", "strings.Fields", "panic"},
		},
		"cmd/platform-application/internal/convert":    {reason: "A report has sentences.", tables: []string{"words.go"}, prose: threeWords},
		"cmd/platform-application/internal/acceptance": {reason: "A report has sentences.", tables: []string{"words.go"}, prose: threeWords, exempt: []string{"Errorf", "New"}},
		"cmd/platform-application/internal/doctor": {
			reason: "A report has sentences. The attempts are manifests in YAML.",
			tables: []string{"doctor.go", "azure/words.go", "cluster/words.go", "place/words.go", "cluster/attempts.go"}, prose: threeWords,
			exempt: []string{"Errorf", "New"},
		},
		"cmd/platform-application/internal/platform": {reason: "A report has sentences.", tables: []string{"words.go"}, prose: threeWords, exempt: []string{"Errorf", "New"}},
	}

	for room, tc := range cases {
		t.Run(room, func(t *testing.T) {
			files := sources(t, check.File(t, room), tc.tables)
			if len(files) == 0 {
				t.Errorf("there is no code in %s", room)
			}

			for name, f := range files {
				for _, text := range texts(f, tc.prose, tc.exempt) {
					t.Errorf("\n%s\n%s: move it to %s: %s", tc.reason, name, tc.tables[0], text)
				}
			}
		})
	}
}

// sources parses the Go files below a directory, without tests and without the excluded files and directories.
func sources(t *testing.T, dir string, excluded []string) map[string]*ast.File {
	t.Helper()

	out := map[string]*ast.File{}

	check.Must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path) // It is below.

		switch {
		case err != nil:
			return err
		case slices.Contains(excluded, name) && d.IsDir():
			return filepath.SkipDir
		case slices.Contains(excluded, name), filepath.Ext(path) != ".go", strings.HasSuffix(path, "_test.go"):
			return nil
		}

		out[name], err = parser.ParseFile(token.NewFileSet(), path, nil, 0)

		return err //nolint:wrapcheck // It names the file.
	}))

	return out
}

// texts returns the string literals of a file that are prose, except for the tags of fields, the operation that failed, the context
// that an error is wrapped with, and the arguments of exempt functions.
func texts(f *ast.File, prose *regexp.Regexp, exempt []string) []string {
	var out []string

	isOperation := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)

		return ok && slices.Contains([]string{"operation", "Operation", "Help"}, id.Name)
	}

	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			return n.Tag == nil
		case *ast.KeyValueExpr:
			return !isOperation(n.Key)
		case *ast.AssignStmt:
			return !isOperation(n.Lhs[0])
		case *ast.ValueSpec:
			return !isOperation(n.Names[0])
		case *ast.CallExpr:
			return !slices.ContainsFunc(callees(n), func(name string) bool { return slices.Contains(exempt, name) })
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && prose.MatchString(text) && !strings.HasSuffix(text, ": %w") {
				out = append(out, text)
			}
		}

		return true
	})

	return out
}

// callees returns the name of the called function, with and without that of its package.
func callees(c *ast.CallExpr) []string {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); ok {
			return []string{of.Name + "." + f.Sel.Name, f.Sel.Name}
		}

		return []string{f.Sel.Name}
	case *ast.Ident:
		return []string{f.Name}
	}

	return nil
}

// TestTexts checks that TestSentencesAreInTables finds sentences, and only these.
func TestTexts(t *testing.T) {
	const source = `package p

var a = "the value is damaged"
var b = fmt.Errorf("cannot get the Secret of it", err)
var c = f("two words")
var d = Error{Operation: "list all the secrets", Problem: "it is wrong"}
var e = g("cannot read the report: %w")
`

	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	check.Must(t, err)

	cases := map[string]struct {
		reason string
		prose  *regexp.Regexp
		exempt []string
		want   []string
	}{
		"Three":  {reason: "Errors and operations are no sentences.", prose: threeWords, exempt: []string{"fmt.Errorf"}, want: []string{"the value is damaged", "it is wrong"}},
		"Two":    {reason: "Two words can be a sentence.", prose: twoWords, exempt: []string{"Errorf"}, want: []string{"the value is damaged", "two words", "it is wrong"}},
		"Exempt": {reason: "Only the named functions are exempt.", prose: threeWords, exempt: []string{"errors.Errorf"}, want: []string{"the value is damaged", "cannot get the Secret of it", "it is wrong"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, texts(f, tc.prose, tc.exempt)); diff != "" {
				t.Errorf("\n%s\ntexts(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
