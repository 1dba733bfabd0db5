// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/fn/envmap"
)

// Secrets of the application.
const (
	postgres = "postgres-credentials"
	api      = "api-credentials"
	tls      = "tls-certificates"
)

func secretNames() []string { return []string{postgres, api, tls} }

// plain returns the variables of the application that are not secret.
func plain() map[string]string {
	return map[string]string{
		"LOG_LEVEL":    "info",
		"DATABASE_URL": "postgres://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)",
	}
}

// values of a run are random, and give access to nothing. A run still never prints them: code that printed these would print others.
type values struct {
	// key of the digests that pods print.
	key []byte

	// content of each secret, by key.
	content map[string]map[string]string

	// former values, which are never printed either.
	former []string
}

func newValues() (*values, error) {
	certificate, key, err := newCertificate()
	if err != nil {
		return nil, err
	}

	v := &values{key: []byte(rand.Text()), content: map[string]map[string]string{
		postgres: {}, api: {}, tls: {"tls.crt": certificate, "tls.key": key, "ca.crt": certificate},
	}}

	for _, key := range []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_PORT"} {
		v.content[postgres][key] = rand.Text()
	}

	for _, key := range []string{"API_KEY", "API_SECRET"} {
		v.content[api][key] = rand.Text()
	}

	return v, nil
}

// rotate changes the password. The other keys stay.
func (v *values) rotate() {
	const key = "POSTGRES_PASSWORD"

	v.former = append(v.former, v.content[rotated][key])
	v.content[rotated][key] = rand.Text()
}

// json returns the value of a secret in the vault.
func (v *values) json(secret string) (string, error) {
	data, err := json.Marshal(v.content[secret])
	if err != nil {
		return "", fmt.Errorf("cannot encode secret %s: %w", secret, err)
	}

	return string(data), nil
}

// environment returns the expected environment of pods.
func (v *values) environment() map[string]string {
	out := map[string]string{}

	for _, keys := range v.content {
		for key, value := range keys {
			out[envmap.Name(key)] = value
		}
	}

	for name, value := range plain() {
		out[name] = os.Expand(strings.NewReplacer("$(", "${", ")", "}").Replace(value), func(name string) string { return out[name] })
	}

	return out
}

// variables returns the sorted names of the environment.
func (v *values) variables() []string { return slices.Sorted(maps.Keys(v.environment())) }

// digests returns the digest of each variable by name.
func (v *values) digests() map[string]string {
	out := v.environment()
	for name, value := range out {
		out[name] = digest(v.key, value)
	}

	return out
}

// keyText returns the key as an argument of the workload.
func (v *values) keyText() string { return hex.EncodeToString(v.key) }

// hidden replaces a value.
const hidden = "(value)"

// hide replaces values in a text, which should have none.
func (v *values) hide(text string) string {
	var pairs []string

	for _, value := range v.former {
		pairs = append(pairs, value, hidden)
	}

	for _, keys := range v.content {
		for _, value := range keys {
			pairs = append(pairs, value, hidden)
			// A certificate may be printed line by line.
			for line := range strings.Lines(value) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
					pairs = append(pairs, line, hidden)
				}
			}
		}
	}

	return strings.NewReplacer(pairs...).Replace(text)
}

// digest returns the digest of a value. Its key is different in each run, so that digests of different runs cannot be compared.
func digest(key []byte, value string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))

	return hex.EncodeToString(h.Sum(nil))
}

// newCertificate returns a self-signed certificate and its key.
func newCertificate() (certificate, key string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("cannot generate key: %w", err)
	}

	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: applicationName}, DNSNames: []string{applicationName + ".example.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", "", fmt.Errorf("cannot create certificate: %w", err)
	}

	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", fmt.Errorf("cannot encode key: %w", err)
	}

	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})), nil
}
