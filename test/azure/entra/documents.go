// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// These are the paths of the documents of an issuer, below its address.
const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/openid/v1/jwks"
)

// An issuer signs tokens that federated credentials trust.
type issuer struct {
	source KeySource

	mu   sync.Mutex
	keys jose.JSONWebKeySet
}

// parseKeys reads a JSON Web Key Set.
func parseKeys(jwks []byte) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &set); err != nil || len(set.Keys) == 0 {
		return set, errors.New("cannot read a JSON Web Key Set with keys")
	}

	return set, nil
}

// signingKey returns the issuer's key for a request's assertion, or nil if the issuer has none. An error means that the issuer could not
// be reached.
func (d *Directory) signingKey(r *http.Request, issuerURL, id string) (*jose.JSONWebKey, error) {
	d.mu.RLock()
	i := d.issuers[issuerURL]
	d.mu.RUnlock()

	if i == nil {
		return nil, errors.New("nobody answers for the issuer")
	}

	i.mu.Lock()
	defer i.mu.Unlock()

	if len(i.keys.Key(id)) == 0 {
		jwks, err := i.source(r.Context())
		if err != nil {
			return nil, fmt.Errorf("cannot get the keys of the issuer: %w", err)
		}

		if i.keys, err = parseKeys(jwks); err != nil {
			return nil, err
		}
	}

	for _, key := range i.keys.Key(id) {
		return &key, nil
	}

	return nil, nil //nolint:nilnil // The issuer has no such key.
}

// HasIssuer reports whether an issuer is registered at this host.
func (d *Directory) HasIssuer(host string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()

	for address := range d.issuers {
		if strings.HasPrefix(address+"/", "https://"+host+"/") {
			return true
		}
	}

	return false
}

// ServeIssuer serves the discovery documents and keys of issuers, in the form of an API server. This Entra ID does not use them itself.
func (s *Service) ServeIssuer(w http.ResponseWriter, r *http.Request) {
	operation, handle := fault.Unknown, func() wire.Answer { return wire.Answer{Status: http.StatusNotFound} }

	if address, i := s.Directory.issuerAt(r.Host, strings.TrimSuffix(r.URL.Path, discoveryPath)); i != nil {
		operation, handle = fault.Configuration, func() wire.Answer {
			return wire.JSON(http.StatusOK, map[string]any{
				"issuer": address, "jwks_uri": strings.TrimSuffix(address, "/") + keysPath, "response_types_supported": []string{"id_token"},
				"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
			})
		}
	}

	if _, i := s.Directory.issuerAt(r.Host, strings.TrimSuffix(r.URL.Path, keysPath)); i != nil {
		operation, handle = fault.Keys, func() wire.Answer { //nolint:contextcheck // It has the request's.
			jwks, err := i.source(r.Context())
			if err != nil {
				return wire.Answer{Status: http.StatusServiceUnavailable}
			}

			return wire.Answer{Status: http.StatusOK, Body: jwks}
		}
	}

	s.Gate.Serve(w, r, wire.Exchange{
		Request: fault.Request{Host: r.Host, Operation: operation}, Key: count.Key{Operation: operation}, Handle: handle,
		Refuse: func(rule fault.Rule) wire.Answer { return wire.Answer{Status: rule.Status} },
	})
}

// issuerAt returns the issuer at a host and a path. Its address may end with a slash.
func (d *Directory) issuerAt(host, path string) (string, *issuer) {
	d.mu.RLock()
	defer d.mu.RUnlock()

	for _, address := range []string{"https://" + host + path, "https://" + host + path + "/"} {
		if i := d.issuers[address]; i != nil {
			return address, i
		}
	}

	return "", nil
}
