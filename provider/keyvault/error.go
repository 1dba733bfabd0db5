// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// A Reason is the class of an error. It decides how the caller reacts.
type Reason string

// Reasons of errors.
const (
	// NotFound: the vault has no such secret.
	NotFound Reason = "NotFound"
	// Deleted: the secret is deleted and can be recovered, so its name is taken.
	Deleted Reason = "Deleted"
	// BeingDeleted and BeingRecovered: Key Vault is still deleting or recovering the secret,
	// which takes seconds.
	BeingDeleted   Reason = "BeingDeleted"
	BeingRecovered Reason = "BeingRecovered"
	// Exists: another client created the secret first.
	Exists Reason = "Exists"
	// Disabled: the secret, or this version of it, is disabled.
	Disabled Reason = "Disabled"
	// Forbidden: the identity has no role that allows this.
	Forbidden Reason = "Forbidden"
	// NoIdentity: Entra ID or Kubernetes issues no token for the identity.
	NoIdentity Reason = "NoIdentity"
	// TooLarge: the vault has too many secrets to be listed, or the list takes too long.
	TooLarge Reason = "TooLarge"
	// Throttled: Azure throttles requests.
	Throttled Reason = "Throttled"
	// Unreachable: no response, or an unexpected one.
	Unreachable Reason = "Unreachable"
)

// An Error of Azure, as a value. It never contains text of servers or libraries, which could
// repeat secrets.
type Error struct {
	Reason Reason
	// Operation is the failed operation, for example "get secret \"x\" from https://…". It is
	// part of the text of the Go error only, which no status shows.
	Operation string
	// Cause of the error. Two errors with the same cause have equal values.
	Cause finding.Finding
	// RetryAfter is the time until Azure or the provider's own limiter allows the next
	// request. Zero: the caller decides.
	RetryAfter time.Duration
	// Kubernetes is true if the provider lacks a permission in Kubernetes. Retrying does not
	// help.
	Kubernetes bool
	// Status of the HTTP response, or zero without one.
	Status int
	// Code of the service, such as ForbiddenByRbac or AADSTS700211.
	Code string
	// Meaning of a code of Entra ID, if it is known.
	Meaning Meaning
	// RequestID of Azure, for its support.
	RequestID string
}

// Error returns the operation and the cause.
func (e *Error) Error() string {
	s := "cannot " + e.Operation + ": " + e.Cause.String()
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}

	return s
}

// ByNetwork reports whether the vault rejects the network of the client, whatever its roles are.
func (e *Error) ByNetwork() bool {
	return slices.Contains([]finding.Reason{finding.FirewallBlocks, finding.PerimeterBlocks, finding.PrivateEndpointOnly}, e.Cause.Reason)
}

// ReasonOf returns the reason of an error, Unreachable for an error of another type, and an
// empty reason for nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}

	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}

	return Unreachable
}

// RetryAfterOf returns the RetryAfter of an error, or zero.
func RetryAfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}

	return 0
}

// classify an error of a client of Azure.
func classify(err error, operation string) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		// It comes from the credential, which does not know the operation that needs the token.
		c := *e
		c.Operation = operation

		return &c
	}

	if e, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return classifyResponse(e, operation)
	}

	return &Error{Reason: Unreachable, Operation: operation, Cause: transportCause(err)}
}

