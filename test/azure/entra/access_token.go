// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
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

	// keyID of the one key that signs access tokens.
	keyID = "stand-in"

	// maxVerified bounds how many verified tokens are kept.
	maxVerified = 1 << 14
)

// A Caller is the identity in an access token.
type Caller struct {
	TenantID    string
	PrincipalID string
	ClientID    string
}

// claims of an access token.
type claims struct {
	Audience  string `json:"aud"`
	Issuer    string `json:"iss"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
	ClientID  string `json:"appid"`
	AppIDACR  string `json:"appidacr"`
	IDType    string `json:"idtyp"`
	ObjectID  string `json:"oid"`
	Subject   string `json:"sub"`
	TenantID  string `json:"tid"`
	UniqueID  string `json:"uti"`
	Version   string `json:"ver"`

	// serial is taken from UniqueID: tokens are numbered in the order of issue.
	serial uint64
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

// Tokens issues and verifies access tokens.
type Tokens struct {
	now    func() time.Time
	key    *ecdsa.PrivateKey
	serial atomic.Uint64

	mu sync.RWMutex

	// verified are the verified tokens, so that each is verified once.
	verified map[string]*claims

	// revoked has the revocations, by principal.
	revoked map[string]revocation
}

// A revocation of tokens.
type revocation struct {
	// last is the serial number of the last revoked token.
	last uint64

	// flaw is FlawRevoked to make clients get another token, or FlawExpired.
	flaw Flaw
}

// NewTokens returns an issuer of tokens with a key of its own.
func NewTokens(now func() time.Time) (*Tokens, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot create a key for access tokens: %w", err)
	}

	return &Tokens{now: now, key: key, verified: map[string]*claims{}, revoked: map[string]revocation{}}, nil
}

// Issue issues a token for that audience.
func (t *Tokens) Issue(c Caller, audience string, lifetime time.Duration) (string, error) {
	now := t.now()
	unique := uuid.New()
	binary.BigEndian.PutUint64(unique[:], t.serial.Add(1))

	return Sign(t.key, keyID, claims{
		Audience: audience, Issuer: issuerPrefix + c.TenantID + "/",
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(lifetime).Unix(),
		ClientID: c.ClientID, AppIDACR: "2", IDType: "app", ObjectID: c.PrincipalID, Subject: c.PrincipalID, TenantID: c.TenantID,
		UniqueID: base64.RawURLEncoding.EncodeToString(unique[:]), Version: "1.0",
	})
}

// RevokeTokens makes vaults reject all present tokens of a principal with a claims challenge (continuous access evaluation).
func (t *Tokens) RevokeTokens(principalID string) { t.invalidate(principalID, FlawRevoked) }

// ExpireTokens makes vaults reject all present tokens of a principal as expired.
func (t *Tokens) ExpireTokens(principalID string) { t.invalidate(principalID, FlawExpired) }

// Verify returns the caller of a token for Key Vault in a tenant. A rejection is a *TokenError.
func (t *Tokens) Verify(token, tenantID string) (Caller, error) {
	c, err := t.claims(token)
	if err != nil {
		return Caller{}, err
	}

	if c.Audience != VaultResource {
		return Caller{}, &TokenError{
			Message: fmt.Sprintf("AKV10022: Invalid audience. Expected %s, found: %s.", VaultResource, c.Audience), Flaw: FlawAudience,
		}
	}

	if c.TenantID != tenantID {
		return Caller{}, &TokenError{
			Message: fmt.Sprintf("AKV10032: Invalid issuer. Expected one of %s%s/, found %s.", issuerPrefix, tenantID, c.Issuer),
			Flaw:    FlawIssuer,
		}
	}

	return t.caller(c)
}

// VerifyManagement returns the caller of a token for the resource manager, of any tenant. A rejection is a
// *TokenError.
func (t *Tokens) VerifyManagement(token string) (Caller, error) {
	c, err := t.claims(token)
	if err != nil {
		return Caller{}, err
	}

	// Clients use it with and without a slash at the end.
	if audience := strings.TrimSuffix(c.Audience, "/"); audience != ManagementResource && audience != classicManagement {
		return Caller{}, &TokenError{
			Message: fmt.Sprintf("The access token has been obtained for wrong audience or resource '%s'. It should exactly match with "+
				"one of the allowed audiences '%s/','%s'.", c.Audience, ManagementResource, ManagementResource),
			Flaw: FlawAudience,
		}
	}

	return t.caller(c)
}

func (t *Tokens) invalidate(principalID string, flaw Flaw) {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.revoked[strings.ToLower(principalID)] = revocation{last: t.serial.Load(), flaw: flaw}
}

// claims returns the verified claims of a token.
func (t *Tokens) claims(token string) (*claims, error) {
	t.mu.RLock()
	c, ok := t.verified[token]
	t.mu.RUnlock()

	if ok {
		return c, nil
	}

	return t.parse(token)
}

// caller returns the caller of a token, unless the token is expired or revoked.
func (t *Tokens) caller(c *claims) (Caller, error) {
	t.mu.RLock()
	r, ok := t.revoked[c.ObjectID]
	t.mu.RUnlock()

	invalid := ok && c.serial <= r.last

	if now := t.now().Unix(); now >= c.Expires || now < c.NotBefore || invalid && r.flaw == FlawExpired {
		return Caller{}, &TokenError{Message: "[TokenExpired] Error validating token: 'S2S12086'.", Flaw: FlawExpired}
	}

	if invalid {
		return Caller{}, &TokenError{Message: "Continuous access evaluation resulted in a claims challenge.", Flaw: FlawRevoked}
	}

	return Caller{TenantID: c.TenantID, PrincipalID: c.ObjectID, ClientID: c.ClientID}, nil
}

// parse verifies the signature of a token and caches its claims.
func (t *Tokens) parse(token string) (*claims, error) {
	parsed, err := parseToken(token)
	if err != nil {
		return nil, &TokenError{Message: "[BearerReadAccessTokenFailed] Error validating token: 'S2S12005'."}
	}

	c := &claims{}
	if parsed.Claims(&t.key.PublicKey, c) != nil {
		return nil, &TokenError{Message: "AKV10046: Unable to resolve the key used for signature validation."}
	}

	// It is our token, so it has a serial number.
	if unique, err := base64.RawURLEncoding.DecodeString(c.UniqueID); err == nil && len(unique) >= 8 {
		c.serial = binary.BigEndian.Uint64(unique)
	}

	t.mu.Lock()
	defer t.mu.Unlock()

	if len(t.verified) >= maxVerified {
		clear(t.verified)
	}

	t.verified[token] = c

	return c, nil
}
