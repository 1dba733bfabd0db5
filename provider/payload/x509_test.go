// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// A body holds the parts of a certificate.
type body struct {
	version, serial, algorithm, issuer, validity, subject, key, extensions []byte
}

// alter changes a certificate. That invalidates its signature, which the parser ignores.
func alter(tb testing.TB, raw []byte, change func(*body)) []byte {
	tb.Helper()

	in := cryptobyte.String(raw)
	var outer, signed, algorithm, signature cryptobyte.String
	var b body
	if !in.ReadASN1(&outer, tags.SEQUENCE) || !outer.ReadASN1(&signed, tags.SEQUENCE) ||
		!outer.ReadASN1Element(&algorithm, tags.SEQUENCE) || !outer.ReadASN1Element(&signature, tags.BIT_STRING) {
		tb.Fatal("cannot take the certificate apart")
	}
	parts := []*[]byte{&b.version, &b.serial, &b.algorithm, &b.issuer, &b.validity, &b.subject, &b.key, &b.extensions}
	for _, p := range parts {
		if !signed.Empty() && !signed.ReadAnyASN1Element((*cryptobyte.String)(p), new(tags.Tag)) {
			tb.Fatal("cannot take the certificate apart")
		}
	}
	change(&b)

	var content []byte
	for _, p := range parts {
		content = append(content, *p...)
	}

	return sequence(sequence(content), algorithm, signature)
}

func sequence(parts ...[]byte) []byte {
	return encode(asn1.TagSequence|constructed, slices.Concat(parts...))
}

// extension writes an extension that is not critical.
func extension(id asn1.ObjectIdentifier, value []byte) []byte {
	return sequence(mustMarshal(id), encode(octetString, value))
}

// extensions writes the extensions of a certificate.
func extensions(list ...[]byte) []byte {
	return encode(0xa3, sequence(list...))
}

// publicKey writes a SubjectPublicKeyInfo.
func publicKey(key []byte, algorithm ...[]byte) []byte {
	return sequence(sequence(algorithm...), mustMarshal(asn1.BitString{Bytes: key, BitLength: 8 * len(key)}))
}

// foreign writes the key of a party as a key on another curve.
func foreign(tb testing.TB, curve asn1.ObjectIdentifier) (public, private []byte) {
	tb.Helper()

	point := make([]byte, 65)
	if _, err := rand.Read(point); err != nil {
		tb.Fatal(err)
	}
	point[0] = 4

	return publicKey(point, mustMarshal(oid(1, 2, 840, 10045, 2, 1)), mustMarshal(curve)), mustMarshal(struct {
		Version   int
		Algorithm struct{ ID, Curve asn1.ObjectIdentifier }
		Key       []byte
	}{
		Algorithm: struct{ ID, Curve asn1.ObjectIdentifier }{oid(1, 2, 840, 10045, 2, 1), curve},
		Key:       sec1Of(point, nil),
	})
}

// sec1Of writes a private key on another curve, with its point and curve, if any.
func sec1Of(point []byte, curve asn1.ObjectIdentifier) []byte {
	parts := [][]byte{mustMarshal(1), mustMarshal(bytes.Repeat([]byte{7}, 32))}
	if curve != nil {
		parts = append(parts, encode(0xa0, mustMarshal(curve)))
	}
	if point != nil {
		parts = append(parts, encode(0xa1, mustMarshal(asn1.BitString{Bytes: point, BitLength: 8 * len(point)})))
	}

	return sequence(parts...)
}

