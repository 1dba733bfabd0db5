// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

var update = flag.Bool("update", false, "write the table of findings into the page") //nolint:gochecknoglobals // A flag.

// command matches a line for a shell. Sentences begin with a capital letter, programs with a small one, and variables end with =.
var command = regexp.MustCompile(`^(?:[a-z]|[A-Z_]+=)`)

// table returns the table of all findings on the page.
func table(all finding.Catalogue) string {
	cell := strings.NewReplacer("|", `\|`, "\n", "<br>")

	var out strings.Builder

	out.WriteString("| Code | Severity | Problem | Impact | Fix |\n|---|---|---|---|---|\n")

	for _, code := range slices.Sorted(maps.Keys(all)) {
		w := all[code]

		var fix []string

		for line := range strings.SplitSeq(w.Fix, "\n") {
			if line = cell.Replace(line); command.MatchString(line) {
				line = "`` " + line + " ``"
			}

			fix = append(fix, line)
		}

		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", code, w.Severity, cell.Replace(w.Problem), cell.Replace(w.Impact), strings.Join(fix, "<br>"))
	}

	return out.String()
}

// TestFindingsOnPage proves that the page lists every finding, in the words of the program.
func TestFindingsOnPage(t *testing.T) {
	const page, heading = "../../docs/operations/doctor.md", "| Code | Severity |"

	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}

	all, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}

	before, _, _ := strings.Cut(string(data), heading)
	want := before + table(all)

	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil { //nolint:gosec // A page of the repository.
			t.Fatal(err)
		}

		return
	}

	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("run go test ./cmd/platform-application -run TestFindingsOnPage -update: -want, +got:\n%s", diff)
	}
}
