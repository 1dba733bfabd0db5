// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	tenant      = "11111111-1111-1111-1111-111111111111"
	otherTenant = "22222222-2222-2222-2222-222222222222"

	// The officer has a client secret and all permissions.
	officer          = "33333333-3333-3333-3333-333333333301"
	officerPrincipal = "33333333-3333-3333-3333-333333333302"
	officerSecret    = "officer's own"

	// The reader has a federated credential.
	reader          = "44444444-4444-4444-4444-444444444401"
	readerPrincipal = "44444444-4444-4444-4444-444444444402"

	issuer   = "https://cluster.example.org"
	subject  = "system:serviceaccount:default:app"
	audience = "api://AzureADTokenExchange"

	vault  = "kv-test"
	origin = "https://kv-test.vault.azure.net"

	forVaults     = "https://vault.azure.net"
	forManagement = "https://management.azure.com"
)

// A world is a server with a tenant, an officer, a reader and a vault. Requests are sent without an SDK, because the SDKs send no
// invalid ones. Suites that use the SDKs test their side.
type world struct {
	*azure.Server

	// later is how far the clock has moved.
	later atomic.Int64
	key   crypto.Signer
	raw   *http.Transport
}

func newWorld(tb testing.TB) *world {
	tb.Helper()

	w, start := &world{}, time.Now().Truncate(time.Second)

	var err error

	w.Server, err = azure.Start(tb.Context(), azure.Options{Now: func() time.Time { return start.Add(time.Duration(w.later.Load())) }})
	check.Must(tb, err)
	tb.Cleanup(func() { check.Must(tb, w.Close()) })

	w.raw = w.Transport()
	tb.Cleanup(w.raw.CloseIdleConnections)

	w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check.Must(tb, err)

	jwks, err := entra.KeySet("k1", w.key.Public())
	check.Must(tb, err)

	check.Must(tb, w.Apply(azure.State{
		Tenants: []azure.TenantState{
			{ID: tenant, Applications: []azure.ApplicationState{
				{Application: azure.Application{ClientID: officer, PrincipalID: officerPrincipal, ClientSecret: officerSecret}},
				{
					Application: azure.Application{ClientID: reader, PrincipalID: readerPrincipal},
					FederatedCredentials: []azure.FederatedCredential{
						{Name: "app", Issuer: issuer, Subject: subject, Audiences: []string{audience}},
					},
				},
			}},
			{ID: otherTenant},
		},
		Issuers: []azure.IssuerState{{Issuer: issuer, JWKS: jwks}},
		Vaults: []azure.VaultState{{
			Vault: azure.Vault{Name: vault, TenantID: tenant},
			RoleAssignments: []azure.RoleAssignment{
				{ID: "officer", PrincipalID: officerPrincipal, Role: "Key Vault Secrets Officer"},
				{ID: "reader", PrincipalID: readerPrincipal, Role: azure.SecretsUser},
			},
		}},
	}))

	return w
}

// officer returns an access token of the officer for a resource.
func (w *world) officer(tb testing.TB, resource string) string {
	tb.Helper()

	return w.form(tb, tenant, url.Values{"client_id": {officer}, "client_secret": {officerSecret}, "scope": {resource + "/.default"}}).AccessToken
}

// reader returns an access token of the reader for a resource.
func (w *world) reader(tb testing.TB, resource string) string {
	tb.Helper()

	assertion, err := entra.Sign(w.key, "k1", w.claims())
	check.Must(tb, err)

	return w.form(tb, tenant, url.Values{
		"client_id": {reader}, "client_assertion_type": {jwtBearer}, "client_assertion": {assertion}, "scope": {resource + "/.default"},
	}).AccessToken
}

// claims returns the claims of a valid federated token.
func (w *world) claims() map[string]any {
	now := time.Now()

	return map[string]any{
		"iss": issuer, "sub": subject, "aud": []string{audience},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// A response to a request.
type response struct {
	status int
	header http.Header
	body   []byte
}

// move moves the clock, which stands still otherwise.
func (w *world) move(d time.Duration) { w.later.Add(int64(d)) }

// send sends a request, such as "GET https://kv-test.vault.azure.net/secrets", with a token unless it is empty. A body is JSON.
// Further header fields are alternating names and values.
func (w *world) send(tb testing.TB, line, token, body string, header ...string) response {
	tb.Helper()

	method, address, _ := strings.Cut(line, " ")

	r, err := http.NewRequestWithContext(tb.Context(), method, address, strings.NewReader(body))
	check.Must(tb, err)

	if token != "" {
		header = append([]string{"Authorization", "Bearer " + token}, header...)
	}

	r.Header.Set("Content-Type", "application/json")

	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}

	rsp, err := w.raw.RoundTrip(r)
	check.Must(tb, err)

	defer rsp.Body.Close() //nolint:errcheck // It is read to the end.

	answer, err := io.ReadAll(rsp.Body)
	check.Must(tb, err)

	return response{status: rsp.StatusCode, header: rsp.Header, body: answer}
}

// String returns the status and the codes of an error, such as "403 Forbidden ForbiddenByRbac".
func (r response) String() string {
	var said struct {
		Error struct {
			Code  string `json:"code"`
			Inner struct {
				Code string `json:"code"`
			} `json:"innererror"`
		} `json:"error"`
	}

	_ = json.Unmarshal(r.body, &said) // An answer need not be an error or JSON.

	return strings.TrimSpace(fmt.Sprint(r.status, " ", said.Error.Code, " ", said.Error.Inner.Code))
}

// TestStartRefuses checks that the stand-in serves only this machine, because it has no
// authentication.
func TestStartRefuses(t *testing.T) {
	for name, o := range map[string]azure.Options{
		"ProxyForAll": {ProxyAddress: "0.0.0.0:0"}, "AdminForAll": {AdminAddress: ":0"}, "NoCAFile": {CAFile: "/nowhere/ca.pem"},
	} {
		if _, err := azure.Start(t.Context(), o); err == nil {
			t.Errorf("%s: Start(...): want an error", name)
		}
	}
}

// TestAdminIsNotForBrowsers sends requests that a page in a browser could send.
func TestAdminIsNotForBrowsers(t *testing.T) {
	w := newWorld(t)

	for origin, want := range map[string]int{"https://example.org": http.StatusForbidden, "": http.StatusOK} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.AdminURL()+"/commands", strings.NewReader(`{"args":["env"]}`))
		check.Must(t, err)

		if origin != "" {
			r.Header.Set("Origin", origin)
		}

		rsp, err := http.DefaultClient.Do(r)
		check.Must(t, err)
		check.Must(t, rsp.Body.Close())

		if rsp.StatusCode != want {
			t.Errorf("POST /commands from %q: want %d, got %d", origin, want, rsp.StatusCode)
		}
	}
}
