// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package proxy connects the processes of a cluster to all hosts that they know by name:
// an HTTP proxy on loopback that resolves the cluster's Services, as its DNS would, and
// forwards everything else to the proxy of the stand-in for Azure. Programs find it
// through HTTPS_PROXY and HTTP_PROXY.
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
	"net/url"
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

	// Upstream is the proxy for all other names. Its user is the network of the cluster.
	Upstream *url.URL
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
		Transport: elsewhere{
			// The pods of a name change.
			cluster:  &http.Transport{DialContext: p.dialCluster, DisableKeepAlives: true},
			upstream: &http.Transport{Proxy: http.ProxyURL(config.Upstream), DisableKeepAlives: true},
		},
		ErrorLog: quiet,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
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
		http.Error(w, "this is a proxy: set HTTPS_PROXY and HTTP_PROXY to it", http.StatusBadRequest)
	}
}

// connect opens a tunnel to a host of the cluster, or to the upstream proxy, which answers the client itself.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	there, answer, err := p.dial(r)
	if err != nil {
		http.Error(w, "cannot connect: "+err.Error(), http.StatusBadGateway)

		return
	}
	defer there.Close() //nolint:errcheck // Both sides are done.

	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot connect", http.StatusInternalServerError)

		return
	}
	defer here.Close() //nolint:errcheck // Both sides are done.

	if _, err := io.WriteString(here, answer); err != nil {
		return
	}

	Splice(r.Context(), here, buffered.Reader, there)
}

// dial connects to a host of the cluster, or else asks the upstream proxy, and returns the answer for the client unless the proxy gives it.
func (p *Proxy) dial(r *http.Request) (_ net.Conn, answer string, _ error) {
	ctx, cancel := context.WithTimeout(r.Context(), dialTimeout)
	defer cancel()

	conn, err := p.dialCluster(ctx, "tcp", r.RequestURI)
	if !errors.Is(err, ErrNotInCluster) {
		return conn, "HTTP/1.1 200 Connection established\r\n\r\n", err
	}

	conn, err = new(net.Dialer).DialContext(ctx, "tcp", p.config.Upstream.Host)
	if err != nil {
		return nil, "", fmt.Errorf("cannot reach the proxy for Azure: %w", err)
	}

	// It has the network of the cluster.
	credentials := http.Request{Header: http.Header{}}
	if network := p.config.Upstream.User; network != nil {
		credentials.SetBasicAuth(network.Username(), "")
	}

	// The proxy closes a connection that it refuses to use as a tunnel.
	connect := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: r.RequestURI}, Host: r.RequestURI, Close: true,
		Header: http.Header{"Proxy-Authorization": credentials.Header["Authorization"]},
	}
	if err := connect.Write(conn); err != nil {
		_ = conn.Close()

		return nil, "", fmt.Errorf("cannot reach the proxy for Azure: %w", err)
	}

	return conn, "", nil
}

func (p *Proxy) dialCluster(ctx context.Context, _, address string) (net.Conn, error) {
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

// elsewhere sends plain requests to hosts of the cluster, and all others to the upstream proxy.
type elsewhere struct{ cluster, upstream http.RoundTripper }

// RoundTrip sends a request.
func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := e.cluster.RoundTrip(r)
	if errors.Is(err, ErrNotInCluster) {
		return e.upstream.RoundTrip(r)
	}

	return resp, err
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
