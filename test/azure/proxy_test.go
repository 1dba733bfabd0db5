// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/test/azure"
)

// connect asks the proxy for a connection, and returns the status, and the body of a refusal.
func (w *world) connect(tb testing.TB, target string) (int, string) {
	tb.Helper()

	conn, err := new(net.Dialer).DialContext(tb.Context(), "tcp", strings.TrimPrefix(w.ProxyURL(), "http://"))
	must(tb, err)

	defer conn.Close() //nolint:errcheck // It is no longer used.

	_, err = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
	must(tb, err)

	rsp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
	must(tb, err)

	defer rsp.Body.Close() //nolint:errcheck // It is read to the end.

	// The body of a success is the connection itself.
	if rsp.StatusCode == http.StatusOK {
		return rsp.StatusCode, ""
	}

	body, err := io.ReadAll(rsp.Body)
	must(tb, err)

	return rsp.StatusCode, string(body)
}

func TestConnect(t *testing.T) {
	w := newWorld(t)
	must(t, w.PutVault(azure.Vault{Name: "kv-deleted", TenantID: tenant}))
	must(t, w.DeleteVault("kv-deleted"))

	for name, tc := range map[string]struct {
		reason string
		target string
		status int
		body   string
	}{
		"Login":     {"The host of Entra ID always resolves.", "login.microsoftonline.com:443", 200, ""},
		"Vault":     {"The host of a vault needs a name.", "KV-Test.vault.azure.net:443", 200, ""},
		"NoVault":   {"A missing vault does not resolve.", "kv-none.vault.azure.net:443", 502, "no such host"},
		"Deleted":   {"A deleted vault does not resolve.", "kv-deleted.vault.azure.net:443", 502, "no such host"},
		"Other":     {"Other hosts are rejected.", "example.org:443", 403, "not part of this stand-in"},
		"OtherPort": {"Other ports are rejected.", "kv-test.vault.azure.net:80", 403, "not part of this stand-in"},
		"Below":     {"A subdomain of a vault is rejected.", "a.kv-test.vault.azure.net:443", 403, "not part of this stand-in"},
		"NoPort":    {"A target needs a port.", "kv-test.vault.azure.net", 403, "not part of this stand-in"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := w.connect(t, tc.target); status != tc.status || !strings.Contains(body, tc.body) {
				t.Errorf("\n%s\nCONNECT %s: want %d %s, got %d %s", tc.reason, tc.target, tc.status, tc.body, status, body)
			}
		})
	}
}

func TestConnectionIsForOneHost(t *testing.T) {
	w := newWorld(t)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/secrets", nil)
	must(t, err)

	r.Host = "login.microsoftonline.com"

	rsp, err := w.raw.RoundTrip(r)
	must(t, err)
	must(t, rsp.Body.Close())

	if rsp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("GET with another host than the connection's: got %s", rsp.Status)
	}

	// Plain requests can only reach the metadata service.
	if rsp := w.send(t, "GET http://example.org/", "", ""); rsp.status != http.StatusForbidden {
		t.Errorf("GET http://example.org: got %s: %s", rsp, rsp.body)
	}
}
