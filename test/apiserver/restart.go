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

// Kill ends the API server at once, as a machine that fails does. What it has
// acknowledged is in etcd, which goes on.
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

// Restart starts an API server that was killed, at the same address and with the
// same certificates and keys, so that clients find it again.
func (s *Server) Restart() error {
	api := s.plane.APIServer

	// It has ended. This only makes envtest notice.
	if err := api.Stop(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot tidy up after API server: %w", err)
	}

	if err := api.Start(); err != nil {
		return fmt.Errorf("cannot restart API server: %w", err)
	}

	return nil
}
