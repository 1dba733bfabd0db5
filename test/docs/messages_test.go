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

// TestMessagesExist checks that each message in a table of a page still exists. Otherwise a reader
// of a changed message would not find its row.
func TestMessagesExist(t *testing.T) {
	said := speechOf(slices.Concat(literals(t), azureProviders(t), kubernetes, azurerm, []string{unfolded(t, check.File(t, "package", "provider", "admission-policy.yaml"))}))

	for page, atLeast := range map[string]int{
		"docs/how-to/troubleshoot.md":        60,
		"docs/operations/runbook.md":         20,
		"docs/operations/events-and-logs.md": 4,
	} {
		messages := quoted(t, check.Read(t, page))

		// If the tables have other headers, nothing would be checked.
		if len(messages) < atLeast {
			t.Errorf("%s: want at least %d messages, got %d", page, atLeast, len(messages))
		}

		for _, m := range messages {
			if diff := cmp.Diff([]string(nil), said.lacks(m)); diff != "" {
				t.Errorf("%s: parts of message %q do not exist: -want, +got:\n%s", page, m, diff)
			}
		}
	}
}

// TestSpeech checks that TestMessagesExist finds faults.
func TestSpeech(t *testing.T) {
	said := speechOf([]string{"vault %q is being created in Azure. This normally takes %s.", "No action is needed.", "%s operation that started at %s is still running", "Roles on {vault} are assigned to {principal:q}."})

	for name, tc := range map[string]struct {
		reason  string
		message string
		want    []string
	}{
		"Template": {reason: "A placeholder matches the varying part of a message.", message: `vault "<name>" is being created in Azure.`},
		"Parts":    {reason: "A message may have several sentences, from several places.", message: "vault <name> is being created in Azure. No action is needed."},
		"Value":    {reason: "A page may show a value.", message: "This normally takes <time>."},
		"Words":    {reason: "A verb in a text matches some words.", message: "This normally takes two full minutes."},
		"Many":     {reason: "A verb in a text does not match any number of words.", message: "This normally takes as long as you like it to.", want: []string{"This normally takes as long as you like it to"}},
		"Middle":   {reason: "The constant parts before and after a placeholder are compared.", message: "create operation that started at <time> is still running"},
		"Table":    {reason: "A table of sentences has parameters with names.", message: `Roles on <vault> are assigned to "<id>".`},
		"Changed":  {reason: "A changed word is found.", message: "vault <name> is being made in Azure. No action is needed.", want: []string{"is being made in Azure"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, said.lacks(tc.message)); diff != "" {
				t.Errorf("\n%s\nlacks(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// kubernetes are messages of Kubernetes. All other quoted messages are ours.
var kubernetes = []string{"Invalid value", "operation cancelled: actual cost limit exceeded", "exceeded quota", "because it is being terminated", "denied the request", "is forbidden", "the object has been modified", "ValidatingAdmissionPolicy 'provider-keyvault-secretsync-secrets'"} //nolint:gochecknoglobals // A constant.

// azurerm are messages of azurerm v4.54.0, the Terraform provider in provider-azure v2.6.0. It is not a module of this repository.
var azurerm = []string{ //nolint:gochecknoglobals // A constant.
	"waiting for %s to become available",     // internal/services/keyvault/key_vault_resource.go, line 393
	"connecting to %q",                       // the same, line 826
	"retrieving `contact` for KeyVault: %+v", // the same, line 657
}

// azureProviders returns the messages in the modules that the Azure providers are built with.
func azureProviders(t *testing.T) []string {
	t.Helper()

	var out []string

	for module, dirs := range map[string][]string{
		"github.com/crossplane/crossplane-runtime/v2": {"pkg/reconciler/managed"},
		"github.com/crossplane/upjet/v2":              {"pkg/controller", "pkg/terraform"},
	} {
		dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		check.Must(t, err)

		for _, d := range dirs {
			out = append(out, literalsBelow(t, filepath.Join(strings.TrimSpace(string(dir)), d))...)
		}
	}

	return out
}

var (
	// between separates the parts of a message, which may come from different places: varying
	// texts, and ends of sentences.
	between = regexp.MustCompile(`[.:;,]? *<[^<>]*> *|[.:;()] +|[.:;()]+$|^\(`)

	// sentences returns the sentences of a message, with placeholders for varying words.
	sentenceEnd = regexp.MustCompile(`[.:;()] +|[.:;()]+$`)
	placeholder = regexp.MustCompile(`<[^<>]*>`)

	// verb matches a verb of a format, or a parameter of a sentence in a table.
	verb = regexp.MustCompile(`%[a-z]|\{[a-zA-Z]+(?::q)?\}`)

	// logged matches a log message that a page quotes.
	logged = regexp.MustCompile("`([^`]+)` in the log")
	span   = regexp.MustCompile("``(.+?)``|`([^`]+)`")
)

// spans matches code spans of a page. A span with a backtick has two on each side.
func spans(page string) []string {
	var out []string

	for _, s := range span.FindAllStringSubmatch(page, -1) {
		out = append(out, strings.TrimSpace(s[1]+s[2]))
	}

	return out
}

// parts returns the parts of a message, or of its template. A single word, such as the path of a field, is
// ignored.
func parts(message string) []string {
	var out []string

	for _, part := range between.Split(message, -1) {
		if part = strings.Trim(part, ` "'`); strings.Contains(part, " ") {
			out = append(out, part)
		}
	}

	return out
}

// A speech is the set of all messages.
type speech struct {
	texts     []string
	templates []*regexp.Regexp
}

// speechOf returns the messages in texts. A verb in a text may match some words, and at its end
// none.
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

// lacks returns the parts of a message that do not exist.
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

// matches reports whether a text matches a template.
func (s speech) matches(text string) bool {
	return slices.ContainsFunc(s.templates, func(t *regexp.Regexp) bool { return t.MatchString(text) })
}

// quoted returns the messages on a page: code in a column of messages, and blocks without commands.
func quoted(t *testing.T, page string) []string {
	t.Helper()

	blocks, err := Parse(page)
	check.Must(t, err)

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

// literals returns the texts of the programs and of their definitions.
func literals(t *testing.T) []string {
	t.Helper()

	var out []string

	for _, dir := range []string{"apis", "cmd", "fn", "provider", "package"} {
		out = append(out, literalsBelow(t, check.File(t, dir))...)
	}

	return out
}

// literalsBelow returns the texts below a directory.
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
	check.Must(t, err)

	return out
}

// literalsOf returns the texts of a Go file, with concatenations joined.
func literalsOf(t *testing.T, path string) []string {
	t.Helper()

	var out []string

	ast.Inspect(parse(t, path), func(n ast.Node) bool {
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

func parse(t *testing.T, path string) *ast.File {
	t.Helper()

	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	check.Must(t, err)

	return file
}

// literal returns the text of a constant expression or a concatenation, and whether it is complete. A name in a concatenation
// stands for some words.
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

// unfolded returns the text of a YAML file without line breaks.
func unfolded(t *testing.T, path string) string {
	t.Helper()

	text, err := os.ReadFile(path)
	check.Must(t, err)

	return strings.Join(strings.Fields(string(text)), " ")
}

// TestSentencesAreExplained checks that every sentence of the function's table is on a page. Fragments, which begin with a
// lower-case letter, are parts of sentences, or name the field to correct.
func TestSentencesAreExplained(t *testing.T) {
	var pages strings.Builder

	err := filepath.WalkDir(check.File(t, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			pages.WriteString(plain(unfolded(t, path)) + "\n")
		}

		return err
	})
	check.Must(t, err)

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

// plain returns a text without marks of code and quotes.
func plain(text string) string { return strings.NewReplacer("`", "", `"`, "").Replace(text) }
