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
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// maxAdminBody bounds the body of a request to the admin API.
const maxAdminBody = 8 << 20

// startAdmin serves the admin API.
func (s *Server) startAdmin(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot listen for the admin API: %w", err)
	}

	s.admin = &httptest.Server{Listener: listener, Config: &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Minute}}
	s.admin.Start()

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
func (s *Server) routes() http.Handler {
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
			if err := s.execute(line.Args, bytes.NewReader(line.Stdin), &out); err != nil {
				http.Error(w, err.Error(), http.StatusConflict)

				return
			}

			_, _ = out.WriteTo(w)
		}
	})

	return mux
}
