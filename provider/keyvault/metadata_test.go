// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	cmpstd "cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMetadata(t *testing.T) {
	const (
		openID = "https://login.microsoftonline.com/one/v2.0/.well-known/openid-configuration"
		other  = "https://login.microsoftonline.com/two/v2.0/.well-known/openid-configuration"
		token  = "https://login.microsoftonline.com/one/oauth2/v2.0/token"
	)

	type ask struct {
		method, url string
		after       time.Duration
		status      int
		// document is the answer, with %d for its number. Default: a valid one.
		document string
	}

	const good = `{"issuer":"i","authorization_endpoint":"a","token_endpoint":"https://login.microsoftonline.com/t","n":"%d"}`

	get := ask{method: http.MethodGet, url: openID, status: 200}
	with := func(do func(*ask)) ask {
		a := get
		do(&a)

		return a
	}

	cases := map[string]struct {
		reason string
		asked  []ask
		want   []string
	}{
		"Kept":    {reason: "Metadata is cached.", asked: []ask{get, get}, want: []string{"1", "1"}},
		"Expired": {reason: "Cached metadata expires after an hour.", asked: []ask{get, with(func(a *ask) { a.after = metadataLifetime })}, want: []string{"1", "2"}},
		"Tenants": {reason: "Each tenant has its own.", asked: []ask{get, with(func(a *ask) { a.url = other }), get}, want: []string{"1", "2", "1"}},
		"Failed":  {reason: "An error is not cached.", asked: []ask{with(func(a *ask) { a.status = 503 }), get}, want: []string{"1", "2"}},
		"Tokens":  {reason: "A token is not cached.", asked: []ask{with(func(a *ask) { a.url = token }), with(func(a *ask) { a.url = token })}, want: []string{"1", "2"}},
		"Page":    {reason: "A page of a proxy is not cached.", asked: []ask{with(func(a *ask) { a.document = "<html>%d" }), get}, want: []string{"1", "2"}},
		"Foreign": {
			reason: "Tokens come from the host that was asked.",
			asked:  []ask{with(func(a *ask) { a.document = strings.ReplaceAll(good, "login.", "evil.") }), get}, want: []string{"1", "2"},
		},
		"Partial": {reason: "A document without an address is not cached.", asked: []ask{with(func(a *ask) { a.document = `{"issuer":"%d"}` }), get}, want: []string{"1", "2"}},
		"Posted":  {reason: "Only answers to GET are cached.", asked: []ask{with(func(a *ask) { a.method = http.MethodPost }), get}, want: []string{"1", "2"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			now, sent, current := time.Unix(0, 0), 0, ask{}
			c := newCounted(roundTripper(func(r *http.Request) (*http.Response, error) {
				sent++

				return reply(r, current.status, nil, strings.ReplaceAll(cmpstd.Or(current.document, good), "%d", strconv.Itoa(sent))), nil
			}), NewMetrics(), func() time.Time { return now })

			var got []string

			for _, a := range tc.asked {
				now, current = now.Add(a.after), a
				got = append(got, digits.FindString(bodyOf(t, c, a.method, a.url)))
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nDo(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// digits in an answer are the number of its request.
var digits = regexp.MustCompile("[0-9]+")

// bodyOf returns the body of the answer to a request.
func bodyOf(t *testing.T, c *counted, method, url string) string {
	t.Helper()

	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}

	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}

	return string(body)
}

func TestMetadataLimit(t *testing.T) {
	m := newMetadata(time.Now)

	for i := range 3 * metadataMost {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("https://login.microsoftonline.com/%d/v2.0/.well-known/openid-configuration", i), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}

		if err := m.store(r, &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(
			`{"issuer":"i","authorization_endpoint":"a","token_endpoint":"https://login.microsoftonline.com/t"}`,
		))}); err != nil {
			t.Fatal(err)
		}
	}

	if n := len(m.documents); n == 0 || n > metadataMost {
		t.Errorf("\nMemory is limited.\nstore(...): %d documents are kept, want 1 to %d", n, metadataMost)
	}
}
