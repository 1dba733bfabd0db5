//go:build tools

// Package tools pins the version of helm: this module's go.mod is the one place that names it.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
