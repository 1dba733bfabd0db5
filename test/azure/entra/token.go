// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"cmp"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// skew is the tolerated difference from an issuer's clock.
	skew = 5 * time.Minute
)

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

	return wire.JSON(http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "refresh_in": seconds / 2, "access_token": token,
	})
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
	known := slices.DeleteFunc(slices.Clone(credentials), func(k credential) bool { return now.Before(k.from) })
	some := func(issuer, subject func(a, b string) bool) bool {
		return slices.ContainsFunc(known, func(k credential) bool { return issuer(k.Issuer, c.Issuer) && subject(k.Subject, c.Subject) })
	}
	same, whatever := func(a, b string) bool { return a == b }, func(string, string) bool { return true }

	no := func(code int, what, value string) *refusal {
		return badClient(code, "No matching federated identity record found for presented assertion %s '%s'. Check your federated identity credential "+
			"Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation", what, value)
	}

	switch {
	case len(known) == 0:
		return badClient(70025, "Client application has no configured federated identity credentials.")
	case slices.ContainsFunc(known, func(k credential) bool {
		return k.Issuer == c.Issuer && k.Subject == c.Subject && slices.Equal(k.Audiences, []string(c.Audience))
	}):
		return nil
	case some(same, same):
		return no(700212, "audience", strings.Join(c.Audience, ", "))
	case some(same, strings.EqualFold):
		return no(7002138, "subject", c.Subject)
	case some(strings.EqualFold, same):
		return no(7002137, "issuer", c.Issuer)
	case some(same, whatever):
		return no(700213, "subject", c.Subject)
	case some(whatever, same):
		return no(700211, "issuer", c.Issuer)
	default:
		return no(70021, "issuer", c.Issuer)
	}
}

// A refusal is an error of Entra ID without its id and time.
type refusal struct {
	// code is the number after AADSTS.
	code int

	// oauth is the error code of RFC 6749.
	oauth string

	status  int
	message string
}

// These are the error codes of RFC 6749 and RFC 8707.
const (
	invalidRequest     = "invalid_request"
	invalidClient      = "invalid_client"
	invalidResource    = "invalid_resource"
	unauthorizedClient = "unauthorized_client"
	unavailable        = "temporarily_unavailable"
)

func badRequest(code int, format string, args ...any) *refusal {
	return &refusal{code: code, oauth: invalidRequest, status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

func badClient(code int, format string, args ...any) *refusal {
	return &refusal{code: code, oauth: invalidClient, status: http.StatusUnauthorized, message: fmt.Sprintf(format, args...)}
}

func noTenant(id string) *refusal {
	return badRequest(90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the "+
		"correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", id)
}

func noApplication(id, tenantID string) *refusal {
	return &refusal{
		code: 700016, oauth: unauthorizedClient, status: http.StatusBadRequest,
		message: fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'. This can happen if the "+
			"application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You "+
			"may have sent your authentication request to the wrong tenant.", id, tenantID),
	}
}

// answer adds an id and the time to the refusal.
func (e *refusal) answer(r *http.Request, now time.Time) wire.Answer {
	trace, correlation, timestamp := uuid.NewString(), correlationID(r), now.UTC().Format("2006-01-02 15:04:05Z")
	answer := wire.JSON(e.status, map[string]any{
		"error": e.oauth, "error_codes": []int{e.code}, "timestamp": timestamp, "trace_id": trace, "correlation_id": correlation,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", e.code, e.message, trace, correlation, timestamp),
		"error_uri":         "https://login.microsoftonline.com/error?code=" + strconv.Itoa(e.code),
	})
	answer.Error = "AADSTS" + strconv.Itoa(e.code)

	return answer
}

// correlationID returns the client's own id, if it sent a valid one.
func correlationID(r *http.Request) string {
	if id, err := guid("", r.Header.Get("Client-Request-Id")); err == nil {
		return id
	}

	return uuid.NewString()
}

// injected returns the refusal of a fault.
func injected(rule fault.Rule) (*refusal, http.Header) {
	e := &refusal{code: 90033, oauth: invalidRequest, status: rule.Status, message: "The request was refused on demand."}

	switch {
	case rule.Status >= http.StatusInternalServerError:
		e.oauth = unavailable
	case rule.Status == http.StatusTooManyRequests:
		e.code, e.oauth = 90055, unavailable
	case rule.Status == http.StatusUnauthorized:
		e.oauth = invalidClient
	}

	if code, err := strconv.Atoi(rule.Error); err == nil {
		e.code = code
	}

	return e, wire.RetryAfter(rule.RetryAfter)
}
