//go:build tools

// Package tools pins the version of govulncheck: this module's go.mod is the one place that names it.
package tools

import _ "golang.org/x/vuln/cmd/govulncheck"
