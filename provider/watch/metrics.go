// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

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

// LastList returns the time of the last successful list of a sync's vault, or zero.
func (w *Watcher) LastList(key types.NamespacedName) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[key]]; ok {
		return v.snapshot.TakenAt
	}

	return time.Time{}
}

// Counts of watched vaults. A vault counts once for each identity that reads it.
type Counts struct {
	Watched int
	// Fast vaults are polled fast after a change.
	Fast int
	// Slow vaults have slow or sluggish lists. TooLarge vaults are too large to be listed.
	Slow, TooLarge int
	// Unlisted vaults cannot be listed by their provider configurations, unless they are only
	// throttled.
	Unlisted int
}

// Counts returns the current numbers.
func (w *Watcher) Counts() Counts {
	w.mu.Lock()
	defer w.mu.Unlock()

	c := Counts{Watched: len(w.vaults)}

	for t, v := range w.vaults {
		if v.plan.Fast() {
			c.Fast++
		}

		if v.slow || v.sluggish {
			c.Slow++
		}

		r := keyvault.ReasonOf(v.snapshot.Err)
		if r == keyvault.TooLarge {
			c.TooLarge++
		}

		if t.shared() && r != "" && r != keyvault.Throttled {
			c.Unlisted++
		}
	}

	return c
}
