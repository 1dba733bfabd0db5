// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

const (
	// followInterval is how often a log is looked at that is followed.
	followInterval = 200 * time.Millisecond

	certificateLife = 365 * 24 * time.Hour
	headerTimeout   = 10 * time.Second
)

// A section of a log file: from a byte up to another, or up to its end if that is
// 0.
type section struct {
	file     string
	from, to int64
	// ended tells whether nothing more will be written to it.
	ended func() bool
}

// A logServer serves the logs of containers as a kubelet does, for the API server.
type logServer struct {
	port   int32
	server *http.Server
	find   func(namespace, pod, container string, previous bool) (section, error)
	done   chan struct{}
}

func startLogServer(ctx context.Context, find func(namespace, pod, container string, previous bool) (section, error)) (*logServer, error) {
	certificate, err := selfSigned()
	if err != nil {
		return nil, err
	}

	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return nil, fmt.Errorf("cannot listen for requests of logs: %w", err)
	}

	s := &logServer{find: find, done: make(chan struct{})}
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		s.port = int32(a.Port) //nolint:gosec // A port fits.
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", s.serve)

	s.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTimeout,
		TLSConfig:   &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		BaseContext: func(net.Listener) context.Context { return ctx },
	}

	go func() {
		defer close(s.done)

		_ = s.server.ServeTLS(l, "", "") // It ends when it is closed.
	}()

	return s, nil
}

func (s *logServer) close() {
	_ = s.server.Close() // Who reads logs now has read enough.

	<-s.done
}

func (s *logServer) serve(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()

	part, err := s.find(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"), q.Get("previous") == "true")
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)

		return
	}

	f, err := os.Open(part.file)
	if err != nil {
		http.Error(w, "cannot open log", http.StatusInternalServerError)

		return
	}
	defer f.Close() //nolint:errcheck // It was read.

	if n, err := strconv.Atoi(q.Get("tailLines")); err == nil {
		if part.from, err = lastLines(f, part, n); err != nil {
			http.Error(w, "cannot read log", http.StatusInternalServerError)

			return
		}
	}

	w.Header().Set("Content-Type", "text/plain")

	_ = part.copy(r.Context(), w, f, q.Get("follow") == "true") // Who asked has left, or sees that it ends.
}

// copy the section, and what is added to it if it is followed.
func (p section) copy(ctx context.Context, w http.ResponseWriter, f *os.File, follow bool) error {
	at := p.from

	for {
		// Asked first: what was written before it ended is read below.
		ended := p.to > 0 || !follow || p.ended()

		length := int64(1<<62) - at
		if p.to > 0 {
			length = p.to - at
		}

		n, err := io.Copy(w, io.NewSectionReader(f, at, length))
		if err != nil {
			return fmt.Errorf("cannot copy log: %w", err)
		}

		at += n

		if ended {
			return nil
		}

		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}

		if !sleep(ctx, followInterval, nil) {
			return nil
		}
	}
}

// lastLines finds where the last lines of a section begin.
func lastLines(f *os.File, p section, lines int) (int64, error) {
	length := int64(1<<62) - p.from
	if p.to > 0 {
		length = p.to - p.from
	}

	content, err := io.ReadAll(io.NewSectionReader(f, p.from, length))
	if err != nil {
		return 0, fmt.Errorf("cannot read log: %w", err)
	}

	all := slices.Collect(bytes.Lines(content))

	at := p.from
	for _, line := range all[:max(len(all)-lines, 0)] {
		at += int64(len(line))
	}

	return at, nil
}

// logSection finds the part of the log that the current or the previous run of a
// container wrote.
func (p *pod) logSection(container string, previous bool) (section, error) {
	name := p.logFile(container)

	p.mu.Lock()
	defer p.mu.Unlock()

	r, ok := p.runs[container]

	switch {
	case !ok:
		return section{}, fmt.Errorf("container %q in pod %q is waiting to start", container, p.object.Name)
	case previous && r.log == r.previous:
		return section{}, fmt.Errorf("previous terminated container %q in pod %q not found", container, p.object.Name)
	case previous:
		return section{file: name, from: r.previous, to: r.log}, nil
	}

	return section{file: name, from: r.log, ended: func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()

		now := p.runs[container]

		return now.process == nil || now.log != r.log
	}}, nil
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot generate key: %w", err)
	}

	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubelet"}, IPAddresses: []net.IP{net.ParseIP(loopback)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, errors.Join(errors.New("cannot create certificate"), err)
	}

	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
