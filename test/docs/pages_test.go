// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// roleWords is the maximum number of words on the pages of all roles together: most visits are to these pages, so they
// stay short.
const roleWords = 8500

// TestRolePages checks that the pages of the roles stay short.
func TestRolePages(t *testing.T) {
	pages := []string{
		"docs/application-team.md",
		"docs/evaluate.md",
		"docs/platform-team/install.md",
		"docs/platform-team/run.md",
		"docs/platform-team/upgrade.md",
	}

	total := 0

	for _, page := range pages {
		n := len(strings.Fields(check.Read(t, page)))
		total += n

		t.Logf("%5d words: %s", n, page)
	}

	if total > roleWords {
		t.Errorf("the pages of the roles have %d words, want at most %d: move details to the reference", total, roleWords)
	}

	found, err := filepath.Glob(check.File(t, "docs", "platform-team", "*.md"))
	check.Must(t, err)

	if want := len(pages) - 2; len(found) != want {
		t.Errorf("docs/platform-team has %d pages, want the %d that are counted", len(found), want)
	}
}

// TestMap checks that docs/README.md and the readme link every page.
func TestMap(t *testing.T) {
	reached := map[string]bool{}
	next := []string{"docs/README.md", "README.md", ".github/CONTRIBUTING.md"}

	for len(next) > 0 {
		page := next[0]
		next = next[1:]

		if reached[page] {
			continue
		}

		reached[page] = true

		for _, f := range references(check.Read(t, page)).files {
			to := filepath.Join(filepath.Dir(page), f[2])
			if _, err := os.Stat(check.File(t, to)); err == nil && filepath.Ext(to) == ".md" {
				next = append(next, to)
			}
		}
	}

	var lost []string

	for page := range pages(t) {
		if !reached[page] {
			lost = append(lost, page)
		}
	}

	slices.Sort(lost)

	if diff := cmp.Diff([]string(nil), lost); diff != "" {
		t.Errorf("pages that no link leads to: -want, +got:\n%s", diff)
	}
}

// TestPictures checks that every picture is on a page, with alternative text.
func TestPictures(t *testing.T) {
	files, err := filepath.Glob(check.File(t, "docs", "pictures", "*"))
	check.Must(t, err)

	var shown []string

	for page := range pages(t) {
		for _, i := range image.FindAllStringSubmatch(prose(check.Read(t, page)), -1) {
			shown = append(shown, check.File(t, filepath.Dir(page), i[2]))

			if strings.TrimSpace(i[1]) == "" {
				t.Errorf("%s: picture %s has no alternative text", page, i[2])
			}
		}
	}

	slices.Sort(shown)

	if diff := cmp.Diff(files, slices.Compact(shown)); diff != "" {
		t.Errorf("pictures: -in docs/pictures, +on pages:\n%s", diff)
	}
}

var figure = regexp.MustCompile(`\$\d+\.\d+|\d,\d{3}\b`)

// TestFiguresAreComputed compares costs and limits on the pages of the roles with the page of computed tables.
func TestFiguresAreComputed(t *testing.T) {
	computed := check.Read(t, "docs/operations/limits-and-cost.md")

	for page, want := range map[string]int{"docs/evaluate.md": 5, "docs/platform-team/run.md": 3} {
		found := figure.FindAllString(check.Read(t, page), -1)
		if len(found) < want {
			t.Errorf("%s: want at least %d figures, got %q", page, want, found)
		}

		for _, f := range found {
			if !strings.Contains(computed, f) {
				t.Errorf("%s: docs/operations/limits-and-cost.md does not have %s", page, f)
			}
		}
	}
}

// repeated is the number of words from which a sentence may be on one page only. Shorter ones, such as a step of a procedure, may
// recur.
const repeated = 10

// TestSaidOnce finds sentences that are on several pages, because each copy would have to be changed.
func TestSaidOnce(t *testing.T) {
	where := map[string][]string{}

	for page := range pages(t) {
		if written(page) {
			for _, s := range slices.Compact(slices.Sorted(slices.Values(sentences(check.Read(t, page))))) {
				where[s] = append(where[s], page)
			}
		}
	}

	for s, on := range where {
		if len(strings.Fields(s)) >= repeated && len(on) > 1 {
			slices.Sort(on)
			t.Errorf("on several pages, %s: %q", strings.Join(on, ", "), s)
		}
	}
}

// TestSubjects finds sentences whose subject is a clause, such as "Whoever asks waits": they are hard to read, in particular for
// non-native readers.
func TestSubjects(t *testing.T) {
	for page := range pages(t) {
		if !written(page) {
			continue
		}

		for _, s := range sentences(check.Read(t, page)) {
			if headless(s) {
				t.Errorf("%s: name the subject of %q", page, s)
			}
		}
	}
}

