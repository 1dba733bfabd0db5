//go:build tools

// Package tools pins the version of jq: this module's go.mod is the one place that names it.
package tools

import _ "github.com/itchyny/gojq/cmd/gojq"
