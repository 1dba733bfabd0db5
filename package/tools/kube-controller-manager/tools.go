//go:build tools

// Package tools pins the version of kube-controller-manager: this module's go.mod is the one place that names it.
package tools

import _ "k8s.io/kubernetes/cmd/kube-controller-manager"
