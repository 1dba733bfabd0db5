// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/p6m-dev/platform-application/test/plane"
)

// errRuns means that a demo already uses the directory.
var errRuns = errors.New("a demo runs already: end it with make demo-down")

// take locks a directory, which it creates. The lock is held until the file is closed, which the
// kernel does when the process ends in any way.
func take(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make directory: %w", err)
	}

	f, err := os.OpenFile(pidFile(dir), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open lock: %w", err)
	}

	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()

		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errRuns
		}

		return nil, fmt.Errorf("cannot lock %s: %w", f.Name(), err)
	}

	if err := os.WriteFile(f.Name(), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		_ = f.Close()

		return nil, fmt.Errorf("cannot write process id: %w", err)
	}

	return f, nil
}

// downCommand ends the running demo.
type downCommand struct{}

// Run makes the demo end, waits for that, and removes its directory.
func (*downCommand) Run(ctx context.Context, c *commands) error {
	if _, err := os.Stat(c.Dir); errors.Is(err, os.ErrNotExist) {
		fmt.Println("No demo runs.") //nolint:forbidigo // This is a command's output.

		return nil
	}

	l, err := take(c.Dir)
	if errors.Is(err, errRuns) {
		if err := end(c.Dir); err != nil {
			return err
		}

		err = plane.Eventually(ctx, "the demo to end", func(context.Context) error {
			l, err = take(c.Dir)

			return err
		})
	}

	if err != nil {
		return err
	}

	if err := errors.Join(os.RemoveAll(c.Dir), l.Close()); err != nil {
		return fmt.Errorf("cannot remove directory of the demo: %w", err)
	}

	fmt.Println("The demo has ended.") //nolint:forbidigo // This is a command's output.

	return nil
}

// end makes the process that holds the lock of a directory end.
func end(dir string) error {
	written, err := os.ReadFile(pidFile(dir))
	if err != nil {
		return fmt.Errorf("cannot find process of the demo: %w", err)
	}

	pid, err := strconv.Atoi(strings.TrimSpace(string(written)))
	if err != nil {
		return fmt.Errorf("cannot find process of the demo: %w", err)
	}

	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("cannot end process %d of the demo: %w", pid, err)
	}

	return nil
}

func pidFile(dir string) string { return filepath.Join(dir, "pid") }
