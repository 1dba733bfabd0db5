// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/p6m-dev/platform-application/test/azure/pki"
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

	// ECDSA makes a key on P-256 instead of an RSA key.
	ECDSA bool `json:"ecdsa,omitempty"`

	// Modern protects a PFX with AES and SHA-256, as new versions of the tools do, and not with triple DES and SHA-1.
	Modern bool `json:"modern,omitempty"`
}

// PutCertificate creates a new version of a certificate and of the secret of the same name, and returns the version's id.
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
	case !validName.MatchString(name):
		return "", errors.New("its name has to have 1 to 127 letters, digits and hyphens")
	case v.busy(name) != nil || v.deletedSecrets[lower(name)] != nil:
		return "", errors.New("there is a deleted secret of its name, or one that is being deleted or recovered")
	case known != nil && !known.managed:
		return "", errors.New("there is a secret of its name that does not belong to a certificate")
	}

	p, err := c.generate()
	if err != nil {
		return "", err
	}

	value, contentType, err := c.encode(p)
	if err != nil {
		return "", err
	}

	ver := newVersion(value, now)
	ver.apply(&contentType, nil, &azsecrets.SecretAttributes{NotBefore: &p.chain[0].NotBefore, Expires: &p.chain[0].NotAfter})
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

// generate makes a key, a certificate, and the chain to its root.
func (c Certificate) generate() (p pair, err error) {
	if len(c.DNSNames) == 0 {
		return p, errors.New("a generated certificate needs a DNS name")
	}

	if !c.ECDSA {
		if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return p, fmt.Errorf("cannot create private key: %w", err)
		}
	}

	root, err := pki.Authority("Root of "+c.DNSNames[0], validity, nil)
	if err != nil {
		return p, err
	}

	intermediate, err := pki.Authority("Intermediate of "+c.DNSNames[0], validity, root)
	if err != nil {
		return p, err
	}

	leaf, err := pki.Leaf(c.DNSNames, validity, p.key, intermediate)
	if err != nil {
		return p, err
	}

	return pair{key: leaf.Key, chain: []*x509.Certificate{leaf.Certificate, intermediate.Certificate, root.Certificate}}, nil
}
