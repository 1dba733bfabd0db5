// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/entra"
)

const login = "https://login.microsoftonline.com/"

// A tokenAnswer is what the token endpoint says.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	RefreshIn   int    `json:"refresh_in"`
	TokenType   string `json:"token_type"`

	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri"`

	status int
}

// form posts a form to the token endpoint of a tenant.
func (w *world) form(tb testing.TB, tenantID, form string) tokenAnswer {
	tb.Helper()

	rsp := w.send(tb, request{
		method: "POST", url: login + tenantID + "/oauth2/v2.0/token", contentType: "application/x-www-form-urlencoded", body: form,
	})

	a := tokenAnswer{status: rsp.Status}
	must(tb, json.Unmarshal(rsp.Body, &a))

	return a
}

// A tokenRefusal is what a client decides by.
type tokenRefusal struct {
	status int
	err    string
	code   int
}

func (a tokenAnswer) refusal() tokenRefusal {
	r := tokenRefusal{status: a.status, err: a.Error}
	if len(a.Codes) == 1 {
		r.code = a.Codes[0]
	}

	return r
}

func formEscape(s string) string { return url.QueryEscape(s) }

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	const scope = "&scope=https%3A%2F%2Fvault.azure.net%2F.default+openid+offline_access+profile"

	secret := "&client_secret=" + formEscape(officerSecret)
	grant := "grant_type=client_credentials"

	type want = tokenRefusal

	cases := map[string]struct {
		reason string
		tenant string
		form   string
		want   want
	}{
		"Secret":           {"The right secret is enough.", tenant, grant + scope + secret + "&client_id=" + officer, want{status: 200}},
		"NoTenant":         {"The tenant has to exist.", strings.Replace(tenant, "1", "9", 1), grant + scope + secret + "&client_id=" + officer, want{400, "invalid_request", 90002}},
		"CommonTenant":     {"It has to be named.", "common", grant + scope + secret + "&client_id=" + officer, want{400, "invalid_request", 50059}},
		"OtherTenant":      {"The application has to exist in that one.", otherTenant, grant + scope + secret + "&client_id=" + officer, want{400, "unauthorized_client", 700016}},
		"WrongSecret":      {"Another secret is not.", tenant, grant + scope + "&client_secret=x&client_id=" + officer, want{401, "invalid_client", 7000215}},
		"NoSecretAtAll":    {"An application without a secret has none.", tenant, grant + scope + secret + "&client_id=" + reader, want{401, "invalid_client", 7000215}},
		"Nothing":          {"Something has to be shown.", tenant, grant + scope + "&client_id=" + officer, want{401, "invalid_client", 7000218}},
		"EmptyAssertion":   {"If an assertion is announced, it.", tenant, grant + scope + "&client_assertion_type=" + jwtBearer + "&client_id=" + officer, want{401, "invalid_client", 7000216}},
		"OddAssertionType": {"Of the kind that there is.", tenant, grant + scope + "&client_assertion_type=x&client_assertion=x&client_id=" + reader, want{400, "invalid_request", 90014}},
		"OddAssertion":     {"It is a token.", tenant, grant + scope + "&client_assertion_type=" + jwtBearer + "&client_assertion=x&client_id=" + reader, want{400, "invalid_request", 50027}},
		"NoGrant":          {"The grant is required.", tenant, "client_id=" + officer + scope + secret, want{400, "invalid_request", 900144}},
		"OtherGrant":       {"And one of those served.", tenant, "grant_type=password&client_id=" + officer + scope + secret, want{400, "unsupported_grant_type", 70003}},
		"NoClient":         {"The client is required.", tenant, grant + scope + secret, want{400, "invalid_request", 900144}},
		"NoScope":          {"The scope is required.", tenant, grant + secret + "&client_id=" + officer, want{400, "invalid_request", 900144}},
		"TwoScopes":        {"There is one.", tenant, grant + secret + "&scope=https://vault.azure.net/.default+https://graph.microsoft.com/.default&client_id=" + officer, want{400, "invalid_scope", 70011}},
		"OddScope":         {"For all of a resource.", tenant, grant + secret + "&scope=https://vault.azure.net/read&client_id=" + officer, want{400, "invalid_scope", 1002012}},
		"OtherResource":    {"Which has to exist.", tenant, grant + secret + "&scope=https://example.org/.default&client_id=" + officer, want{400, "invalid_resource", 500011}},
		"Twice":            {"Nothing is said twice.", tenant, grant + scope + secret + "&client_id=" + officer + "&client_id=" + officer, want{400, "invalid_request", 90014}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			a := w.form(t, tc.tenant, tc.form)

			if diff := gocmp.Diff(tc.want, a.refusal(), gocmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\ntoken: -want, +got:\n%s\n%s", tc.reason, diff, a.Description)
			}

			if tc.want.code == 0 {
				if diff := gocmp.Diff(tokenAnswer{AccessToken: a.AccessToken, ExpiresIn: 86399, RefreshIn: 43199, TokenType: "Bearer", status: 200}, a,
					gocmp.AllowUnexported(tokenAnswer{})); diff != "" || a.AccessToken == "" {
					t.Errorf("\n%s\ntoken: -want, +got:\n%s", tc.reason, diff)
				}

				return
			}

			if !strings.HasPrefix(a.Description, fmt.Sprintf("AADSTS%d: ", tc.want.code)) ||
				!strings.HasSuffix(a.Description, " Trace ID: "+a.TraceID+" Correlation ID: "+a.CorrelationID+" Timestamp: "+a.Timestamp) ||
				a.URI == "" {
				t.Errorf("\n%s\ntoken: the description is not like Entra ID's: %s", tc.reason, a.Description)
			}
		})
	}
}

