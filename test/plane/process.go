// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	// restartDelay is between the end of a process and its next start.
	restartDelay = time.Second

	// stopTimeout is how long a process may take to end.
	stopTimeout = 10 * time.Second
)

// A process is one that is started again when it ends, until it is stopped. It does
// not outlive this one.
type process struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// start a program with its output in a log file.
func start(path, log string, args ...string) (*process, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("cannot create log: %w", err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	p := &process{cancel: cancel, done: make(chan struct{})}

	go func() {
		defer close(p.done)
		defer f.Close() //nolint:errcheck // What was written is read by name.

		// The kernel ends a process with the thread that started it.
		runtime.LockOSThread()

		for ctx.Err() == nil {
			cmd := exec.CommandContext(ctx, path, args...)
			cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
			cmd.WaitDelay = stopTimeout
			cmd.Stdout, cmd.Stderr = f, f
			// Its own group: an interrupt from the terminal is for this process, which ends the
			// others in order.
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}

			fmt.Fprintf(f, "ended: %v\n", cmd.Run())

			select {
			case <-ctx.Done():
			case <-time.After(restartDelay):
			}
		}
	}()

	return p, nil
}

// stop the process.
func (p *process) stop() {
	p.cancel()
	<-p.done
}
