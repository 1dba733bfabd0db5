// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:bodyclose // Bodies of answers are strings.
package keyvault

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// An operation of a client has a vault in which it succeeds.
type operation struct {
	do func(ctx context.Context, c *Client) error
	// vault accepts every request with a good token.
	vault func(t *testing.T) (*azure, func(*http.Request) *http.Response)
	// requests are those of the operation.
	requests int
}

func operations() map[string]operation {
	answers := func(answer func(*http.Request) *http.Response) func(*testing.T) (*azure, func(*http.Request) *http.Response) {
		return func(*testing.T) (*azure, func(*http.Request) *http.Response) { return &azure{}, answer }
	}
	get := answers(always(http.StatusOK, bundle("secrets/db/v1", "a", "")))

	return map[string]operation{
		"Get":        {vault: get, requests: 1, do: func(ctx context.Context, c *Client) error { _, err := c.Get(ctx, "db", ""); return err }},
		"GetVersion": {vault: get, requests: 1, do: func(ctx context.Context, c *Client) error { _, err := c.Get(ctx, "db", "v1"); return err }},
		"List": {
			vault: answers(func(r *http.Request) *http.Response { return page(r, 3) }), requests: 3,
			do: func(ctx context.Context, c *Client) error { _, err := c.List(ctx, Listing{}); return err },
		},
		"Deleted": {
			vault: answers(always(http.StatusOK, `{}`)), requests: 1,
			do: func(ctx context.Context, c *Client) error { _, err := c.Deleted(ctx, "db"); return err },
		},
		"Versions": {
			vault: answers(func(r *http.Request) *http.Response { return page(r, 3) }), requests: 3,
			do: func(ctx context.Context, c *Client) error {
				_, _, err := c.theirs(ctx, "db", "v1", map[string]bool{})
				return err
			},
		},
		// The client reads, writes, lists versions, reads twice, restores and lists again.
		"Create": {
			vault: func(t *testing.T) (*azure, func(*http.Request) *http.Response) {
				t.Helper()

				h := &history{t: t, before: []version{{"a", `"contentType":"text/plain","tags":{"owner":"team"}`}}}

				return &h.azure, h.answer
			}, requests: 7,
			do: func(ctx context.Context, c *Client) error {
				_, err := c.Create(ctx, "db", "application/json", "ours")
				if ReasonOf(err) == Exists {
					return nil
				}

				return err
			},
		},
	}
}

// challenges are those of a vault that rejects a token.
func challenges() map[string]map[string]string {
	const authority = `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`

	return map[string]map[string]string{
		"Expired": {"WWW-Authenticate": authority + `, error="invalid_token"`},
		"Plain":   {"WWW-Authenticate": authority},
		"Claims":  {"WWW-Authenticate": authority + `, error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`},
		"None":    nil,
	}
}

