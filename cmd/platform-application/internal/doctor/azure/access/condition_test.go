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
		"Empty":         {"There is no condition.", " \n", Yes},
		"SetUp":         {"The condition of the set-up page.", setUp, Yes},
		"SetUpLines":    {"White space does not matter.", strings.ReplaceAll(setUp, "(", "\n(\t\r "), Yes},
		"Braces":        {"A GUID is the same in any case.", roleOf + "ForAnyOfAnyValues:GuidEquals {" + strings.ToUpper(user) + "}", Yes},
		"AttributeCase": {"Names of attributes are the same in any case.", strings.ToLower(roleOf) + "foranyofanyvalues:guidequals {" + user + "}", Yes},
		"Single":        {"An operator without a quantifier takes one value.", roleOf + "GuidEquals '" + user + "'", Yes},
		"SingleOther":   {"It is another one.", roleOf + "GuidEquals '" + owner + "'", No},
		"NotIn":         {"All but some: not one of them.", roleOf + "ForAnyOfAllValues:GuidNotEquals {" + owner + ", " + officer + "}", Yes},
		"NotInBut":      {"All but some: one of them.", roleOf + "ForAnyOfAllValues:GuidNotEquals {" + owner + ", " + user + "}", No},
		"NotAny":        {"It differs from one of them at least.", roleOf + "ForAnyOfAnyValues:GuidNotEquals {" + owner + ", " + user + "}", Yes},
		"Type":          {"Types of principals are strings.", typeOf + "ForAnyOfAnyValues:StringEqualsIgnoreCase {'user', 'serviceprincipal'}", Yes},
		"TypeCase":      {"Strings have a case.", typeOf + "StringEquals 'serviceprincipal'", No},
		"TypeNot":       {"Another type.", typeOf + "StringNotEqualsIgnoreCase 'User'", Yes},
		"Symbols":       {"And and or have signs.", "ActionMatches{'a'} || (!ActionMatches{'b'} && NOT ActionMatches{'c'})", Yes},
		"Wildcard":      {"Actions have asterisks.", "ActionMatches{'Microsoft.Authorization/*'}", Yes},
		"UnknownValue":  {"It is not known who it is.", "@Request[Microsoft.Authorization/roleAssignments:PrincipalId] GuidEquals '" + owner + "'", Unknown},
		"UnknownSource": {"An attribute of nothing that is known.", "@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] GuidEquals '" + user + "'", Unknown},
		"UnknownButNo":  {"What is not known does not matter beside what is false.", "(@Environment[isPrivateLink] BoolEquals true) AND ActionMatches{'a'}", No},
		"UnknownButYes": {"What is not known does not matter beside what is true.", "(@Environment[isPrivateLink] BoolEquals true) OR (!(ActionMatches{'a'}))", Yes},
		"UnknownNot":    {"The opposite of what is not known is not known.", "!(@Environment[isPrivateLink] BoolEquals true)", Unknown},
		"NoGUID":        {"A value that is no GUID.", roleOf + "ForAnyOfAnyValues:GuidEquals {Owner}", Unknown},
		"Attributes":    {"Attributes of two sources.", roleOf + "GuidEquals @Principal[x]", Unknown},
		"Operator":      {"An operator that is not known.", typeOf + "StringLike '*Principal'", Unknown},
		"Quantifier":    {"A quantifier that is not known.", typeOf + "ForSomeOfSomeValues:StringEquals {'ServicePrincipal'}", Unknown},
		"NoQuantifier":  {"A set takes a quantifier.", typeOf + "StringEquals {'ServicePrincipal'}", Unknown},
		"Ambiguous":     {"Azure does not say which comes first.", "ActionMatches{'*'} OR ActionMatches{'*'} AND ActionMatches{'a'}", Unknown},
		"Function":      {"A function that is not known.", "Exists " + roleOf, Unknown},
		"EmptySet":      {"A set has values.", roleOf + "ForAnyOfAllValues:GuidEquals {}", Unknown},
		"NoEnd":         {"A parenthesis is not closed.", "(ActionMatches{'*'}", Unknown},
		"MoreEnd":       {"A parenthesis is not opened.", "ActionMatches{'*'})", Unknown},
		"Quote":         {"A quote is not closed.", "ActionMatches{'*}", Unknown},
		"Escape":        {"How quotes are quoted is not known.", `ActionMatches{'*\'}`, Unknown},
		"NoAttribute":   {"An attribute has a name.", "@Request GuidEquals '" + user + "'", Unknown},
		"Dangling":      {"An operator has two sides.", "ActionMatches{'*'} AND", Unknown},
		"Deep":          {"Nobody nests so deeply.", strings.Repeat("(", 5000) + "ActionMatches{'*'}" + strings.Repeat(")", 5000), Unknown},
		"DeepNegation":  {"Nobody negates so often.", strings.Repeat("!", 5000) + "ActionMatches{'*'}", Unknown},
		"Long":          {"Nobody writes so much.", "ActionMatches{'*'}" + strings.Repeat(" ", maxCondition), Unknown},
		"Letters":       {"Letters of other alphabets.", "ActionMatchеs{'*'}", Unknown},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Condition{tc.expression, "2.0"}.holds(request)); diff != "" {
				t.Errorf("\n%s\nholds(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A tree is an expression, and what it means.
type tree struct {
	text string
	want Truth
}

// trees of comparisons whose truth is known.
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

// TestConditionMeans: an expression is what its parts are.
func TestConditionMeans(t *testing.T) {
	request := Assign(group, Assignment{RoleID: user})

	rapid.Check(t, func(t *rapid.T) {
		tree := trees().Draw(t, "tree")
		if diff := cmp.Diff(tree.want, Condition{tree.text, "2.0"}.holds(request)); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", tree.text, diff)
		}
	})
}

// FuzzCondition: what is known of a request never turns out to be otherwise when more is known.
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
			t.Errorf("%q: want %d as before, got %d", expression, less, more)
		}
	})
}
