// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits of connections.
const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	// idleTimeout is longer than the usual poll interval, because a handshake for every poll
	// would cost more than the poll. It is as long as servers of Windows keep a connection.
	idleTimeout = 2 * time.Minute
	// shortIdleTimeout is for connections that are not kept until the next poll. It is long
	// enough for all requests of one look at a vault.
	shortIdleTimeout = 2 * time.Second

	// idlePerVault connections are kept to each vault, and openPerVault may be in use.
	idlePerVault = 1
	openPerVault = 4
	// perEntra connections to the host from which all identities get their tokens.
	perEntra = 16

	// sessions of TLS that are resumed when a connection is opened again, which saves the
	// verification of certificates. A session takes much less memory than a connection. A server
	// may refuse to resume it.
	sessions = 20_000

	// maxHeader and maxBody of a response. The largest response has 25 secrets with 15 tags
	// each, less than half a megabyte. Bodies are measured uncompressed.
	maxHeader = 64 << 10
	maxBody   = 4 << 20

	// Buffers of connections, of which thousands are kept. Most requests fit into the write buffer,
	// and are one TLS record. The TLS connection buffers a response itself, so that a small read
	// buffer costs no system call.
	writeBuffer = 2 << 10
	readBuffer  = 512
)

// NewTransport returns a transport for Entra ID and many vaults, each of which gets few
// requests. It keeps connections to at most maxKept vaults open between requests. It uses
// HTTPS_PROXY and NO_PROXY.
func NewTransport(maxKept int) http.RoundTripper {
	resumed := tls.NewLRUClientSessionCache(sessions)
	persistent, shortLived, entra := newTransport(idleTimeout, resumed), newTransport(shortIdleTimeout, resumed), newTransport(idleTimeout, resumed)

	for _, vaults := range []*http.Transport{persistent, shortLived} {
		vaults.MaxIdleConnsPerHost, vaults.MaxConnsPerHost = idlePerVault, openPerVault
	}

	entra.MaxIdleConnsPerHost, entra.MaxConnsPerHost = perEntra, perEntra

	return byHost{persistent: persistent, shortLived: shortLived, others: entra, kept: newKeptHosts(maxKept)}
}

func newTransport(idle time.Duration, resumed tls.ClientSessionCache) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idle,

		MaxResponseHeaderBytes: maxHeader,

		ReadBufferSize:  readBuffer,
		WriteBufferSize: writeBuffer,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: resumed,
			// The default transport of azcore does the same.
			Renegotiation: tls.RenegotiateFreelyAsClient,
		},
		// HTTP/2 needs much more memory for each of many connections.
		Protocols: http1(),
	}
}

func http1() *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(true)

	return p
}

// byHost chooses the connections of a request by its host.
type byHost struct {
	persistent, shortLived, others http.RoundTripper

	kept *keptHosts
}

func (b byHost) RoundTrip(req *http.Request) (*http.Response, error) {
	to := b.others

	if host := req.URL.Hostname(); isVault(host) {
		to = b.shortLived
		if b.kept.keep(host, time.Now()) {
			to = b.persistent
		}
	}

	return to.RoundTrip(req)
}

// keptHosts are the hosts whose connections stay open: the first ones, up to a limit, for as
// long as they get requests. Keeping the most recent hosts would thrash as soon as there is
// one host too many, because all vaults are polled in turn.
type keptHosts struct {
	limit int

	mu          sync.Mutex
	lastRequest map[string]time.Time
}

func newKeptHosts(limit int) *keptHosts {
	return &keptHosts{limit: limit, lastRequest: map[string]time.Time{}}
}

// keep reports whether the connection to a host that gets a request now stays open.
func (k *keptHosts) keep(host string, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()

	if _, ok := k.lastRequest[host]; !ok && len(k.lastRequest) >= k.limit {
		// Closed connections make room for other hosts.
		maps.DeleteFunc(k.lastRequest, func(_ string, at time.Time) bool { return now.Sub(at) >= idleTimeout })

		if len(k.lastRequest) >= k.limit {
			return false
		}
	}

	k.lastRequest[host] = now

	return true
}

// counted counts and times the requests of a transport.
type counted struct {
	client   *http.Client
	metadata *metadata
	metrics  *Metrics
}

// newCounted returns a transport that does not follow redirects, which could send a token to
// another host.
func newCounted(t http.RoundTripper, m *Metrics, now func() time.Time) *counted {
	return &counted{metrics: m, metadata: newMetadata(now), client: &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends a request, unless its response is cached. It sends tokens only to vaults, whatever
// the policies of clients allow.
func (c *counted) Do(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.Header.Get("Authorization"), "Bearer ") && (req.URL.Scheme != "https" || !isVault(req.URL.Hostname())) {
		return nil, errOtherHost()
	}

	if resp, ok := c.metadata.answer(req); ok {
		return resp, nil
	}

	start := time.Now()
	operation := operationOf(req)

	resp, err := c.client.Do(req)

	code := "error"
	if err == nil {
		code = strconv.Itoa(resp.StatusCode)
	}

	c.metrics.request(operation, code, time.Since(start))

	if err != nil {
		return resp, err //nolint:wrapcheck // A transport returns errors as they are.
	}

	resp.Body = &bounded{ReadCloser: resp.Body, remaining: maxBody}

	if err := c.metadata.store(req, resp); err != nil {
		_ = resp.Body.Close() // The first error counts.

		return nil, err
	}

	return resp, nil
}

// Names of operations of Entra ID and Key Vault in metrics.
const (
	operationToken    = "token"
	operationMetadata = "metadata"
	operationList     = "list"
	operationGet      = "get"
	operationSet      = "set"
	operationDeleted  = "getdeleted"
	operationOther    = "other"
)

// operationOf a request.
func operationOf(req *http.Request) string {
	path := req.URL.Path

	switch {
	case strings.HasPrefix(path, "/deletedsecrets/"):
		return operationDeleted
	case path == "/secrets" || path == "/secrets/":
		return operationList
	case strings.HasPrefix(path, "/secrets/") && req.Method == http.MethodPut:
		return operationSet
	case strings.HasPrefix(path, "/secrets/"):
		return operationGet
	case strings.HasSuffix(path, "/token"):
		return operationToken
	case isTenantMetadata(req), strings.HasSuffix(path, "/discovery/instance"):
		return operationMetadata
	default:
		return operationOther
	}
}
