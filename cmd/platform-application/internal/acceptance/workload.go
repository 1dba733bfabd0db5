// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	workloadPort = 8080
	workloadPath = "/healthz"

	workloadTimeout = 5 * time.Second
)

// printed is the workload's output: digests of its variables, and no value.
type printed struct {
	Run       string            `json:"run"`
	Variables map[string]string `json:"variables"`
}

// A Workload is the program of the application. It prints digests of variables, and is healthy until it is stopped.
type Workload struct {
	Run string
	Key []byte

	// Variables to print, by name.
	Variables []string

	// Lookup returns a variable of the environment.
	Lookup func(string) (string, bool)

	Out io.Writer
}

// Serve serves until the context ends.
func (w Workload) Serve(ctx context.Context) error {
	if err := w.print(); err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET "+workloadPath, func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "ok") })

	server := &http.Server{Addr: net.JoinHostPort("", strconv.Itoa(workloadPort)), Handler: mux, ReadHeaderTimeout: workloadTimeout}
	ended := make(chan error, 1)

	go func() { ended <- server.ListenAndServe() }()

	select {
	case err := <-ended:
		return fmt.Errorf("cannot serve: %w", err)
	case <-ctx.Done():
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workloadTimeout)
	defer cancel()

	if err := errors.Join(server.Shutdown(ctx), <-ended); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot shut down: %w", err)
	}

	return nil
}

func (w Workload) print() error {
	out := printed{Run: w.Run, Variables: map[string]string{}}

	for _, name := range w.Variables {
		if value, ok := w.Lookup(name); ok {
			out.Variables[name] = digest(w.Key, value)
		}
	}

	if err := json.NewEncoder(w.Out).Encode(out); err != nil {
		return fmt.Errorf("cannot print variables: %w", err)
	}

	return nil
}

// parseLog returns the digests in the log of a pod, or an error if the run's workload has printed none.
func parseLog(log []byte, run string) (map[string]string, error) {
	lines := bufio.NewScanner(bytes.NewReader(log))
	lines.Buffer(nil, maxLog+1)

	for lines.Scan() {
		p := printed{}
		if err := json.Unmarshal(lines.Bytes(), &p); err == nil && p.Run == run && p.Variables != nil {
			return p.Variables, nil
		}
	}

	return nil, pending{code: NothingPrinted}
}
