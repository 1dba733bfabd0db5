// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// Labels of private keys in PEM.
const (
	privateKeyLabel = "PRIVATE KEY" // PKCS#8; the labels of all others end with it
	rsaKeyLabel     = "RSA PRIVATE KEY"
	ecKeyLabel      = "EC PRIVATE KEY"
)

// Algorithms of keys.
const (
	oidRSA    = "1.2.840.113549.1.1.1"
	oidRSAPSS = "1.2.840.113549.1.1.10"
	oidEC     = "1.2.840.10045.2.1"
)

// curves that crypto/x509 supports. Keys on other curves are passed on unchanged.
//
//nolint:gochecknoglobals // A constant.
var curves = []string{"1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"}

// A privateKey as PKCS#8, and its public key in the form of publicOf.
type privateKey struct {
	der    []byte
	public string
}

// parseKey reads a private key by its label, or returns its problem.
func parseKey(label string, der []byte) (*privateKey, *Error) {
	readers := map[string]func([]byte) (*privateKey, finding.Reason){
		privateKeyLabel: parsePKCS8, rsaKeyLabel: parsePKCS1, ecKeyLabel: parseSEC1,
	}
	read, known := readers[label]
	if !known {
		return nil, problem(finding.PrivateKeyUnreadable)
	}
	key, reason := read(der)
	if key != nil {
		return key, nil
	}
	if reason != finding.PrivateKeyUnreadable {
		return nil, keyProblem(reason)
	}
	for right, read := range readers {
		if key, _ := read(der); key != nil {
			return nil, because(finding.Finding{
				Reason: finding.PrivateKeyMislabeled, Label: label, OtherLabel: right, Command: relabel(label, right),
			})
		}
	}

	return nil, problem(finding.PrivateKeyUnreadable)
}

// keyProblem is a problem of a private key, with its limit.
func keyProblem(r finding.Reason) *Error {
	if r == finding.PrivateKeyTooLarge {
		return limited(r, maxRSABits)
	}

	return problem(r)
}

// parsePKCS8 reads a private key, or returns its problem.
func parsePKCS8(der []byte) (*privateKey, finding.Reason) {
	if largeRSA(der) {
		return nil, finding.PrivateKeyTooLarge
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return standardKey(key)
	}

	in := cryptobyte.String(der)
	var outer, algorithm, inner cryptobyte.String
	var id asn1.ObjectIdentifier
	if !in.ReadASN1(&outer, tags.SEQUENCE) || !in.Empty() || !outer.SkipASN1(tags.INTEGER) ||
		!outer.ReadASN1(&algorithm, tags.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&id) || !outer.ReadASN1(&inner, tags.OCTET_STRING) {
		return nil, finding.PrivateKeyUnreadable
	}
	switch id.String() {
	case oidRSA:
		return nil, finding.PrivateKeyUnreadable
	case oidRSAPSS:
		key, err := x509.ParsePKCS1PrivateKey(inner)
		if err != nil {
			return nil, finding.PrivateKeyUnreadable
		}
		k, reason := standardKey(key)
		if k != nil {
			k.der = der // The original PKCS#8: its algorithm restricts the usage (RSASSA-PSS).
		}

		return k, reason
	case oidEC:
		return foreignEC(der, algorithm, inner)
	default:
		return nil, finding.PrivateKeyUnsupported
	}
}

// parsePKCS1 reads a private key, or returns its problem.
func parsePKCS1(der []byte) (*privateKey, finding.Reason) {
	if largeRSA(der) {
		return nil, finding.PrivateKeyTooLarge
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return standardKey(key)
	}

	return nil, finding.PrivateKeyUnreadable
}

// parseSEC1 reads a private key, or returns its problem.
func parseSEC1(der []byte) (*privateKey, finding.Reason) {
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return standardKey(key)
	}
	in := cryptobyte.String(der)
	var outer, parameters cryptobyte.String
	if !in.ReadASN1(&outer, tags.SEQUENCE) || !in.Empty() || !outer.SkipASN1(tags.INTEGER) || !outer.SkipASN1(tags.OCTET_STRING) ||
		!outer.ReadASN1(&parameters, contextTag(0)) {
		return nil, finding.PrivateKeyUnreadable
	}
	var b cryptobyte.Builder
	b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}) // oidEC
			b.AddBytes(parameters)
		})
		b.AddASN1OctetString(der)
	})

	return foreignEC(b.BytesOrPanic(), parameters, der)
}

// standardKey returns a key that crypto/x509 supports.
func standardKey(key any) (*privateKey, finding.Reason) {
	signer, ok := key.(interface{ Public() crypto.PublicKey })
	if !ok {
		return nil, finding.PrivateKeyUnreadable
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, finding.PrivateKeyUnreadable
	}
	public, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, finding.PrivateKeyUnreadable
	}

	return &privateKey{der, publicOf(public)}, ""
}

// foreignEC returns a key on a curve that crypto/x509 does not support, such as P-256K. The key
// is passed on unchanged.
func foreignEC(pkcs8, parameters, sec1 cryptobyte.String) (*privateKey, finding.Reason) {
	var curve asn1.ObjectIdentifier
	if p := parameters; p.ReadASN1ObjectIdentifier(&curve) && slices.Contains(curves, curve.String()) {
		return nil, finding.PrivateKeyUnreadable
	}
	var outer, explicit, point cryptobyte.String
	var has bool
	if !sec1.ReadASN1(&outer, tags.SEQUENCE) || !sec1.Empty() || !outer.SkipASN1(tags.INTEGER) || !outer.SkipASN1(tags.OCTET_STRING) ||
		!outer.SkipOptionalASN1(contextTag(0)) || !outer.ReadOptionalASN1(&explicit, &has, contextTag(1)) {
		return nil, finding.PrivateKeyUnreadable
	}
	if !has || !explicit.ReadASN1BitStringAsBytes((*[]byte)(&point)) {
		return nil, finding.PrivateKeyNoPublicKey
	}

	return &privateKey{pkcs8, "EC " + string(compressed(point))}, ""
}
