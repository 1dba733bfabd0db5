// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// These are the paths of the documents of an issuer, below its address.
const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/openid/v1/jwks"
)

// HasIssuer reports whether an issuer is registered at this host.
func (d *Directory) HasIssuer(host string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()

	for address := range d.issuers {
		if u, err := url.Parse(address); err == nil && u.Host == host {
			return true
		}
	}

	return false
}

// ServeIssuer serves the discovery documents and keys of issuers. This Entra ID does not use them itself.
func (s *Service) ServeIssuer(w http.ResponseWriter, r *http.Request) {
	operation, handle := fault.Unknown, func() wire.Answer { return wire.Answer{Status: http.StatusNotFound} }

	if address, i := s.Directory.issuerAt(r.Host, strings.TrimSuffix(r.URL.Path, discoveryPath)); i != nil {
		operation, handle = fault.Configuration, func() wire.Answer { return documentOf(address) }
	}

	if _, i := s.Directory.issuerAt(r.Host, strings.TrimSuffix(r.URL.Path, keysPath)); i != nil {
		operation, handle = fault.Keys, func() wire.Answer { return i.publish(r) }
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

// documentOf returns the discovery document of an issuer, in the form of an API server.
func documentOf(address string) wire.Answer {
	return wire.JSON(http.StatusOK, map[string]any{
		"issuer": address, "jwks_uri": strings.TrimSuffix(address, "/") + keysPath, "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

// publish serves the keys of the issuer.
func (i *issuer) publish(r *http.Request) wire.Answer {
	jwks, err := i.source(r.Context())
	if err != nil {
		return wire.Answer{Status: http.StatusServiceUnavailable}
	}

	return wire.Answer{Status: http.StatusOK, Body: jwks}
}
