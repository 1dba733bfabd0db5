// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
)

const (
	// maxRSABits is the largest RSA key with which openssl verifies. The time to read a key
	// grows with the square of its size.
	maxRSABits = 16_384
	// maxEncryptedKey is the size in bytes of such a key as PKCS#8, with some room.
	maxEncryptedKey = 9_500
)

// largeRSA reports whether a private key, as PKCS#1 or PKCS#8, has a number that is too large
// for an RSA key of the allowed size. It parses no number.
func largeRSA(der []byte) bool {
	var wrapped struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	if _, err := asn1.Unmarshal(der, &wrapped); err == nil {
		der = wrapped.Key
	}
	var key struct {
		Version                           int
		Modulus, Public, Private, P, Q    asn1.RawValue
		Exponent1, Exponent2, Coefficient asn1.RawValue `asn1:"optional"`
		OtherPrimes                       asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(der, &key); err != nil {
		return false
	}
	numbers := []asn1.RawValue{key.Modulus, key.Public, key.Private, key.P, key.Q, key.Exponent1, key.Exponent2, key.Coefficient, key.OtherPrimes}

	return slices.ContainsFunc(numbers, func(n asn1.RawValue) bool {
		return len(bytes.TrimLeft(n.Bytes, "\x00")) > maxRSABits/8
	})
}
