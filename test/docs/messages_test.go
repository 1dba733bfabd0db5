// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	stdcmp "cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestMessagesExist looks for each message that a page has a row for in what is said: a message that
// was changed would leave a reader without its row.
func TestMessagesExist(t *testing.T) {
	said := speechOf(slices.Concat(literals(t), azureProviders(t), kubernetes, azurerm, []string{unfolded(t, check.File(t, "package", "provider", "admission-policy.yaml"))}))

	for page, atLeast := range map[string]int{
		"docs/how-to/troubleshoot.md":        60,
		"docs/operations/runbook.md":         20,
		"docs/operations/events-and-logs.md": 4,
	} {
		messages := quoted(t, check.Read(t, page))

		// The tables may have got other headings, and then nothing would be looked at.
		if len(messages) < atLeast {
			t.Errorf("%s: want at least %d messages, got %d", page, atLeast, len(messages))
		}

		for _, m := range messages {
			if diff := cmp.Diff([]string(nil), said.lacks(m)); diff != "" {
				t.Errorf("%s: of message %q nobody says: -want, +got:\n%s", page, m, diff)
			}
		}
	}
}

// TestSpeech makes sure that TestMessagesExist would notice.
func TestSpeech(t *testing.T) {
	said := speechOf([]string{"vault %q is being created in Azure. This normally takes %s.", "No action is needed.", "%s operation that started at %s is still running", "Roles on {vault} are assigned to {principal:q}."})

	for name, tc := range map[string]struct {
		reason  string
		message string
		want    []string
	}{
		"Template": {reason: "What is different each time is no part of it.", message: `vault "<name>" is being created in Azure.`},
		"Parts":    {reason: "A message may have several sentences, from several places.", message: "vault <name> is being created in Azure. No action is needed."},
		"Value":    {reason: "A page may show a value.", message: "This normally takes <time>."},
		"Words":    {reason: "Also of some words.", message: "This normally takes two full minutes."},
		"Many":     {reason: "But not of any.", message: "This normally takes as long as you like it to.", want: []string{"This normally takes as long as you like it to"}},
		"Middle":   {reason: "Also before and after what is different.", message: "create operation that started at <time> is still running"},
		"Table":    {reason: "A table of sentences has parameters with names.", message: `Roles on <vault> are assigned to "<id>".`},
		"Changed":  {reason: "A word is another.", message: "vault <name> is being made in Azure. No action is needed.", want: []string{"is being made in Azure"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, said.lacks(tc.message)); diff != "" {
				t.Errorf("\n%s\nlacks(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// kubernetes says these, and what else a page quotes is said by us.
var kubernetes = []string{"Invalid value", "exceeded quota", "because it is being terminated", "denied the request", "is forbidden", "the object has been modified", "ValidatingAdmissionPolicy 'provider-keyvault-secretsync-secrets'"} //nolint:gochecknoglobals // A constant.

// azurerm v4.54.0 says these, the Terraform provider that provider-azure v2.6.0 is built around. It is no module of this repository.
var azurerm = []string{ //nolint:gochecknoglobals // A constant.
	"waiting for %s to become available",     // internal/services/keyvault/key_vault_resource.go, line 393
	"connecting to %q",                       // the same, line 826
	"retrieving `contact` for KeyVault: %+v", // the same, line 657
}

// azureProviders say what is in the modules that each of them is built with.
func azureProviders(t *testing.T) []string {
	t.Helper()

	var out []string

	for module, dirs := range map[string][]string{
		"github.com/crossplane/crossplane-runtime/v2": {"pkg/reconciler/managed"},
		"github.com/crossplane/upjet/v2":              {"pkg/controller", "pkg/terraform"},
	} {
		dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			t.Fatalf("cannot find module %s: %v", module, err)
		}

		for _, d := range dirs {
			out = append(out, literalsBelow(t, filepath.Join(strings.TrimSpace(string(dir)), d))...)
		}
	}

	return out
}

var (
	// between parts of a message, which may come from different places: what differs each time,
	// and the ends of sentences.
	between = regexp.MustCompile(`[.:;,]? *<[^<>]*> *|[.:;()] +|[.:;()]+$|^\(`)

	// sentences of a message, and its placeholders, for words that differ each time.
	sentenceEnd = regexp.MustCompile(`[.:;()] +|[.:;()]+$`)
	placeholder = regexp.MustCompile(`<[^<>]*>`)

	// verb of a format, or parameter of a sentence in a table.
	verb = regexp.MustCompile(`%[a-z]|\{[a-zA-Z]+(?::q)?\}`)

	// logged is a message that a page has the reader look for.
	logged = regexp.MustCompile("`([^`]+)` in the log")
	span   = regexp.MustCompile("``(.+?)``|`([^`]+)`")
)

// spans of code of a page. One that has a backtick in it is between two of them.
func spans(page string) []string {
	var out []string

	for _, s := range span.FindAllStringSubmatch(page, -1) {
		out = append(out, strings.TrimSpace(s[1]+s[2]))
	}

	return out
}

// parts of a message, or of the template of one. A single word, such as the path of a field, says too little.
func parts(message string) []string {
	var out []string

	for _, part := range between.Split(message, -1) {
		if part = strings.Trim(part, ` "'`); strings.Contains(part, " ") {
			out = append(out, part)
		}
	}

	return out
}

// A speech is all that can be said.
type speech struct {
	texts     []string
	templates []*regexp.Regexp
}

// speechOf texts. A verb in one may stand for some words, and at its end for none.
func speechOf(texts []string) speech {
	const words = `\S+(?: \S+){0,2}`

	out := speech{texts: texts}

	for _, text := range texts {
		for _, p := range parts(text) {
			if !verb.MatchString(p) || len(strings.Fields(verb.ReplaceAllString(p, ""))) < 2 {
				continue
			}

			var literal []string
			for _, l := range verb.Split(p, -1) {
				literal = append(literal, regexp.QuoteMeta(l))
			}

			pattern := strings.Join(literal, words)
			if start, ok := strings.CutSuffix(pattern, " "+words); ok {
				pattern = start + `(?: ` + words + `)?`
			}

			out.templates = append(out.templates, regexp.MustCompile(`^`+pattern+`$`))
		}
	}

	return out
}

// lacks parts of a message.
func (s speech) lacks(message string) []string {
	var out []string

	for _, sentence := range sentenceEnd.Split(message, -1) {
		if s.matches(placeholder.ReplaceAllString(sentence, "word")) {
			continue
		}

		for _, part := range parts(sentence) {
			if !slices.ContainsFunc(s.texts, func(text string) bool { return strings.Contains(text, part) }) && !s.matches(part) {
				out = append(out, part)
			}
		}
	}

	return out
}

// matches a template.
func (s speech) matches(text string) bool {
	return slices.ContainsFunc(s.templates, func(t *regexp.Regexp) bool { return t.MatchString(text) })
}

// quoted messages of a page: what is code in a column of messages, and blocks that no commands say.
func quoted(t *testing.T, page string) []string {
	t.Helper()

	blocks, err := Parse(page)
	if err != nil {
		t.Fatal(err)
	}

	var (
		out    []string
		column = -1
	)

	for i, b := range blocks {
		if b.Language == "" && (i == 0 || blocks[i-1].Output == "") {
			out = append(out, strings.TrimSpace(b.Text))
		}
	}

	for _, l := range logged.FindAllStringSubmatch(page, -1) {
		out = append(out, l[1])
	}

	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")

		switch {
		case !strings.HasPrefix(line, "|"):
			column = -1
		case column < 0:
			column = slices.IndexFunc(cells, func(c string) bool { return strings.Contains(strings.ToLower(c), "message") })
		case column < len(cells):
			out = append(out, spans(cells[column])...)
		}
	}

	return out
}

// literals of the programs and of their definitions: all that they can say.
func literals(t *testing.T) []string {
	t.Helper()

	var out []string

	for _, dir := range []string{"apis", "cmd", "fn", "provider", "package"} {
		out = append(out, literalsBelow(t, check.File(t, dir))...)
	}

	return out
}

// literalsBelow a directory.
func literalsBelow(t *testing.T, dir string) []string {
	t.Helper()

	var out []string

	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		switch {
		case strings.HasSuffix(path, "_test.go"):
		case filepath.Ext(path) == ".go":
			out = append(out, literalsOf(t, path)...)
		case filepath.Ext(path) == ".yaml":
			out = append(out, unfolded(t, path))
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	return out
}

// literalsOf a file of Go, put together where they are.
func literalsOf(t *testing.T, path string) []string {
	t.Helper()

	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	var out []string

	ast.Inspect(file, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}

		text, all := literal(e)
		if text != "" {
			out = append(out, text)
		}

		return !all
	})

	return out
}

// literal of an expression that is one, or the sum of some, and whether that is all of it. A name in a sum stands for some words.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}

		text, err := strconv.Unquote(e.Value)

		return text, err == nil
	case *ast.BinaryExpr:
		x, allX := literal(e.X)
		y, allY := literal(e.Y)

		if e.Op != token.ADD || x+y == "" {
			return "", false
		}

		return stdcmp.Or(x, "%s") + stdcmp.Or(y, "%s"), allX && allY
	}

	return "", false
}

