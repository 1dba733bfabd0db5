// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package metric reads what programs export for Prometheus.
package metric

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Sum returns the sum of all series of a gauge or counter with these labels, each as name=value.
func Sum(text, name string, labels ...string) (float64, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)

	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return 0, fmt.Errorf("cannot parse metrics: %w", err)
	}

	sum := 0.0

	for _, m := range families[name].GetMetric() {
		have := map[string]bool{}
		for _, l := range m.GetLabel() {
			have[l.GetName()+"="+l.GetValue()] = true
		}

		matches := true
		for _, l := range labels {
			matches = matches && have[l]
		}

		if matches {
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}

	return sum, nil
}
