// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"encoding/pem"
	"strings"

	"github.com/p6m-dev/platform-application/provider/finding"
)

const (
	certificateLabel = "CERTIFICATE"
	// trustedLabel is that of a certificate to which OpenSSL has added trust settings.
	trustedLabel     = "TRUSTED CERTIFICATE"
	bundleLabel      = "PKCS7"
	privateKeySuffix = privateKeyLabel // of the labels of all kinds of private keys
)

// readPEM reads a private key and certificates. It ignores text outside of BEGIN and END, and
// blocks of other kinds, such as the EC PARAMETERS that openssl writes before a key.
func readPEM(value string) ([]Entry, *Error) {
	blocks, fault := pemBlocks(value)
	if fault != nil {
		return nil, fault
	}

	var key *privateKey
	var certificates []*certificate
	var unread *Error // Certificates in another form, if they are missed.
	for _, b := range blocks {
		switch {
		case b.label == certificateLabel:
			c := parseCertificate(b.der)
			if c == nil {
				return nil, problem(finding.CertificateUnreadable).onLine(b.line)
			}
			certificates = append(certificates, c)
		case b.label == trustedLabel:
			unread = advising(finding.CertificateTrusted, plainCertificate).onLine(b.line)
		case b.label == bundleLabel:
			unread = advising(finding.CertificateBundle, certificatesOf).onLine(b.line)
		case !strings.HasSuffix(b.label, privateKeySuffix):
		case key != nil:
			return nil, problem(finding.PrivateKeySeveral).onLine(b.line)
		case b.encrypted:
			return nil, advising(finding.PrivateKeyEncrypted, removePassPhrase).onLine(b.line)
		default:
			if key, fault = parseKey(b.label, b.der); fault != nil {
				return nil, fault.onLine(b.line)
			}
		}
	}
	entries, fault := certificateEntries(key, certificates)
	if fault != nil && key != nil && unread != nil {
		return nil, unread
	}

	return entries, fault
}

// A pemBlock is what stands between BEGIN and END, and the line of BEGIN.
type pemBlock struct {
	label     string
	der       []byte
	encrypted bool
	line      int
}

// pemBlocks returns the blocks of a value. A damaged block is an error, because encoding/pem
// skips it silently, and a certificate would be lost. White space around lines is allowed,
// because values are copied from indented files.
func pemBlocks(value string) ([]pemBlock, *Error) {
	var blocks []pemBlock
	var text strings.Builder // of the block that is being read
	label, begin, number := "", 0, 0
	for line := range strings.Lines(trimBOM(value)) {
		number++
		line = strings.TrimSpace(line)

		l, begins := beginLabel(line)
		if begins && label == "" {
			label, begin = l, number
			text.Reset()
		} else if begins {
			break // Its END is missing, as it is for the last one.
		}
		if label == "" {
			continue
		}

		text.WriteString(line + "\n")
		if line != "-----END "+label+"-----" {
			continue
		}
		decoded, _ := pem.Decode([]byte(text.String()))
		if decoded == nil {
			return nil, problem(finding.PEMBlockDamaged).onLine(begin)
		}
		blocks = append(blocks, pemBlock{
			label:     label,
			der:       decoded.Bytes,
			encrypted: strings.HasPrefix(label, "ENCRYPTED ") || strings.Contains(decoded.Headers["Proc-Type"], "ENCRYPTED"),
			line:      begin,
		})
		label = ""
	}
	if label != "" {
		return nil, problem(finding.PEMBlockOpen).onLine(begin)
	}
	if blocks == nil {
		return nil, problem(finding.PEMMissing)
	}

	return blocks, nil
}

// beginLabel returns the label of a line that begins a block.
func beginLabel(line string) (string, bool) {
	label, begins := strings.CutPrefix(line, "-----BEGIN ")
	label, ends := strings.CutSuffix(label, "-----")

	return label, begins && ends && label != "" && !strings.Contains(label, "--")
}
