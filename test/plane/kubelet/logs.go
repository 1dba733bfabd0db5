// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"time"
)

const (
	// followInterval is the interval for reading a followed log.
	followInterval = 200 * time.Millisecond

	// timestampFormat is a kubelet's: RFC 3339 with a fixed length.
	timestampFormat = "2006-01-02T15:04:05.000000000Z07:00"
)

// A section of a log begins at an offset and ends with the log. A container writes to its log directly, so that it has every written byte,
// however the container or this process ends.
type section struct {
	name string
	from int64
	// ended reports whether the log is complete.
	ended func() bool
}

// logSection finds the part of the log that the current run of a container wrote.
func (p *pod) logSection(container string) (section, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	r, ok := p.runs[container]
	if !ok {
		return section{}, fmt.Errorf("container %q in pod %q is waiting to start", container, p.object.Name)
	}

	return section{name: r.log, from: r.from, ended: func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()

		now := p.runs[container]

		return now.process == nil || now.from != r.from
	}}, nil
}

// startLogServer serves the logs of containers to the API server, like a kubelet.
func (k *Kubelet) startLogServer(ctx context.Context) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serveLog)

	k.logs = httptest.NewUnstartedServer(mux)
	k.logs.Config.BaseContext = func(net.Listener) context.Context { return ctx } // It ends the readers of logs.
	k.logs.StartTLS()
}

// serveLog serves a log with the options follow, limitBytes, tailLines and timestamps of a PodLogOptions.
func (k *Kubelet) serveLog(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()

	for _, option := range []string{"previous", "sinceSeconds", "sinceTime"} {
		if q.Has(option) && q.Get(option) != "false" {
			http.Error(w, option+" of a log is not supported on this node", http.StatusBadRequest)

			return
		}
	}

	part, err := k.logSection(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)

		return
	}

	f, err := os.Open(part.name)
	if err != nil {
		http.Error(w, "cannot open log", http.StatusInternalServerError)

		return
	}
	defer f.Close() //nolint:errcheck // It was read.

	if err := part.seek(f, q.Get("tailLines")); err != nil {
		http.Error(w, "cannot read log", http.StatusInternalServerError)

		return
	}

	limit, err := strconv.ParseInt(q.Get("limitBytes"), 10, 64)
	if err != nil {
		limit = math.MaxInt64
	}

	w.Header().Set("Content-Type", "text/plain")

	if q.Get("timestamps") == "true" {
		w = &stamper{ResponseWriter: w, log: f}
	}

	_ = part.copy(r.Context(), w, &io.LimitedReader{R: f, N: limit}, q.Get("follow") == "true") // The client has disconnected, or notices the end.
}

// A stamper writes a time before each line: that of the last write to the log, because nobody records when the line was written.
type stamper struct {
	http.ResponseWriter

	log    *os.File
	within bool
}

// Write writes lines, or parts of lines.
func (s *stamper) Write(b []byte) (int, error) {
	info, err := s.log.Stat()
	if err != nil {
		return 0, fmt.Errorf("cannot read log: %w", err)
	}

	var out []byte

	for line := range bytes.Lines(b) {
		if !s.within {
			out = append(info.ModTime().UTC().AppendFormat(out, timestampFormat), ' ')
		}

		out = append(out, line...)
		s.within = line[len(line)-1] != '\n'
	}

	if _, err := s.ResponseWriter.Write(out); err != nil {
		return 0, fmt.Errorf("cannot copy log: %w", err)
	}

	return len(b), nil
}

// Unwrap lets a ResponseController flush.
func (s *stamper) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// seek seeks the begin of the section, or of its last lines if their number is given.
func (p section) seek(f io.ReadSeeker, lines string) error {
	from := p.from

	if last, err := strconv.Atoi(lines); err == nil {
		content, err := os.ReadFile(p.name)
		if err != nil {
			return fmt.Errorf("cannot read log: %w", err)
		}

		all := slices.Collect(bytes.Lines(content[min(int(p.from), len(content)):]))
		for _, line := range all[:max(len(all)-last, 0)] {
			from += int64(len(line))
		}
	}

	_, err := f.Seek(from, io.SeekStart)

	return err //nolint:wrapcheck // It names the file.
}

// copy copies the section, and further output if it is followed.
func (p section) copy(ctx context.Context, w http.ResponseWriter, f *io.LimitedReader, follow bool) error {
	for {
		// The order matters: output before the end is still read below.
		ended := !follow || p.ended()

		if _, err := io.Copy(w, f); err != nil || ended || f.N == 0 {
			return err //nolint:wrapcheck // The client has left.
		}

		if err := http.NewResponseController(w).Flush(); err != nil || !sleep(ctx, followInterval) {
			return err //nolint:wrapcheck // The client has left.
		}
	}
}
