// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"
)

// Each target parses the value unchanged, and again with a hidden text that no error may show.

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"A": "1", "B": null, "C": [1.0, {"x": 1e3}], "D": true}`, "\ufeff{\"é\": \"\\u00e9\\ud83d\\udd11\"}",
		`{"a b": 1, "a/b": 2}`, `{"A": 1, "\u0041": 2}`, `{"A": 007}`, `{"A": "\ud800"}`, `{"": 1}`, `{"A": 1,}`, "{\"A\": \"\xff\"}",
		`{"A": [[[[]]]]}`, `{"A": "x` + "\n" + `"}`, `{'A': 1}`, `{"A": -0.1E-2 }x`, `{"A": "\u0000"}`, `{"A": ["\u0000"]}`,
	} {
		f.Add("db", seed, uint16(7))
	}
	f.Fuzz(func(t *testing.T, name, value string, at uint16) {
		for _, v := range []string{value, hide(value, at)} {
			s := Secret{Name: name, Value: v}
			if p, err := checkParse(t, s, JSON); validName(name) {
				checkJSON(t, s, p, err)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("db", "hunter2", uint16(0))
	f.Add("", "\xff\x00\r\n", uint16(1))
	f.Add("nul", "x\x00", uint16(0))
	f.Add("a.b", "", uint16(2))
	f.Fuzz(func(t *testing.T, name, value string, at uint16) {
		for _, v := range []string{value, hide(value, at)} {
			p, err := checkParse(t, Secret{Name: name, Value: v}, Text)
			if err != nil {
				continue
			}
			want := []Entry{{DataKey: name}}
			if v != "" {
				want[0].Value = Value(v)
			}
			if diff := cmp.Diff(want, p.Entries); diff != "" {
				t.Errorf("Parse(...): -want, +got:\n%s", diff)
			}
		}
	})
}

func FuzzDotenv(f *testing.F) {
	for _, seed := range []string{
		"A=1\nexport B = 2 # c\r\nC='x\ny'\nD=\"\\n\\$\\\"\\x\" # d\n#e\n\nF=", "A=1\nA=2", "A B=1", "1=2", "A='", "A=\"x\" y", "export", "\ufeff_=#", "A=\x00",
	} {
		f.Add("db", seed, uint16(3))
	}
	f.Fuzz(func(t *testing.T, name, value string, at uint16) {
		for _, v := range []string{value, hide(value, at)} {
			s := Secret{Name: name, Value: v}
			if p, err := checkParse(t, s, Dotenv); err == nil {
				checkDotenv(t, s, p)
			}
		}
	})
}

// checkDotenv checks the variables of a secret, and that Dotenv is never guessed.
func checkDotenv(t *testing.T, s Secret, p Payload) {
	t.Helper()

	for _, e := range p.Entries {
		if e.Key == "" || e.Value == nil {
			t.Errorf("Parse(...) returns a variable without a name or a value: %+v", e)
		}
		if !strings.Contains(s.Value, e.Key) {
			t.Errorf("Parse(...) invented %q", e.Key)
		}
	}

	if got, _ := detect(s); got != Text && got != PEM {
		t.Errorf("detect(...) = %s of %d assignments", got, len(p.Entries))
	}
}

func FuzzPEM(f *testing.F) {
	p := newParties(f)
	f.Add(pkcs8(f, p.web)+pemOf(p.web)+pemOf(p.issuing)+pemOf(p.root), uint16(900))
	f.Add(pkcs8(f, p.edward)+pemOf(p.edward)+pkcs8(f, p.edward), uint16(9))
	f.Add(pemOf(p.other)+pemOf(p.other), uint16(0))
	f.Add("-----BEGIN ENCRYPTED PRIVATE KEY-----\n\n-----END ENCRYPTED PRIVATE KEY-----", uint16(12))
	f.Fuzz(func(t *testing.T, value string, at uint16) {
		for _, v := range []string{value, hide(value, at)} {
			p, err := checkParse(t, Secret{Name: "tls", Value: v}, PEM)
			checkCertificate(t, p, err)
		}
	})
}

func FuzzPKCS12(f *testing.F) {
	p := newParties(f)
	public, private := foreign(f, oid(1, 3, 132, 0, 10)) // P-256K
	leaf := alter(f, p.web.Raw, func(b *body) { b.key = public })
	for _, e := range []*pkcs12.Encoder{pkcs12.Modern2023, pkcs12.Modern2026, pkcs12.LegacyDES, pkcs12.LegacyRC2, pkcs12.Passwordless} {
		for _, password := range []string{"", "hunter2"} {
			if e == pkcs12.Passwordless && password != "" {
				continue
			}
			der, err := base64.StdEncoding.DecodeString(pfxOf(f, e.WithIterations(1), password, p.web, p.issuing))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(der, uint16(70))
		}
	}
	for _, value := range []string{
		berPFX(f, pfxOf(f, pkcs12.Modern2023.WithIterations(1), "", p.web, p.issuing)),
		assemble(f, nil, encryptEmpty(f, rawBag(leaf)), dataOf(f, shroud(f, private))),
	} {
		der, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der, uint16(70))
	}
	for _, contents := range [][]contentInfo{
		{dataOf(f, keyBag(f, p.web), certBag(f, p.web))},
		{encryptEmpty(f, shroudedBag(f, pbes1(f, 1))), dataOf(f, keyBag(f, p.edward), certBag(f, p.edward))},
	} {
		der, err := base64.StdEncoding.DecodeString(assemble(f, nil, contents...))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der, uint16(70))
	}
	// The files are mutated, not their base64, in which one change would affect several bytes.
	f.Fuzz(func(t *testing.T, der []byte, at uint16) {
		for _, v := range []string{
			base64.StdEncoding.EncodeToString(der),
			base64.StdEncoding.EncodeToString([]byte(hide(string(der), at))),
			hide(base64.StdEncoding.EncodeToString(der), at),
			string(der),
		} {
			p, err := checkParse(t, Secret{Name: "tls", Value: v}, PKCS12)
			checkCertificate(t, p, err)
		}
	})
}

// checkCertificate checks the entries of a certificate.
func checkCertificate(t *testing.T, p Payload, err error) {
	t.Helper()

	if err != nil {
		return
	}
	for _, e := range p.Entries {
		label := "CERTIFICATE"
		if e.Key == "tls.key" {
			label = "PRIVATE KEY"
		}
		for rest := []byte(e.Value); len(rest) > 0; {
			var b *pem.Block
			if b, rest = pem.Decode(rest); b == nil || b.Type != label {
				t.Fatalf("Parse(...) %s is not made of blocks of %s only", e.Key, label)
			}
		}
	}
	if got := p.Awaiting([]string{"tls.crt", "tls.key"}); len(got) > 0 {
		t.Errorf("Parse(...) returns no %q", got)
	}
}

func FuzzAuto(f *testing.F) {
	p := newParties(f)
	for _, seed := range []struct{ contentType, value string }{
		{"", `{"A": "1"}`},
		{"", "A=1\nB=2"},
		{"", "YWJjZGVmZ2hpamts\nYWJjZGVmZ2hp=="},
		{"", `{"YWJj/GVm+2g=": 1}`},
		{"", "{SSHA}YWJjZGVmZ2hpamts"},
		{"", "x\n" + pkcs8(f, p.edward) + pemOf(p.edward)},
		{"", "-----BEGIN OPENSSH PRIVATE KEY-----\nYWJj\n-----END OPENSSH PRIVATE KEY-----\n"},
		{"", "Endpoint=sb://x/;SharedAccessKey=aGk="},
		{"", pkcs8(f, p.edward) + pemOf(p.edward)},
		{"application/vnd.x+json", "["},
		{"text/plain; charset=utf-8", "{"},
		{"application/x-pkcs12", "aGk="},
		{"application/x-pem-file", "-----BEGIN CERTIFICATE-----"},
		{"application/x-dotenv", "A"},
	} {
		f.Add("db", seed.contentType, seed.value, uint16(5))
	}
	f.Fuzz(func(t *testing.T, name, contentType, value string, at uint16) {
		for _, v := range []string{value, hide(value, at)} {
			s := Secret{Name: name, ContentType: contentType, Value: v}
			found, err := checkParse(t, s, Auto)
			format, guessed := detect(s)
			if guessed {
				checkGuess(t, s, found, err)
			}
			asked, errAsked := checkParse(t, s, format)
			if guessed && err != nil && errAsked == nil {
				continue // A guess may be rejected although the requested format is accepted.
			}
			if (err == nil) != (errAsked == nil) {
				t.Errorf("Parse(..., Auto) returns error %v, and as %s %v", err, format, errAsked)
			}
			if diff := cmp.Diff(asked, found); diff != "" {
				t.Errorf("Parse(...): -%s, +Auto:\n%s", format, diff)
			}
		}
	})
}
