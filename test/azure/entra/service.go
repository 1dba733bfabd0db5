// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	// Host is Entra ID's.
	Host = "login.microsoftonline.com"

	// maxForm bounds the body of a request for a token.
	maxForm = 1 << 16
)

// Service serves Entra ID's endpoints and the documents of issuers.
type Service struct {
	Directory *Directory
	Tokens    *Tokens
	Gate      *wire.Gate

	// Lifetime is that of access tokens.
	Lifetime time.Duration

	// Now returns the time.
	Now func() time.Time
}

// resources are the audiences of tokens. Only vaults and the resource manager verify tokens here.
func resources() []string {
	return []string{VaultResource, ManagementResource, classicManagement, "https://graph.microsoft.com", "https://storage.azure.com"}
}

// ServeHTTP serves login.microsoftonline.com. It needs no mux for three paths, one of which is counted by its form before it is answered.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire.Headers(w, r, "Cache-Control", "no-store, no-cache")

	tenantID, endpoint, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")

	operation := fault.Unknown
	handle := func() wire.Answer { return wire.Answer{Status: http.StatusNotFound} }
	key := count.Key{Tenant: tenantID}

	switch {
	case r.URL.Path == "/common/discovery/instance":
		operation, handle, key.Tenant = fault.Discovery, func() wire.Answer { return s.discovery(r) }, ""
	case endpoint == "v2.0/.well-known/openid-configuration":
		operation, handle = fault.Configuration, func() wire.Answer { return s.configuration(r, tenantID) }
	case endpoint == "oauth2/v2.0/token":
		operation = fault.Token
	}

	request := fault.Request{Host: Host, Operation: operation}

	if operation == fault.Token {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		_ = r.ParseForm() // Something is missing in what is no form.
		clientID := r.PostForm.Get("client_id")
		key.ClientID, request.ClientID = clientID, clientID

		if _, a := s.Directory.lookup(tenantID, clientID); a != nil {
			request.PrincipalID = a.PrincipalID
		}

		handle = func() wire.Answer { return s.token(r, tenantID, r.PostForm) }
	}

	key.Operation = operation

	s.Gate.Serve(w, r, wire.Exchange{Request: request, Key: key, Handle: handle, Refuse: s.refuse(r)})
}

// refuse returns a function that answers faults.
func (s *Service) refuse(r *http.Request) func(fault.Rule) wire.Answer {
	return func(rule fault.Rule) wire.Answer {
		e, header := injected(rule)
		answer := e.answer(r, s.Now())
		answer.Header = header

		return answer
	}
}

// discovery lists the hosts of the cloud.
func (s *Service) discovery(r *http.Request) wire.Answer {
	authority, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || authority.Host != Host {
		return badRequest(50049, "Unknown or invalid instance.").answer(r, s.Now())
	}

	tenantID, _, _ := strings.Cut(strings.TrimPrefix(authority.Path, "/"), "/")

	return wire.JSON(http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": fmt.Sprintf("https://%s/%s/v2.0/.well-known/openid-configuration", Host, tenantID), "api-version": "1.1",
		"metadata": []any{map[string]any{"preferred_network": Host, "preferred_cache": "login.windows.net", "aliases": []string{Host, "login.windows.net", "login.microsoft.com", "sts.windows.net"}}},
	})
}

// configuration lists the endpoints of a tenant.
func (s *Service) configuration(r *http.Request, tenantID string) wire.Answer {
	id, _ := s.Directory.lookup(tenantID, "")
	if id == "" {
		return noTenant(tenantID).answer(r, s.Now())
	}

	base := "https://" + Host + "/" + id

	return wire.JSON(http.StatusOK, map[string]string{
		"issuer": base + "/v2.0", "token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"jwks_uri": base + "/discovery/v2.0/keys",
	})
}
