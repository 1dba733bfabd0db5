// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestRunbookHasCommands checks that each state that needs an action in Azure has its command.
func TestRunbookHasCommands(t *testing.T) {
	acted, without := inAzure(t, check.Read(t, "docs", "operations", "runbook.md"))

	if diff := cmp.Diff([]string(nil), without); diff != "" {
		t.Errorf("states without a command of az: -want, +got:\n%s", diff)
	}

	// If the table has another format, nothing would be checked.
	want := []string{"AwaitingValue", "Missing", "SoftDeleted", "Disabled", "Invalid", "Forbidden", "Throttled", "Unreachable"}
	if diff := cmp.Diff(want, acted); diff != "" {
		t.Errorf("states that need an action in Azure: -want, +got:\n%s", diff)
	}
}

// TestInAzure checks that TestRunbookHasCommands finds faults.
func TestInAzure(t *testing.T) {
	const (
		team    = "| [Missing](#missing) | a secret | application team | no | – |\n"
		command = "<!-- azure -->\n```sh\naz keyvault secret set\n```\n"
	)

	for name, tc := range map[string]struct {
		reason string
		page   string
		want   []string
	}{
		"Elsewhere": {reason: "The command is in the section of another state.", page: team + "### Missing\n### Next\n" + command, want: []string{"Missing"}},
		"Comment":   {reason: "A comment is not a command.", page: team + "### Missing\n<!-- azure -->\n```sh\n# az\n```\n", want: []string{"Missing"}},
		"OtherLink": {reason: "The linked section has no command either.", page: team + "### Missing\n[Next](#next)\n### Next\n", want: []string{"Missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, got := inAzure(t, tc.page); !slices.Equal(tc.want, got) {
				t.Errorf("\n%s\ninAzure(...): want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

var (
	stateRow   = regexp.MustCompile(`(?m)^\| \[(\w+)\]\(#\w+\) \| ([^|]+) \| ([^|]+) \|`)
	subheading = regexp.MustCompile(`(?m)^##+ (.+)$`)
	within     = regexp.MustCompile(`\]\(#([a-z-]+)\)`)
	az         = regexp.MustCompile(`(?m)^(?:\w+=\$\()?az [a-z]`)
)

// inAzure returns the states of a secret that need an action in Azure, and those of them whose section has no command and no link to a
// section with one.
func inAzure(t *testing.T, page string) (acted, without []string) {
	t.Helper()

	texts := map[string]string{}
	commands := map[string]bool{}
	found := subheading.FindAllStringSubmatchIndex(page, -1)

	for i, f := range found {
		end := len(page)
		if i+1 < len(found) {
			end = found[i+1][0]
		}

		anchor := strings.ToLower(page[f[2]:f[3]])
		texts[anchor] = page[f[1]:end]

		blocks, err := Parse(texts[anchor])
		if err != nil {
			t.Fatalf("%s: %v", anchor, err)
		}

		commands[anchor] = slices.ContainsFunc(blocks, func(b Block) bool { return b.Mark == Azure && az.MatchString(b.Text) })
	}

	for _, row := range stateRow.FindAllStringSubmatch(page, -1) {
		state, of, who := row[1], row[2], row[3]
		if of != "a secret" || who == "nobody" {
			continue
		}

		acted = append(acted, state)
		anchor := strings.ToLower(state)

		leads := slices.ContainsFunc(within.FindAllStringSubmatch(texts[anchor], -1), func(l []string) bool { return commands[l[1]] })
		if !commands[anchor] && !leads {
			without = append(without, state)
		}
	}

	return acted, without
}
