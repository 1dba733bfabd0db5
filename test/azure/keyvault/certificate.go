// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// The content types of secrets that belong to certificates.
const (
	ContentTypePFX = "application/x-pkcs12"
	ContentTypePEM = "application/x-pem-file"
)

const validity = 365 * 24 * time.Hour

// A Certificate is generated with an intermediate and a root above it, for a year.
type Certificate struct {
	// ContentType of the secret that comes with the certificate: ContentTypePFX, which is the default, or ContentTypePEM.
	ContentType string `json:"contentType,omitempty"`

	// DNSNames of the certificate. The first is its subject.
	DNSNames []string `json:"dnsNames"`

	// ECDSA makes the key one on P-256 and not RSA.
	ECDSA bool `json:"ecdsa,omitempty"`

	// Modern protects a PFX with AES and SHA-256, as new versions of the tools do, and not with triple DES and SHA-1.
	Modern bool `json:"modern,omitempty"`
}

// PutCertificate makes a new version of a certificate, and so of the secret of the same name, and returns the version's id.
func (s *Store) PutCertificate(vaultName, name string, c Certificate) (id string, err error) {
	err = s.with(vaultName, fmt.Sprintf("put certificate %q into", name), func(v *vault) error {
		id, err = v.putCertificate(s.now(), name, c)

		return err
	})

	return id, err
}

func (v *vault) putCertificate(now time.Time, name string, c Certificate) (string, error) {
	v.sweep(now)

	known := v.secrets[lower(name)]

	switch {
	case !validName(name):
		return "", errors.New("its name has to have 1 to 127 letters, digits and hyphens")
	case v.busy(name) != nil || v.deletedSecrets[lower(name)] != nil:
		return "", errors.New("there is a deleted secret of its name, or one that is being deleted or recovered")
	case known != nil && !known.managed:
		return "", errors.New("there is a secret of its name that does not belong to a certificate")
	}

	p, err := c.generate(now)
	if err != nil {
		return "", err
	}

	value, contentType, err := c.encode(p)
	if err != nil {
		return "", err
	}

	leaf := p.chain[0]
	ver := &version{
		id: newVersion(), value: value, contentType: &contentType, enabled: true,
		notBefore: new(leaf.NotBefore.Unix()), expires: new(leaf.NotAfter.Unix()), created: now.Unix(), updated: now.Unix(),
	}
	secret := v.add(name, ver)
	secret.managed = true
	v.writes = append(v.writes, Write{Secret: secret.name, Version: ver.id, Operation: "put-certificate", Time: now})

	return ver.id, nil
}

// A pair is a private key and the chain of its certificate, leaf first.
type pair struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

// encode writes a pair as the value of a secret.
func (c Certificate) encode(p pair) (value, contentType string, err error) {
	switch c.ContentType {
	case ContentTypePEM:
		value, err = p.pem()

		return value, ContentTypePEM, err
	case ContentTypePFX, "":
		encoder := pkcs12.LegacyDES
		if c.Modern {
			encoder = pkcs12.Modern2023
		}

		pfx, err := encoder.Encode(p.key, p.chain[0], p.chain[1:], "")
		if err != nil {
			return "", "", fmt.Errorf("cannot encode as PFX: %w", err)
		}

		return base64.StdEncoding.EncodeToString(pfx), ContentTypePFX, nil
	default:
		return "", "", fmt.Errorf("its content type %q is neither %s nor %s", c.ContentType, ContentTypePFX, ContentTypePEM)
	}
}

// pem writes the key first and then the chain, as Key Vault does.
func (p pair) pem() (string, error) {
	key, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return "", fmt.Errorf("cannot encode private key: %w", err)
	}

	out := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for _, c := range p.chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}

	return string(out), nil
}

// generate makes a key and a certificate, and those that lead to its root.
func (c Certificate) generate(now time.Time) (pair, error) {
	if len(c.DNSNames) == 0 {
		return pair{}, errors.New("a generated certificate needs a DNS name")
	}

	template := func(name string, ca bool) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: newSerial(), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(validity),
			IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		}
	}

	leaf := template(c.DNSNames[0], false)
	leaf.DNSNames = c.DNSNames
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}

	templates := []*x509.Certificate{leaf}
	for _, name := range []string{"Intermediate of " + c.DNSNames[0], "Root of " + c.DNSNames[0]} {
		ca := template(name, true)
		ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		templates = append(templates, ca)
	}

	var (
		p         pair
		parent    *x509.Certificate
		parentKey crypto.Signer
	)

	// From the root down, as each needs the one above it.
	for i, template := range slices.Backward(templates) {
		key, err := c.newKey(i == 0)
		if err != nil {
			return pair{}, err
		}

		if parent == nil {
			parent, parentKey = template, key
		}

		raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
		if err != nil {
			return pair{}, fmt.Errorf("cannot create certificate: %w", err)
		}

		made, err := x509.ParseCertificate(raw)
		if err != nil {
			return pair{}, fmt.Errorf("cannot parse certificate: %w", err)
		}

		p.key, p.chain = key, append([]*x509.Certificate{made}, p.chain...)
		parent, parentKey = made, key
	}

	return p, nil
}

// newKey makes the key of the leaf as it is wanted, and those above it in the cheapest way.
func (c Certificate) newKey(leaf bool) (crypto.Signer, error) {
	var (
		key crypto.Signer
		err error
	)

	if leaf && !c.ECDSA {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}

	if err != nil {
		return nil, fmt.Errorf("cannot create private key: %w", err)
	}

	return key, nil
}

func newSerial() *big.Int {
	var b [16]byte

	_, _ = rand.Read(b[:]) // Never fails.
	b[0] &= 0x7f

	return new(big.Int).SetBytes(b[:])
}
