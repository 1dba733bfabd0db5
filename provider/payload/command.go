// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import "fmt"

// removePassPhrase is a command that errors advise. A test runs each such command on what
// it is advised for.
const removePassPhrase = "openssl pkey -in key.pem -out plain.pem"

// plainCertificate and certificatesOf are commands that write certificates as they are
// read here.
const (
	plainCertificate = "openssl x509 -in cert.pem -out plain.pem"
	certificatesOf   = "openssl pkcs7 -in cert.pem -print_certs -out plain.pem"
)

// relabel a private key whose label says that it is of another kind.
func relabel(from, to string) string {
	return fmt.Sprintf("sed 's/%s/%s/' key.pem > relabelled.pem", from, to)
}
