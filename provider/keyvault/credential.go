// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	authenticationv1 "k8s.io/api/authentication/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// TokenAudience is the only audience for which the provider requests service account
// tokens. Entra ID requires it of federated credentials. See
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation
const TokenAudience = "api://AzureADTokenExchange"

// tokenLifetime of a service account token in seconds, the shortest that Kubernetes allows.
// The token is exchanged immediately.
const tokenLifetime = 600

// A TokenSource issues tokens of service accounts.
type TokenSource interface {
	// Token returns a token of the identity's service account for Entra ID.
	Token(ctx context.Context, id Identity) (string, error)
}

// ServiceAccountTokens requests tokens from the API server.
type ServiceAccountTokens struct {
	Client corev1client.ServiceAccountsGetter
}

// Token requests a token from the API server.
func (s ServiceAccountTokens) Token(ctx context.Context, id Identity) (string, error) {
	r, err := s.Client.ServiceAccounts(id.Namespace).CreateToken(ctx, id.ServiceAccount, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{Audiences: []string{TokenAudience}, ExpirationSeconds: new(int64(tokenLifetime))},
	}, metav1.CreateOptions{})
	if err != nil {
		return "", classifyTokenRequest(err, id)
	}

	return r.Status.Token, nil
}

func classifyTokenRequest(err error, id Identity) *Error {
	e := &Error{
		Reason: Unreachable, Operation: fmt.Sprintf("get a token of ServiceAccount %s/%s", id.Namespace, id.ServiceAccount),
		Cause: finding.Finding{Namespace: id.Namespace, ServiceAccount: id.ServiceAccount},
	}

	switch {
	case kerrors.IsNotFound(err):
		e.Reason, e.Cause.Reason = NoIdentity, finding.ServiceAccountMissing
	case kerrors.IsForbidden(err):
		e.Reason, e.Kubernetes, e.Cause.Reason = NoIdentity, true, finding.TokenRequestDenied
	case kerrors.IsTooManyRequests(err):
		e.Reason, e.Cause.Reason = Throttled, finding.KubernetesThrottled
	default:
		e.Cause.Reason = finding.ServiceAccountNoToken
	}

	return e
}

// A credential of an application, or of the identity that creates secrets. Its errors are
// of type *Error. It sends no request while Entra ID throttles it.
//
// It caches the token itself. A credential of azidentity would do that, too, but its cache and
// pipeline take more memory than everything else about an application, and are needed only
// for a moment, once an hour or less.
type credential struct {
	issuer  issuer
	limiter *limiter
	now     func() time.Time
	// make returns a new credential of azidentity, without a token.
	make func() (azcore.TokenCredential, error)

	mu sync.Mutex
	// inner is the credential of azidentity while there is no token. Concurrent requests share
	// it, and wait for the same token.
	inner azcore.TokenCredential
	token token
}

// A token of Entra ID, with the scopes and the tenant that it was requested for.
type token struct {
	azcore.AccessToken

	scopes []string
	tenant string
}

// An issuer of tokens.
type issuer struct {
	service finding.Service
	// tenant whose tokens it issues, if the tenant matters.
	tenant string
}

// newCredential returns a credential, or an error if azidentity cannot create its own.
func newCredential(now func() time.Time, from issuer, build func() (azcore.TokenCredential, error)) (*credential, error) {
	inner, err := build()
	if err != nil {
		return nil, err
	}

	return &credential{issuer: from, limiter: newLimiter(now), now: now, make: build, inner: inner}, nil
}

// applicationCredential returns a credential that requests each token of Entra ID with a new
// token of the service account.
func applicationCredential(id Identity, tokens TokenSource, options azcore.ClientOptions) (azcore.TokenCredential, error) {
	c, err := azidentity.NewClientAssertionCredential(id.TenantID, id.ClientID, func(ctx context.Context) (string, error) {
		token, err := tokens.Token(ctx, id)
		if f, ok := ctx.Value(failureKey{}).(*failure); ok {
			f.err = err
		}

		return token, err
	}, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: options,
		// The authority is one of Azure's clouds. Discovery would cost one more request for each
		// of thousands of identities.
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		return nil, &Error{
			Reason: NoIdentity, Operation: fmt.Sprintf("use client id %q in tenant %q", id.ClientID, id.TenantID),
			Cause: finding.Finding{Reason: finding.IdentityInvalid},
		}
	}

	return c, nil
}

// A failure carries the error of a token source past azidentity, which keeps only its text.
type (
	failure    struct{ err error }
	failureKey struct{}
)

