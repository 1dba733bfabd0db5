// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCertificateEntries(t *testing.T) {
	p := newParties(t)
	noKeyIDs := func(c *x509.Certificate) { c.SubjectKeyId, c.AuthorityKeyId = nil, nil }

	// renewed is a renewal of web with the same key.
	renewed := issue(t, "renewed", p.web.key, p.issuing, func(c *x509.Certificate) { c.NotBefore = c.NotBefore.Add(time.Hour) })
	// The certificate was made before or after the one from the authority.
	self := issue(t, "web", p.web.key, party{}, func(c *x509.Certificate) { c.NotBefore = c.NotBefore.Add(2 * time.Hour) })
	selfToo := issue(t, "self", p.web.key, party{}, func(c *x509.Certificate) { c.NotBefore = c.NotBefore.Add(3 * time.Hour) })
	// The authority had the name of issuing before issuing got a new key.
	former := issue(t, "issuing", newEC(t), p.intermediate, authority)
	// The certificate of root is signed by other.
	crossed := issue(t, "root", p.root.key, p.other, authority)
	// The two authorities have signed each other, and neither is a root.
	a := issue(t, "a", newEC(t), p.other, authority)
	b := issue(t, "b", newEC(t), a, authority)
	a = issue(t, "a", a.key, b, authority)
	circular := issue(t, "circular", p.web.key, a)
	// Some tools write out that a certificate is no authority.
	explicit := issue(t, "explicit", newEC(t), p.other, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: oid(2, 5, 29, 19), Value: []byte{0x30, 3, 1, 1, 0}}}
	})
	// The certificates have no key identifiers.
	old := issue(t, "old", newEC(t), party{}, noKeyIDs)
	older := issue(t, "older", p.web.key, old, noKeyIDs)

	cases := map[string]struct {
		reason       string
		certificates []party
		want         summary
	}{
		"Renewed":     {"Of two certificates for one key, the newer one is used.", []party{p.web, renewed, p.issuing}, summary{Served: "renewed issuing", Key: "web", Trusted: "issuing"}},
		"RenewedLast": {"The order of two certificates for one key does not matter.", []party{renewed, p.web, p.issuing}, summary{Served: "renewed issuing", Key: "web", Trusted: "issuing"}},
		"SelfSigned":  {"A certificate from an authority is used, even if it is older than a self-signed one.", []party{p.web, self, p.issuing}, summary{Served: "web issuing", Key: "web", Trusted: "issuing"}},
		"SelfFirst":   {"The newest certificate from an authority is used, in any order.", []party{self, selfToo, p.web, renewed, p.issuing}, summary{Served: "renewed issuing", Key: "web", Trusted: "issuing"}},
		"SelfOnly":    {"Without a certificate from an authority, the newest one is used.", []party{self, selfToo}, summary{Served: "self", Key: "web", Trusted: "self"}},
		"SameName":    {"Authorities with the same name are distinguished by their keys.", []party{p.web, former, p.issuing, p.intermediate}, summary{Served: "web issuing intermediate", Key: "web", Trusted: "intermediate issuing"}},
		"CrossSigned": {"A root ends the chain, even if another authority has signed it.", []party{p.web, p.issuing, p.intermediate, p.other, crossed, p.root}, summary{Served: "web issuing intermediate", Key: "web", Trusted: "root other root"}},
		"CrossedOnly": {"Without the root, the chain continues.", []party{p.web, p.issuing, p.intermediate, crossed, p.other}, summary{Served: "web issuing intermediate root", Key: "web", Trusted: "other"}},
		"Circle":      {"A circular chain ends.", []party{b, a, circular}, summary{Served: "circular a b", Key: "web", Trusted: "b"}},
		"Explicit":    {"A certificate that says that it is no authority is not trusted.", []party{p.web, p.issuing, explicit}, summary{Served: "web issuing", Key: "web", Trusted: "issuing"}},
		"NoKeyIDs":    {"Without key identifiers, names are compared.", []party{older, old}, summary{Served: "older", Key: "web", Trusted: "old"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var value strings.Builder
			value.WriteString(pkcs8(t, p.web))
			for _, c := range tc.certificates {
				value.WriteString(pemOf(c))
			}
			if diff := cmp.Diff(tc.want, p.summarize(t, value.String(), PEM)); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
