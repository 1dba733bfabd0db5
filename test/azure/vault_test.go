// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// ask sends a request to a vault. The path gets the API version unless it has a query.
func (w *world) ask(tb testing.TB, line, token, body string) response {
	tb.Helper()

	method, path, _ := strings.Cut(line, " ")
	if !strings.Contains(path, "?") {
		path += "?api-version=7.4"
	}

	return w.send(tb, method+" "+origin+path, token, body)
}

func TestRequests(t *testing.T) {
	w := newWorld(t)
	token := w.officer(t, forVaults)

	_, err := w.PutSecret(vault, "known", azure.Secret{Value: "x"})
	check.Must(t, err)
	_, err = w.PutSecret(vault, "off", azure.Secret{Value: "x", Disabled: true})
	check.Must(t, err)
	_, err = w.PutCertificate(vault, "tls", azure.Certificate{DNSNames: []string{"www.example.org"}, ECDSA: true})
	check.Must(t, err)

	var tags []string
	for i := range 16 {
		tags = append(tags, fmt.Sprintf(`"%d":"x"`, i))
	}

	const set, bad = "PUT /secrets/new", "400 BadParameter"

	cases := map[string]struct {
		reason string
		line   string
		body   string
		want   string
	}{
		"NewVersion":     {"New versions of the API are served.", "GET /secrets/known?api-version=2025-07-01", "", "200"},
		"TrailingSlash":  {"The path without a version returns the current version.", "GET /secrets/known/", "", "200"},
		"NoVersion":      {"The version of the API is required.", "GET /secrets/known?", "", bad},
		"Missing":        {"A missing secret is not found.", "GET /secrets/unknown", "", "404 SecretNotFound"},
		"MissingVersion": {"A missing version is not found.", "GET /secrets/known/" + strings.Repeat("0", 32), "", "404 SecretNotFound"},
		"OddVersion":     {"A version has 32 hexadecimal digits.", "GET /secrets/known/1", "", bad},
		"OddName":        {"A name has no underscore.", "GET /secrets/a_b", "", bad},
		"UnknownPath":    {"Other paths are not served.", "GET /sekrets", "", "404 NotFound"},
		"Disabled":       {"A disabled secret is not readable.", "GET /secrets/off", "", "403 Forbidden SecretDisabled"},

		"Set":          {"A value is sufficient.", set, `{"value":""}`, "200"},
		"SetNothing":   {"The value is required.", set, `{}`, bad},
		"LargerValue":  {"One more byte is rejected.", set, `{"value":"` + strings.Repeat("a", 25601) + `"}`, bad},
		"MoreTags":     {"A secret has at most 15 tags.", set, `{"value":"x","tags":{` + strings.Join(tags, ",") + `}}`, bad},
		"Managed":      {"Only a certificate changes its own secret.", "PUT /secrets/TLS", `{"value":"a"}`, "403 Forbidden SecretManagedByKeyVault"},
		"RecoverKnown": {"Only a deleted secret can be recovered.", "POST /deletedsecrets/known/recover", "", "404 SecretNotFound"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := w.ask(t, tc.line, token, tc.body)
			if rsp.String() != tc.want {
				t.Errorf("\n%s\n%s: want %s, got %s: %s", tc.reason, tc.line, tc.want, rsp, rsp.body)
			}
		})
	}
}

// TestSecretsUser checks that the role of applications can only read.
func TestSecretsUser(t *testing.T) {
	w := newWorld(t)
	token := w.reader(t, forVaults)

	_, err := w.PutSecret(vault, "known", azure.Secret{Value: "x"})
	check.Must(t, err)

	const forbidden = "403 Forbidden ForbiddenByRbac"

	for line, want := range map[string]string{
		"GET /secrets": "200", "GET /secrets/known": "200", "GET /secrets/known/versions": "200", "PUT /secrets/known": forbidden,
		"PATCH /secrets/known/" + strings.Repeat("0", 32): forbidden, "DELETE /secrets/known": forbidden,
		"GET /deletedsecrets/known": forbidden, "POST /deletedsecrets/known/recover": forbidden,
	} {
		if rsp := w.ask(t, line, token, `{"value":"y"}`); rsp.String() != want {
			t.Errorf("%s: want %s, got %s: %s", line, want, rsp, rsp.body)
		}
	}
}

func TestAccessTokens(t *testing.T) {
	w := newWorld(t)
	good := w.officer(t, forVaults)

	check.Must(t, w.PutApplication(azure.Application{TenantID: otherTenant, ClientID: officer, PrincipalID: officerPrincipal, ClientSecret: officerSecret}))

	foreign := w.form(t, otherTenant, map[string][]string{"client_id": {officer}, "client_secret": {officerSecret}, "scope": {forVaults + "/.default"}}).AccessToken

	const (
		plain   = `Bearer authorization="https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111", resource="https://vault.azure.net"`
		invalid = plain + `, error="invalid_token"`
	)

	// The order matters: the last requests change the world.
	for _, tc := range []struct {
		reason        string
		authorization string
		challenge     string
		message       string
		before        func()
	}{
		{"The challenge names the authority for tokens.", "", plain, "AKV10000: ", nil},
		{"A token must have been issued.", "Bearer " + good[:len(good)-4] + "AAAA", invalid, "[BearerReadAccessTokenFailed] ", nil},
		{"A token must be from the vault's tenant.", "Bearer " + foreign, invalid, "AKV10032: ", nil},
		{"A token must be for Key Vault.", "Bearer " + w.officer(t, forManagement), invalid, "AKV10022: ", nil},
		{"A token is valid for a day.", "Bearer " + good, "", "api-version", func() { w.move(24*time.Hour - time.Second) }},
		{"An expired token is rejected.", "Bearer " + good, invalid, "TokenExpired", func() { w.move(time.Second) }},
	} {
		if tc.before != nil {
			tc.before()
		}

		// The token is checked before the body.
		rsp := w.send(t, "PUT "+origin+"/secrets/a", "", "{", "Authorization", tc.authorization)
		if got := rsp.header.Get("WWW-Authenticate"); got != tc.challenge || !strings.Contains(string(rsp.body), tc.message) {
			t.Errorf("\n%s\nwant %s and %s, got %s: %s", tc.reason, tc.challenge, tc.message, got, rsp.body)
		}
	}
}
