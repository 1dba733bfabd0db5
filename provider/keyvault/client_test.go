// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:bodyclose // Bodies of answers are strings.
package keyvault

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/p6m-dev/platform-application/provider/finding"
)

const testTimeout = 10 * time.Second

// An azure is a vault, or anything else behind a transport. It counts the requests.
type azure struct {
	mu       sync.Mutex
	requests []string
	bodies   []string
	answer   func(r *http.Request) *http.Response
}

// RoundTrip answers a request. A request without a token gets a challenge, which is not counted.
func (a *azure) RoundTrip(r *http.Request) (*http.Response, error) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" && strings.Contains(r.URL.Host, ".vault.") {
		return reply(r, http.StatusUnauthorized, map[string]string{
			"WWW-Authenticate": `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`,
		}, ""), nil
	}

	var body []byte

	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err //nolint:wrapcheck // It cannot fail.
		}

		body = b
	}

	what := r.Method + " " + r.URL.Path
	if skip := r.URL.Query().Get("$skiptoken"); skip != "" {
		what += " page " + skip
	}

	a.mu.Lock()
	a.requests = append(a.requests, what)
	a.bodies = append(a.bodies, string(body))
	a.mu.Unlock()

	if resp := a.answer(r); resp != nil {
		return resp, nil
	}

	<-r.Context().Done()

	return nil, r.Context().Err() //nolint:wrapcheck // As any transport.
}

func reply(r *http.Request, status int, header map[string]string, body string) *http.Response {
	resp := answerOf(status, header, body)
	resp.Header.Set("Content-Type", "application/json")
	resp.Request = r

	return resp
}

// always returns the same answer.
func always(status int, body string) func(r *http.Request) *http.Response {
	return func(r *http.Request) *http.Response { return reply(r, status, nil, body) }
}

// A tokens is a credential that issues a new token each time.
type tokens struct{ n int }

func (t *tokens) build() (azcore.TokenCredential, error) {
	t.n++
	return staticToken("token-" + strconv.Itoa(t.n)), nil
}

type staticToken string

