// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package sandbox runs programs in separate Linux namespaces, without a container
// runtime and without privileges beyond those namespaces: each sandbox has its own
// network with only a loopback device, its own process ids, mounts and host name.
//
// A sandbox is a process: the current executable, executed again, as process 1 of
// its namespaces. When it dies the kernel ends all processes in it, and it dies with
// the process that started it, even if that is killed. Every program that starts
// sandboxes must therefore call Main before anything else.
package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// A Config of a sandbox.
type Config struct {
	// Name is the sandbox's host name.
	Name string `json:"name"`
	// Address, if valid, is one more address of the sandbox's loopback device.
	Address netip.Addr `json:"address,omitzero"`
}

// A Command runs in a sandbox.
type Command struct {
	// Root is the program's root directory.
	Root string `json:"root"`
	// Mounts are within the root, in this order.
	Mounts []Mount `json:"mounts,omitempty"`
	// Dir is the working directory, within the root. It is created if missing.
	Dir string `json:"dir,omitempty"`
	// Args are the program, looked up in the PATH of Env within the root, and its
	// arguments.
	Args []string `json:"args"`
	Env  []string `json:"env,omitempty"`
	// UID and GID of the program. They are ignored unless the caller is root, because other users
	// have no second user.
	UID uint32 `json:"uid,omitempty"`
	GID uint32 `json:"gid,omitempty"`
	// Log is the file for the program's output, outside of the root.
	Log string `json:"log"`
}

// A Mount shows a directory at a second path.
type Mount struct {
	// Source is outside of the root.
	Source string `json:"source"`
	// Target is within the root, and is created if missing.
	Target   string `json:"target"`
	ReadOnly bool   `json:"readOnly,omitempty"`
}

// A Process runs in a sandbox.
type Process struct {
	pid  int
	done chan struct{}
	exit Exit
}

// An Exit is the end of a process: an exit code or a signal.
type Exit struct {
	Code   int `json:"code,omitempty"`
	Signal int `json:"signal,omitempty"`
}

// Status returns the exit code, or 128 plus the signal as in shells.
func (e Exit) Status() int {
	if e.Signal != 0 {
		return 128 + e.Signal
	}

	return e.Code
}

// A Sandbox is running. Its methods may be called concurrently.
type Sandbox struct {
	requests *net.UnixConn
	cmd      *exec.Cmd
	done     chan struct{}
}

// Start starts a sandbox. It lives until Close, or until this process ends.
func Start(ctx context.Context, cfg Config) (*Sandbox, error) {
	if os.Getenv(envConfig) != "" {
		return nil, errors.New("cannot start a sandbox in a sandbox: the program must call sandbox.Main first of all")
	}

	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}

	s := &Sandbox{requests: ours, done: make(chan struct{})}
	err = s.start(cfg, theirs)
	// The sandbox has the only copy, so that its end, even before it answers, is the end of the connection.
	_ = theirs.Close()

	if err != nil {
		_ = ours.Close()
		return nil, err
	}

	defer context.AfterFunc(ctx, func() { _ = s.cmd.Process.Kill() })()

	if _, err := receive(ours); err != nil {
		s.Close()

		// Some machines let users create namespaces, but deny all actions in them.
		return nil, fmt.Errorf("cannot set up sandbox %q: %w", cfg.Name, explain(err))
	}

	return s, nil
}

// Done is closed when the sandbox and everything in it have ended.
func (s *Sandbox) Done() <-chan struct{} { return s.done }

// Close ends everything in the sandbox, and returns when it has ended.
func (s *Sandbox) Close() {
	_ = s.cmd.Process.Kill() // It may have ended already.

	<-s.done

	_ = s.requests.Close() // The other end is closed.
}

// Run runs a program.
func (s *Sandbox) Run(ctx context.Context, c Command) (*Process, error) {
	conn, f, err := s.call(ctx, request{Run: &c})
	if err != nil {
		return nil, fmt.Errorf("cannot run container: %w", err)
	}
	defer f.Close() //nolint:errcheck // Only its number is needed.

	p := &Process{done: make(chan struct{})}
	if p.pid, err = pidOf(f); err != nil {
		return nil, errors.Join(err, conn.Close())
	}

	go func() {
		if err := json.NewDecoder(conn).Decode(&p.exit); err != nil {
			// The process has ended with the sandbox.
			p.exit = Exit{Signal: int(syscall.SIGKILL)}
		}

		_ = conn.Close() // No further data follows.

		close(p.done)
	}()

	return p, nil
}

