// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package arm stands in for Azure Resource Manager: key vaults, managed identities with their federated credentials, role
// assignments, private endpoints and diagnostic settings, in the subscriptions and resource groups that were registered.
//
// Vaults are stored in package keyvault, identities and credentials in package entra, so that the other services enforce the state of
// the resource manager.
package arm

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	// Host is the resource manager's.
	Host = "management.azure.com"

	// maxBody bounds the body of a request.
	maxBody = 4 << 20
)

// Delays are propagation times in Azure. The zero value means none.
type Delays struct {
	// Credential: until then Entra ID rejects tokens for a new federated credential.
	Credential time.Duration

	// Role: until then a new role assignment has no effect.
	Role time.Duration
}

// Config of a Manager.
type Config struct {
	Directory *entra.Directory
	Tokens    *entra.Tokens
	Vaults    *keyvault.Store
	Roles     *role.Assignments
	Gate      *wire.Gate

	// Now returns the time.
	Now func() time.Time
}

// A Manager serves the resource manager. It may be used concurrently.
type Manager struct {
	Config

	router router

	mu            sync.Mutex
	delays        Delays
	subscriptions map[string]*subscription
	vaults        map[string]vaultSettings
	identities    map[string]*identity

	// documents have other resources, and issuers the address of each cluster's issuer of tokens, by id.
	documents map[string]object
	issuers   map[string]string

	// groups of the directory have members.
	groups map[string][]string

	// writing are the identities with a write of their credentials in progress.
	writing map[string]bool

	// changed are the resources, by their ids in lower case.
	changed map[string]*Resource
}

// NewManager returns a service without subscriptions.
func NewManager(c Config) *Manager {
	return &Manager{
		Config: c, router: newRouter(), subscriptions: map[string]*subscription{}, vaults: map[string]vaultSettings{}, identities: map[string]*identity{},
		documents: map[string]object{}, issuers: map[string]string{}, groups: map[string][]string{}, writing: map[string]bool{}, changed: map[string]*Resource{},
	}
}

// SetDelays changes the delays of later changes.
func (s *Manager) SetDelays(d Delays) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.delays = d
}

// A call is a request in progress.
type call struct {
	route

	service *Manager
	request *http.Request
	caller  entra.Caller
	body    []byte
	now     time.Time

	subscription *subscription
	group        *ResourceGroup
}

// ServeHTTP serves management.azure.com.
func (s *Manager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire.Headers(w, r, "X-Ms-Correlation-Request-Id", uuid.NewString())

	c := &call{route: s.router.route(r.Method, r.URL.Path), service: s, request: r, now: s.Now()}
	request := fault.Request{Host: Host, Operation: c.operation}
	handle := c.serve

	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")

	if bearer {
		var err error
		if c.caller, err = s.Tokens.VerifyManagement(token); err != nil {
			handle = func() wire.Answer { return s.refuseToken(c.route.subscription, err) }
		}

		request.PrincipalID, request.ClientID = c.caller.PrincipalID, c.caller.ClientID
	} else {
		c.operation, request.Operation = fault.ManagementChallenge, fault.ManagementChallenge
		handle = func() wire.Answer {
			return s.challenge(c.route.subscription, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
		}
	}

	// A write of a credential lasts until it is answered, including faults.
	if c.operation == fault.PutCredential || c.operation == fault.DeleteCredential {
		release, free := s.occupy(c.scope)
		if free {
			defer release()
		} else {
			handle = func() wire.Answer {
				return refuse(http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
					"Too many Federated Identity Credentials are written concurrently for the managed identity '%s'. Concurrent Federated Identity "+
						"Credentials writes under the same managed identity are not supported.", c.scope)
			}
		}
	}

	s.Gate.Serve(w, r, wire.Exchange{
		Request: request,
		Key:     count.Key{Operation: c.operation, ClientID: c.caller.ClientID},
		Handle:  handle,
		Refuse:  injected,
	})
}

// serve answers an authenticated caller.
func (c *call) serve() wire.Answer {
	c.body, _ = io.ReadAll(io.LimitReader(c.request.Body, maxBody)) // A body that is cut off is invalid.

	c.service.mu.Lock()
	defer c.service.mu.Unlock()

	if answer := c.admit(); answer != nil {
		return *answer
	}

	return c.do(c)
}

// admit returns the rejection of a request before its operation, or nil.
func (c *call) admit() *wire.Answer {
	if c.operation == fault.Unknown {
		return new(refuse(http.StatusNotFound, "InvalidResourceType", "The resource type could not be found: '%s %s'.", c.request.Method, c.request.URL.Path))
	}

	if answer := c.checkVersion(); answer != nil {
		return answer
	}

	// All principals of a tenant can read its role definitions.
	if c.route.subscription == "" {
		return nil
	}

	c.subscription = c.service.subscriptions[strings.ToLower(c.route.subscription)]
	if c.subscription == nil {
		return new(refuse(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", c.route.subscription))
	}

	if c.caller.TenantID != c.subscription.TenantID {
		return new(refuse(http.StatusUnauthorized, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer "+
			"'https://sts.windows.net/%s/'. It must match the tenant 'https://sts.windows.net/%s/' associated with this subscription. Please "+
			"use the authority (URL) 'https://login.windows.net/%[2]s' to get the token.", c.caller.TenantID, c.subscription.TenantID))
	}

	if answer := c.authorize(); answer != nil || c.route.group == "" {
		return answer
	}

	c.group = c.subscription.groups[strings.ToLower(c.route.group)]
	if c.operation == fault.PutResourceGroup {
		return nil
	}

	if c.group == nil {
		return new(refuse(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", c.route.group))
	}

	// Ids have the spelling of the resource group.
	here := "/subscriptions/" + c.subscription.ID + "/resourceGroups/" + c.group.Name
	c.scope = here + c.scope[len(here):]

	return c.permitted()
}

// occupy reserves the credentials of an identity for a write, unless another write is in progress.
func (s *Manager) occupy(identityID string) (release func(), free bool) {
	key := strings.ToLower(identityID)

	s.mu.Lock()
	defer s.mu.Unlock()

	if s.writing[key] {
		return nil, false
	}

	s.writing[key] = true

	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()

		delete(s.writing, key)
	}, true
}

// refuseToken answers a rejected token.
func (s *Manager) refuseToken(subscriptionID string, err error) wire.Answer {
	code, message := "InvalidAuthenticationToken", "The access token is invalid."

	if refusal, ok := errors.AsType[*entra.TokenError](err); ok {
		switch refusal.Flaw {
		case entra.FlawAudience:
			code, message = "InvalidAuthenticationTokenAudience", refusal.Message
		case entra.FlawExpired:
			code, message = "ExpiredAuthenticationToken", "The access token expiry UTC time has passed."
		case entra.FlawRevoked:
			message = refusal.Message
		case entra.FlawMalformed, entra.FlawIssuer:
		}
	}

	return s.challenge(subscriptionID, code, message)
}
