// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	certutil "k8s.io/client-go/util/cert"
)

const (
	// followInterval is how often a log is looked at that is followed.
	followInterval = 200 * time.Millisecond

	// timestampFormat is that of a kubelet: RFC 3339, and always as long.
	timestampFormat = "2006-01-02T15:04:05.000000000Z07:00"

	headerTimeout = 10 * time.Second
)

// A section of a log: from a byte up to another, or up to its end if that is 0.
type section struct {
	log      *logFile
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

		_ = s.server.ServeTLS(l, "", "") // It ends when it is closed.
	}()

	return s, nil
}

func (s *logServer) close() {
	_ = s.server.Close() // It cuts off current readers of logs.

	<-s.done
}

func (s *logServer) serve(w http.ResponseWriter, r *http.Request) {
	o, err := parseLogOptions(r.URL.Query(), time.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)

		return
	}

	part, err := s.find(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"), o.previous)
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

	if o.tail >= 0 {
		if part.from, err = part.lastLines(f, o.tail); err != nil {
			http.Error(w, "cannot read log", http.StatusInternalServerError)

			return
		}
	}

	w.Header().Set("Content-Type", "text/plain")

	_ = part.copy(r.Context(), w, f, o) // The client has left, or sees the end.
}

// The options of a request for a log.
type logOptions struct {
	follow, previous, timestamps bool
	// since is when the first line was written, at the earliest.
	since time.Time
	// tail is how many lines there are before the end, all if it is negative.
	tail int64
	// limit is how many bytes are served, all if it is negative.
	limit int64
}

// parseLogOptions that the API server sends, in the names of a PodLogOptions.
func parseLogOptions(q url.Values, now time.Time) (logOptions, error) {
	numbers := map[string]int64{"tailLines": -1, "limitBytes": -1, "sinceSeconds": -1}

	for name := range numbers {
		if !q.Has(name) {
			continue
		}

		n, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err != nil || n < 0 {
			return logOptions{}, fmt.Errorf("cannot understand %s=%q", name, q.Get(name))
		}

		numbers[name] = n
	}

	o := logOptions{
		follow: q.Get("follow") == "true", previous: q.Get("previous") == "true", timestamps: q.Get("timestamps") == "true",
		tail: numbers["tailLines"], limit: numbers["limitBytes"],
	}

	if s := numbers["sinceSeconds"]; s >= 0 {
		o.since = now.Add(-time.Duration(s) * time.Second)
	}

	if q.Has("sinceTime") {
		var err error
		if o.since, err = time.Parse(time.RFC3339, q.Get("sinceTime")); err != nil {
			return logOptions{}, fmt.Errorf("cannot understand sinceTime: %w", err)
		}
	}

	return o, nil
}

// copy the section, and what is added to it if it is followed.
func (p section) copy(ctx context.Context, w http.ResponseWriter, f io.ReaderAt, o logOptions) error {
	lines := &lineWriter{to: w, log: p.log, place: p.from, options: o}

	for {
		// Asked first: what was written before it ended is read below.
		ended := p.to > 0 || !o.follow || p.ended()

		end, err := p.end()
		if err != nil {
			return err
		}

		if _, err := io.Copy(lines, io.NewSectionReader(f, lines.place, end-lines.place)); err != nil {
			return fmt.Errorf("cannot copy log: %w", err)
		}

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

// end of the section as it is now.
func (p section) end() (int64, error) {
	end, err := p.log.look()
	if p.to > 0 {
		end = p.to
	}

	return end, err
}

// lastLines finds where the last lines begin.
func (p section) lastLines(f io.ReaderAt, lines int64) (int64, error) {
	end, err := p.end()
	if err != nil || lines == 0 {
		return end, err
	}

	all, err := io.ReadAll(io.NewSectionReader(f, p.from, end-p.from))
	if err != nil {
		return 0, fmt.Errorf("cannot read log: %w", err)
	}

	at := len(bytes.TrimSuffix(all, []byte("\n")))
	for ; lines > 0 && at >= 0; lines-- {
		at = bytes.LastIndexByte(all[:at], '\n')
	}

	return p.from + int64(at) + 1, nil
}

// errEnough is what a writer says that has written all that was asked for.
var errEnough = errors.New("no more was asked for")

// A lineWriter takes a log, and passes on the requested lines.
type lineWriter struct {
	to      io.Writer
	log     *logFile
	options logOptions

	// place in the log of what comes next, and how much of it was passed on.
	place, passed int64
	// within a line, of which there is more to come, and which is too old.
	within, old bool
}

func (w *lineWriter) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		if err := w.line(line); err != nil {
			return 0, err
		}
	}

	return len(b), nil
}

// line, or a part of one.
func (w *lineWriter) line(b []byte) error {
	begins, written := !w.within, w.log.written(w.place)
	w.place += int64(len(b))
	w.within = b[len(b)-1] != '\n'

	if begins {
		w.old = written.Before(w.options.since)
	}

	if w.old {
		return nil
	}

	if begins && w.options.timestamps {
		b = slices.Concat(written.UTC().AppendFormat(nil, timestampFormat), []byte{' '}, b)
	}

	enough := w.options.limit >= 0 && w.passed+int64(len(b)) >= w.options.limit
	if enough {
		b = b[:w.options.limit-w.passed]
	}

	n, err := w.to.Write(b)
	w.passed += int64(n)

	if err == nil && enough {
		err = errEnough
	}

	return err
}

// logSection finds the part of the log that the current or the previous run of a
// container wrote.
func (p *pod) logSection(container string, previous bool) (section, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	r, ok := p.runs[container]
	log := p.logs[container]

	switch {
	case !ok:
		return section{}, fmt.Errorf("container %q in pod %q is waiting to start", container, p.object.Name)
	case previous && r.log == r.previous:
		return section{}, fmt.Errorf("previous terminated container %q in pod %q not found", container, p.object.Name)
	case previous:
		return section{log: log, from: r.previous, to: r.log}, nil
	}

	return section{log: log, from: r.log, ended: func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()

		now := p.runs[container]

		return now.process == nil || now.log != r.log
	}}, nil
}
