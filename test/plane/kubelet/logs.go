// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"

	certutil "k8s.io/client-go/util/cert"
)

const (
	// followInterval is the interval for reading a followed log, and lookInterval that for checking
	// the lengths of logs.
	followInterval = 200 * time.Millisecond
	lookInterval   = time.Second

	// timestampFormat is a kubelet's: RFC 3339 with a fixed length.
	timestampFormat = "2006-01-02T15:04:05.000000000Z07:00"

	headerTimeout = 10 * time.Second
)

// A logFile is the file that a container writes to directly: it has every written byte, however the
// container or this process ends. It derives the time of a byte from regular checks of the length,
// with the precision of lookInterval.
type logFile struct {
	name string

	mu     sync.Mutex
	growth []mark
}

// A mark is the length of a log at a time.
type mark struct {
	end int64
	at  time.Time
}

// look records the current length. A deleted log does not grow.
func (l *logFile) look() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()

	info, err := os.Stat(l.name)
	if err != nil {
		return 0
	}

	size := info.Size()
	if n := len(l.growth); n == 0 || l.growth[n-1].end < size {
		l.growth = append(l.growth, mark{end: size, at: time.Now()})
	}

	return size
}

// written returns the time at which the byte at that offset was written, up to the last check.
func (l *logFile) written(place int64) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()

	i := sort.Search(len(l.growth)-1, func(i int) bool { return l.growth[i].end > place })

	return l.growth[i].at
}

// lookAtLogs checks the logs of all containers until the context ends.
func (k *Kubelet) lookAtLogs(ctx context.Context) {
	for sleep(ctx, lookInterval) {
		for _, p := range k.all() {
			p.mu.Lock()
			for _, log := range p.logs {
				log.look()
			}
			p.mu.Unlock()
		}
	}
}

// A section of a log begins at an offset and ends with the log.
type section struct {
	log  *logFile
	from int64
	// ended reports whether the log is complete.
	ended func() bool
	// within is true inside a line that was partly sent.
	within bool
}

// logSection finds the part of the log that the current run of a container wrote.
func (p *pod) logSection(container string) (section, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	r, ok := p.runs[container]
	if !ok {
		return section{}, fmt.Errorf("container %q in pod %q is waiting to start", container, p.object.Name)
	}

	return section{log: p.logs[container], from: r.log, ended: func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()

		now := p.runs[container]

		return now.process == nil || now.log != r.log
	}}, nil
}

// A logServer serves the logs of containers to the API server, like a kubelet.
type logServer struct {
	port   int32
	server *http.Server
	find   func(namespace, pod, container string) (section, error)
	done   chan struct{}
}

func startLogServer(ctx context.Context, find func(namespace, pod, container string) (section, error)) (*logServer, error) {
	cert, key, err := certutil.GenerateSelfSignedCertKey("kubelet", []net.IP{net.ParseIP(loopback)}, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot make certificate for requests of logs: %w", err)
	}

	certificate, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("cannot use certificate for requests of logs: %w", err)
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

		_ = s.server.ServeTLS(l, "", "") // It ends when the server is closed.
	}()

	return s, nil
}

func (s *logServer) close() {
	_ = s.server.Close() // This disconnects current readers of logs.

	<-s.done
}

// serve serves a log with the options follow, limitBytes, tailLines and timestamps of a PodLogOptions.
func (s *logServer) serve(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()

	for _, option := range []string{"previous", "sinceSeconds", "sinceTime"} {
		if q.Has(option) && q.Get(option) != "false" {
			http.Error(w, option+" of a log is not supported on this node", http.StatusBadRequest)

			return
		}
	}

	part, err := s.find(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)

		return
	}

	f, err := os.Open(part.log.name)
	if err != nil {
		http.Error(w, "cannot open log", http.StatusInternalServerError)

		return
	}
	defer f.Close() //nolint:errcheck // It was read.

	if lines, err := strconv.Atoi(q.Get("tailLines")); err == nil {
		if err := part.skip(f, lines); err != nil {
			http.Error(w, "cannot read log", http.StatusInternalServerError)

			return
		}
	}

	if limit, err := strconv.ParseInt(q.Get("limitBytes"), 10, 64); err == nil {
		w = &limitedWriter{w, limit}
	}

	w.Header().Set("Content-Type", "text/plain")

	_ = part.copy(r.Context(), w, f, q.Get("follow") == "true", q.Get("timestamps") == "true") // The client has disconnected, or notices the end.
}

// A limitedWriter fails after the bytes that are left.
type limitedWriter struct {
	http.ResponseWriter

	left int64
}

func (w *limitedWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b[:min(int64(len(b)), w.left)])

	w.left -= int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}

	return n, err
}

// Unwrap lets a ResponseController flush.
func (w *limitedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// rest returns the current content of the section.
func (p *section) rest(f io.ReaderAt) ([]byte, error) {
	all, err := io.ReadAll(io.NewSectionReader(f, p.from, p.log.look()-p.from))
	if err != nil {
		return nil, fmt.Errorf("cannot read log: %w", err)
	}

	return all, nil
}

// skip skips all but the last lines.
func (p *section) skip(f io.ReaderAt, lines int) error {
	all, err := p.rest(f)

	each := slices.Collect(bytes.Lines(all))
	for _, line := range each[:max(len(each)-lines, 0)] {
		p.from += int64(len(line))
	}

	return err
}

// copy copies the section, and further output if it is followed.
func (p *section) copy(ctx context.Context, w http.ResponseWriter, f io.ReaderAt, follow, timestamps bool) error {
	for {
		// The order matters: output before the end is still read below.
		ended := !follow || p.ended()

		if err := p.pass(w, f, timestamps); err != nil || ended {
			return err
		}

		if err := http.NewResponseController(w).Flush(); err != nil || !sleep(ctx, followInterval) {
			return err //nolint:wrapcheck // The client has left.
		}
	}
}

// pass sends the output since the last call.
func (p *section) pass(w io.Writer, f io.ReaderAt, timestamps bool) error {
	all, err := p.rest(f)

	for line := range bytes.Lines(all) {
		size := int64(len(line))

		if timestamps && !p.within {
			line = slices.Concat(p.log.written(p.from).UTC().AppendFormat(nil, timestampFormat), []byte{' '}, line)
		}

		n, err := w.Write(line)
		if err != nil {
			return fmt.Errorf("cannot copy log: %w", err)
		}

		p.within = line[n-1] != '\n'
		p.from += size
	}

	return err
}
