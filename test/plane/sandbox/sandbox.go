// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package sandbox runs programs in Linux namespaces of their own, without a
// container runtime and without privileges beyond those namespaces: each sandbox
// has its own network, of which only a loopback device is there, its own process
// ids, mounts and host name.
//
// A sandbox is a process: the current executable, executed again, as process 1 of
// its namespaces. When it dies the kernel ends all in it, and it dies with the
// process that started it, however that ends. Every program that starts sandboxes
// must therefore call Main before anything else.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// A Config of a sandbox.
type Config struct {
	// Name is the sandbox's host name.
	Name string
	// Address, if valid, is one more address of the sandbox's loopback device.
	Address netip.Addr
}

// A Sandbox that runs. Its methods may be called concurrently.
type Sandbox struct {
	conn *conn
	cmd  *exec.Cmd
	done chan struct{}

	mu        sync.Mutex
	next      uint64
	calls     map[uint64]chan reply
	processes map[uint64]*Process
	closed    bool
}

// Start a sandbox. It lives until Close, or until this process ends.
func Start(ctx context.Context, cfg Config) (*Sandbox, error) {
	if os.Getenv(envMarker) != "" {
		return nil, errors.New("cannot start a sandbox in a sandbox: the program must call sandbox.Main first of all")
	}

	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close() //nolint:errcheck // The sandbox has a copy.

	c, err := newConn(ours)
	if err != nil {
		return nil, err
	}

	s := &Sandbox{conn: c, done: make(chan struct{}), calls: map[uint64]chan reply{}, processes: map[uint64]*Process{}}
	if err := s.start(cfg, theirs); err != nil {
		_ = c.Close()
		return nil, err
	}

	go s.receive()

	_, err = s.call(ctx, request{Setup: &cfg})
	if err != nil {
		s.Close()

		// Some machines let users have namespaces, and then do not let them do anything
		// there. It comes from another process, as a text.
		if strings.Contains(err.Error(), syscall.EPERM.Error()) || strings.Contains(err.Error(), syscall.EACCES.Error()) {
			err = explain(errors.Join(syscall.EPERM, err))
		}

		return nil, fmt.Errorf("cannot set up sandbox %q: %w", cfg.Name, err)
	}

	return s, nil
}

// PID of process 1 of the sandbox, as others see it.
func (s *Sandbox) PID() int { return s.cmd.Process.Pid }

// Done is closed when the sandbox and all in it have ended.
func (s *Sandbox) Done() <-chan struct{} { return s.done }

// Close ends all in the sandbox, and returns when it has ended.
func (s *Sandbox) Close() {
	_ = s.cmd.Process.Kill() // Unless it has ended.

	<-s.done

	_ = s.conn.Close() // Nobody is at the other end.
}

// Dial connects to a TCP address as a program in the sandbox would.
func (s *Sandbox) Dial(ctx context.Context, address string) (net.Conn, error) {
	f, err := s.socket(ctx, request{Dial: address})
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s in sandbox: %w", address, err)
	}
	defer f.Close() //nolint:errcheck // The connection has a copy.

	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("cannot use connection to %s in sandbox: %w", address, err)
	}

	return c, nil
}

// Listen on a TCP address within the sandbox.
func (s *Sandbox) Listen(ctx context.Context, address string) (net.Listener, error) {
	f, err := s.socket(ctx, request{Listen: address})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s in sandbox: %w", address, err)
	}
	defer f.Close() //nolint:errcheck // The listener has a copy.

	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("cannot use listener on %s in sandbox: %w", address, err)
	}

	return l, nil
}

// start the process, with a thread of its own: the kernel ends the process when
// the thread that started it ends.
func (s *Sandbox) start(cfg Config, socket *os.File) error {
	// Its link, not its name: the program may have been replaced since.
	//nolint:noctx // It outlives the context.
	s.cmd = exec.Command("/proc/self/exe")
	s.cmd.Args = []string{argument, cfg.Name}
	// One thread is enough for Go's little work here.
	s.cmd.Env = []string{envMarker + "=1", "GOMAXPROCS=1"}
	s.cmd.ExtraFiles = []*os.File{socket}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
		// Out of reach of an interrupt from the terminal.
		Setpgid: true,
	}

	if os.Geteuid() != 0 {
		s.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		s.cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		s.cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}

	started := make(chan error)

	go func() {
		// Never unlocked: the thread goes with the goroutine.
		runtime.LockOSThread()

		err := s.cmd.Start()
		started <- err

		if err == nil {
			_ = s.cmd.Wait() // It is killed in the end.

			close(s.done)
		}
	}()

	if err := <-started; err != nil {
		return explain(err)
	}

	return nil
}

// explain says what to do when a machine does not allow namespaces.
func explain(err error) error {
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EUSERS) {
		return fmt.Errorf("cannot create Linux namespaces: %w; allow them to users (sysctl kernel.apparmor_restrict_unprivileged_userns=0, "+
			"kernel.unprivileged_userns_clone=1, user.max_user_namespaces and user.max_net_namespaces above 0), or run as root with CAP_SYS_ADMIN", err)
	}

	return fmt.Errorf("cannot start sandbox: %w", err)
}

func (s *Sandbox) socket(ctx context.Context, r request) (*os.File, error) {
	got, err := s.call(ctx, r)
	if err != nil {
		return nil, err
	}

	if len(got.files) != 1 {
		return nil, errors.New("got " + strconv.Itoa(len(got.files)) + " sockets instead of one")
	}

	return got.files[0], nil
}

// call the process in the sandbox and wait for its answer.
func (s *Sandbox) call(ctx context.Context, r request, files ...*os.File) (reply, error) {
	answer := make(chan reply, 1)

	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return reply{}, errEnded
	}

	s.next++
	r.ID = s.next
	s.calls[r.ID] = answer
	s.mu.Unlock()

	if err := s.conn.send(r, 0, files...); err != nil {
		s.forget(r.ID)
		return reply{}, fmt.Errorf("cannot tell sandbox: %w", err)
	}

	select {
	case got, ok := <-answer:
		if !ok {
			return reply{}, errEnded
		}

		if got.Error != "" {
			return reply{}, errors.New(got.Error)
		}

		return got, nil
	case <-ctx.Done():
		s.forget(r.ID)

		// Nobody will use an answer that arrived in between.
		select {
		case got := <-answer:
			got.close()
		default:
		}

		return reply{}, fmt.Errorf("gave up: %w", context.Cause(ctx))
	}
}

var errEnded = errors.New("the sandbox has ended")

func (s *Sandbox) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()

	delete(s.calls, id)
}

// receive answers and news of processes until the sandbox ends.
func (s *Sandbox) receive() {
	for {
		var r reply

		pid, files, err := s.conn.receive(&r)
		if err != nil {
			break
		}

		r.pid, r.files = pid, files
		s.dispatch(r)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	s.closed = true

	for id, answer := range s.calls {
		delete(s.calls, id)
		close(answer)
	}

	for id, p := range s.processes {
		delete(s.processes, id)
		p.end(Exit{Signal: int(syscall.SIGKILL)})
	}
}

func (s *Sandbox) dispatch(r reply) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if r.Exit != nil {
		if p := s.processes[r.ID]; p != nil {
			delete(s.processes, r.ID)
			p.end(*r.Exit)
		}

		return
	}

	if answer := s.calls[r.ID]; answer != nil {
		delete(s.calls, r.ID)
		answer <- r

		return
	}

	r.close()
}