func (f staticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(f), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// clientOf returns a client for a vault.
func clientOf(t *testing.T, a *azure) (*Client, *tokens) {
	t.Helper()

	tokens := &tokens{}

	credential, err := newCredential(time.Now, issuer{service: finding.EntraID}, tokens.build)
	if err != nil {
		t.Fatal(err)
	}

	c, err := newClient("https://web.vault.azure.net", credential, clientOptions(newCounted(a, NewMetrics(), time.Now)), newLimiter(time.Now), testTimeout)
	if err != nil {
		t.Fatal(err)
	}

	return c, tokens
}

// errorOf returns our own error, without the name of the request.
func errorOf(t *testing.T, err error) *Error {
	t.Helper()

	if err == nil {
		return nil
	}

	e, ok := err.(*Error) //nolint:errorlint // Every error of a client is one.
	if !ok {
		t.Fatalf("The error is a %T: %v", err, err)
	}

	if strings.Contains(e.Error(), marker) || strings.Contains(e.Error(), hidden) {
		t.Errorf("The error repeats what a server said: %v", e)
	}

	return e
}

func bundle(path, value string, more string) string {
	return `{"id":"https://web.vault.azure.net/` + path + `","value":"` + value + `","attributes":{"enabled":true,"created":1777636800,"updated":1777636860` + more + `}}`
}

func TestClientGet(t *testing.T) {
	const version = "0123456789abcdef0123456789abcdef"

	type want struct {
		Secret   Properties
		Value    string
		Err      *Error
		Requests []string
	}

	created, updated := time.Unix(1777636800, 0), time.Unix(1777636860, 0)
	failed := func(r Reason, status int, code string, cause finding.Finding) *Error {
		return &Error{Reason: r, Operation: `get secret "db" from https://web.vault.azure.net`, Status: status, Code: code, Cause: cause}
	}

	cases := map[string]struct {
		reason  string
		version string
		answer  func(r *http.Request) *http.Response
		want    want
	}{
		"Latest": {
			reason: "Without a version, the latest one is read.", answer: always(200, bundle("secrets/db/"+version, hidden, `,"nbf":1777630000,"exp":1777640000`)),
			want: want{Secret: Properties{Name: "db", Version: version, Enabled: true, Created: created, Updated: updated, NotBefore: time.Unix(1777630000, 0), Expires: time.Unix(1777640000, 0)}, Value: hidden, Requests: []string{"GET /secrets/db/"}},
		},
		"Version": {
			reason: "A named version is read.", version: version, answer: always(200, bundle("secrets/db/"+version, "", "")),
			want: want{Secret: Properties{Name: "db", Version: version, Enabled: true, Created: created, Updated: updated}, Requests: []string{"GET /secrets/db/" + version}},
		},
		"Bare": {
			reason: "An empty answer is an error.", answer: always(200, `{}`),
			want: want{Err: failed(Unreachable, 200, "", finding.Finding{Reason: finding.VaultUnexpected, Status: 200}), Requests: []string{"GET /secrets/db/"}},
		},
		"NoValue": {
			reason: "A secret without a value is an error. A value may be empty.", answer: always(200, `{"id":"https://web.vault.azure.net/secrets/db/`+version+`"}`),
			want: want{Err: failed(Unreachable, 200, "", finding.Finding{Reason: finding.VaultUnexpected, Status: 200}), Requests: []string{"GET /secrets/db/"}},
		},
		"NoVersion": {
			reason: "A secret without a version is an error.", answer: always(200, bundle("secrets/db", hidden, "")),
			want: want{Err: failed(Unreachable, 200, "", finding.Finding{Reason: finding.VaultUnexpected, Status: 200}), Requests: []string{"GET /secrets/db/"}},
		},
		"NoName": {
			reason: "A malformed ID is an error.", answer: always(200, bundle("", hidden, "")),
			want: want{Err: failed(Unreachable, 200, "", finding.Finding{Reason: finding.VaultUnexpected, Status: 200}), Requests: []string{"GET /secrets/db/"}},
		},
		"OtherSecret": {
			reason: "The value of another secret is an error.", answer: always(200, bundle("secrets/other/"+version, hidden, "")),
			want: want{Err: failed(Unreachable, 200, "", finding.Finding{Reason: finding.VaultUnexpected, Status: 200}), Requests: []string{"GET /secrets/db/"}},
		},
		"OtherCase": {
			reason: "Key Vault ignores case in names.", answer: always(200, bundle("secrets/DB/"+version, "", "")),
			want: want{Secret: Properties{Name: "DB", Version: version, Enabled: true, Created: created, Updated: updated}, Requests: []string{"GET /secrets/db/"}},
		},
		"Missing": {
			reason: "A missing secret is reported as missing.", answer: always(404, vaultError("SecretNotFound", "")),
			want: want{Err: failed(NotFound, 404, "SecretNotFound", finding.Finding{Reason: finding.SecretNotFound}), Requests: []string{"GET /secrets/db/"}},
		},
		"Broken": {
			reason: "A failed request is not retried.", answer: always(500, marker),
			want: want{Err: failed(Unreachable, 500, "", finding.Finding{Reason: finding.VaultUnavailable, Status: 500}), Requests: []string{"GET /secrets/db/"}},
		},
		"Garbled": {
			reason: "A truncated answer may contain half of a value, so it is rejected.", answer: always(200, `{"value":"`+hidden),
			want: want{Err: failed(Unreachable, 0, "", finding.Finding{Reason: finding.NoResponse}), Requests: []string{"GET /secrets/db/"}},
		},
		"NoAnswer": {
			reason: "A missing response is an error.", answer: func(*http.Request) *http.Response { return nil },
			want: want{Err: failed(Unreachable, 0, "", finding.Finding{Reason: finding.TimedOut}), Requests: []string{"GET /secrets/db/"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &azure{answer: tc.answer}
				c, _ := clientOf(t, a)
				start := time.Now()

				s, err := c.Get(t.Context(), "db", tc.version)
				got := want{Secret: s.Properties, Value: s.Value, Err: errorOf(t, err), Requests: a.requests}

				if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("\n%s\nGet(...): -want, +got:\n%s", tc.reason, diff)
				}

				if took := time.Since(start); took > testTimeout {
					t.Errorf("\n%s\nGet(...) took %s", tc.reason, took)
				}
			})
		})
	}
}

