// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// Metrics of polls.
type Metrics struct {
	lateness prometheus.Histogram
	limits   *prometheus.CounterVec
}

// NewMetrics returns metrics, for the caller to register.
func NewMetrics() *Metrics {
	m := &Metrics{
		lateness: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: keyvault.Namespace, Name: "poll_lateness_seconds",
			Help:    "Delay of a list behind its planned time, for vaults that answer. It grows if --lists-at-once is too small.",
			Buckets: []float64{0.01, 0.1, 0.5, 1, 5, 10, 30, 60},
		}),
		limits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: keyvault.Namespace, Name: "fast_polls_limited_total",
			Help: "Polls delayed beyond the fast interval because a budget of fast polls was exhausted, by budget: vault, namespace or provider.",
		}, []string{"budget"}),
	}

	for _, b := range []attention.Budget{attention.BudgetVault, attention.BudgetNamespace, attention.BudgetProvider} {
		m.limits.WithLabelValues(string(b))
	}

	return m
}

// Describe all metrics.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.lateness.Describe(ch)
	m.limits.Describe(ch)
}

// Collect all metrics.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.lateness.Collect(ch)
	m.limits.Collect(ch)
}

func (m *Metrics) late(d time.Duration) { m.lateness.Observe(d.Seconds()) }

func (m *Metrics) limited(b attention.Budget) { m.limits.WithLabelValues(string(b)).Inc() }