const jwtBearer = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"

func TestAssertions(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)

	const nobody = "55555555-5555-5555-5555-555555555501"

	must(t, w.PutApplication(azure.Application{TenantID: tenant, ClientID: nobody, PrincipalID: "55555555-5555-5555-5555-555555555502"}))
	must(t, w.PutFederatedCredential(tenant, officer, azure.FederatedCredential{
		Name: "unknown", Issuer: "https://nobody.example", Subject: subject, Audiences: []string{audience},
	}))

	now := time.Now()

	cases := map[string]struct {
		reason string
		client string
		change map[string]any
		key    crypto.Signer
		kid    string
		want   int
	}{
		"Sound":           {reason: "A token that is as registered is good."},
		"AudienceString":  {reason: "An audience may be a string.", change: map[string]any{"aud": audience}},
		"OtherAudience":   {reason: "It has to be the one registered.", change: map[string]any{"aud": "https://example.org"}, want: 700212},
		"TwoAudiences":    {reason: "And the only one.", change: map[string]any{"aud": []string{audience, "https://example.org"}}, want: 700212},
		"NoAudience":      {reason: "There has to be one.", change: map[string]any{"aud": nil}, want: 700212},
		"OtherSubject":    {reason: "So has the subject.", change: map[string]any{"sub": "system:serviceaccount:default:other"}, want: 700213},
		"SubjectCase":     {reason: "In the same case.", change: map[string]any{"sub": strings.ToUpper(subject)}, want: 7002138},
		"IssuerCase":      {reason: "Of both.", change: map[string]any{"iss": strings.ToUpper(issuer)}, want: 7002137},
		"OtherIssuer":     {reason: "And the issuer.", change: map[string]any{"iss": issuer + "/"}, want: 700211},
		"OtherBoth":       {reason: "Where neither is known, nothing matches.", change: map[string]any{"iss": "https://x", "sub": "y"}, want: 70021},
		"NoCredential":    {reason: "Nor where nothing is registered.", client: nobody, want: 70025},
		"Unreachable":     {reason: "The issuer has to answer.", client: officer, change: map[string]any{"iss": "https://nobody.example"}, want: 50166},
		"Expired":         {reason: "An old token is refused.", change: map[string]any{"exp": now.Add(-10 * time.Minute).Unix()}, want: 700024},
		"Early":           {reason: "So is one that is not good yet.", change: map[string]any{"nbf": now.Add(10 * time.Minute).Unix()}, want: 700024},
		"Skewed":          {reason: "Clocks may differ a little.", change: map[string]any{"nbf": now.Add(time.Minute).Unix()}},
		"NoExpiry":        {reason: "A token has an end.", change: map[string]any{"exp": nil}, want: 50027},
		"StrangersKey":    {reason: "The signature has to be the issuer's.", key: stranger, want: 700027},
		"StrangersKeyID":  {reason: "With a key that the issuer has.", kid: "k2", want: 7000272},
		"NoSubjectAtAll":  {reason: "A token has a subject.", change: map[string]any{"sub": nil}, want: 50027},
		"SubjectIsNumber": {reason: "Which is a string.", change: map[string]any{"sub": 1}, want: 50027},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			claims := w.claims()
			maps.Copy(claims, tc.change)
			maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })

			if tc.key == nil {
				tc.key = w.key
			}

			assertion, err := entra.Sign(tc.key, cmp.Or(tc.kid, "k1"), claims)
			must(t, err)

			// Both are as Entra ID has them.
			want := tokenRefusal{401, "invalid_client", tc.want}

			switch tc.want {
			case 0:
				want = tokenRefusal{status: 200}
			case 50027, 50166:
				want = tokenRefusal{400, "invalid_request", tc.want}
			}

			a := w.form(t, tenant, "grant_type=client_credentials&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_assertion_type="+jwtBearer+
				"&client_id="+cmp.Or(tc.client, reader)+"&client_assertion="+assertion)
			if diff := gocmp.Diff(want, a.refusal(), gocmp.AllowUnexported(tokenRefusal{})); diff != "" {
				t.Errorf("\n%s\ntoken: -want, +got:\n%s\n%s", tc.reason, diff, a.Description)
			}
		})
	}
}

