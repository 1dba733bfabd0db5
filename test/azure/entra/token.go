// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"cmp"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// skew is the tolerated difference from an issuer's clock.
	skew = 5 * time.Minute
)

type tokenBody struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	ExtExpiresIn int64  `json:"ext_expires_in"`
	RefreshIn    int64  `json:"refresh_in,omitempty"`
	AccessToken  string `json:"access_token"`
}

// token answers a request for a token.
func (s *Service) token(r *http.Request, tenantID string, form url.Values) wire.Answer {
	a, audience, refused := s.authenticate(r, tenantID, form)
	if refused != nil {
		return refused.answer(r, s.Now())
	}

	token, err := s.Tokens.Issue(Caller{TenantID: a.TenantID, PrincipalID: a.PrincipalID, ClientID: a.ClientID}, audience, s.Lifetime)
	if err != nil {
		return wire.Answer{Status: http.StatusInternalServerError, Error: "CannotSign"}
	}

	// Like Entra ID, it is a second less: the token is that old on arrival.
	seconds := int64(s.Lifetime/time.Second) - 1
	body := tokenBody{TokenType: "Bearer", ExpiresIn: seconds, ExtExpiresIn: seconds, AccessToken: token}

	if s.Lifetime >= refreshFrom {
		body.RefreshIn = seconds / 2
	}

	return wire.JSON(http.StatusOK, body)
}

// authenticate returns the application and the audience of a request, or a refusal.
func (s *Service) authenticate(r *http.Request, tenantID string, form url.Values) (*application, string, *refusal) {
	// The clients are Microsoft's own, so there is one error for every form that they do not send.
	if form.Get("grant_type") != "client_credentials" {
		return nil, "", badRequest(900144, "The request body must contain the following parameter: 'grant_type'.")
	}

	clientID := form.Get("client_id")
	id, a := s.Directory.lookup(tenantID, clientID)

	switch {
	case id == "":
		return nil, "", noTenant(tenantID)
	case a == nil:
		return nil, "", noApplication(clientID, id)
	}

	audience, refused := scope(form.Get("scope"), id)
	if refused != nil {
		return nil, "", refused
	}

	return a, audience, s.credential(r, a, form)
}

// scope returns the audience of a scope.
func scope(scope, tenantID string) (string, *refusal) {
	for word := range strings.FieldsSeq(scope) {
		// MSAL adds openid, offline_access and profile to every request; they have no meaning for an application.
		if resource, ok := strings.CutSuffix(word, "/.default"); ok && slices.Contains(resources(), strings.TrimSuffix(resource, "/")) {
			return resource, nil
		}
	}

	return "", &refusal{
		code: 500011, oauth: invalidResource, status: http.StatusBadRequest,
		message: "The resource principal of scope " + scope + " was not found in the tenant named " + tenantID + ". This can happen " +
			"if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. " +
			"You might have sent your authentication request to the wrong tenant.",
	}
}

// credential checks the secret or the assertion of an application.
func (s *Service) credential(r *http.Request, a *application, form url.Values) *refusal {
	secret := form.Get("client_secret")

	switch {
	case form.Get("client_assertion_type") == jwtBearer:
		return s.assertion(r, a, form.Get("client_assertion"))
	case a.ClientSecret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(a.ClientSecret)) != 1:
		return badClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "+
			"value, not the client secret ID, for a secret added to app '%s'.", a.ClientID)
	default:
		return nil
	}
}

// assertion verifies a token of another issuer.
func (s *Service) assertion(r *http.Request, a *application, assertion string) *refusal {
	malformed := badRequest(50027, "JWT token is invalid or malformed.")

	token, err := parseToken(assertion)
	if err != nil {
		return malformed
	}

	var c jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&c); err != nil || c.Issuer == "" || c.Subject == "" {
		return malformed
	}

	if refused := match(a.credentials, c, s.Now()); refused != nil {
		return refused
	}

	id := token.Headers[0].KeyID

	key, err := s.Directory.signingKey(r, c.Issuer, id)
	if err != nil {
		return badRequest(50166, "Request to External OIDC endpoint failed.")
	}

	if key == nil {
		return badClient(7000272, "The certificate with identifier %s used to sign the federated credential could not be found in the "+
			"metadata of identity provider %s. Please validate that your Identity Provider's metadata exposes the key used to sign the "+
			"incoming token.", id, c.Issuer)
	}

	if token.Claims(key, &c) != nil {
		return badClient(700027, "Client assertion failed signature validation.")
	}

	if c.Expiry == nil || c.IssuedAt == nil {
		return malformed
	}

	if now := s.Now(); c.ValidateWithLeeway(jwt.Expected{Time: now}, skew) != nil {
		const layout = "2006-01-02T15:04:05.0000000Z"

		return badClient(700024, "Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, "+
			"expiry time of assertion %s. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
			now.UTC().Format(layout), cmp.Or(c.NotBefore, c.IssuedAt).Time().UTC().Format(layout), c.Expiry.Time().UTC().Format(layout))
	}

	return nil
}

// match finds the federated credential for an assertion. Sources of the errors:
//
//   - 70021 was 400 invalid_request in 2022 (github.com/Azure/azure-workload-identity/issues/340) and is 401 invalid_client since 2023
//     (github.com/external-secrets/external-secrets/issues/2783);
//   - 70025 is 401 invalid_client (a log of github.com/ratify-project/ratify of 2024);
//   - 700211, 700212 and 700213 are invalid_client (github.com/Azure/azure-workload-identity/issues/1200);
//   - users report 7002138 for a subject in another case, with the sentence about comparison; 7002137 for the issuer is an assumption.
func match(credentials []credential, c jwt.Claims, now time.Time) *refusal {
	var some, issuer, subject, both, issuerCase, subjectCase bool

	for _, known := range credentials {
		if now.Before(known.from) {
			continue
		}

		some = true
		issuer = issuer || known.Issuer == c.Issuer
		subject = subject || known.Subject == c.Subject
		issuerCase = issuerCase || known.Subject == c.Subject && strings.EqualFold(known.Issuer, c.Issuer)
		subjectCase = subjectCase || known.Issuer == c.Issuer && strings.EqualFold(known.Subject, c.Subject)

		if known.Issuer != c.Issuer || known.Subject != c.Subject {
			continue
		}

		both = true

		if len(c.Audience) == 1 && c.Audience[0] == known.Audiences[0] {
			return nil
		}
	}

	const (
		text = "No matching federated identity record found for presented assertion %s '%s'. Check your federated identity credential " +
			"Subject, Audience and Issuer against the presented assertion. " + federationHelp
		cased = "No matching federated identity record found for presented assertion %s '%s'. The %[1]s matches with case-insensitive " +
			"comparison, but not with case-sensitive comparison. " + federationHelp
	)

	switch {
	case !some:
		return badClient(70025, "Client application has no configured federated identity credentials.")
	case both:
		return badClient(700212, text, "audience", strings.Join(c.Audience, ", "))
	case subjectCase:
		return badClient(7002138, cased, "subject", c.Subject)
	case issuerCase:
		return badClient(7002137, cased, "issuer", c.Issuer)
	case issuer:
		return badClient(700213, text, "subject", c.Subject)
	case subject:
		return badClient(700211, text, "issuer", c.Issuer)
	default:
		return badClient(70021, "No matching federated identity record found for presented assertion. Assertion Issuer: '%s'. "+
			"Assertion Subject: '%s'. Assertion Audience: '%s'. %s", c.Issuer, c.Subject, strings.Join(c.Audience, ", "), federationHelp)
	}
}
