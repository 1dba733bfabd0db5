// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package proxy connects the processes of a cluster to all hosts that they know by name:
// an HTTP proxy on loopback that resolves the cluster's Services, as its DNS would, and
// leaves everything else to the stand-in for Azure. Programs find it through HTTPS_PROXY
// and HTTP_PROXY.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strconv"
	"time"
)

const dialTimeout = 10 * time.Second

// A Resolver resolves names.
type Resolver interface {
	// Dial connects to the port of a host in the cluster. It returns ErrNotInCluster for other
	// names.
	Dial(ctx context.Context, host string, port int) (net.Conn, error)
}

// ErrNotInCluster means that a Resolver does not know a name.
var ErrNotInCluster = errors.New("not a name of the cluster")

// Config of a proxy.
type Config struct {
	// Cluster knows the names of the cluster.
	Cluster Resolver

	// Elsewhere answers requests for all other names, as a proxy.
	Elsewhere http.Handler
}

// A Proxy is running. Its URL is the value for HTTPS_PROXY.
type Proxy struct {
	*httptest.Server

	config Config
	plain  *httputil.ReverseProxy
	cancel context.CancelFunc
}

// Start starts a proxy on a free port of loopback.
func Start(config Config) *Proxy {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{config: config, cancel: cancel}
	quiet := log.New(io.Discard, "", 0)

	p.plain = &httputil.ReverseProxy{
		// The request already has the form for a proxy, and is forwarded unchanged.
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		// The pods of a name change.
		Transport:    &http.Transport{DialContext: p.dialCluster, DisableKeepAlives: true},
		ErrorLog:     quiet,
		ErrorHandler: p.fail,
	}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.Config.ErrorLog, p.Config.BaseContext = quiet, func(net.Listener) context.Context { return ctx }
	p.Start()

	return p
}

// Address returns the address as host:port.
func (p *Proxy) Address() string { return p.Listener.Addr().String() }

// Close closes the proxy and every connection through it.
func (p *Proxy) Close() {
	p.cancel()
	p.Server.Close()
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		p.connect(w, r)
	case r.URL.IsAbs():
		p.plain.ServeHTTP(w, r)
	default:
		p.config.Elsewhere.ServeHTTP(w, r)
	}
}

// fail answers a request that did not reach a host of the cluster.
func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrNotInCluster) {
		p.config.Elsewhere.ServeHTTP(w, r)
	} else {
		http.Error(w, "cannot connect: "+err.Error(), http.StatusBadGateway)
	}
}

// connect opens a tunnel to a host of the cluster.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	there, err := p.dialCluster(r.Context(), "tcp", r.RequestURI)
	if err != nil {
		p.fail(w, r, err)

		return
	}
	defer there.Close() //nolint:errcheck // Both sides are done.

	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot connect", http.StatusInternalServerError)

		return
	}
	defer here.Close() //nolint:errcheck // Both sides are done.

	if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}

	Splice(r.Context(), here, buffered.Reader, there)
}

func (p *Proxy) dialCluster(ctx context.Context, _, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()

	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("bad address: %w", err)
	}

	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("bad port: %w", err)
	}

	return p.config.Cluster.Dial(ctx, host, number)
}

// Splice copies data between two connections until one of them ends.
func Splice(ctx context.Context, here net.Conn, from io.Reader, there net.Conn) {
	stop := context.AfterFunc(ctx, func() {
		_ = here.Close()
		_ = there.Close()
	})
	defer stop()

	done := make(chan struct{}, 2)

	forward := func(to net.Conn, from io.Reader) {
		_, _ = io.Copy(to, from)
		// Sent data must arrive, and the other direction continues until its end.
		if c, ok := to.(interface{ CloseWrite() error }); ok {
			_ = c.CloseWrite()
		} else {
			_ = to.Close()
		}

		done <- struct{}{}
	}

	go forward(there, from)
	go forward(here, there)

	<-done
	<-done
}
