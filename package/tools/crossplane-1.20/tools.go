//go:build tools

// Package tools pins the version of crossplane-1.20: this module's go.mod is the one place that names it.
package tools

import _ "github.com/crossplane/crossplane/cmd/crank"