// refused are changes that crypto/x509 rejects and OpenSSL accepts.
func refused(tb testing.TB) map[string]func(*body) {
	tb.Helper()

	p256k, _ := foreign(tb, oid(1, 3, 132, 0, 10))
	brainpool, _ := foreign(tb, oid(1, 3, 36, 3, 3, 2, 8, 1, 1, 7))
	ec := mustMarshal(oid(1, 2, 840, 10045, 2, 1))
	rsa := mustMarshal(oid(1, 2, 840, 113549, 1, 1, 1))
	null := []byte{5, 0}
	tooLarge := sequence(mustMarshal(35), encode(2, bytes.Repeat([]byte{1}, 9))) // The number is the exponent.
	with := func(list ...[]byte) func(*body) {
		return func(b *body) { b.extensions = extensions(list...) }
	}
	key := func(der []byte) func(*body) { return func(b *body) { b.key = der } }

	return map[string]func(*body){
		"NegativeSerial":  func(b *body) { b.serial = []byte{2, 2, 0xff, 1} },
		"LongSerial":      func(b *body) { b.serial = encode(2, bytes.Repeat([]byte{0xff}, 40)) },
		"PaddedSerial":    func(b *body) { b.serial = []byte{2, 3, 0, 0, 1} },
		"Version":         func(b *body) { b.version = []byte{0xa0, 3, 2, 1, 7} },
		"P-256K":          key(p256k),
		"Brainpool":       key(brainpool),
		"ExplicitCurve":   key(publicKey([]byte{4, 1, 2}, ec, sequence(mustMarshal(1)))),
		"CompressedPoint": key(publicKey(bytes.Repeat([]byte{2}, 33), ec, mustMarshal(oid(1, 2, 840, 10045, 3, 1, 7)))),
		"NegativeModulus": key(publicKey(sequence([]byte{2, 1, 0x81}, []byte{2, 1, 3}), rsa, null)),
		"LargeExponent":   key(publicKey(tooLarge, rsa, null)),
		"NoParameters":    key(publicKey(sequence(mustMarshal(35), mustMarshal(3)), rsa)),
		"Garbage":         key(publicKey([]byte{1}, rsa, null)),
		"Validity": func(b *body) {
			b.validity = sequence(encode(asn1.TagUTCTime, []byte("26")), encode(asn1.TagUTCTime, []byte("35")))
		},
		"Year": func(b *body) {
			b.validity = sequence(encode(asn1.TagGeneralizedTime, []byte("99991332000000Z")), encode(asn1.TagUTCTime, []byte("9")))
		},
		"Duplicate": func(b *body) {
			b.extensions = encode(0xa3, append(sequence(extension(oid(2, 5, 29, 19), []byte{0x30, 0}), extension(oid(2, 5, 29, 19), []byte{0x30, 0})), 0))
		},
		"BooleanOfBER":     with(extension(oid(2, 5, 29, 19), []byte{0x30, 3, 1, 1, 1})),
		"BasicConstraints": with(extension(oid(2, 5, 29, 19), []byte{5, 0})),
		"KeyUsage":         with(extension(oid(2, 5, 29, 15), []byte{5, 0})),
		"KeyID":            with(extension(oid(2, 5, 29, 14), []byte{1})),
		"Names":            with(extension(oid(2, 5, 29, 17), sequence(encode(0x82, []byte{0xff})))),
		"Extensions":       func(b *body) { b.extensions = []byte{0xa3, 2, 5, 0} },
		"NoExtensions":     func(b *body) { b.extensions = []byte{0xa3, 0} },
	}
}

// Certificates that crypto/x509 rejects are passed on byte for byte, at any position, and do not
// change leaf and chain.
func TestRefused(t *testing.T) {
	p := newParties(t)

	for name, change := range refused(t) {
		t.Run(name, func(t *testing.T) {
			root := alter(t, p.root.Raw, change)
			if _, err := x509.ParseCertificate(root); err == nil {
				t.Fatal("crypto/x509 reads this certificate")
			}
			var all []safeBagToWrite
			for _, raw := range [][]byte{root, p.issuing.Raw, p.web.Raw, p.intermediate.Raw} {
				all = append(all, rawBag(raw))
			}
			want := map[string]string{
				"tls.crt": pemOf(p.web) + pemOf(p.issuing) + pemOf(p.intermediate),
				"tls.key": pkcs8(t, p.web),
				"ca.crt":  block("CERTIFICATE", root),
			}
			for format, value := range map[Format]string{
				PEM:    block("CERTIFICATE", root) + pemOf(p.issuing) + pkcs8(t, p.web) + pemOf(p.web) + pemOf(p.intermediate),
				PKCS12: assemble(t, nil, encryptEmpty(t, all...), dataOf(t, keyBag(t, p.web))),
			} {
				if diff := cmp.Diff(want, entriesOf(t, value, format)); diff != "" {
					t.Errorf("Parse(..., %s): -want, +got:\n%s", format, diff)
				}
			}
		})
	}
}

