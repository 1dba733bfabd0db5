// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
)

// The keys of a certificate, as Kubernetes has them in Secrets of type
// kubernetes.io/tls.
const (
	keyCertificate = "tls.crt"
	keyPrivateKey  = "tls.key"
	keyAuthority   = "ca.crt"
)

const severalKeys = "there are several private keys: store each with its own certificates in a secret of its own"

// certificateEntries returns what a server needs to present a certificate, and
// others to trust it:
//
//   - tls.crt has the certificate of the private key, and then the one of its issuer,
//     of the issuer's issuer and so on, without the root.
//   - tls.key has the private key as PKCS#8.
//   - ca.crt has the root, or, if that is not there, the last issuer that is. A
//     self-signed certificate is its own. After it come the other authorities in
//     the order in which they were given, which are there to be trusted, too.
//     If there is no authority at all, there is no ca.crt.
//
// Certificates that are neither an authority nor belong to the private key are
// left out. If several belong to it, as after a renewal, the one that was issued
// last is taken.
//
// Issuers are found by their names and key identifiers. Whether signatures, usages
// and dates are right is for those to say who trust the certificate.
func certificateEntries(key crypto.PrivateKey, certificates []*x509.Certificate) ([]Entry, *Error) {
	if key == nil {
		return nil, problem("there is no private key: store it with its certificates, and if this is a certificate of Key Vault, make its key exportable")
	}
	if k, ok := key.(*rsa.PrivateKey); ok && k.N.BitLen() > maxRSABits {
		return nil, problem(largeKey)
	}
	if len(certificates) == 0 {
		return nil, problem("there is no certificate: store that of the private key with it")
	}
	leaf := certificateOf(key, certificates)
	if leaf == nil {
		return nil, problem("none of the certificates belongs to the private key: store those that were issued for it")
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, problem("the private key is of a kind that PKCS#8 does not have: use an RSA, ECDSA or Ed25519 key")
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
		{Key: keyPrivateKey, Value: pem.EncodeToMemory(&pem.Block{Type: privateKeyLabel, Bytes: der})},
	}
	if len(trusted) > 0 {
		entries = append(entries, Entry{Key: keyAuthority, Value: encodeCertificates(trusted)})
	}
	return entries, nil
}

// certificateOf returns the latest certificate of a private key, or nil.
func certificateOf(key crypto.PrivateKey, certificates []*x509.Certificate) *x509.Certificate {
	// Every private key of the standard library has this, and every public key
	// Equal.
	private, ok := key.(interface{ Public() crypto.PublicKey })
	if !ok {
		return nil
	}
	public, ok := private.Public().(interface {
		Equal(other crypto.PublicKey) bool
	})
	if !ok {
		return nil
	}

	var latest *x509.Certificate
	for _, c := range certificates {
		if public.Equal(c.PublicKey) && (latest == nil || c.NotBefore.After(latest.NotBefore)) {
			latest = c
		}
	}
	return latest
}

// chainOf returns a certificate, its issuer, the issuer of that, and so on, as far
// as they are given.
func chainOf(leaf *x509.Certificate, certificates []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for c := leaf; c != nil && !selfIssued(c); {
		if c = issuerOf(c, certificates, chain); c != nil {
			chain = append(chain, c)
		}
	}
	return chain
}

// issuerOf returns the issuer of a certificate, or nil. Of several that fit, as with
// a root that another root has signed as well, it prefers a root, as it ends the
// chain, and then the first. Those used before are not considered: two authorities
// may have signed each other.
func issuerOf(c *x509.Certificate, certificates, used []*x509.Certificate) *x509.Certificate {
	var issuer *x509.Certificate
	for _, candidate := range certificates {
		if !issued(candidate, c) || slices.ContainsFunc(used, candidate.Equal) {
			continue
		}
		if issuer == nil || selfIssued(candidate) && !selfIssued(issuer) {
			issuer = candidate
		}
	}
	return issuer
}

// issued says whether issuer can have issued c: an authority that has renewed its key
// keeps its name, and then the key identifiers differ.
func issued(issuer, c *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, c.RawIssuer) &&
		(len(c.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId))
}

// selfIssued says whether c is a root or another certificate that nobody else vouches for.
func selfIssued(c *x509.Certificate) bool { return issued(c, c) }

// authoritiesBeside returns the authorities that are not part of a chain.
func authoritiesBeside(chain, certificates []*x509.Certificate) []*x509.Certificate {
	var others []*x509.Certificate
	for _, c := range certificates {
		if c.IsCA && !slices.ContainsFunc(chain, c.Equal) && !slices.ContainsFunc(others, c.Equal) {
			others = append(others, c)
		}
	}
	return others
}

func encodeCertificates(certificates []*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certificates {
		_ = pem.Encode(&b, &pem.Block{Type: certificateLabel, Bytes: c.Raw}) // A buffer takes everything.
	}
	return b.Bytes()
}
