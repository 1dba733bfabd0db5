//go:build tools

// Package tools pins the version of cosign: this module's go.mod is the one place that names it.
package tools

import _ "github.com/sigstore/cosign/v3/cmd/cosign"
