// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A request to the process in the sandbox: one of its fields after Process.
type request struct {
	ID      uint64   `json:"id"`
	Process uint64   `json:"process,omitempty"`
	Setup   *Config  `json:"setup,omitempty"`
	Run     *Command `json:"run,omitempty"`
	Signal  int      `json:"signal,omitempty"`
	Dial    string   `json:"dial,omitempty"`
	Listen  string   `json:"listen,omitempty"`
}

// A reply answers the request of the same id. If Exit is set, it is news of the
// process of that id instead.
type reply struct {
	ID    uint64 `json:"id"`
	Error string `json:"error,omitempty"`
	Exit  *Exit  `json:"exit,omitempty"`

	// Sent beside the text: the credentials and open files of the sender.
	pid   int
	files []*os.File
}

func (r reply) close() {
	for _, f := range r.files {
		_ = f.Close() // Nobody has used it.
	}
}

// A conn carries messages, with files and process ids, between a sandbox and who
// started it. Each is JSON after its length.
type conn struct {
	*net.UnixConn

	// sending is held while a message is sent, for they must not mix.
	sending sync.Mutex
}

func socketPair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot create sockets: %w", err)
	}

	// The kernel translates process ids that are sent to this end.
	if err := unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return nil, nil, fmt.Errorf("cannot configure socket: %w", err)
	}

	return os.NewFile(uintptr(fds[0]), "sandbox"), os.NewFile(uintptr(fds[1]), "sandbox"), nil
}

// newConn takes over the file.
func newConn(f *os.File) (*conn, error) {
	defer f.Close() //nolint:errcheck // The connection has a copy.

	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("cannot use socket: %w", err)
	}

	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.New("cannot use socket: it is not a Unix socket")
	}

	return &conn{UnixConn: u}, nil
}

// send a message with files and, unless it is 0, the id of a process of ours.
func (c *conn) send(message any, pid int, files ...*os.File) error {
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("cannot encode message: %w", err)
	}

	if len(body) > math.MaxUint32 {
		return errors.New("cannot send message: it is too long")
	}

	var oob []byte

	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}

		oob = append(oob, unix.UnixRights(fds...)...)
	}

	if pid > 0 {
		oob = append(oob, unix.UnixCredentials(&unix.Ucred{Pid: int32(pid)})...) //nolint:gosec // It fits.
	}

	c.sending.Lock()
	defer c.sending.Unlock()

	head := binary.BigEndian.AppendUint32(nil, uint32(len(body))) //nolint:gosec // It fits.
	if _, _, err := c.WriteMsgUnix(head, oob, nil); err != nil {
		return fmt.Errorf("cannot send message: %w", err)
	}

	if _, err := c.Write(body); err != nil {
		return fmt.Errorf("cannot send message: %w", err)
	}

	return nil
}

// receive a message, and the files and the process id that came with it.
func (c *conn) receive(message any) (int, []*os.File, error) {
	head, oob := make([]byte, 4), make([]byte, 256)

	n, oobn, _, _, err := c.ReadMsgUnix(head, oob)
	if err != nil {
		return 0, nil, fmt.Errorf("cannot receive message: %w", err)
	}

	if n == 0 {
		return 0, nil, io.EOF
	}

	pid, files, err := parseControl(oob[:oobn])
	if err != nil {
		return 0, nil, err
	}

	if _, err := io.ReadFull(c, head[n:]); err != nil {
		return 0, nil, fmt.Errorf("cannot receive message: %w", err)
	}

	body := make([]byte, binary.BigEndian.Uint32(head))
	if _, err := io.ReadFull(c, body); err != nil {
		return 0, nil, fmt.Errorf("cannot receive message: %w", err)
	}

	if err := json.Unmarshal(body, message); err != nil {
		return 0, nil, fmt.Errorf("cannot decode message: %w", err)
	}

	return pid, files, nil
}

func parseControl(oob []byte) (int, []*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, nil, fmt.Errorf("cannot decode control message: %w", err)
	}

	var (
		pid   int
		files []*os.File
	)

	for _, m := range messages {
		switch m.Header.Type {
		case unix.SCM_CREDENTIALS:
			if cred, err := unix.ParseUnixCredentials(&m); err == nil {
				pid = int(cred.Pid)
			}
		case unix.SCM_RIGHTS:
			fds, err := unix.ParseUnixRights(&m)
			if err != nil {
				return 0, nil, fmt.Errorf("cannot decode files: %w", err)
			}

			for _, fd := range fds {
				files = append(files, os.NewFile(uintptr(fd), "received"))
			}
		}
	}

	return pid, files, nil
}