// GetToken returns the cached token or, if that is not fresh, a new one. If Entra ID issues
// none, the cached token is used for as long as it is valid.
func (c *credential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	cached, fresh, valid := c.cached(options)
	if fresh {
		return cached, nil
	}

	t, err := c.request(ctx, options)
	if err != nil && valid {
		return c.delayRefresh(cached), nil
	}

	return t, err
}

// request a new token.
func (c *credential) request(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	const operation = "get a token"

	if paused := c.limiter.paused(); paused > 0 {
		return azcore.AccessToken{}, &Error{Reason: Throttled, Operation: operation, Cause: finding.Finding{Reason: finding.ServiceThrottled, Service: c.issuer.service}, RetryAfter: paused}
	}

	asked := options
	if c.issuer.tenant != "" && options.TenantID != "" {
		if !strings.EqualFold(c.issuer.tenant, options.TenantID) {
			return azcore.AccessToken{}, &Error{Reason: NoIdentity, Operation: operation, Cause: finding.Finding{Reason: finding.OtherTenant}}
		}

		// azidentity compares tenants case-sensitively.
		asked.TenantID = c.issuer.tenant
	}

	inner, err := c.azidentity()
	if err != nil {
		return azcore.AccessToken{}, err
	}

	f := &failure{}

	// Entra ID gets less time than the request, so that its timeout does not look like a
	// timeout of the vault.
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc

		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*9/10)
		defer cancel()
	}

	t, err := inner.GetToken(context.WithValue(ctx, failureKey{}, f), asked)
	if err == nil {
		c.limiter.answered()
		c.store(t, options)

		return t, nil
	}

	if e, ok := errors.AsType[*Error](f.err); ok {
		return azcore.AccessToken{}, e
	}

	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// azidentity keeps only the text of this error.
		err = ctx.Err()
	}

	e := c.issuer.classify(err, operation)
	if e.Reason == Throttled {
		e.RetryAfter = c.limiter.throttled(e.RetryAfter)
	}

	return azcore.AccessToken{}, e
}

// expiryMargin is the remaining lifetime at which a token counts as expired. Clients of azcore
// use the same.
const expiryMargin = 5 * time.Minute

// refreshDelay is the pause after a failed refresh of a token that is still valid.
const refreshDelay = 5 * time.Minute

// cached returns the cached token, and whether it is fresh or at least valid: it matches the
// request and has not expired. A request with claims needs a new token.
func (c *credential) cached(options policy.TokenRequestOptions) (t azcore.AccessToken, fresh, valid bool) {
	c.mu.Lock()
	defer c.mu.Unlock()

	k := c.token

	expiry := k.ExpiresOn.Add(-expiryMargin)

	refresh := k.RefreshOn
	if refresh.IsZero() {
		refresh = expiry
	}

	matches := options.Claims == "" && options.TenantID == k.tenant && slices.Equal(options.Scopes, k.scopes)

	return k.AccessToken, matches && c.now().Before(refresh), matches && c.now().Before(expiry)
}

// store a token, and drop the credential of azidentity.
func (c *credential) store(t azcore.AccessToken, options policy.TokenRequestOptions) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.token, c.inner = token{AccessToken: t, scopes: options.Scopes, tenant: options.TenantID}, nil
}

// azidentity returns the credential of azidentity, and creates one if necessary.
func (c *credential) azidentity() (azcore.TokenCredential, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.inner != nil {
		return c.inner, nil
	}

	inner, err := c.make()
	if err != nil {
		return nil, err
	}

	c.inner = inner

	return inner, nil
}

// delayRefresh delays the next token request after a failed refresh. Otherwise each request to
// a vault would request a token. It returns the cached token, which is still valid.
func (c *credential) delayRefresh(cached azcore.AccessToken) azcore.AccessToken {
	c.mu.Lock()
	defer c.mu.Unlock()

	expiry := cached.ExpiresOn.Add(-expiryMargin)
	if cached.RefreshOn = c.now().Add(refreshDelay); cached.RefreshOn.After(expiry) {
		cached.RefreshOn = expiry
	}

	if c.token.Token == cached.Token {
		c.token.RefreshOn = cached.RefreshOn
	}

	return cached
}

// forget a token that a vault rejects, unless it has been replaced, and the credential of
// azidentity that would return it again.
func (c *credential) forget(rejected string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.token.Token == rejected {
		c.token, c.inner = token{}, nil
	}
}
