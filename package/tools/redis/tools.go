//go:build tools

// Package tools pins the version of the library that redis is made of: this module's go.mod is the one place that names it.
package tools

import _ "github.com/p6m-dev/platform-application/test/tools/redis/server"