// classifyResponse of Key Vault. The codes are in
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
func classifyResponse(r *azcore.ResponseError, operation string) *Error {
	e := &Error{Operation: operation, Status: r.StatusCode}

	if r.RawResponse != nil {
		e.RequestID = requestID(r.RawResponse)
		e.RetryAfter = retryAfter(r.RawResponse)
		e.Code = parseErrorBody(r.RawResponse).code()
	}

	because := func(reason Reason, cause finding.Reason) {
		e.Reason, e.Cause = reason, finding.Finding{Reason: cause}
	}

	// The code decides, because a proxy or a firewall may respond instead of the vault. Its pages
	// must not look as if secrets were deleted or roles were missing.
	switch {
	case r.StatusCode == http.StatusNotFound && e.Code == "SecretNotFound":
		because(NotFound, finding.SecretNotFound)
	case r.StatusCode == http.StatusConflict && e.Code == "ObjectIsDeletedButRecoverable":
		because(Deleted, finding.SecretRecoverable)
	case r.StatusCode == http.StatusConflict && e.Code == "ObjectIsBeingDeleted":
		because(BeingDeleted, finding.SecretBeingDeleted)
	case r.StatusCode == http.StatusConflict && e.Code == "ObjectIsBeingRecovered":
		because(BeingRecovered, finding.SecretBeingRecovered)
	case r.StatusCode == http.StatusForbidden && e.Code == "SecretDisabled":
		because(Disabled, finding.SecretDisabled)
	case r.StatusCode == http.StatusForbidden && e.Code == "ForbiddenByFirewall":
		because(Unreachable, finding.FirewallBlocks)
	case r.StatusCode == http.StatusForbidden && e.Code == "ForbiddenByNsp":
		because(Unreachable, finding.PerimeterBlocks)
	case r.StatusCode == http.StatusForbidden && e.Code == "ForbiddenByConnection":
		because(Unreachable, finding.PrivateEndpointOnly)
	case r.StatusCode == http.StatusForbidden && slices.Contains([]string{"ForbiddenByRbac", "Forbidden"}, e.Code):
		because(Forbidden, finding.RoleMissing)
	case r.StatusCode == http.StatusForbidden && slices.Contains([]string{"ForbiddenByPolicy", "AccessDenied"}, e.Code):
		because(Forbidden, finding.AccessPolicyMissing)
	case r.StatusCode == http.StatusForbidden && e.Code != "":
		because(Forbidden, finding.AccessRefused)
	case r.StatusCode == http.StatusUnauthorized && e.Code != "":
		because(NoIdentity, finding.TokenRejected)
	case r.StatusCode == http.StatusTooManyRequests:
		because(Throttled, finding.VaultThrottled)
	case r.StatusCode >= http.StatusInternalServerError:
		e.Reason, e.Cause = Unreachable, finding.Finding{Reason: finding.VaultUnavailable, Status: r.StatusCode}
	case e.Code == "":
		e.Reason, e.Cause = Unreachable, finding.Finding{Reason: finding.VaultUnexpected, Status: r.StatusCode}
	default:
		e.Reason, e.Cause = Unreachable, finding.Finding{Reason: finding.RequestRejected, Status: r.StatusCode}
	}

	return e.bounded()
}

// longestOutage is the longest Retry-After that counts if nothing throttles.
const longestOutage = 2 * time.Minute

// bounded returns the error with a Retry-After that may be long only if Azure throttles requests. Any other may be that of a page of
// a proxy, and would outlast the outage.
func (e *Error) bounded() *Error {
	if e.Reason != Throttled {
		e.RetryAfter = min(e.RetryAfter, longestOutage)
	}

	return e
}

// classify an error of azidentity. The codes of Entra ID are in
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func (i issuer) classify(err error, operation string) *Error {
	e := &Error{Operation: operation, Reason: NoIdentity}

	if i.service == finding.NodeMetadataService && unassigned(err) {
		e.Cause = finding.Finding{Reason: finding.ManagedIdentityMissing}
		return e
	}

	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if !ok || failed.RawResponse == nil {
		cause := transportCause(err)
		e.Reason, e.Cause = Unreachable, finding.Finding{Reason: finding.ServiceSilent, Service: i.service, Cause: &cause}

		return e
	}

	r := failed.RawResponse
	e.Status = r.StatusCode
	e.RetryAfter = retryAfter(r)
	e.RequestID = requestID(r)
	codes := parseErrorBody(r).codes()

	switch {
	case r.StatusCode == http.StatusTooManyRequests:
		e.Reason, e.Cause = Throttled, finding.Finding{Reason: finding.ServiceThrottled, Service: i.service}
	case len(codes) > 0 && (r.StatusCode < http.StatusInternalServerError || issuerFails(codes)):
		e.refuse(i.service, codes)
	case r.StatusCode >= http.StatusInternalServerError:
		e.Reason, e.Cause = Unreachable, finding.Finding{Reason: finding.ServiceUnavailable, Service: i.service, Status: r.StatusCode}
	default:
		e.Reason, e.Cause = Unreachable, finding.Finding{Reason: finding.ServiceUnexpected, Service: i.service, Status: r.StatusCode}
	}

	return e.bounded()
}

