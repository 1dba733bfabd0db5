// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:bodyclose // Bodies of answers are strings.
package keyvault

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
)

// A tokenSource issues tokens of ServiceAccounts, and counts them.
type tokenSource struct {
	mu  sync.Mutex
	n   map[Identity]int
	err error
}

func (s *tokenSource) Token(_ context.Context, id Identity) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.n == nil {
		s.n = map[Identity]int{}
	}

	s.n[id]++

	return "jwt-of-" + id.ServiceAccount, s.err
}

// entra answers as Entra ID, and as vaults with the answers of vault.
func entra(vault func(r *http.Request) *http.Response) func(r *http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		host := "login.microsoftonline.com"

		switch {
		case strings.Contains(r.URL.Host, ".vault."):
			return vault(r)
		case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
			return reply(r, 200, nil, `{"tenant_discovery_endpoint":"https://`+host+`/tenant/v2.0/.well-known/openid-configuration","metadata":[{"preferred_network":"`+host+`","preferred_cache":"`+host+`","aliases":["`+host+`"]}]}`)
		case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
			return reply(r, 200, nil, `{"token_endpoint":"https://`+host+`/tenant/oauth2/v2.0/token","authorization_endpoint":"https://`+host+`/tenant/oauth2/v2.0/authorize","issuer":"https://`+host+`/tenant/v2.0"}`)
		default:
			return reply(r, 200, nil, `{"token_type":"Bearer","expires_in":3600,"access_token":"entra-token"}`)
		}
	}
}

func poolOf(a http.RoundTripper, s TokenSource) *Pool {
	return NewPool(Options{Tokens: s, Transport: a, Metrics: NewMetrics(), Timeout: testTimeout})
}

func TestPoolApplication(t *testing.T) {
	p := poolOf(&azure{}, &tokenSource{})

	client := func(uri string, id Identity) *Client {
		t.Helper()

		c, err := p.Application(uri, id)
		if err != nil {
			t.Fatal(err)
		}

		return c
	}

	const a, b, china = "https://a-vault.vault.azure.net/", "https://b-vault.vault.azure.net/", "https://a-vault.vault.azure.cn/"

	one, two := identity(), identity()
	two.Namespace = "team-b"

	cases := map[string]struct {
		reason                     string
		first, second              *Client
		client, credential, pauses bool
	}{
		"Same":     {reason: "A vault and an identity share one client.", first: client(a, one), second: client(a, one), client: true, credential: true, pauses: true},
		"Vault":    {reason: "An identity has one credential for all vaults.", first: client(a, one), second: client(b, one), credential: true},
		"Identity": {reason: "All identities observe the pause of a vault.", first: client(a, one), second: client(a, two), pauses: true},
		"Spelled":  {reason: "A vault is the same in any spelling.", first: client(a, one), second: client("https://A-Vault.vault.azure.net", one), credential: true, pauses: true},
		"Cloud":    {reason: "A tenant exists in one cloud only.", first: client(a, one), second: client(china, one)},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.first != tc.second && tc.first.limiter.rate == tc.second.limiter.rate {
				t.Errorf("\n%s\nNobody waits for the requests of another.\nApplication(...) shares the rate", tc.reason)
			}

			if diff := cmp.Diff([]bool{tc.client, tc.credential, tc.pauses}, []bool{tc.first == tc.second, tc.first.credential == tc.second.credential, tc.first.limiter.pauses == tc.second.limiter.pauses}); diff != "" {
				t.Errorf("\n%s\nApplication(...) shares client, credential, pauses: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPoolRefuses(t *testing.T) {
	cases := map[string]struct {
		reason string
		uri    string
		id     Identity
	}{
		"Host":   {reason: "A token is never sent to another host.", uri: "https://web.vault.azure.net.evil.com/", id: identity()},
		"Tenant": {reason: "An invalid tenant is rejected.", uri: "https://web.vault.azure.net/", id: Identity{TenantID: "a/b", ClientID: "client"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := poolOf(&azure{}, &tokenSource{})

			if c, err := p.Application(tc.uri, tc.id); err == nil || c != nil {
				t.Errorf("\n%s\nApplication(...) = %v, %v", tc.reason, c, err)
			}

			if n := len(p.clients) + len(p.credentials) + len(p.pauses); n > 0 {
				t.Errorf("\n%s\nApplication(...) leaves %d things behind", tc.reason, n)
			}

			p.Drop(tc.uri, tc.id)
		})
	}
}

// For any sequence of clients, used credentials are shared, and unused ones are dropped.
func TestPoolProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := poolOf(&azure{}, &tokenSource{})
		uris := []string{"https://a-vault.vault.azure.net/", "https://A-vault.vault.azure.net", "https://b-vault.vault.azure.net/", "https://a-vault.vault.azure.cn/"}
		used := map[clientKey]bool{}

		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			id := identity()
			id.ClientID = rapid.SampledFrom([]string{"one", "two"}).Draw(t, "identity")
			key := clientKey{uri: rapid.SampledFrom(uris).Draw(t, "vault"), identity: id}

			if rapid.Bool().Draw(t, "drop") {
				p.Drop(key.uri, key.identity)
				delete(used, key)
			} else {
				if _, err := p.Application(key.uri, key.identity); err != nil {
					t.Fatal(err)
				}

				used[key] = true
			}

			checkPool(t, p, used)
		}

		for key := range used {
			p.Drop(key.uri, key.identity)
		}

		checkPool(t, p, nil)
	})
}

