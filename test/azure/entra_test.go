// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// A tokenAnswer is an answer of the token endpoint.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`

	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`

	status int
}

// String returns the fields that a client's decision depends on, such as "401 invalid_client
// 7000215".
func (a tokenAnswer) String() string {
	return strings.TrimSpace(fmt.Sprint(a.status, " ", a.Error, " ", strings.Trim(fmt.Sprint(a.Codes), "[]")))
}

// form posts a form to the token endpoint of a tenant, for the client's own permissions by default.
func (w *world) form(tb testing.TB, tenantID string, form url.Values) tokenAnswer {
	tb.Helper()

	if !form.Has("grant_type") {
		form.Set("grant_type", "client_credentials")
	}

	rsp := w.send(tb, "POST https://login.microsoftonline.com/"+tenantID+"/oauth2/v2.0/token", "", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")

	a := tokenAnswer{status: rsp.status}
	check.Must(tb, json.Unmarshal(rsp.body, &a))

	return a
}

// TestTokens changes the parameters of a request, or the claims and the signature of its assertion.
func TestTokens(t *testing.T) {
	w := newWorld(t)

	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check.Must(t, err)

	const nobody = "55555555-5555-5555-5555-555555555501"

	check.Must(t, w.PutApplication(azure.Application{TenantID: tenant, ClientID: nobody, PrincipalID: "55555555-5555-5555-5555-555555555502"}))
	check.Must(t, w.PutFederatedCredential(tenant, officer, azure.FederatedCredential{
		Name: "unknown", Issuer: "https://nobody.example", Subject: subject, Audiences: []string{audience},
	}))

	now := time.Now()

	cases := map[string]struct {
		reason string
		change map[string]any
		key    crypto.Signer
		kid    string
		form   string
		want   string
	}{
		"Secret":        {reason: "A correct secret is enough.", form: "client_id=" + officer + "&client_assertion_type=&client_secret=" + officerSecret, want: "200"},
		"WrongSecret":   {reason: "A wrong secret is rejected.", form: "client_id=" + officer + "&client_assertion_type=&client_secret=x", want: "401 invalid_client 7000215"},
		"NoSecretAtAll": {reason: "An application without a secret rejects any.", form: "client_assertion_type=&client_secret=x", want: "401 invalid_client 7000215"},
		"NoTenant":      {reason: "The tenant must exist.", form: "tenant=91111111-1111-1111-1111-111111111111", want: "400 invalid_request 90002"},
		"OtherTenant":   {reason: "The application must be in the tenant.", form: "tenant=" + otherTenant, want: "400 unauthorized_client 700016"},
		"OddAssertion":  {reason: "An assertion must be a token.", form: "client_assertion=x", want: "400 invalid_request 50027"},
		"NoGrant":       {reason: "The grant is required.", form: "grant_type=", want: "400 invalid_request 900144"},
		"OtherResource": {reason: "The resource must exist.", form: "scope=https://example.org/.default", want: "400 invalid_resource 500011"},

		"Sound":          {reason: "A valid token is accepted.", want: "200"},
		"OtherAudience":  {reason: "Another audience is rejected.", change: map[string]any{"aud": "https://example.org"}, want: "401 invalid_client 700212"},
		"TwoAudiences":   {reason: "A second audience is rejected.", change: map[string]any{"aud": []string{audience, "https://example.org"}}, want: "401 invalid_client 700212"},
		"OtherSubject":   {reason: "Another subject is rejected.", change: map[string]any{"sub": "system:serviceaccount:default:other"}, want: "401 invalid_client 700213"},
		"SubjectCase":    {reason: "The case of the subject matters.", change: map[string]any{"sub": strings.ToUpper(subject)}, want: "401 invalid_client 7002138"},
		"IssuerCase":     {reason: "The case of the issuer matters.", change: map[string]any{"iss": strings.ToUpper(issuer)}, want: "401 invalid_client 7002137"},
		"OtherIssuer":    {reason: "Another issuer is rejected.", change: map[string]any{"iss": issuer + "/"}, want: "401 invalid_client 700211"},
		"NoCredential":   {reason: "An application without credentials is rejected.", form: "client_id=" + nobody, want: "401 invalid_client 70025"},
		"Unreachable":    {reason: "An unreachable issuer is an error.", form: "client_id=" + officer, change: map[string]any{"iss": "https://nobody.example"}, want: "400 invalid_request 50166"},
		"Expired":        {reason: "An expired token is rejected.", change: map[string]any{"exp": now.Add(-10 * time.Minute).Unix()}, want: "401 invalid_client 700024"},
		"StrangersKey":   {reason: "A token with another signing key is rejected.", key: stranger, want: "401 invalid_client 700027"},
		"StrangersKeyID": {reason: "A token with another key id is rejected.", kid: "k2", want: "401 invalid_client 7000272"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			claims := w.claims()
			maps.Copy(claims, tc.change)

			key := tc.key
			if key == nil {
				key = w.key
			}

			assertion, err := entra.Sign(key, cmp.Or(tc.kid, "k1"), claims)
			check.Must(t, err)

			form := url.Values{
				"client_id": {reader}, "client_assertion_type": {jwtBearer}, "client_assertion": {assertion},
				"scope": {forVaults + "/.default openid offline_access profile"},
			}

			change, err := url.ParseQuery(tc.form)
			check.Must(t, err)
			maps.Copy(form, change)

			a := w.form(t, cmp.Or(form.Get("tenant"), tenant), form)
			if a.String() != tc.want {
				t.Errorf("\n%s\nwant %s, got %s: %s", tc.reason, tc.want, a, a.Description)
			}
		})
	}
}
