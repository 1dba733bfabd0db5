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

// plain variables of the application.
func plain() map[string]string {
	return map[string]string{
		"LOG_LEVEL":    "info",
		"DATABASE_URL": "postgres://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)",
	}
}

// values of a run are random, and open nothing. They are never printed all the same: what prints these would print others.
type values struct {
	// key of the digests that pods print.
	key []byte

	// content of each secret, by key.
	content map[string]map[string]string

	// former values, which are not to be printed either.
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

// rotate the password. The other keys stay.
func (v *values) rotate() {
	const key = "POSTGRES_PASSWORD"

	v.former = append(v.former, v.content[rotated][key])
	v.content[rotated][key] = rand.Text()
}

// json is what the vault has as the value of a secret.
func (v *values) json(secret string) (string, error) {
	data, err := json.Marshal(v.content[secret])
	if err != nil {
		return "", fmt.Errorf("cannot encode secret %s: %w", secret, err)
	}

	return string(data), nil
}

// environment that pods have to have.
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

// variables of the environment, sorted.
func (v *values) variables() []string { return slices.Sorted(maps.Keys(v.environment())) }

// digests of the variables' values, by name.
func (v *values) digests() map[string]string {
	out := v.environment()
	for name, value := range out {
		out[name] = digest(v.key, value)
	}

	return out
}

// keyText is the key as the workload takes it.
func (v *values) keyText() string { return hex.EncodeToString(v.key) }

// hidden is what stands for a value.
const hidden = "(value)"

// hide values in a text. None should be there.
func (v *values) hide(text string) string {
	var pairs []string

	for _, value := range v.former {
		pairs = append(pairs, value, hidden)
	}

	for _, keys := range v.content {
		for _, value := range keys {
			pairs = append(pairs, value, hidden)
			// A certificate may be printed in one line.
			for line := range strings.Lines(value) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
					pairs = append(pairs, line, hidden)
				}
			}
		}
	}

	return strings.NewReplacer(pairs...).Replace(text)
}

// digest of a value. Without the key, which is another in each run, nobody can compare it with others.
func digest(key []byte, value string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))

	return hex.EncodeToString(h.Sum(nil))
}

// newCertificate signed by itself, and its key.
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
		return "", "", fmt.Errorf("cannot make certificate: %w", err)
	}

	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", fmt.Errorf("cannot encode key: %w", err)
	}

	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})), nil
}
