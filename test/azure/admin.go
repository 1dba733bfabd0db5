// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// maxAdminBody bounds the body of a request to the admin API.
	maxAdminBody = 8 << 20

	adminReadTimeout = 30 * time.Second
)

// admin serves the admin API.
type admin struct {
	server   *Server
	listener net.Listener
	http     *http.Server
	done     sync.WaitGroup
}

func startAdmin(ctx context.Context, address string, s *Server) (*admin, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for the admin API: %w", err)
	}

	a := &admin{server: s, listener: listener}
	a.http = &http.Server{Handler: a.routes(), ReadHeaderTimeout: adminReadTimeout, ErrorLog: log.New(io.Discard, "", 0)}
	a.done.Go(func() { _ = a.http.Serve(listener) })

	return a, nil
}

func (a *admin) url() string { return "http://" + a.listener.Addr().String() }

func (a *admin) close() error {
	err := a.http.Close()

	a.done.Wait()

	if err != nil {
		return fmt.Errorf("cannot close the admin API: %w", err)
	}

	return nil
}

// A commandLine is what the admin API executes.
type commandLine struct {
	Args  []string `json:"args"`
	Stdin []byte   `json:"stdin,omitempty"`
}

// Send sends a command line to the admin API at an address, and returns the output.
func Send(ctx context.Context, address string, args []string, stdin []byte) (string, error) {
	body, err := json.Marshal(commandLine{Args: args, Stdin: stdin})
	if err != nil {
		return "", fmt.Errorf("cannot encode command: %w", err)
	}

	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+strings.TrimPrefix(address, "http://")+"/commands", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("cannot make request: %w", err)
	}

	// The proxy of the environment is not used, because it may be the stand-in itself.
	rsp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return "", fmt.Errorf("cannot reach the stand-in, is it running? %w", err)
	}
	defer rsp.Body.Close() //nolint:errcheck // It has been read.

	out, err := io.ReadAll(rsp.Body)
	if err == nil && rsp.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(out)))
	}

	return string(out), err
}

// routes are documented in the package's own documentation.
func (a *admin) routes() http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("POST /commands", func(w http.ResponseWriter, r *http.Request) {
		var (
			line commandLine
			out  bytes.Buffer
		)

		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody)).Decode(&line)

		switch {
		case r.Header.Get("Origin") != "":
			// A page in a browser can send simple requests to loopback, but never without this header.
			http.Error(w, "the admin API is not for browsers", http.StatusForbidden)
		case err != nil:
			http.Error(w, "cannot read command: "+err.Error(), http.StatusBadRequest)
		default:
			if err := a.server.execute(line.Args, bytes.NewReader(line.Stdin), &out); err != nil {
				http.Error(w, err.Error(), http.StatusConflict)

				return
			}

			_, _ = out.WriteTo(w)
		}
	})

	return mux
}
