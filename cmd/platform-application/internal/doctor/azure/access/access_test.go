// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	user    = "4633458b-17de-408a-b874-0445c86b69e6"
	officer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
	owner   = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

	subscription = "/subscriptions/22222222-2222-4222-8222-222222222222"
	group        = subscription + "/resourceGroups/rg-applications"
)

// setUp is the condition of the set-up page.
const setUp = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" +
	user + ", " + officer + "})) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" +
	user + ", " + officer + "}))"

func contributor(scope string) Grant {
	return Grant{Scope: scope, Role: "Contributor", Permissions: []Permission{{
		Actions: []string{"*"}, NotActions: []string{"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action"},
	}}}
}

func administrator(condition string) Grant {
	return Grant{Scope: group, Role: "Role Based Access Control Administrator", Condition: Condition{condition, "2.0"}, Permissions: []Permission{{
		Actions: []string{"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read"},
	}}}
}

func TestAllowed(t *testing.T) {
	write := Request{Scope: group, Action: "Microsoft.KeyVault/vaults/write"}
	assignUser := Assign(group, Assignment{RoleID: user, PrincipalType: "ServicePrincipal"})

	cases := map[string]struct {
		reason  string
		grants  []Grant
		request Request
		want    Truth
	}{
		"Nothing":       {reason: "Nobody may do anything without a role.", request: write, want: No},
		"Contributor":   {reason: "An asterisk is everything.", grants: []Grant{contributor(group)}, request: write, want: Yes},
		"Case":          {reason: "The case of actions and scopes does not matter.", grants: []Grant{contributor(strings.ToUpper(group))}, request: Request{Scope: group, Action: "microsoft.keyvault/VAULTS/write"}, want: Yes},
		"Inherited":     {reason: "What is assigned above counts.", grants: []Grant{contributor(subscription)}, request: write, want: Yes},
		"Root":          {reason: "What is assigned on the tenant counts.", grants: []Grant{contributor("/")}, request: write, want: Yes},
		"Management":    {reason: "What is assigned on a management group counts.", grants: []Grant{contributor("/providers/Microsoft.Management/managementGroups/root")}, request: write, want: Yes},
		"Elsewhere":     {reason: "A group whose name begins the same is another.", grants: []Grant{contributor(group[:len(group)-1])}, request: write, want: No},
		"Below":         {reason: "What is assigned on one vault does not count for others.", grants: []Grant{contributor(group + "/providers/Microsoft.KeyVault/vaults/a")}, request: write, want: No},
		"NotAction":     {reason: "Contributors assign no roles.", grants: []Grant{contributor(group)}, request: assignUser, want: No},
		"Data":          {reason: "Actions are not data actions.", grants: []Grant{contributor(group)}, request: Request{Scope: group, Action: "Microsoft.KeyVault/vaults/secrets/getSecret/action", Data: true}, want: No},
		"OtherGrant":    {reason: "What one role leaves out another gives.", grants: []Grant{contributor(group), administrator(setUp)}, request: assignUser, want: Yes},
		"Condition":     {reason: "The condition refuses Owner.", grants: []Grant{administrator(setUp)}, request: Assign(group, Assignment{RoleID: owner}), want: No},
		"Delete":        {reason: "The condition lets an officer's role be taken away.", grants: []Grant{administrator(setUp)}, request: Unassign(group, Assignment{RoleID: officer}), want: Yes},
		"DeleteOwner":   {reason: "The condition keeps the role of an owner.", grants: []Grant{administrator(setUp)}, request: Unassign(group, Assignment{RoleID: owner}), want: No},
		"NotUnderstood": {reason: "What is not understood is not known.", grants: []Grant{administrator("@Principal[x] LooksLike 'y'")}, request: assignUser, want: Unknown},
		"Better":        {reason: "What is not understood does not matter beside what allows it.", grants: []Grant{administrator("("), administrator("")}, request: assignUser, want: Yes},
		"Version":       {reason: "Another language is not understood.", grants: []Grant{{Scope: group, Permissions: []Permission{{Actions: []string{"*"}}}, Condition: Condition{setUp, "3.0"}}}, request: assignUser, want: Unknown},
		"Unreadable":    {reason: "A role that cannot be read may have anything.", grants: []Grant{{Scope: group, Unreadable: true}}, request: write, want: Unknown},
		"OfRole":        {reason: "A condition of the role itself counts, too.", grants: []Grant{{Scope: group, Permissions: []Permission{{Actions: []string{"*"}, Condition: Condition{setUp, "2.0"}}}}}, request: Assign(group, Assignment{RoleID: owner}), want: No},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Allowed(tc.grants, tc.request)); diff != "" {
				t.Errorf("\n%s\nAllowed(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMatches: an asterisk is .* of a regular expression.
func TestMatches(t *testing.T) {
	part := rapid.StringMatching(`[aAbB/*.]{0,12}`)

	rapid.Check(t, func(t *rapid.T) {
		pattern := part.Draw(t, "pattern")
		action := strings.ReplaceAll(part.Draw(t, "action"), "*", "")

		want := regexp.MustCompile(`(?is)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`).MatchString(action)
		if diff := cmp.Diff(want, Matches(pattern, action)); diff != "" {
			t.Errorf("Matches(%q, %q): -want, +got:\n%s", pattern, action, diff)
		}
	})
}