// TestHeadless checks that TestSubjects finds faults.
func TestHeadless(t *testing.T) {
	cases := map[string]struct {
		reason string
		page   string
		want   []string
	}{
		"Clause": {reason: "A clause as the subject is found across lines.", page: "All is well.\nWho waits for it\nis told. More.", want: []string{"Who waits for it is told."}},
		"Bold":   {reason: "A clause in bold is found.", page: "- **What is refused** stays refused", want: []string{"What is refused stays refused"}},
		"Link":   {reason: "The text of a link counts, its address does not.", page: "Whoever [has a role](a.md#b) may write it.", want: []string{"Whoever has a role may write it."}},
		"Cell":   {reason: "A clause in a cell of a table is found.", page: "| a | Whatever is left is kept |", want: []string{"Whatever is left is kept"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string

			for _, s := range sentences(tc.page) {
				if headless(s) {
					got = append(got, s)
				}
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nheadless sentences: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestCausesAreExplained checks that the runbook contains every cause that the provider reports, because an engineer on call searches the
// page for it. A part is sufficient, because causes have parameters. Causes about the format of a value contain their own remedy.
func TestCausesAreExplained(t *testing.T) {
	var known []string

	// The fence of a block would pair with a mark on another line.
	for line := range strings.SplitSeq(check.Read(t, "docs", "operations", "runbook.md"), "\n") {
		known = append(known, spans(line)...)
	}

	known = slices.DeleteFunc(known, func(s string) bool { return !strings.Contains(s, " ") })
	format := formatReasons(t)
	causes := 0

	for reason, cause := range reasonTexts(t) {
		// Sentences contain their own explanation and remedy. A cause begins with a lower-case letter or with the name of a service, and
		// has no full stop.
		said, service := strings.CutPrefix(cause, "{service} ")
		if format[reason] || !strings.Contains(said, " ") || strings.HasSuffix(said, ".") || !service && !startsSmall(said) {
			continue
		}

		causes++

		if !slices.ContainsFunc(known, func(s string) bool { return strings.Contains(plain(said), plain(s)) }) {
			t.Errorf("docs/operations/runbook.md does not explain %q", cause)
		}
	}

	if causes < 40 {
		t.Errorf("want at least 40 causes, got %d", causes)
	}
}

// reasonTexts returns the text of each reason in the provider's table.
func reasonTexts(t *testing.T) map[string]string {
	t.Helper()

	out := map[string]string{}

	ast.Inspect(parse(t, check.File(t, "provider", "finding", "sentences.go")), func(n ast.Node) bool {
		reason, value := keyed(n)
		texts, ok := value.(*ast.CompositeLit)

		if !ok {
			return true
		}

		for _, entry := range texts.Elts {
			if form, value := keyed(entry); form == "one" {
				out[reason], _ = literal(value)
			}
		}

		return true
	})

	return out
}

// keyed returns the name and the value of an entry whose key is a name.
func keyed(n ast.Node) (string, ast.Expr) {
	if entry, ok := n.(*ast.KeyValueExpr); ok {
		if key, ok := entry.Key.(*ast.Ident); ok {
			return key.Name, entry.Value
		}
	}

	return "", nil
}

// formatReasons returns the reasons of package payload.
func formatReasons(t *testing.T) map[string]bool {
	t.Helper()

	files, err := filepath.Glob(check.File(t, "provider", "payload", "*.go"))
	check.Must(t, err)

	out := map[string]bool{}

	for _, file := range files {
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "finding" {
					out[s.Sel.Name] = true
				}
			}

			return true
		})
	}

	return out
}

func startsSmall(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}

// written reports whether a page is written by hand: pages of the reference are generated, and release
// notes of a version never change.
func written(page string) bool {
	return !strings.HasPrefix(page, "docs/reference/") && page != "docs/operations/release-notes.md"
}

// generatedTable is a generated table of findings on a hand-written page.
const generatedTable = "| Code | Severity |"

var (
	image      = regexp.MustCompile(`!\[([^\]]*)\]\(([^)]*)\)`)
	remark     = regexp.MustCompile(`(?m)^ *<!--.*?-->$`)
	title      = regexp.MustCompile(`(?m)^#+ .*$`)
	headerRow  = regexp.MustCompile(`(?m)^ *\|.*\|\n *\|[-|: ]+\|$`)
	item       = regexp.MustCompile(`(?m)^ *(?:[-*]|\d+\.) +`)
	paragraphs = regexp.MustCompile(`\n\s*\n|\|`)
	titleLink  = regexp.MustCompile(`\[(?:Who|What)[^\]]*\]\([^)]*\)`)
	target     = regexp.MustCompile(`\]\([^)]*\)`)
	ending     = regexp.MustCompile(`([.!?:])\s+`)
	headlessRE = regexp.MustCompile(`^(?:Who|What)(?:ever)? (?:\S+ ){2,}\S+[^?]$`)
)

// sentences returns the sentences of the prose of a page, without marks.
func sentences(page string) []string {
	page, _, _ = strings.Cut(page, generatedTable)

	for _, gone := range []*regexp.Regexp{image, codeBlock, remark, title, headerRow, item} {
		page = gone.ReplaceAllString(page, "\n\n")
	}

	var out []string

	for _, p := range paragraphs.Split(page, -1) {
		p = titleLink.ReplaceAllString(p, "title")
		p = strings.NewReplacer("**", "", "[", "").Replace(target.ReplaceAllString(p, ""))
		p = strings.Join(strings.Fields(p), " ")

		for s := range strings.SplitSeq(ending.ReplaceAllString(p, "$1\n"), "\n") {
			if s != "" {
				out = append(out, s)
			}
		}
	}

	return out
}

// headless reports whether the subject of a sentence is a clause.
func headless(sentence string) bool { return headlessRE.MatchString(sentence) }