func TestClientUnauthorized(t *testing.T) {
	cases := map[string]struct {
		reason string
		// good is the first token that the vault accepts.
		good int
		want Reason
		made int
	}{
		"Good":    {reason: "An accepted token is used.", good: 1, made: 1},
		"Revoked": {reason: "A rejected token is replaced once.", good: 2, made: 2},
		"Never":   {reason: "A rejected replacement is an error.", good: 9, want: NoIdentity, made: 2},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &azure{answer: func(r *http.Request) *http.Response {
					n, err := strconv.Atoi(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer token-"))
					if err != nil || n < tc.good {
						return reply(r, http.StatusUnauthorized, map[string]string{
							"WWW-Authenticate": `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`,
						}, vaultError("Unauthorized", ""))
					}

					return reply(r, http.StatusOK, nil, bundle("secrets/db/v1", "a", ""))
				}}
				c, tokens := clientOf(t, a)

				_, err := c.Get(t.Context(), "db", "")
				if diff := cmp.Diff(tc.want, ReasonOf(err)); diff != "" {
					t.Errorf("\n%s\nGet(...): -want, +got:\n%s", tc.reason, diff)
				}

				if diff := cmp.Diff(tc.made, tokens.n); diff != "" {
					t.Errorf("\n%s\nTokens that were made: -want, +got:\n%s", tc.reason, diff)
				}

				if len(a.requests) > 4 {
					t.Errorf("\n%s\nGet(...) made %d requests", tc.reason, len(a.requests))
				}
			})
		})
	}
}

func TestClientThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusTooManyRequests
		a := &azure{answer: func(r *http.Request) *http.Response {
			return reply(r, status, map[string]string{"Retry-After": "60"}, bundle("secrets/db/v1", "a", ""))
		}}
		c, _ := clientOf(t, a)

		check := func(reason string, want *Error, requests int) {
			t.Helper()

			_, err := c.Get(t.Context(), "db", "")
			if diff := cmp.Diff(want, errorOf(t, err)); diff != "" {
				t.Errorf("\n%s\nGet(...): -want, +got:\n%s", reason, diff)
			}

			if diff := cmp.Diff(requests, len(a.requests)); diff != "" {
				t.Errorf("\n%s\nRequests: -want, +got:\n%s", reason, diff)
			}
		}
		throttled := func(status int, retryAfter time.Duration) *Error {
			return &Error{
				Reason: Throttled, Operation: `get secret "db" from https://web.vault.azure.net`, Cause: finding.Finding{Reason: finding.VaultThrottled},
				Status: status, RetryAfter: retryAfter,
			}
		}

		check("The vault throttles.", throttled(429, time.Minute), 1)

		status = http.StatusOK

		check("Nothing is sent for as long.", throttled(0, time.Minute), 1)

		time.Sleep(59 * time.Second)
		check("Not even a second before.", throttled(0, time.Second), 1)

		time.Sleep(time.Second)
		check("Then it is asked again.", nil, 2)
	})
}

