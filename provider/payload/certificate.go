// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"encoding/pem"
	"slices"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// The keys of a certificate, as Kubernetes has them in Secrets of type
// kubernetes.io/tls.
const (
	keyCertificate = "tls.crt"
	keyPrivateKey  = "tls.key"
	keyAuthority   = "ca.crt"
)

// certificateEntries returns the files that a server needs to present a certificate, and that
// clients need to trust it:
//
//   - tls.crt has the certificate of the private key, and then the one of its issuer,
//     of the issuer's issuer and so on, without the root.
//   - tls.key has the private key as PKCS#8.
//   - ca.crt has the root or, without it, the last issuer that is given. A self-signed
//     certificate is its own root. The other authorities follow in the given order. Without
//     any authority, there is no ca.crt.
//
// Certificates that are neither an authority nor belong to the private key are
// left out. If several belong to it, a certificate that an authority has issued is
// preferred, then the newest.
//
// Issuers are found by their names and key identifiers. Signatures, usages and dates are not
// checked.
func certificateEntries(key *privateKey, certificates []*certificate) ([]Entry, *Error) {
	if key == nil {
		return nil, problem(finding.PrivateKeyMissing)
	}
	if len(certificates) == 0 {
		return nil, problem(finding.CertificateMissing)
	}
	leaf := certificateOf(key, certificates)
	if leaf == nil {
		return nil, problem(finding.CertificateOfOtherKey)
	}

	chain := chainOf(leaf, certificates)
	served, trusted := chain, chain[len(chain)-1:]
	switch {
	case len(chain) > 1 && selfIssued(trusted[0]):
		served = chain[:len(chain)-1]
	case len(chain) == 1 && !selfIssued(leaf):
		trusted = nil
	}
	trusted = append(slices.Clone(trusted), authoritiesBeside(chain, certificates)...)

	entries := []Entry{
		{Key: keyCertificate, Value: encodeCertificates(served)},
		{Key: keyPrivateKey, Value: pem.EncodeToMemory(&pem.Block{Type: privateKeyLabel, Bytes: key.der})},
	}
	if len(trusted) > 0 {
		entries = append(entries, Entry{Key: keyAuthority, Value: encodeCertificates(trusted)})
	}

	return entries, nil
}

// certificateOf returns the certificate of a private key, or nil. It prefers a certificate that
// is not self-signed, then the newest.
func certificateOf(key *privateKey, certificates []*certificate) *certificate {
	var best *certificate
	for _, c := range certificates {
		if c.public == key.public && (best == nil || better(c, best)) {
			best = c
		}
	}

	return best
}

func better(c, than *certificate) bool {
	if self := selfIssued(c); self != selfIssued(than) {
		return !self
	}

	return c.notBefore.After(than.notBefore)
}

// chainOf returns a certificate, its issuer, the issuer of that, and so on, as far
// as they are given.
func chainOf(leaf *certificate, certificates []*certificate) []*certificate {
	chain := []*certificate{leaf}
	for c := leaf; c != nil && !selfIssued(c); {
		if c = issuerOf(c, certificates, chain); c != nil {
			chain = append(chain, c)
		}
	}

	return chain
}

// issuerOf returns the issuer of a certificate, or nil. If several match, such as a root that
// another root has signed as well, it prefers a root, because that ends the chain, and then the
// first. Used certificates are skipped, because two authorities may have signed each other.
func issuerOf(c *certificate, certificates, used []*certificate) *certificate {
	var issuer *certificate
	for _, candidate := range certificates {
		if !issued(candidate, c) || slices.ContainsFunc(used, candidate.equal) {
			continue
		}
		if issuer == nil || selfIssued(candidate) && !selfIssued(issuer) {
			issuer = candidate
		}
	}

	return issuer
}

// issued reports whether issuer can have issued c. The key identifiers are compared because an
// authority keeps its name when it renews its key.
func issued(issuer, c *certificate) bool {
	return bytes.Equal(issuer.subject, c.issuer) &&
		(len(c.authorityKeyID) == 0 || len(issuer.subjectKeyID) == 0 || bytes.Equal(c.authorityKeyID, issuer.subjectKeyID))
}

// selfIssued reports whether c is its own issuer, as a root is.
func selfIssued(c *certificate) bool { return issued(c, c) }

// authoritiesBeside returns the authorities that are not part of a chain.
func authoritiesBeside(chain, certificates []*certificate) []*certificate {
	var others []*certificate
	for _, c := range certificates {
		if c.authority && !slices.ContainsFunc(chain, c.equal) && !slices.ContainsFunc(others, c.equal) {
			others = append(others, c)
		}
	}

	return others
}

func encodeCertificates(certificates []*certificate) []byte {
	var b bytes.Buffer
	for _, c := range certificates {
		_ = pem.Encode(&b, &pem.Block{Type: certificateLabel, Bytes: c.raw}) // A buffer takes everything.
	}

	return b.Bytes()
}
