package entra

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/jose"
)

// fetchTimeout bounds how long an issuer is waited for.
const fetchTimeout = 10 * time.Second

// An issuer signs tokens that federated credentials trust.
type issuer struct {
	source KeySource

	mu   sync.Mutex
	keys jose.Keys
}

// key returns the key of that id, or nil if the issuer has none. An error means that the issuer could not be asked.
func (i *issuer) key(ctx context.Context, id string) (crypto.PublicKey, error) {
	i.mu.Lock()
	defer i.mu.Unlock()

	if key := i.keys[id]; key != nil {
		return key, nil
	}

	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()

	jwks, err := i.source(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot get the keys of the issuer: %w", err)
	}

	keys, err := jose.ParseKeys(jwks)
	if err != nil {
		return nil, err
	}

	i.keys = keys

	return keys[id], nil
}

// signingKey returns the key of an issuer that a request's assertion names, or nil if the issuer has no such key.
func (d *Directory) signingKey(r *http.Request, issuerURL, keyID string) (crypto.PublicKey, error) {
	d.mu.RLock()
	i := d.issuers[issuerURL]
	d.mu.RUnlock()

	if i == nil {
		return nil, errors.New("nobody answers for the issuer")
	}

	return i.key(r.Context(), keyID)
}
