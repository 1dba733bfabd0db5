// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// listenTimeout bounds the time between starting the function and its first accepted connection.
	listenTimeout = 30 * time.Second

	// stopTimeout is the time for the function to stop before it is killed.
	stopTimeout = 5 * time.Second

	// failureGrace is the time for a process to end after its last connection broke.
	failureGrace = 300 * time.Millisecond

	dialPoll = 20 * time.Millisecond
)

// errEnded ends the attempts to connect to a process.
var errEnded = errors.New("the process has ended")

// A function is the composition function of this repository, running as a process.
type function struct {
	address string
	log     string
	stop    context.CancelFunc

	// done is closed when the process has ended. state may be read only after that.
	done  chan struct{}
	state string
}

// startFunction builds ./fn of the repository into the directory and starts it on a free loopback port.
func startFunction(ctx context.Context, root, dir string) (*function, error) {
	binary := filepath.Join(dir, "function")

	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./fn")
	build.Dir = root

	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build ./fn: %w\n%s", err, bytes.TrimSpace(out))
	}

	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}

	log, err := os.Create(filepath.Join(dir, "function.log"))
	if err != nil {
		return nil, fmt.Errorf("cannot create log file: %w", err)
	}
	defer log.Close() //nolint:errcheck // The process has its own descriptor.

	// The process must outlive the context of the start.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))

	cmd := exec.CommandContext(running, binary, "--insecure", "--address", address, "--metrics-address=")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout

	if err := cmd.Start(); err != nil {
		stop()

		return nil, fmt.Errorf("cannot start process: %w", err)
	}

	fn := &function{address: address, log: log.Name(), stop: stop, done: make(chan struct{})}

	go func() {
		_ = cmd.Wait()
		fn.state = cmd.ProcessState.String()
		close(fn.done)
	}()

	if err := fn.listening(ctx); err != nil {
		err = errors.Join(err, fn.failure())
		fn.close()

		return nil, err
	}

	return fn, nil
}

// freeAddress returns a free loopback address.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}

	if err := l.Close(); err != nil {
		return "", fmt.Errorf("cannot free the port found: %w", err)
	}

	return l.Addr().String(), nil
}

// listening returns once the function accepts connections.
func (f *function) listening(ctx context.Context) error {
	var last error

	err := wait.PollUntilContextTimeout(ctx, dialPoll, listenTimeout, true, func(ctx context.Context) (bool, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", f.address)
		if err == nil {
			_ = conn.Close()

			return true, nil
		}

		last = err

		select {
		case <-f.done:
			return false, errEnded
		default:
			return false, nil
		}
	})
	if err != nil {
		return fmt.Errorf("cannot connect to %s: %w", f.address, errors.Join(last, err))
	}

	return nil
}

// failure returns an error with the log of a function that has ended, or nil if the function is running. A panic ends the process;
// the caller sees only a closed connection, possibly before the process has ended.
func (f *function) failure() error {
	select {
	case <-f.done:
	case <-time.After(failureGrace):
		return nil
	}

	log, err := os.ReadFile(f.log)
	if err != nil {
		log = []byte(err.Error())
	}

	return fmt.Errorf("the function has ended (%s) with this log:\n%s", f.state, bytes.TrimSpace(log))
}

// close stops the process and waits for its end.
func (f *function) close() {
	f.stop()
	<-f.done
}
