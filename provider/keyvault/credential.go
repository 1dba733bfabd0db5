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
)

// TokenAudience is the one audience the provider asks service account tokens for.
// Entra ID wants it of federated credentials. See
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation
const TokenAudience = "api://AzureADTokenExchange"

// tokenLifetime of a service account's token in seconds: the shortest that
// Kubernetes gives. It is exchanged at once.
const tokenLifetime = 600

// A TokenSource gives tokens of service accounts.
type TokenSource interface {
	// Token of the identity's service account, for Entra ID.
	Token(ctx context.Context, id Identity) (string, error)
}

// ServiceAccountTokens are requested from the API server.
type ServiceAccountTokens struct {
	Client corev1client.ServiceAccountsGetter
}

// Token asks the API server for a token.
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
	e := &Error{Reason: Unreachable, Operation: fmt.Sprintf("get a token of ServiceAccount %s/%s", id.Namespace, id.ServiceAccount)}

	switch {
	case kerrors.IsNotFound(err):
		e.Reason, e.Detail = NoIdentity, fmt.Sprintf("there is no ServiceAccount %q in namespace %q", id.ServiceAccount, id.Namespace)
	case kerrors.IsForbidden(err):
		e.Reason, e.Kubernetes = NoIdentity, true
		e.Detail = fmt.Sprintf("Kubernetes does not let the provider request tokens in namespace %q: "+
			"the namespace has no label meta.p6m.dev/workloads=composed, or the provider may not create serviceaccounts/token", id.Namespace)
	case kerrors.IsTooManyRequests(err):
		e.Reason, e.Detail = Throttled, "Kubernetes asks to slow down"
	default:
		e.Detail = "Kubernetes gives no token of ServiceAccount " + id.ServiceAccount
	}

	return e
}

// A credential of an application, or of the identity that creates secrets. Its
// errors are of this package, and Entra ID is left alone while it asks for that.
//
// It keeps the token itself. A credential of azidentity would do that, too, but
// with its own cache and pipeline it takes more memory than all else that is kept
// of an application, and is needed for a moment every hour or less.
type credential struct {
	issuer  issuer
	limiter *limiter
	now     func() time.Time
	// make a credential of azidentity, without any token.
	make func() (azcore.TokenCredential, error)

	mu sync.Mutex
	// inner is the credential of azidentity while there is no token: all who want one
	// wait for the same.
	inner azcore.TokenCredential
	token token
}

// A token of Entra ID, and what it is for.
type token struct {
	azcore.AccessToken

	scopes []string
	tenant string
}

// Names of issuers.
const (
	entraID = "Entra ID"
	node    = "the metadata service of the node"
)

// An issuer gives tokens.
type issuer struct {
	name string
	// tenant whose tokens it gives, if it matters which one is asked for.
	tenant string
}

// newCredential fails if azidentity's cannot be made.
func newCredential(now func() time.Time, from issuer, build func() (azcore.TokenCredential, error)) (*credential, error) {
	inner, err := build()
	if err != nil {
		return nil, err
	}

	return &credential{issuer: from, limiter: newLimiter(now), now: now, make: build, inner: inner}, nil
}

// applicationCredential asks for every token of Entra ID with a new token of the
// service account.
func applicationCredential(id Identity, tokens TokenSource, options azcore.ClientOptions) (azcore.TokenCredential, error) {
	c, err := azidentity.NewClientAssertionCredential(id.TenantID, id.ClientID, func(ctx context.Context) (string, error) {
		token, err := tokens.Token(ctx, id)
		if f, ok := ctx.Value(failureKey{}).(*failure); ok {
			f.err = err
		}

		return token, err
	}, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: options,
		// The authorities are those of Azure's clouds: nobody has to be asked whether
		// they can be trusted, for each of thousands of identities.
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		return nil, &Error{
			Reason: NoIdentity, Operation: fmt.Sprintf("use client id %q in tenant %q", id.ClientID, id.TenantID),
			Detail: "they are not valid",
		}
	}

	return c, nil
}

// failure carries the error of a token source past azidentity, which keeps only
// its text.
type (
	failure    struct{ err error }
	failureKey struct{}
)