// Time spent in the queue does not count towards the request timeout.
func TestClientCrowded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &azure{answer: always(200, bundle("secrets/db/v1", "a", ""))}
		c, _ := clientOf(t, a)
		c.limiter.rate.ReserveN(time.Now(), requestsAtOnce)

		for range requestsPerSecond {
			c.limiter.rate.ReserveN(time.Now(), int(testTimeout/time.Second))
		}

		_, err := c.Get(t.Context(), "db", "")
		want := &Error{Reason: Throttled, Operation: `get secret "db" from https://web.vault.azure.net`, Cause: finding.Finding{Reason: finding.TooManyRequests}}

		if diff := cmp.Diff(want, errorOf(t, err)); diff != "" {
			t.Errorf("\nGet(...): -want, +got:\n%s", diff)
		}

		if len(a.requests) > 0 {
			t.Errorf("\nNothing is sent out of turn.\nGet(...) made requests %v", a.requests)
		}
	})
}

// page returns a page of a list with this many pages.
func page(r *http.Request, pages int) *http.Response {
	n, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))

	next := "null"
	if n+1 < pages {
		next = fmt.Sprintf("%q", fmt.Sprintf("https://%s/secrets?api-version=2025-07-01&$skiptoken=%d", r.URL.Host, n+1))
	}

	return reply(r, 200, nil, fmt.Sprintf(`{"value":[{"id":"https://web.vault.azure.net/secrets/s%d","contentType":"text/plain","attributes":{"enabled":%t,"updated":%d}}],"nextLink":%s}`, n, n%2 == 0, 1777636800+n, next))
}

