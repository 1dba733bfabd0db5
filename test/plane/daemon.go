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

// restartDelay is the time between the end of a process and its next start.
const restartDelay = time.Second

// A Daemon is a program that is restarted when it ends, until it is stopped. It ends with this
// process.
type Daemon struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// StartDaemon starts a program with its output in a log file.
func StartDaemon(log string, env []string, path string, args ...string) (*Daemon, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("cannot create log: %w", err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	p := &Daemon{cancel: cancel, done: make(chan struct{})}

	go func() {
		defer close(p.done)
		defer f.Close() //nolint:errcheck // What was written is read by name.

		// The kernel ends a process with the thread that started it.
		runtime.LockOSThread()

		for ctx.Err() == nil {
			cmd := exec.CommandContext(ctx, path, args...)
			cmd.Env = append(os.Environ(), env...)
			cmd.Stdout, cmd.Stderr = f, f
			// The process has its own group, which is ended as a whole. An interrupt from the terminal
			// only reaches this process, which ends the others in order.
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
			cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

			fmt.Fprintf(f, "ended: %v\n", cmd.Run())

			select {
			case <-ctx.Done():
			case <-time.After(restartDelay):
			}
		}
	}()

	return p, nil
}

// Stop stops the program.
func (p *Daemon) Stop() {
	p.cancel()
	<-p.done
}
