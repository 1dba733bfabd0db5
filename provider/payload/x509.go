// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
)

// A certificate is passed on byte for byte. Only the fields that determine its place in a chain
// are read: crypto/x509 rejects certificates that other programs accept, such as one with a
// negative serial number or a curve that it does not know, and a root that is only passed on
// must not make the leaf useless.
type certificate struct {
	raw []byte
	// Subject and issuer as they are encoded.
	subject, issuer []byte
	// Public key by which the private key is found. It is empty if it cannot be read.
	public string
	// NotBefore is zero if it cannot be read.
	notBefore time.Time
	// Identifiers of the keys. They may be missing.
	subjectKeyID, authorityKeyID []byte
	// Authority is true if the certificate may issue others.
	authority bool
}

// parseCertificate reads a certificate, or returns nil.
func parseCertificate(raw []byte) *certificate {
	c := &certificate{raw: raw}
	in := cryptobyte.String(derOf(raw))
	var outer, body, validity, publicKey, extensions cryptobyte.String
	var hasExtensions bool
	version := 0
	if !in.ReadASN1(&outer, tags.SEQUENCE) || !in.Empty() ||
		!outer.ReadASN1(&body, tags.SEQUENCE) || !outer.SkipASN1(tags.SEQUENCE) || !outer.SkipASN1(tags.BIT_STRING) ||
		!body.ReadOptionalASN1Integer(&version, contextTag(0), 0) || !body.SkipASN1(tags.INTEGER) || !body.SkipASN1(tags.SEQUENCE) ||
		!body.ReadASN1Element((*cryptobyte.String)(&c.issuer), tags.SEQUENCE) ||
		!body.ReadASN1(&validity, tags.SEQUENCE) ||
		!body.ReadASN1Element((*cryptobyte.String)(&c.subject), tags.SEQUENCE) ||
		!body.ReadASN1Element(&publicKey, tags.SEQUENCE) {
		return nil
	}
	c.public = publicOf(publicKey)
	c.notBefore = readTime(validity)

	// Only version 3 (encoded as 2) has extensions. They follow the optional unique
	// identifiers.
	if version < 2 || !body.SkipOptionalASN1(tags.Tag(1).ContextSpecific()) || !body.SkipOptionalASN1(tags.Tag(2).ContextSpecific()) ||
		!body.ReadOptionalASN1(&extensions, &hasExtensions, contextTag(3)) || !hasExtensions || !extensions.ReadASN1(&extensions, tags.SEQUENCE) {
		return c
	}
	for !extensions.Empty() {
		var extension, value cryptobyte.String
		var id asn1.ObjectIdentifier
		if !extensions.ReadASN1(&extension, tags.SEQUENCE) {
			break
		}
		if extension.ReadASN1ObjectIdentifier(&id) && extension.SkipOptionalASN1(tags.BOOLEAN) && extension.ReadASN1(&value, tags.OCTET_STRING) {
			c.readExtension(id.String(), value)
		}
	}

	return c
}

// readExtension reads an extension that determines the place in a chain. A damaged extension
// counts as missing.
func (c *certificate) readExtension(id string, value cryptobyte.String) {
	var content cryptobyte.String
	switch id {
	case "2.5.29.14":
		if value.ReadASN1(&content, tags.OCTET_STRING) {
			c.subjectKeyID = content
		}
	case "2.5.29.35":
		if value.ReadASN1(&value, tags.SEQUENCE) && value.ReadASN1(&content, tags.Tag(0).ContextSpecific()) {
			c.authorityKeyID = content
		}
	case "2.5.29.19":
		if value.ReadASN1(&value, tags.SEQUENCE) && value.ReadASN1(&content, tags.BOOLEAN) {
			c.authority = len(bytes.Trim(content, "\x00")) > 0
		}
	}
}

func (c *certificate) equal(other *certificate) bool { return bytes.Equal(c.raw, other.raw) }

func readTime(in cryptobyte.String) time.Time {
	var t time.Time
	if in.PeekASN1Tag(tags.UTCTime) {
		in.ReadASN1UTCTime(&t)
	} else {
		in.ReadASN1GeneralizedTime(&t)
	}

	return t
}

func contextTag(n uint8) tags.Tag { return tags.Tag(n).ContextSpecific().Constructed() }

// publicOf returns the public key of a SubjectPublicKeyInfo in a form that is the same
// however it is encoded, or an empty string.
func publicOf(der []byte) string {
	in := cryptobyte.String(der)
	var outer, algorithm, key cryptobyte.String
	var id asn1.ObjectIdentifier
	if !in.ReadASN1(&outer, tags.SEQUENCE) || !outer.ReadASN1(&algorithm, tags.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&id) ||
		!outer.ReadASN1BitStringAsBytes((*[]byte)(&key)) {
		return ""
	}
	switch id.String() {
	case oidRSA, oidRSAPSS:
		var modulus, exponent cryptobyte.String
		if !key.ReadASN1(&key, tags.SEQUENCE) || !key.ReadASN1(&modulus, tags.INTEGER) || !key.ReadASN1(&exponent, tags.INTEGER) {
			return ""
		}
		// Some have no zero in front, which makes them negative.
		return "RSA " + string(bytes.TrimLeft(modulus, "\x00")) + " " + string(bytes.TrimLeft(exponent, "\x00"))
	case oidEC:
		return "EC " + string(compressed(key))
	default:
		return id.String() + " " + string(key)
	}
}

// compressed returns the short form of a point: its x coordinate, and in front of it
// whether y is odd.
func compressed(point []byte) []byte {
	if len(point)%2 == 0 || point[0] < 4 { // Short already, or none.
		return point
	}

	return append([]byte{2 + point[len(point)-1]&1}, point[1:1+len(point)/2]...)
}
