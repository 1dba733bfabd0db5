// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// VaultResource is the audience of tokens for Key Vault.
	VaultResource = "https://vault.azure.net"

	// ManagementResource is the audience of tokens for the resource manager.
	ManagementResource = "https://management.azure.com"

	// classicManagement is another name of that audience, which the SDK for Go uses.
	classicManagement = "https://management.core.windows.net"

	// issuerPrefix and a tenant id form the issuer of access tokens.
	issuerPrefix = "https://sts.windows.net/"
)

// A Caller is the identity in an access token.
type Caller struct {
	TenantID    string
	PrincipalID string
	ClientID    string
}

// A TokenError is the rejection of an access token.
type TokenError struct {
	// Message is Key Vault's.
	Message string

	// Flaw of the token. A client should replace a revoked one.
	Flaw Flaw
}

// A Flaw of a token.
type Flaw int

// The flaws.
const (
	FlawMalformed Flaw = iota
	FlawAudience
	FlawIssuer
	FlawExpired
	FlawRevoked
)

// Error returns the message.
func (e *TokenError) Error() string { return e.Message }

// Tokens issues and verifies access tokens. It remembers them all, so that it need not verify signatures.
type Tokens struct {
	now func() time.Time
	key *ecdsa.PrivateKey

	mu     sync.RWMutex
	issued map[string]*issued
}

// An issued token.
type issued struct {
	Caller

	audience string
	expires  time.Time

	// flaw is FlawRevoked to make clients get another token, or FlawExpired.
	flaw Flaw
}

// NewTokens returns an issuer of tokens with a key of its own.
func NewTokens(now func() time.Time) (*Tokens, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot create a key for access tokens: %w", err)
	}

	return &Tokens{now: now, key: key, issued: map[string]*issued{}}, nil
}

// Issue issues a token for that audience. Clients read its claims.
func (t *Tokens) Issue(c Caller, audience string, lifetime time.Duration) (string, error) {
	now := t.now()

	token, err := Sign(t.key, "stand-in", map[string]any{
		"aud": audience, "iss": issuerPrefix + c.TenantID + "/", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lifetime).Unix(),
		"appid": c.ClientID, "idtyp": "app", "oid": c.PrincipalID, "sub": c.PrincipalID, "tid": c.TenantID, "uti": uuid.NewString(), "ver": "1.0",
	})

	t.mu.Lock()
	defer t.mu.Unlock()

	t.issued[token] = &issued{Caller: c, audience: audience, expires: now.Add(lifetime)}

	return token, err
}

// RevokeTokens makes vaults reject all present tokens of a principal with a claims challenge (continuous access evaluation).
func (t *Tokens) RevokeTokens(principalID string) { t.invalidate(principalID, FlawRevoked) }

// ExpireTokens makes vaults reject all present tokens of a principal as expired.
func (t *Tokens) ExpireTokens(principalID string) { t.invalidate(principalID, FlawExpired) }

// Verify returns the caller of a token for Key Vault in a tenant. A rejection is a *TokenError.
func (t *Tokens) Verify(token, tenantID string) (Caller, error) {
	c, err := t.verify(token, VaultResource)
	if err == nil && c.TenantID != tenantID {
		err = &TokenError{Message: fmt.Sprintf("AKV10032: Invalid issuer. Expected one of %s%s/, found %s%s/.", issuerPrefix, tenantID, issuerPrefix, c.TenantID), Flaw: FlawIssuer}
	}

	return c, err
}

// VerifyManagement returns the caller of a token for the resource manager, of any tenant. A rejection is a
// *TokenError.
func (t *Tokens) VerifyManagement(token string) (Caller, error) {
	return t.verify(token, ManagementResource, classicManagement)
}

func (t *Tokens) invalidate(principalID string, flaw Flaw) {
	t.mu.Lock()
	defer t.mu.Unlock()

	for _, known := range t.issued {
		if strings.EqualFold(known.PrincipalID, principalID) {
			known.flaw = flaw
		}
	}
}

func (t *Tokens) verify(token string, audiences ...string) (Caller, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()

	known := t.issued[token]
	if known == nil {
		return Caller{}, &TokenError{Message: "[BearerReadAccessTokenFailed] Error validating token: 'S2S12005'."}
	}

	mine := false
	for _, audience := range audiences {
		// Clients use it with and without a slash at the end.
		mine = mine || strings.TrimSuffix(known.audience, "/") == audience
	}

	switch {
	case !mine:
		return Caller{}, &TokenError{Message: fmt.Sprintf("AKV10022: Invalid audience. Expected %s, found: %s.", audiences[0], known.audience), Flaw: FlawAudience}
	case !t.now().Before(known.expires) || known.flaw == FlawExpired:
		return Caller{}, &TokenError{Message: "[TokenExpired] Error validating token: 'S2S12086'.", Flaw: FlawExpired}
	case known.flaw == FlawRevoked:
		return Caller{}, &TokenError{Message: "Continuous access evaluation resulted in a claims challenge.", Flaw: FlawRevoked}
	default:
		return known.Caller, nil
	}
}
