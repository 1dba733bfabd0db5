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

// A response names where to send the next request: the next page of a list, or the
// authority that issues tokens. The policies here come after those that attach tokens and
// before the transport, so that no request leaves for another host.

// elsewhere is the error of a request that is not sent.
func elsewhere() *Error {
	return &Error{Reason: Unreachable, Operation: "send a request", Cause: finding.Finding{Reason: finding.OtherHost}}
}

// vaultOnly lets a client send requests to its vault only, and rejects challenges that
// name an authority outside its cloud.
type vaultOnly struct {
	host  string
	cloud cloud.Configuration
}

func (v vaultOnly) Do(req *policy.Request) (*http.Response, error) {
	if u := req.Raw().URL; !isHost(u, v.host) || !isSecrets(u) {
		return nil, elsewhere()
	}

	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized || v.accepts(resp.Header.Get("WWW-Authenticate")) {
		return resp, err
	}

	_ = resp.Body.Close() // It is not read.

	return nil, elsewhere()
}

// authorizationParameter of a challenge, which names an authority.
var authorizationParameter = regexp.MustCompile(`authorization="?([^", ]+)`)

// accepts a challenge whose authority is of the cloud, or that names none. The client of
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

// authorityOnly lets a credential send requests to the authority of its cloud only.
// These requests contain tokens of service accounts, or a client secret.
type authorityOnly struct{ cloud cloud.Configuration }

func (a authorityOnly) Do(req *policy.Request) (*http.Response, error) {
	if !isHost(req.Raw().URL, authorities(a.cloud)...) {
		return nil, elsewhere()
	}

	return req.Next()
}

// isHost reports whether a URL leads to one of these hosts, with TLS and at its default
// port.
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

// errTooLong is the error of a body that is larger than any answer of Azure.
var errTooLong = errors.New("the response is too long")

// A bounded body ends with an error where it is too long.
type bounded struct {
	io.ReadCloser

	left int64
}

// Read some of the body.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLong
	}

	// One more than is left, to tell a body that just fits from a longer one.
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)

	if b.left < 0 {
		return n, errTooLong
	}

	return n, err
}
