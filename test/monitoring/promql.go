// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package monitoring checks what is said about the metrics of the provider, in
// alerts, dashboards and documentation, against the metrics that it has.
package monitoring

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// An Expression is what a PromQL expression asks for.
type Expression struct {
	Selectors []Selector
	// Grouping are the labels of by, on and their like.
	Grouping []string
	// Aggregated is true if not every label of a selector is in the result.
	Aggregated bool
}

// A Selector of series of one metric.
type Selector struct {
	Metric   string
	Matchers []Matcher
}

// A Matcher of a label.
type Matcher struct {
	Label, Operator, Value string
}

// tokenPattern of PromQL: a string, a number or duration, a name, or punctuation.
var tokenPattern = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[0-9][0-9a-z.]*|[a-zA-Z_:][a-zA-Z0-9_:]*|=~|!~|!=|==|>=|<=|[-+*/%^<>=(){}\[\],@])`)

var namePattern = regexp.MustCompile(`^[a-zA-Z_:]`)

// Words of PromQL that are in use here. Others are refused, so that a spelling
// mistake is not taken for a function.
//
//nolint:gochecknoglobals // Constants in all but name.
var (
	groupings    = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	operators    = []string{"and", "or", "unless", "bool", "offset"}
	aggregations = []string{"sum", "min", "max", "count", "absent"}
	functions    = []string{"rate", "increase", "histogram_quantile", "time", "vector", "sort"}
)

// Parse finds out what an expression asks for. It is no parser of PromQL: it
// refuses much that is wrong, but not all.
func Parse(expression string) (Expression, error) {
	tokens, err := scan(expression)
	if err != nil {
		return Expression{}, err
	}

	p := &reader{tokens: tokens}
	for p.at < len(p.tokens) {
		if err := p.next(); err != nil {
			return Expression{}, fmt.Errorf("cannot parse %q: %w", expression, err)
		}
	}

	if len(p.open) > 0 {
		return Expression{}, fmt.Errorf("cannot parse %q: %s is not closed", expression, p.open[len(p.open)-1])
	}

	return p.found, nil
}

// scan the tokens of an expression. A variable of Grafana stands for a duration.
func scan(expression string) ([]string, error) {
	rest := strings.ReplaceAll(expression, "[$__rate_interval]", "[5m]")

	var tokens []string

	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		t := tokenPattern.FindString(rest)
		if t == "" {
			return nil, fmt.Errorf("cannot parse %q: do not understand %q", expression, rest)
		}

		tokens = append(tokens, t)
		rest = rest[len(t):]
	}

	return tokens, nil
}

type reader struct {
	tokens []string
	at     int
	open   []string
	found  Expression
}

// take the next token.
func (p *reader) take() string {
	if p.at == len(p.tokens) {
		return ""
	}

	p.at++

	return p.tokens[p.at-1]
}

// peek at the next token.
func (p *reader) peek() string {
	if p.at == len(p.tokens) {
		return ""
	}

	return p.tokens[p.at]
}

// next part of the expression.
func (p *reader) next() error {
	t := p.take()

	switch {
	case t == "(" || t == "[":
		p.open = append(p.open, t)
	case t == ")" || t == "]":
		if len(p.open) == 0 || p.open[len(p.open)-1] != map[string]string{")": "(", "]": "["}[t] {
			return fmt.Errorf("%s closes nothing", t)
		}

		p.open = p.open[:len(p.open)-1]
	case slices.Contains(groupings, t):
		return p.labels()
	case slices.Contains(operators, t):
	case slices.Contains(aggregations, t):
		p.found.Aggregated = true
	case slices.Contains(functions, t):
	case namePattern.MatchString(t):
		return p.selector(t)
	case t == "{" || t == "}":
		return fmt.Errorf("%s does not follow a metric", t)
	}

	return nil
}

// labels in parentheses.
func (p *reader) labels() error {
	if t := p.take(); t != "(" {
		return fmt.Errorf("want ( and not %q", t)
	}

	for t := p.take(); t != ")"; t = p.take() {
		switch {
		case t == ",":
		case namePattern.MatchString(t):
			p.found.Grouping = append(p.found.Grouping, t)
		default:
			return fmt.Errorf("want a label and not %q", t)
		}
	}

	return nil
}

// selector of a metric.
func (p *reader) selector(metric string) error {
	s := Selector{Metric: metric}

	if p.peek() == "(" {
		return fmt.Errorf("there is no function %s", metric)
	}

	if p.peek() == "{" {
		p.at++

		for p.peek() != "}" {
			m := Matcher{Label: p.take(), Operator: p.take()}
			value := p.take()

			if !namePattern.MatchString(m.Label) || !slices.Contains([]string{"=", "!=", "=~", "!~"}, m.Operator) || !strings.ContainsAny(value, `"'`) {
				return fmt.Errorf("want a matcher and not %s%s%s", m.Label, m.Operator, value)
			}

			m.Value = value[1 : len(value)-1]
			s.Matchers = append(s.Matchers, m)

			if p.peek() == "," {
				p.at++
			}
		}

		p.at++
	}

	p.found.Selectors = append(p.found.Selectors, s)

	return nil
}
