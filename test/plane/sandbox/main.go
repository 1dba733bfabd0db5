// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// argument 0 distinguishes a sandbox from other runs of the same program, and envConfig has its
	// Config.
	argument  = "pod-sandbox"
	envConfig = "PLATFORM_APPLICATION_SANDBOX"

	// socketFD is the first file descriptor after the standard ones.
	socketFD = 3

	dialTimeout = 10 * time.Second
	defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// Main must be the first thing that main, or TestMain, of a program calls that
// starts sandboxes. In a sandbox it does not return; elsewhere it does nothing.
func Main() {
	if os.Args[0] != argument || os.Getenv(envConfig) == "" {
		return
	}

	// Privileges are dropped for one thread, which starts all programs.
	runtime.LockOSThread()

	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}

	os.Exit(0)
}

// An inmate is process 1 of a sandbox.
type inmate struct {
	null *os.File

	// mu is held while a process starts, so that it is registered before it can be reaped.
	mu sync.Mutex
	// running has the connection of each process, by its id.
	running map[int]*net.UnixConn
}

func serve() error {
	requests, err := newConn(os.NewFile(socketFD, "sandbox"))
	if err != nil {
		return err
	}

	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", os.DevNull, err)
	}

	var config Config

	err = json.Unmarshal([]byte(os.Getenv(envConfig)), &config)
	if err == nil {
		err = setUp(config)
	}

	if err := answer(requests, nil, err); err != nil {
		return err
	}

	in := &inmate{null: null, running: map[int]*net.UnixConn{}}

	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)

	go func() {
		for range children {
			in.reap()
		}
	}()

	for {
		f, err := receive(requests)
		if err != nil {
			// The parent has ended, and everything in the sandbox ends with this process.
			return nil //nolint:nilerr // As intended.
		}

		if c, err := newConn(f); err == nil {
			in.handle(c)
		}
	}
}

// handle handles a request: on this thread, unless it may take long.
func (in *inmate) handle(c *net.UnixConn) {
	var r request

	switch err := json.NewDecoder(c).Decode(&r); {
	case err != nil:
		_ = c.Close() // The other side has closed the connection.
	case r.Run != nil:
		in.run(c, *r.Run)
	default:
		go func() {
			f, err := open(r)
			_, _ = answer(c, f, err), c.Close() // A caller that does not wait does not need the answer.
		}()
	}
}

// open opens a socket of the sandbox.
func open(r request) (*os.File, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()

	if r.Listen != "" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", r.Listen)
		if err != nil {
			return nil, err //nolint:wrapcheck // The caller says what was tried.
		}
		defer l.Close() //nolint:errcheck // The file is a copy.

		return l.(*net.TCPListener).File() //nolint:wrapcheck,forcetypeassert // It is what was opened.
	}

	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.Dial)
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller says what was tried.
	}
	defer c.Close() //nolint:errcheck // The file is a copy.

	return c.(*net.TCPConn).File() //nolint:wrapcheck,forcetypeassert // It is what was dialled.
}

func (in *inmate) run(conn *net.UnixConn, c Command) {
	in.mu.Lock()
	defer in.mu.Unlock()

	pid, process, err := in.start(c)
	if err != nil {
		_, _ = answer(conn, nil, err), conn.Close() // A caller that does not wait does not need the answer.

		return
	}

	in.running[pid] = conn
	_ = answer(conn, process, nil) // If the other side has ended, this process ends soon.
}

// start starts a program, and returns its id in the sandbox and a file that represents it outside.
func (in *inmate) start(c Command) (int, *os.File, error) {
	if err := prepare(c); err != nil {
		return 0, nil, err
	}

	log, err := os.OpenFile(c.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // Logs are for all to read.
	if err != nil {
		return 0, nil, fmt.Errorf("cannot open log: %w", err)
	}
	defer log.Close() //nolint:errcheck // The program has a copy.

	return fork(c, []uintptr{in.null.Fd(), log.Fd(), log.Fd()})
}

// fork tries each directory of PATH, as a shell does, within the root.
func fork(c Command, files []uintptr) (int, *os.File, error) {
	if len(c.Args) == 0 {
		return 0, nil, errors.New("no command specified")
	}

	process := -1

	attr := &syscall.ProcAttr{Dir: path.Join("/", c.Dir), Env: c.Env, Files: files, Sys: &syscall.SysProcAttr{Chroot: c.Root, Setsid: true, PidFD: &process}}
	if !inUserNamespace() {
		attr.Sys.Credential = &syscall.Credential{Uid: c.UID, Gid: c.GID}
	}

	candidates := []string{c.Args[0]}
	if !strings.Contains(c.Args[0], "/") {
		candidates = nil
		for dir := range strings.SplitSeq(lookup(c.Env, "PATH", defaultPath), ":") {
			candidates = append(candidates, path.Join("/", dir, c.Args[0]))
		}
	}

	for _, program := range candidates {
		pid, err := syscall.ForkExec(program, c.Args, attr)
		if err == nil {
			return pid, os.NewFile(uintptr(process), "process"), nil
		}

		if len(candidates) == 1 || !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.ENOTDIR) {
			return 0, nil, fmt.Errorf("exec: %q: %w", program, err)
		}
	}

	return 0, nil, fmt.Errorf("exec: %q: executable file not found in $PATH", c.Args[0])
}

// lookup returns the last value of a variable.
func lookup(env []string, name, otherwise string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			otherwise = value
		}
	}

	return otherwise
}

// reap reaps all ended processes, including orphans.
func (in *inmate) reap() {
	in.mu.Lock()
	defer in.mu.Unlock()

	for {
		var status syscall.WaitStatus

		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}

		if err != nil || pid <= 0 {
			return
		}

		if conn := in.running[pid]; conn != nil {
			delete(in.running, pid)

			exit := Exit{Code: status.ExitStatus()}
			if status.Signaled() {
				exit = Exit{Signal: int(status.Signal())}
			}

			_, _ = json.NewEncoder(conn).Encode(exit), conn.Close() //nolint:errchkjson // The other side may have gone.
		}
	}
}
