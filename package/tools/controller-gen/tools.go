//go:build tools

// Package tools pins the version of controller-gen: this module's go.mod is the one place that names it.
package tools

import _ "sigs.k8s.io/controller-tools/cmd/controller-gen"
