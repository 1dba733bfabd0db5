// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package proxy is an HTTP proxy that never connects to anything: it answers for a few hosts itself, over TLS with certificates of its own
// authority, and rejects all others. Libraries for intercepting proxies forward requests, and cannot make the opening of a connection
// fail.
package proxy

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/pki"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	httpsPort = "443"

	// readHeaderTimeout and idleTimeout end idle connections.
	readHeaderTimeout = 30 * time.Second
	idleTimeout       = 10 * time.Minute

	caValidity   = 10 * 365 * 24 * time.Hour
	leafValidity = 365 * 24 * time.Hour
)

// A Host is one that the proxy answers for.
type Host struct {
	// Certificate is the name in the host's certificate, which may be a wildcard.
	Certificate string

	// Vault is the vault of the host, if it is a vault's, for faults and counts.
	Vault string

	// Exists is true if the name of the host resolves.
	Exists bool

	// Handler answers requests.
	Handler http.Handler
}

// Config of a proxy.
type Config struct {
	// Address to listen on.
	Address string

	// Lookup returns the host of a name in lower case, or nil to reject it.
	Lookup func(name string) *Host

	// Gate has the faults of connections, and counts them.
	Gate *wire.Gate
}

// A Proxy is running.
type Proxy struct {
	config    Config
	authority *pki.Pair
	listener  net.Listener
	tunnels   *tunnels
	outer     *http.Server
	inner     *http.Server
	cancel    context.CancelFunc
	done      sync.WaitGroup

	mu           sync.Mutex
	certificates map[string]*tls.Certificate
}

type hostKey struct{}

// Start starts a proxy, which must be closed. The context bounds only the start.
func Start(ctx context.Context, config Config) (*Proxy, error) {
	a, err := pki.Authority("Stand-in for Azure", caValidity, nil)
	if err != nil {
		return nil, err
	}

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.Address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for clients of the proxy: %w", err)
	}

	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &Proxy{config: config, authority: a, listener: listener, cancel: cancel, certificates: map[string]*tls.Certificate{}}

	p.tunnels = newTunnels(listener.Addr(), &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: p.certificate,
	})

	// Clients report their own errors in TLS and HTTP.
	quiet := log.New(io.Discard, "", 0)

	p.outer = &http.Server{
		Handler: http.HandlerFunc(p.serveOuter), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, ErrorLog: quiet,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	p.inner = &http.Server{
		Handler: http.HandlerFunc(p.serveInner), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, ErrorLog: quiet,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			host, network := originOf(conn)

			return wire.WithNetwork(context.WithValue(ctx, hostKey{}, host), network)
		},
	}

	p.done.Go(func() { _ = p.outer.Serve(listener) })
	p.done.Go(func() { _ = p.inner.Serve(p.tunnels) })

	return p, nil
}

// URL returns the value for HTTPS_PROXY.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// CAPEM returns the certificate of the authority.
func (p *Proxy) CAPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.authority.Certificate.Raw})
}

// Close ends all connections.
func (p *Proxy) Close() error {
	p.cancel()

	err := errors.Join(p.outer.Close(), p.tunnels.Close(), p.inner.Close())

	p.done.Wait()

	if err != nil {
		return fmt.Errorf("cannot close the proxy: %w", err)
	}

	return nil
}

// originOf returns the host that a connection's client requested, and the network of the client.
func originOf(conn net.Conn) (host, network string) {
	if t, ok := conn.(*tls.Conn); ok {
		if inner, ok := t.NetConn().(*tunnel); ok {
			return inner.host, inner.network
		}
	}

	return "", ""
}

// From returns a handler of requests of clients in a network, for another proxy.
func (p *Proxy) From(network string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.serveOuter(w, r.WithContext(wire.WithNetwork(r.Context(), network)))
	})
}

// networkOf returns the network of a client. Without another proxy, it is the user in the URL of the client's proxy: on loopback, all
// addresses are the same.
func networkOf(r *http.Request) string {
	if network := wire.NetworkOf(r); network != "" {
		return network
	}

	credentials := http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
	network, _, _ := credentials.BasicAuth()

	return network
}

// certificate returns the certificate for the connection's host.
func (p *Proxy) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	t, ok := hello.Conn.(*tunnel)
	if !ok || !strings.EqualFold(t.host, hello.ServerName) {
		return nil, fmt.Errorf("the client wants to speak to %q, which is not what it asked to be connected to", hello.ServerName)
	}

	host := p.config.Lookup(t.host)
	if host == nil {
		return nil, fmt.Errorf("there is no %q", t.host)
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	if known := p.certificates[host.Certificate]; known != nil {
		return known, nil
	}

	leaf, err := pki.Leaf([]string{host.Certificate}, leafValidity, nil, p.authority)
	if err != nil {
		return nil, err
	}

	made := &tls.Certificate{Certificate: [][]byte{leaf.Certificate.Raw}, PrivateKey: leaf.Key}
	p.certificates[host.Certificate] = made

	return made, nil
}

