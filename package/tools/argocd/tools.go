//go:build tools

// Package tools pins the version of argocd: this module's go.mod is the one place that names it.
package tools

import _ "github.com/argoproj/argo-cd/v3/cmd"
