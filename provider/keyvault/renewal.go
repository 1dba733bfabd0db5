// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A vault can reject a token that has not expired, with 401: the token was revoked, or
// the clocks differ. The client of azcore would send the same token again, and a pager
// keeps its first error forever. So a rejected token is forgotten before the client asks
// for one, and every request, whatever its operation and page, is sent again with a new
// one. A request is sent with at most two tokens.

const (
	authorization = "Authorization"
	bearer        = "Bearer "
	challenge     = "Www-Authenticate"
)

// refusedTokens of one request.
type refusedTokens struct{ n int }

// renewing sends a request again if its token was rejected, unless the client of azcore has
// done so. That does not retry without a challenge, nor after a second challenge for the
// same request.
type renewing struct{}

// Do sends a request.
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

// forgetting makes a credential forget a token that the vault rejects. It comes after the
// policy that attaches tokens.
type forgetting struct{ credential *credential }

// Do sends a request.
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
		f.credential.refuse(token)
	} else {
		// The client of azcore would answer this challenge, too.
		resp.Header.Del(challenge)
	}

	return resp, nil
}

// drain an unread body, so that its connection can be used again.
func drain(resp *http.Response) {
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}
