// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"
)

func TestParse(t *testing.T) {
	type want struct {
		expression Expression
		err        string
	}

	for name, tc := range map[string]struct {
		reason     string
		expression string
		want       want
	}{
		"Metric": {
			reason:     "A name alone is a metric.",
			expression: "up",
			want:       want{expression: Expression{Selectors: []Selector{{Metric: "up"}}}},
		},
		"Matchers": {
			reason:     "Braces, commas and operators in a value are part of it.",
			expression: `up{job="a, {b}=c",state=~"X|Y"} == 1`,
			want: want{expression: Expression{Selectors: []Selector{{Metric: "up", Matchers: []*labels.Matcher{
				{Name: "job", Type: labels.MatchEqual, Value: "a, {b}=c"}, {Name: "state", Type: labels.MatchRegexp, Value: "X|Y"},
			}}}}},
		},
		"Aggregation": {
			reason:     "Functions, labels to group by, numbers and durations are not metrics.",
			expression: `histogram_quantile(0.95, sum by (le, x) (rate(a_bucket[$__rate_interval]))) > 14 * 86400`,
			want: want{expression: Expression{
				Selectors: []Selector{{Metric: "a_bucket"}}, Grouping: []string{"le", "x"}, Aggregated: true,
			}},
		},
		"Operators": {
			reason:     "Every metric counts.",
			expression: `time() - a and on (instance) b{}`,
			want:       want{expression: Expression{Selectors: []Selector{{Metric: "a"}, {Metric: "b"}}, Grouping: []string{"instance"}}},
		},
		"UnknownFunction": {
			reason:     "A function that does not exist is no metric.",
			expression: `ratee(a[5m])`,
			want:       want{err: `unknown function with name "ratee"`},
		},
		"NotClosed": {
			reason:     "Parentheses have to match.",
			expression: `sum(rate(a[5m])`,
			want:       want{err: "unclosed left parenthesis"},
		},
		"ClosedTwice": {
			reason:     "Parentheses have to match.",
			expression: `sum(a))`,
			want:       want{err: "unexpected right parenthesis"},
		},
		"NoValue": {
			reason:     "A matcher needs a value in quotes.",
			expression: `a{b=c}`,
			want:       want{err: "expected string"},
		},
		"MatchersNotClosed": {
			reason:     "The end is no matcher.",
			expression: `a{b="c"`,
			want:       want{err: "unexpected end of input"},
		},
		"LabelsNotClosed": {
			reason:     "The end is no label.",
			expression: `sum by (a`,
			want:       want{err: "unclosed left parenthesis"},
		},
		"Variable": {
			reason:     "A variable of Grafana that is not known may be anything.",
			expression: `rate(a[$interval])`,
			want:       want{err: "unexpected"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.expression)
			if (err != nil) != (tc.want.err != "") || err != nil && !strings.Contains(err.Error(), tc.want.err) {
				t.Fatalf("\n%s\nParse(%q): want error with %q, got %v", tc.reason, tc.expression, tc.want.err, err)
			}

			if diff := cmp.Diff(tc.want.expression, got, cmpopts.IgnoreUnexported(labels.Matcher{})); diff != "" {
				t.Errorf("\n%s\nParse(%q): -want, +got:\n%s", tc.reason, tc.expression, diff)
			}
		})
	}
}