// unassigned reports whether the node has no such managed identity. The metadata service
// returns 400 only in that case, and azidentity drops the response of a system-assigned
// identity only in that case.
func unassigned(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}

	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)

	return !ok || failed.RawResponse != nil && failed.RawResponse.StatusCode == http.StatusBadRequest
}

// An errorBody is the body of an error of Key Vault or Entra ID. Only its codes are read.
type errorBody struct {
	// Error is an object in responses of Key Vault, and a string in those of Entra ID.
	Error json.RawMessage `json:"error"`
	// Codes and Description of Entra ID. If one is malformed, the other can still be read.
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

// code returns the code of a response of Key Vault, or its inner code, which is more specific. The code that azcore finds may
// be text of a page of a proxy in the element code.
func (b errorBody) code() string {
	e := struct {
		Code       string `json:"code"`
		InnerError struct {
			Code string `json:"code"`
		} `json:"innererror"`
	}{}
	_ = json.Unmarshal(b.Error, &e) // If one is malformed, the other can still be read.

	for _, code := range []string{e.InnerError.Code, e.Code} {
		if codePattern.MatchString(code) {
			return code
		}
	}

	return ""
}

// Patterns of codes and request IDs. They keep other text out of errors and logs.
var (
	codePattern      = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
	requestIDPattern = regexp.MustCompile(`^[0-9A-Za-z.-]{1,64}$`)
)

func requestID(r *http.Response) string {
	for _, name := range []string{"X-Ms-Request-Id", "X-Ms-Keyvault-Request-Id"} {
		if id := r.Header.Get(name); requestIDPattern.MatchString(id) {
			return id
		}
	}

	return ""
}

// retryAfter reads the header Retry-After in both of its forms. See RFC 9110, section 10.2.3.
func retryAfter(r *http.Response) time.Duration {
	v := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(time.Hour/time.Second))) * time.Second
	}

	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}

	// Prefer the clock of the server, if the response has its time.
	now, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}

	return min(max(0, at.Sub(now)), time.Hour)
}

// transportCause returns why there was no response. Of the error's text, it repeats only the
// operation of a net.OpError.
func transportCause(err error) finding.Finding {
	because := func(r finding.Reason) finding.Finding { return finding.Finding{Reason: r} }
	op, ok := errors.AsType[*net.OpError](err)

	if ok && op.Op == "proxyconnect" {
		// Its cause is about the proxy, and would seem to be about the vault.
		return finding.Finding{Reason: finding.ConnectionFailed, Operation: op.Op}
	}

	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return because(finding.HostUnknown)
		}

		return because(finding.HostUnresolved)
	}

	var timeout interface{ Timeout() bool }

	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return because(finding.TimedOut)
	case errors.Is(err, context.Canceled):
		return because(finding.Canceled)
	}

	if ok {
		return finding.Finding{Reason: finding.ConnectionFailed, Operation: op.Op}
	}

	if untrusted(err) {
		return because(finding.CertificateUntrusted)
	}

	return because(finding.NoResponse)
}

// untrusted reports whether an error means that the certificate of a server is not trusted.
func untrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
	)

	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid)
}
