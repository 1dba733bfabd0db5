// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence/sentencetest"
)

// TestTable has one sentence for every code, and one code for every sentence.
func TestTable(t *testing.T) {
	codes := map[sentence.Template]Code{}
	var all []string
	for code, w := range table {
		if other, ok := codes[w.sentence]; ok {
			t.Errorf("%s and %s have the same sentence: %q", code, other, w.sentence)
		}
		codes[w.sentence] = code
		all = append(all, string(code))
		if _, ok := headings[w.part]; ok != (w.part != "") {
			t.Errorf("%s: part %q has a heading: %t", code, w.part, ok)
		}
		if stop := strings.HasSuffix(string(w.sentence), "."); stop != (w.part == Review || w.part == Notes || code == AssignVault) {
			t.Errorf("%s: ends with a full stop: %t: %q", code, stop, w.sentence)
		}
	}
	slices.Sort(all)
	if diff := cmp.Diff(sentencetest.Declared(t), all); diff != "" {
		t.Errorf("-codes, +sentences:\n%s", diff)
	}
}

// TestCodesAreUsed finds every code outside of the table, with the parameters of its
// sentence.
func TestCodesAreUsed(t *testing.T) {
	used := map[Code]bool{}
	sentencetest.Used(t, func(path, name string, rest []ast.Expr) {
		code := Code(name)
		if _, ok := table[code]; !ok {
			return
		}
		used[code] = true
		got := sentencetest.Keys(t, rest)
		if code == StoreValues {
			got = slices.Sorted(maps.Keys((&vaultSecret{from: &corev1.Secret{}}).storeValues()))
		}
		want := slices.Sorted(slices.Values(table[code].sentence.Parameters()))
		if diff := cmp.Diff(slices.Compact(want), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: parameters of %s: -of the sentence, +given:\n%s", path, name, diff)
		}
	})
	for code := range table {
		if !used[code] {
			t.Errorf("%s: no finding has this code", code)
		}
	}
}

// TestCommandsAreQuoted proves that the parameters of each command are quoted for a shell: names in a manifest that no API server
// has validated can have any characters, and people paste these commands.
func TestCommandsAreQuoted(t *testing.T) {
	command, bare := regexp.MustCompile(`^(\(|[a-z][a-z-]*(\.sh)? )`), regexp.MustCompile(`\{[a-zA-Z]+(:q)?\}`)
	commands := 0
	for code, w := range table {
		if w.part != Steps {
			continue
		}
		for line := range strings.Lines(string(w.sentence)) {
			if !command.MatchString(line) {
				continue
			}
			commands++
			if p := bare.FindString(line); p != "" {
				t.Errorf("%s: %s must be {…:sh} in %q", code, p, line)
			}
		}
	}
	if commands < 4 {
		t.Errorf("want at least 4 commands, got %d", commands)
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
			if !slices.ContainsFunc(slices.Collect(maps.Values(table)), func(w words) bool { return strings.Contains(string(w.sentence), text) }) {
				t.Errorf("no sentence has %q", m[1])
			}
		}
	}
}

// TestNestedFinding renders a finding that is a parameter of another one.
func TestNestedFinding(t *testing.T) {
	got := newFinding(OtherVolume, With{"mounts": newFinding(MountedAt, With{"paths": []string{"/a", "/b"}})}).String()
	if diff := cmp.Diff("the volume, mounted at /a, /b, is not converted: volumes are not supported.", got); diff != "" {
		t.Errorf("String(): -want, +got:\n%s", diff)
	}
}
