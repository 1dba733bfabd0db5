//go:build tools

// Package tools pins the version of etcd: this module's go.mod is the one place that names it.
package tools

import _ "go.etcd.io/etcd/server/v3"
