// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"fmt"
	"net/http"
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
	invalidRequest     = "invalid_request"
	invalidClient      = "invalid_client"
	invalidResource    = "invalid_resource"
	unauthorizedClient = "unauthorized_client"
	unavailable        = "temporarily_unavailable"
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
