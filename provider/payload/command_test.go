// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A shell has its own directory. Its programs have no terminal, so they read prompts from stdin.
type shell struct {
	dir, stdin string
}

func newShell(tb testing.TB) shell {
	tb.Helper()

	if _, err := exec.LookPath("openssl"); err != nil {
		tb.Fatal("openssl is needed to run the commands that errors advise: install the package openssl")
	}

	return shell{dir: tb.TempDir()}
}

func (s shell) run(tb testing.TB, command string) {
	tb.Helper()

	cmd := exec.CommandContext(tb.Context(), "bash", "-euo", "pipefail", "-c", command) //nolint:gosec // Commands of this file, and those that errors advise.
	cmd.Dir, cmd.Stdin = s.dir, strings.NewReader(s.stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if said, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", command, err, said)
	}
}

func (s shell) read(tb testing.TB, name string) string {
	tb.Helper()

	text, err := os.ReadFile(filepath.Join(s.dir, name)) //nolint:gosec // A file of a test.
	if err != nil {
		tb.Fatal(err)
	}

	return string(text)
}

// advised is a command in an error, and the file that it writes.
var advised = regexp.MustCompile(`\(((?:openssl|sed) .*(?:-out|>) (\S+))\)$`)

// Each command in an error exists and works: the file that it writes can be parsed.
func TestAdvice(t *testing.T) {
	const (
		selfSigned = " -subj /CN=k.example.org -days 3650 -out cert.pem"
		ec         = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem" + selfSigned
	)

	cases := map[string]struct {
		reason string
		make   string // of key.pem and cert.pem
		want   string
	}{
		"Encrypted": {
			"A key with a pass phrase.",
			"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -passout pass:hunter2 -keyout key.pem" + selfSigned, removePassPhrase,
		},
		"EncryptedOld": {
			"As openssl did it before.",
			"openssl req -x509 -newkey rsa:2048 -nodes -keyout plain" + selfSigned + "; openssl rsa -in plain -traditional -aes128 -passout pass:hunter2 -out key.pem", removePassPhrase,
		},
		"Trusted": {
			"A certificate with what it is trusted for.",
			ec + "; openssl x509 -in cert.pem -trustout -addtrust serverAuth -out trusted.pem; mv trusted.pem cert.pem", plainCertificate,
		},
		"Bundle": {
			"Certificates in a structure of their own.",
			ec + "; openssl crl2pkcs7 -nocrl -certfile cert.pem -out bundle.pem; mv bundle.pem cert.pem", certificatesOf,
		},
		"Relabelled": {
			"An EC key with the label of an RSA key.",
			"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout plain" + selfSigned + "; openssl ec -in plain | sed 's/EC PRIVATE/RSA PRIVATE/' > key.pem", relabel(rsaKeyLabel, ecKeyLabel),
		},
		"RelabelledPKCS8": {
			"A key as PKCS#8 with the label of an RSA key.",
			"openssl req -x509 -newkey rsa:2048 -nodes -keyout plain" + selfSigned + "; sed 's/PRIVATE/RSA PRIVATE/' plain > key.pem", relabel(rsaKeyLabel, privateKeyLabel),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.run(t, tc.make)

			key, certificate := s.read(t, "key.pem"), s.read(t, "cert.pem")
			_, err := Parse(Secret{Name: "s", Value: key + certificate}, PEM)
			if err == nil {
				t.Fatalf("\n%s\nParse(...): want an error", tc.reason)
			}
			found := advised.FindStringSubmatch(err.Error())
			if found == nil {
				t.Fatalf("\n%s\nParse(...): want an error that advises a command, got %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, found[1]); diff != "" {
				t.Errorf("\n%s\nParse(...): command: -want, +got:\n%s", tc.reason, diff)
			}

			s.stdin = "hunter2\n"
			s.run(t, found[1])
			if strings.Contains(found[1], " cert.pem ") {
				certificate = s.read(t, found[2])
			} else {
				key = s.read(t, found[2])
			}
			if _, err := Parse(Secret{Name: "s", Value: key + certificate}, PEM); err != nil {
				t.Errorf("\n%s\nParse(...) of what %q writes: %v", tc.reason, found[1], err)
			}
		})
	}
}

// TestOpenSSL parses the output of openssl, and passes it on byte for byte: keys on its curves, and
// PFX files with its ciphers.
func TestOpenSSL(t *testing.T) {
	const (
		curve = "openssl req -x509 -subj /CN=k.example.org -days 3650 -nodes -keyout key.pem -out cert.pem -newkey ec -pkeyopt ec_paramgen_curve:"
		p256  = curve + "P-256"
		p256k = curve + "secp256k1"
		pfx   = "; openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass: -out bundle.pfx "
	)
	cases := map[string]string{
		"P-256K":        p256k,
		"Brainpool":     curve + "brainpoolP384r1",
		"Explicit":      p256k + " -pkeyopt ec_param_enc:explicit",
		"PSS":           "openssl req -x509 -subj /CN=k.example.org -days 3650 -nodes -keyout key.pem -out cert.pem -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048",
		"PFX":           p256 + pfx,
		"PFXP-256K":     p256k + pfx,
		"PFX3DES":       p256k + pfx + "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
		"PFXRC2":        p256k + pfx + "-legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-RC2-128",
		"PFXAES128":     p256 + pfx + "-certpbe AES-128-CBC -keypbe AES-192-CBC",
		"PFXPBES23DES":  p256 + pfx + "-certpbe DES-EDE3-CBC -keypbe DES-EDE3-CBC",
		"PFXPlain":      p256k + pfx + "-certpbe NONE -keypbe NONE -nomac",
		"PFXIterations": p256k + pfx + "-iter 5000",
	}
	for name, command := range cases {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.run(t, command)

			format, value := PEM, s.read(t, "key.pem")+s.read(t, "cert.pem")
			if strings.Contains(command, "bundle.pfx") {
				format, value = PKCS12, base64.StdEncoding.EncodeToString([]byte(s.read(t, "bundle.pfx")))
			}
			want := map[string]string{"tls.key": s.read(t, "key.pem"), "tls.crt": s.read(t, "cert.pem"), "ca.crt": s.read(t, "cert.pem")}
			if diff := cmp.Diff(want, entriesOf(t, value, format)); diff != "" {
				t.Errorf("Parse(...): -want, +got:\n%s", diff)
			}
		})
	}
}