// authFailure returns the number of the error that a credential gets instead of a token.
func authFailure(tb testing.TB, cred azcore.TokenCredential) int {
	tb.Helper()

	_, err := cred.GetToken(tb.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
	if err == nil {
		return 0
	}

	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if !ok {
		tb.Fatalf("GetToken(...): %T is not an *azidentity.AuthenticationFailedError: %s", err, err)
	}

	var a tokenAnswer
	must(tb, json.NewDecoder(failed.RawResponse.Body).Decode(&a))

	return a.Codes[0]
}

func TestIssuerSource(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	asked := 0
	jwks := []byte("not yet")

	must(t, w.PutIssuerSource(issuer, func(context.Context) ([]byte, error) {
		asked++

		return jwks, nil
	}))

	got := []int{authFailure(t, w.reader(t))}

	var err error

	jwks, err = entra.KeySet("k1", w.key.Public())
	must(t, err)

	got = append(got, authFailure(t, w.reader(t)), authFailure(t, w.reader(t)), asked)

	if diff := gocmp.Diff([]int{50166, 0, 0, 2}, got); diff != "" {
		t.Errorf("an issuer is asked until it has told the key: -want, +got:\n%s", diff)
	}
}

func TestRegistration(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	for i := range 19 {
		must(t, w.PutFederatedCredential(tenant, reader, azure.FederatedCredential{
			Name: strconv.Itoa(i), Issuer: issuer, Subject: strconv.Itoa(i), Audiences: []string{audience},
		}))
	}

	cred := func(c azure.FederatedCredential) func() error {
		return func() error { return w.PutFederatedCredential(tenant, officer, c) }
	}

	cases := map[string]struct {
		reason string
		do     func() error
		want   string
	}{
		"TwentyFirst": {"An identity has 20 at most.", func() error {
			return w.PutFederatedCredential(tenant, reader, azure.FederatedCredential{Name: "x", Issuer: issuer, Subject: "x", Audiences: []string{audience}})
		}, "which is the limit"},
		"Change": {"One of the 20 can be changed.", func() error {
			return w.PutFederatedCredential(tenant, reader, azure.FederatedCredential{Name: "3", Issuer: issuer, Subject: "y", Audiences: []string{audience}})
		}, ""},
		"Twice": {"Issuer and subject are unique.", func() error {
			return w.PutFederatedCredential(tenant, reader, azure.FederatedCredential{Name: "4", Issuer: issuer, Subject: subject, Audiences: []string{audience}})
		}, "has this issuer and subject already"},
		"NoAudience":   {"There is one audience.", cred(azure.FederatedCredential{Name: "a", Issuer: issuer, Subject: "a"}), "exactly one"},
		"TwoAudiences": {"And one only.", cred(azure.FederatedCredential{Name: "a", Issuer: issuer, Subject: "a", Audiences: []string{"a", "b"}}), "exactly one"},
		"PlainIssuer":  {"An issuer is reached by https.", cred(azure.FederatedCredential{Name: "a", Issuer: "http://a", Subject: "a", Audiences: []string{"a"}}), "https"},
		"Wildcard":     {"There are no wildcards.", cred(azure.FederatedCredential{Name: "a", Issuer: issuer, Subject: "*", Audiences: []string{"a"}}), "wildcard"},
		"NoApplication": {"The application has to exist.", func() error {
			return w.PutFederatedCredential(tenant, tenant, azure.FederatedCredential{Name: "a", Issuer: issuer, Subject: "a", Audiences: []string{"a"}})
		}, "no such application"},
		"OddTenant": {"Ids are GUIDs.", func() error { return w.PutTenant("contoso") }, "not a GUID"},
		"SamePrincipal": {"A principal is one application's.", func() error {
			return w.PutApplication(azure.Application{TenantID: tenant, ClientID: tenant, PrincipalID: readerPrincipal})
		}, "already"},
		"OddVault":       {"A name has no double hyphen.", func() error { return w.PutVault(azure.Vault{Name: "kv--a", TenantID: tenant}) }, "hyphens"},
		"LongVault":      {"Nor 25 characters.", func() error { return w.PutVault(azure.Vault{Name: strings.Repeat("a", 25), TenantID: tenant}) }, "3 to 24"},
		"ShortRetention": {"Retention is 7 days at least.", func() error { return w.PutVault(azure.Vault{Name: "kv-a", TenantID: tenant, RetentionDays: 6}) }, "between 7 and 90"},
		"OddRole": {"A role is one that there is.", func() error {
			return w.PutRoleAssignment(vault, azure.RoleAssignment{ID: "x", PrincipalID: officerPrincipal, Role: "Owner"})
		}, "there is no role"},
		"SameRole": {"A role is assigned once.", func() error {
			return w.PutRoleAssignment(vault, azure.RoleAssignment{ID: "x", PrincipalID: readerPrincipal, Role: azure.SecretsUser})
		}, "already exists"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := tc.do()

			switch {
			case tc.want == "" && err != nil:
				t.Errorf("\n%s\ngot: %s", tc.reason, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("\n%s\nwant an error with %q, got: %v", tc.reason, tc.want, err)
			}
		})
	}
}