func checkPool(t *rapid.T, p *Pool, used map[clientKey]bool) {
	t.Helper()

	credentials, pauses := map[credentialKey]int{}, map[string]int{}

	for key := range used {
		host, cloud, err := parseVault(key.uri)
		if err != nil {
			t.Fatal(err)
		}

		credentials[credentialKey{authority: cloud.ActiveDirectoryAuthorityHost, identity: key.identity}]++
		pauses[host]++
	}

	gotCredentials, gotPauses := map[credentialKey]int{}, map[string]int{}
	for k, s := range p.credentials {
		gotCredentials[k] = s.users
	}

	for k, s := range p.pauses {
		gotPauses[k] = s.users
	}

	if diff := cmp.Diff(credentials, gotCredentials, cmp.AllowUnexported(credentialKey{})); diff != "" {
		t.Fatalf("Credentials and their users: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(pauses, gotPauses); diff != "" {
		t.Fatalf("Pauses and their users: -want, +got:\n%s", diff)
	}

	if len(p.clients) != len(used) {
		t.Fatalf("There are %d clients, and %d are in use", len(p.clients), len(used))
	}
}

func TestPoolCreator(t *testing.T) {
	const a, b = "https://a-vault.vault.azure.net/", "https://b-vault.vault.azure.net/"

	p := poolOf(&azure{}, &tokenSource{})
	of := Creator{Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "tenant", ClientID: "client", ClientSecret: "one"}
	rotated := of
	rotated.ClientSecret = "two"

	creator := func(uri, name string, c Creator) *Client {
		t.Helper()

		client, err := p.Creator(uri, name, c)
		if err != nil {
			t.Fatal(err)
		}

		return client
	}

	app, err := p.Application(a, identity())
	if err != nil {
		t.Fatal(err)
	}

	first := creator(a, "default", of)

	if first.limiter.pauses != app.limiter.pauses || first.credential == app.credential {
		t.Error("\nThe creator heeds the pauses of the vault, and does not have the credential of the application.\nCreator(...): it does not")
	}

	if creator(b, "default", of).credential != first.credential {
		t.Error("\nOne credential serves all vaults.\nCreator(...): there is another")
	}

	if creator(a, "team-a/other", of).credential == first.credential {
		t.Error("\nAnother provider configuration has a credential of its own.\nCreator(...): it has not")
	}

	if creator(a, "default", rotated).credential == first.credential {
		t.Error("\nA new client secret takes effect.\nCreator(...): the old one is in use")
	}

	if diff := cmp.Diff(2, len(p.creators)); diff != "" {
		t.Errorf("\nA replaced creator is dropped.\nCreators: -want, +got:\n%s", diff)
	}

	if _, err := p.Creator("https://evil.com/", "default", of); err == nil {
		t.Error("\nNo token goes elsewhere.\nCreator(...): it does")
	}

	if _, err := p.Creator(a, "none", Creator{Source: v1alpha1.CredentialsSourceNone}); ReasonOf(err) != NoIdentity {
		t.Errorf("\nWithout an identity there is no client.\nCreator(...): %v", err)
	}
}

func TestPoolForgetsCreator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf(&azure{}, &tokenSource{})
		c := Creator{Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "tenant", ClientID: "client", ClientSecret: "one"}

		use := func(c Creator) {
			t.Helper()

			if _, err := p.Creator("https://a-vault.vault.azure.net/", "default", c); err != nil {
				t.Fatal(err)
			}
		}
		kept := func(after time.Duration, want int, reason string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()

			if diff := cmp.Diff(want, len(p.creators)); diff != "" {
				t.Errorf("\n%s\nCreators: -want, +got:\n%s", reason, diff)
			}
		}

		use(c)
		kept(creatorIdle-time.Second, 1, "It may be used again.")
		use(c)
		kept(creatorIdle-time.Second, 1, "It was used again.")

		c.ClientSecret = "two"

		use(c)
		kept(creatorIdle-time.Second, 1, "The one that it replaced does not take it along.")
		kept(time.Second, 0, "It has no users.")
	})
}

