// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// envChild has the test binary start a server and wait to be killed.
const envChild = "APISERVER_TEST_CHILD"

var server *Server //nolint:gochecknoglobals // Shared by all tests: starting one takes seconds.

func TestMain(m *testing.M) {
	if os.Getenv(envChild) != "" {
		child()
	}

	os.Exit(Run(m, func(s *Server) { server = s }))
}

func TestStartFails(t *testing.T) {
	_, err := Start(t.Context(), WithFlag("no-such-flag", "true"))
	if err == nil {
		t.Fatal("Start(...): want an error about a flag that does not exist")
	}

	dirs := regexp.MustCompile(`see the logs in (\S+)`).FindAllStringSubmatch(err.Error(), -1)
	if diff := cmp.Diff(attempts, len(dirs)); diff != "" {
		t.Errorf("directories named in %q: -want, +got:\n%s", err, diff)
	}

	for _, dir := range dirs {
		log, err := os.ReadFile(filepath.Join(dir[1], "kube-apiserver.log"))
		if err != nil || !strings.Contains(string(log), "unknown flag: --no-such-flag") {
			t.Errorf("log of the API server: want the reason why it did not start, got %q, %v", log, err)
		}

		if err := os.RemoveAll(dir[1]); err != nil {
			t.Errorf("cannot remove logs: %v", err)
		}
	}
}

// TestPoll expects the unmet condition in the error, not that time is up.
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

// child runs in a process of its own, for TestKilled.
func child() {
	s, err := Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	fmt.Fprintln(os.Stdout, s.dir)

	select {}
}
