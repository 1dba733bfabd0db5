// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package condition_test

import (
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/test/azure/arm/condition"
)

const (
	write  = "Microsoft.Authorization/roleAssignments/write"
	remove = "Microsoft.Authorization/roleAssignments/delete"

	requested = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
	existing  = "@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"

	user    = "4633458b-17de-408a-b874-0445c86b69e6"
	officer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
	owner   = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

	roles = "{" + user + ", " + officer + "}"

	// page is the condition in docs/how-to/set-up-a-platform.md.
	page = "((!(ActionMatches{'" + write + "'})) OR (" + requested + " ForAnyOfAnyValues:GuidEquals " + roles + ")) AND " +
		"((!(ActionMatches{'" + remove + "'})) OR (" + existing + " ForAnyOfAnyValues:GuidEquals " + roles + "))"
)

func TestConditions(t *testing.T) {
	cases := map[string]struct {
		reason     string
		condition  string
		action     string
		attributes map[string]string
		want       bool
	}{
		"Write":           {"A listed role can be assigned.", page, write, map[string]string{requested: user}, true},
		"WriteCase":       {"GUIDs are compared without case.", page, strings.ToUpper(write), map[string]string{strings.ToUpper(requested): strings.ToUpper(officer)}, true},
		"WriteOther":      {"Another role cannot be assigned.", page, write, map[string]string{requested: owner}, false},
		"WriteByResource": {"Attributes of the resource are not those of the request.", page, write, map[string]string{existing: user}, false},
		"Delete":          {"An assignment of a listed role can be deleted.", page, remove, map[string]string{existing: user}, true},
		"DeleteOther":     {"An assignment of another role cannot be deleted.", page, remove, map[string]string{existing: owner}, false},
		"DeleteUnknown":   {"A comparison with a missing attribute is false.", page, remove, nil, false},
		"OtherAction":     {"Other actions are allowed.", page, "Microsoft.KeyVault/vaults/write", nil, true},
		"Precedence":      {"AND binds more tightly than OR.", "ActionMatches{'a'} OR ActionMatches{'b'} AND ActionMatches{'c'}", "a", nil, true},
		"Signs":           {"Operators have two spellings.", "!ActionMatches{'a'} && NOT ActionMatches{'b'} || ActionMatches{'a/*/c'}", "a/b/b/c", nil, true},
		"Wildcard":        {"An asterisk matches anything, and the rest must match as well.", "ActionMatches{'a/*/c'}", "a/c", nil, false},
		"AllNot":          {"A role can be excluded.", requested + " ForAnyOfAllValues:GuidNotEquals " + roles, write, map[string]string{requested: user}, false},
		"AllNotOther":     {"Other roles are allowed.", requested + " ForAnyOfAllValues:GuidNotEquals " + roles, write, map[string]string{requested: owner}, true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := condition.Parse(tc.condition)
			if err != nil {
				t.Fatal(err)
			}

			r := condition.Request{Action: tc.action}
			for name, value := range tc.attributes {
				r.Set(name, value)
			}

			if got := c(r); got != tc.want {
				t.Errorf("\n%s\n%s: want %t, got %t", tc.reason, tc.condition, tc.want, got)
			}
		})
	}
}

func TestConditionsThatCannotBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"Open":       "(ActionMatches{'a'}",
		"NoOperand":  "ActionMatches{'a'} OR",
		"TwoActions": "ActionMatches{'a', 'b'}",
		"Operator":   "@Request[a:b] NumericLessThan 3",
		"Length":     strings.Repeat("!", 8<<10) + "ActionMatches{'a'}",
		"Words":      "Contributors only",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := condition.Parse(text); err == nil {
				t.Errorf("want an error for %s", text)
			}
		})
	}
}