func TestPoolToken(t *testing.T) {
	a, s := &azure{}, &tokenSource{}
	a.answer = entra(func(r *http.Request) *http.Response {
		if r.Header.Get("Authorization") != "Bearer entra-token" {
			return reply(r, 403, nil, marker)
		}

		return page(r, 2)
	})
	p := poolOf(a, s)

	for _, uri := range []string{"https://a-vault.vault.azure.net", "https://b-vault.vault.azure.net", "https://a-vault.vault.azure.net"} {
		c, err := p.Application(uri, identity())
		if err != nil {
			t.Fatal(err)
		}

		if _, err := c.List(t.Context(), Listing{}); err != nil {
			t.Fatal(err)
		}
	}

	if diff := cmp.Diff(map[Identity]int{identity(): 1}, s.n); diff != "" {
		t.Errorf("\nOne token serves both vaults.\nTokens of service accounts: -want, +got:\n%s", diff)
	}

	n := 0

	for i, r := range a.requests {
		if strings.HasSuffix(r, "/token") {
			n++

			if !strings.Contains(a.bodies[i], "client_assertion=jwt-of-web") {
				t.Errorf("\nThe token of the service account stands for the identity.\nRequest: %s", a.bodies[i])
			}
		}
	}

	if n != 1 {
		t.Errorf("\nOne token serves both vaults.\nEntra ID was asked %d times", n)
	}
}

// The credential has not reached Entra ID at first.
func TestPoolTokenLater(t *testing.T) {
	ready := false
	ok := entra(func(r *http.Request) *http.Response { return page(r, 1) })
	a := &azure{answer: func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/token") && !ready {
			return reply(r, 400, nil, entraError("700211"))
		}

		return ok(r)
	}}

	c, err := poolOf(a, &tokenSource{}).Application("https://web.vault.azure.net", identity())
	if err != nil {
		t.Fatal(err)
	}

	_, err = c.List(t.Context(), Listing{})
	want := &Error{
		Reason: NoIdentity, Operation: "list secrets of https://web.vault.azure.net", Status: 400, Code: "AADSTS700211", Meaning: OtherIssuer,
		Cause: noToken("AADSTS700211", finding.CredentialIssuer),
	}

	if diff := cmp.Diff(want, errorOf(t, err)); diff != "" {
		t.Errorf("\nA credential that has not reached Entra ID.\nList(...): -want, +got:\n%s", diff)
	}

	ready = true

	if _, err := c.List(t.Context(), Listing{}); err != nil {
		t.Errorf("\nIt has now, and nothing remembers that it had not.\nList(...): %v", err)
	}
}

func TestPoolTokenSourceFails(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		want   *Error
	}{
		"NoServiceAccount": {
			reason: "An error of Kubernetes is passed on, past libraries that keep only its text.",
			err:    &Error{Reason: NoIdentity, Operation: "get a token of x", Cause: because("there is none")},
			want:   &Error{Reason: NoIdentity, Operation: "list secrets of https://web.vault.azure.net", Cause: because("there is none")},
		},
		"Other": {
			reason: "The text of a foreign error is not repeated.", err: errors.New(marker),
			want: &Error{Reason: Unreachable, Operation: "list secrets of https://web.vault.azure.net", Cause: finding.Finding{Reason: finding.ServiceSilent, Service: finding.EntraID, Cause: &finding.Finding{Reason: finding.NoResponse}}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := &azure{answer: entra(func(r *http.Request) *http.Response { return page(r, 1) })}
			s := &tokenSource{err: tc.err}

			c, err := poolOf(a, s).Application("https://web.vault.azure.net", identity())
			if err != nil {
				t.Fatal(err)
			}

			_, err = c.List(t.Context(), Listing{})
			if diff := cmp.Diff(tc.want, errorOf(t, err)); diff != "" {
				t.Errorf("\n%s\nList(...): -want, +got:\n%s", tc.reason, diff)
			}

			s.err = nil

			if _, err := c.List(t.Context(), Listing{}); err != nil {
				t.Errorf("\nIt works as soon as there is a token.\nList(...): %v", err)
			}
		})
	}
}

// Entra ID's error contains the token that it was sent. The error of the client does not.
func TestPoolTokenIsNotRepeated(t *testing.T) {
	jwt := strings.Join([]string{base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)), marker, "x"}, ".")

	body, err := json.Marshal(map[string]any{"error": "invalid_client", "error_description": jwt, "error_codes": []int{700213}, "correlation_id": jwt})
	if err != nil {
		t.Fatal(err)
	}

	ok := entra(func(r *http.Request) *http.Response { return page(r, 1) })
	a := &azure{answer: func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/token") {
			return reply(r, 401, map[string]string{"X-Ms-Request-Id": jwt + marker + strings.Repeat("x", 64)}, string(body))
		}

		return ok(r)
	}}

	c, err := poolOf(a, &tokenSource{}).Application("https://web.vault.azure.net", identity())
	if err != nil {
		t.Fatal(err)
	}

	_, err = c.List(t.Context(), Listing{})
	if e := errorOf(t, err); e == nil || e.Code != "AADSTS700213" || strings.Contains(fmt.Sprintf("%+v", *e), marker) {
		t.Errorf("\nList(...): %+v", e)
	}
}

