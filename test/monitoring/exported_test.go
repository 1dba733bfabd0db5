// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

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

// targetLabels are added by Prometheus to every metric.
func targetLabels() []string { return []string{"instance", "job"} }

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

// Check returns the metrics, labels and values of an expression that do not exist.
func (m Metrics) Check(expression string) []string {
	e, err := Parse(expression)
	if err != nil {
		return []string{err.Error()}
	}

	var faults []string

	known := targetLabels()

	for _, s := range e.Selectors {
		metric, ok := m.series(s.Metric)
		if !ok {
			faults = append(faults, "there is no metric "+s.Metric)
			continue
		}

		known = append(known, metric.Labels...)

		for _, matcher := range s.Matchers {
			faults = append(faults, metric.check(s.Metric, matcher)...)
		}
	}

	for _, label := range e.Grouping {
		if !slices.Contains(known, label) {
			faults = append(faults, "no metric has the label "+label)
		}
	}

	return faults
}

// Results returns the labels of the result of an expression.
func (m Metrics) Results(expression string) []string {
	e, err := Parse(expression)
	if err != nil {
		return nil
	}

	if e.Aggregated {
		return e.Grouping
	}

	out := targetLabels()

	for _, s := range e.Selectors {
		metric, _ := m.series(s.Metric)
		out = append(out, metric.Labels...)
	}

	return out
}

// series returns the metric with a series of this name.
func (m Metrics) series(name string) (Metric, bool) {
	if metric, ok := m[name]; ok {
		return metric, metric.Type != "histogram"
	}

	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, ok := strings.CutSuffix(name, suffix)
		if metric, found := m[base]; ok && found && (metric.Type == "histogram" || metric.Type == "") {
			if suffix == "_bucket" {
				metric.Labels = append(slices.Clone(metric.Labels), "le")
			}

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
