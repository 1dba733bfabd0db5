// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/provider/finding"
)

func TestPEM(t *testing.T) {
	p := newParties(t)
	sec1, err := x509.MarshalECPrivateKey(p.web.key.(*ecdsa.PrivateKey)) //nolint:forcetypeassert // It was made as one.
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(p.rsa.key.(*rsa.PrivateKey)) //nolint:forcetypeassert // It was made as one.
	chain := pemOf(p.web) + pemOf(p.issuing) + pemOf(p.intermediate) + pemOf(p.root)

	cases := map[string]struct {
		reason string
		value  string
		want   summary
	}{
		"Chain":      {"The chain is served without its root, which is trusted.", pkcs8(t, p.web) + chain, summary{Served: "web issuing intermediate", Key: "web", Trusted: "root"}},
		"AnyOrder":   {"The order of certificates does not matter.", pemOf(p.root) + pemOf(p.issuing) + pkcs8(t, p.web) + pemOf(p.web) + pemOf(p.intermediate), summary{Served: "web issuing intermediate", Key: "web", Trusted: "root"}},
		"NoRoot":     {"Without a root, the last issuer is trusted and served.", pkcs8(t, p.web) + pemOf(p.intermediate) + pemOf(p.issuing) + pemOf(p.web), summary{Served: "web issuing intermediate", Key: "web", Trusted: "intermediate"}},
		"Gap":        {"An authority outside of the chain is trusted, too.", pkcs8(t, p.web) + pemOf(p.web) + pemOf(p.issuing) + pemOf(p.root), summary{Served: "web issuing", Key: "web", Trusted: "issuing root"}},
		"LeafOnly":   {"A certificate alone has no authority.", pkcs8(t, p.web) + pemOf(p.web), summary{Served: "web", Key: "web"}},
		"SelfSigned": {"A self-signed certificate is its own authority.", pkcs8(t, p.other) + pemOf(p.other), summary{Served: "other", Key: "other", Trusted: "other"}},
		"Extra":      {"Other authorities are trusted after that of the chain.", pkcs8(t, p.web) + pemOf(p.other) + chain, summary{Served: "web issuing intermediate", Key: "web", Trusted: "root other"}},
		"ExtraOnly":  {"Without an authority in the chain, the others are trusted.", pkcs8(t, p.web) + pemOf(p.other) + pemOf(p.web), summary{Served: "web", Key: "web", Trusted: "other"}},
		"Strangers":  {"Certificates of other keys are omitted.", pkcs8(t, p.web) + pemOf(p.rsa) + chain, summary{Served: "web issuing intermediate", Key: "web", Trusted: "root"}},
		"Twice":      {"A repeated certificate is used once.", pkcs8(t, p.web) + chain + chain + pemOf(p.other) + pemOf(p.other), summary{Served: "web issuing intermediate", Key: "web", Trusted: "root other"}},
		"SEC1":       {"openssl ecparam writes keys like this.", block("EC PARAMETERS", []byte{6, 0}) + block("EC PRIVATE KEY", sec1) + pemOf(p.web), summary{Served: "web", Key: "web"}},
		"PKCS1":      {"A key of openssl genrsa is parsed.", block("RSA PRIVATE KEY", pkcs1) + pemOf(p.rsa), summary{Served: "rsa", Key: "rsa"}},
		"Ed25519":    {"A small key is parsed.", pkcs8(t, p.edward) + pemOf(p.edward), summary{Served: "edward", Key: "edward"}},
		"RSA":        {"A large key is parsed.", pkcs8(t, p.rsa) + pemOf(p.rsa), summary{Served: "rsa", Key: "rsa"}},
		"Text":       {"Text outside of blocks, indentation and Windows line breaks are ignored.", "\ufeffBag Attributes\n  localKeyID: 01\r\n" + strings.ReplaceAll(pkcs8(t, p.web), "\n", "  \r\n") + "subject=/CN=web\n" + "  " + strings.ReplaceAll(pemOf(p.web), "\n", "\n  "), summary{Served: "web", Key: "web"}},

		"Empty":       {"An empty value has no certificate.", "", summary{Error: "there is no PEM block: store a private key and its certificates with their BEGIN and END lines and all line breaks"}},
		"OneLine":     {"Lost line breaks are reported.", strings.ReplaceAll(pkcs8(t, p.web)+chain, "\n", " "), summary{Error: "there is no PEM block: store a private key and its certificates with their BEGIN and END lines and all line breaks"}},
		"NoKey":       {"A certificate with a key that is not exportable has no private key in its secret.", chain, summary{Error: "there is no private key: store it with its certificates, and if this is a certificate of Key Vault, make its key exportable"}},
		"NoLeaf":      {"A key without a certificate is rejected.", pkcs8(t, p.web), summary{Error: "there is no certificate: store that of the private key with it"}},
		"WrongKey":    {"The key must belong to one of the certificates.", pkcs8(t, p.other) + chain, summary{Error: "none of the certificates belongs to the private key: store those that were issued for it"}},
		"SeveralKeys": {"Several keys are ambiguous.", pkcs8(t, p.web) + chain + pkcs8(t, p.rsa), summary{Error: lineOf(pkcs8(t, p.web)+chain, 1) + ": " + sentenceOf(finding.PrivateKeySeveral)}},
		"Encrypted":   {"A key with a pass phrase is rejected.", block("ENCRYPTED PRIVATE KEY", []byte{1}) + chain, summary{Error: "line 1: the private key is encrypted: store it without a pass phrase (openssl pkey -in key.pem -out plain.pem)"}},
		"EncryptedOld": {
			"The same as openssl did it before.",
			strings.Replace(block("RSA PRIVATE KEY", pkcs1), "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n", 1) + chain,
			summary{Error: "line 1: the private key is encrypted: store it without a pass phrase (openssl pkey -in key.pem -out plain.pem)"},
		},
		"OtherKey":     {"A key of SSH is another format.", "\n" + block("OPENSSH PRIVATE KEY", []byte("hunter2")) + chain, summary{Error: "line 2: " + sentenceOf(finding.PrivateKeyUnreadable)}},
		"NotAKey":      {"The errors of crypto/x509 are not passed on.", block("PRIVATE KEY", []byte("hunter2")) + chain, summary{Error: "line 1: " + sentenceOf(finding.PrivateKeyUnreadable)}},
		"Trusted":      {"OpenSSL's own form of certificates is reported.", pkcs8(t, p.web) + block("TRUSTED CERTIFICATE", p.web.Raw), summary{Error: lineOf(pkcs8(t, p.web), 1) + ": the certificate that begins here has the form TRUSTED CERTIFICATE, which few programs read: export it again (openssl x509 -in cert.pem -out plain.pem)"}},
		"TrustedExtra": {"OpenSSL's own form is ignored if there is a normal certificate.", pkcs8(t, p.web) + pemOf(p.web) + block("TRUSTED CERTIFICATE", p.web.Raw), summary{Served: "web", Key: "web"}},
		"Bundle":       {"The error names the cause.", pkcs8(t, p.web) + pemOf(p.root) + "\n" + block("PKCS7", []byte{1}), summary{Error: lineOf(pkcs8(t, p.web)+pemOf(p.root), 2) + ": the certificates that begin here are a PKCS#7 bundle: export them one by one (openssl pkcs7 -in cert.pem -print_certs -out plain.pem)"}},
		"Relabelled": {
			"A key has the label of another kind.", block("RSA PRIVATE KEY", sec1) + chain,
			summary{Error: "line 1: the private key is labeled RSA PRIVATE KEY, but it is a key for the label EC PRIVATE KEY: correct its BEGIN and END lines (sed 's/RSA PRIVATE KEY/EC PRIVATE KEY/' key.pem > relabelled.pem)"},
		},
		"RelabelledPKCS8": {
			"The same the other way round.", strings.ReplaceAll(pkcs8(t, p.web), "PRIVATE", "EC PRIVATE") + chain,
			summary{Error: "line 1: the private key is labeled EC PRIVATE KEY, but it is a key for the label PRIVATE KEY: correct its BEGIN and END lines (sed 's/EC PRIVATE KEY/PRIVATE KEY/' key.pem > relabelled.pem)"},
		},
		"Agreement": {"A key that cannot sign belongs to no certificate.", agreementKey(t) + chain, summary{Error: "none of the certificates belongs to the private key: store those that were issued for it"}},
		"NotACert":  {"A certificate with invalid content is rejected.", "\n\n" + block("CERTIFICATE", []byte("hunter2")), summary{Error: "line 3: the certificate that begins here cannot be read: it is damaged or not an X.509 certificate; export it again"}},
		"Damaged":   {"A damaged block is not skipped.", pkcs8(t, p.web) + strings.Replace(chain, "MII", "M*I", 1), summary{Error: lineOf(pkcs8(t, p.web), 1) + ": the block that begins here is damaged: copy the whole block again, with its line breaks"}},
		"Cut":       {"A truncated block is rejected.", "-----BEGIN PRIVATE KEY-----\nhunter2", summary{Error: "line 1: the block that begins here has no matching END line: copy the whole block again, with its line breaks"}},
		"CutInside": {"A block without an end before the next one is rejected.", "-----BEGIN PRIVATE KEY-----\nhunter2\n" + chain, summary{Error: "line 1: the block that begins here has no matching END line: copy the whole block again, with its line breaks"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, p.summarize(t, tc.value, PEM)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// lineOf returns the number of the line that is n lines after a text.
func lineOf(text string, n int) string {
	return "line " + strconv.Itoa(strings.Count(text, "\n")+n)
}

func agreementKey(tb testing.TB) string {
	tb.Helper()

	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatalf("cannot generate key: %v", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatalf("cannot encode key: %v", err)
	}

	return block("PRIVATE KEY", der)
}
