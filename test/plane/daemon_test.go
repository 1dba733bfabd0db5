// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestDaemon checks that an ended program is restarted with the same arguments, and that it ends when it is stopped.
func TestDaemon(t *testing.T) {
	log, started := filepath.Join(t.TempDir(), "log"), regexp.MustCompile(`(\d+) hello\n`)

	p, err := StartDaemon(log, nil, "/bin/sh", "-c", `echo "$$ $1"; while :; do sleep 0.05; done`, "program", "hello")
	check.Must(t, err)

	// runs waits until the program has started that many times, and returns its latest process id.
	runs := func(times int) (pid int) {
		check.Must(t, Eventually(t.Context(), t.Name(), func(context.Context) error {
			content, err := os.ReadFile(log)

			said := started.FindAllStringSubmatch(string(content), -1)
			if err != nil || len(said) != times {
				return fmt.Errorf("want it to run %d times, got:\n%s", times, content)
			}

			pid, err = strconv.Atoi(said[times-1][1])

			return err //nolint:wrapcheck // The test fails with it.
		}))

		return pid
	}

	check.Must(t, syscall.Kill(runs(1), syscall.SIGKILL))

	second := runs(2)

	p.Stop()

	if err := syscall.Kill(second, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("want process %d to be gone after Stop(), got %v", second, err)
	}
}
