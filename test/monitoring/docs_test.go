// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

func key(namespace, name string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: name}
}

func reference(c *v1alpha1.ProviderConfig) *xpv1.ProviderConfigReference {
	return &xpv1.ProviderConfigReference{Kind: v1alpha1.ProviderConfigKind, Name: c.Name}
}

// TestMetricsAreDocumented has a row for every metric of the provider, and no row
// for a metric that does not exist.
func TestMetricsAreDocumented(t *testing.T) {
	const page = "docs/operations/metrics.md"

	got := map[string]string{}

	for _, row := range tables(string(read(t, page))) {
		if strings.HasPrefix(row[0], "`") && len(row) >= 5 {
			got[code(row[0])] = row[1] + " by " + strings.ReplaceAll(row[2], "`", "")
		}
	}

	want := map[string]string{}

	for name, m := range metrics(t) {
		_, documented := got[name]
		if !documented && !ours(name, m) {
			continue
		}

		labels := strings.Join(m.Labels, ", ")
		if labels == "" {
			labels = "none"
		}

		typ := m.Type
		if typ == "" {
			// Only the library knows the type of a metric without samples.
			typ, _, _ = strings.Cut(got[name], " ")
		}

		want[name] = typ + " by " + labels
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types and labels in %s: -exported, +page:\n%s", page, diff)
	}
}

// In the output of --help, a flag begins a line, and its variable is in
// parentheses.
var (
	flagLine     = regexp.MustCompile(`(?m)^ {2}(?:-\w,|   ) --`)
	flagName     = regexp.MustCompile(`^(\[no-\])?([a-z-]+)(?:=(\S+))?`)
	flagVariable = regexp.MustCompile(`\(\$([A-Z_]+)\)`)
)

// flags of a program by name, each with its variable and its default.
func flags(help string) map[string][]string {
	out := map[string][]string{}

	for _, text := range flagLine.Split(help, -1)[1:] {
		f := flagName.FindStringSubmatch(text)
		variable, value := "", strings.Trim(f[3], `"`)

		if v := flagVariable.FindStringSubmatch(text); v != nil {
			variable = v[1]
		}

		switch {
		case f[2] == "help":
			continue
		case f[1] != "":
			value = "true"
		case value == "" && variable != "":
			value = "false"
		}

		out[f[2]] = []string{variable, value}
	}

	return out
}

// TestFlagsAreDocumented has a row for every flag of the program, and no other.
func TestFlagsAreDocumented(t *testing.T) {
	const page = "docs/operations/flags.md"

	cmd := exec.CommandContext(t.Context(), "go", "run", "./provider", "--help")
	cmd.Dir = repository(t)

	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot ask the provider for its flags: %v", err)
	}

	want, got := flags(string(out)), map[string][]string{}

	for _, row := range tables(string(read(t, page))) {
		if name, ok := strings.CutPrefix(code(row[0]), "--"); ok && len(row) >= 4 {
			got[name] = []string{code(row[1]), code(row[2])}
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables and defaults of flags in %s: -program, +page:\n%s", page, diff)
	}

	if len(want) < 10 {
		t.Errorf("flags of the program: want at least 10, got %v", slices.Sorted(maps.Keys(want)))
	}
}

// TestLinks follows every link from one page to another, and to its sections.
func TestLinks(t *testing.T) {
	root := repository(t)

	pages := []string{filepath.Join(root, "README.md")}

	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	broken := map[string][]string{}

	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}

		for _, l := range link.FindAllStringSubmatch(prose(string(text)), -1) {
			if !leads(page, l[1]) {
				relative, _ := filepath.Rel(root, page)
				broken[relative] = append(broken[relative], l[1])
			}
		}
	}

	if diff := cmp.Diff(map[string][]string{}, broken); diff != "" {
		t.Errorf("links that lead nowhere: -want, +got:\n%s", diff)
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// leads tells whether a link leads somewhere. Other sites are not asked.
func leads(page, to string) bool {
	if strings.Contains(to, "://") {
		return true
	}

	path, anchor, hasAnchor := strings.Cut(to, "#")
	if path != "" {
		page = filepath.Join(filepath.Dir(page), path)
	}

	if _, err := os.Stat(page); err != nil || !hasAnchor {
		return err == nil
	}

	text, err := os.ReadFile(page)

	return err == nil && anchors(string(text))[anchor]
}

var fence = regexp.MustCompile("(?ms)^ *```.*?^ *```$")

// prose is a page without its code blocks.
func prose(page string) string { return fence.ReplaceAllString(page, "") }

// anchors of a page, as Markdown renderers make them of headings.
func anchors(page string) map[string]bool {
	out := map[string]bool{}

	for line := range strings.Lines(prose(page)) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}

		out[strings.Map(func(r rune) rune {
			switch {
			case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '_':
				return r
			case r == ' ':
				return '-'
			}

			return -1
		}, strings.ToLower(strings.TrimSpace(heading)))] = true
	}

	return out
}

// tables returns the rows of all tables, without those of hyphens.
func tables(page string) [][]string {
	var out [][]string

	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") {
			continue
		}

		var row []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			row = append(row, strings.TrimSpace(cell))
		}

		out = append(out, row)
	}

	return out
}

// code is a cell without the marks of code.
func code(cell string) string { return strings.ReplaceAll(cell, "`", "") }
