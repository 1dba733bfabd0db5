//go:build tools

// Package tools pins the version of crossplane-core: this module's go.mod is the one place that names it.
package tools

import _ "github.com/crossplane/crossplane/v2/cmd/crossplane"
