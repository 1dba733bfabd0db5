// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package pki issues the certificates of the stand-in: those of its proxy, and those in vaults.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// backdate allows for clocks that are slightly slow. Clients use their own clocks, so times are
// real.
const backdate = time.Hour

// A Pair is a private key and its certificate.
type Pair struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
}

// Authority returns a certificate authority, below another one unless that is nil.
func Authority(name string, validity time.Duration, parent *Pair) (*Pair, error) {
	template := &x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature}

	return issue(template, name, validity, nil, parent)
}

// Leaf returns a certificate for names, which may be wildcards. Without a key it gets one on P-256.
func Leaf(names []string, validity time.Duration, key crypto.Signer, parent *Pair) (*Pair, error) {
	template := &x509.Certificate{
		DNSNames: names, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}

	return issue(template, names[0], validity, key, parent)
}

func issue(template *x509.Certificate, name string, validity time.Duration, key crypto.Signer, parent *Pair) (*Pair, error) {
	var serial [16]byte

	_, _ = rand.Read(serial[:]) // Never fails.
	serial[0] &= 0x7f

	template.SerialNumber, template.Subject = new(big.Int).SetBytes(serial[:]), pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-backdate), time.Now().Add(validity)
	template.BasicConstraintsValid = true

	if key == nil {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("cannot create a key for %s: %w", name, err)
		}

		key = made
	}

	if parent == nil {
		parent = &Pair{Key: key, Certificate: template}
	}

	raw, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, key.Public(), parent.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot create a certificate for %s: %w", name, err)
	}

	made, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the certificate for %s: %w", name, err)
	}

	return &Pair{Key: key, Certificate: made}, nil
}
