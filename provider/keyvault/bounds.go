// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// A response names the host of the next request: for the next page of a list, or for a token.
// The policies here run after those that attach tokens and before the transport, so that no
// request is sent to another host.

// errOtherHost is the error of a request that is not sent, because its host is not allowed.
func errOtherHost() *Error {
	return &Error{Reason: Unreachable, Operation: "send a request", Cause: finding.Finding{Reason: finding.OtherHost}}
}

// vaultOnly sends requests only to the vault of the client, and rejects challenges that name
// an authority outside the vault's cloud.
type vaultOnly struct {
	host  string
	cloud cloud.Configuration
}

func (v vaultOnly) Do(req *policy.Request) (*http.Response, error) {
	if u := req.Raw().URL; !isHost(u, v.host) || !isSecrets(u) {
		return nil, errOtherHost()
	}

	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized || v.accepts(resp.Header.Get("WWW-Authenticate")) {
		return resp, err
	}

	_ = resp.Body.Close() // Nobody reads it.

	return nil, errOtherHost()
}

// authorizationParameter of a challenge, which names an authority.
var authorizationParameter = regexp.MustCompile(`authorization="?([^", ]+)`)

// accepts reports whether a challenge names no authority, or one of the cloud. The client of
// azcore takes the tenant from the path without checking that there is a path.
func (v vaultOnly) accepts(challenge string) bool {
	for _, match := range authorizationParameter.FindAllStringSubmatch(challenge, -1) {
		u, err := url.Parse(match[1])
		if err != nil || !strings.HasPrefix(u.Path, "/") || !isHost(u, authorities(v.cloud)...) {
			return false
		}
	}

	return true
}

// authorityOnly sends requests of a credential only to the authority of its cloud, because
// they contain tokens of service accounts or a client secret.
type authorityOnly struct{ cloud cloud.Configuration }

func (a authorityOnly) Do(req *policy.Request) (*http.Response, error) {
	if !isHost(req.Raw().URL, authorities(a.cloud)...) {
		return nil, errOtherHost()
	}

	return req.Next()
}

// isHost reports whether a URL leads to one of these hosts, with TLS and the default port.
func isHost(u *url.URL, hosts ...string) bool {
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && u.User == nil && slices.Contains(hosts, strings.ToLower(u.Hostname()))
}

// isSecrets reports whether a URL is that of a secret, deleted or not, or of a list of them.
func isSecrets(u *url.URL) bool {
	for _, list := range []string{"/secrets", "/deletedsecrets"} {
		if u.Path == list || strings.HasPrefix(u.Path, list+"/") {
			return !slices.Contains(strings.Split(u.Path, "/"), "..")
		}
	}

	return false
}

// errTooLong is the error of a body that is larger than any response of Azure.
var errTooLong = errors.New("the response is too long")

// A bounded body returns an error instead of more bytes than remain.
type bounded struct {
	io.ReadCloser

	remaining int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.remaining < 0 {
		return 0, errTooLong
	}

	// One byte more distinguishes a body that just fits from a longer one.
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.remaining+1)])
	b.remaining -= int64(n)

	if b.remaining < 0 {
		return n, errTooLong
	}

	return n, err
}
