// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// metadataLifetime is how long the metadata of a tenant is cached. It does not change for
	// years.
	metadataLifetime = time.Hour
	// metadataMost is the number of tenants whose metadata is cached.
	metadataMost = 100
)

// metadata caches the OpenID configurations of the few tenants. Without the cache, each of
// thousands of credentials would request its own.
type metadata struct {
	now func() time.Time

	mu        sync.Mutex
	documents map[string]document
}

type document struct {
	header http.Header
	body   []byte
	until  time.Time
}

func newMetadata(now func() time.Time) *metadata {
	return &metadata{now: now, documents: map[string]document{}}
}

// answer returns the cached response to a request, if there is one.
func (m *metadata) answer(req *http.Request) (*http.Response, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()

	d, ok := m.documents[req.URL.String()]
	if !ok || !isTenantMetadata(req) || !m.now().Before(d.until) {
		return nil, false
	}

	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: d.header.Clone(), Body: io.NopCloser(bytes.NewReader(d.body)), ContentLength: int64(len(d.body)), Request: req,
	}, true
}

// store the response to a request, if it is the metadata of a tenant. An error page of a proxy
// is not stored, because it would outlive the outage.
func (m *metadata) store(req *http.Request, resp *http.Response) error {
	if !isTenantMetadata(req) || resp.StatusCode != http.StatusOK {
		return nil
	}

	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("cannot read the metadata of Entra ID: %w", err)
	}

	resp.Body = io.NopCloser(bytes.NewReader(body))

	if !isMetadata(req, body) {
		return nil
	}

	m.mu.Lock()
	defer m.mu.Unlock()

	if len(m.documents) >= metadataMost {
		clear(m.documents)
	}

	m.documents[req.URL.String()] = document{header: resp.Header.Clone(), body: body, until: m.now().Add(metadataLifetime)}

	return nil
}

// isTenantMetadata reports whether a request gets the OpenID configuration of a tenant. See
// https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
func isTenantMetadata(req *http.Request) bool {
	return req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/.well-known/openid-configuration")
}

// isMetadata reports whether a document is the configuration of the requested authority,
// with everything that a client needs.
func isMetadata(req *http.Request, body []byte) bool {
	d := struct {
		Issuer        string `json:"issuer"`
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
	}{}
	if json.Unmarshal(body, &d) != nil || d.Issuer == "" || d.Authorization == "" {
		return false
	}

	token, err := url.Parse(d.Token)

	return err == nil && token.Host == req.URL.Host
}
