// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestOperationOf(t *testing.T) {
	cases := map[string]struct {
		reason string
		method string
		url    string
		want   string
	}{
		"Token":     {reason: "A token of Entra ID is counted as a token.", method: http.MethodPost, url: "https://login.microsoftonline.com/tenant/oauth2/v2.0/token", want: "token"},
		"Instance":  {reason: "Instance discovery of Entra ID is counted as metadata.", method: http.MethodGet, url: "https://login.microsoftonline.com/common/discovery/instance?x=y", want: "metadata"},
		"OpenID":    {reason: "OpenID metadata of Entra ID is counted as metadata.", method: http.MethodGet, url: "https://login.microsoftonline.com/tenant/v2.0/.well-known/openid-configuration", want: "metadata"},
		"Managed":   {reason: "A token of a managed identity is counted as a token.", method: http.MethodGet, url: "http://169.254.169.254/metadata/identity/oauth2/token?resource=x", want: "token"},
		"List":      {reason: "A list of secrets is counted as a list.", method: http.MethodGet, url: "https://web.vault.azure.net/secrets?api-version=7.6", want: "list"},
		"ListSlash": {reason: "A list with a slash at the end is counted as a list.", method: http.MethodGet, url: "https://web.vault.azure.net/secrets/", want: "list"},
		"Get":       {reason: "A read of the latest version is counted as a read.", method: http.MethodGet, url: "https://web.vault.azure.net/secrets/db/", want: "get"},
		"Version":   {reason: "A read of one version is counted as a read.", method: http.MethodGet, url: "https://web.vault.azure.net/secrets/db/0123456789abcdef0123456789abcdef", want: "get"},
		"Set":       {reason: "A new version is counted as a write.", method: http.MethodPut, url: "https://web.vault.azure.net/secrets/db", want: "set"},
		"Deleted":   {reason: "A read of a deleted secret has its own count.", method: http.MethodGet, url: "https://web.vault.azure.net/deletedsecrets/db", want: "getdeleted"},
		"Unknown":   {reason: "Any other request is counted as other.", method: http.MethodGet, url: "https://login.microsoftonline.com/", want: "other"},
		"NamedSo":   {reason: "A secret may be called token.", method: http.MethodPut, url: "https://web.vault.azure.net/secrets/token", want: "set"},
		"NamedSo2":  {reason: "A secret may be called token.", method: http.MethodGet, url: "https://web.vault.azure.net/deletedsecrets/token", want: "getdeleted"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tc.method, tc.url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, operationOf(r)); diff != "" {
				t.Errorf("\n%s\noperationOf(%s %s): -want, +got:\n%s", tc.reason, tc.method, tc.url, diff)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCounted(t *testing.T) {
	m := NewMetrics()
	status := 200
	c := newCounted(roundTripper(func(r *http.Request) (*http.Response, error) {
		if status == 0 {
			return nil, errors.New(marker)
		}

		return reply(r, status, nil, ""), nil
	}), m, time.Now)

	for _, request := range []struct {
		url    string
		status int
	}{
		{"https://web.vault.azure.net/secrets", 200},
		{"https://web.vault.azure.net/secrets", 429},
		{"https://web.vault.azure.net/secrets/" + hidden + "/", 200},
		{"https://web.vault.azure.net/secrets/db/", 0},
		{"https://login.microsoftonline.com/tenant/oauth2/v2.0/token", 429},
	} {
		status = request.status

		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, request.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}

		if resp, err := c.Do(r); err == nil {
			_ = resp.Body.Close()
		}
	}

	const want = `
# HELP keyvault_secretsync_azure_requests_total Requests to Key Vault and Entra ID, by operation (list, get, set, getdeleted, token, metadata, other) and HTTP status code, or error without a response. Key Vault responds 401 to the first request of every client.
# TYPE keyvault_secretsync_azure_requests_total counter
keyvault_secretsync_azure_requests_total{code="200",operation="get"} 1
keyvault_secretsync_azure_requests_total{code="200",operation="list"} 1
keyvault_secretsync_azure_requests_total{code="429",operation="list"} 1
keyvault_secretsync_azure_requests_total{code="429",operation="token"} 1
keyvault_secretsync_azure_requests_total{code="error",operation="get"} 1
# HELP keyvault_secretsync_azure_throttled_total Requests that Key Vault (vault) or Entra ID (entra) throttled. The provider sends no requests to the vault, or for the identity, until its Retry-After has passed.
# TYPE keyvault_secretsync_azure_throttled_total counter
keyvault_secretsync_azure_throttled_total{service="entra"} 1
keyvault_secretsync_azure_throttled_total{service="vault"} 1
`
	if err := testutil.CollectAndCompare(m, strings.NewReader(want), "keyvault_secretsync_azure_requests_total", "keyvault_secretsync_azure_throttled_total"); err != nil {
		t.Errorf("\nRequests are counted by what they are, never by what they name.\n%v", err)
	}

	if problems, err := testutil.CollectAndLint(m); err != nil || len(problems) > 0 {
		t.Errorf("\nMetrics are named as Prometheus wants.\n%v %v", problems, err)
	}
}

func TestNewTransport(t *testing.T) {
	by, _ := NewTransport(7).(byHost)

	for name, rt := range map[string]http.RoundTripper{"persistent": by.persistent, "shortLived": by.shortLived, "others": by.others} {
		tr, _ := rt.(*http.Transport)
		if tr.Proxy == nil || tr.MaxIdleConnsPerHost == 0 || tr.MaxConnsPerHost == 0 || tr.IdleConnTimeout == 0 || tr.TLSHandshakeTimeout == 0 || tr.TLSClientConfig.InsecureSkipVerify {
			t.Errorf("\nConnections are limited, heed proxies and verify certificates.\nNewTransport(7), %s: %+v", name, tr)
		}
	}
}

func TestSessions(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)

	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	by, _ := NewTransport(7).(byHost)

	for _, s := range []struct {
		reason string
		by     http.RoundTripper
		want   bool
	}{
		{reason: "The first connection has a full handshake.", by: by.persistent},
		{reason: "A later connection resumes the session.", by: by.persistent, want: true},
		{reason: "A vault that loses its place among the kept ones resumes it, too.", by: by.shortLived, want: true},
	} {
		tr, _ := s.by.(*http.Transport)
		tr.TLSClientConfig.RootCAs = roots

		resp, err := tr.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody))
		if err != nil {
			t.Fatal(err)
		}

		_, _ = io.Copy(io.Discard, resp.Body) // The session arrives with the response.
		_ = resp.Body.Close()

		tr.CloseIdleConnections()

		if diff := cmp.Diff(s.want, resp.TLS.DidResume); diff != "" {
			t.Errorf("\n%s\nresumed: -want, +got:\n%s", s.reason, diff)
		}
	}
}

