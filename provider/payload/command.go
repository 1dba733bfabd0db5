// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import "fmt"

// Commands that errors advise. A test runs each of them.
const (
	removePassPhrase = "openssl pkey -in key.pem -out plain.pem"
	plainCertificate = "openssl x509 -in cert.pem -out plain.pem"
	certificatesOf   = "openssl pkcs7 -in cert.pem -print_certs -out plain.pem"
)

// relabel a private key that has the label of another kind.
func relabel(from, to string) string {
	return fmt.Sprintf("sed 's/%s/%s/' key.pem > relabelled.pem", from, to)
}
