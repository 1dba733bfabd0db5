// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// A Reason is why Azure did not do what it was asked.
type Reason string

// Reasons of errors.
const (
	// NotFound: the vault has no such secret.
	NotFound Reason = "NotFound"
	// Deleted: the secret is deleted and can be recovered, so its name is taken.
	Deleted Reason = "Deleted"
	// BeingDeleted and BeingRecovered: that takes Key Vault some seconds.
	BeingDeleted   Reason = "BeingDeleted"
	BeingRecovered Reason = "BeingRecovered"
	// Exists: a secret that was missing is there now.
	Exists Reason = "Exists"
	// Disabled: the secret, or this version of it, is disabled.
	Disabled Reason = "Disabled"
	// Forbidden: the identity has no role that allows this.
	Forbidden Reason = "Forbidden"
	// NoIdentity: Entra ID or Kubernetes gives no token for the identity.
	NoIdentity Reason = "NoIdentity"
	// TooLarge: the vault has more than what is listed of a vault, or takes too long.
	TooLarge Reason = "TooLarge"
	// Throttled: Azure asked to slow down.
	Throttled Reason = "Throttled"
	// Unreachable: there was no answer, or none that makes sense.
	Unreachable Reason = "Unreachable"
)

// An Error of Azure, in words of our own. Texts of servers and libraries are left
// out, as they may repeat what was sent or received.
type Error struct {
	Reason Reason
	// Operation that failed, for example "get secret \"x\" from https://…".
	Operation string
	// Detail says what is wrong. It is the same whenever the same thing is wrong.
	Detail string
	// RetryAfter is when Azure, or our own limiter, wants to be asked again. Zero:
	// the caller decides.
	RetryAfter time.Duration
	// Kubernetes is true if it was Kubernetes that refused, for want of a permission.
	// Waiting does not help.
	Kubernetes bool
	// Status is that of the HTTP answer, if there was one.
	Status int
	// Code is that of the service, such as ForbiddenByRbac or AADSTS700211.
	Code string
	// Meaning of the code, if it is of Entra ID and known.
	Meaning Meaning
	// RequestID is Azure's name for the request. Its support asks for it.
	RequestID string
}

// Error says what was attempted and what is wrong.
func (e *Error) Error() string {
	s := "cannot " + e.Operation + ": " + e.Detail
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}

	return s
}

// ReasonOf returns the reason of an error, Unreachable for one that has none, and
// nothing for none.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}

	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}

	return Unreachable
}

// classify an error of a client of Azure.
func classify(err error, operation string) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		// From the credential, which does not know what the token was for.
		c := *e
		c.Operation = operation

		return &c
	}

	if e, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return classifyResponse(e, operation)
	}

	return &Error{Reason: Unreachable, Operation: operation, Detail: describeTransport(err)}
}

// classifyResponse of Key Vault. The codes are in
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
func classifyResponse(r *azcore.ResponseError, operation string) *Error {
	e := &Error{Operation: operation, Status: r.StatusCode}
	if codePattern().MatchString(r.ErrorCode) {
		e.Code = r.ErrorCode
	}

	body := errorBody{}

	if r.RawResponse != nil {
		e.RequestID = requestID(r.RawResponse)
		e.RetryAfter = retryAfter(r.RawResponse)
		body = parseErrorBody(r.RawResponse)
	}

	if inner := body.innerCode(); inner != "" {
		e.Code = inner
	}

	switch {
	case r.StatusCode == http.StatusNotFound:
		e.Reason, e.Detail = NotFound, "there is no such secret"
	case r.StatusCode == http.StatusConflict && e.Code == "ObjectIsDeletedButRecoverable":
		e.Reason, e.Detail = Deleted, "a secret of that name is deleted and can be recovered"
	case r.StatusCode == http.StatusConflict && e.Code == "ObjectIsBeingDeleted":
		e.Reason, e.Detail = BeingDeleted, "a secret of that name is being deleted"
	case r.StatusCode == http.StatusConflict && e.Code == "ObjectIsBeingRecovered":
		e.Reason, e.Detail = BeingRecovered, "a secret of that name is being recovered"
	case r.StatusCode == http.StatusForbidden && e.Code == "SecretDisabled":
		e.Reason, e.Detail = Disabled, "the secret is disabled"
	case r.StatusCode == http.StatusForbidden && e.Code == "ForbiddenByFirewall":
		e.Reason, e.Detail = Unreachable, "the firewall of the vault does not let this cluster in"
	case r.StatusCode == http.StatusForbidden && e.Code == "ForbiddenByConnection":
		e.Reason, e.Detail = Unreachable, "the vault can only be reached through its private endpoint, and this cluster does not use it"
	case r.StatusCode == http.StatusForbidden:
		e.Reason, e.Detail = Forbidden, "the identity has no role that allows this"
	case r.StatusCode == http.StatusUnauthorized:
		e.Reason, e.Detail = NoIdentity, "the vault does not accept the token"
	case r.StatusCode == http.StatusTooManyRequests:
		e.Reason, e.Detail = Throttled, "the vault asks to slow down"
	case r.StatusCode >= http.StatusInternalServerError:
		e.Reason, e.Detail = Unreachable, fmt.Sprintf("the vault has a problem of its own (HTTP status %d)", r.StatusCode)
	default:
		e.Reason, e.Detail = Unreachable, fmt.Sprintf("the vault did not understand the request (HTTP status %d)", r.StatusCode)
	}

	return e
}

