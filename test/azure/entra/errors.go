// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

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
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidScope         = "invalid_scope"
	invalidResource      = "invalid_resource"
	unauthorizedClient   = "unauthorized_client"
	unsupportedGrantType = "unsupported_grant_type"
	unavailable          = "temporarily_unavailable"
)

const federationHelp = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"

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
	e := &refusal{code: 90033, oauth: unavailable, status: rule.Status, message: "A transient error has occurred. Please try again."}
	if rule.Status < http.StatusInternalServerError && rule.Status != http.StatusTooManyRequests {
		e.oauth = invalidClient
	}

	if rule.Status == http.StatusTooManyRequests {
		e.code, e.message = 90055, "The server is terminating the request because the caller sends too many of them."
	}

	if code, err := strconv.Atoi(rule.Error); err == nil {
		e.code, e.message = code, injectedMessage(code)
		if !slices.Contains(clientErrors(), code) && rule.Status == http.StatusBadRequest {
			e.oauth = invalidRequest
		}
	}

	return e, wire.RetryAfter(rule.RetryAfter)
}

// clientErrors are the errors that are invalid_client with any status.
func clientErrors() []int {
	return []int{70021, 70025, 700024, 700027, 700211, 700212, 700213, 7000215, 7000222, 7000272, 7002137, 7002138}
}

func injectedMessage(code int) string {
	switch code {
	case 70021, 700211, 700212, 700213, 7002137, 7002138:
		return "No matching federated identity record found for presented assertion. " + federationHelp
	case 70025:
		return "Client application has no configured federated identity credentials."
	case 50166, 501661, 90061:
		// See https://github.com/Azure/azure-workload-identity/issues/642 and 605, and https://github.com/Azure/AKS/issues/4029.
		return "Request to External OIDC endpoint failed."
	case 900612:
		return "Failed to parse provider signing keys."
	case 700038:
		return "00000000-0000-0000-0000-000000000000 is not a valid application identifier."
	default:
		return "The request was refused on demand."
	}
}
