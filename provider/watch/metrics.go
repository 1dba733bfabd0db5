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

// Targets returns the number of watched vaults. A vault counts once for each identity that
// reads it.
func (w *Watcher) Targets() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	return len(w.vaults)
}

// Slow returns the number of vaults with slow or sluggish lists, and how many of them are too
// large to be listed.
func (w *Watcher) Slow() (slow, tooLarge int) {
	w.mu.Lock()
	defer w.mu.Unlock()

	for _, v := range w.vaults {
		if v.slow || v.sluggish {
			slow++
		}

		if keyvault.ReasonOf(v.snapshot.Err) == keyvault.TooLarge {
			tooLarge++
		}
	}

	return slow, tooLarge
}

// Unlisted returns the number of vaults that provider configurations cannot list, unless they
// are only throttled.
func (w *Watcher) Unlisted() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	n := 0

	for t, v := range w.vaults {
		if r := keyvault.ReasonOf(v.snapshot.Err); t.shared() && r != "" && r != keyvault.Throttled {
			n++
		}
	}

	return n
}

// Fast returns the number of vaults that are polled fast.
func (w *Watcher) Fast() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	n := 0

	for _, v := range w.vaults {
		if v.plan.Fast() {
			n++
		}
	}

	return n
}
