// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// TestTable has one sentence for every code, and one code for every sentence.
func TestTable(t *testing.T) {
	codes := map[string]Code{}
	for code, w := range table {
		if other, ok := codes[w.sentence]; ok {
			t.Errorf("%s and %s have the same sentence: %q", code, other, w.sentence)
		}
		codes[w.sentence] = code
		if full := w.part != ""; full != strings.HasSuffix(w.sentence, ".") && code != CopySecrets && code != StoreValues {
			t.Errorf("%s: want a full stop: %t, got %q", code, full, w.sentence)
		}
		if _, ok := headings[w.part]; !ok && w.part != "" {
			t.Errorf("%s: part %s has no heading", code, w.part)
		}
	}

	declared := map[string]bool{}
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Code" {
					value := unquote(t, spec.Values[0])
					if declared[value] = true; value != spec.Names[0].Name {
						t.Errorf("code %s has another value: %q", spec.Names[0].Name, value)
					}
				}
			}
			return true
		})
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(declared)), names(table)); diff != "" {
		t.Errorf("-codes, +sentences:\n%s", diff)
	}
}

func names(all map[Code]words) []string {
	var out []string
	for code := range all {
		out = append(out, string(code))
	}
	slices.Sort(out)
	return out
}

// TestCodesAreUsed finds every code outside of the table, with the parameters of its
// sentence.
func TestCodesAreUsed(t *testing.T) {
	used := map[string]bool{}
	for path, f := range sources(t) {
		if path == "words.go" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || len(c.Args) == 0 {
				return true
			}
			id, ok := c.Args[0].(*ast.Ident)
			if !ok || table[Code(id.Name)].sentence == "" {
				return true
			}
			used[id.Name] = true

			got := []string{}
			for _, arg := range c.Args[1:] {
				if with, ok := arg.(*ast.CompositeLit); ok {
					for _, e := range with.Elts {
						got = append(got, unquote(t, e.(*ast.KeyValueExpr).Key))
					}
				}
				if _, ok := arg.(*ast.CallExpr); ok && Code(id.Name) == StoreValues {
					got = slices.Collect(maps.Keys((&vaultSecret{from: &corev1.Secret{}}).storeValues()))
				}
			}
			slices.Sort(got)

			want := map[string]bool{}
			for _, m := range parameter.FindAllStringSubmatch(table[Code(id.Name)].sentence, -1) {
				want[m[1]] = true
			}
			if diff := cmp.Diff(slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(want)))), got); diff != "" {
				t.Errorf("%s: parameters of %s: -of the sentence, +given:\n%s", path, id.Name, diff)
			}
			return true
		})
	}
	for code := range table {
		if !used[string(code)] {
			t.Errorf("%s: no finding has this code", code)
		}
	}
}

// prose has three words in a row.
var prose = regexp.MustCompile(`(?:^|[ \n])(?:[A-Za-z]?[a-z]+[,;:]? ){2}[a-z]+`)

// TestSentencesAreInTheTable finds no sentence outside of the table, except for the context
// that an error of a library is wrapped with.
func TestSentencesAreInTheTable(t *testing.T) {
	for path, f := range sources(t) {
		if path == "words.go" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				return n.Tag == nil
			case *ast.BasicLit:
				if n.Kind != token.STRING {
					return true
				}
				if s := unquote(t, n); prose.MatchString(s) && !strings.HasSuffix(s, ": %w") {
					t.Errorf("%s: move the sentence into words.go: %s", path, n.Value)
				}
			}
			return true
		})
	}
}

// TestReportOnPage finds every message that the page explains in the table.
func TestReportOnPage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "how-to", "migrate.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(data), "### What the report may say\n")
	section, _, _ = strings.Cut(section, "\n#")
	if !found {
		t.Fatal("want a section about the report")
	}

	rows := regexp.MustCompile("(?m)^\\| (`.*?`) \\|").FindAllStringSubmatch(section, -1)
	if len(rows) < 10 {
		t.Errorf("want at least 10 rows, got %d", len(rows))
	}
	for _, row := range rows {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			text := strings.TrimSuffix(m[1], "…")
			if !slices.ContainsFunc(slices.Collect(maps.Values(table)), func(w words) bool { return strings.Contains(w.sentence, text) }) {
				t.Errorf("no sentence has %q", m[1])
			}
		}
	}
}

func TestFindingString(t *testing.T) {
	cases := map[string]struct {
		reason string
		f      Finding
		want   string
	}{
		"Plain":    {reason: "A sentence may have no parameters.", f: newFinding(NoKeys), want: "the Secret has no keys."},
		"Number":   {reason: "A number is printed.", f: newFinding(TooManyKeys, With{"limit": 50}), want: "the Secret has more than 50 keys. Split it."},
		"Quoted":   {reason: "An invalid text is quoted.", f: newFinding(ProbePort, With{"port": "a\nb"}), want: `port "a\nb" is not a port of the container, so the probe is not converted.`},
		"List":     {reason: "A list is separated by commas.", f: newFinding(MountedAt, With{"paths": []string{"/a", "/b"}}), want: "mounted at /a, /b"},
		"Nested":   {reason: "A parameter may be a finding.", f: newFinding(OtherVolume, With{"mounts": newFinding(NotMounted)}), want: "the volume, mounted nowhere, is not converted: volumes are not supported."},
		"Injected": {reason: "A parameter is not read as a sentence.", f: newFinding(KeyEmpty, With{"key": "{key}"}), want: "key {key} is empty, so the application would wait for it. Give it a value, or remove it from keys."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.f.String()); diff != "" {
				t.Errorf("\n%s\nString(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// sources parses all files of the package except for its tests.
func sources(t *testing.T) map[string]*ast.File {
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

func unquote(t *testing.T, e ast.Expr) string {
	t.Helper()
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("want a string, got %T", e)
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
