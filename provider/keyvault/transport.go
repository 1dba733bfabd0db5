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
	perVault    = 8
)

// NewTransport returns a transport for many vaults, each of which is asked a
// little every now and then. It heeds HTTPS_PROXY and NO_PROXY.
func NewTransport(maxIdle int) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConns:        maxIdle,
		MaxIdleConnsPerHost: 2,
		MaxConnsPerHost:     perVault,
		// Answers are a few kB. The default buffers are most of a connection's memory.
		ReadBufferSize:  2 << 10,
		WriteBufferSize: 2 << 10,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			// As the default transport of azcore.
			Renegotiation:      tls.RenegotiateFreelyAsClient,
			ClientSessionCache: tls.NewLRUClientSessionCache(maxIdle),
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

// counted counts and times what goes through a transport.
type counted struct {
	client  *http.Client
	metrics *Metrics
}

// Do sends a request.
func (c *counted) Do(req *http.Request) (*http.Response, error) {
	start := time.Now()
	operation := operationOf(req)

	resp, err := c.client.Do(req) //nolint:gosec // Hosts of vaults are checked, and Entra ID's are constants.

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
	case strings.HasSuffix(path, "/token"):
		return operationToken
	case strings.HasPrefix(path, "/deletedsecrets/"):
		return operationDeleted
	case path == "/secrets" || path == "/secrets/":
		return operationList
	case strings.HasPrefix(path, "/secrets/") && req.Method == http.MethodPut:
		return operationSet
	case strings.HasPrefix(path, "/secrets/"):
		return operationGet
	default:
		return operationMetadata
	}
}
