// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A vault can reject a token that has not expired with 401, because the token was revoked or
// the clocks differ. The client of azcore would send the same token again, and a pager would
// return its first error forever. So a rejected token is dropped from the cache, and the
// request is sent once more with a new one.

const (
	authorization = "Authorization"
	bearer        = "Bearer "
	challenge     = "Www-Authenticate"
)

// refusedTokens counts the rejected tokens of one request.
type refusedTokens struct{ n int }

// renewing sends a request again if its token was rejected, unless the client of azcore has
// done so. That client retries only after the first challenge for a request.
type renewing struct{}

func (renewing) Do(req *policy.Request) (*http.Response, error) {
	refused := &refusedTokens{}
	req.SetOperationValue(refused)

	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized || refused.n != 1 {
		return resp, err
	}

	drain(resp)

	if err := req.RewindBody(); err != nil {
		return nil, err
	}

	return req.Next()
}

// forgetting drops a token that the vault rejects from the cache of the credential. It runs
// after the policy that attaches tokens.
type forgetting struct{ credential *credential }

func (f forgetting) Do(req *policy.Request) (*http.Response, error) {
	token, has := strings.CutPrefix(req.Raw().Header.Get(authorization), bearer)

	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !has {
		return resp, err
	}

	var refused *refusedTokens
	if !req.OperationValue(&refused) {
		return resp, nil
	}

	refused.n++

	if refused.n == 1 {
		f.credential.forget(token)
	} else {
		// Without this, the client of azcore would send the request a third time.
		resp.Header.Del(challenge)
	}

	return resp, nil
}

// drain and close an unread body, so that its connection can be used again.
func drain(resp *http.Response) {
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

// reconnecting closes each connection after its request while the vault is unreachable. Polls would
// otherwise keep a connection open forever, although the host name may lead to a private endpoint
// or another region since then, and a firewall may let only new connections through.
type reconnecting struct{ suspect atomic.Bool }

func (r *reconnecting) Do(req *policy.Request) (*http.Response, error) {
	req.Raw().Close = r.suspect.Load()

	return req.Next()
}
