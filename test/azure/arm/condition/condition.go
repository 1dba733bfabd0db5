// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package condition evaluates conditions of role assignments (attribute-based access control, version 2.0) on GUIDs.
// Azure publishes no parser for them.
package condition

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxLength is Azure's maximum length of a condition.
const maxLength = 8 << 10

// A Request is evaluated by a condition.
type Request struct {
	// Action such as Microsoft.Authorization/roleAssignments/write.
	Action string

	// Attributes by their source and name in lower case, such as @request[microsoft.authorization/roleassignments:roledefinitionid].
	Attributes map[string][]string
}

// Set sets an attribute. The name is as in a condition, in any case.
func (r *Request) Set(name string, values ...string) {
	if r.Attributes == nil {
		r.Attributes = map[string][]string{}
	}

	r.Attributes[strings.ToLower(name)] = values
}

// A Condition allows or denies a request.
type Condition func(Request) bool

// Parse parses a condition.
func Parse(text string) (Condition, error) {
	if len(text) > maxLength {
		return nil, fmt.Errorf("cannot read condition: it is longer than %d bytes", maxLength)
	}

	p := &parser{}

	var err error
	if p.tokens, err = tokens(text); err != nil {
		return nil, fmt.Errorf("cannot read condition: %w", err)
	}

	if len(p.tokens) == 0 {
		return func(Request) bool { return true }, nil
	}

	c, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q is one too many", p.tokens[0])
	}

	if err != nil {
		return nil, fmt.Errorf("cannot read condition: %w", err)
	}

	return c, nil
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

// token is a word, a text in quotes, an attribute or a sign.
var token = regexp.MustCompile(`^(?:'[^']*'|@[A-Za-z]+\[[^\[\]]*\]|[A-Za-z0-9][A-Za-z0-9:_.-]*|&&|\|\||[(){},!])`)

func tokens(text string) ([]string, error) {
	var out []string

	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		next := token.FindString(text)
		if next == "" {
			return nil, fmt.Errorf("%q is not understood", text)
		}

		out, text = append(out, next), text[len(next):]
	}

	return out, nil
}

// A parser has the remaining tokens.
type parser struct {
	tokens []string
}

// accept consumes the next token if it is one of these words.
func (p *parser) accept(words ...string) bool {
	if len(p.tokens) == 0 || !slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, p.tokens[0]) }) {
		return false
	}

	p.tokens = p.tokens[1:]

	return true
}

func (p *parser) expect(word string) error {
	if !p.accept(word) {
		return fmt.Errorf("%q is missing", word)
	}

	return nil
}

func (p *parser) next() (string, error) {
	if len(p.tokens) == 0 {
		return "", errors.New("it ends too early")
	}

	t := p.tokens[0]
	p.tokens = p.tokens[1:]

	return t, nil
}

func (p *parser) or() (Condition, error) {
	return p.chain(p.and, func(a, b bool) bool { return a || b }, "OR", "||")
}

func (p *parser) and() (Condition, error) {
	return p.chain(p.not, func(a, b bool) bool { return a && b }, "AND", "&&")
}

// chain parses operands with an operator between them.
func (p *parser) chain(operand func() (Condition, error), join func(a, b bool) bool, operators ...string) (Condition, error) {
	left, err := operand()

	for err == nil && p.accept(operators...) {
		var right Condition

		right, err = operand()
		first := left
		left = func(r Request) bool { return join(first(r), right(r)) }
	}

	return left, err
}

func (p *parser) not() (Condition, error) {
	if p.accept("!", "NOT") {
		c, err := p.not()

		return func(r Request) bool { return !c(r) }, err
	}

	if p.accept("(") {
		c, err := p.or()
		if err != nil {
			return nil, err
		}

		return c, p.expect(")")
	}

	if p.accept("ActionMatches") {
		return p.actionMatches()
	}

	return p.comparison()
}

func (p *parser) actionMatches() (Condition, error) {
	list, err := p.operand()
	if err != nil {
		return nil, err
	}

	patterns := list(Request{})
	if len(patterns) != 1 {
		return nil, errors.New("ActionMatches has one action, in braces and quotes")
	}

	return func(r Request) bool { return Matches(patterns[0], r.Action) }, nil
}

// An operand has values, or none if the request has no such attribute.
type operand func(Request) []string

func (p *parser) operand() (operand, error) {
	t, err := p.next()

	switch {
	case err != nil:
		return nil, err
	case t == "{":
		return p.list()
	case t[0] == '@':
		return func(r Request) []string { return r.Attributes[strings.ToLower(t)] }, nil
	default:
		return literal(t)
	}
}

func (p *parser) list() (operand, error) {
	var values []string

	for {
		t, err := p.next()
		if err != nil {
			return nil, err
		}

		one, err := literal(t)
		if err != nil {
			return nil, err
		}

		values = append(values, one(Request{})...)

		switch {
		case p.accept("}"):
			return func(Request) []string { return values }, nil
		case !p.accept(","):
			return nil, errors.New("values are separated by commas")
		}
	}
}

func literal(t string) (operand, error) {
	if strings.ContainsAny(t[:1], "(){},!&|") {
		return nil, fmt.Errorf("%q is not a value", t)
	}

	values := []string{strings.Trim(t, "'")}

	return func(Request) []string { return values }, nil
}

func (p *parser) comparison() (Condition, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}

	name, err := p.next()
	if err != nil {
		return nil, err
	}

	compare, err := operator(name)
	if err != nil {
		return nil, err
	}

	right, err := p.operand()
	if err != nil {
		return nil, err
	}

	return func(r Request) bool {
		l, r2 := left(r), right(r)

		return len(l) > 0 && len(r2) > 0 && compare(l, r2)
	}, nil
}

// operator returns the operator of that name on GUIDs: those that the Azure portal uses for a list
// of roles.
func operator(name string) (func(left, right []string) bool, error) {
	within := func(left, right []string) bool {
		return slices.ContainsFunc(left, func(a string) bool {
			return slices.ContainsFunc(right, func(b string) bool { return strings.EqualFold(a, b) })
		})
	}

	switch strings.ToLower(name) {
	case "guidequals", "foranyofanyvalues:guidequals":
		return within, nil
	case "guidnotequals", "foranyofallvalues:guidnotequals":
		return func(left, right []string) bool { return !within(left, right) }, nil
	default:
		return nil, fmt.Errorf("there is no operator %q here", name)
	}
}