// pidOf returns the id, outside of the sandbox, of the process that a file represents. An ended process has
// none.
func pidOf(f *os.File) (int, error) {
	info, err := os.ReadFile(filepath.Join("/proc/self/fdinfo", strconv.Itoa(int(f.Fd()))))
	if err != nil {
		return 0, fmt.Errorf("cannot find process: %w", err)
	}

	_, rest, _ := strings.Cut(string(info), "\nPid:")
	line, _, _ := strings.Cut(rest, "\n")

	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0, fmt.Errorf("cannot find process: %w", err)
	}

	return max(pid, 0), nil
}

// PID returns the id of the process outside of the sandbox, or 0 if it ended at once.
func (p *Process) PID() int { return p.pid }

// Signal signals the process and its children, unless it has ended.
func (p *Process) Signal(sig syscall.Signal) {
	select {
	case <-p.done:
	default:
		// A negative id of 0 or -1 would mean other processes.
		if p.pid > 0 {
			_ = syscall.Kill(-p.pid, sig) // It may have ended already.
		}
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit returns the exit of the process, once it has ended.
func (p *Process) Exit() Exit {
	<-p.done

	return p.exit
}

// Dial connects to a TCP address like a program in the sandbox.
func (s *Sandbox) Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, f, err := s.call(ctx, request{Dial: address})
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s in sandbox: %w", address, err)
	}
	defer func() { _, _ = conn.Close(), f.Close() }() // The connection has a copy.

	return net.FileConn(f) //nolint:wrapcheck // It says it all.
}

// Listen listens on a TCP address in the sandbox.
func (s *Sandbox) Listen(ctx context.Context, address string) (net.Listener, error) {
	conn, f, err := s.call(ctx, request{Listen: address})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s in sandbox: %w", address, err)
	}
	defer func() { _, _ = conn.Close(), f.Close() }() // The listener has a copy.

	return net.FileListener(f) //nolint:wrapcheck // It says it all.
}

// call sends a request to the process in the sandbox, and waits for the file in its answer.
func (s *Sandbox) call(ctx context.Context, r request) (*net.UnixConn, *os.File, error) {
	conn, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}

	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()

	err = answer(s.requests, theirs, nil)
	if err == nil {
		err = json.NewEncoder(conn).Encode(r)
	}

	var f *os.File
	if err == nil {
		f, err = receive(conn)
	}

	if err == nil && f == nil {
		err = errors.New("the sandbox sent no file")
	}

	if err != nil {
		_ = conn.Close()

		return nil, nil, errors.Join(ctx.Err(), err)
	}

	return conn, f, nil
}

// start starts the process on a separate thread: the kernel ends the process when the thread that
// started it ends.
func (s *Sandbox) start(cfg Config, socket *os.File) error {
	config, err := json.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("cannot encode configuration of sandbox: %w", err)
	}

	// It uses the link instead of the name, because the program may have been replaced since.
	//nolint:noctx // It outlives the context.
	s.cmd = exec.Command("/proc/self/exe")
	s.cmd.Args = []string{argument, cfg.Name}
	// One thread is enough for the little work of Go here.
	s.cmd.Env = []string{envConfig + "=" + string(config), "GOMAXPROCS=1"}
	s.cmd.ExtraFiles = []*os.File{socket}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
		// An interrupt from the terminal must not reach it.
		Setpgid: true,
	}

	if os.Geteuid() != 0 {
		s.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		s.cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		s.cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}

	started := make(chan error)

	go func() {
		// The thread stays locked, and ends with the goroutine.
		runtime.LockOSThread()

		err := s.cmd.Start()
		started <- err

		if err == nil {
			_ = s.cmd.Wait() // It was killed.

			close(s.done)
		}
	}()

	if err := <-started; err != nil {
		return fmt.Errorf("cannot start sandbox: %w", explain(err))
	}

	return nil
}

// explain adds the remedy if a machine does not allow namespaces.
func explain(err error) error {
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EUSERS) {
		return fmt.Errorf("cannot create Linux namespaces: %w; allow them to users (sysctl kernel.apparmor_restrict_unprivileged_userns=0, "+
			"kernel.unprivileged_userns_clone=1, user.max_user_namespaces and user.max_net_namespaces above 0), or run as root with CAP_SYS_ADMIN", err)
	}

	return err
}