// refusing is a vault that, from the request with this index on, rejects all tokens before the good
// one.
func refusing(a *azure, inner func(*http.Request) *http.Response, index, good int, header map[string]string) {
	a.answer = func(r *http.Request) *http.Response {
		n, err := strconv.Atoi(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer token-"))
		if err != nil || len(a.requests) > index && n < good {
			return reply(r, http.StatusUnauthorized, header, vaultError("Unauthorized", ""))
		}

		return inner(r)
	}
}

// eachRequest runs each operation with each of its requests rejected.
func eachRequest(t *testing.T, test func(t *testing.T, o operation, index int, header map[string]string)) {
	t.Helper()

	for name, o := range operations() {
		for way, header := range challenges() {
			for index := range o.requests {
				t.Run(name+"/"+way+"/"+strconv.Itoa(index), func(t *testing.T) { test(t, o, index, header) })
			}
		}
	}
}

// outcome describes the result of an operation.
type outcome struct {
	Err      Reason
	Requests int
	Tokens   int
}

// It takes one new token, and a repetition of the rejected request.
func TestRenewal(t *testing.T) {
	eachRequest(t, func(t *testing.T, o operation, index int, header map[string]string) {
		t.Helper()

		a, inner := o.vault(t)
		refusing(a, inner, index, 2, header)
		c, tokens := clientOf(t, a)

		err := o.do(t.Context(), c)
		if diff := cmp.Diff(outcome{Requests: o.requests + 1, Tokens: 2}, outcome{Err: ReasonOf(err), Requests: len(a.requests), Tokens: tokens.n}); diff != "" {
			t.Errorf("\nA revoked token is replaced: -want, +got:\n%s\n%v %v", diff, err, a.requests)
		}
	})
}

// A vault that rejects all tokens gets no further requests.
func TestRenewalInVain(t *testing.T) {
	eachRequest(t, func(t *testing.T, o operation, index int, header map[string]string) {
		t.Helper()

		a, inner := o.vault(t)
		refusing(a, inner, index, 99, header)
		c, tokens := clientOf(t, a)

		err := o.do(t.Context(), c)
		if diff := cmp.Diff(outcome{Err: NoIdentity, Requests: index + 2, Tokens: 2}, outcome{Err: ReasonOf(err), Requests: len(a.requests), Tokens: tokens.n}); diff != "" {
			t.Errorf("\nNo token is tried for ever: -want, +got:\n%s\n%v", diff, err)
		}

		if diff := cmp.Diff(finding.TokenRejected, errorOf(t, err).Cause.Reason); diff != "" {
			t.Errorf("\n-want, +got:\n%s", diff)
		}
	})
}

// A cached token can be revoked before the first request of a client, which has no token.
func TestRenewalOfKept(t *testing.T) {
	for name, o := range operations() {
		for way, header := range challenges() {
			t.Run(name+"/"+way, func(t *testing.T) {
				a, inner := o.vault(t)
				refusing(a, always(http.StatusOK, bundle("secrets/db/v1", "a", "")), 1, 2, header)
				first, tokens := clientOf(t, a)

				if _, err := first.Get(t.Context(), "db", ""); err != nil {
					t.Fatal(err)
				}

				refusing(a, inner, 0, 2, header)

				c, err := newClient("https://web.vault.azure.net", first.credential, clientOptions(newCounted(a, NewMetrics(), time.Now)), newLimiter(time.Now), testTimeout)
				if err != nil {
					t.Fatal(err)
				}

				if err := o.do(t.Context(), c); err != nil {
					t.Errorf("\nA revoked token is replaced.\n%v", err)
				}

				if diff := cmp.Diff([]int{1 + o.requests + 1, 2}, []int{len(a.requests), tokens.n}); diff != "" {
					t.Errorf("\nRequests and tokens: -want, +got:\n%s", diff)
				}
			})
		}
	}
}

// The new token is used from then on, and later rejections of the old one do not invalidate it.
func TestRenewalIsKept(t *testing.T) {
	a := &azure{}
	refusing(a, always(http.StatusOK, bundle("secrets/db/v1", "a", "")), 0, 2, challenges()["Plain"])
	c, tokens := clientOf(t, a)

	for range 3 {
		if _, err := c.Get(t.Context(), "db", ""); err != nil {
			t.Fatal(err)
		}

		c.credential.forget("token-1")
	}

	if diff := cmp.Diff([]int{4, 2}, []int{len(a.requests), tokens.n}); diff != "" {
		t.Errorf("\nRequests and tokens: -want, +got:\n%s", diff)
	}
}

// An unreachable vault gets a new connection for each request.
func TestReconnecting(t *testing.T) {
	var connections, status atomic.Int32

	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`)
			w.WriteHeader(http.StatusUnauthorized)
		case status.Load() == http.StatusOK:
			_, _ = io.WriteString(w, bundle("secrets/db/v1", "a", ""))
		default:
			w.WriteHeader(int(status.Load()))
			_, _ = io.WriteString(w, vaultError("Forbidden", "ForbiddenByConnection"))
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)

	transport, ok := server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the client of the server has another transport")
	}

	transport.TLSClientConfig.ServerName = "example.com" // The certificate of the server is for it.
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}

	credential, err := newCredential(time.Now, issuer{service: finding.EntraID}, new(tokens).build)
	if err != nil {
		t.Fatal(err)
	}

	c, err := newClient("https://web.vault.azure.net", credential, clientOptions(newCounted(transport, NewMetrics(), time.Now)), newLimiter(time.Now), testTimeout)
	if err != nil {
		t.Fatal(err)
	}

	for _, s := range []struct {
		reason string
		status int
		// want is the number of connections so far.
		want int32
	}{
		{reason: "The first request opens a connection.", status: 200, want: 1},
		{reason: "The next one uses it again.", status: 200, want: 1},
		{reason: "The vault blocks this connection from now on.", status: 403, want: 1},
		{reason: "The connection is used a last time.", status: 403, want: 1},
		{reason: "A new connection may lead elsewhere.", status: 403, want: 2},
		{reason: "None is kept while the vault is blocked.", status: 200, want: 3},
		{reason: "The vault can be reached again.", status: 200, want: 4},
		{reason: "So its connection is kept.", status: 200, want: 4},
	} {
		status.Store(int32(s.status)) //nolint:gosec // It has three digits.

		_, err := c.Get(t.Context(), "db", "")
		if failed := err != nil; failed != (s.status != 200) {
			t.Fatalf("\n%s\nGet(...): %v", s.reason, err)
		}

		if diff := cmp.Diff(s.want, connections.Load()); diff != "" {
			t.Errorf("\n%s\nGet(...): connections: -want, +got:\n%s", s.reason, diff)
		}
	}
}
