// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:bodyclose // Bodies of answers are strings.
package keyvault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// marker is the text of servers and libraries. No error may contain it.
const marker = "MaRkEr"

// answerOf returns an answer of a server.
func answerOf(status int, header map[string]string, body string) *http.Response {
	h := http.Header{}
	for k, v := range header {
		h.Set(k, v)
	}

	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, marker), Header: h, Body: io.NopCloser(strings.NewReader(body)),
		Request: &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "web.vault.azure.net", Path: "/secrets/" + marker}},
	}
}

// vaultError returns an error as Key Vault writes it.
func vaultError(code, inner string) string {
	if inner != "" {
		inner = `,"innererror":{"code":"` + inner + `","message":"` + marker + `"}`
	}

	return `{"error":{"code":"` + code + `","message":"` + marker + `"` + inner + `}}`
}

// entraError returns an error as Entra ID writes it.
func entraError(codes string) string {
	return `{"error":"invalid_client","error_description":"AADSTS0: ` + marker + `","error_codes":[` + codes + `],"trace_id":"` + marker + `"}`
}

func checkError(t *testing.T, reason string, want *Error, got *Error) {
	t.Helper()

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("\n%s\n-want, +got:\n%s", reason, diff)
	}

	if text := fmt.Sprintf("%v %+v", got, *got); strings.Contains(text, marker) {
		t.Errorf("\n%s\nThe error repeats what a server or library said: %s", reason, text)
	}
}

// because returns an error with this text.
func because(what string) finding.Finding {
	return finding.Finding{Reason: finding.ProviderConfigMissing, Object: what}
}

// noToken returns the cause for a code of Entra ID.
func noToken(code string, r finding.Reason) finding.Finding {
	return finding.Finding{Reason: finding.NoToken, Service: finding.EntraID, Code: code, Cause: &finding.Finding{Reason: r}}
}

