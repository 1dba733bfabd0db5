// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"crypto/tls"
	"net"
	"sync"
)

// A tunnel is a connection of a client to one of the hosts that the proxy answers for.
type tunnel struct {
	net.Conn

	// host is the one that the client requested.
	host string

	// network is the one that the client is in.
	network string

	// early has bytes that the client sent before the tunnel was open.
	early *bufio.Reader
}

// Read reads the early bytes first.
func (t *tunnel) Read(p []byte) (int, error) {
	if t.early != nil {
		if t.early.Buffered() > 0 {
			return t.early.Read(p) //nolint:wrapcheck // A reader's errors are compared by value.
		}

		t.early = nil
	}

	return t.Conn.Read(p) //nolint:wrapcheck // A reader's errors are compared by value.
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
