// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// Options of a pool.
type Options struct {
	// Tokens of service accounts.
	Tokens TokenSource
	// Transport to Azure.
	Transport http.RoundTripper
	// Metrics of requests.
	Metrics *Metrics
	// Timeout of one request, including the tokens that it needs.
	Timeout time.Duration
	// Now returns the time. Default: time.Now.
	Now func() time.Time
}

// A Pool of credentials, clients and the pauses of vaults.
type Pool struct {
	options   Options
	transport *counted

	mu sync.Mutex
	// clients of applications.
	clients map[clientKey]*Client
	// credentials of applications, and how many clients use them.
	credentials map[credentialKey]*shared[*credential]
	// pauses by the host of the vault, and how many clients share them.
	pauses map[string]*shared[*pauses]
	// creators by the name of their provider configuration.
	creators map[string]creator
	// listers are the clients of provider configurations that list vaults.
	listers map[listerKey]lister
}

type clientKey struct {
	uri      string
	identity Identity
}

// A listerKey has the name of a provider configuration.
type listerKey struct{ uri, name string }

// A lister is the client of a provider configuration with this identity.
type lister struct {
	*Client

	identity Creator
}

// A credentialKey includes the authority, because a tenant exists in one cloud only.
type credentialKey struct {
	authority string
	identity  Identity
}

// A shared value is dropped when its last user leaves.
type shared[T any] struct {
	value T
	users int
}

type creator struct {
	Creator

	authority  string
	credential *credential
	// forget drops the client secret and the token after creatorIdle without use.
	forget *time.Timer
}

// creatorIdle is how long an unused identity that creates secrets is kept. Its provider
// configuration may no longer exist.
const creatorIdle = 15 * time.Minute

// NewPool returns an empty pool.
func NewPool(o Options) *Pool {
	if o.Now == nil {
		o.Now = time.Now
	}

	return &Pool{
		options:     o,
		transport:   newCounted(o.Transport, o.Metrics, o.Now),
		clients:     map[clientKey]*Client{},
		credentials: map[credentialKey]*shared[*credential]{},
		pauses:      map[string]*shared[*pauses]{},
		creators:    map[string]creator{},
		listers:     map[listerKey]lister{},
	}
}

// Application returns the client of a vault with the identity of an application.
func (p *Pool) Application(vaultURI string, id Identity) (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	key := clientKey{uri: vaultURI, identity: id}
	if c, ok := p.clients[key]; ok {
		return c, nil
	}

	host, cloud, err := parseVault(vaultURI)
	if err != nil {
		return nil, err
	}

	options := clientOptions(p.transport)
	options.Cloud = cloud

	ck := credentialKey{authority: cloud.ActiveDirectoryAuthorityHost, identity: id}
	if p.credentials[ck] == nil {
		cred, err := newCredential(p.options.Now, issuer{service: finding.EntraID, tenant: id.TenantID}, func() (azcore.TokenCredential, error) {
			return applicationCredential(id, p.options.Tokens, toAuthority(options))
		})
		if err != nil {
			return nil, err
		}

		p.credentials[ck] = &shared[*credential]{value: cred}
	}

	c, err := newClient("https://"+host, p.credentials[ck].value, options, newRate(p.pausesOf(host)), p.options.Timeout)
	if err != nil {
		return nil, err
	}

	p.clients[key] = c
	p.credentials[ck].users++
	p.pauses[host].users++

	return c, nil
}

// Drop a client that is no longer used, and its credential and pauses unless other clients use
// them.
func (p *Pool) Drop(vaultURI string, id Identity) {
	p.mu.Lock()
	defer p.mu.Unlock()

	key := clientKey{uri: vaultURI, identity: id}
	if _, ok := p.clients[key]; !ok {
		return
	}

	delete(p.clients, key)

	host, cloud, err := parseVault(vaultURI)
	if err != nil {
		return // No client can exist for such a URI.
	}

	release(p.credentials, credentialKey{authority: cloud.ActiveDirectoryAuthorityHost, identity: id})
	release(p.pauses, host)
}

func release[K comparable, T any](m map[K]*shared[T], key K) {
	s, ok := m[key]
	if !ok {
		return
	}

	s.users--
	if s.users <= 0 {
		delete(m, key)
	}
}

// Creator returns a client of a vault with the identity that creates missing secrets. It shares
// the pauses of the vault with the applications' clients. Name is the name of the provider
// configuration of the identity.
func (p *Pool) Creator(vaultURI, name string, c Creator) (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.creator(vaultURI, name, c)
}

// Lister returns the client of a vault with the identity of a provider configuration, which is kept
// until DropLister. It shares the pauses of the vault, even if no application has a client yet.
func (p *Pool) Lister(vaultURI, name string, c Creator) (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	key := listerKey{uri: vaultURI, name: name}

	known, ok := p.listers[key]
	if ok && known.identity == c {
		return known.Client, nil
	}

	host, _, err := parseVault(vaultURI)
	if err != nil {
		return nil, err
	}

	p.pausesOf(host)
	p.pauses[host].users++

	client, err := p.creator(vaultURI, name, c)
	if err != nil || ok {
		release(p.pauses, host) // A known lister uses them already.
	}

	if err != nil {
		return nil, err
	}

	p.listers[key] = lister{Client: client, identity: c}

	return client, nil
}

// DropLister drops a client that no longer lists a vault.
func (p *Pool) DropLister(vaultURI, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()

	key := listerKey{uri: vaultURI, name: name}
	if _, ok := p.listers[key]; !ok {
		return
	}

	delete(p.listers, key)

	if host, _, err := parseVault(vaultURI); err == nil {
		release(p.pauses, host)
	}
}

// pausesOf returns the pauses of a vault, with the mutex held. A client that keeps them counts as a user.
func (p *Pool) pausesOf(host string) *pauses {
	if p.pauses[host] == nil {
		p.pauses[host] = &shared[*pauses]{value: &pauses{now: p.options.Now}}
	}

	return p.pauses[host].value
}

// creator returns a new client with the identity of a provider configuration, with the mutex held.
func (p *Pool) creator(vaultURI, name string, c Creator) (*Client, error) {
	host, cloud, err := parseVault(vaultURI)
	if err != nil {
		return nil, err
	}

	options := clientOptions(p.transport)
	options.Cloud = cloud

	known, ok := p.creators[name]
	if !ok || known.Creator != c || known.authority != cloud.ActiveDirectoryAuthorityHost {
		cred, err := newCredential(p.options.Now, c.issuer(), func() (azcore.TokenCredential, error) { return c.credential(options) })
		if err != nil {
			return nil, err
		}

		if ok {
			known.forget.Stop()
		}

		known = creator{
			Creator: c, authority: cloud.ActiveDirectoryAuthorityHost, credential: cred,
			forget: time.AfterFunc(creatorIdle, func() { p.forgetCreator(name, cred) }),
		}
		p.creators[name] = known
	}

	known.forget.Reset(creatorIdle)

	l := newLimiter(p.options.Now)
	if s, ok := p.pauses[host]; ok {
		l = newRate(s.value)
	}

	return newClient("https://"+host, known.credential, options, l, p.options.Timeout)
}

// forgetCreator drops an identity that creates secrets, unless it has been replaced.
func (p *Pool) forgetCreator(name string, c *credential) {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.creators[name].credential == c {
		delete(p.creators, name)
	}
}
