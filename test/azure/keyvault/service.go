// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	// Suffix follows the name of a vault in its host name.
	Suffix = ".vault.azure.net"

	// maxBody bounds a body.
	maxBody = 1 << 20
)

// apiVersions are those that Microsoft documents.
func apiVersions() []string {
	return []string{"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"}
}

// A Store holds vaults and serves the data plane of their secrets.
type Store struct {
	tokens *entra.Tokens
	gate   *wire.Gate
	now    func() time.Time
	mux    *http.ServeMux
	roles  *role.Assignments

	mu     sync.RWMutex
	vaults map[string]*vault
}

// NewStore returns a store without vaults.
func NewStore(tokens *entra.Tokens, roles *role.Assignments, gate *wire.Gate, now func() time.Time) *Store {
	s := &Store{tokens: tokens, roles: roles, gate: gate, now: now, mux: http.NewServeMux(), vaults: map[string]*vault{}}

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
		"POST /deletedsecrets/{name}/recover": fault.Recover,
		"GET /certificates/contacts":          fault.GetContacts,
		"/":                                   fault.Unknown,
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, operation) })
	}

	return s
}

// ServeHTTP serves the vault that the request's host names.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// VaultOf returns the name of the vault in a host name, if it has one.
func VaultOf(host string) (string, bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}

	name, ok := strings.CutSuffix(strings.ToLower(host), Suffix)

	return name, ok && name != "" && !strings.Contains(name, ".")
}

// A call is an operation on a vault in progress.
type call struct {
	// operation is fault.Unknown if the path and method have none.
	operation string

	// name and version of the secret, as the client spelled them.
	name    string
	version string

	service *Store
	vault   *vault
	request *http.Request
	caller  entra.Caller
	body    []byte
	now     time.Time
}

// officer is true for calls of the store's own methods.
func (c *call) officer() bool { return c.request == nil }

// answer answers a request.
func (s *Store) answer(w http.ResponseWriter, r *http.Request, operation string) {
	name, _ := VaultOf(r.Host)

	v, info := s.serving(name)
	if v == nil {
		// The client kept a connection open, and could not open another.
		panic(http.ErrAbortHandler)
	}

	c := &call{operation: operation, name: r.PathValue("name"), version: r.PathValue("version"), service: s, vault: v, request: r, now: s.now()}
	key := count.Key{Vault: info.Name, Operation: operation}
	request := fault.Request{Host: strings.ToLower(info.Name) + Suffix, Vault: info.Name, Operation: operation, Secret: c.name}

	wire.Headers(w, r, "X-Ms-Keyvault-Region", info.Location, "X-Ms-Keyvault-Service-Version", "1.9.2784.1",
		"X-Ms-Keyvault-Network-Info", "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;")

	handle := c.serve

	// Key Vault rejects the token first.
	if token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bearer {
		var err error
		if c.caller, err = s.tokens.Verify(token, info.TenantID); err != nil {
			handle = func() wire.Answer { return refuseToken(info.TenantID, err) }
		}

		request.PrincipalID, request.ClientID = c.caller.PrincipalID, c.caller.ClientID
	} else {
		key.Operation, request.Operation = fault.Challenge, fault.Challenge
		handle = func() wire.Answer {
			return challenge(info.TenantID, "AKV10000: Request is missing a Bearer or PoP token.", "")
		}
	}

	s.gate.Serve(w, r, wire.Exchange{
		Request: request, Key: key, Handle: handle,
		Refuse: func(rule fault.Rule) wire.Answer { return injected(info.TenantID, rule) },
	})
}

func refuseToken(tenantID string, err error) wire.Answer {
	more := invalidToken

	if refusal, ok := errors.AsType[*entra.TokenError](err); ok && refusal.Flaw == entra.FlawRevoked {
		more = insufficientClaims
	}

	answer := challenge(tenantID, err.Error(), more)
	answer.Error, _, _ = strings.Cut(strings.TrimPrefix(more, `, error="`), `"`)

	return answer
}

// serving returns a vault whose name resolves, and a copy of its properties.
func (s *Store) serving(name string) (*vault, Vault) {
	v := s.vault(name)
	if v == nil {
		return nil, Vault{}
	}

	v.mu.Lock()
	defer v.mu.Unlock()

	if v.deleted {
		return nil, Vault{}
	}

	return v, v.Vault
}

// serve answers an authenticated caller.
func (c *call) serve() wire.Answer {
	// The body is read as it arrives and before anything is locked. One that is cut off is invalid.
	c.body, _ = io.ReadAll(io.LimitReader(c.request.Body, maxBody))

	c.vault.mu.Lock()
	defer c.vault.mu.Unlock()

	version := c.request.URL.Query().Get("api-version")

	switch stopped := c.stop(); {
	case stopped != nil:
		return *stopped
	case c.operation == fault.Unknown:
		return refuse(http.StatusNotFound, "NotFound", "", "There is no %s %s.", c.request.Method, c.request.URL.Path)
	case !slices.Contains(apiVersions(), version):
		return badParameter("The api-version (%s) is not recognized. Consider using the latest supported version.", version)
	case c.name != "" && !validName.MatchString(c.name):
		return badParameter("The request URI contains an invalid name: %s", c.name)
	case c.version != "" && !validVersion.MatchString(c.version):
		return badParameter("The request URI contains an invalid version: %s", c.version)
	case !c.allowed():
		return c.vault.forbidden(c.caller, c.operation, c.name)
	}

	c.vault.sweep(c.now)

	return c.do()
}

// do carries out an admitted operation.
func (c *call) do() wire.Answer {
	return map[string]func() wire.Answer{
		fault.Get: c.get, fault.List: c.list, fault.ListVersions: c.listVersions, fault.Set: c.set, fault.Update: c.update,
		fault.Delete: c.delete, fault.GetDeleted: c.getDeleted, fault.Recover: c.recover, fault.Purge: c.purge, fault.GetContacts: noContacts,
	}[c.operation]()
}

// wrote records a change over the data plane.
func (c *call) wrote(secretName, version string) {
	if !c.officer() {
		c.vault.writes = append(c.vault.writes, Write{
			Secret: secretName, Version: version, Operation: c.operation, Principal: c.caller.PrincipalID, Time: c.now,
		})
	}
}
