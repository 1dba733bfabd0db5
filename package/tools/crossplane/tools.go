//go:build tools

// Package tools pins the version of crossplane: this module's go.mod is the one place that names it.
package tools

import _ "github.com/crossplane/cli/v2/cmd/crossplane"
