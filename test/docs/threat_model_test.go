// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestThreatModelHolds looks for the files, tests and policies that the threat model names. It
// would be worth nothing if what stops an attacker were gone, or no longer tested.
func TestThreatModelHolds(t *testing.T) {
	root := repository(t)
	dir := filepath.Join(root, "docs", "operations")

	page, err := os.ReadFile(filepath.Join(dir, "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}

	named := references(string(page))

	// The tables may have got another form, and then nothing would be looked at.
	if len(named.files) < 100 || len(named.tests) < 60 || len(named.policies) < 10 {
		t.Errorf("want at least 100 files, 60 tests and 10 policies, got %d, %d and %d", len(named.files), len(named.tests), len(named.policies))
	}

	if diff := cmp.Diff([]string(nil), named.missing(dir, shipped(t, root))); diff != "" {
		t.Errorf("what the threat model names: -want, +got:\n%s", diff)
	}
}

// TestReportLeads follows the links of the page that says how to report a vulnerability.
func TestReportLeads(t *testing.T) {
	dir := filepath.Join(repository(t), ".github")

	page, err := os.ReadFile(filepath.Join(dir, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string(nil), references(string(page)).missing(dir, "")); diff != "" {
		t.Errorf("what the page refers to: -want, +got:\n%s", diff)
	}
}

// TestMissing makes sure that TestThreatModelHolds would notice.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a_test.go": "func TestAttack(t *testing.T) {\n",
		"page.md":   "# Page\n\n### It's a `part`, too\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	for name, tc := range map[string]struct {
		reason string
		page   string
		want   []string
	}{
		"There":   {reason: "All is there.", page: "[TestAttack](a_test.go) [x](page.md#its-a-part-too) [y](#here) `argocd-team-namespaces` `provider-keyvault-secretsync-*`\n## Here\n"},
		"File":    {reason: "It was moved.", page: "[b](b.go)", want: []string{"b.go"}},
		"Test":    {reason: "It was renamed.", page: "[TestAtt](a_test.go)", want: []string{"a_test.go: TestAtt"}},
		"Section": {reason: "It has another title.", page: "[x](page.md#other)", want: []string{"page.md#other"}},
		"Own":     {reason: "So has one of the page itself.", page: "[x](#other)\n## Here\n", want: []string{"#other"}},
		"Policy":  {reason: "It is not shipped any more.", page: "`platform-application-fields`", want: []string{"platform-application-fields"}},
	} {
		t.Run(name, func(t *testing.T) {
			page := filepath.Join(dir, "this.md")
			if err := os.WriteFile(page, []byte(tc.page), 0o600); err != nil {
				t.Fatal(err)
			}

			got := references(tc.page).missing(dir, "name: argocd-team-namespaces\nname: provider-keyvault-secretsync-writes\n")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nmissing(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

var (
	link     = regexp.MustCompile(`\[([^\]]+)\]\(([^)#:]*)(?:#([^)]+))?\)`)
	testName = regexp.MustCompile(`^(?:Test|Fuzz)[A-Z]`)
	policy   = regexp.MustCompile("`((?:argocd|function-platform-application|platform-application|provider-keyvault-secretsync)-[a-z-]+)\\*?`")
	unslug   = regexp.MustCompile(`[^a-z0-9 -]`)
)

// What a page refers to.
type referred struct {
	page string
	// files are links: the text, the path, and the section.
	files [][]string
	// tests are those links whose text is the name of a test in the file.
	tests [][]string
	// policies by their names, or by what the names of several begin with.
	policies []string
}

func references(page string) referred {
	r := referred{page: page, files: link.FindAllStringSubmatch(page, -1)}

	for _, f := range r.files {
		if testName.MatchString(f[1]) {
			r.tests = append(r.tests, f)
		}
	}

	for _, p := range policy.FindAllStringSubmatch(page, -1) {
		r.policies = append(r.policies, p[1])
	}

	return r
}

// missing is what is not there, of files from a directory and policies that are shipped.
func (r referred) missing(dir, shipped string) []string {
	var out []string

	for _, f := range r.files {
		if m := r.missingOf(dir, f[1], f[2], f[3]); m != "" {
			out = append(out, m)
		}
	}

	for _, p := range r.policies {
		named := "name: " + p
		if !strings.HasSuffix(p, "-") {
			named += "\n"
		}

		if !strings.Contains(shipped, named) {
			out = append(out, p)
		}
	}

	return out
}

// missingOf a link: its file, its section, or the test in it.
func (r referred) missingOf(dir, name, path, section string) string {
	if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
		return path
	}

	text := r.page

	if path != "" {
		// A directory has no text, and needs none.
		data, _ := os.ReadFile(filepath.Join(dir, path))
		text = string(data)
	}

	switch {
	case section != "" && !hasSection(text, section):
		return path + "#" + section
	case testName.MatchString(name) && !strings.Contains("\n"+text, "\nfunc "+name+"("):
		return path + ": " + name
	}

	return ""
}

// hasSection tells whether a page has a heading with that anchor.
func hasSection(page, anchor string) bool {
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		slug := strings.ReplaceAll(unslug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")
		if slug == anchor {
			return true
		}
	}

	return false
}

// shipped is the text of all policies for the API server.
func shipped(t *testing.T, root string) string {
	t.Helper()

	var out strings.Builder

	for _, pattern := range []string{"package/provider/*.yaml", "package/platform/acceptance/*.yaml", "package/platform/restrictions/*.yaml", "package/platform/argocd/namespaces/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}

		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}

			for object := range strings.SplitSeq(string(text), "\n---\n") {
				if strings.Contains(object, "\nkind: ValidatingAdmissionPolicy\n") {
					out.WriteString(object)
				}
			}
		}
	}

	return out.String()
}