// GetToken returns a token of Entra ID, the one that is kept if it can. If there is
// no new one, that one is used for as long as it is good.
func (c *credential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	kept, fresh, good := c.kept(options)
	if fresh {
		return kept, nil
	}

	t, err := c.request(ctx, options)
	if err != nil && good {
		return c.spare(kept), nil
	}

	return t, err
}

// request a new token.
func (c *credential) request(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	const operation = "get a token"

	if paused := c.limiter.paused(); paused > 0 {
		return azcore.AccessToken{}, &Error{Reason: Throttled, Operation: operation, Detail: c.issuer.name + " asks to slow down", RetryAfter: paused}
	}

	asked := options
	if c.issuer.tenant != "" && options.TenantID != "" {
		if !strings.EqualFold(c.issuer.tenant, options.TenantID) {
			return azcore.AccessToken{}, &Error{Reason: NoIdentity, Operation: operation, Detail: "the vault is in another tenant than the identity"}
		}

		// azidentity tells capital letters apart.
		asked.TenantID = c.issuer.tenant
	}

	inner, err := c.azidentity()
	if err != nil {
		return azcore.AccessToken{}, err
	}

	f := &failure{}

	// A bit less than the request has: an answer that does not come from Entra ID must
	// not look like one that does not come from the vault.
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc

		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*9/10)
		defer cancel()
	}

	t, err := inner.GetToken(context.WithValue(ctx, failureKey{}, f), asked)
	if err == nil {
		c.limiter.answered()
		c.keep(t, options)

		return t, nil
	}

	if e, ok := errors.AsType[*Error](f.err); ok {
		return azcore.AccessToken{}, e
	}

	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// azidentity keeps only the text of that.
		err = ctx.Err()
	}

	e := c.issuer.classify(err, operation)
	if e.Reason == Throttled {
		e.RetryAfter = c.limiter.throttled(e.RetryAfter)
	}

	return azcore.AccessToken{}, e
}

// freshFor is how long a token has to be good for to be used, unless Entra ID says
// when to ask for a new one. Clients of azcore want the same.
const freshFor = 5 * time.Minute

// spareFor is how long Entra ID is not asked again for a token that is not needed yet.
const spareFor = 5 * time.Minute

// kept returns the token that is kept, and whether it is fresh or at least good: if
// it is for this, and has not expired. Claims are made by a vault that wants a new
// one.
func (c *credential) kept(options policy.TokenRequestOptions) (t azcore.AccessToken, fresh, good bool) {
	c.mu.Lock()
	defer c.mu.Unlock()

	k := c.token

	last := k.ExpiresOn.Add(-freshFor)

	until := k.RefreshOn
	if until.IsZero() {
		until = last
	}

	fits := options.Claims == "" && options.TenantID == k.tenant && slices.Equal(options.Scopes, k.scopes)

	return k.AccessToken, fits && c.now().Before(until), fits && c.now().Before(last)
}

// keep a token, and nothing else.
func (c *credential) keep(t azcore.AccessToken, options policy.TokenRequestOptions) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.token, c.inner = token{AccessToken: t, scopes: options.Scopes, tenant: options.TenantID}, nil
}

// azidentity returns its credential, which is made if need be.
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

// spare Entra ID further requests for a while: it has given no token in the place of the
// one that is kept, which is still good. Each request to a vault would ask for one.
func (c *credential) spare(kept azcore.AccessToken) azcore.AccessToken {
	c.mu.Lock()
	defer c.mu.Unlock()

	last := kept.ExpiresOn.Add(-freshFor)
	if kept.RefreshOn = c.now().Add(spareFor); kept.RefreshOn.After(last) {
		kept.RefreshOn = last
	}

	if c.token.Token == kept.Token {
		c.token.RefreshOn = kept.RefreshOn
	}

	return kept
}

// refuse a token that a vault does not accept, unless it has been replaced: forget it and
// the cached credential that would return it again.
func (c *credential) refuse(refused string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.token.Token == refused {
		c.token, c.inner = token{}, nil
	}
}
