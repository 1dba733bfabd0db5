// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package monitoring compares alerts, dashboards and documentation with the metrics
// that the provider exports, and runs the alerts on series.
package monitoring

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A Metric is exported or documented.
type Metric struct {
	// Type as in the exposition format, such as gauge. It is empty if unknown.
	Type string
	// Labels are sorted.
	Labels []string
	// values are the observed values of labels.
	values map[string]map[string]bool
}

// Metrics are metrics by name.
type Metrics map[string]Metric

// ParseMetrics parses the metrics that a program exports.
func ParseMetrics(text string) (Metrics, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)

	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("cannot parse metrics: %w", err)
	}

	out := Metrics{}

	for name, f := range families {
		m := Metric{Type: strings.ToLower(f.GetType().String()), values: map[string]map[string]bool{}}

		for _, series := range f.GetMetric() {
			m.see(series)
		}

		m.Labels = slices.Sorted(maps.Keys(m.values))
		out[name] = m
	}

	return out, nil
}

func (m Metric) see(series *dto.Metric) {
	for _, l := range series.GetLabel() {
		if m.values[l.GetName()] == nil {
			m.values[l.GetName()] = map[string]bool{}
		}

		m.values[l.GetName()][l.GetValue()] = true
	}
}

var descriptor = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", .*, variableLabels: \{([^}]*)\}\}$`)

// Described returns the metrics that collectors describe, including those that are exported only
// after a failure.
func Described(collectors ...prometheus.Collector) (Metrics, error) {
	out := Metrics{}

	for _, c := range collectors {
		descriptors := make(chan *prometheus.Desc)
		go func() { c.Describe(descriptors); close(descriptors) }()

		var unreadable error

		for d := range descriptors {
			parts := descriptor.FindStringSubmatch(d.String())
			if parts == nil {
				unreadable = fmt.Errorf("cannot read descriptor %s", d)
				continue
			}

			labels := strings.FieldsFunc(parts[2], func(r rune) bool { return r == ',' || r == ' ' })
			slices.Sort(labels)
			out[parts[1]] = Metric{Labels: labels}
		}

		if unreadable != nil {
			return nil, unreadable
		}
	}

	return out, nil
}

// Check returns the metrics, labels and values that an expression selects and that do not exist.
func (m Metrics) Check(expression string) []string {
	// A variable of Grafana stands for a duration.
	root, err := parser.ParseExpr(strings.ReplaceAll(expression, "[$__rate_interval]", "[5m]"))
	if err != nil {
		return []string{fmt.Sprintf("cannot parse %q: %v", expression, err)}
	}

	var faults []string

	for _, selector := range parser.ExtractSelectors(root) {
		isName := func(l *labels.Matcher) bool { return l.Name == model.MetricNameLabel }
		name := selector[slices.IndexFunc(selector, isName)].Value

		metric, ok := m.series(name)
		if !ok {
			faults = append(faults, "there is no metric "+name)
			continue
		}

		for _, matcher := range slices.DeleteFunc(selector, isName) {
			faults = append(faults, metric.check(name, matcher)...)
		}
	}

	return faults
}

// series returns the metric with a series of this name.
func (m Metrics) series(name string) (Metric, bool) {
	if metric, ok := m[name]; ok {
		return metric, metric.Type != "histogram"
	}

	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, ok := strings.CutSuffix(name, suffix)
		if metric, found := m[base]; ok && found && (metric.Type == "histogram" || metric.Type == "") {
			return metric, true
		}
	}

	return Metric{}, false
}

// check checks a matcher: its label, and its value if the possible values are known.
func (m Metric) check(name string, matcher *labels.Matcher) []string {
	if !slices.Contains(m.Labels, matcher.Name) {
		return []string{fmt.Sprintf("metric %s has no label %s", name, matcher.Name)}
	}

	// The values of other labels are not known in advance.
	if !slices.Contains([]string{"gvk", "controller", "name", "state", "reason"}, matcher.Name) {
		return nil
	}

	var faults []string

	for value := range strings.SplitSeq(matcher.Value, "|") {
		matches := func(seen string) bool { return seen == value }
		if pattern, err := regexp.Compile("^(?:" + value + ")$"); err == nil && slices.Contains([]labels.MatchType{labels.MatchRegexp, labels.MatchNotRegexp}, matcher.Type) {
			matches = pattern.MatchString
		}

		if value != "" && !slices.ContainsFunc(slices.Collect(maps.Keys(m.values[matcher.Name])), matches) {
			faults = append(faults, fmt.Sprintf("metric %s has never %s=%q", name, matcher.Name, value))
		}
	}

	return faults
}
