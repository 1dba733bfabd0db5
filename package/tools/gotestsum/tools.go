//go:build tools

// Package tools pins the version of gotestsum: this module's go.mod is the one place that names it.
package tools

import _ "gotest.tools/gotestsum"
