// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package proxy connects the processes of a cluster to all hosts that they know by name:
// an HTTP proxy on loopback that resolves the cluster's Services, as its DNS would, and
// forwards everything else to the proxy of the stand-in for Azure. Programs find it
// through HTTPS_PROXY and HTTP_PROXY.
package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	dialTimeout       = 10 * time.Second
	readHeaderTimeout = 30 * time.Second

	// maxRefusal bounds the text of an error response.
	maxRefusal = 4 << 10
)

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

// A Proxy is running.
type Proxy struct {
	config   Config
	listener net.Listener
	server   *http.Server
	plain    *httputil.ReverseProxy
	done     sync.WaitGroup
	cancel   context.CancelFunc
}

// Start starts a proxy on a free port of loopback. The context bounds only the start.
func Start(ctx context.Context, config Config) (*Proxy, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen for clients of the proxy: %w", err)
	}

	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &Proxy{config: config, listener: listener, cancel: cancel}
	quiet := log.New(io.Discard, "", 0)

	p.plain = &httputil.ReverseProxy{
		// The request already has the form for a proxy, and is forwarded unchanged.
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		Transport: &http.Transport{
			Proxy:       p.upstreamOf,
			DialContext: p.dialPlain,
			// The pods of a name change.
			DisableKeepAlives: true,
		},
		ErrorLog: quiet,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	p.server = &http.Server{
		Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: readHeaderTimeout, ErrorLog: quiet,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	p.done.Go(func() { _ = p.server.Serve(listener) })

	return p, nil
}

// Address returns the address as host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// URL returns the value for HTTPS_PROXY.
func (p *Proxy) URL() string { return "http://" + p.Address() }

// Close closes the proxy and every connection through it.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.server.Close()
	p.done.Wait()

	if err != nil {
		return fmt.Errorf("cannot close proxy: %w", err)
	}

	return nil
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

// connect opens a tunnel.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	dialCtx, cancel := context.WithTimeout(r.Context(), dialTimeout)
	defer cancel()

	there, refusal, err := p.dial(dialCtx, r.RequestURI)

	switch {
	case err != nil:
		http.Error(w, "cannot connect: "+err.Error(), http.StatusBadGateway)

		return
	case refusal != "":
		http.Error(w, refusal, http.StatusForbidden)

		return
	}
	defer there.Close() //nolint:errcheck // Both sides are done.

	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot connect", http.StatusInternalServerError)

		return
	}
	defer here.Close() //nolint:errcheck // Both sides are done.

	if _, err := here.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return
	}

	Splice(r.Context(), here, buffered.Reader, there)
}

// dial connects to a host of the cluster, or else through the upstream proxy, whose error response
// it returns if there is one.
func (p *Proxy) dial(ctx context.Context, address string) (_ net.Conn, refusal string, _ error) {
	conn, err := p.dialCluster(ctx, address)
	if !errors.Is(err, ErrNotInCluster) {
		return conn, "", err
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

	connect := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address,
		Header: http.Header{"Proxy-Authorization": credentials.Header["Authorization"]},
	}
	if err := connect.Write(conn); err != nil {
		_ = conn.Close()

		return nil, "", fmt.Errorf("cannot reach the proxy for Azure: %w", err)
	}

	// A fault may leave a connection without a response. The wait ends when the client gives up.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	reader := bufio.NewReader(conn)

	resp, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err == nil && resp.StatusCode == http.StatusForbidden {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
		_ = resp.Body.Close()
		_ = conn.Close()

		return nil, "cannot connect: " + strings.TrimSpace(string(said)), nil
	}

	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}

	if !stop() || err != nil {
		_ = conn.Close()

		return nil, "", fmt.Errorf("the proxy for Azure does not connect: %w", errors.Join(err, ctx.Err()))
	}

	return &readFirst{Conn: conn, reader: reader}, "", nil
}

func (p *Proxy) dialCluster(ctx context.Context, address string) (net.Conn, error) {
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

// upstreamOf returns the proxy for a plain request, unless its host is in the cluster.
func (p *Proxy) upstreamOf(r *http.Request) (*url.URL, error) {
	ctx, cancel := context.WithTimeout(r.Context(), dialTimeout)
	defer cancel()

	conn, err := p.dialCluster(ctx, withPort(r.URL.Host))
	if errors.Is(err, ErrNotInCluster) {
		return p.config.Upstream, nil
	}

	if conn != nil {
		_ = conn.Close()
	}

	return nil, nil //nolint:nilnil // nil makes a Transport connect directly.
}

func (p *Proxy) dialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	if address == p.config.Upstream.Host {
		return new(net.Dialer).DialContext(ctx, network, address) //nolint:wrapcheck // It says it all.
	}

	return p.dialCluster(ctx, address)
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}

	return net.JoinHostPort(host, "80")
}

// readFirst is a connection with data that was already read.
type readFirst struct {
	net.Conn

	reader io.Reader
}

func (c *readFirst) Read(b []byte) (int, error) { return c.reader.Read(b) }

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
