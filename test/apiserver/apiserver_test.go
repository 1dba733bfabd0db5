// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"os"
	"testing"
)

var server *Server //nolint:gochecknoglobals // Shared by all tests: starting one takes seconds.

func TestMain(m *testing.M) {
	os.Exit(Run(m, func(s *Server) { server = s }))
}

// TestPoll checks that the error has the failed condition, not the timeout.
func TestPoll(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	errNotYet := errors.New("not yet")
	calls := 0

	err := Eventually(ctx, func(ctx context.Context) error {
		if calls++; calls < 3 {
			return errNotYet
		}

		cancel()

		return ctx.Err()
	})
	if !errors.Is(err, errNotYet) {
		t.Errorf("Eventually(...): want %v, got %v", errNotYet, err)
	}
}
