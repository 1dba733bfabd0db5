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

// marker is what servers and libraries say. None of it may be repeated.
const marker = "MaRkEr"

// answerOf a server.
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

// vaultError as Key Vault answers.
func vaultError(code, inner string) string {
	if inner != "" {
		inner = `,"innererror":{"code":"` + inner + `","message":"` + marker + `"}`
	}

	return `{"error":{"code":"` + code + `","message":"` + marker + `"` + inner + `}}`
}

// entraError as Entra ID answers.
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

// because of something.
func because(what string) finding.Finding {
	return finding.Finding{Reason: finding.ProviderConfigMissing, Object: what}
}

// noToken of Entra ID, with a code.
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
			reason: "A secret that is not there.", answer: answerOf(404, nil, vaultError("SecretNotFound", "")),
			want: Error{Reason: NotFound, Cause: finding.Finding{Reason: finding.SecretNotFound}, Code: "SecretNotFound"},
		},
		"Deleted": {
			reason: "A name that is taken by a deleted secret.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsDeletedButRecoverable")),
			want: Error{Reason: Deleted, Cause: finding.Finding{Reason: finding.SecretRecoverable}, Code: "ObjectIsDeletedButRecoverable"},
		},
		"BeingDeleted": {
			reason: "It takes some seconds to delete a secret.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsBeingDeleted")),
			want: Error{Reason: BeingDeleted, Cause: finding.Finding{Reason: finding.SecretBeingDeleted}, Code: "ObjectIsBeingDeleted"},
		},
		"BeingRecovered": {
			reason: "Recovering a secret takes seconds.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsBeingRecovered")),
			want: Error{Reason: BeingRecovered, Cause: finding.Finding{Reason: finding.SecretBeingRecovered}, Code: "ObjectIsBeingRecovered"},
		},
		"Conflict": {
			reason: "Another conflict.", answer: answerOf(409, nil, vaultError("Conflict", "ObjectIsBeingMoved")),
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
		"Forbidden": {
			reason: "No role.", answer: answerOf(403, nil, vaultError("Forbidden", "ForbiddenByRbac")),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.RoleMissing}, Code: "ForbiddenByRbac"},
		},
		"ForbiddenGarbage": {
			reason: "A refusal without a body that can be read.", answer: answerOf(403, nil, "<html>"+marker),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.RoleMissing}},
		},
		"Unauthorized": {
			reason: "A token that is not taken.", answer: answerOf(401, map[string]string{"WWW-Authenticate": marker}, vaultError("Unauthorized", "")),
			want: Error{Reason: NoIdentity, Cause: finding.Finding{Reason: finding.TokenRejected}, Code: "Unauthorized"},
		},
		"Throttled": {
			reason: "Too many requests.", answer: answerOf(429, map[string]string{"Retry-After": "17"}, vaultError("Throttled", "VaultRequestTypeLimitReached")),
			want: Error{Reason: Throttled, Cause: finding.Finding{Reason: finding.VaultThrottled}, RetryAfter: 17 * time.Second, Code: "VaultRequestTypeLimitReached"},
		},
		"Broken": {
			reason: "A problem of the vault.", answer: answerOf(503, map[string]string{"Retry-After": "3"}, marker),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.VaultUnavailable, Status: 503}, RetryAfter: 3 * time.Second},
		},
		"Redirect": {
			reason: "Redirects are not followed.", answer: answerOf(302, map[string]string{"Location": "https://" + marker}, ""),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.RequestRejected, Status: 302}},
		},
		"BadRequest": {
			reason: "A problem of ours.", answer: answerOf(400, nil, vaultError("BadParameter", "")),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.RequestRejected, Status: 400}, Code: "BadParameter"},
		},
		"RequestID": {
			reason: "Azure's name for the request.", answer: answerOf(404, map[string]string{"X-Ms-Request-Id": "b9a4a42a-1ab2-4d4b-9d4c-1b1f2b3c4d5e"}, ""),
			want: Error{Reason: NotFound, Cause: finding.Finding{Reason: finding.SecretNotFound}, RequestID: "b9a4a42a-1ab2-4d4b-9d4c-1b1f2b3c4d5e"},
		},
		"NoCode": {
			reason: "An invalid code is dropped.", answer: answerOf(403, map[string]string{"X-Ms-Error-Code": marker + " " + marker, "X-Ms-Request-Id": "<" + marker + ">"}, vaultError(marker+"-x", marker+"!")),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.RoleMissing}},
		},
		"LongCode": {
			reason: "A code that is too long is dropped, too.", answer: answerOf(403, nil, vaultError(strings.Repeat(marker, 11), strings.Repeat(marker, 11))),
			want: Error{Reason: Forbidden, Cause: finding.Finding{Reason: finding.RoleMissing}},
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
		"70021":   {reason: "No federated credential.", err: failed(answerOf(400, nil, entraError("70021"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS70021", Meaning: NoMatch, Cause: noToken("AADSTS70021", finding.CredentialNoMatch)}},
		"700211":  {reason: "No federated credential.", err: failed(answerOf(400, nil, entraError("700211"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS700211", Meaning: OtherIssuer, Cause: noToken("AADSTS700211", finding.CredentialIssuer)}},
		"700213":  {reason: "No federated credential.", err: failed(answerOf(401, nil, entraError("700213,7000215"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS700213", Meaning: OtherSubject, Cause: noToken("AADSTS700213", finding.CredentialSubject)}},
		"700016":  {reason: "No such client id.", err: failed(answerOf(400, nil, entraError("700016"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS700016", Meaning: NoClient, Cause: noToken("AADSTS700016", finding.ClientMissing)}},
		"90002":   {reason: "No such tenant.", err: failed(answerOf(400, nil, entraError("90002"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS90002", Meaning: NoTenant, Cause: noToken("AADSTS90002", finding.TenantMissing)}},
		"700024":  {reason: "Clocks.", err: failed(answerOf(401, nil, entraError("700024"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS700024", Meaning: OtherTime, Cause: noToken("AADSTS700024", finding.TokenExpired)}},
		"50027":   {reason: "Keys of the cluster.", err: failed(answerOf(401, nil, entraError("50027"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS50027", Meaning: Unverified, Cause: noToken("AADSTS50027", finding.TokenUnverified)}},
		"7000222": {reason: "A client secret.", err: failed(answerOf(401, nil, entraError("7000222"))), want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS7000222", Meaning: BadClientSecret, Cause: noToken("AADSTS7000222", finding.ClientSecretRejected)}},
		"Other":   {reason: "A code that nothing is known of.", err: failed(answerOf(400, nil, entraError("123456"))), want: Error{Reason: NoIdentity, Status: 400, Code: "AADSTS123456", Cause: noToken("AADSTS123456", finding.IdentityRefused)}},
		"NoCodes": {
			reason: "The description names the code, if no list does.", err: failed(answerOf(401, nil, `{"error":"invalid_client","error_description":"AADSTS70025: `+marker+`"}`)),
			want: Error{Reason: NoIdentity, Status: 401, Code: "AADSTS70025", Meaning: NoCredentialYet, Cause: noToken("AADSTS70025", finding.CredentialMissing)},
		},
		"SecondCode": {
			reason: "Of several codes, the first known one is of use.", err: failed(answerOf(400, nil, entraError("123456,50166"))),
			want: Error{Reason: Unreachable, Status: 400, Code: "AADSTS50166", Meaning: IssuerUnreachable, Cause: finding.Finding{Reason: finding.IssuerUnreachable, Service: finding.EntraID, Code: "AADSTS50166"}},
		},
		"BrokenIssuer": {
			reason: "Whatever the status, it is the issuer that fails.", err: failed(answerOf(504, nil, entraError("90061"))),
			want: Error{Reason: Unreachable, Status: 504, Code: "AADSTS90061", Meaning: IssuerUnreachable, Cause: finding.Finding{Reason: finding.IssuerUnreachable, Service: finding.EntraID, Code: "AADSTS90061"}},
		},
		"Transient": {
			reason: "A problem of Entra ID that it does not call one.", err: failed(answerOf(400, nil, entraError("90033"))),
			want: Error{Reason: Unreachable, Status: 400, Code: "AADSTS90033", Meaning: EntraBroken, Cause: finding.Finding{Reason: finding.ServiceFailed, Service: finding.EntraID, Code: "AADSTS90033"}},
		},
		"Loop": {
			reason: "Too many requests of the same kind.", err: failed(answerOf(400, nil, entraError("50196"))),
			want: Error{Reason: Throttled, Status: 400, Code: "AADSTS50196", Meaning: EntraThrottled, Cause: finding.Finding{Reason: finding.ServiceOverloaded, Service: finding.EntraID, Code: "AADSTS50196"}},
		},
		"Throttled": {
			reason: "Too many requests.", err: failed(answerOf(429, map[string]string{"Retry-After": "30"}, marker)),
			want: Error{Reason: Throttled, Status: 429, RetryAfter: 30 * time.Second, Cause: finding.Finding{Reason: finding.ServiceThrottled, Service: finding.EntraID}},
		},
		"Broken": {
			reason: "A problem of Entra ID, whatever code it gives.", err: failed(answerOf(503, map[string]string{"X-Ms-Request-Id": "1-2"}, entraError("90033"))),
			want: Error{Reason: Unreachable, Status: 503, RequestID: "1-2", Cause: finding.Finding{Reason: finding.ServiceUnavailable, Service: finding.EntraID, Status: 503}},
		},
		"Garbage": {reason: "Something in between answers.", err: failed(answerOf(407, nil, "<html>"+marker)), want: Error{Reason: Unreachable, Status: 407, Cause: finding.Finding{Reason: finding.ServiceUnexpected, Service: finding.EntraID, Status: 407}}},
		"NoAnswer": {
			reason: "No answer at all.", err: fmt.Errorf("%s: %w", marker, &azidentity.AuthenticationFailedError{}),
			want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.ServiceSilent, Service: finding.EntraID, Cause: &finding.Finding{Reason: finding.NoResponse}}},
		},
		"Timeout": {reason: "No answer in time.", err: fmt.Errorf("%s: %w", marker, context.DeadlineExceeded), want: Error{Reason: Unreachable, Cause: finding.Finding{Reason: finding.ServiceSilent, Service: finding.EntraID, Cause: &finding.Finding{Reason: finding.TimedOut}}}},
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
		"NoHost":    {reason: "A host that does not exist.", err: request(&net.OpError{Op: "dial", Err: &net.DNSError{Err: marker, Name: marker, IsNotFound: true}}), want: finding.Finding{Reason: finding.HostUnknown}},
		"NoDNS":     {reason: "No DNS.", err: request(&net.OpError{Op: "dial", Err: &net.DNSError{Err: marker, Name: marker, IsTimeout: true}}), want: finding.Finding{Reason: finding.HostUnresolved}},
		"Deadline":  {reason: "A deadline of ours.", err: request(context.DeadlineExceeded), want: finding.Finding{Reason: finding.TimedOut}},
		"Timeout":   {reason: "A timeout of the network.", err: request(&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}), want: finding.Finding{Reason: finding.TimedOut}},
		"Cancelled": {reason: "The provider ends.", err: request(context.Canceled), want: finding.Finding{Reason: finding.Canceled}},
		"Refused":   {reason: "Nobody listens.", err: request(&net.OpError{Op: "dial", Err: errors.New(marker)}), want: finding.Finding{Reason: finding.ConnectionFailed, Operation: "dial"}},
		"Proxy":     {reason: "The proxy does not listen.", err: request(&net.OpError{Op: "proxyconnect", Err: errors.New(marker)}), want: finding.Finding{Reason: finding.ConnectionFailed, Operation: "proxyconnect"}},
		"Untrusted": {
			reason: "A certificate of somebody unknown.",
			err:    request(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{Cert: &x509.Certificate{}}}),
			want:   finding.Finding{Reason: finding.CertificateUntrusted},
		},
		"OtherHost": {reason: "A certificate of somebody else.", err: request(x509.HostnameError{Host: marker, Certificate: &x509.Certificate{DNSNames: []string{marker}}}), want: finding.Finding{Reason: finding.CertificateUntrusted}},
		"Closed":    {reason: "The connection ends early.", err: request(io.ErrUnexpectedEOF), want: finding.Finding{Reason: finding.NoResponse}},
		"Garbage":   {reason: "Anything else.", err: errors.New(marker), want: finding.Finding{Reason: finding.NoResponse}},
		"Decoding":  {reason: "An answer that cannot be decoded is quoted by libraries.", err: fmt.Errorf("unmarshalling type: %w", &json.SyntaxError{}), want: finding.Finding{Reason: finding.NoResponse}},
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
		t.Errorf("\nThe credential's own error, which others may have, is left alone.\nclassify(...): -want, +got:\n%s", diff)
	}
}

func TestError(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    Error
		want   string
	}{
		"Plain":     {reason: "The operation and the cause.", err: Error{Operation: "list secrets", Cause: because("no"), Code: "X", Status: 403}, want: "cannot list secrets: no does not exist"},
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
		"Own":     {reason: "One of ours has one.", err: &Error{Reason: Disabled}, want: Disabled},
		"Wrapped": {reason: "The reason of a wrapped error is found.", err: fmt.Errorf("x: %w", &Error{Reason: Disabled}), want: Disabled},
		"Other":   {reason: "Any other is a problem of reaching Azure.", err: errors.New("x"), want: Unreachable},
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
		"None":      {reason: "No header."},
		"Seconds":   {reason: "Seconds.", header: map[string]string{"Retry-After": "42"}, want: 42 * time.Second},
		"Zero":      {reason: "Now.", header: map[string]string{"Retry-After": "0"}},
		"Negative":  {reason: "No time.", header: map[string]string{"Retry-After": "-1"}},
		"Fraction":  {reason: "No whole seconds.", header: map[string]string{"Retry-After": "1.5"}},
		"Long":      {reason: "Nobody is believed to want to be left alone for longer than an hour.", header: map[string]string{"Retry-After": "86400"}, want: time.Hour},
		"Huge":      {reason: "A number that overflows is limited, too.", header: map[string]string{"Retry-After": "9999999999"}, want: time.Hour},
		"Date":      {reason: "A date, by the clock of the server.", header: map[string]string{"Retry-After": "Fri, 01 May 2026 12:00:30 GMT", "Date": date}, want: 30 * time.Second},
		"PastDate":  {reason: "A date that is over.", header: map[string]string{"Retry-After": "Fri, 01 May 2026 11:00:00 GMT", "Date": date}},
		"LateDate":  {reason: "A date that is far away.", header: map[string]string{"Retry-After": "Sat, 02 May 2026 11:00:00 GMT", "Date": date}, want: time.Hour},
		"OldDate":   {reason: "A date in an old form.", header: map[string]string{"Retry-After": "Friday, 01-May-26 12:00:30 GMT", "Date": date}, want: 30 * time.Second},
		"PastClock": {reason: "Without a clock of the server, ours.", header: map[string]string{"Retry-After": "Fri, 01 May 2020 12:00:30 GMT"}},
		"Garbage":   {reason: "Anything else.", header: map[string]string{"Retry-After": "soon"}},
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
		Inner string
		Codes []int
	}

	cases := map[string]struct {
		reason string
		body   string
		want   want
	}{
		"Empty":       {reason: "No body."},
		"HTML":        {reason: "No JSON.", body: "<html></html>"},
		"Vault":       {reason: "Key Vault.", body: vaultError("Forbidden", "ForbiddenByRbac"), want: want{Inner: "ForbiddenByRbac"}},
		"NoInner":     {reason: "Key Vault, without more.", body: vaultError("Forbidden", "")},
		"Entra":       {reason: "Entra ID.", body: entraError("70021,1"), want: want{Codes: []int{70021, 1}}},
		"OtherCodes":  {reason: "Codes that are none.", body: `{"error_codes":["70021"]}`},
		"HugeCode":    {reason: "A number that is none.", body: `{"error_codes":[1e99]}`},
		"BadCode":     {reason: "Codes that are not positive are ignored.", body: `{"error_codes":[-1,0]}`},
		"Description": {reason: "A code in words.", body: `{"error_codes":["x"],"error_description":"AADSTS7002137: no"}`, want: want{Codes: []int{7002137}}},
		"NoNumber":    {reason: "Words without one.", body: `{"error_description":"AADSTS: AADSTSx AADSTS12 AADSTS99999999999"}`},
		"NoWords":     {reason: "A description that is none.", body: `{"error_description":{"AADSTS":"AADSTS70021"}}`},
		"NullError":   {reason: "An error of nothing.", body: `{"error":null}`},
		"InnerString": {reason: "An inner error that is no object.", body: `{"error":{"innererror":"x"}}`},
		"InnerCode":   {reason: "A code that is none.", body: vaultError("Forbidden", "a b")},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := parseErrorBody(answerOf(403, nil, tc.body))
			if diff := cmp.Diff(tc.want, want{Inner: b.innerCode(), Codes: b.codes()}); diff != "" {
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
