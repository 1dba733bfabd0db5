// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const (
	// maxCondition is larger than the limit of Azure.
	maxCondition = 16 << 10

	// maxDepth limits nested parentheses and negations.
	maxDepth = 64
)

// A Condition restricts a role assignment, or a permission of a role. See
// https://learn.microsoft.com/azure/role-based-access-control/conditions-format
type Condition struct {
	// Expression is empty if there is no condition.
	Expression string

	// Version of the expression language.
	Version string
}

// holds reports whether a request meets the condition.
func (c Condition) holds(r Request) Truth {
	if strings.TrimSpace(c.Expression) == "" {
		return Yes
	}

	if c.Version != "2.0" {
		return Unknown
	}

	holds, err := parse(c.Expression)
	if err != nil {
		return Unknown
	}

	return holds(r)
}

// A predicate reports whether it holds for a request.
type predicate func(Request) Truth

func not(p predicate) predicate { return func(r Request) Truth { return -p(r) } }

func all(ps []predicate) predicate {
	return func(r Request) Truth {
		out := Yes
		for _, p := range ps {
			out = min(out, p(r))
		}

		return out
	}
}

func anyOf(ps []predicate) predicate {
	return func(r Request) Truth {
		out := No
		for _, p := range ps {
			out = max(out, p(r))
		}

		return out
	}
}

// parse parses an expression.
func parse(expression string) (predicate, error) {
	if len(expression) > maxCondition {
		return nil, fmt.Errorf("cannot parse condition: %d bytes are too many", len(expression))
	}

	tokens, err := tokenize(expression)
	if err != nil {
		return nil, err
	}

	p := parser{tokens: tokens}

	out, err := p.expression(0)
	if err != nil {
		return nil, err
	}

	if p.peek().kind != end {
		return nil, p.unexpected()
	}

	return out, nil
}

// kind is the kind of a token.
type kind int

const (
	end       kind = iota
	sign           // one of ( ) { } , !
	word           // a name, an operator or a value without quotes
	text           // a value in quotes
	attribute      // @Request[…]: its text is request[…]
)

type token struct {
	kind kind
	text string
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.:-", c) >= 0
}

