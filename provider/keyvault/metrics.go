// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Namespace prefixes the names of all metrics of the provider.
const Namespace = "keyvault_secretsync"

// Metrics of the requests to Azure.
type Metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	throttled *prometheus.CounterVec
}

// NewMetrics returns metrics, for the caller to register.
func NewMetrics() *Metrics {
	return &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: Namespace, Name: "azure_requests_total",
			Help: "Requests to Key Vault and Entra ID, by operation (list, get, set, getdeleted, token, metadata, other) and HTTP status code, or error without a response. Key Vault responds 401 to the first request of every client.",
		}, []string{"operation", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: Namespace, Name: "azure_request_duration_seconds",
			Help:    "Response time of Key Vault and Entra ID, by operation.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}, []string{"operation"}),
		throttled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: Namespace, Name: "azure_throttled_total",
			Help: "Requests that Key Vault (vault) or Entra ID (entra) throttled. The provider sends no requests to the vault, or for the identity, until its Retry-After has passed.",
		}, []string{"service"}),
	}
}

// Describe all metrics.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.requests.Describe(ch)
	m.durations.Describe(ch)
	m.throttled.Describe(ch)
}

// Collect all metrics.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.requests.Collect(ch)
	m.durations.Collect(ch)
	m.throttled.Collect(ch)
}

func (m *Metrics) request(operation, code string, d time.Duration) {
	m.requests.WithLabelValues(operation, code).Inc()
	m.durations.WithLabelValues(operation).Observe(d.Seconds())

	if code != "429" {
		return
	}

	service := "entra"

	switch operation {
	case operationList, operationGet, operationSet, operationDeleted:
		service = "vault"
	}

	m.throttled.WithLabelValues(service).Inc()
}