func TestClassifyResponse(t *testing.T) {
	const operation = "get secret"

	cases := map[string]struct {
		reason string
		answer *http.Response
		want   Error
	}{
		"NotFound": {
			reason: "A missing secret has its own reason.", answer: answerOf(404, nil, vaultError("SecretNotFound", "")),
			want: Error{Reason: NotFound, Cause: finding.Finding{Reason: finding.SecretNotFound}, Code: "SecretNotFound"},
		},
		"Deleted": {
			reason: "The name of a deleted secret is taken.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsDeletedButRecoverable")),
			want: Error{Reason: Deleted, Cause: finding.Finding{Reason: finding.SecretRecoverable}, Code: "ObjectIsDeletedButRecoverable"},
		},
		"BeingDeleted": {
			reason: "Deleting a secret takes seconds.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsBeingDeleted")),
			want: Error{Reason: BeingDeleted, Cause: finding.Finding{Reason: finding.SecretBeingDeleted}, Code: "ObjectIsBeingDeleted"},
		},
		"BeingRecovered": {
			reason: "Recovering a secret takes seconds.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsBeingRecovered")),
			want: Error{Reason: BeingRecovered, Cause: finding.Finding{Reason: finding.SecretBeingRecovered}, Code: "ObjectIsBeingRecovered"},
		},
		"Conflict": {
			reason: "Any other conflict has no reason of its own.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsBeingMoved")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.RequestRejected, Status: 409}, Code: "ObjectIsBeingMoved"},
		},
		"Disabled": {
			reason: "A disabled secret is not a matter of roles.", answer: answerOf(403, nil, vaultError("Forbidden", "SecretDisabled")),
			want: Error{Reason: Disabled, Cause: finding.Finding{Reason: finding.SecretDisabled}, Code: "SecretDisabled"},
		},
		"Firewall": {
			reason: "A firewall is not a matter of roles.", answer: answerOf(403, nil, vaultError("Forbidden", "ForbiddenByFirewall")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.FirewallBlocks}, Code: "ForbiddenByFirewall"},
		},
		"PrivateEndpoint": {
			reason: "A private endpoint is not a missing role.", answer: answerOf(403, nil, vaultError("Forbidden", "ForbiddenByConnection")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.PrivateEndpointOnly}, Code: "ForbiddenByConnection"},
		},
		"Perimeter": {
			reason: "A network security perimeter is not a matter of roles.", answer: answerOf(403, nil, vaultError("Forbidden", "ForbiddenByNsp")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.PerimeterBlocks}, Code: "ForbiddenByNsp"},
		},
		"Forbidden": {
			reason: "A missing role is reported as forbidden.", answer: answerOf(403, nil, vaultError("Forbidden", "ForbiddenByRbac")),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.RoleMissing}, Code: "ForbiddenByRbac"},
		},
		"ForbiddenPlain": {
			reason: "Without an inner code, a role is missing.", answer: answerOf(403, nil, vaultError("Forbidden", "")),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.RoleMissing}, Code: "Forbidden"},
		},
		"AccessPolicy": {
			reason: "A vault with access policies ignores roles.", answer: answerOf(403, nil, vaultError("Forbidden", "ForbiddenByPolicy")),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.AccessPolicyMissing}, Code: "ForbiddenByPolicy"},
		},
		"AccessDenied": {
			reason: "An older code of vaults with access policies.", answer: answerOf(403, nil, vaultError("Forbidden", "AccessDenied")),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.AccessPolicyMissing}, Code: "AccessDenied"},
		},
		"ForbiddenOther": {
			reason: "An unknown code may have nothing to do with roles, and is not repeated.", answer: answerOf(403, nil, vaultError("Forbidden", "ForbiddenByMoon")),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.AccessRefused}, Code: "ForbiddenByMoon"},
		},
		"ForbiddenPage": {
			reason: "A page of a firewall is not a missing role.", answer: answerOf(403, nil, "<html>"+marker),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 403}},
		},
		"ForbiddenCode": {
			reason: "A page of a firewall may look as if it had a code.", answer: answerOf(403, nil, "<html><code>Forbidden</code>"+marker),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 403}},
		},
		"ForbiddenGateway": {
			reason: "The code of a gateway is not one of Key Vault.", answer: answerOf(403, nil, `{"code":"Forbidden"}`),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 403}},
		},
		"NotFoundPage": {
			reason: "A page of a proxy is not a deleted secret.", answer: answerOf(404, nil, "<html>"+marker),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 404}},
		},
		"NotFoundOther": {
			reason: "Something else that is not found is not a deleted secret.", answer: answerOf(404, nil, vaultError("VaultNotFound", "")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.RequestRejected, Status: 404}, Code: "VaultNotFound"},
		},
		"Unauthorized": {
			reason: "A rejected token has its own reason.", answer: answerOf(401, map[string]string{"WWW-Authenticate": marker}, vaultError("Unauthorized", "")),
			want: Error{Reason: NoIdentity, Cause: finding.Finding{Reason: finding.TokenRejected}, Code: "Unauthorized"},
		},
		"UnauthorizedPage": {
			reason: "A page of a proxy that wants a password is not a rejected token.", answer: answerOf(401, nil, "<html>"+marker),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 401}},
		},
		"Throttled": {
			reason: "Too many requests are reported as throttled.", answer: answerOf(429, map[string]string{"Retry-After": "17"}, vaultError("Throttled", "VaultRequestTypeLimitReached")),
			want: Error{Reason: Throttled, Cause: finding.Finding{Reason: finding.VaultThrottled}, RetryAfter: 17 * time.Second, Code: "VaultRequestTypeLimitReached"},
		},
		"Broken": {
			reason: "An error of the vault is reported as unreachable.", answer: answerOf(503, map[string]string{"Retry-After": "3"}, marker),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnavailable, Status: 503}, RetryAfter: 3 * time.Second},
		},
		"Maintenance": {
			reason: "A page of a proxy does not keep the provider from trying again.", answer: answerOf(503, map[string]string{"Retry-After": "3600"}, "<html>"+marker),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnavailable, Status: 503}, RetryAfter: 2 * time.Minute},
		},
		"ThrottledLong": {
			reason: "A vault that throttles says for how long.", answer: answerOf(429, map[string]string{"Retry-After": "3600"}, vaultError("Throttled", "")),
			want: Error{Reason: Throttled, Cause: finding.Finding{Reason: finding.VaultThrottled}, RetryAfter: time.Hour, Code: "Throttled"},
		},
		"Redirect": {
			reason: "Redirects are not followed.", answer: answerOf(302, map[string]string{"Location": "https://" + marker}, ""),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 302}},
		},
		"BadRequest": {
			reason: "An invalid request of ours is reported with its code.", answer: answerOf(400, nil, vaultError("BadParameter", "")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.RequestRejected, Status: 400}, Code: "BadParameter"},
		},
		"RequestID": {
			reason: "The error has Azure's request ID.", answer: answerOf(404, map[string]string{"X-Ms-Request-Id": "b9a4a42a-1ab2-4d4b-9d4c-1b1f2b3c4d5e"}, vaultError("SecretNotFound", "")),
			want: Error{Reason: NotFound, Cause: finding.Finding{Reason: finding.SecretNotFound}, Code: "SecretNotFound", RequestID: "b9a4a42a-1ab2-4d4b-9d4c-1b1f2b3c4d5e"},
		},
		"NoCode": {
			reason: "An invalid code is dropped.", answer: answerOf(403, map[string]string{"X-Ms-Error-Code": marker + " " + marker, "X-Ms-Request-Id": "<" + marker + ">"}, vaultError(marker+"-x", marker+"!")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 403}},
		},
		"LongCode": {
			reason: "An overlong code is dropped, too.", answer: answerOf(403, nil, vaultError(strings.Repeat(marker, 11), strings.Repeat(marker, 11))),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnexpected, Status: 403}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Operation, tc.want.Status = operation, tc.answer.StatusCode
			checkError(t, tc.reason, &tc.want, classify(runtime.NewResponseError(tc.answer), operation))
		})
	}
}

