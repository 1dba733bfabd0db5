// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// fetchTimeout bounds requests to an issuer.
const fetchTimeout = 10 * time.Second

// An issuer signs tokens that federated credentials trust.
type issuer struct {
	source KeySource

	mu   sync.Mutex
	keys jose.JSONWebKeySet
}

// key returns the key with that id, or nil if the issuer has none. An error means that the issuer could not be
// reached.
func (i *issuer) key(ctx context.Context, id string) (*jose.JSONWebKey, error) {
	i.mu.Lock()
	defer i.mu.Unlock()

	if known := i.keys.Key(id); len(known) > 0 {
		return &known[0], nil
	}

	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()

	jwks, err := i.source(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot get the keys of the issuer: %w", err)
	}

	if i.keys, err = parseKeys(jwks); err != nil {
		return nil, err
	}

	if known := i.keys.Key(id); len(known) > 0 {
		return &known[0], nil
	}

	return nil, nil //nolint:nilnil // The issuer has no such key.
}

// parseKeys reads a JSON Web Key Set.
func parseKeys(jwks []byte) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil {
		return set, fmt.Errorf("cannot read a JSON Web Key Set: %w", err)
	}

	if len(set.Keys) == 0 {
		return set, errors.New("cannot read a JSON Web Key Set: it has no keys")
	}

	return set, nil
}

// signingKey returns the issuer's key for a request's assertion, or nil if the issuer has none.
func (d *Directory) signingKey(r *http.Request, issuerURL, keyID string) (*jose.JSONWebKey, error) {
	d.mu.RLock()
	i := d.issuers[issuerURL]
	d.mu.RUnlock()

	if i == nil {
		return nil, errors.New("nobody answers for the issuer")
	}

	return i.key(r.Context(), keyID)
}
