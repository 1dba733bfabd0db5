// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestThreatModelHolds counts the files and tests in the threat model, which TestLinks checks, and checks its policies. The threat model
// would be worthless if a protection no longer existed, or was no longer tested.
func TestThreatModelHolds(t *testing.T) {
	named := references(check.Read(t, "docs", "operations", "threat-model.md"))

	// If the tables have another format, nothing would be checked.
	if len(named.files) < 100 || named.tests() < 60 || len(named.policies) < 10 {
		t.Errorf("want at least 100 files, 60 tests and 10 policies, got %d, %d and %d", len(named.files), named.tests(), len(named.policies))
	}

	if diff := cmp.Diff([]string(nil), named.notShipped(shipped(t))); diff != "" {
		t.Errorf("policies that the threat model names: -want, +got:\n%s", diff)
	}
}

// TestLinks checks every link of a page to a file, a section or a test.
func TestLinks(t *testing.T) {
	for _, page := range slices.AppendSeq([]string{".github/SECURITY.md", ".github/CONTRIBUTING.md"}, maps.Keys(pages(t))) {
		if diff := cmp.Diff([]string(nil), references(check.Read(t, page)).missing(check.File(t, filepath.Dir(page)))); diff != "" {
			t.Errorf("%s: links that lead nowhere: -want, +got:\n%s", page, diff)
		}
	}
}

// TestMissing checks that TestThreatModelHolds and TestLinks find faults.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a_test.go": "func TestAttack(t *testing.T) {\n",
		"page.md":   "# Page\n\n### It's a `part`, too\n",
	} {
		check.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}

	for name, tc := range map[string]struct {
		reason string
		page   string
		want   []string
	}{
		"There":   {reason: "A complete page has no fault.", page: "[TestAttack](a_test.go) [x](page.md#its-a-part-too) [y](#here) `argocd-team-namespaces` `provider-keyvault-secretsync-*`\n## Here\n"},
		"File":    {reason: "The linked file does not exist.", page: "[b](b.go)", want: []string{"b.go"}},
		"Test":    {reason: "The linked test does not exist.", page: "[TestAtt](a_test.go)", want: []string{"a_test.go: TestAtt"}},
		"Section": {reason: "The linked section does not exist.", page: "[x](page.md#other)", want: []string{"page.md#other"}},
		"Own":     {reason: "The linked section of the same page does not exist.", page: "[x](#other)\n## Here\n", want: []string{"#other"}},
		"Policy":  {reason: "The policy does not exist.", page: "`platform-application-fields`", want: []string{"platform-application-fields"}},
	} {
		t.Run(name, func(t *testing.T) {
			named := references(tc.page)
			got := slices.Concat(named.missing(dir), named.notShipped("name: argocd-team-namespaces\nname: provider-keyvault-secretsync-writes\n"))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nmissing(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

var (
	link     = regexp.MustCompile(`(?:\[([^\[\]]*))?\]\(([^)#:\s]*)(?:#([^)\s]+))?\)`)
	testName = regexp.MustCompile(`^(?:Test|Fuzz)[A-Z]`)
	policy   = regexp.MustCompile("`((?:argocd|function-platform-application|platform-application|provider-keyvault-secretsync)-[a-z-]+)\\*?`")
)

// These are the references of a page.
type referred struct {
	page string
	// files are links: the text, the path, and the section. A text may be the name of a test in the file.
	files [][]string
	// policies are names of policies, or prefixes of several.
	policies [][]string
}

func references(page string) referred {
	return referred{page: page, files: link.FindAllStringSubmatch(prose(page), -1), policies: policy.FindAllStringSubmatch(page, -1)}
}

// tests returns the number of links that name a test.
func (r referred) tests() int {
	n := 0

	for _, f := range r.files {
		if testName.MatchString(f[1]) {
			n++
		}
	}

	return n
}

// notShipped returns the policies that are not in that text.
func (r referred) notShipped(shipped string) []string {
	var out []string

	for _, p := range r.policies {
		named := "name: " + p[1]
		if !strings.HasSuffix(p[1], "-") {
			named += "\n"
		}

		if !strings.Contains(shipped, named) {
			out = append(out, p[1])
		}
	}

	return out
}

// missing returns the links from a page whose file, section or test does not exist.
func (r referred) missing(dir string) []string {
	var out []string

	for _, f := range r.files {
		name, path, section, text := f[1], f[2], f[3], r.page

		if path != "" {
			// A directory has no text.
			data, err := os.ReadFile(filepath.Join(dir, path))
			if errors.Is(err, fs.ErrNotExist) {
				out = append(out, path)

				continue
			}

			text = string(data)
		}

		switch {
		case section != "" && !HasSection(text, section):
			out = append(out, path+"#"+section)
		case testName.MatchString(name) && !strings.Contains("\n"+text, "\nfunc "+name+"("):
			out = append(out, path+": "+name)
		}
	}

	return out
}

// shipped returns the text of all policies for the API server.
func shipped(t *testing.T) string {
	t.Helper()

	var out strings.Builder

	for _, pattern := range []string{"package/provider/*.yaml", "package/platform/acceptance/*.yaml", "package/platform/restrictions/*.yaml", "package/platform/argocd/namespaces/*.yaml"} {
		files, err := filepath.Glob(check.File(t, pattern))
		check.Must(t, err)

		for _, file := range files {
			text, err := os.ReadFile(file)
			check.Must(t, err)

			for object := range strings.SplitSeq(string(text), "\n---\n") {
				if strings.Contains(object, "\nkind: ValidatingAdmissionPolicy\n") {
					out.WriteString(object)
				}
			}
		}
	}

	return out.String()
}
