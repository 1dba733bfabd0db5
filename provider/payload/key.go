// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
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

// curves that crypto/x509 knows. Keys on others are passed on as they are.
func curves() []string {
	return []string{"1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"}
}

// A privateKey as PKCS#8, and its public key in the form of publicOf.
type privateKey struct {
	der    []byte
	public string
}

// Problems of a private key.
const (
	noKey         = "the private key cannot be read: it is damaged, or not an RSA, EC or Ed25519 key as PKCS#8, PKCS#1 or SEC 1; export it again"
	otherKey      = "the private key is of another kind than RSA, EC and Ed25519: its certificate cannot be found"
	noPublicPoint = "the private key lacks its public key, by which its certificate is found: on this curve, only a key that has it is of use; export it again with its certificate"
	severalKeys   = "there are several private keys: store each with its own certificates in a secret of its own"
)

// parseKey reads a private key by its label, or says what is wrong with it.
func parseKey(label string, der []byte) (*privateKey, string) {
	readers := map[string]func([]byte) (*privateKey, string){
		privateKeyLabel: parsePKCS8, rsaKeyLabel: parsePKCS1, ecKeyLabel: parseSEC1,
	}
	read, known := readers[label]
	if !known {
		return nil, noKey
	}
	key, wrong := read(der)
	if wrong != noKey {
		return key, wrong
	}
	for right, read := range readers {
		if key, _ := read(der); key != nil {
			return nil, fmt.Sprintf("the private key has the label %s, but is what the label %s is for: correct its BEGIN and END lines (%s)",
				label, right, relabel(label, right))
		}
	}
	return nil, noKey
}

// parsePKCS8 reads a private key, or says what is wrong with it.
func parsePKCS8(der []byte) (*privateKey, string) {
	if largeRSA(der) {
		return nil, largeKey
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return standardKey(key)
	}

	in := cryptobyte.String(der)
	var outer, algorithm, inner cryptobyte.String
	var id asn1.ObjectIdentifier
	if !in.ReadASN1(&outer, tags.SEQUENCE) || !in.Empty() || !outer.SkipASN1(tags.INTEGER) ||
		!outer.ReadASN1(&algorithm, tags.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&id) || !outer.ReadASN1(&inner, tags.OCTET_STRING) {
		return nil, noKey
	}
	switch id.String() {
	case oidRSA:
		return nil, noKey
	case oidRSAPSS:
		key, err := x509.ParsePKCS1PrivateKey(inner)
		if err != nil {
			return nil, noKey
		}
		k, wrong := standardKey(key)
		if k != nil {
			k.der = der // The original PKCS#8: its algorithm restricts the usage (RSASSA-PSS).
		}
		return k, wrong
	case oidEC:
		return foreignEC(der, algorithm, inner)
	default:
		return nil, otherKey
	}
}

// parsePKCS1 reads a private key, or says what is wrong with it.
func parsePKCS1(der []byte) (*privateKey, string) {
	if largeRSA(der) {
		return nil, largeKey
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return standardKey(key)
	}
	return nil, noKey
}

// parseSEC1 reads a private key, or says what is wrong with it.
func parseSEC1(der []byte) (*privateKey, string) {
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return standardKey(key)
	}
	in := cryptobyte.String(der)
	var outer, parameters cryptobyte.String
	if !in.ReadASN1(&outer, tags.SEQUENCE) || !in.Empty() || !outer.SkipASN1(tags.INTEGER) || !outer.SkipASN1(tags.OCTET_STRING) ||
		!outer.ReadASN1(&parameters, contextTag(0)) {
		return nil, noKey
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

// standardKey is one that crypto/x509 knows.
func standardKey(key any) (*privateKey, string) {
	signer, ok := key.(interface{ Public() crypto.PublicKey })
	if !ok {
		return nil, noKey
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, noKey
	}
	public, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, noKey
	}
	return &privateKey{der, publicOf(public)}, ""
}

// foreignEC is a key on a curve that crypto/x509 does not know, such as P-256K. It is
// passed on as it is.
func foreignEC(pkcs8, parameters, sec1 cryptobyte.String) (*privateKey, string) {
	var curve asn1.ObjectIdentifier
	if p := parameters; p.ReadASN1ObjectIdentifier(&curve) && slices.Contains(curves(), curve.String()) {
		return nil, noKey
	}
	var outer, explicit, point cryptobyte.String
	var has bool
	if !sec1.ReadASN1(&outer, tags.SEQUENCE) || !sec1.Empty() || !outer.SkipASN1(tags.INTEGER) || !outer.SkipASN1(tags.OCTET_STRING) ||
		!outer.SkipOptionalASN1(contextTag(0)) || !outer.ReadOptionalASN1(&explicit, &has, contextTag(1)) {
		return nil, noKey
	}
	if !has || !explicit.ReadASN1BitStringAsBytes((*[]byte)(&point)) {
		return nil, noPublicPoint
	}
	return &privateKey{pkcs8, "EC " + string(compressed(point))}, ""
}