func TestIssuerClassify(t *testing.T) {
	const operation = "get a token"

	failed := func(r *http.Response) error { return &azidentity.AuthenticationFailedError{RawResponse: r} }

	cases := map[string]struct {
		reason string
		err    error
		want   Error
	}{
		"70021":   {reason: "No federated credential matches.", err: failed(answerOf(400, nil, entraError("70021"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS70021", Meaning: NoMatch, Cause: noToken("AADSTS70021", finding.CredentialNoMatch)}},
		"700211":  {reason: "The issuer of the federated credential differs.", err: failed(answerOf(400, nil, entraError("700211"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS700211", Meaning: OtherIssuer, Cause: noToken("AADSTS700211", finding.CredentialIssuer)}},
		"700213":  {reason: "The subject of the federated credential differs.", err: failed(answerOf(401, nil, entraError("700213,7000215"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS700213", Meaning: OtherSubject, Cause: noToken("AADSTS700213", finding.CredentialSubject)}},
		"700016":  {reason: "The client id is unknown.", err: failed(answerOf(400, nil, entraError("700016"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS700016", Meaning: NoClient, Cause: noToken("AADSTS700016", finding.ClientMissing)}},
		"90002":   {reason: "The tenant is unknown.", err: failed(answerOf(400, nil, entraError("90002"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS90002", Meaning: NoTenant, Cause: noToken("AADSTS90002", finding.TenantMissing)}},
		"700024":  {reason: "The clocks differ.", err: failed(answerOf(401, nil, entraError("700024"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS700024", Meaning: OtherTime, Cause: noToken("AADSTS700024", finding.TokenExpired)}},
		"50027":   {reason: "The keys of the cluster do not match.", err: failed(answerOf(401, nil, entraError("50027"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS50027", Meaning: Unverified, Cause: noToken("AADSTS50027", finding.TokenUnverified)}},
		"7000222": {reason: "The client secret has expired.", err: failed(answerOf(401, nil, entraError("7000222"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS7000222", Meaning: BadClientSecret, Cause: noToken("AADSTS7000222", finding.ClientSecretRejected)}},
		"Other":   {reason: "An unknown code is reported as it is.", err: failed(answerOf(400, nil, entraError("123456"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS123456", Cause: noToken("AADSTS123456", finding.IdentityRefused)}},
		"NoCodes": {
			reason: "The description names the code, if no list does.", err: failed(answerOf(401, nil, `{"error":"invalid_client","error_description":"AADSTS70025: `+marker+`"}`)),
			want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS70025", Meaning: NoCredentialYet, Cause: noToken("AADSTS70025", finding.CredentialMissing)},
		},
		"SecondCode": {
			reason: "The first known code decides.", err: failed(answerOf(400, nil, entraError("123456,50166"))),
			want: Error{Reason: Unreachable, Status: 400, Code: "AADSTS50166", Meaning: IssuerUnreachable, Cause: finding.Finding{Reason: finding.IssuerUnreachable, Service: finding.EntraID, Code: "AADSTS50166"}},
		},
		"BrokenIssuer": {
			reason: "An unreachable issuer has its own meaning with any status.", err: failed(answerOf(504, nil, entraError("90061"))),
			want: Error{Reason: Unreachable, Status: 504, Code: "AADSTS90061", Meaning: IssuerUnreachable, Cause: finding.Finding{Reason: finding.IssuerUnreachable, Service: finding.EntraID, Code: "AADSTS90061"}},
		},
		"Transient": {
			reason: "A failure of Entra ID may come with a client error status.", err: failed(answerOf(400, nil, entraError("90033"))),
			want: Error{Reason: Unreachable, Status: 400, Code: "AADSTS90033", Meaning: EntraBroken, Cause: finding.Finding{Reason: finding.ServiceFailed, Service: finding.EntraID, Code: "AADSTS90033"}},
		},
		"Loop": {
			reason: "Repeated identical requests are reported as throttled.", err: failed(answerOf(400, nil, entraError("50196"))),
			want: Error{Reason: Throttled, Status: 400, Code: "AADSTS50196", Meaning: EntraThrottled, Cause: finding.Finding{Reason: finding.ServiceOverloaded, Service: finding.EntraID, Code: "AADSTS50196"}},
		},
		"Throttled": {
			reason: "Too many requests are reported as throttled.", err: failed(answerOf(429, map[string]string{"Retry-After": "30"}, marker)),
			want: Error{Reason: Throttled, Status: 429, RetryAfter: 30 * time.Second, Cause: finding.Finding{Reason: finding.ServiceThrottled, Service: finding.EntraID}},
		},
		"Broken": {
			reason: "A server error is a failure of Entra ID with any code.", err: failed(answerOf(503, map[string]string{"X-Ms-Request-Id": "1-2"}, entraError("90033"))),
			want: Error{Reason: Unreachable, Status: 503, RequestID: "1-2", Cause: finding.Finding{Reason: finding.ServiceUnavailable, Service: finding.EntraID, Status: 503}},
		},
		"Maintenance": {
			reason: "A page of a proxy does not keep the provider from trying again.", err: failed(answerOf(503, map[string]string{"Retry-After": "3600"}, "<html>"+marker)),
			want: Error{Reason: Unreachable, Status: 503, RetryAfter: 2 * time.Minute, Cause: finding.Finding{Reason: finding.ServiceUnavailable, Service: finding.EntraID, Status: 503}},
		},
		"Garbage": {reason: "An answer of a proxy is not one of Entra ID.", err: failed(answerOf(407, nil, "<html>"+marker)), want: Error{Reason: Unreachable, Status: 407, Cause: finding.Finding{Reason: finding.ServiceUnexpected, Service: finding.EntraID, Status: 407}}},
		"NoAnswer": {
			reason: "A missing response is reported as unreachable.", err: fmt.Errorf("%s: %w", marker, &azidentity.AuthenticationFailedError{}),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.ServiceSilent, Service: finding.EntraID, Cause: &finding.Finding{Reason: finding.NoResponse}}},
		},
		"Timeout": {reason: "A timeout is reported as unreachable.", err: fmt.Errorf("%s: %w", marker, context.DeadlineExceeded), want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.ServiceSilent, Service: finding.EntraID, Cause: &finding.Finding{Reason: finding.TimedOut}}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Operation = operation
			checkError(t, tc.reason, &tc.want, issuer{service: finding.EntraID}.classify(tc.err, operation))
		})
	}
}

func TestClassifyTransport(t *testing.T) {
	const operation = "list secrets"

	request := func(err error) error { return &url.Error{Op: "Get", URL: "https://" + marker, Err: err} }

	cases := map[string]struct {
		reason string
		err    error
		want   finding.Finding
	}{
		"NoHost":    {reason: "The host does not exist.", err: request(&net.OpError{Op: "dial", Err: &net.DNSError{Err: marker, Name: marker, IsNotFound: true}}), want: finding.Finding{Reason: finding.HostUnknown}},
		"NoDNS":     {reason: "DNS does not respond.", err: request(&net.OpError{Op: "dial", Err: &net.DNSError{Err: marker, Name: marker, IsTimeout: true}}), want: finding.Finding{Reason: finding.HostUnresolved}},
		"Deadline":  {reason: "A deadline of the client has passed.", err: request(context.DeadlineExceeded), want: finding.Finding{Reason: finding.TimedOut}},
		"Timeout":   {reason: "The network has timed out.", err: request(&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}), want: finding.Finding{Reason: finding.TimedOut}},
		"Cancelled": {reason: "A canceled request is not a failure of the network.", err: request(context.Canceled), want: finding.Finding{Reason: finding.Canceled}},
		"Refused":   {reason: "The host refuses connections.", err: request(&net.OpError{Op: "dial", Err: errors.New(marker)}), want: finding.Finding{Reason: finding.ConnectionFailed, Operation: "dial"}},
		"Proxy":     {reason: "The proxy refuses connections.", err: request(&net.OpError{Op: "proxyconnect", Err: errors.New(marker)}), want: finding.Finding{Reason: finding.ConnectionFailed, Operation: "proxyconnect"}},
		"NoProxy": {
			reason: "The host of the proxy does not exist, which says nothing about the vault.",
			err:    request(&net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: marker, Name: marker, IsNotFound: true}}}),
			want:   finding.Finding{Reason: finding.ConnectionFailed, Operation: "proxyconnect"},
		},
		"Untrusted": {
			reason: "The certificate's authority is unknown.",
			err:    request(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{Cert: &x509.Certificate{}}}),
			want:   finding.Finding{Reason: finding.CertificateUntrusted},
		},
		"OtherHost": {reason: "The certificate is for another host.", err: request(x509.HostnameError{Host: marker, Certificate: &x509.Certificate{DNSNames: []string{marker}}}), want: finding.Finding{Reason: finding.CertificateUntrusted}},
		"Closed":    {reason: "The connection was closed early.", err: request(io.ErrUnexpectedEOF), want: finding.Finding{Reason: finding.NoResponse}},
		"Garbage":   {reason: "Any other error is unknown.", err: errors.New(marker), want: finding.Finding{Reason: finding.NoResponse}},
		"Decoding":  {reason: "An error of decoding, which quotes the answer, is not repeated.", err: fmt.Errorf("unmarshalling type: %w", &json.SyntaxError{}), want: finding.Finding{Reason: finding.NoResponse}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkError(t, tc.reason, &Error{Reason: Unreachable, Operation: operation, Cause: tc.want}, classify(tc.err, operation))
		})
	}
}

func TestClassifyOwn(t *testing.T) {
	own := &Error{Reason: NoIdentity, Operation: "get a token", Cause: because("no"), RetryAfter: time.Second, Code: "AADSTS1"}
	got := classify(fmt.Errorf("%s: %w", marker, own), "list secrets")

	checkError(t, "What the credential found out is kept, for another operation.", &Error{Reason: NoIdentity, Operation: "list secrets", Cause: because("no"), RetryAfter: time.Second, Code: "AADSTS1"}, got)

	if diff := cmp.Diff("get a token", own.Operation); diff != "" {
		t.Errorf("\nThe credential's own error, which others may have, is not changed.\nclassify(...): -want, +got:\n%s", diff)
	}
}

func TestError(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    Error
		want   string
	}{
		"Plain":     {reason: "The text has the operation and the cause.", err: Error{Operation: "list secrets", Cause: because("no"), Code: "X", Status: 403}, want: "cannot list secrets: no does not exist"},
		"RequestID": {reason: "The text has the request ID, which Azure's support needs.", err: Error{Operation: "list secrets", Cause: because("no"), RequestID: "1-2"}, want: "cannot list secrets: no does not exist (request 1-2)"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.err.Error()); diff != "" {
				t.Errorf("\n%s\nError(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReasonOf(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		want   Reason
	}{
		"None":    {reason: "No error has no reason."},
		"Own":     {reason: "An error of the package has its reason.", err: &Error{Reason: Disabled}, want: Disabled},
		"Wrapped": {reason: "The reason of a wrapped error is found.", err: fmt.Errorf("x: %w", &Error{Reason: Disabled}), want: Disabled},
		"Other":   {reason: "Any other error counts as unreachable.", err: errors.New("x"), want: Unreachable},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, ReasonOf(tc.err)); diff != "" {
				t.Errorf("\n%s\nReasonOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Fri, 01 May 2026 12:00:00 GMT"

	cases := map[string]struct {
		reason string
		header map[string]string
		want   time.Duration
	}{
		"None":      {reason: "Without a header, there is no time."},
		"Seconds":   {reason: "A number of seconds is a time.", header: map[string]string{"Retry-After": "42"}, want: 42 * time.Second},
		"Zero":      {reason: "Zero seconds are no time.", header: map[string]string{"Retry-After": "0"}},
		"Negative":  {reason: "Negative seconds are ignored.", header: map[string]string{"Retry-After": "-1"}},
		"Fraction":  {reason: "A fraction of a second is ignored.", header: map[string]string{"Retry-After": "1.5"}},
		"Long":      {reason: "A time of more than an hour is limited.", header: map[string]string{"Retry-After": "86400"}, want: time.Hour},
		"Huge":      {reason: "A number that overflows is limited.", header: map[string]string{"Retry-After": "9999999999"}, want: time.Hour},
		"Date":      {reason: "A date is compared with the clock of the server.", header: map[string]string{"Retry-After": "Fri, 01 May 2026 12:00:30 GMT", "Date": date}, want: 30 * time.Second},
		"PastDate":  {reason: "A date in the past is no time.", header: map[string]string{"Retry-After": "Fri, 01 May 2026 11:00:00 GMT", "Date": date}},
		"LateDate":  {reason: "A date in the far future is limited.", header: map[string]string{"Retry-After": "Sat, 02 May 2026 11:00:00 GMT", "Date": date}, want: time.Hour},
		"OldDate":   {reason: "A date in an obsolete format is parsed.", header: map[string]string{"Retry-After": "Friday, 01-May-26 12:00:30 GMT", "Date": date}, want: 30 * time.Second},
		"PastClock": {reason: "Without the server's clock, a date is compared with ours.", header: map[string]string{"Retry-After": "Fri, 01 May 2020 12:00:30 GMT"}},
		"Garbage":   {reason: "Any other value is ignored.", header: map[string]string{"Retry-After": "soon"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, retryAfter(answerOf(429, tc.header, ""))); diff != "" {
				t.Errorf("\n%s\nretryAfter(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "3600", "9999999999", "20000000000", "Fri, 01 May 2026 12:00:30 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "1e9"} {
		f.Add(seed, "Fri, 01 May 2026 12:00:00 GMT")
	}

	f.Fuzz(func(t *testing.T, value, date string) {
		got := retryAfter(&http.Response{Header: http.Header{"Retry-After": {value}, "Date": {date}}})
		if got < 0 || got > time.Hour {
			t.Fatalf("retryAfter(%q at %q) = %s", value, date, got)
		}
	})
}

func TestParseErrorBody(t *testing.T) {
	type want struct {
		Code  string
		Codes []int
	}

	cases := map[string]struct {
		reason string
		body   string
		want   want
	}{
		"Empty":       {reason: "A missing body has no code."},
		"HTML":        {reason: "A body that is not JSON has no code.", body: "<html></html>"},
		"Vault":       {reason: "Key Vault's inner code is found.", body: vaultError("Forbidden", "ForbiddenByRbac"), want: want{Code: "ForbiddenByRbac"}},
		"NoInner":     {reason: "Key Vault's code is found without an inner one.", body: vaultError("Forbidden", ""), want: want{Code: "Forbidden"}},
		"Entra":       {reason: "The codes of Entra ID are found.", body: entraError("70021,1"), want: want{Codes: []int{70021, 1}}},
		"OtherCodes":  {reason: "Codes that are strings are ignored.", body: `{"error_codes":["70021"]}`},
		"HugeCode":    {reason: "A code that overflows is ignored.", body: `{"error_codes":[1e99]}`},
		"BadCode":     {reason: "Codes that are not positive are ignored.", body: `{"error_codes":[-1,0]}`},
		"Description": {reason: "A code in the description is found.", body: `{"error_codes":["x"],"error_description":"AADSTS7002137: no"}`, want: want{Codes: []int{7002137}}},
		"NoNumber":    {reason: "A description without a code has none.", body: `{"error_description":"AADSTS: AADSTSx AADSTS12 AADSTS99999999999"}`},
		"NoWords":     {reason: "A description that is not a string is ignored.", body: `{"error_description":{"AADSTS":"AADSTS70021"}}`},
		"NullError":   {reason: "A null error has no code.", body: `{"error":null}`},
		"InnerString": {reason: "An inner error that is not an object is ignored.", body: `{"error":{"code":"Forbidden","innererror":"x"}}`, want: want{Code: "Forbidden"}},
		"InnerCode":   {reason: "An invalid code is ignored.", body: vaultError("Forbidden", "a b"), want: want{Code: "Forbidden"}},
		"OtherCode":   {reason: "A code that is not a string is ignored.", body: `{"error":{"code":403,"innererror":{"code":"ForbiddenByRbac"}}}`, want: want{Code: "ForbiddenByRbac"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := parseErrorBody(answerOf(403, nil, tc.body))
			if diff := cmp.Diff(tc.want, want{Code: b.code(), Codes: b.codes()}); diff != "" {
				t.Errorf("\n%s\nparseErrorBody(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func FuzzParseErrorBody(f *testing.F) {
	for _, seed := range []string{"", "null", "[]", "{}", `{"error":"x"}`, vaultError("Forbidden", "SecretDisabled"), entraError("70021"), `{"error_codes":[1e99]}`, `{"error_description":"AADSTS50166: x"}`} {
		f.Add(403, seed)
	}

	f.Fuzz(func(t *testing.T, status int, body string) {
		e := classify(runtime.NewResponseError(answerOf(status, nil, body)), "x")
		if e.Reason == "" || e.Cause.String() == "" || e.Code != "" && !codePattern.MatchString(e.Code) {
			t.Fatalf("classify(%d %q) = %+v", status, body, *e)
		}

		e = issuer{service: finding.EntraID}.classify(&azidentity.AuthenticationFailedError{RawResponse: answerOf(status, nil, body)}, "x")
		if e.Reason == "" || e.Cause.String() == "" {
			t.Fatalf("issuer.classify(%d %q) = %+v", status, body, *e)
		}
	})
}
