// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits of connections.
const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	// idleTimeout is longer than the usual poll interval: a handshake for every
	// poll would cost more than the poll.
	idleTimeout = 2 * time.Minute

	// One connection to each vault is kept, and a few may be open at once.
	idlePerVault = 1
	openPerVault = 4
	// All identities get their tokens from one host.
	perEntra = 16

	// bufferSize of connections. Answers are a few kB, and the default buffers would
	// be most of a connection's memory.
	bufferSize = 2 << 10
)

// NewTransport returns a transport for many vaults, each of which is asked a
// little every now and then, and for Entra ID. So many idle connections to vaults
// are kept. It heeds HTTPS_PROXY and NO_PROXY.
func NewTransport(maxIdle int) http.RoundTripper {
	vaults, entra := newTransport(maxIdle), newTransport(perEntra)
	vaults.MaxIdleConnsPerHost, vaults.MaxConnsPerHost = idlePerVault, openPerVault
	entra.MaxIdleConnsPerHost, entra.MaxConnsPerHost = perEntra, perEntra

	return byHost{vaults: vaults, others: entra}
}

func newTransport(maxIdle int) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConns:        maxIdle,
		ReadBufferSize:      bufferSize,
		WriteBufferSize:     bufferSize,
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

// byHost keeps vaults apart from the rest, of which there are few hosts.
type byHost struct {
	vaults, others http.RoundTripper
}

// RoundTrip sends a request.
func (b byHost) RoundTrip(req *http.Request) (*http.Response, error) {
	if isVault(req.URL.Hostname()) {
		return b.vaults.RoundTrip(req) //nolint:wrapcheck // A transport returns errors as they are.
	}

	return b.others.RoundTrip(req) //nolint:wrapcheck // A transport returns errors as they are.
}

// counted counts and times what goes through a transport.
type counted struct {
	client  *http.Client
	metrics *Metrics
}

// Do sends a request.
func (c *counted) Do(req *http.Request) (*http.Response, error) {
	start := time.Now()
	operation := operationOf(req)

	resp, err := c.client.Do(req)

	code := "error"
	if err == nil {
		code = strconv.Itoa(resp.StatusCode)
	}

	c.metrics.request(operation, code, time.Since(start))

	return resp, err //nolint:wrapcheck // A transport returns errors as they are.
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