func TestByHost(t *testing.T) {
	took := ""
	to := func(name string) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) {
			took = name
			return &http.Response{Body: http.NoBody}, nil
		})
	}
	by := byHost{persistent: to("persistent"), shortLived: to("shortLived"), others: to("others"), kept: newKeptHosts(1)}

	for _, s := range []struct{ reason, url, want string }{
		{reason: "The first vault gets a connection.", url: "https://a.vault.azure.net/secrets", want: "persistent"},
		{reason: "Another vault gets a connection of its own.", url: "https://b.vault.azure.cn/secrets", want: "shortLived"},
		{reason: "The first vault reuses its connection.", url: "https://a.vault.azure.net/secrets", want: "persistent"},
		{reason: "Entra ID gets a connection of its own.", url: "https://login.microsoftonline.com/tenant/oauth2/v2.0/token", want: "others"},
	} {
		resp, err := by.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.url, http.NoBody))
		if err != nil {
			t.Fatal(err)
		}

		_ = resp.Body.Close()

		if diff := cmp.Diff(s.want, took); diff != "" {
			t.Errorf("\n%s\nRoundTrip(%s) takes: -want, +got:\n%s", s.reason, s.url, diff)
		}
	}
}

func TestKeptHosts(t *testing.T) {
	k, now := newKeptHosts(2), time.Now()

	for i, s := range []struct {
		reason string
		after  time.Duration
		host   string
		want   bool
	}{
		{reason: "The first host is kept.", host: "a", want: true},
		{reason: "The second host is kept.", host: "b", want: true},
		{reason: "A third host exceeds the limit of two.", host: "c"},
		{reason: "The first host stays.", after: time.Minute, host: "a", want: true},
		{reason: "The third host is still over the limit.", after: 59 * time.Second, host: "c"},
		{reason: "A third host replaces one whose connection has been idle for too long.", after: time.Second, host: "c", want: true},
		{reason: "A host that lost its place must wait.", host: "b"},
		{reason: "The other two hosts stay.", host: "a", want: true},
	} {
		now = now.Add(s.after)

		if diff := cmp.Diff(s.want, k.keep(s.host, now)); diff != "" {
			t.Errorf("\n%s\nkeep(%s) of step %d: -want, +got:\n%s", s.reason, s.host, i, diff)
		}
	}

	if newKeptHosts(0).keep("a", now) {
		t.Error("\nNone is none.\nkeep(a): true")
	}
}
