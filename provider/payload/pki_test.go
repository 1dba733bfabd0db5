// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// A party has a certificate and its key.
type party struct {
	*x509.Certificate

	key crypto.Signer
}

// parties is a small public key infrastructure: issuing issued the leaves web (ECDSA), rsa and
// edward (Ed25519), intermediate issued issuing, and root issued intermediate. The other root is
// unrelated.
type parties struct {
	root, intermediate, issuing, web, rsa, edward, other party
}

func newParties(tb testing.TB) parties {
	tb.Helper()

	var p parties
	p.root = issue(tb, "root", newEC(tb), party{}, authority)
	p.intermediate = issue(tb, "intermediate", newEC(tb), p.root, authority)
	p.issuing = issue(tb, "issuing", newEC(tb), p.intermediate, authority)
	p.web = issue(tb, "web", newEC(tb), p.issuing)
	p.rsa = issue(tb, "rsa", newRSA(tb), p.issuing)
	p.edward = issue(tb, "edward", newEd25519(tb), p.issuing)
	p.other = issue(tb, "other", newEC(tb), party{}, authority)

	return p
}

func authority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid = true, true
}

// issue makes a certificate for a key. Without an issuer, it is self-signed.
func issue(tb testing.TB, name string, key crypto.Signer, issuer party, change ...func(*x509.Certificate)) party {
	tb.Helper()

	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, c := range change {
		c(template)
	}
	if issuer.Certificate == nil {
		issuer = party{Certificate: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Certificate, key.Public(), issuer.key)
	if err != nil {
		tb.Fatalf("cannot create certificate %q: %v", name, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatalf("cannot parse certificate %q: %v", name, err)
	}

	return party{Certificate: certificate, key: key}
}

func newEC(tb testing.TB) crypto.Signer {
	tb.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("cannot generate key: %v", err)
	}

	return key
}

func newRSA(tb testing.TB) crypto.Signer {
	tb.Helper()

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatalf("cannot generate key: %v", err)
	}

	return key
}

func newEd25519(tb testing.TB) crypto.Signer {
	tb.Helper()

	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatalf("cannot generate key: %v", err)
	}

	return key
}

// block writes a PEM block.
func block(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// pkcs8 writes the private key of a party.
func pkcs8(tb testing.TB, p party) string {
	tb.Helper()

	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		tb.Fatalf("cannot encode key: %v", err)
	}

	return block("PRIVATE KEY", der)
}

// pemOf writes the certificate of a party.
func pemOf(p party) string {
	return block("CERTIFICATE", p.Raw)
}

// summary describes the entries of a certificate: the names in tls.crt and ca.crt, and the owner of
// the private key tls.key.
type summary struct {
	Served, Key, Trusted string
	Error                string
}

// summarize parses a secret and summarizes the result.
func (p parties) summarize(tb testing.TB, value string, format Format) summary {
	tb.Helper()

	payload, err := Parse(Secret{Name: "s", Value: value}, format)
	if err != nil {
		return summary{Error: strings.TrimPrefix(err.Error(), `cannot read secret "s" as `+string(format)+": ")}
	}
	var out summary
	for _, e := range payload.Entries {
		switch e.DataKey {
		case "s.tls.crt":
			out.Served = names(tb, e.Value)
		case "s.ca.crt":
			out.Trusted = names(tb, e.Value)
		case "s.tls.key":
			out.Key = p.owner(tb, e.Value)
		default:
			tb.Errorf("Parse(...) returns data key %q", e.DataKey)
		}
	}

	return out
}

// names returns the names of certificates in PEM.
func names(tb testing.TB, value []byte) string {
	tb.Helper()

	var out []string
	for len(value) > 0 {
		var b *pem.Block
		if b, value = pem.Decode(value); b == nil || b.Type != "CERTIFICATE" {
			tb.Fatalf("there is something else than certificates")
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			tb.Fatalf("cannot parse certificate: %v", err)
		}
		out = append(out, c.Subject.CommonName)
	}

	return strings.Join(out, " ")
}

// owner returns the name of the party that a private key belongs to.
func (p parties) owner(tb testing.TB, value []byte) string {
	tb.Helper()

	b, rest := pem.Decode(value)
	if b == nil || b.Type != "PRIVATE KEY" || len(rest) > 0 {
		tb.Fatalf("the private key is not one PEM block of PKCS#8")
	}
	key, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		tb.Fatalf("cannot parse private key: %v", err)
	}
	for _, q := range []party{p.web, p.rsa, p.edward, p.root, p.other} {
		if k, ok := q.key.(interface {
			Equal(x crypto.PrivateKey) bool
		}); ok && k.Equal(key) {
			return q.Subject.CommonName
		}
	}

	return "a stranger"
}
