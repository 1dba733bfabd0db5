//go:build tools

// Package tools pins the version of the Prometheus Operator: this module's go.mod is the one place that names it.
package tools

import _ "github.com/prometheus-operator/prometheus-operator/cmd/operator"
