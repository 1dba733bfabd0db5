// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// rootsPath is the path of trusted certificates for Go and most other programs.
const rootsPath = "etc/ssl/certs/ca-certificates.crt"

// roots returns the certificate authorities that Mozilla trusts, as PEM. They come from a
// pinned module and not from the build machine, so that images are reproducible.
// Authorities with constraints are omitted, because a PEM file cannot express these.
func roots() ([]byte, error) {
	var out bytes.Buffer

	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}

		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, fmt.Errorf("cannot encode certificate authority: %w", err)
		}
	}

	return out.Bytes(), nil
}
