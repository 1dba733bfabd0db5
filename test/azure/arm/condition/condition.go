// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package condition evaluates conditions of role assignments (attribute-based access control, version 2.0) on GUIDs.
// Azure publishes no parser for them.
package condition

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

const (
	// maxLength is Azure's maximum length of a condition.
	maxLength = 8 << 10

	guid = `'?[\w-]+'?`
)

var (
	// comparison matches a comparison with its action, or with its attribute, operator and GUIDs. The operators are those that the Azure
	// portal uses for a list of roles.
	comparison = regexp.MustCompile(`(?i)ActionMatches\s*\{\s*'([^',]+)'\s*\}|` +
		`(@[a-z]+\[[^\[\]]*\])\s+((?:ForAnyOfAnyValues:)?GuidEquals|(?:ForAnyOfAllValues:)?GuidNotEquals)\s+('[^']*'|\{\s*` + guid + `(?:\s*,\s*` + guid + `)*\s*\})`)

	// operators matches what is between comparisons.
	operators = regexp.MustCompile(`(?i)^(?:\s|[()!]|&&|\|\||\b(?:AND|OR|NOT)\b)*$`)
)

// A Request is evaluated by a condition.
type Request struct {
	// Action such as Microsoft.Authorization/roleAssignments/write.
	Action string

	// Attributes by their source and name in lower case, such as @request[microsoft.authorization/roleassignments:roledefinitionid].
	Attributes map[string]string
}

// Set sets an attribute. The name is as in a condition, in any case.
func (r *Request) Set(name, value string) {
	if r.Attributes == nil {
		r.Attributes = map[string]string{}
	}

	r.Attributes[strings.ToLower(name)] = value
}

// A Condition allows or denies a request.
type Condition func(Request) bool

// Parse parses a condition: comparisons in a boolean expression, which Go's parser reads once each comparison is an identifier.
func Parse(text string) (Condition, error) {
	if len(text) > maxLength {
		return nil, fmt.Errorf("cannot read condition: it is longer than %d bytes", maxLength)
	}

	if rest := comparison.ReplaceAllString(text, " "); !operators.MatchString(rest) {
		return nil, fmt.Errorf("cannot read condition: %q is not understood", rest)
	}

	comparisons := map[string]Condition{}
	expression := comparison.ReplaceAllStringFunc(text, func(one string) string {
		name := "C" + strconv.Itoa(len(comparisons))
		comparisons[name] = compare(comparison.FindStringSubmatch(one))

		return " " + name + " "
	})

	// Go ends an expression at the end of a line.
	words := strings.NewReplacer("AND", "&&", "OR", "||", "NOT", "!")

	parsed, err := parser.ParseExpr(words.Replace(strings.ToUpper(strings.Join(strings.Fields(expression), " "))))
	if err != nil {
		return nil, fmt.Errorf("cannot read condition: %w", err)
	}

	return evaluate(parsed, comparisons)
}

// evaluate returns the condition of an expression.
func evaluate(e ast.Expr, comparisons map[string]Condition) (Condition, error) {
	switch e := e.(type) {
	case *ast.Ident:
		return comparisons[e.Name], nil
	case *ast.ParenExpr:
		return evaluate(e.X, comparisons)
	case *ast.UnaryExpr:
		c, err := evaluate(e.X, comparisons)

		return func(r Request) bool { return !c(r) }, err
	case *ast.BinaryExpr:
		left, err := evaluate(e.X, comparisons)
		right, err2 := evaluate(e.Y, comparisons)

		if e.Op == token.LAND {
			return func(r Request) bool { return left(r) && right(r) }, errors.Join(err, err2)
		}

		return func(r Request) bool { return left(r) || right(r) }, errors.Join(err, err2)
	default:
		return nil, errors.New("cannot read condition: there is no operator between comparisons")
	}
}

// compare returns the condition of a match of comparison. A comparison with a missing attribute is false.
func compare(match []string) Condition {
	action, attribute, operator, guids := match[1], strings.ToLower(match[2]), strings.ToLower(match[3]), match[4]
	if attribute == "" {
		return func(r Request) bool { return Matches(action, r.Action) }
	}

	listed := map[string]bool{}
	for one := range strings.SplitSeq(strings.ToLower(guids), ",") {
		listed[strings.Trim(one, "{ '\t\r\n}")] = true
	}

	return func(r Request) bool {
		value, ok := r.Attributes[attribute]

		return ok && listed[strings.ToLower(value)] != strings.Contains(operator, "not")
	}
}

// Matches reports whether an action matches a pattern, in which * matches anything, ignoring case.
func Matches(pattern, action string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	rest, ok := strings.CutPrefix(strings.ToLower(action), parts[0])

	for i, part := range parts[1:] {
		if !ok {
			return false
		}

		if i == len(parts)-2 {
			return strings.HasSuffix(rest, part)
		}

		_, rest, ok = strings.Cut(rest, part)
	}

	return ok && rest == ""
}
