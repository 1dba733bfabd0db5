// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // Old files are encrypted with it.
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // See above.
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/p6m-dev/platform-application/provider/finding"
)

func TestPKCS12(t *testing.T) {
	p := newParties(t)
	encode := func(e *pkcs12.Encoder, password string, leaf party, others ...party) string {
		return pfxOf(t, e, password, leaf, others...)
	}
	const (
		damaged  = "the PFX file is damaged or has a password: export or import it again without one"
		password = "the PFX file has a password: export or import it without one"
		noFile   = "the value is base64, but does not encode a PFX file: store a PFX file, or import it as a certificate of Key Vault"
		no64     = "the value is not base64: store a PFX file in base64, or import it as a certificate of Key Vault"
		tooMany  = "the PFX file needs too many iterations to open: export it with a few thousand, such as 2048, the default of openssl"
	)
	deep := bags()
	for range maxBagNesting {
		deep = bags(deep)
	}
	full := summary{Served: "web issuing intermediate", Key: "web", Trusted: "root"}
	modern := encode(pkcs12.Modern2023, "", p.web, p.issuing, p.intermediate, p.root)

	cases := map[string]struct {
		reason string
		value  string
		want   summary
	}{
		"Modern2023":   {"A file of openssl 3 is parsed.", modern, full},
		"Modern2026":   {"A newer file of openssl 3.4 is parsed.", encode(pkcs12.Modern2026, "", p.web, p.issuing, p.intermediate, p.root), full},
		"LegacyDES":    {"A file of Windows is parsed.", encode(pkcs12.LegacyDES, "", p.web, p.issuing, p.intermediate, p.root), full},
		"LegacyRC2":    {"A file of openssl 1 is parsed.", encode(pkcs12.LegacyRC2, "", p.web, p.issuing, p.intermediate, p.root), full},
		"Passwordless": {"A file without encryption and MAC is parsed.", encode(pkcs12.Passwordless, "", p.web, p.issuing, p.intermediate, p.root), full},
		"AnyOrder":     {"The leaf is the certificate of the key, at any position.", encode(pkcs12.Modern, "", party{p.root.Certificate, p.web.key}, p.intermediate, p.web, p.issuing), full},
		"Nothing":      {"A password may be missing instead of empty.", nothingPFX(t, p.web, p.issuing), summary{Served: "web issuing", Key: "web", Trusted: "issuing"}},
		"LeafOnly":     {"Without an authority, there is no ca.crt.", encode(pkcs12.Modern, "", p.web), summary{Served: "web", Key: "web"}},
		"RSA":          {"RSA keys are supported.", encode(pkcs12.Modern, "", p.rsa, p.issuing), summary{Served: "rsa issuing", Key: "rsa", Trusted: "issuing"}},
		"Ed25519":      {"Ed25519 keys are supported.", encode(pkcs12.Modern, "", p.edward), summary{Served: "edward", Key: "edward"}},
		"Space":        {"Base64 may have line breaks.", "\ufeff " + wrap(modern) + "\t", full},
		"Java":         {"The 200,000 iterations of Java 8 are allowed.", encode(pkcs12.LegacyDES.WithIterations(66_666), "", p.web), summary{Served: "web", Key: "web"}},

		"Password":      {"A password is rejected, because there is none to use.", encode(pkcs12.Modern2023, "hunter2", p.web, p.root), summary{Error: password}},
		"PasswordRC2":   {"A password is rejected in an old file.", encode(pkcs12.LegacyRC2, "hunter2", p.web, p.root), summary{Error: password}},
		"PasswordMAC":   {"A password is rejected in a new file.", encode(pkcs12.Modern2026, "hunter2", p.web, p.root), summary{Error: password}},
		"PasswordNoMAC": {"Without a MAC, a wrong password cannot be distinguished from damage.", without(t, encode(pkcs12.Modern2023, "hunter2", p.web)), summary{Error: damaged}},
		"Base64":        {"Content that is not base64 is rejected.", "hunter2!", summary{Error: no64}},
		"Base64URL":     {"Base64 must use the standard alphabet.", strings.NewReplacer("+", "-", "/", "_").Replace(modern) + "-_", summary{Error: no64}},
		"Cut":           {"A truncated file is rejected.", modern[:len(modern)-8], summary{Error: noFile}},
		"Empty":         {"An empty value is not a file.", "", summary{Error: noFile}},
		"Other":         {"Other content in base64 is rejected.", base64.StdEncoding.EncodeToString([]byte("hunter2hunter2")), summary{Error: noFile}},
		"DER":           {"A different structure is rejected.", base64.StdEncoding.EncodeToString(p.web.Raw), summary{Error: noFile}},
		"WrongKey":      {"The key must belong to one of the certificates.", encode(pkcs12.Modern, "", party{p.web.Certificate, p.other.key}, p.root), summary{Error: "none of the certificates belongs to the private key: store those that were issued for it"}},
		"TooMany":       {"The number of iterations is limited.", encode(pkcs12.Modern.WithIterations(83_334), "", p.web), summary{Error: tooMany}},
		"NoKey":         {"A key that is not exportable is missing in the file.", trustStore(t, p.root), summary{Error: "the PFX file has no private key, or not in its usual place: export it with its certificates, and if this is a certificate of Key Vault, make its key exportable"}},
		"SeveralKeys":   {"Several keys are ambiguous.", assemble(t, nil, dataOf(t, keyBag(t, p.web), keyBag(t, p.rsa), certBag(t, p.web))), summary{Error: sentenceOf(finding.PrivateKeySeveral)}},
		"KeyOnly":       {"A key without a certificate is rejected.", assemble(t, nil, dataOf(t, keyBag(t, p.web))), summary{Error: "there is no certificate: store that of the private key with it"}},
		"KeyOnlySealed": {"An encrypted key without a certificate is rejected.", assemble(t, nil, dataOf(t, shroud(t, keyBag(t, p.web).Value.Bytes))), summary{Error: "there is no certificate: store that of the private key with it"}},
		"Foreign":       {"An unknown cipher is rejected.", assemble(t, nil, encryptedContent(t, rc4(), make([]byte, 16)), dataOf(t, keyBag(t, p.web))), summary{Error: sentenceOf(finding.PFXEncryptionUnsupported)}},
		"BadCert":       {"The error names the cause.", assemble(t, nil, dataOf(t, keyBag(t, p.web), rawBag([]byte("hunter2")))), summary{Error: "a certificate of the PFX file cannot be read: it is damaged or not an X.509 certificate; export it again"}},
		"ManyLists":     {"Several encrypted lists are supported.", assemble(t, nil, encryptEmpty(t, certBag(t, p.issuing)), encryptEmpty(t, certBag(t, p.web)), dataOf(t, keyBag(t, p.web))), summary{Served: "web issuing", Key: "web", Trusted: "issuing"}},
		"HiddenKey":     {"A second encrypted key is ambiguous.", assemble(t, nil, encryptEmpty(t, certBag(t, p.web), keyBag(t, p.rsa)), dataOf(t, keyBag(t, p.web))), summary{Error: sentenceOf(finding.PrivateKeySeveral)}},
		"BER":           {"The lengths and pieces of BER are supported.", berPFX(t, modern), full},
		"PlainLists":    {"Many plain lists are supported.", assemble(t, nil, dataOf(t, certBag(t, p.issuing)), dataOf(t, certBag(t, p.web)), dataOf(t, keyBag(t, p.web))), summary{Served: "web issuing", Key: "web", Trusted: "issuing"}},
		"Nested":        {"A bag may be a list of bags.", assemble(t, nil, dataOf(t, bags(keyBag(t, p.web)), bags(certBag(t, p.issuing), bags(certBag(t, p.web))))), summary{Served: "web issuing", Key: "web", Trusted: "issuing"}},
		"NestedSealed":  {"A bag in an encrypted list may be a list of bags.", assemble(t, nil, encryptEmpty(t, bags(certBag(t, p.web))), dataOf(t, bags(shroud(t, keyBag(t, p.web).Value.Bytes)))), summary{Served: "web", Key: "web"}},
		"NestedKeys":    {"Keys in nested lists count.", assemble(t, nil, dataOf(t, keyBag(t, p.web), bags(keyBag(t, p.rsa)), certBag(t, p.web))), summary{Error: sentenceOf(finding.PrivateKeySeveral)}},
		"NestedTooDeep": {"The nesting is limited.", assemble(t, nil, dataOf(t, keyBag(t, p.web), certBag(t, p.web), deep)), summary{Error: damaged}},
		"OddSealed":     {"A damaged list is not left out, even if the others have a key and its certificate.", assemble(t, nil, contentInfo{Type: oid(1, 2, 840, 113549, 1, 7, 6), Content: explicit([]byte{5, 0})}, dataOf(t, keyBag(t, p.web), certBag(t, p.web))), summary{Error: damaged}},
		"OddContent":    {"A list must be data or encrypted data.", assemble(t, nil, contentInfo{Type: asn1.ObjectIdentifier{1, 2, 3}}), summary{Error: damaged}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, p.summarize(t, tc.value, PKCS12)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestHostilePKCS12 parses files that would keep the library busy for hours, exhaust memory or make
// it panic. The test is that it returns at all.
func TestHostilePKCS12(t *testing.T) {
	p := newParties(t)
	const forever = math.MaxInt32
	honest := dataOf(t, keyBag(t, p.web), certBag(t, p.web))

	cases := map[string]struct {
		reason string
		value  string
	}{
		"MAC":         {"A MAC with many iterations is rejected.", assemble(t, &macData{Iterations: forever, Digest: digest(oid(1, 3, 14, 3, 2, 26), nil)}, honest)},
		"PBMAC1":      {"A newer MAC with many iterations is rejected.", assemble(t, &macData{Digest: digest(oid(1, 2, 840, 113549, 1, 5, 14), derived(t, forever, 32, hmacSHA256()))}, honest)},
		"KeyLength":   {"A MAC with a huge key is rejected.", assemble(t, &macData{Digest: digest(oid(1, 2, 840, 113549, 1, 5, 14), derived(t, 1, forever, hmacSHA256()))}, honest)},
		"Content":     {"A list of bags with many iterations is rejected.", assemble(t, nil, honest, encryptedContent(t, pbes1(t, forever), make([]byte, 16)))},
		"ContentPBE2": {"A list of bags with a newer cipher and many iterations is rejected.", assemble(t, nil, honest, encryptedContent(t, pbes2(t, forever, make([]byte, 16)), make([]byte, 16)))},
		"Key":         {"A private key with many iterations is rejected.", assemble(t, nil, dataOf(t, shroudedBag(t, pbes1(t, forever)), certBag(t, p.web)))},
		"Sum":         {"Many lists with few iterations each are rejected.", assemble(t, nil, append([]contentInfo{honest}, slices.Repeat([]contentInfo{encryptedContent(t, pbes1(t, maxIterations/2), make([]byte, 16))}, 3)...)...)},
		"Negative":    {"Negative iterations do not compensate for many others.", assemble(t, nil, honest, encryptedContent(t, pbes1(t, forever), make([]byte, 16)), encryptedContent(t, pbes1(t, -forever), make([]byte, 16)))},
		"NegativeMAC": {"Negative iterations in a MAC do not compensate for others.", assemble(t, &macData{Iterations: -forever, Digest: digest(oid(1, 3, 14, 3, 2, 26), nil)}, honest, encryptedContent(t, pbes1(t, forever), make([]byte, 16)))},
		"HiddenKey":   {"A private key with many iterations in an encrypted list is rejected.", assemble(t, nil, encryptedContent(t, pbes1(t, 1), encryptNothing(t, certBag(t, p.web), shroudedBag(t, pbes1(t, forever)))), honest)},
		"NestedKey":   {"A private key with many iterations in a nested list is rejected.", assemble(t, nil, dataOf(t, bags(bags(shroudedBag(t, pbes1(t, forever)))), certBag(t, p.web)))},
		"HiddenEmpty": {"Many iterations with an empty password are rejected.", assemble(t, nil, encryptEmpty(t, shroudedBag(t, pbes1(t, forever))), honest)},
		"OnlyHidden":  {"Many iterations without another key are rejected.", assemble(t, nil, dataOf(t, certBag(t, p.web)), encryptEmpty(t, shroudedBag(t, pbes1(t, forever))))},
		"IV":          {"An initialization vector of the wrong length is rejected.", assemble(t, nil, honest, encryptedContent(t, pbes2(t, 1, []byte{1}), make([]byte, 16)))},
		"IVAlone":     {"An initialization vector of the wrong length in the only list is rejected.", assemble(t, &macData{Iterations: 1, Digest: macOfNothing(nil).Digest}, encryptedContent(t, pbes2(t, 1, []byte{1}), make([]byte, 16)))},
		"IVOfKey":     {"An initialization vector of the wrong length for a private key is rejected.", assemble(t, nil, dataOf(t, shroudedBag(t, pbes2(t, 1, nil)), certBag(t, p.web)))},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := p.summarize(t, tc.value, PKCS12); got.Error == "" {
				t.Errorf("\n%s\nParse(...): want an error, got %+v", tc.reason, got)
			}
		})
	}
}

// TestIterations checks that iterations are counted before decryption, and not for rejected files.
func TestIterations(t *testing.T) {
	p := newParties(t)
	modern := pfxOf(t, pkcs12.Modern.WithIterations(5000), "", p.web)

	cases := map[string]struct {
		reason string
		secret Secret
		format Format
		want   int
	}{
		"PFX":         {"MAC, certificates and key are counted.", Secret{Value: modern}, PKCS12, 15_000},
		"Password":    {"A file with a password is counted, too.", Secret{Value: pfxOf(t, pkcs12.Modern.WithIterations(5000), "hunter2", p.web)}, PKCS12, 15_000},
		"ContentType": {"A certificate of Key Vault is counted.", Secret{ContentType: "application/x-pkcs12", Value: modern}, Auto, 15_000},
		"Default":     {"An empty format means Auto.", Secret{ContentType: "application/x-pkcs12", Value: modern}, "", 15_000},
		"Text":        {"A text costs nothing.", Secret{Value: modern}, Text, 0},
		"OtherType":   {"Content of another type costs nothing.", Secret{ContentType: "text/plain", Value: modern}, Auto, 0},
		"TooMany":     {"A file with too many iterations is rejected unopened.", Secret{Value: pfxOf(t, pkcs12.Modern.WithIterations(83_334), "", p.web)}, PKCS12, 0},
		"TooLarge":    {"A file that is too large is rejected unopened.", Secret{Value: modern + strings.Repeat(" ", maxValue)}, PKCS12, 0},
		"NoBase64":    {"Content that is not base64 is rejected unopened.", Secret{Value: "hunter2!"}, PKCS12, 0},
		"NoPFX":       {"Content that is not a PFX file is rejected unopened.", Secret{Value: "aHVudGVyMg=="}, PKCS12, 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Iterations(tc.secret, tc.format)); diff != "" {
				t.Errorf("\n%s\nIterations(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// pfxOf encodes a file.
func pfxOf(tb testing.TB, e *pkcs12.Encoder, password string, leaf party, others ...party) string {
	tb.Helper()

	var chain []*x509.Certificate
	for _, o := range others {
		chain = append(chain, o.Certificate)
	}
	der, err := e.Encode(leaf.key, leaf.Certificate, chain, password)
	if err != nil {
		tb.Fatalf("cannot encode PFX file: %v", err)
	}

	return base64.StdEncoding.EncodeToString(der)
}

func trustStore(tb testing.TB, p party) string {
	tb.Helper()

	der, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{p.Certificate}, "")
	if err != nil {
		tb.Fatalf("cannot encode trust store: %v", err)
	}

	return base64.StdEncoding.EncodeToString(der)
}

// wrap breaks base64 into lines.
func wrap(text string) string {
	var b strings.Builder
	for c := range slices.Chunk([]byte(text), 64) {
		b.Write(c)
		b.WriteString("\r\n")
	}

	return b.String()
}

// without removes the MAC of a file.
func without(tb testing.TB, value string) string {
	tb.Helper()

	der, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		tb.Fatal(err)
	}
	var outer pfx
	if !unmarshal(der, &outer) {
		tb.Fatal("cannot take the file apart")
	}

	return encodePFX(nil, outer.AuthSafe)
}

// macOfNothing returns the MAC for a missing password. Without a salt, its key (RFC 7292, appendix
// B.2) is the hash of the diversifier alone: a block of threes.
func macOfNothing(content []byte) macData {
	key := sha1.Sum(bytes.Repeat([]byte{3}, sha1.BlockSize)) //nolint:gosec // See the import.
	mac := hmac.New(sha1.New, key[:])
	mac.Write(content)

	m := macData{Iterations: 1}
	m.Digest.Algorithm.Algorithm = oid(1, 3, 14, 3, 2, 26) // SHA-1
	m.Digest.Digest = mac.Sum(nil)

	return m
}

// dataContent wraps content unencrypted.
func dataContent(content []byte) contentInfo {
	return contentInfo{oid(1, 2, 840, 113549, 1, 7, 1), explicit(mustMarshal(content))}
}

// mustMarshal encodes a value that can always be encoded.
func mustMarshal(in any) []byte {
	der, err := asn1.Marshal(in)
	if err != nil {
		panic("cannot encode a PFX file: " + err.Error())
	}

	return der
}

func encodePFX(mac *macData, content contentInfo) string {
	var der []byte
	if mac == nil {
		der = mustMarshal(struct {
			Version int
			Content contentInfo
		}{3, content})
	} else {
		der = mustMarshal(pfx{3, content, *mac})
	}

	return base64.StdEncoding.EncodeToString(der)
}

// assemble makes a file from lists of bags.
func assemble(tb testing.TB, mac *macData, contents ...contentInfo) string {
	tb.Helper()

	return encodePFX(mac, dataContent(mustMarshal(contents)))
}

func dataOf(tb testing.TB, bags ...safeBagToWrite) contentInfo {
	tb.Helper()

	return dataContent(mustMarshal(bags))
}

type safeBagToWrite struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

func bag(kind int, der []byte) safeBagToWrite {
	return safeBagToWrite{oid(1, 2, 840, 113549, 1, 12, 10, 1, kind), explicit(der)}
}

// bags returns a bag that contains a list of bags.
func bags(list ...safeBagToWrite) safeBagToWrite {
	return bag(6, mustMarshal(list))
}

func keyBag(tb testing.TB, p party) safeBagToWrite {
	tb.Helper()

	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		tb.Fatalf("cannot encode key: %v", err)
	}

	return bag(1, der)
}

func shroudedBag(tb testing.TB, a pkix.AlgorithmIdentifier) safeBagToWrite {
	tb.Helper()

	return bag(2, mustMarshal(encryptedPrivateKeyInfo{a, make([]byte, 16)}))
}

func certBag(tb testing.TB, p party) safeBagToWrite {
	tb.Helper()

	return rawBag(p.Raw)
}

// rawBag returns a bag with a certificate that may be invalid.
func rawBag(raw []byte) safeBagToWrite {
	return bag(3, mustMarshal(struct {
		Type asn1.ObjectIdentifier
		Data asn1.RawValue
	}{oid(1, 2, 840, 113549, 1, 9, 22, 1), explicit(mustMarshal(raw))}))
}

// shroud encrypts a private key with an empty password.
func shroud(tb testing.TB, pkcs8 []byte) safeBagToWrite {
	tb.Helper()

	algorithm, encrypted := encryptWithEmpty(tb, pkcs8)

	return bag(2, mustMarshal(encryptedPrivateKeyInfo{algorithm, encrypted}))
}

func encryptedContent(tb testing.TB, a pkix.AlgorithmIdentifier, encrypted []byte) contentInfo {
	tb.Helper()

	var data encryptedData
	data.Content.Type = oid(1, 2, 840, 113549, 1, 7, 1)
	data.Content.Algorithm = a
	data.Content.Encrypted = asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: encrypted}

	return contentInfo{oid(1, 2, 840, 113549, 1, 7, 6), explicit(mustMarshal(data))}
}

// encryptNothing encrypts bags as programs do for a missing password, with one iteration and no
// salt: the key and the initialization vector are hashes of their diversifiers.
func encryptNothing(tb testing.TB, bags ...safeBagToWrite) []byte {
	tb.Helper()

	derive := func(diversifier byte, length int) []byte {
		sum := sha1.Sum(bytes.Repeat([]byte{diversifier}, sha1.BlockSize)) //nolint:gosec // See the import.
		return slices.Concat(sum[:], sum[:])[:length]
	}
	c, err := des.NewTripleDESCipher(derive(1, 24)) //nolint:gosec // See the import.
	if err != nil {
		tb.Fatal(err)
	}

	return cbc(c, derive(2, des.BlockSize), mustMarshal(bags))
}

// encryptEmpty encrypts bags with an empty password.
func encryptEmpty(tb testing.TB, bags ...safeBagToWrite) contentInfo {
	tb.Helper()

	algorithm, encrypted := encryptWithEmpty(tb, mustMarshal(bags))

	return encryptedContent(tb, algorithm, encrypted)
}

func encryptWithEmpty(tb testing.TB, plain []byte) (pkix.AlgorithmIdentifier, []byte) {
	tb.Helper()

	key, err := pbkdf2.Key(sha256.New, "", nil, 1, 32)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	iv := make([]byte, aes.BlockSize)

	return pbes2(tb, 1, iv), cbc(c, iv, plain)
}

// cbc encrypts with padding.
func cbc(c cipher.Block, iv, plain []byte) []byte {
	padding := c.BlockSize() - len(plain)%c.BlockSize()
	plain = append(slices.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...) //nolint:gosec // A block is short.
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(plain, plain)

	return plain
}

// nothingPFX encodes a file for a missing password instead of an empty one.
func nothingPFX(tb testing.TB, leaf, issuer party) string {
	tb.Helper()

	contents := mustMarshal([]contentInfo{
		encryptedContent(tb, pbes1(tb, 1), encryptNothing(tb, certBag(tb, issuer), certBag(tb, leaf))),
		dataOf(tb, keyBag(tb, leaf)),
	})
	mac := macOfNothing(contents)

	return encodePFX(&mac, dataContent(contents))
}

func digest(algorithm asn1.ObjectIdentifier, parameters []byte) struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
} {
	return struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}{pkix.AlgorithmIdentifier{Algorithm: algorithm, Parameters: asn1.RawValue{FullBytes: parameters}}, []byte{1}}
}

