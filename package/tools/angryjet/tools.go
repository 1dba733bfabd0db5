//go:build tools

// Package tools pins the version of angryjet: this module's go.mod is the one place that names it.
package tools

import _ "github.com/crossplane/crossplane-tools/cmd/angryjet"
