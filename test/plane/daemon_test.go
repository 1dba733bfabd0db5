// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// envParent makes the test binary start a process and wait to be killed.
const envParent = "PLANE_TEST_PARENT"

// says is a program that prints its process id and its arguments, and keeps running.
const says = `echo "$$ $*"; while :; do sleep 0.05; done`

func TestMain(m *testing.M) {
	if log := os.Getenv(envParent); log != "" {
		if _, err := StartDaemon(log, nil, "/bin/sh", "-c", says, "program", "hello"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}

		select {}
	}

	os.Exit(m.Run())
}

// TestDaemon checks that an ended program is restarted with the same arguments, that the log shows
// its exit, and that it ends when it is stopped.
func TestDaemon(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")

	p, err := StartDaemon(log, nil, "/bin/sh", "-c", says, "program", "hello")
	if err != nil {
		t.Fatal(err)
	}

	first := runs(t, log, 1)

	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}

	second := runs(t, log, 2)

	p.Stop()

	got, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}

	want := fmt.Sprintf("%d hello\nended: signal: killed\n%d hello\nended: signal: killed\n", first, second)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("log: -want, +got:\n%s", diff)
	}

	if err := gone(second); err != nil {
		t.Errorf("after Stop(): %v", err)
	}
}

// TestDaemonKilled checks that a process does not outlive the one that has started it, even if that
// is killed.
func TestDaemonKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}

	log := filepath.Join(t.TempDir(), "log")

	parent := exec.CommandContext(t.Context(), self)
	parent.Env = append(os.Environ(), envParent+"="+log)
	parent.Stderr = os.Stderr

	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}

	child := runs(t, log, 1)

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}

	_ = parent.Wait() // It fails because it was killed.

	eventually(t, func() error { return gone(child) })
}

// runs waits until a program has reported that many starts, and returns its latest process id.
func runs(t *testing.T, log string, times int) (pid int) {
	t.Helper()

	eventually(t, func() error {
		content, _ := os.ReadFile(log)

		var said []string

		for line := range strings.Lines(string(content)) {
			if id, ok := strings.CutSuffix(line, " hello\n"); ok {
				said = append(said, id)
			}
		}

		if len(said) != times {
			return fmt.Errorf("want it to run %d times, got:\n%s", times, content)
		}

		var err error
		pid, err = strconv.Atoi(said[times-1])

		return err //nolint:wrapcheck // The test fails with it.
	})

	return pid
}

// gone returns an error if a process still exists.
func gone(pid int) error {
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("want process %d to be gone, got %w", pid, errors.Join(err, errors.New("no error")))
	}

	return nil
}

func eventually(t *testing.T, check func() error) {
	t.Helper()

	if err := Eventually(t.Context(), t.Name(), func(context.Context) error { return check() }); err != nil {
		t.Fatal(err)
	}
}
