// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:bodyclose // Bodies of answers are strings.
package keyvault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// A wire records every request that leaves, and whether it had a token.
type wire struct {
	mu     sync.Mutex
	sent   []string
	answer func(r *http.Request) *http.Response
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	what := "plain"
	if r.Header.Get("Authorization") != "" {
		what = "token"
	}

	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		if bytes.Contains(b, []byte("jwt-of-")) {
			what = "assertion"
		}
	}

	w.mu.Lock()
	defer w.mu.Unlock()

	w.sent = append(w.sent, what+" "+r.URL.Scheme+"://"+r.URL.Host)

	return w.answer(r), nil
}

// hosts returns the hosts that got requests, and the requests.
func (w *wire) hosts() []string {
	w.mu.Lock()
	defer w.mu.Unlock()

	return slices.Compact(slices.Sorted(slices.Values(w.sent)))
}

const honest = `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`

// challenged answers a request without a token with a challenge.
func challenged(challenge string, then func(r *http.Request) *http.Response) func(r *http.Request) *http.Response {
	return entra(func(r *http.Request) *http.Response {
		if r.Header.Get("Authorization") == "" {
			return reply(r, http.StatusUnauthorized, map[string]string{"WWW-Authenticate": challenge}, "")
		}

		return then(r)
	})
}

// A list links each page to the next, by its full address.
func TestNextLink(t *testing.T) { //nolint:gocognit // Two lists, and all that has to be true of each.
	const vault, authority = "token https://a-vault.vault.azure.net", "assertion https://login.microsoftonline.com"

	both := []string{authority, "plain https://a-vault.vault.azure.net", "plain https://login.microsoftonline.com", vault}

	cases := map[string]struct {
		reason string
		link   string
		want   Reason
	}{
		"Own":       {reason: "A page of the same vault is followed.", link: "https://a-vault.vault.azure.net/secrets?$skiptoken=1"},
		"Port":      {reason: "An explicit default port is the same port.", link: "https://a-vault.vault.azure.net:443/secrets?$skiptoken=1"},
		"Case":      {reason: "A host in capital letters is the same host.", link: "https://A-Vault.vault.azure.net/secrets?$skiptoken=1"},
		"Evil":      {reason: "A page of a foreign host is not followed.", link: "https://evil.example/secrets?$skiptoken=1", want: Unreachable},
		"Vault":     {reason: "A page of a foreign vault is not followed, because its owner could use the token.", link: "https://b-vault.vault.azure.net/secrets?$skiptoken=1", want: Unreachable},
		"OtherPort": {reason: "A page at another port is not followed.", link: "https://a-vault.vault.azure.net:8443/secrets", want: Unreachable},
		"Plain":     {reason: "A URL without TLS is rejected.", link: "http://a-vault.vault.azure.net/secrets", want: Unreachable},
		"User":      {reason: "A host in the user part only looks like the vault.", link: "https://a-vault.vault.azure.net@evil.example/secrets", want: Unreachable},
		"Suffix":    {reason: "A host that begins with the vault's name is not the vault.", link: "https://a-vault.vault.azure.net.evil.example/secrets", want: Unreachable},
		"Path":      {reason: "A page of keys is not a page of secrets.", link: "https://a-vault.vault.azure.net/keys", want: Unreachable},
		"Dots":      {reason: "A path with dots is rejected.", link: "https://a-vault.vault.azure.net/secrets/../keys", want: Unreachable},
		"Prefix":    {reason: "A path that only begins like the path of secrets is rejected.", link: "https://a-vault.vault.azure.net/secretsandmore", want: Unreachable},
		"NoURL":     {reason: "An invalid URL is rejected.", link: "https://%zz", want: Unreachable},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for what, list := range map[string]func(c *Client) error{
				"secrets":  func(c *Client) error { _, err := c.List(t.Context(), Listing{}); return err },
				"versions": func(c *Client) error { _, _, err := c.theirs(t.Context(), "db", "v1", map[string]bool{}); return err },
			} {
				pages := 0
				w := &wire{answer: challenged(honest, func(r *http.Request) *http.Response {
					pages++
					if pages > 1 {
						return reply(r, http.StatusOK, nil, `{"value":[]}`)
					}

					return reply(r, http.StatusOK, nil, fmt.Sprintf(`{"value":[],"nextLink":%q}`, tc.link))
				})}

				c, err := poolOf(w, &tokenSource{}).Application("https://a-vault.vault.azure.net", identity())
				if err != nil {
					t.Fatal(err)
				}

				if err := list(c); ReasonOf(err) != tc.want {
					t.Errorf("\n%s\nlist of %s: %v, want reason %q", tc.reason, what, err, tc.want)
				}

				got := w.hosts()
				if tc.want == "" {
					got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "token ") && s != vault }) // The spelling is the original one.
				}

				if diff := cmp.Diff(both, got); diff != "" {
					t.Errorf("\n%s\nlist of %s is sent: -want, +got:\n%s", tc.reason, what, diff)
				}
			}
		})
	}
}

