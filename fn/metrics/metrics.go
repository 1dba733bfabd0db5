// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package metrics has the metrics of the function.
package metrics

import "github.com/prometheus/client_golang/prometheus"

// NewNotComposed returns a counter of the calls that compose nothing, by the reason in the conditions
// of the application. Such a call is repeated at least every few minutes. An application is no label:
// with invalid settings, all of them are not composed.
func NewNotComposed() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "platform_application_not_composed_total",
		Help: "Calls that keep an application as it is, by the reason in its conditions.",
	}, []string{"reason"})
}
