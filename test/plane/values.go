// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"encoding/json"
	"fmt"

	certutil "k8s.io/client-go/util/cert"
)

// NewCertificate returns a certificate for a host, with the one that signed it, and its key, both as PEM.
func NewCertificate(host string) (certificate, key string, err error) {
	pem, private, err := certutil.GenerateSelfSignedCertKey(host, nil, nil)
	if err != nil {
		return "", "", fmt.Errorf("cannot make certificate for %s: %w", host, err)
	}

	return string(pem), string(private), nil
}

// JSON is the value of a secret with these keys.
func JSON(keys map[string]string) (string, error) {
	data, err := json.Marshal(keys)
	if err != nil {
		return "", fmt.Errorf("cannot encode value: %w", err)
	}

	return string(data), nil
}
