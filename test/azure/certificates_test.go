// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/p6m-dev/platform-application/test/azure"
)

// names returns the subjects of the certificates in PEM, in order.
func names(tb testing.TB, data string) []string {
	tb.Helper()

	var out []string

	for block, rest := pem.Decode([]byte(data)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			out = append(out, block.Type)

			continue
		}

		c, err := x509.ParseCertificate(block.Bytes)
		must(tb, err)

		out = append(out, c.Subject.CommonName)
	}

	return out
}

func TestCertificates(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))
	until := w.clock.Now().Add(48 * time.Hour)

	first, err := w.PutCertificate(vault, "tls", azure.Certificate{DNSNames: []string{"www.example.org"}, NotAfter: until})
	must(t, err)

	second, err := w.PutCertificate(vault, "tls", azure.Certificate{DNSNames: []string{"www.example.org"}, NotAfter: until, ECDSA: true, Modern: true})
	must(t, err)

	got, err := c.GetSecret(t.Context(), "tls", "", nil)
	must(t, err)

	value := *got.Value
	got.Value = nil
	got.Attributes.NotBefore = nil

	now := w.clock.Now()
	want := azsecrets.Secret{
		ID:          new(azsecrets.ID(origin + "/secrets/tls/" + second)),
		KID:         new(azsecrets.ID(origin + "/keys/tls/" + second)),
		Managed:     new(true),
		ContentType: new("application/x-pkcs12"), PreviousVersion: &first,
		Attributes: &azsecrets.SecretAttributes{
			Enabled: new(true), Created: &now, Updated: &now, Expires: &until,
			RecoveryLevel: new("Recoverable+Purgeable"), RecoverableDays: new(int32(90)),
		},
	}

	if diff := cmp.Diff(want, got.Secret); diff != "" {
		t.Errorf("GetSecret(...): -want, +got:\n%s", diff)
	}

	pfx, err := base64.StdEncoding.DecodeString(value)
	must(t, err)

	_, leaf, chain, err := pkcs12.DecodeChain(pfx, "")
	must(t, err)

	if diff := cmp.Diff(2, len(chain)); diff != "" || leaf.DNSNames[0] != "www.example.org" {
		t.Errorf("GetSecret(...): a leaf and its chain: -want, +got:\n%s", diff)
	}

	_, err = w.PutCertificate(vault, "pem", azure.Certificate{ContentType: azure.ContentTypePEM, DNSNames: []string{"www.example.org"}})
	must(t, err)

	asPEM, err := c.GetSecret(t.Context(), "pem", "", nil)
	must(t, err)

	order := []string{"PRIVATE KEY", "www.example.org", "Intermediate of www.example.org", "Root of www.example.org"}
	if diff := cmp.Diff(order, names(t, *asPEM.Value)); diff != "" {
		t.Errorf("GetSecret(...) as PEM: -want, +got:\n%s", diff)
	}

	_, err = c.SetSecret(t.Context(), "TLS", azsecrets.SetSecretParameters{Value: new("x")}, nil)
	if diff := cmp.Diff(403, refused(t, err).Status); diff != "" {
		t.Errorf("SetSecret(...) over a certificate's: -want, +got:\n%s", diff)
	}

	// What was generated can be imported.
	_, err = w.PutCertificate(vault, "imported", azure.Certificate{ContentType: azure.ContentTypePEM, PEM: *asPEM.Value})
	must(t, err)

	imported, err := c.GetSecret(t.Context(), "imported", "", nil)
	must(t, err)

	if diff := cmp.Diff(*asPEM.Value, *imported.Value); diff != "" {
		t.Errorf("GetSecret(...) of an imported one: -want, +got:\n%s", diff)
	}
}

func TestCertificateRefusals(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	_, err := w.PutSecret(vault, "plain", azure.Secret{Value: "x"})
	must(t, err)

	cases := map[string]struct {
		reason string
		name   string
		args   azure.Certificate
	}{
		"Taken":   {"A certificate does not replace a plain secret.", "plain", azure.Certificate{DNSNames: []string{"a"}}},
		"NoName":  {"A certificate is for some name.", "a", azure.Certificate{}},
		"NoPEM":   {"Imported certificates are PEM.", "a", azure.Certificate{PEM: "x"}},
		"OddType": {"It is kept in one of two forms.", "a", azure.Certificate{DNSNames: []string{"a"}, ContentType: "text/plain"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if _, err := w.PutCertificate(vault, tc.name, tc.args); err == nil {
				t.Errorf("\n%s\nPutCertificate(...): want an error", tc.reason)
			}
		})
	}
}
