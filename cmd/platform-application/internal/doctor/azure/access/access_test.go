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

// setUp is the condition of the page that sets up a platform.
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
		"Nothing":       {reason: "Without a role, there are no permissions.", request: write, want: No},
		"Contributor":   {reason: "An asterisk matches every action.", grants: []Grant{contributor(group)}, request: write, want: Yes},
		"Case":          {reason: "The case of actions and scopes does not matter.", grants: []Grant{contributor(strings.ToUpper(group))}, request: Request{Scope: group, Action: "microsoft.keyvault/VAULTS/write"}, want: Yes},
		"Inherited":     {reason: "Role assignments on the subscription count.", grants: []Grant{contributor(subscription)}, request: write, want: Yes},
		"Root":          {reason: "Role assignments on the tenant count.", grants: []Grant{contributor("/")}, request: write, want: Yes},
		"Management":    {reason: "Role assignments on a management group count.", grants: []Grant{contributor("/providers/Microsoft.Management/managementGroups/root")}, request: write, want: Yes},
		"Elsewhere":     {reason: "A group whose name is a prefix is another group.", grants: []Grant{contributor(group[:len(group)-1])}, request: write, want: No},
		"Below":         {reason: "Role assignments on one vault do not count for others.", grants: []Grant{contributor(group + "/providers/Microsoft.KeyVault/vaults/a")}, request: write, want: No},
		"NotAction":     {reason: "A contributor has no permission to assign roles.", grants: []Grant{contributor(group)}, request: assignUser, want: No},
		"Data":          {reason: "Actions are not data actions.", grants: []Grant{contributor(group)}, request: Request{Scope: group, Action: "Microsoft.KeyVault/vaults/secrets/getSecret/action", Data: true}, want: No},
		"OtherGrant":    {reason: "Permissions of several roles add up.", grants: []Grant{contributor(group), administrator(setUp)}, request: assignUser, want: Yes},
		"Condition":     {reason: "The condition denies the role Owner.", grants: []Grant{administrator(setUp)}, request: Assign(group, Assignment{RoleID: owner}), want: No},
		"Delete":        {reason: "The condition allows deleting the role of an officer.", grants: []Grant{administrator(setUp)}, request: Unassign(group, Assignment{RoleID: officer}), want: Yes},
		"DeleteOwner":   {reason: "The condition denies deleting the role of an owner.", grants: []Grant{administrator(setUp)}, request: Unassign(group, Assignment{RoleID: owner}), want: No},
		"NotUnderstood": {reason: "A condition that cannot be parsed is unknown.", grants: []Grant{administrator("@Principal[x] LooksLike 'y'")}, request: assignUser, want: Unknown},
		"Better":        {reason: "Another role assignment allows the request.", grants: []Grant{administrator("("), administrator("")}, request: assignUser, want: Yes},
		"Version":       {reason: "Another version of the language is unknown.", grants: []Grant{{Scope: group, Permissions: []Permission{{Actions: []string{"*"}}}, Condition: Condition{setUp, "3.0"}}}, request: assignUser, want: Unknown},
		"Unreadable":    {reason: "An unreadable role may have any permission.", grants: []Grant{{Scope: group, Unreadable: true}}, request: write, want: Unknown},
		"OfRole":        {reason: "A condition of the role definition counts.", grants: []Grant{{Scope: group, Permissions: []Permission{{Actions: []string{"*"}, Condition: Condition{setUp, "2.0"}}}}}, request: Assign(group, Assignment{RoleID: owner}), want: No},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Allowed(tc.grants, tc.request)); diff != "" {
				t.Errorf("\n%s\nAllowed(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMatches proves that an asterisk matches like .* of a regular expression.
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
