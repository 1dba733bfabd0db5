// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	roleOf = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
	typeOf = "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] "
)

func TestCondition(t *testing.T) {
	request := Assign(group, Assignment{RoleID: user, PrincipalType: "ServicePrincipal"})

	cases := map[string]struct {
		reason     string
		expression string
		want       Truth
	}{
		"Empty":         {"An empty condition always holds.", " \n", Yes},
		"SetUp":         {"The condition of the page holds.", setUp, Yes},
		"SetUpLines":    {"White space has no meaning.", strings.ReplaceAll(setUp, "(", "\n(\t\r "), Yes},
		"Braces":        {"GUIDs are not case-sensitive.", roleOf + "ForAnyOfAnyValues:GuidEquals {" + strings.ToUpper(user) + "}", Yes},
		"AttributeCase": {"Names of attributes are not case-sensitive.", strings.ToLower(roleOf) + "foranyofanyvalues:guidequals {" + user + "}", Yes},
		"Single":        {"An operator without a quantifier takes one value.", roleOf + "GuidEquals '" + user + "'", Yes},
		"SingleOther":   {"A single value can differ.", roleOf + "GuidEquals '" + owner + "'", No},
		"NotIn":         {"The role differs from all values.", roleOf + "ForAnyOfAllValues:GuidNotEquals {" + owner + ", " + officer + "}", Yes},
		"NotInBut":      {"The role equals one of the values.", roleOf + "ForAnyOfAllValues:GuidNotEquals {" + owner + ", " + user + "}", No},
		"NotAny":        {"The role differs from at least one value.", roleOf + "ForAnyOfAnyValues:GuidNotEquals {" + owner + ", " + user + "}", Yes},
		"Type":          {"Types of principals are strings.", typeOf + "ForAnyOfAnyValues:StringEqualsIgnoreCase {'user', 'serviceprincipal'}", Yes},
		"TypeCase":      {"Strings are case-sensitive.", typeOf + "StringEquals 'serviceprincipal'", No},
		"TypeNot":       {"A string can differ.", typeOf + "StringNotEqualsIgnoreCase 'User'", Yes},
		"Symbols":       {"AND and OR have symbols.", "ActionMatches{'a'} || (!ActionMatches{'b'} && NOT ActionMatches{'c'})", Yes},
		"Wildcard":      {"Patterns of actions have asterisks.", "ActionMatches{'Microsoft.Authorization/*'}", Yes},
		"UnknownValue":  {"The principal is unknown.", "@Request[Microsoft.Authorization/roleAssignments:PrincipalId] GuidEquals '" + owner + "'", Unknown},
		"UnknownSource": {"Attributes of the resource are unknown.", "@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] GuidEquals '" + user + "'", Unknown},
		"UnknownButNo":  {"AND with a false term is false.", "(@Environment[isPrivateLink] BoolEquals true) AND ActionMatches{'a'}", No},
		"UnknownButYes": {"OR with a true term is true.", "(@Environment[isPrivateLink] BoolEquals true) OR (!(ActionMatches{'a'}))", Yes},
		"UnknownNot":    {"NOT of an unknown term is unknown.", "!(@Environment[isPrivateLink] BoolEquals true)", Unknown},
		"NoGUID":        {"A value is not a GUID.", roleOf + "ForAnyOfAnyValues:GuidEquals {Owner}", Unknown},
		"Attributes":    {"A comparison of two attributes is unknown.", roleOf + "GuidEquals @Principal[x]", Unknown},
		"Operator":      {"The operator is unknown.", typeOf + "StringLike '*Principal'", Unknown},
		"Quantifier":    {"The quantifier is unknown.", typeOf + "ForSomeOfSomeValues:StringEquals {'ServicePrincipal'}", Unknown},
		"NoQuantifier":  {"A set needs a quantifier.", typeOf + "StringEquals {'ServicePrincipal'}", Unknown},
		"Ambiguous":     {"Azure does not document the precedence.", "ActionMatches{'*'} OR ActionMatches{'*'} AND ActionMatches{'a'}", Unknown},
		"Function":      {"The function is unknown.", "Exists " + roleOf, Unknown},
		"EmptySet":      {"A set needs values.", roleOf + "ForAnyOfAllValues:GuidEquals {}", Unknown},
		"NoEnd":         {"A parenthesis is not closed.", "(ActionMatches{'*'}", Unknown},
		"MoreEnd":       {"A parenthesis is not opened.", "ActionMatches{'*'})", Unknown},
		"Quote":         {"A quote is not closed.", "ActionMatches{'*}", Unknown},
		"Escape":        {"Azure does not document escaped quotes.", `ActionMatches{'*\'}`, Unknown},
		"NoAttribute":   {"An attribute needs a name.", "@Request GuidEquals '" + user + "'", Unknown},
		"Dangling":      {"An operator needs two sides.", "ActionMatches{'*'} AND", Unknown},
		"Deep":          {"The nesting is limited.", strings.Repeat("(", 5000) + "ActionMatches{'*'}" + strings.Repeat(")", 5000), Unknown},
		"DeepNegation":  {"The number of negations is limited.", strings.Repeat("!", 5000) + "ActionMatches{'*'}", Unknown},
		"Long":          {"The length is limited.", "ActionMatches{'*'}" + strings.Repeat(" ", maxCondition), Unknown},
		"Letters":       {"Letters of other alphabets are invalid.", "ActionMatchеs{'*'}", Unknown},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Condition{tc.expression, "2.0"}.holds(request)); diff != "" {
				t.Errorf("\n%s\nholds(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A tree is an expression with its value.
type tree struct {
	text string
	want Truth
}

// trees generates trees of comparisons with known values.
func trees() *rapid.Generator[tree] {
	leaf := rapid.SampledFrom([]tree{
		{"ActionMatches{'Microsoft.Authorization/roleAssignments/write'}", Yes},
		{"ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}", No},
		{roleOf + "ForAnyOfAnyValues:GuidEquals {" + user + "}", Yes},
		{roleOf + "ForAnyOfAnyValues:GuidEquals {" + owner + "," + officer + "}", No},
		{"@Principal[x] StringEquals 'y'", Unknown},
	})

	var sized func(depth int) *rapid.Generator[tree]

	sized = func(depth int) *rapid.Generator[tree] {
		if depth == 0 {
			return leaf
		}

		return rapid.Custom(func(t *rapid.T) tree {
			if rapid.Bool().Draw(t, "not") {
				inner := sized(depth-1).Draw(t, "inner")

				return tree{"!(" + inner.text + ")", -inner.want}
			}

			operator := rapid.SampledFrom([]string{"AND", "OR", "&&", "||"}).Draw(t, "operator")
			terms := rapid.SliceOfN(sized(depth-1), 1, 3).Draw(t, "terms")
			out := tree{"(" + terms[0].text + ")", terms[0].want}

			for _, term := range terms[1:] {
				out.text += " " + operator + "\n(" + term.text + ")"

				if operator == "AND" || operator == "&&" {
					out.want = min(out.want, term.want)
				} else {
					out.want = max(out.want, term.want)
				}
			}

			return out
		})
	}

	return sized(4)
}

// TestConditionMeans proves that the value of an expression follows from those of its parts.
func TestConditionMeans(t *testing.T) {
	request := Assign(group, Assignment{RoleID: user})

	rapid.Check(t, func(t *rapid.T) {
		tree := trees().Draw(t, "tree")
		if diff := cmp.Diff(tree.want, Condition{tree.text, "2.0"}.holds(request)); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", tree.text, diff)
		}
	})
}

// FuzzCondition proves that more known attributes never change a known value.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		setUp, roleOf + "ForAnyOfAllValues:GuidNotEquals {" + owner + "}", "!" + typeOf + "StringEquals 'User'", "(((", "@[", "'", "ActionMatches{,}", "NOT!NOT", "a:b:c",
		"@Request[Microsoft.Authorization/roleAssignments:PrincipalId] GuidEquals '" + owner + "' && ActionMatches{'*'}",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, expression string) {
		condition := Condition{expression, "2.0"}
		less := condition.holds(Assign(group, Assignment{}))
		more := condition.holds(Assign(group, Assignment{RoleID: user, PrincipalID: owner, PrincipalType: "User"}))

		if less != Unknown && less != more {
			t.Errorf("%q: want %d, got %d with more attributes", expression, less, more)
		}
	})
}
