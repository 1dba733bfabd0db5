// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestMetricsAreDocumented checks that the page has a row for every metric of the provider, and no
// other row.
func TestMetricsAreDocumented(t *testing.T) {
	const page = "docs/operations/metrics.md"

	got := map[string]string{}

	for _, row := range docs.Rows(check.Read(t, page)) {
		if strings.HasPrefix(row[0], "`") && len(row) >= 5 {
			got[docs.Words(row[0])] = row[1] + " by " + strings.ReplaceAll(row[2], "`", "")
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

// flags returns the flags of a program by name, each with its variable and its default.
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

// TestFlagsAreDocumented checks that the page has a row for every flag of the program, and no other
// row.
func TestFlagsAreDocumented(t *testing.T) {
	const page = "docs/operations/flags.md"

	cmd := exec.CommandContext(t.Context(), "go", "run", "./provider", "--help")
	cmd.Dir = check.File(t)

	out, err := cmd.Output()
	check.Must(t, err)

	want, got := flags(string(out)), map[string][]string{}

	for _, row := range docs.Rows(check.Read(t, page)) {
		if name, ok := strings.CutPrefix(docs.Words(row[0]), "--"); ok && len(row) >= 4 {
			got[name] = []string{docs.Words(row[1]), docs.Words(row[2])}
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables and defaults of flags in %s: -program, +page:\n%s", page, diff)
	}

	if len(want) < 10 {
		t.Errorf("flags of the program: want at least 10, got %v", slices.Sorted(maps.Keys(want)))
	}
}
