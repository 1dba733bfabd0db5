// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	// restartDelay is between the end of a process and its next start.
	restartDelay = time.Second

	// stopTimeout is how long a process may take to end.
	stopTimeout = 10 * time.Second
)

// errStopped is why a process is not started again.
var errStopped = errors.New("it is stopped")

// A process is one that is started again when it ends, until it is stopped. It does
// not outlive this one.
type process struct {
	path string
	args []string
	log  *os.File

	stopped chan struct{}
	done    chan struct{}

	mu      sync.Mutex
	current *os.Process
}

// start a program with its output in a log file.
func start(path, log string, args ...string) (*process, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("cannot create log: %w", err)
	}

	p := &process{path: path, args: args, log: f, stopped: make(chan struct{}), done: make(chan struct{})}
	started := make(chan error, 1)

	go p.supervise(started)

	if err := <-started; err != nil {
		return nil, errors.Join(err, f.Close())
	}

	return p, nil
}

// stop the process.
func (p *process) stop() error {
	p.mu.Lock()
	close(p.stopped)
	p.mu.Unlock()

	p.signal(syscall.SIGTERM)

	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()

	select {
	case <-p.done:
	case <-ctx.Done():
		p.signal(syscall.SIGKILL)
		<-p.done
	}

	if err := p.log.Close(); err != nil {
		return fmt.Errorf("cannot close log: %w", err)
	}

	return nil
}

func (p *process) signal(s os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.current != nil {
		_ = p.current.Signal(s)
	}
}

// run the program, unless it is stopped: it would never end then.
func (p *process) run() (*exec.Cmd, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	select {
	case <-p.stopped:
		return nil, errStopped
	default:
	}

	//nolint:noctx // It runs until it is stopped.
	cmd := exec.Command(p.path, p.args...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	// Its own group: an interrupt from the terminal is for this process, which ends the
	// others in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}

	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", p.path, err)
	}

	p.current = cmd.Process

	return cmd, nil
}

// supervise starts the process, and starts it again when it ends. The kernel ends a
// process with the thread that started it, so this is on one thread for all its life.
func (p *process) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer close(p.done)

	cmd, err := p.run()
	started <- err

	if err != nil {
		return
	}

	for {
		if cmd != nil {
			err := cmd.Wait()

			fmt.Fprintf(p.log, "ended: %v\n", err)
		}

		p.mu.Lock()
		p.current = nil
		p.mu.Unlock()

		select {
		case <-p.stopped:
			return
		case <-time.After(restartDelay):
		}

		if cmd, err = p.run(); err != nil {
			fmt.Fprintln(p.log, err)
		}
	}
}
