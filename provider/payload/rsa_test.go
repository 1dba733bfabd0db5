// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// rsaOf encodes the numbers of an RSA key.
func rsaOf(modulus, private, prime int) []byte {
	of := func(bits int) *big.Int { return new(big.Int).SetBit(new(big.Int), bits-1, 1) }
	return mustMarshal(struct {
		Version                     int
		N, E, D, P, Q, DP, DQ, QInv *big.Int
	}{0, of(modulus), of(17), of(private), of(prime), of(prime), of(prime), of(prime), of(prime)})
}

// pkcs8Of wraps an RSA key in PKCS #8.
func pkcs8Of(der []byte) []byte {
	return mustMarshal(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: oid(1, 2, 840, 113549, 1, 1, 1), Parameters: asn1.NullRawValue}, der})
}

// A key that would take long to parse is rejected before that. None of these is a valid key, so any
// other error shows that it was parsed.
func TestLargeRSA(t *testing.T) {
	p := newParties(t)
	shrouded := func(size int) string {
		b := bag(2, mustMarshal(encryptedPrivateKeyInfo{pbes1(t, 1), make([]byte, size)}))
		return assemble(t, nil, dataOf(t, b, certBag(t, p.web)))
	}
	unread := "line 1: " + sentenceOf(finding.PrivateKeyUnreadable)
	large, huge := rsaOf(16_384, 16_384, 8_192), rsaOf(16_385, 16_384, 8_192)
	trailing := slices.Concat(rsaOf(26_000, 26_000, 13_000)[4:], []byte{0x30, 0x00, 0xff}) // The trailing bytes are inside the key, which the reader skips.

	cases := map[string]struct {
		reason string
		format Format
		value  string
		want   string
	}{
		"Largest":       {"The largest key is parsed.", PEM, block("RSA PRIVATE KEY", large) + pemOf(p.web), unread},
		"LargestPKCS8":  {"The largest key is parsed as PKCS #8.", PEM, block("PRIVATE KEY", pkcs8Of(large)) + pemOf(p.web), unread},
		"PKCS1":         {"A key with one more bit is rejected.", PEM, block("RSA PRIVATE KEY", huge) + pemOf(p.web), "line 1: " + sentenceOf(finding.PrivateKeyTooLarge)},
		"PKCS8":         {"A key with one more bit is rejected as PKCS #8.", PEM, block("PRIVATE KEY", pkcs8Of(huge)) + pemOf(p.web), "line 1: " + sentenceOf(finding.PrivateKeyTooLarge)},
		"Private":       {"A large exponent is rejected.", PEM, block("RSA PRIVATE KEY", rsaOf(2048, 100_000, 1024)) + pemOf(p.web), "line 1: " + sentenceOf(finding.PrivateKeyTooLarge)},
		"Primes":        {"Large primes are rejected.", PEM, block("RSA PRIVATE KEY", rsaOf(2048, 2048, 20_000)) + pemOf(p.web), "line 1: " + sentenceOf(finding.PrivateKeyTooLarge)},
		"Trailing":      {"Trailing data does not hide large numbers.", PEM, block("RSA PRIVATE KEY", mustMarshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: trailing})) + pemOf(p.web), "line 1: " + sentenceOf(finding.PrivateKeyTooLarge)},
		"PFX":           {"A large key in a PFX file is rejected.", PKCS12, assemble(t, nil, dataOf(t, bag(1, pkcs8Of(huge)), certBag(t, p.web))), sentenceOf(finding.PrivateKeyTooLarge)},
		"PFXLargest":    {"The largest key in a PFX file is parsed.", PKCS12, assemble(t, nil, dataOf(t, bag(1, pkcs8Of(large)), certBag(t, p.web))), sentenceOf(finding.PrivateKeyUnreadable)},
		"PFXEncrypted":  {"An encrypted key is rejected by its length.", PKCS12, shrouded(maxEncryptedKey + 4), sentenceOf(finding.PrivateKeyTooLarge)},
		"PFXEncrypted8": {"The largest encrypted key is decrypted.", PKCS12, shrouded(len(pkcs8Of(large)) / 8 * 8), sentenceOf(finding.PFXDamaged)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(summary{Error: tc.want}, p.summarize(t, tc.value, tc.format)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