// A challenge names the authority that issues tokens, and their resource.
func TestChallenge(t *testing.T) {
	cases := map[string]struct {
		reason    string
		challenge string
		want      Reason
	}{
		"Honest":    {reason: "The challenge of Key Vault is accepted.", challenge: honest},
		"Alias":     {reason: "Another name of the authority is accepted.", challenge: `Bearer authorization="https://login.windows.net/tenant", resource="https://vault.azure.net"`},
		"Authority": {reason: "A foreign authority is rejected: it would get a token of the ServiceAccount.", challenge: `Bearer authorization="https://evil.example/tenant", resource="https://vault.azure.net"`, want: Unreachable},
		"Second":    {reason: "An authority outside the cloud is rejected as the second parameter, too.", challenge: honest + ` authorization="https://evil.example/tenant"`, want: Unreachable},
		"Plain":     {reason: "A URL without TLS is rejected.", challenge: `Bearer authorization="http://login.microsoftonline.com/tenant", resource="https://vault.azure.net"`, want: Unreachable},
		"Cloud":     {reason: "The authority of another cloud is rejected.", challenge: `Bearer authorization="https://login.chinacloudapi.cn/tenant", resource="https://vault.azure.net"`, want: Unreachable},
		"Tenant":    {reason: "A tenant that is not the identity's is rejected.", challenge: `Bearer authorization="https://login.microsoftonline.com/evil", resource="https://vault.azure.net"`, want: NoIdentity},
		"Resource":  {reason: "A token for another resource is rejected.", challenge: `Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://management.azure.com"`, want: Unreachable},
		"Scope":     {reason: "A token for another scope is rejected.", challenge: `Bearer authorization="https://login.microsoftonline.com/tenant", scope="https://graph.microsoft.com/.default"`, want: Unreachable},
		"NoHost":    {reason: "An authority without a host is rejected, because the Azure client would panic.", challenge: `Bearer authorization="x", resource="https://vault.azure.net"`, want: Unreachable},
		"NoPath":    {reason: "An authority without a tenant is rejected, because the Azure client would panic.", challenge: `Bearer authorization="https://login.microsoftonline.com", resource="https://vault.azure.net"`, want: Unreachable},
		"Empty":     {reason: "A missing challenge is an error.", challenge: "", want: Unreachable},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: challenged(tc.challenge, always(http.StatusOK, `{"value":[]}`))}

			c, err := poolOf(w, &tokenSource{}).Application("https://a-vault.vault.azure.net", identity())
			if err != nil {
				t.Fatal(err)
			}

			if _, err := c.List(t.Context(), Listing{}); ReasonOf(err) != tc.want {
				t.Errorf("\n%s\nList(...): %v, want reason %q", tc.reason, err, tc.want)
			}

			want := []string{"plain https://a-vault.vault.azure.net"}
			if tc.want == "" {
				want = []string{"assertion https://login.microsoftonline.com", want[0], "plain https://login.microsoftonline.com", "token https://a-vault.vault.azure.net"}
			}

			if diff := cmp.Diff(want, w.hosts()); diff != "" {
				t.Errorf("\n%s\nList(...) sends: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// For any challenge, the process does not panic, and sends requests only to the vault and the
// authority of its cloud.
func TestChallengeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"Bearer ", "authorization=", "resource=", "scope=", `"`, "https://", "login.microsoftonline.com", "evil.example", "vault.azure.net", "/", "tenant", ",", " ", "=", "@", ":443", "%", "\t", `error="insufficient_claims"`, `claims="e30="`})
		challenge := strings.Join(rapid.SliceOf(part).Draw(t, "challenge"), "")
		w := &wire{answer: challenged(challenge, always(http.StatusOK, `{"value":[]}`))}

		c, err := poolOf(w, &tokenSource{}).Application("https://a-vault.vault.azure.net", identity())
		if err != nil {
			t.Fatal(err)
		}

		_, _ = c.List(context.Background(), Listing{})

		for _, sent := range w.hosts() {
			if _, host, _ := strings.Cut(sent, " "); host != "https://a-vault.vault.azure.net" && host != "https://login.microsoftonline.com" {
				t.Fatalf("something was sent to %s", host)
			}
		}
	})
}

// The metadata of a tenant contains the address that issues tokens.
func TestTokenEndpoint(t *testing.T) {
	w := &wire{}
	inner := challenged(honest, always(http.StatusOK, `{"value":[]}`))
	w.answer = func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			return reply(r, 200, nil, `{"token_endpoint":"https://evil.example/token","authorization_endpoint":"https://evil.example/authorize","issuer":"https://login.microsoftonline.com/tenant/v2.0"}`)
		}

		return inner(r)
	}

	c, err := poolOf(w, &tokenSource{}).Application("https://a-vault.vault.azure.net", identity())
	if err != nil {
		t.Fatal(err)
	}

	if _, err := c.List(t.Context(), Listing{}); err == nil {
		t.Error("\nA token of a service account goes to the authority of the cloud only.\nList(...): no error")
	}

	if diff := cmp.Diff([]string{"plain https://a-vault.vault.azure.net", "plain https://login.microsoftonline.com"}, w.hosts()); diff != "" {
		t.Errorf("\nList(...) sends: -want, +got:\n%s", diff)
	}
}