func TestClientList(t *testing.T) {
	type want struct {
		List     []Properties
		Err      Reason
		Requests []string
	}

	cases := map[string]struct {
		reason string
		answer func(r *http.Request) *http.Response
		want   want
	}{
		"Empty":     {reason: "A vault without secrets has an empty list.", answer: always(200, `{"value":[],"nextLink":null}`), want: want{Requests: []string{"GET /secrets"}}},
		"Bare":      {reason: "An answer without a list is an error: all secrets would seem to be missing.", answer: always(200, `{}`), want: want{Err: Unreachable, Requests: []string{"GET /secrets"}}},
		"Null":      {reason: "An answer without a list is an error.", answer: always(200, `{"value":null}`), want: want{Err: Unreachable, Requests: []string{"GET /secrets"}}},
		"NullEntry": {reason: "An entry without a secret is an error.", answer: always(200, `{"value":[null]}`), want: want{Err: Unreachable, Requests: []string{"GET /secrets"}}},
		"NoName":    {reason: "An entry without a name is an error.", answer: always(200, `{"value":[{"id":""}]}`), want: want{Err: Unreachable, Requests: []string{"GET /secrets"}}},
		"Pages": {
			reason: "Every page costs a request.", answer: func(r *http.Request) *http.Response { return page(r, 3) },
			want: want{
				List: []Properties{
					{Name: "s0", ContentType: "text/plain", Enabled: true, Updated: time.Unix(1777636800, 0)},
					{Name: "s1", ContentType: "text/plain", Updated: time.Unix(1777636801, 0)},
					{Name: "s2", ContentType: "text/plain", Enabled: true, Updated: time.Unix(1777636802, 0)},
				},
				Requests: []string{"GET /secrets", "GET /secrets page 1", "GET /secrets page 2"},
			},
		},
		"Half": {
			reason: "An incomplete list is an error: the secrets on its other pages would seem to be missing.",
			answer: func(r *http.Request) *http.Response {
				if r.URL.Query().Has("$skiptoken") {
					return reply(r, 503, nil, marker)
				}

				return page(r, 3)
			},
			want: want{Err: Unreachable, Requests: []string{"GET /secrets", "GET /secrets page 1"}},
		},
		"Forbidden": {reason: "A list without permission is an error.", answer: always(403, vaultError("Forbidden", "ForbiddenByRbac")), want: want{Err: Forbidden, Requests: []string{"GET /secrets"}}},
		"NoAnswer":  {reason: "A missing response is an error.", answer: func(*http.Request) *http.Response { return nil }, want: want{Err: Unreachable, Requests: []string{"GET /secrets"}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &azure{answer: tc.answer}
				c, _ := clientOf(t, a)

				list, err := c.List(t.Context(), Listing{})
				_ = errorOf(t, err)

				got := want{List: list, Err: ReasonOf(err), Requests: a.requests}
				for i, r := range got.Requests {
					got.Requests[i] = strings.Replace(r, "/secrets/", "/secrets", 1)
				}

				if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("\n%s\nList(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

// Every page has a deadline of its own.
func TestClientListSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &azure{answer: func(r *http.Request) *http.Response {
			time.Sleep(testTimeout - time.Second)
			return page(r, 5)
		}}
		c, _ := clientOf(t, a)

		list, err := c.List(t.Context(), Listing{})
		if err != nil || len(list) != 5 {
			t.Errorf("\nA long list of a slow vault takes its time.\nList(...) = %d secrets, %v", len(list), err)
		}
	})
}

func TestClientDeleted(t *testing.T) {
	type want struct {
		Deleted bool
		Err     Reason
	}

	cases := map[string]struct {
		reason string
		answer func(r *http.Request) *http.Response
		want   want
	}{
		"Deleted":   {reason: "A deleted secret can be recovered.", answer: always(200, `{"recoveryId":"https://web.vault.azure.net/deletedsecrets/db"}`), want: want{Deleted: true}},
		"Unknown":   {reason: "A secret that never existed is not deleted.", answer: always(404, vaultError("SecretNotFound", ""))},
		"Forbidden": {reason: "Without permission, the answer is unknown.", answer: always(403, vaultError("Forbidden", "ForbiddenByRbac")), want: want{Err: Forbidden}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := &azure{answer: tc.answer}
			c, _ := clientOf(t, a)

			deleted, err := c.Deleted(t.Context(), "db")
			if diff := cmp.Diff(tc.want, want{Deleted: deleted, Err: ReasonOf(err)}); diff != "" {
				t.Errorf("\n%s\nDeleted(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff([]string{"GET /deletedsecrets/db"}, a.requests); diff != "" {
				t.Errorf("\n%s\nRequests: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestClientCreate(t *testing.T) {
	type want struct {
		Properties Properties
		Err        *Error
		Requests   []string
	}

	const looked, set, versions = "GET /secrets/db/", "PUT /secrets/db", "GET /secrets/db/versions"

	missing := always(404, vaultError("SecretNotFound", ""))
	creating := `create secret "db" in https://web.vault.azure.net`
	exists := &Error{Reason: Exists, Operation: creating, Cause: finding.Finding{Reason: finding.SecretExists}}

	cases := map[string]struct {
		reason   string
		get, put func(r *http.Request) *http.Response
		// versions are those after the write. Default: only ours.
		versions func(r *http.Request) *http.Response
		want     want
	}{
		"Created": {
			reason: "A missing secret is created.", get: missing, put: always(200, bundle("secrets/db/v1", "", "")),
			want: want{Properties: Properties{Name: "db", Version: "v1", Enabled: true, Created: time.Unix(1777636800, 0), Updated: time.Unix(1777636860, 0)}, Requests: []string{looked, set, versions}},
		},
		"Blind": {
			reason: "A creation is confirmed only after the versions were checked.",
			get:    missing, put: always(200, bundle("secrets/db/v1", "", "")), versions: always(500, marker),
			want: want{Err: &Error{
				Reason: Unreachable, Operation: `list versions of secret "db" in https://web.vault.azure.net`, Status: 500,
				Cause: finding.Finding{Reason: finding.VaultUnavailable, Status: 500},
			}, Requests: []string{looked, set, versions}},
		},
		"Exists":   {reason: "An existing secret is not changed.", get: always(200, bundle("secrets/db/v1", hidden, "")), want: want{Err: exists, Requests: []string{looked}}},
		"Disabled": {reason: "An existing secret is not changed, even if it cannot be read.", get: always(403, vaultError("Forbidden", "SecretDisabled")), want: want{Err: exists, Requests: []string{looked}}},
		"Forbidden": {
			reason: "A secret is not written without the permission to read.", get: always(403, vaultError("Forbidden", "ForbiddenByRbac")),
			want: want{Err: &Error{
				Reason: Forbidden, Operation: `get secret "db" from https://web.vault.azure.net`, Status: 403, Code: "ForbiddenByRbac", Cause: finding.Finding{Reason: finding.RoleMissing},
			}, Requests: []string{looked}},
		},
		"Unreachable": {
			reason: "A secret is not written without an answer.", get: always(500, marker),
			want: want{Err: &Error{
				Reason: Unreachable, Operation: `get secret "db" from https://web.vault.azure.net`, Status: 500, Cause: finding.Finding{Reason: finding.VaultUnavailable, Status: 500},
			}, Requests: []string{looked}},
		},
		"Garbled": {
			reason: "A secret is not written after an unexpected answer.", get: always(200, `{"value":"`+hidden),
			want: want{Err: &Error{
				Reason: Unreachable, Operation: `get secret "db" from https://web.vault.azure.net`, Cause: finding.Finding{Reason: finding.NoResponse},
			}, Requests: []string{looked}},
		},
		"Deleted": {
			reason: "A name that is taken cannot be used.", get: missing, put: always(409, vaultError("Conflict", "ObjectIsDeletedButRecoverable")),
			want: want{Err: &Error{
				Reason: Deleted, Operation: creating, Status: 409, Code: "ObjectIsDeletedButRecoverable", Cause: finding.Finding{Reason: finding.SecretRecoverable},
			}, Requests: []string{looked, set}},
		},
		"BeingDeleted": {
			reason: "A secret that is being deleted cannot be created.", get: missing, put: always(409, vaultError("Conflict", "ObjectIsBeingDeleted")),
			want: want{Err: &Error{
				Reason: BeingDeleted, Operation: creating, Status: 409, Code: "ObjectIsBeingDeleted", Cause: finding.Finding{Reason: finding.SecretBeingDeleted},
			}, Requests: []string{looked, set}},
		},
		"BeingRecovered": {
			reason: "A secret that is being recovered is not overwritten.", get: always(409, vaultError("Conflict", "ObjectIsBeingRecovered")),
			want: want{Err: &Error{
				Reason: BeingRecovered, Operation: `get secret "db" from https://web.vault.azure.net`, Status: 409, Code: "ObjectIsBeingRecovered",
				Cause: finding.Finding{Reason: finding.SecretBeingRecovered},
			}, Requests: []string{looked}},
		},
		"DeletedMeanwhile": {
			reason: "A secret without versions was deleted in the meantime, and does not count as created.",
			get:    missing, put: always(200, bundle("secrets/db/v1", "", "")), versions: always(200, `{"value":[],"nextLink":null}`),
			want: want{Err: exists, Requests: []string{looked, set, versions}},
		},
		"ReplacedMeanwhile": {
			reason: "A secret that was purged and created again by another provider does not count as created.",
			get:    missing, put: always(200, bundle("secrets/db/v1", "", "")),
			versions: always(200, `{"value":[{"id":"https://web.vault.azure.net/secrets/db/v2","tags":{"created-by":"provider-keyvault-secretsync"}}]}`),
			want:     want{Err: exists, Requests: []string{looked, set, versions}},
		},
		"BeingDeletedMeanwhile": {
			reason: "A secret that is being deleted does not count as created.",
			get:    missing, put: always(200, bundle("secrets/db/v1", "", "")), versions: always(409, vaultError("Conflict", "ObjectIsBeingDeleted")),
			want: want{Err: exists, Requests: []string{looked, set, versions}},
		},
		"ReadOnly": {
			reason: "An identity that may read but not write cannot create a secret.", get: missing, put: always(403, vaultError("Forbidden", "ForbiddenByRbac")),
			want: want{Err: &Error{
				Reason: Forbidden, Operation: creating, Status: 403, Code: "ForbiddenByRbac", Cause: finding.Finding{Reason: finding.RoleMissing},
			}, Requests: []string{looked, set}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := &azure{answer: func(r *http.Request) *http.Response {
				switch {
				case r.Method == http.MethodPut:
					return tc.put(r)
				case !strings.HasSuffix(r.URL.Path, "/versions"):
					return tc.get(r)
				case tc.versions != nil:
					return tc.versions(r)
				default:
					return reply(r, 200, nil, `{"value":[`+bundle("secrets/db/v1", "", "")+`]}`)
				}
			}}
			c, _ := clientOf(t, a)

			p, err := c.Create(t.Context(), "db", "application/json", `{"A":""}`)
			if tc.want.Err != nil {
				p = Properties{}
			}

			if diff := cmp.Diff(tc.want, want{Properties: p, Err: errorOf(t, err), Requests: a.requests}); diff != "" {
				t.Errorf("\n%s\nCreate(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestClientCreateMeanwhile lets others write before and after our write, in a vault that keeps
// versions.
func TestClientCreateMeanwhile(t *testing.T) {
	const (
		theirs   = `"contentType":"text/plain","tags":{"owner":"team"}`
		provider = `"contentType":"application/json","tags":{"created-by":"provider-keyvault-secretsync"}`
	)

	type args struct {
		// These are the versions that others write before and after our first write, and after our
		// second.
		before, after, again []version
		disabled             bool
	}

	type want struct {
		Reason Reason
		Values []string
	}

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"Nobody":  {reason: "Without other writes, our version is the latest.", want: want{Values: []string{"ours"}}},
		"Before":  {reason: "The overwritten version is the latest again.", args: args{before: []version{{"a", theirs}}}, want: want{Exists, []string{"a", "ours", "a"}}},
		"After":   {reason: "A version written after ours is the latest already.", args: args{after: []version{{"a", theirs}}}, want: want{Exists, []string{"ours", "a"}}},
		"Twice":   {reason: "The last of several versions is the latest.", args: args{before: []version{{"a", theirs}, {"b", theirs}}}, want: want{Exists, []string{"a", "b", "ours", "b"}}},
		"Around":  {reason: "The last version is the latest.", args: args{before: []version{{"a", theirs}}, after: []version{{"b", theirs}}}, want: want{Exists, []string{"a", "ours", "b"}}},
		"Racing":  {reason: "A version written during the restore is not overwritten either.", args: args{before: []version{{"a", theirs}}, again: []version{{"b", theirs}}}, want: want{Exists, []string{"a", "ours", "b", "a", "b"}}},
		"Replica": {reason: "Another provider's structure is not a value, and stays overwritten.", args: args{before: []version{{"empty", provider}}}, want: want{Values: []string{"empty", "ours"}}},
		"Hidden":  {reason: "An officer's value below the structures of two providers becomes the latest.", args: args{before: []version{{"a", theirs}}, after: []version{{"empty", provider}}}, want: want{Exists, []string{"a", "ours", "empty", "a"}}},
		"Disabled": {
			reason: "An unreadable value stays the previous version, and does not affect other secrets.",
			args:   args{before: []version{{"a", theirs}}, disabled: true}, want: want{Exists, []string{"a", "ours"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			h := &history{t: t, before: tc.args.before, after: tc.args.after, again: tc.args.again, disabled: tc.args.disabled}
			h.azure = azure{answer: h.answer}
			c, _ := clientOf(t, &h.azure)

			_, err := c.Create(t.Context(), "db", "application/json", "ours")
			got := want{Reason: ReasonOf(err)}

			for _, v := range h.stored {
				got.Values = append(got.Values, v.value)
				if v.value != "ours" && v.value != "empty" && v.more != theirs {
					t.Errorf("\n%s\nCreate(...): a value is restored as it was, got %s", tc.reason, v.more)
				}
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCreate(...): versions from the first to the latest: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A version of a secret has a value, and its content type and tags in JSON.
type version struct{ value, more string }

// A history is a vault with one secret and its versions. Others write before and after our first
// write, and before our second.
type history struct {
	azure

	t                    *testing.T
	before, after, again []version
	disabled             bool

	stored []version
	puts   int
}

func (h *history) answer(r *http.Request) *http.Response {
	latest := len(h.stored) - 1

	switch {
	case r.Method == http.MethodPut:
		return h.put(r)
	case strings.HasSuffix(r.URL.Path, "/versions"):
		all := make([]string, len(h.stored))
		for i := range h.stored {
			all[latest-i] = h.bundle(i, "")
		}

		return reply(r, 200, nil, `{"value":[`+strings.Join(all, ",")+`]}`)
	case latest < 0:
		return reply(r, 404, nil, vaultError("SecretNotFound", ""))
	case strings.HasSuffix(r.URL.Path, "/db/"):
		return reply(r, 200, nil, h.bundle(latest, h.stored[latest].value))
	case h.disabled:
		return reply(r, 403, nil, vaultError("Forbidden", "SecretDisabled"))
	}

	i, err := strconv.Atoi(r.URL.Path[strings.LastIndex(r.URL.Path, "/v")+2:])
	if err != nil {
		h.t.Error(err)
	}

	return reply(r, 200, nil, h.bundle(i, h.stored[i].value))
}

func (h *history) put(r *http.Request) *http.Response {
	body := struct {
		Value       string          `json:"value"`
		ContentType string          `json:"contentType"`
		Tags        json.RawMessage `json:"tags"`
		Attributes  json.RawMessage `json:"attributes"`
	}{}
	if err := json.Unmarshal([]byte(h.bodies[len(h.bodies)-1]), &body); err != nil {
		h.t.Error(err)
	}

	h.puts++
	first := h.puts == 1

	switch {
	case first:
		h.stored = append(h.stored, h.before...)
	case h.puts == 2:
		h.stored = append(h.stored, h.again...)
	}

	if got := string(body.Attributes); !first && got != `{"enabled":true,"exp":1777723200}` {
		h.t.Errorf("attributes of what is restored are as they were, got %s", got)
	}

	h.stored = append(h.stored, version{body.Value, fmt.Sprintf(`"contentType":%q,"tags":%s`, body.ContentType, body.Tags)})
	answer := reply(r, 200, nil, h.bundle(len(h.stored)-1, body.Value))

	if first {
		h.stored = append(h.stored, h.after...)
	}

	return answer
}

// bundle returns versions, each made a second after the previous one.
func (h *history) bundle(i int, value string) string {
	return fmt.Sprintf(`{"id":"https://web.vault.azure.net/secrets/db/v%d","value":%q,%s,"attributes":{"enabled":true,"created":%d,"exp":1777723200}}`,
		i, value, h.stored[i].more, 1777636800+i)
}

func TestClientCreateBody(t *testing.T) {
	a := &azure{answer: func(r *http.Request) *http.Response {
		if r.Method == http.MethodPut {
			return reply(r, 200, nil, bundle("secrets/db/v1", "", ""))
		}

		if strings.HasSuffix(r.URL.Path, "/versions") {
			return reply(r, 200, nil, `{"value":[`+bundle("secrets/db/v1", "", "")+`]}`)
		}

		return reply(r, 404, nil, vaultError("SecretNotFound", ""))
	}}
	c, _ := clientOf(t, a)

	if _, err := c.Create(t.Context(), "db", "application/json", `{"A":""}`); err != nil {
		t.Fatal(err)
	}

	got := map[string]any{}
	if err := json.Unmarshal([]byte(a.bodies[slices.Index(a.requests, "PUT /secrets/db")]), &got); err != nil {
		t.Fatal(err)
	}

	want := map[string]any{"value": `{"A":""}`, "contentType": "application/json", "tags": map[string]any{createdByTag: createdByValue}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("\nThe secret says what it is, and who has made it.\nCreate(...): -want, +got:\n%s", diff)
	}
}