// A redirect could send a token elsewhere.
func TestPoolDoesNotFollow(t *testing.T) {
	a := &azure{}
	a.answer = entra(func(r *http.Request) *http.Response {
		return reply(r, http.StatusTemporaryRedirect, map[string]string{"Location": "https://evil.vault.example.com/secrets"}, "")
	})

	c, err := poolOf(a, &tokenSource{}).Application("https://web.vault.azure.net", identity())
	if err != nil {
		t.Fatal(err)
	}

	_, err = c.List(t.Context(), Listing{})
	if diff := cmp.Diff(finding.Finding{Reason: finding.VaultUnexpected, Status: 307}, errorOf(t, err).Cause); diff != "" {
		t.Errorf("\nList(...): -want, +got:\n%s", diff)
	}
}

func TestPoolConcurrently(t *testing.T) {
	p := poolOf(&azure{answer: entra(func(r *http.Request) *http.Response { return page(r, 2) })}, &tokenSource{})

	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			id := identity()
			id.ClientID = fmt.Sprintf("client-%d", i%3)

			c, err := p.Application("https://web.vault.azure.net", id)
			if err != nil {
				t.Error(err)
				return
			}

			if _, err := c.List(t.Context(), Listing{}); err != nil {
				t.Error(err)
			}

			if i%5 == 0 {
				c.credential.forget("entra-token")
				p.Drop("https://web.vault.azure.net", id)
			}
		})
	}

	wg.Wait()
}

// The timeout of a request includes the tokens it needs, which have slightly less time.
func TestPoolTokenTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &azure{answer: func(*http.Request) *http.Response { return nil }}
		start := time.Now()

		c, err := poolOf(a, &tokenSource{}).Application("https://web.vault.azure.net", identity())
		if err != nil {
			t.Fatal(err)
		}

		_, err = c.List(t.Context(), Listing{})
		if e := errorOf(t, err); e == nil || e.Reason != Unreachable || e.Cause.Cause == nil || e.Cause.Cause.Reason != finding.TimedOut {
			t.Errorf("\nEntra ID does not answer.\nList(...): %v", err)
		}

		if diff := cmp.Diff(testTimeout*9/10, time.Since(start)); diff != "" {
			t.Errorf("\nThe timeout of a request is that of the tokens it needs, too.\nList(...): -want, +got:\n%s", diff)
		}
	})
}

// A vault that throttles the list of the platform throttles the reads of all applications, too, whichever client comes first.
func TestPoolLister(t *testing.T) {
	const a = "https://a-vault.vault.azure.net"

	p := poolOf(&azure{}, &tokenSource{})
	of := func(secret string) Creator {
		return Creator{Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "t", ClientID: "c", ClientSecret: secret}
	}
	listerOf := func(c Creator) *Client {
		t.Helper()

		client, err := p.Lister(a, "default", c)
		if err != nil {
			t.Fatal(err)
		}

		return client
	}

	if _, err := p.Lister(a, "default", Creator{Source: v1alpha1.CredentialsSourceNone}); err == nil || len(p.pauses) > 0 {
		t.Errorf("\nWithout an identity, nothing is kept.\nLister(...): %v, %d pauses", err, len(p.pauses))
	}

	first := listerOf(of("one"))
	if first != listerOf(of("one")) {
		t.Error("\nA client is kept.\nLister(...): another one")
	}

	app, err := p.Application("https://A-Vault.vault.azure.net/", identity())
	if err != nil {
		t.Fatal(err)
	}

	second := listerOf(of("two"))
	if first == second || first.credential == second.credential {
		t.Error("\nA new client secret takes effect.\nLister(...): the old one is in use")
	}

	p.Drop("https://A-Vault.vault.azure.net/", identity())

	again, err := p.Application(a, identity())
	if err != nil {
		t.Fatal(err)
	}

	for name, c := range map[string]*Client{"application": app, "new lister": second, "new application": again} {
		if c.limiter.pauses != first.limiter.pauses {
			t.Errorf("\nAll clients of a vault observe its pauses.\n%s: it does not", name)
		}
	}

	p.Drop(a, identity())
	p.DropLister(a, "default")
	p.DropLister(a, "default")

	if n := len(p.clients) + len(p.listers) + len(p.pauses); n > 0 {
		t.Errorf("\nNothing is kept for a vault without clients.\n%d are", n)
	}
}
