// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// A Command to run in a sandbox.
type Command struct {
	// Root is the directory that is the program's root directory.
	Root string
	// Mounts within the root, in this order.
	Mounts []Mount
	// Dir is the working directory, within the root. It is created if missing.
	Dir string
	// Args are the program, looked up in the PATH of Env within the root, and its
	// arguments.
	Args []string
	Env  []string
	// UID, GID and Groups of the program. They are ignored unless the caller is
	// root: others have no second user to give.
	UID, GID uint32
	Groups   []uint32
}

// A Mount shows a file or directory at one more place.
type Mount struct {
	// Source is outside of the root.
	Source string
	// Target is within the root, and is created if missing.
	Target   string
	ReadOnly bool
}

// A Process in a sandbox.
type Process struct {
	sandbox *Sandbox
	id      uint64
	pid     int
	done    chan struct{}
	exit    Exit
}

// An Exit tells how a process ended: with an exit code, or by a signal.
type Exit struct {
	Code   int `json:"code,omitempty"`
	Signal int `json:"signal,omitempty"`
}

// Status is the exit code, or 128 and the signal as shells have it.
func (e Exit) Status() int {
	if e.Signal != 0 {
		return 128 + e.Signal
	}

	return e.Code
}

// Run a program, which writes to this file. The sandbox takes a copy of it.
func (s *Sandbox) Run(ctx context.Context, c Command, output *os.File) (*Process, error) {
	p := &Process{sandbox: s, done: make(chan struct{})}

	// Known before it runs: it may end before its start is reported.
	s.mu.Lock()
	s.next++
	p.id = s.next
	s.processes[p.id] = p
	s.mu.Unlock()

	started, err := s.call(ctx, request{Run: &c, Process: p.id}, output)
	if err != nil {
		s.mu.Lock()
		delete(s.processes, p.id)
		s.mu.Unlock()

		return nil, fmt.Errorf("cannot run container: %w", err)
	}

	p.pid = started.pid

	return p, nil
}

// PID of the process, as those outside of the sandbox see it.
func (p *Process) PID() int { return p.pid }

// Signal the process and its children.
func (p *Process) Signal(ctx context.Context, sig syscall.Signal) error {
	if _, err := p.sandbox.call(ctx, request{Signal: int(sig), Process: p.id}); err != nil {
		return fmt.Errorf("cannot send signal %d: %w", sig, err)
	}

	return nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit tells how the process ended, once it has.
func (p *Process) Exit() Exit {
	<-p.done

	return p.exit
}

func (p *Process) end(e Exit) {
	p.exit = e
	close(p.done)
}
