// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Kill ends the API server at once, like a failing machine. Acknowledged writes are in etcd, which
// keeps running.
func (s *Server) Kill(ctx context.Context) error {
	written, err := os.ReadFile(filepath.Join(s.dir, "kube-apiserver.pid"))
	if err != nil {
		return fmt.Errorf("cannot find process of API server: %w", err)
	}

	pid, err := strconv.Atoi(strings.TrimSpace(string(written)))
	if err != nil {
		return fmt.Errorf("cannot find process of API server: %w", err)
	}

	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("cannot kill API server: %w", err)
	}

	return Eventually(ctx, func(context.Context) error {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			return errors.New("the API server has not ended")
		}

		return nil
	})
}

// Restart restarts an API server that was killed, with the same address, certificates and keys, so
// that clients can reconnect.
func (s *Server) Restart() error {
	api := s.plane.APIServer

	// The process has ended. This only updates the state of envtest.
	if err := api.Stop(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot tidy up after API server: %w", err)
	}

	if err := api.Start(); err != nil {
		return fmt.Errorf("cannot restart API server: %w", err)
	}

	return nil
}
