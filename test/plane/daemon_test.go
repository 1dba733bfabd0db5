// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// says is a program that prints its process id and its arguments, and keeps running.
const says = `echo "$$ $*"; while :; do sleep 0.05; done`

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

	if err := syscall.Kill(second, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("want process %d to be gone after Stop(), got %v", second, err)
	}
}

// runs waits until a program has reported that many starts, and returns its latest process id.
func runs(t *testing.T, log string, times int) (pid int) {
	t.Helper()

	err := Eventually(t.Context(), t.Name(), func(context.Context) error {
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
	if err != nil {
		t.Fatal(err)
	}

	return pid
}
