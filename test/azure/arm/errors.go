// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// refuse returns an error in the resource manager's format.
func refuse(status int, code, format string, args ...any) wire.Answer {
	answer := wire.JSON(status, map[string]any{"error": map[string]string{"code": code, "message": fmt.Sprintf(format, args...)}})
	answer.Error = code

	return answer
}

func badRequest(format string, args ...any) wire.Answer {
	return refuse(http.StatusBadRequest, "BadRequest", format, args...)
}

func notFound(typ, name, group string) wire.Answer {
	return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s/%s' under resource group '%s' was not found. For more details "+
		"please go to https://aka.ms/ARMResourceNotFoundFix", typ, name, group)
}

func concurrentWrites(identityID string) wire.Answer {
	return refuse(http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
		"Too many Federated Identity Credentials are written concurrently for the managed identity '%s'. Concurrent Federated Identity "+
			"Credentials writes under the same managed identity are not supported.", identityID)
}

// challenge requests a token.
func (s *Manager) challenge(subscriptionID, message string) wire.Answer {
	tenant := "common"

	s.mu.Lock()
	if sub := s.subscriptions[strings.ToLower(subscriptionID)]; sub != nil {
		tenant = sub.TenantID
	}
	s.mu.Unlock()

	answer := refuse(http.StatusUnauthorized, "AuthenticationFailed", "%s", message)
	answer.Header = http.Header{"Www-Authenticate": []string{fmt.Sprintf(
		`Bearer authorization_uri="https://login.windows.net/%s", error="invalid_token", error_description="%s"`, tenant, message)}}

	return answer
}

// wrongTenant returns the rejection of a caller from another tenant. The lock must be held.
func (*Manager) wrongTenant(sub *subscription, caller entra.Caller) wire.Answer {
	return refuse(http.StatusUnauthorized, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer "+
		"'https://sts.windows.net/%s/'. It must match the tenant 'https://sts.windows.net/%s/' associated with this subscription. Please "+
		"use the authority (URL) 'https://login.windows.net/%s' to get the token.", caller.TenantID, sub.TenantID, sub.TenantID)
}

// unknown answers a request without an operation.
func (c *call) unknown() wire.Answer {
	if c.allow == "" {
		return refuse(http.StatusNotFound, "InvalidResourceType", "The resource type could not be found: '%s'.", c.request.URL.Path)
	}

	answer := refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The requested resource does not support http method '%s'.",
		c.request.Method)
	answer.Header = http.Header{"Allow": []string{c.allow}}

	return answer
}

// read reads the body of a request.
func (c *call) read(into any) *wire.Answer {
	if !strings.HasPrefix(c.request.Header.Get("Content-Type"), "application/json") {
		return new(refuse(http.StatusUnsupportedMediaType, "UnsupportedMediaType",
			"The content media type '%s' is not supported. Only 'application/json' is supported.", c.request.Header.Get("Content-Type")))
	}

	decoder := json.NewDecoder(strings.NewReader(string(c.body)))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(into); err != nil {
		return new(refuse(http.StatusBadRequest, "InvalidRequestContent",
			"The request content was invalid and could not be deserialized: '%s'.", strings.TrimPrefix(err.Error(), "json: ")))
	}

	return nil
}

// injected returns the answer of a fault.
func injected(rule fault.Rule) wire.Answer {
	code := "BadRequest"

	switch {
	case rule.Status == http.StatusTooManyRequests:
		code = "TooManyRequests"
	case rule.Status == http.StatusForbidden:
		code = "AuthorizationFailed"
	case rule.Status == http.StatusServiceUnavailable:
		code = "ServerTimeout"
	case rule.Status >= http.StatusInternalServerError:
		code = "InternalServerError"
	}

	answer := refuse(rule.Status, cmp.Or(rule.Error, code), "The request was refused on demand.")
	answer.Header = wire.RetryAfter(rule.RetryAfter)

	return answer
}
