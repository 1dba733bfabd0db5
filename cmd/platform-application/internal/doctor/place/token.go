// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	// tokenPath is the file in which the runtime configurations of the providers mount tokens for Entra ID.
	tokenPath = "/var/run/secrets/p6m.dev/entra/token"

	// maxToken limits the bytes of a token file. Tokens are smaller.
	maxToken = 1 << 16

	// maxListed limits the items of a list in the facts.
	maxListed = 10
)

// A Token has the claims of a token, but not the token itself.
type Token struct {
	Path string `json:"path"`

	// Problem is the reason why there are no claims.
	Problem Problem `json:"problem,omitzero"`

	Issuer    string   `json:"issuer,omitempty"`
	Subject   string   `json:"subject,omitempty"`
	Audiences []string `json:"audiences,omitempty"`

	// KeyID names the key that signed the token.
	KeyID string `json:"keyId,omitempty"`
}

// readToken reads the token at a path. A problem never contains text of the file.
func readToken(path string) (token string, _ Token) {
	f, err := os.Open(path) //nolint:gosec // The settings of the platform name the path.
	if err != nil {
		return "", Token{Path: clean(path), Problem: Problem{Code: NoFile}}
	}
	defer f.Close() //nolint:errcheck // It was only read.

	data, err := io.ReadAll(io.LimitReader(f, maxToken))
	if err != nil {
		return "", Token{Path: clean(path), Problem: Problem{Code: Unreadable}}
	}

	token = strings.TrimSpace(string(data))

	parsed, ok := parseToken(token)
	if !ok {
		return "", Token{Path: clean(path), Problem: Problem{Code: NotJWT}}
	}

	parsed.Path = clean(path)

	return token, parsed
}

// parseToken returns the claims of a JSON Web Token. It does not verify the signature, because Entra ID does.
func parseToken(token string) (_ Token, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 { //nolint:mnd // Header, claims and signature.
		return Token{}, false
	}

	var (
		header struct {
			KeyID string `json:"kid"`
		}
		claims struct {
			Issuer   string          `json:"iss"`
			Subject  string          `json:"sub"`
			Audience json.RawMessage `json:"aud"`
		}
	)

	if !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return Token{}, false
	}

	audiences, one := []string{}, ""
	if json.Unmarshal(claims.Audience, &audiences) != nil && json.Unmarshal(claims.Audience, &one) == nil {
		audiences = []string{one}
	}

	audiences = audiences[:min(len(audiences), maxListed)]
	for i, a := range audiences {
		audiences[i] = clean(a)
	}

	return Token{Issuer: clean(claims.Issuer), Subject: clean(claims.Subject), Audiences: audiences, KeyID: clean(header.KeyID)}, true
}

func decodePart(part string, out any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)

	return err == nil && json.Unmarshal(data, out) == nil
}

// forEntra reports whether Entra ID is the only audience of the token. The probe sends no other token.
func (t Token) forEntra() bool { return slices.Equal(t.Audiences, []string{keyvault.TokenAudience}) }

// An Exchange is the result of a token exchange with Entra ID, without the token that Entra ID issued.
type Exchange struct {
	ClientID string `json:"clientId"`
	TenantID string `json:"tenantId"`

	// Done is true if Entra ID issued a token.
	Done bool `json:"done"`

	// Meaning and Code of the error of Entra ID.
	Meaning keyvault.Meaning `json:"meaning,omitempty"`
	Code    int              `json:"code,omitempty"`

	// Problem is the reason why there is no response of Entra ID.
	Problem Problem `json:"problem,omitzero"`
}

// exchange exchanges a token of a ServiceAccount for one of Entra ID, which is no part of the facts.
func (n Network) exchange(ctx context.Context, login, scope, tenant, client, token string) (out Exchange, access string) {
	out = Exchange{ClientID: clean(client), TenantID: clean(tenant)}

	form := url.Values{
		"client_id": {client}, "scope": {scope}, "grant_type": {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {token},
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+login+"/"+url.PathEscape(tenant)+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		out.Problem = Problem{Code: BadTenant}

		return out, ""
	}

	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	status, body, err := n.ask(request)
	if err != nil {
		out.Problem = failed(err)

		return out, ""
	}

	var answer struct {
		AccessToken string `json:"access_token"`
	}

	out.Done = status == http.StatusOK && json.Unmarshal(body, &answer) == nil && answer.AccessToken != ""
	if out.Done {
		return out, answer.AccessToken
	}

	if codes := keyvault.CodesOf(body); len(codes) > 0 {
		out.Meaning, out.Code = keyvault.MeaningOf(codes)
	} else {
		out.Problem = Problem{Code: NoCode, Status: status}
	}

	return out, ""
}