func tokenize(s string) ([]token, error) {
	var out []token

	for len(s) > 0 {
		var (
			t token
			n int
		)

		switch c := s[0]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			s = s[1:]

			continue
		case strings.IndexByte("(){},!", c) >= 0:
			t, n = token{sign, s[:1]}, 1
		case strings.HasPrefix(s, "&&"):
			t, n = token{word, "AND"}, 2
		case strings.HasPrefix(s, "||"):
			t, n = token{word, "OR"}, 2
		case c == '\'':
			// Azure does not document how to escape a quote.
			value, _, ok := strings.Cut(s[1:], "'")
			if !ok || strings.Contains(value, `\`) {
				return nil, errors.New("cannot parse condition: a quote is not closed")
			}

			t, n = token{text, value}, len(value)+2
		case c == '@':
			name, _, ok := strings.Cut(s[1:], "]")
			if !ok || !strings.Contains(name, "[") {
				return nil, errors.New("cannot parse condition: an attribute has no name")
			}

			t, n = token{attribute, strings.ToLower(strings.Join(strings.Fields(name), "")) + "]"}, len(name)+2
		case isWord(c):
			for n < len(s) && isWord(s[n]) {
				n++
			}

			t = token{word, s[:n]}
		default:
			return nil, fmt.Errorf("cannot parse condition: unexpected %q", c)
		}

		out, s = append(out, t), s[n:]
	}

	return out, nil
}

type parser struct {
	tokens []token
}

func (p *parser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}

	return p.tokens[0]
}

func (p *parser) next() token {
	t := p.peek()
	p.tokens = p.tokens[min(1, len(p.tokens)):]

	return t
}

// take consumes the next token if it is this one.
func (p *parser) take(k kind, s string) bool {
	t := p.peek()
	if t.kind != k || !strings.EqualFold(t.text, s) {
		return false
	}

	p.next()

	return true
}

func (p *parser) unexpected() error {
	return fmt.Errorf("cannot parse condition: unexpected %q", p.peek().text)
}

// expression parses terms joined by either AND or OR. Azure does not document the precedence, so both need parentheses.
func (p *parser) expression(depth int) (predicate, error) {
	first, err := p.term(depth)
	if err != nil {
		return nil, err
	}

	terms, join := []predicate{first}, all
	operator := p.peek()

	switch {
	case operator.kind == word && strings.EqualFold(operator.text, "AND"):
	case operator.kind == word && strings.EqualFold(operator.text, "OR"):
		join = anyOf
	default:
		return first, nil
	}

	for p.take(word, operator.text) {
		term, err := p.term(depth)
		if err != nil {
			return nil, err
		}

		terms = append(terms, term)
	}

	return join(terms), nil
}

func (p *parser) term(depth int) (predicate, error) {
	switch {
	case depth > maxDepth:
		return nil, errors.New("cannot parse condition: it is nested too deeply")
	case p.take(sign, "!"), p.take(word, "NOT"):
		term, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}

		return not(term), nil
	case p.take(sign, "("):
		inner, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}

		if !p.take(sign, ")") {
			return nil, p.unexpected()
		}

		return inner, nil
	case p.take(word, "ActionMatches"):
		patterns, err := p.values()
		if err != nil {
			return nil, err
		}

		return func(r Request) Truth {
			return truth(slices.ContainsFunc(patterns, func(pattern string) bool { return Matches(pattern, r.Action) }))
		}, nil
	case p.peek().kind == attribute:
		return p.comparison()
	default:
		return nil, p.unexpected()
	}
}

// comparison parses a comparison of an attribute with values.
func (p *parser) comparison() (predicate, error) {
	name, operator := p.next().text, p.next()
	if operator.kind != word {
		return nil, fmt.Errorf("cannot parse condition: %q is not an operator", operator.text)
	}

	quantifier, comparison, quantified := strings.Cut(strings.ToLower(operator.text), ":")
	if !quantified {
		quantifier, comparison = "", quantifier
	}

	compare, known := comparisons()[comparison]

	var values []string

	switch t := p.peek(); {
	case t.kind == sign && t.text == "{":
		set, err := p.values()
		if err != nil {
			return nil, err
		}

		values, known = set, known && quantified
	case t.kind == word || t.kind == text:
		values, known = []string{p.next().text}, known && !quantified
	case t.kind == attribute:
		p.next()

		known = false
	default:
		return nil, p.unexpected()
	}

	join := join(quantifier)

	return func(r Request) Truth {
		value, ok := r.Attributes[name]
		if !ok || !known || join == nil {
			return Unknown
		}

		each := make([]predicate, 0, len(values))
		for _, v := range values {
			each = append(each, func(Request) Truth { return compare(value, v) })
		}

		return join(each)(r)
	}, nil
}

// join returns how a quantifier combines the comparisons with the values of a set. The attributes here have one value, so only its second
// part matters.
func join(quantifier string) func([]predicate) predicate {
	switch quantifier {
	case "", "foranyofallvalues", "forallofallvalues":
		return all
	case "foranyofanyvalues", "forallofanyvalues":
		return anyOf
	default:
		return nil
	}
}

// values parses one or more values in braces.
func (p *parser) values() ([]string, error) {
	if !p.take(sign, "{") {
		return nil, p.unexpected()
	}

	var out []string

	for {
		t := p.peek()
		if t.kind != word && t.kind != text {
			return nil, p.unexpected()
		}

		out = append(out, p.next().text)

		switch {
		case p.take(sign, ","):
		case p.take(sign, "}"):
			return out, nil
		default:
			return nil, p.unexpected()
		}
	}
}

// comparisons returns the supported operators, by their names in lower case.
func comparisons() map[string]func(a, b string) Truth {
	equal := func(a, b string) Truth { return truth(a == b) }
	fold := func(a, b string) Truth { return truth(strings.EqualFold(a, b)) }
	negate := func(f func(a, b string) Truth) func(a, b string) Truth {
		return func(a, b string) Truth { return -f(a, b) }
	}

	return map[string]func(a, b string) Truth{
		"guidequals":                guidEquals,
		"guidnotequals":             negate(guidEquals),
		"stringequals":              equal,
		"stringnotequals":           negate(equal),
		"stringequalsignorecase":    fold,
		"stringnotequalsignorecase": negate(fold),
	}
}

func guidEquals(a, b string) Truth {
	x, errX := uuid.Parse(a)
	y, errY := uuid.Parse(b)

	if errX != nil || errY != nil {
		return Unknown
	}

	return truth(x == y)
}