// classify an error of azidentity. The codes of Entra ID are in
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func (i issuer) classify(err error, operation string) *Error {
	e := &Error{Operation: operation, Reason: NoIdentity}

	if i.name == node && unassigned(err) {
		e.Detail = "the node has no such managed identity; assign it to the node pool, and name its clientId if there are several"
		return e
	}

	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if !ok || failed.RawResponse == nil {
		e.Reason, e.Detail = Unreachable, i.name+": "+describeTransport(err)
		return e
	}

	r := failed.RawResponse
	e.Status = r.StatusCode
	e.RetryAfter = retryAfter(r)
	e.RequestID = requestID(r)
	codes := parseErrorBody(r).codes()

	switch {
	case r.StatusCode == http.StatusTooManyRequests:
		e.Reason, e.Detail = Throttled, i.name+" asks to slow down"
	case len(codes) > 0 && (r.StatusCode < http.StatusInternalServerError || issuerFails(codes)):
		e.refuse(i.name, codes)
	case r.StatusCode >= http.StatusInternalServerError:
		e.Reason, e.Detail = Unreachable, fmt.Sprintf("%s has a problem of its own (HTTP status %d)", i.name, r.StatusCode)
	default:
		e.Reason, e.Detail = Unreachable, fmt.Sprintf("%s gave an answer that makes no sense (HTTP status %d)", i.name, r.StatusCode)
	}

	return e
}

// unassigned tells whether the metadata service of a node does not know a managed
// identity. It has one status for that. Of a system-assigned identity azidentity
// keeps only that there is none, unlike anything else that may be wrong.
func unassigned(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}

	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)

	return !ok || failed.RawResponse != nil && failed.RawResponse.StatusCode == http.StatusBadRequest
}

// An errorBody is what Key Vault and Entra ID answer with. Of it only codes are
// taken.
type errorBody struct {
	// Error is an object in answers of Key Vault and a string in those of Entra ID.
	Error json.RawMessage `json:"error"`
	// Codes and Description of Entra ID. What is not as it should be leaves the rest readable.
	Codes       json.RawMessage `json:"error_codes"`
	Description json.RawMessage `json:"error_description"`
}

func parseErrorBody(r *http.Response) errorBody {
	body := errorBody{}

	b, err := runtime.Payload(r)
	if err != nil || json.Unmarshal(b, &body) != nil {
		return errorBody{}
	}

	return body
}

// innerCode of an answer of Key Vault, which is more exact than its code.
func (b errorBody) innerCode() string {
	e := struct {
		InnerError struct {
			Code string `json:"code"`
		} `json:"innererror"`
	}{}
	if err := json.Unmarshal(b.Error, &e); err != nil || !codePattern().MatchString(e.InnerError.Code) {
		return ""
	}

	return e.InnerError.Code
}

// codePattern keeps whatever is not a code out of our logs.
func codePattern() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`) }

func requestID(r *http.Response) string {
	for _, name := range []string{"X-Ms-Request-Id", "X-Ms-Keyvault-Request-Id"} {
		if id := r.Header.Get(name); regexp.MustCompile(`^[0-9A-Za-z.-]{1,64}$`).MatchString(id) {
			return id
		}
	}

	return ""
}

// retryAfter reads the header in both of its forms. See RFC 9110, section 10.2.3.
func retryAfter(r *http.Response) time.Duration {
	v := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(time.Hour/time.Second))) * time.Second
	}

	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}

	// By the server's own clock, if it tells.
	now, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}

	return min(max(0, at.Sub(now)), time.Hour)
}

// describeTransport says why there was no answer. Only errors whose texts are
// known to hold names and addresses alone are repeated.
func describeTransport(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "the host name does not exist"
		}

		return "the host name cannot be looked up"
	}

	var timeout interface{ Timeout() bool }

	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "there was no answer in time"
	case errors.Is(err, context.Canceled):
		return "the request was given up"
	}

	if op, ok := errors.AsType[*net.OpError](err); ok {
		return "the connection failed while the operation was " + op.Op
	}

	if strings.Contains(err.Error(), "x509: ") || strings.Contains(err.Error(), "tls: ") {
		return "the certificate of the server is not trusted"
	}

	return "there was no answer, or one that makes no sense"
}
