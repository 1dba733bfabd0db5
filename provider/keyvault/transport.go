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
	// idleTimeout is longer than the usual poll interval: a handshake for every
	// poll would cost more than the poll.
	idleTimeout = 2 * time.Minute
	// passingTimeout of a connection that is not kept from poll to poll: long enough
	// for all requests of one look at a vault.
	passingTimeout = 2 * time.Second

	// One connection to each vault is kept, and a few may be open at once.
	idlePerVault = 1
	openPerVault = 4
	// All identities get their tokens from one host.
	perEntra = 16

	// maxHeader and maxBody of an answer. The largest there is has 25 secrets with 15
	// tags each, less than half a megabyte. Bodies are measured uncompressed.
	maxHeader = 64 << 10
	maxBody   = 4 << 20

	// bufferSize of connections. Answers are a few kB, and the default buffers would
	// be most of a connection's memory.
	bufferSize = 2 << 10
)

// NewTransport returns a transport for Entra ID and for many vaults, each of which gets
// few requests. It keeps connections to that many vaults open between requests. It uses
// HTTPS_PROXY and NO_PROXY.
func NewTransport(keep int) http.RoundTripper {
	kept, passing, entra := newTransport(idleTimeout), newTransport(passingTimeout), newTransport(idleTimeout)
	for _, vaults := range []*http.Transport{kept, passing} {
		vaults.MaxIdleConnsPerHost, vaults.MaxConnsPerHost = idlePerVault, openPerVault
	}

	entra.MaxIdleConnsPerHost, entra.MaxConnsPerHost = perEntra, perEntra

	return byHost{kept: kept, passing: passing, others: entra, keep: newKeep(keep)}
}

func newTransport(idle time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idle,

		MaxResponseHeaderBytes: maxHeader,

		ReadBufferSize:  bufferSize,
		WriteBufferSize: bufferSize,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			// As the default transport of azcore.
			Renegotiation: tls.RenegotiateFreelyAsClient,
		},
		// Not HTTP/2, which keeps much more memory for each of many connections.
		Protocols: http1(),
	}
}

func http1() *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(true)

	return p
}

// byHost separates vaults from the few other hosts.
type byHost struct {
	kept, passing, others http.RoundTripper

	keep *keep
}

// RoundTrip sends a request.
func (b byHost) RoundTrip(req *http.Request) (*http.Response, error) {
	to := b.others

	if host := req.URL.Hostname(); isVault(host) {
		to = b.passing
		if b.keep.keeps(host, time.Now()) {
			to = b.kept
		}
	}

	return to.RoundTrip(req)
}

// keep has the hosts whose connections stay open: the first ones, up to a limit, for as
// long as they get requests. Keeping the most recent hosts would thrash as soon as there is
// one host too many, because all vaults are polled in turn.
type keep struct {
	most int

	mu sync.Mutex
	// asked is when each of the hosts last got a request.
	asked map[string]time.Time
}

func newKeep(most int) *keep { return &keep{most: most, asked: map[string]time.Time{}} }

// keeps reports whether the connection to a host that gets a request now stays open.
func (k *keep) keeps(host string, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()

	if _, ok := k.asked[host]; !ok && len(k.asked) >= k.most {
		// Hosts whose connection was closed make room.
		maps.DeleteFunc(k.asked, func(_ string, at time.Time) bool { return now.Sub(at) >= idleTimeout })

		if len(k.asked) >= k.most {
			return false
		}
	}

	k.asked[host] = now

	return true
}

// counted counts and times the requests of a transport.
type counted struct {
	client   *http.Client
	metadata *metadata
	metrics  *Metrics
}

// newCounted does not follow redirects: they could lead a token elsewhere.
func newCounted(t http.RoundTripper, m *Metrics, now func() time.Time) *counted {
	return &counted{metrics: m, metadata: newMetadata(now), client: &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends a request, unless its answer is known. It sends a token to vaults only,
// whatever the policies of clients allow.
func (c *counted) Do(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.Header.Get("Authorization"), "Bearer ") && (req.URL.Scheme != "https" || !isVault(req.URL.Hostname())) {
		return nil, elsewhere()
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

	resp.Body = &bounded{ReadCloser: resp.Body, left: maxBody}

	if err := c.metadata.keep(req, resp); err != nil {
		_ = resp.Body.Close() // There is an error already.

		return nil, err
	}

	return resp, nil
}

// Operations of Entra ID and Key Vault, as metrics call them.
const (
	operationToken    = "token"
	operationMetadata = "metadata"
	operationList     = "list"
	operationGet      = "get"
	operationSet      = "set"
	operationDeleted  = "getdeleted"
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
	default:
		return operationMetadata
	}
}