// Keys on curves that crypto/x509 lacks are passed on with their certificates, because Key Vault
// supports one of these curves.
func TestForeignCurve(t *testing.T) {
	p := newParties(t)
	p256k := oid(1, 3, 132, 0, 10)
	public, private := foreign(t, p256k)
	leaf := alter(t, p.web.Raw, func(b *body) { b.key = public })
	self := alter(t, p.other.Raw, func(b *body) { b.key = public })

	var wrapped struct {
		Version   int
		Algorithm asn1.RawValue
		Key       []byte
	}
	if !unmarshal(private, &wrapped) {
		t.Fatal("cannot take the key apart")
	}
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if !unmarshal(public, &spki) {
		t.Fatal("cannot take the key apart")
	}
	sec1 := sec1Of(spki.Key.Bytes, p256k)
	short := alter(t, p.web.Raw, func(b *body) { b.key = publicKey(compressed(spki.Key.Bytes), spki.Algorithm.Bytes) })
	key, chain := block("PRIVATE KEY", private), block("CERTIFICATE", leaf)+pemOf(p.issuing)
	result := func(key, certificate, authority string) map[string]string {
		return map[string]string{"tls.key": key, "tls.crt": certificate, "ca.crt": authority}
	}

	cases := map[string]struct {
		reason string
		format Format
		value  string
		want   map[string]string
	}{
		"Chain":      {"Such a certificate is passed on.", PEM, key + chain, result(key, chain, pemOf(p.issuing))},
		"SelfSigned": {"Such a self-signed certificate is its own authority.", PEM, key + block("CERTIFICATE", self), result(key, block("CERTIFICATE", self), block("CERTIFICATE", self))},
		"Compressed": {"A compressed point is the same point.", PEM, key + block("CERTIFICATE", short) + pemOf(p.issuing), result(key, block("CERTIFICATE", short)+pemOf(p.issuing), pemOf(p.issuing))},
		"SEC1": {
			"openssl ecparam writes keys like this.", PEM, block("EC PARAMETERS", mustMarshal(p256k)) + block("EC PRIVATE KEY", sec1) + chain,
			result(block("PRIVATE KEY", sequence(mustMarshal(0), wrapped.Algorithm.FullBytes, mustMarshal(sec1))), chain, pemOf(p.issuing)),
		},
		"PFX": {
			"Key Vault keeps certificates like this.", PKCS12,
			assemble(t, nil, dataOf(t, rawBag(leaf), certBag(t, p.issuing), bag(1, private))), result(key, chain, pemOf(p.issuing)),
		},
		"EncryptedPFX": {
			"Key Vault also keeps encrypted certificates.", PKCS12,
			assemble(t, nil, encryptEmpty(t, rawBag(leaf), certBag(t, p.issuing)), dataOf(t, shroud(t, private))), result(key, chain, pemOf(p.issuing)),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, entriesOf(t, tc.value, tc.format)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	refusals := map[string]struct {
		reason string
		value  string
		want   string
	}{
		"WrongKey": {"The key must belong to one of the certificates.", key + pemOf(p.web), "none of the certificates belongs to the private key: store those that were issued for it"},
		"NoPoint":  {"Without a public key, the private key's certificate cannot be found on this curve.", block("EC PRIVATE KEY", sec1Of(nil, p256k)) + chain, "line 1: " + sentenceOf(finding.PrivateKeyNoPublicKey)},
		"NoCurve":  {"A key without a curve is damaged.", block("EC PRIVATE KEY", sec1Of(spki.Key.Bytes, nil)) + chain, "line 1: " + sentenceOf(finding.PrivateKeyUnreadable)},
		"Damaged":  {"A key on a known curve that crypto/x509 rejects is damaged.", block("EC PRIVATE KEY", sec1Of(spki.Key.Bytes, oid(1, 3, 132, 0, 33))) + chain, "line 1: " + sentenceOf(finding.PrivateKeyUnreadable)},
		"Ed448":    {"A kind of key without its public key is rejected.", block("PRIVATE KEY", sequence(mustMarshal(0), sequence(mustMarshal(oid(1, 3, 101, 113))), mustMarshal([]byte{4, 0}))) + chain, "line 1: " + sentenceOf(finding.PrivateKeyUnsupported)},
	}
	for name, tc := range refusals {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(summary{Error: tc.want}, p.summarize(t, tc.value, PEM)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// checkLikeX509 compares a certificate with the result of crypto/x509.
func checkLikeX509(t rapid.TB, raw []byte) {
	t.Helper()

	want, err := x509.ParseCertificate(raw)
	if err != nil {
		return
	}
	got := parseCertificate(raw)
	if got == nil {
		t.Fatalf("parseCertificate(...) refuses what crypto/x509 takes")
	}
	if diff := cmp.Diff(&certificate{
		raw: want.Raw, subject: want.RawSubject, issuer: want.RawIssuer, public: publicOf(want.RawSubjectPublicKeyInfo), notBefore: want.NotBefore,
		subjectKeyID: want.SubjectKeyId, authorityKeyID: want.AuthorityKeyId, authority: want.IsCA,
	}, got, cmp.AllowUnexported(certificate{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("parseCertificate(...): -crypto/x509, +got:\n%s", diff)
	}
}

// A certificate with any byte changed is passed on unchanged, or rejected with its line. The other
// certificates stay.
func TestDamagedRoot(t *testing.T) {
	p := newParties(t)
	key := pkcs8(t, p.web)
	rapid.Check(t, func(t *rapid.T) {
		root := bytes.Clone(p.root.Raw)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			root[rapid.IntRange(0, len(root)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		checkLikeX509(t, root)

		chain := pemOf(p.web) + pemOf(p.issuing) + pemOf(p.intermediate)
		found, err := Parse(Secret{Name: "s", Value: key + chain + block("CERTIFICATE", root)}, PEM)
		if err != nil {
			if !strings.Contains(err.Error(), ": line ") {
				t.Fatalf("Parse(...): want the line of the root, got %v", err)
			}

			return
		}
		for _, e := range found.Entries {
			if e.Key == "tls.crt" && string(e.Value) != chain && string(e.Value) != chain+block("CERTIFICATE", root) {
				t.Errorf("Parse(...) changes the chain to:\n%s", e.Value)
			}
			if e.Key == "ca.crt" && !bytes.Contains(e.Value, []byte(block("CERTIFICATE", root))) && !strings.Contains(chain, string(e.Value)) {
				t.Errorf("Parse(...) changes the root")
			}
		}
	})
}

// entriesOf parses a secret and returns its entries.
func entriesOf(tb testing.TB, value string, format Format) map[string]string {
	tb.Helper()

	found, err := Parse(Secret{Name: "s", Value: value}, format)
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range found.Entries {
		out[e.Key] = string(e.Value)
	}

	return out
}

func FuzzCertificate(f *testing.F) {
	p := newParties(f)
	for _, q := range []party{p.root, p.web, p.rsa, p.edward} {
		f.Add(q.Raw)
	}
	for _, change := range refused(f) {
		f.Add(alter(f, p.root.Raw, change))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkLikeX509(t, raw)
		if c := parseCertificate(raw); c != nil && !bytes.Equal(c.raw, raw) {
			t.Error("parseCertificate(...) changes the certificate")
		}
		for _, label := range []string{privateKeyLabel, rsaKeyLabel, ecKeyLabel} {
			if key, wrong := parseKey(label, raw); (key == nil) == (wrong == nil) {
				t.Errorf("parseKey(%s, ...) returns %v and %q", label, key, wrong)
			}
		}
	})
}
