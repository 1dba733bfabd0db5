// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"encoding/pem"
	"strings"
)

const (
	certificateLabel = "CERTIFICATE"
	// OpenSSL adds to a certificate what it is trusted for.
	trustedLabel     = "TRUSTED CERTIFICATE"
	bundleLabel      = "PKCS7"
	privateKeySuffix = privateKeyLabel // of the labels of all kinds of private keys
)

// readPEM reads a private key and certificates. What is not between BEGIN and END
// does not matter, nor do blocks of another kind, such as the EC PARAMETERS that
// openssl puts in front of a key.
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
				return nil, problemOnLine(b.line, "the certificate that begins here cannot be read: it is damaged or not an X.509 certificate; export it again")
			}
			certificates = append(certificates, c)
		case b.label == trustedLabel:
			unread = problemOnLine(b.line, "the certificate that begins here has the form "+trustedLabel+", which few programs read: re-export it ("+plainCertificate+")")
		case b.label == bundleLabel:
			unread = problemOnLine(b.line, "the certificates that begin here are a PKCS#7 bundle: export them one by one ("+certificatesOf+")")
		case !strings.HasSuffix(b.label, privateKeySuffix):
		case key != nil:
			return nil, problemOnLine(b.line, severalKeys)
		case b.encrypted:
			return nil, problemOnLine(b.line, "the private key is encrypted: store it without a pass phrase ("+removePassPhrase+")")
		default:
			var wrong string
			if key, wrong = parseKey(b.label, b.der); key == nil {
				return nil, problemOnLine(b.line, wrong)
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

// pemBlocks returns the blocks of a value. Where encoding/pem would go over a
// block that is damaged, and with it lose a certificate without a word, this
// is an error. White space around lines is tolerated, as values are copied from
// indented files.
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
			return nil, problemOnLine(begin, "the block that begins here is damaged: copy it again as a whole, with its line breaks")
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
		return nil, problemOnLine(begin, "the block that begins here has no END line of its own: copy it again as a whole, with its line breaks")
	}
	if blocks == nil {
		return nil, problem("there is no PEM block: store a private key and its certificates with their BEGIN and END lines and all line breaks")
	}
	return blocks, nil
}

// beginLabel returns the label of a line that begins a block.
func beginLabel(line string) (string, bool) {
	label, begins := strings.CutPrefix(line, "-----BEGIN ")
	label, ends := strings.CutSuffix(label, "-----")
	return label, begins && ends && label != "" && !strings.Contains(label, "--")
}