// serveInner answers a request through a tunnel.
func (p *Proxy) serveInner(w http.ResponseWriter, r *http.Request) {
	name, _ := r.Context().Value(hostKey{}).(string)

	host := p.config.Lookup(name)
	if host == nil || !host.Exists {
		// The name no longer resolves, but this client does not resolve it again.
		panic(http.ErrAbortHandler)
	}

	host.Handler.ServeHTTP(w, r)
}

// serveOuter answers a request to the proxy.
func (p *Proxy) serveOuter(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		p.connect(w, r)
	case !r.URL.IsAbs():
		http.Error(w, "this is a proxy: set HTTPS_PROXY and HTTP_PROXY to it", http.StatusBadRequest)
	default:
		http.Error(w, refusal(r.URL.Host), http.StatusForbidden)
	}
}

// connect opens a tunnel for a connection.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	var host *Host

	name, port, err := net.SplitHostPort(strings.ToLower(r.RequestURI))
	if err == nil && port == httpsPort {
		host = p.config.Lookup(name)
	}

	if host == nil {
		p.config.Gate.Count(count.Key{Operation: fault.Connect, Status: http.StatusForbidden})
		http.Error(w, refusal(r.RequestURI), http.StatusForbidden)

		return
	}

	key := count.Key{Vault: host.Vault, Operation: fault.Connect}

	delay, rule := p.config.Gate.MatchFault(fault.Request{Host: name, Vault: host.Vault, Operation: fault.Connect})
	if delay > 0 && !wire.Wait(r.Context(), delay) {
		panic(http.ErrAbortHandler)
	}

	if rule != nil {
		p.fail(w, r, key, rule)

		return
	}

	if !host.Exists {
		key.Status = http.StatusBadGateway
		p.config.Gate.Count(key)
		http.Error(w, fmt.Sprintf("cannot connect: lookup %s: no such host", name), key.Status)

		return
	}

	key.Status = http.StatusOK
	p.config.Gate.Count(key)
	p.open(w, name, networkOf(r))
}

// open opens the tunnel, and serves the connection as that host.
func (p *Proxy) open(w http.ResponseWriter, name, network string) {
	conn, _, err := http.NewResponseController(w).Hijack() // A client sends nothing before the answer.
	if err != nil {
		panic(http.ErrAbortHandler)
	}

	_, _ = conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")) // Without a client, the handshake fails.

	p.tunnels.add(&tunnel{Conn: conn, host: name, network: network})
}

// fail applies a fault to a connection.
func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, key count.Key, rule *fault.Rule) {
	key.Error = string(rule.Effect)
	if rule.Effect == fault.Status {
		key.Status = rule.Status
	}

	p.config.Gate.Count(key)

	switch rule.Effect {
	case fault.Status:
		http.Error(w, "cannot connect: it was refused on demand", rule.Status)
	case fault.Reset:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			wire.Reset(conn)
		}
	default:
		wire.Hang(r, rule.Duration)
	}
}

func refusal(target string) string {
	return target + " is not part of this stand-in for Azure: it answers for login.microsoftonline.com, " +
		"management.azure.com and *.vault.azure.net only"
}

// A tunnel is a connection of a client to one of the hosts that the proxy answers for.
type tunnel struct {
	net.Conn

	// host is the one that the client requested.
	host string

	// network is the one that the client is in.
	network string
}

// NetConn returns the connection below.
func (t *tunnel) NetConn() net.Conn { return t.Conn }

// tunnels is a listener that accepts tunnels.
type tunnels struct {
	address net.Addr
	config  *tls.Config
	queue   chan *tunnel
	done    chan struct{}
	once    sync.Once
}

func newTunnels(address net.Addr, config *tls.Config) *tunnels {
	return &tunnels{address: address, config: config, queue: make(chan *tunnel), done: make(chan struct{})}
}

// Accept returns the next tunnel, which speaks TLS.
func (l *tunnels) Accept() (net.Conn, error) {
	select {
	case t := <-l.queue:
		return tls.Server(t, l.config), nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close stops accepting.
func (l *tunnels) Close() error {
	l.once.Do(func() { close(l.done) })

	return nil
}

// Addr returns the address of the proxy.
func (l *tunnels) Addr() net.Addr { return l.address }

// add adds a tunnel, or closes it if the listener is closed.
func (l *tunnels) add(t *tunnel) {
	select {
	case l.queue <- t:
	case <-l.done:
		_ = t.Close()
	}
}
