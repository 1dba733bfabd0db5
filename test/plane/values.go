// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"encoding/json"
	"fmt"

	certutil "k8s.io/client-go/util/cert"
)

// NewCertificate returns the value of a secret with a self-signed certificate for a host, and its key.
func NewCertificate(host string) (string, error) {
	pem, key, err := certutil.GenerateSelfSignedCertKey(host, nil, nil)
	if err != nil {
		return "", fmt.Errorf("cannot make certificate for %s: %w", host, err)
	}

	data, err := json.Marshal(map[string]string{"tls.crt": string(pem), "tls.key": string(key), "ca.crt": string(pem)})
	if err != nil {
		return "", fmt.Errorf("cannot encode certificate: %w", err)
	}

	return string(data), nil
}
