// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"context"
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
	// argument 0 and the environment variable tell a sandbox from other runs of the
	// same program.
	argument  = "pod-sandbox"
	envMarker = "PLATFORM_APPLICATION_SANDBOX"

	// socketFD is the first after the standard ones.
	socketFD = 3

	dialTimeout = 10 * time.Second
	defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// Main must be the first thing that main, or TestMain, of a program calls that
// starts sandboxes. In a sandbox it does not return; elsewhere it does nothing.
func Main() {
	if os.Args[0] != argument || os.Getenv(envMarker) == "" {
		return
	}

	// The following is set for one thread, from which programs inherit it.
	runtime.LockOSThread()

	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}

	os.Exit(0)
}

// An inmate is process 1 of a sandbox.
type inmate struct {
	conn *conn
	null *os.File

	// mu is held while a process starts, so that none is reaped before it is known.
	mu        sync.Mutex
	processes map[int]uint64
}

func serve() error {
	c, err := newConn(os.NewFile(socketFD, "sandbox"))
	if err != nil {
		return err
	}

	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", os.DevNull, err)
	}

	in := &inmate{conn: c, null: null, processes: map[int]uint64{}}

	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)

	go func() {
		for range children {
			in.reap()
		}
	}()

	for {
		var r request

		_, files, err := c.receive(&r)
		if err != nil {
			// The parent is gone, and everything here ends with this process.
			return nil //nolint:nilerr // As intended.
		}

		in.handle(r, files)
	}
}

// handle a request: on this thread, but for what may take long.
func (in *inmate) handle(r request, files []*os.File) {
	switch {
	case r.Setup != nil:
		in.reply(r.ID, setUp(*r.Setup))
	case r.Run != nil:
		in.run(r, files)
	case r.Signal != 0:
		in.reply(r.ID, in.signal(r.Process, syscall.Signal(r.Signal)))
	case r.Dial != "":
		go in.replySocket(r.ID, func(ctx context.Context) (*os.File, error) { return dial(ctx, r.Dial) })
	case r.Listen != "":
		go in.replySocket(r.ID, func(ctx context.Context) (*os.File, error) { return listen(ctx, r.Listen) })
	default:
		in.reply(r.ID, errors.New("unknown request"))
	}
}

func (in *inmate) reply(id uint64, err error) {
	r := reply{ID: id}
	if err != nil {
		r.Error = err.Error()
	}

	in.send(r, 0)
}

// send, or end: there is no other client.
func (in *inmate) send(r reply, pid int, files ...*os.File) {
	if err := in.conn.send(r, pid, files...); err != nil {
		os.Exit(1)
	}
}

func (in *inmate) replySocket(id uint64, open func(context.Context) (*os.File, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()

	f, err := open(ctx)
	if err != nil {
		in.reply(id, err)
		return
	}

	in.send(reply{ID: id}, 0, f)

	_ = f.Close() // It has been sent.
}

func dial(ctx context.Context, address string) (*os.File, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller says what was tried.
	}
	defer c.Close() //nolint:errcheck // The file is a copy.

	return c.(*net.TCPConn).File() //nolint:wrapcheck,forcetypeassert // It is what was dialled.
}

func listen(ctx context.Context, address string) (*os.File, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller says what was tried.
	}
	defer l.Close() //nolint:errcheck // The file is a copy.

	return l.(*net.TCPListener).File() //nolint:wrapcheck,forcetypeassert // It is what was opened.
}

func (in *inmate) run(r request, files []*os.File) {
	defer reply{files: files}.close()

	if len(files) != 1 {
		in.reply(r.ID, errors.New("there is nowhere to write to"))
		return
	}

	if err := prepare(*r.Run); err != nil {
		in.reply(r.ID, err)
		return
	}

	in.mu.Lock()
	defer in.mu.Unlock()

	pid, err := fork(*r.Run, []uintptr{in.null.Fd(), files[0].Fd(), files[0].Fd()})
	if err != nil {
		in.reply(r.ID, err)
		return
	}

	in.processes[pid] = r.Process
	in.send(reply{ID: r.ID}, pid)
}

// fork tries each directory of PATH, as a shell does, within the root.
func fork(c Command, files []uintptr) (int, error) {
	if len(c.Args) == 0 {
		return 0, errors.New("no command specified")
	}

	attr := &syscall.ProcAttr{Dir: path.Join("/", c.Dir), Env: c.Env, Files: files, Sys: &syscall.SysProcAttr{Chroot: c.Root, Setsid: true}}
	if !inUserNamespace() {
		attr.Sys.Credential = &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups}
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
			return pid, nil
		}

		if len(candidates) == 1 || !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.ENOTDIR) {
			return 0, fmt.Errorf("exec: %q: %w", program, err)
		}
	}

	return 0, fmt.Errorf("exec: %q: executable file not found in $PATH", c.Args[0])
}

// lookup the last value of a variable.
func lookup(env []string, name, otherwise string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			otherwise = value
		}
	}

	return otherwise
}

// signal a process and all of its process group.
func (in *inmate) signal(id uint64, sig syscall.Signal) error {
	in.mu.Lock()
	defer in.mu.Unlock()

	for pid, p := range in.processes {
		if p == id {
			if err := syscall.Kill(-pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("cannot signal process group: %w", err)
			}
		}
	}

	return nil
}

// reap all that have ended, orphans too.
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

		id, ok := in.processes[pid]
		if !ok {
			continue
		}

		delete(in.processes, pid)

		exit := Exit{Code: status.ExitStatus()}
		if status.Signaled() {
			exit = Exit{Signal: int(status.Signal())}
		}

		in.send(reply{ID: id, Exit: &exit}, 0)
	}
}