// pbes1 is Triple DES without a salt.
func pbes1(tb testing.TB, iterations int) pkix.AlgorithmIdentifier {
	tb.Helper()

	return pkix.AlgorithmIdentifier{Algorithm: oid(1, 2, 840, 113549, 1, 12, 1, 3), Parameters: asn1.RawValue{FullBytes: mustMarshal(struct {
		Salt       []byte
		Iterations int
	}{nil, iterations})}}
}

// pbes2 is AES-256.
func pbes2(tb testing.TB, iterations int, iv []byte) pkix.AlgorithmIdentifier {
	tb.Helper()

	cipher := pkix.AlgorithmIdentifier{Algorithm: oid(2, 16, 840, 1, 101, 3, 4, 1, 42), Parameters: asn1.RawValue{FullBytes: mustMarshal(iv)}}

	return pkix.AlgorithmIdentifier{
		Algorithm:  oid(1, 2, 840, 113549, 1, 5, 13),
		Parameters: asn1.RawValue{FullBytes: derived(tb, iterations, 32, cipher)},
	}
}

// derived returns the parameters of a scheme that derives its key by PBKDF2 with HMAC-SHA-256 and
// no salt.
func derived(tb testing.TB, iterations, keyLength int, scheme pkix.AlgorithmIdentifier) []byte {
	tb.Helper()

	derivation := mustMarshal(struct {
		Salt                  []byte
		Iterations, KeyLength int
		PRF                   pkix.AlgorithmIdentifier
	}{nil, iterations, keyLength, hmacSHA256()})

	return mustMarshal(schemeParameters{
		pkix.AlgorithmIdentifier{Algorithm: oid(1, 2, 840, 113549, 1, 5, 12), Parameters: asn1.RawValue{FullBytes: derivation}},
		scheme,
	})
}

// rc4 returns an insecure cipher.
func rc4() pkix.AlgorithmIdentifier {
	a := pkix.AlgorithmIdentifier{Algorithm: oid(1, 2, 840, 113549, 1, 12, 1, 1)}
	a.Parameters.FullBytes = mustMarshal(struct {
		Salt       []byte
		Iterations int
	}{nil, 1})

	return a
}

func hmacSHA256() pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oid(1, 2, 840, 113549, 2, 9)}
}

func oid(arcs ...int) asn1.ObjectIdentifier { return arcs }

func explicit(der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: der}
}