// A token is sent only to vaults, whichever code attaches it.
func TestCountedToken(t *testing.T) {
	cases := map[string]struct {
		reason string
		url    string
		want   bool
	}{
		"Vault": {reason: "A vault gets the token.", url: "https://a-vault.vault.azure.net/secrets", want: true},
		"Plain": {reason: "A URL without TLS is rejected.", url: "http://a-vault.vault.azure.net/secrets"},
		"Evil":  {reason: "A host that is no vault gets no token.", url: "https://evil.example/secrets"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := &wire{answer: always(http.StatusOK, "")}

			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tc.url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}

			r.Header.Set("Authorization", "Bearer x")

			_, err = newCounted(w, NewMetrics(), nil).Do(r)
			if sent := len(w.hosts()) > 0; sent != tc.want || sent != (err == nil) {
				t.Errorf("\n%s\nDo(%s): sent %t, %v", tc.reason, tc.url, sent, err)
			}
		})
	}
}

// A list uses memory only for the requested names, and its number of pages is limited.
func TestListBounds(t *testing.T) {
	page := func(names ...string) string {
		var values []string
		for _, n := range names {
			values = append(values, fmt.Sprintf(`{"id":"https://web.vault.azure.net/secrets/%s","attributes":{"enabled":true}}`, n))
		}

		return `{"value":[` + strings.Join(values, ",") + `],"nextLink":"https://web.vault.azure.net/secrets?$skiptoken=1"}`
	}

	stop := &Error{Reason: TooLarge, Cause: because("enough")}

	cases := map[string]struct {
		reason  string
		listing Listing
		want    *Error
		pages   int
	}{
		"Endless": {
			reason: "A list whose every page has a next one is stopped.", pages: MaxPages,
			want: &Error{Reason: TooLarge, Operation: "list secrets of https://web.vault.azure.net", Cause: finding.Finding{Reason: finding.ListTooLong, Limit: 400}},
		},
		"Ended": {
			reason: "A list ends when the caller has all names.", pages: 3,
			listing: Listing{Next: func(_ context.Context, pages int) error {
				if pages == 3 {
					return stop
				}

				return nil
			}},
			want: &Error{Reason: TooLarge, Operation: "list secrets of https://web.vault.azure.net", Cause: because("enough")},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := &azure{answer: always(http.StatusOK, page("a", "b"))}
			c, _ := clientOf(t, a)

			_, err := c.List(t.Context(), tc.listing)
			if diff := cmp.Diff(tc.want, errorOf(t, err)); diff != "" {
				t.Errorf("\n%s\nList(...): -want, +got:\n%s", tc.reason, diff)
			}

			if len(a.requests) != tc.pages {
				t.Errorf("\n%s\nList(...) takes %d requests, want %d", tc.reason, len(a.requests), tc.pages)
			}
		})
	}

	t.Run("Keep", func(t *testing.T) {
		a := &azure{}
		a.answer = func(r *http.Request) *http.Response {
			if len(a.requests) > 3 {
				return reply(r, http.StatusOK, nil, `{"value":[]}`)
			}

			return reply(r, http.StatusOK, nil, page("Wanted", "other"))
		}
		c, _ := clientOf(t, a)

		list, err := c.List(t.Context(), Listing{Keep: func(name string) bool { return name == "Wanted" }})
		if err != nil || len(list) != 3 || list[0].Name != "Wanted" {
			t.Errorf("\nOnly what is wanted is kept, of every page.\nList(...) = %v, %v", list, err)
		}
	})

	t.Run("Versions", func(t *testing.T) {
		a := &azure{answer: always(http.StatusOK, page("a"))}
		c, _ := clientOf(t, a)

		if _, _, err := c.theirs(t.Context(), "a", "v1", map[string]bool{}); ReasonOf(err) != TooLarge {
			t.Errorf("\nA list of versions ends, too.\ntheirs(...): %v", err)
		}
	})
}

// No answer uses more memory than Azure's largest.
func TestBodyBounds(t *testing.T) {
	cases := map[string]struct {
		reason string
		size   int
		want   Reason
	}{
		"Fits":    {reason: "A body of the maximum size is read.", size: maxBody},
		"TooLong": {reason: "A body with one more byte is rejected.", size: maxBody + 1, want: Unreachable},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			const empty = `{"value":[]}`

			a := &azure{answer: always(http.StatusOK, empty+strings.Repeat(" ", tc.size-len(empty)))}
			c, _ := clientOf(t, a)

			if _, err := c.List(t.Context(), Listing{}); ReasonOf(err) != tc.want {
				t.Errorf("\n%s\nList(...): %v, want reason %q", tc.reason, err, tc.want)
			}
		})
	}

	t.Run("Endless", func(t *testing.T) {
		n, err := io.Copy(io.Discard, &bounded{ReadCloser: io.NopCloser(zeros{}), remaining: maxBody})
		if n > maxBody+1 || !errors.Is(err, errTooLong) {
			t.Errorf("\nA body that does not end is ended.\nRead(...): %d bytes, %v", n, err)
		}
	})
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
