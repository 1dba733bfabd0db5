// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"net/http"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// A route is a request's operation and its object.
type route struct {
	// operation is fault.Unknown if the path and method have none.
	operation string

	// allow has the methods of the path. It is empty for an unknown path.
	allow string

	// name and version of the secret, as the client spelled them.
	name    string
	version string
}

// routes of a vault.
func (s *Store) routes() *http.ServeMux {
	mux := http.NewServeMux()

	for pattern, operation := range map[string]string{
		"GET /secrets":                        fault.List,
		"GET /secrets/{name}":                 fault.Get,
		"PUT /secrets/{name}":                 fault.Set,
		"DELETE /secrets/{name}":              fault.Delete,
		"GET /secrets/{name}/{$}":             fault.Get, // The SDK gets the latest version like this.
		"GET /secrets/{name}/{version}":       fault.Get,
		"PATCH /secrets/{name}/{version}":     fault.Update,
		"GET /secrets/{name}/versions":        fault.ListVersions,
		"GET /deletedsecrets/{name}":          fault.GetDeleted,
		"DELETE /deletedsecrets/{name}":       fault.Purge,
		"POST /deletedsecrets/{name}/recover": fault.Recover,
		"GET /certificates/contacts":          fault.GetContacts,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s.answer(w, r, route{operation: operation, name: r.PathValue("name"), version: r.PathValue("version")})
		})
	}

	return mux
}

// ServeHTTP serves the vault that the request's host names.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := s.mux.Handler(r); pattern == "" {
		// Key Vault rejects the token first.
		s.answer(w, r, route{operation: fault.Unknown, allow: wire.Allow(s.mux, r)})

		return
	}

	s.mux.ServeHTTP(w, r)
}

// do carries out an admitted operation.
func (c *call) do() wire.Answer {
	return map[string]func() wire.Answer{
		fault.Get: c.get, fault.List: c.list, fault.ListVersions: c.listVersions, fault.Set: c.set, fault.Update: c.update,
		fault.Delete: c.delete, fault.GetDeleted: c.getDeleted, fault.Recover: c.recover,
		fault.Purge: c.purge, fault.GetContacts: noContacts,
	}[c.operation]()
}
