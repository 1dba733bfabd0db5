// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package monitoring compares alerts, dashboards and documentation with the metrics
// that the provider exports, and runs the alerts on series.
package monitoring

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// An Expression has the selectors and labels of a PromQL expression.
type Expression struct {
	Selectors []Selector
	// Grouping has the labels of by, on and similar clauses.
	Grouping []string
	// Aggregated is true if the result lacks some labels of a selector.
	Aggregated bool
}

// A Selector selects series of one metric.
type Selector struct {
	Metric   string
	Matchers []*labels.Matcher
}

// Parse finds the metrics and labels of an expression.
func Parse(expression string) (Expression, error) {
	// A variable of Grafana stands for a duration.
	root, err := parser.ParseExpr(strings.ReplaceAll(expression, "[$__rate_interval]", "[5m]"))
	if err != nil {
		return Expression{}, fmt.Errorf("cannot parse %q: %w", expression, err)
	}

	found := Expression{}

	parser.Inspect(root, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			found.Selectors = append(found.Selectors, selector(n))
		case *parser.AggregateExpr:
			found.Aggregated = true
			found.Grouping = append(found.Grouping, n.Grouping...)
		case *parser.BinaryExpr:
			if m := n.VectorMatching; m != nil {
				found.Grouping = append(append(found.Grouping, m.MatchingLabels...), m.Include...)
			}
		case *parser.Call:
			// The function returns a series without labels.
			found.Aggregated = found.Aggregated || n.Func.Name == "absent"
		}

		return nil
	})

	return found, nil
}

func selector(v *parser.VectorSelector) Selector {
	s := Selector{Metric: v.Name}

	for _, m := range v.LabelMatchers {
		if m.Name != model.MetricNameLabel {
			s.Matchers = append(s.Matchers, m)
		}
	}

	return s
}
