//go:build tools

// Package tools pins the version of golangci-lint: this module's go.mod is the one place that names it.
package tools

import _ "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"
