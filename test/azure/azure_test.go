// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/entra"
)

const (
	tenant      = "11111111-1111-1111-1111-111111111111"
	otherTenant = "22222222-2222-2222-2222-222222222222"

	// An application that may do everything, and has a secret.
	officer          = "33333333-3333-3333-3333-333333333301"
	officerPrincipal = "33333333-3333-3333-3333-333333333302"
	officerSecret    = "officer's own"

	// An application that reads, and is known by a federated credential.
	reader          = "44444444-4444-4444-4444-444444444401"
	readerPrincipal = "44444444-4444-4444-4444-444444444402"

	issuer   = "https://cluster.example.org"
	subject  = "system:serviceaccount:default:app"
	audience = "api://AzureADTokenExchange"

	vault = "kv-test"
)

// A clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now().Truncate(time.Second)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.now = c.now.Add(d)
}

// A world is a server with a tenant, an officer, a reader and a vault.
type world struct {
	*azure.Server

	clock *clock
	key   crypto.Signer
	raw   *http.Transport
}

func newWorld(tb testing.TB) *world {
	tb.Helper()

	w := &world{clock: newClock()}

	var err error

	w.Server, err = azure.Start(tb.Context(), azure.Options{Now: w.clock.Now})
	must(tb, err)
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Errorf("Close(): %s", err)
		}
	})

	w.raw = w.Transport()
	tb.Cleanup(w.raw.CloseIdleConnections)

	w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(tb, err)

	jwks, err := entra.KeySet("k1", w.key.Public())
	must(tb, err)

	must(tb, w.Apply(azure.State{
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

// options of clients that speak to the server, and do not try again.
func (w *world) options(tb testing.TB) policy.ClientOptions {
	tb.Helper()

	transport := w.Transport()
	tb.Cleanup(transport.CloseIdleConnections)

	return policy.ClientOptions{Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1}}
}

// officer returns the credential of the application that may do everything.
func (w *world) officer(tb testing.TB) azcore.TokenCredential {
	tb.Helper()

	cred, err := azidentity.NewClientSecretCredential(tenant, officer, officerSecret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: w.options(tb)})
	must(tb, err)

	return cred
}

// claims of a sound federated token.
func (w *world) claims() map[string]any {
	now := time.Now()

	return map[string]any{
		"iss": issuer, "sub": subject, "aud": []string{audience},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// reader returns the credential of the application that reads.
func (w *world) reader(tb testing.TB) azcore.TokenCredential {
	tb.Helper()

	return w.federated(tb, tenant, reader, func(context.Context) (string, error) { return entra.Sign(w.key, "k1", w.claims()) })
}

func (w *world) federated(tb testing.TB, tenantID, clientID string, assertion func(context.Context) (string, error)) azcore.TokenCredential {
	tb.Helper()

	cred, err := azidentity.NewClientAssertionCredential(tenantID, clientID, assertion,
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: w.options(tb)})
	must(tb, err)

	return cred
}

// client returns a client of a vault.
func (w *world) client(tb testing.TB, vaultName string, cred azcore.TokenCredential) *azsecrets.Client {
	tb.Helper()

	c, err := azsecrets.NewClient("https://"+vaultName+".vault.azure.net", cred, &azsecrets.ClientOptions{ClientOptions: w.options(tb)})
	must(tb, err)

	return c
}

// token returns an access token for Key Vault.
func token(tb testing.TB, cred azcore.TokenCredential) string {
	tb.Helper()

	got, err := cred.GetToken(tb.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
	must(tb, err)

	return got.Token
}

// A refusal is what an error of Key Vault says.
type refusal struct {
	Status int
	Code   string
	Inner  string
}

// refused returns what an error of a client says, with the inner code that only the body has.
func refused(tb testing.TB, err error) refusal {
	tb.Helper()

	r, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		return refusal{}
	}

	body, err := io.ReadAll(r.RawResponse.Body)
	must(tb, err)

	return refusal{Status: r.StatusCode, Code: r.ErrorCode, Inner: innerCode(body)}
}

func innerCode(body []byte) string {
	var said struct {
		Error struct {
			InnerError struct {
				Code string `json:"code"`
			} `json:"innererror"`
		} `json:"error"`
	}

	if json.Unmarshal(body, &said) != nil {
		return ""
	}

	return said.Error.InnerError.Code
}

// A request is one that is sent as it is, past all that a client would do about it.
type request struct {
	method      string
	url         string
	token       string
	contentType string
	body        string
	header      http.Header
}

// A response is what there is to say about an answer.
type response struct {
	Status int
	Header http.Header
	Body   []byte
}

func (w *world) send(tb testing.TB, r request) response {
	tb.Helper()

	req, err := http.NewRequestWithContext(tb.Context(), r.method, r.url, strings.NewReader(r.body))
	must(tb, err)

	maps.Copy(req.Header, r.header)

	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}

	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}

	rsp, err := w.raw.RoundTrip(req)
	must(tb, err)

	defer rsp.Body.Close() //nolint:errcheck // It is read to the end.

	body, err := io.ReadAll(rsp.Body)
	must(tb, err)

	return response{Status: rsp.StatusCode, Header: rsp.Header, Body: body}
}

// refusal returns what the answer says about why not.
func (r response) refusal() refusal {
	var said struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}

	_ = json.Unmarshal(r.Body, &said)

	return refusal{Status: r.Status, Code: said.Error.Code, Inner: innerCode(r.Body)}
}

func must(tb testing.TB, err error) {
	tb.Helper()

	if err != nil {
		tb.Fatal(err)
	}
}
