// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	// TokenPath is where the runtime configurations of the providers mount tokens for Entra ID.
	TokenPath = "/var/run/secrets/p6m.dev/entra/token"

	// maxToken is more than any token has.
	maxToken = 1 << 16

	// maxListed is how much of a list is passed on.
	maxListed = 10
)

// A Token is what a token says of itself. The token is not in it.
type Token struct {
	Path string `json:"path"`

	// Problem is why there is nothing else. Empty if there is.
	Problem string `json:"problem,omitempty"`

	Issuer    string   `json:"issuer,omitempty"`
	Subject   string   `json:"subject,omitempty"`
	Audiences []string `json:"audiences,omitempty"`

	// KeyID names the key that it is signed with.
	KeyID string `json:"keyId,omitempty"`
}

// readToken at a path. Problems name the path and nothing of what is there.
func readToken(path string) (token string, _ Token) {
	f, err := os.Open(path) //nolint:gosec // The platform says where.
	if err != nil {
		return "", Token{Path: clean(path), Problem: "there is no such file"}
	}
	defer f.Close() //nolint:errcheck // It was only read.

	data, err := io.ReadAll(io.LimitReader(f, maxToken))
	if err != nil {
		return "", Token{Path: clean(path), Problem: "the file cannot be read"}
	}

	token = strings.TrimSpace(string(data))

	parsed, err := parseToken(token)
	parsed.Path = clean(path)

	if err != nil {
		return "", Token{Path: parsed.Path, Problem: err.Error()}
	}

	return token, parsed
}

// errNoToken is about what is no JSON Web Token.
var errNoToken = errors.New("the file holds no JSON Web Token")

// parseToken reads what a token says of itself. It does not verify the signature, which is Entra ID's to do.
func parseToken(token string) (Token, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 { //nolint:mnd // Header, claims and signature.
		return Token{}, errNoToken
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

	if decodePart(parts[0], &header) != nil || decodePart(parts[1], &claims) != nil {
		return Token{}, errNoToken
	}

	audiences, one := []string{}, ""
	if json.Unmarshal(claims.Audience, &audiences) != nil && json.Unmarshal(claims.Audience, &one) == nil {
		audiences = []string{one}
	}

	audiences = audiences[:min(len(audiences), maxListed)]
	for i, a := range audiences {
		audiences[i] = clean(a)
	}

	return Token{Issuer: clean(claims.Issuer), Subject: clean(claims.Subject), Audiences: audiences, KeyID: clean(header.KeyID)}, nil
}

func decodePart(part string, out any) error {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return errNoToken
	}

	if json.Unmarshal(data, out) != nil {
		return errNoToken
	}

	return nil
}

// forEntra tells whether a token is for Entra ID and nobody else. Another one is sent nowhere.
func (t Token) forEntra() bool { return slices.Equal(t.Audiences, []string{keyvault.TokenAudience}) }

// An Exchange of a token at Entra ID. What Entra ID gave for it is not in it.
type Exchange struct {
	ClientID string `json:"clientId"`
	TenantID string `json:"tenantId"`

	// Done is true if Entra ID gave a token.
	Done bool `json:"done"`

	// Meaning and Code of its refusal.
	Meaning keyvault.Meaning `json:"meaning,omitempty"`
	Code    int              `json:"code,omitempty"`

	// Problem is why there is no answer that makes sense.
	Problem string `json:"problem,omitempty"`
}

// exchange a token of a ServiceAccount for one of Entra ID, which is thrown away.
func (n Network) exchange(ctx context.Context, login, scope, tenant, client, token string) Exchange {
	out := Exchange{ClientID: clean(client), TenantID: clean(tenant)}

	form := url.Values{
		"client_id": {client}, "scope": {scope}, "grant_type": {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {token},
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+login+"/"+url.PathEscape(tenant)+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		out.Problem = "tenantID cannot be part of an address"

		return out
	}

	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	status, body, err := n.ask(request)
	if err != nil {
		out.Problem = clean(err.Error())

		return out
	}

	var answer struct {
		AccessToken string `json:"access_token"`
	}

	out.Done = status == http.StatusOK && json.Unmarshal(body, &answer) == nil && answer.AccessToken != ""
	if out.Done {
		return out
	}

	if codes := keyvault.CodesOf(body); len(codes) > 0 {
		out.Meaning, out.Code = keyvault.MeaningOf(codes)
	} else {
		out.Problem = fmt.Sprintf("it answers with status %d and no code of its own", status)
	}

	return out
}
