//go:build tools

// Package tools pins the version of actionlint: this module's go.mod is the one place that names it.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
