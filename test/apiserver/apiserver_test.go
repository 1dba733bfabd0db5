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

func TestStop(t *testing.T) {
	s, err := Start(t.Context())
	if err != nil {
		t.Fatalf("Start(...): %v", err)
	}

	pids := processIDs(t, s.dir)

	if err := s.Stop(); err != nil {
		t.Errorf("Stop(): %v", err)
	}

	if err := ended(s.dir, pids); err != nil {
		t.Errorf("after Stop(): %v", err)
	}
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

func TestNamespace(t *testing.T) {
	t.Run("With_Some/Characters that a name cannot have, and more of them than it may have", func(t *testing.T) {
		one, other := server.Namespace(t), server.Namespace(t)

		if !strings.HasPrefix(one, "testnamespace-with-some-characters-that-a-name-can") {
			t.Errorf("Namespace(...): want the name of the test in it, got %q", one)
		}

		if one == other {
			t.Errorf("Namespace(...): want another each time, got %q twice", one)
		}
	})
}

func TestEventually(t *testing.T) {
	t.Parallel()

	errNotYet := errors.New("not yet")

	cases := map[string]struct {
		reason string
		check  func(cancel context.CancelFunc) func(context.Context) error
		want   error
	}{
		"AtOnce": {
			reason: "A check that passes at once is not repeated.",
			check: func(context.CancelFunc) func(context.Context) error {
				return func(context.Context) error { return nil }
			},
		},
		"Later": {
			reason: "A check is repeated until it passes.",
			check: func(context.CancelFunc) func(context.Context) error {
				calls := 0

				return func(context.Context) error {
					if calls++; calls < 3 {
						return errNotYet
					}

					return nil
				}
			},
		},
		"Never": {
			reason: "The error names the unmet condition, not the timeout.",
			check: func(cancel context.CancelFunc) func(context.Context) error {
				calls := 0

				return func(ctx context.Context) error {
					if calls++; calls < 3 {
						return errNotYet
					}

					cancel()

					return ctx.Err()
				}
			},
			want: errNotYet,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()

			if err := Eventually(ctx, tc.check(cancel)); !errors.Is(err, tc.want) {
				t.Errorf("\n%s\nEventually(...): want %v, got %v", tc.reason, tc.want, err)
			}
		})
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
