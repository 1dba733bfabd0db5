// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// Suffix follows the name of a vault in its host name.
const Suffix = ".vault.azure.net"

// Azure's limits for a vault in a region, within window.
const (
	window        = 10 * time.Second
	maxCreations  = 300
	maxOperations = 4000
)

// A Verifier returns the caller of an access token. It is an *entra.Tokens.
type Verifier interface {
	Verify(token, tenantID string) (entra.Caller, error)
}

// A Store holds vaults and serves the data plane of their secrets.
type Store struct {
	verifier Verifier
	gate     *wire.Gate
	now      func() time.Time
	mux      *http.ServeMux
	roles    *role.Assignments

	mu     sync.RWMutex
	vaults map[string]*vault
}

// NewStore returns a store without vaults.
func NewStore(verifier Verifier, roles *role.Assignments, gate *wire.Gate, now func() time.Time) *Store {
	s := &Store{verifier: verifier, roles: roles, gate: gate, now: now, vaults: map[string]*vault{}}
	s.mux = s.routes()

	return s
}

// VaultOf returns the name of the vault in a host name, if it has one.
func VaultOf(host string) (string, bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}

	name, ok := strings.CutSuffix(strings.ToLower(host), Suffix)

	return name, ok && name != "" && !strings.Contains(name, ".")
}

// A call is a request to a vault in progress.
type call struct {
	route

	service *Store
	vault   *vault
	request *http.Request
	caller  entra.Caller
	query   query
	body    []byte
	now     time.Time
}

// officer is true for calls of the store's own methods.
func (c *call) officer() bool { return c.request == nil }

// answer answers a request.
func (s *Store) answer(w http.ResponseWriter, r *http.Request, is route) {
	name, _ := VaultOf(r.Host)

	v, info := s.serving(name)
	if v == nil {
		// The client kept a connection open, and could not open another.
		panic(http.ErrAbortHandler)
	}

	c := &call{route: is, service: s, vault: v, request: r, now: s.now()}
	key := count.Key{Vault: info.Name, Operation: c.operation}
	request := fault.Request{Host: strings.ToLower(info.Name) + Suffix, Vault: info.Name, Operation: c.operation, Secret: c.name}
	tenantID := info.TenantID

	wire.Headers(w, r, "X-Ms-Keyvault-Region", info.Location, "X-Ms-Keyvault-Service-Version", "1.9.2784.1",
		"X-Ms-Keyvault-Network-Info", "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;")

	handle := c.serve

	authorization := r.Header.Get("Authorization")
	token, bearer := strings.CutPrefix(authorization, "Bearer ")

	switch {
	case authorization == "":
		key.Operation, request.Operation = fault.Challenge, fault.Challenge
		handle = func() wire.Answer {
			return challenge(tenantID, "AKV10000: Request is missing a Bearer or PoP token.", "")
		}
	case !bearer:
		handle = func() wire.Answer {
			return challenge(tenantID, "AKV10000: Request is missing a Bearer or PoP token.", invalidToken)
		}
	default:
		var err error

		c.caller, err = s.verifier.Verify(token, tenantID)
		if err != nil {
			handle = func() wire.Answer { return refuseToken(tenantID, err) }
		}

		request.PrincipalID, request.ClientID = c.caller.PrincipalID, c.caller.ClientID
	}

	s.gate.Serve(w, r, wire.Exchange{
		Request: request, Key: key, Handle: handle,
		Refuse: func(rule fault.Rule) wire.Answer { return injected(tenantID, rule) },
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

	if v.deleted || s.now().Before(v.from) {
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

	if answer := c.throttle(); answer != nil {
		return *answer
	}

	if answer := c.stop(); answer != nil {
		return *answer
	}

	if c.operation == fault.Unknown {
		return c.unknown()
	}

	var answer *wire.Answer
	if c.query, answer = parseQuery(c.request.URL.RawQuery); answer != nil {
		return *answer
	}

	if c.name != "" && !validName(c.name) {
		return badParameter("The request URI contains an invalid name: %s", c.name)
	}

	if c.version != "" && !validVersion(c.version) {
		return badParameter("The request URI contains an invalid version: %s", c.version)
	}

	if !c.allowed() {
		return c.vault.forbidden(c.caller, c.operation, c.name)
	}

	c.vault.sweep(c.now)

	return c.do()
}

// throttle counts the request towards the limits of the vault.
func (c *call) throttle() *wire.Answer {
	limit := &c.vault.operations
	if c.operation == fault.Set {
		limit = &c.vault.creations
	}

	free, ok := limit.take(c.now)
	if !ok {
		return new(throttled(free))
	}

	return nil
}

// A limiter allows a number of requests in a sliding window.
type limiter struct {
	// times are those of the last allowed requests, as a ring that grows up to max.
	times []time.Time
	next  int
	max   int
}

// take allows a request, or returns the time until the next allowed one.
func (l *limiter) take(now time.Time) (time.Duration, bool) {
	if len(l.times) < l.max {
		l.times = append(l.times, now)

		return 0, true
	}

	if free := l.times[l.next].Add(window).Sub(now); free > 0 {
		return free, false
	}

	l.times[l.next] = now
	l.next = (l.next + 1) % l.max

	return 0, true
}

// unknown answers a request without an operation.
func (c *call) unknown() wire.Answer {
	if c.allow == "" {
		return wire.Answer{Status: http.StatusNotFound}
	}

	answer := refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "", "The requested resource does not support http method '%s'.",
		c.request.Method)
	answer.Header = http.Header{"Allow": []string{c.allow}}

	return answer
}

// wrote records a change over the data plane.
func (c *call) wrote(secretName, version string) {
	if c.officer() {
		return
	}

	c.vault.writes = append(c.vault.writes, Write{
		Secret: secretName, Version: version, Operation: c.operation, Principal: c.caller.PrincipalID, Time: c.now,
	})
}

// sweep completes deletions and recoveries, and purges secrets at the end of their retention.
func (v *vault) sweep(now time.Time) {
	v.settle(now)

	for name, s := range v.deletedSecrets {
		if !now.Before(s.purgeAt) {
			delete(v.deletedSecrets, name)
		}
	}
}

func validVersion(id string) bool {
	return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == ""
}