// unfolded text of a file of YAML.
func unfolded(t *testing.T, path string) string {
	t.Helper()

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	return strings.Join(strings.Fields(string(text)), " ")
}

// TestSentencesAreExplained finds every sentence of the function's table on a page. Fragments, which begin with a small letter, are
// parts of sentences, or name the field to correct.
func TestSentencesAreExplained(t *testing.T) {
	var pages strings.Builder

	err := filepath.WalkDir(check.File(t, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			pages.WriteString(plain(unfolded(t, path)) + "\n")
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	sentences := 0

	for _, sentence := range literalsOf(t, check.File(t, "fn", "internal", "finding", "sentences.go")) {
		if first, _ := utf8.DecodeRuneInString(sentence); !unicode.IsUpper(first) || !strings.Contains(sentence, " ") {
			continue
		}

		sentences++

		for _, part := range verb.Split(plain(sentence), -1) {
			if part = strings.Trim(part, " .,;:()"); len(strings.Fields(part)) > 1 && !strings.Contains(pages.String(), part) {
				t.Errorf("no page below docs explains %q: %q is missing", sentence, part)
			}
		}
	}

	if sentences < 40 {
		t.Errorf("want at least 40 sentences, got %d", sentences)
	}
}

// plain text, without marks of code and quotes.
func plain(text string) string { return strings.NewReplacer("`", "", `"`, "").Replace(text) }
