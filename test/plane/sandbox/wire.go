// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A request to the process in the sandbox is JSON on its own connection. A run is also answered by its Exit.
type request struct {
	Run    *Command `json:"run,omitempty"`
	Dial   string   `json:"dial,omitempty"`
	Listen string   `json:"listen,omitempty"`
}

// A failure is an error in the sandbox.
type failure struct {
	Text  string        `json:"text"`
	Errno syscall.Errno `json:"errno"`
}

// Error returns the text.
func (f *failure) Error() string { return f.Text }

// Unwrap returns the number, for decisions. It is zero if the cause is no system call.
func (f *failure) Unwrap() error { return f.Errno }

// socketPair returns two ends of a connection.
func socketPair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot create sockets: %w", err)
	}

	theirs = os.NewFile(uintptr(fds[1]), "sandbox")
	if ours, err = newConn(os.NewFile(uintptr(fds[0]), "sandbox")); err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}

	return ours, theirs, nil
}

// newConn takes over the file.
func newConn(f *os.File) (*net.UnixConn, error) {
	defer f.Close() //nolint:errcheck // The connection has a copy.

	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("cannot use socket: %w", err)
	}

	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.New("cannot use socket: it is not a Unix socket")
	}

	return u, nil
}

// answer sends an error or, unless it is nil, a file, which it takes over.
func answer(c *net.UnixConn, f *os.File, err error) error {
	var (
		message *failure
		rights  []byte
	)

	if err != nil {
		message = &failure{Text: err.Error()}
		message.Errno, _ = errors.AsType[syscall.Errno](err)
	}

	if f != nil {
		defer f.Close() //nolint:errcheck // The other side has a copy.

		rights = unix.UnixRights(int(f.Fd()))
	}

	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("cannot encode message: %w", err)
	}

	if _, _, err := c.WriteMsgUnix(body, rights, nil); err != nil {
		return fmt.Errorf("cannot send message: %w", err)
	}

	return nil
}

// receive returns the file of an answer, if it has one, or its error.
func receive(c *net.UnixConn) (*os.File, error) {
	body, rights := make([]byte, 1<<16), make([]byte, unix.CmsgSpace(4))

	n, rightsLen, _, _, err := c.ReadMsgUnix(body, rights)
	if err == nil && n == 0 {
		err = io.EOF
	}

	if err != nil {
		return nil, fmt.Errorf("cannot receive message: %w", err)
	}

	var message *failure
	if err := json.Unmarshal(body[:n], &message); err != nil {
		return nil, fmt.Errorf("cannot decode message: %w", err)
	}

	if message != nil {
		return nil, message
	}

	messages, err := unix.ParseSocketControlMessage(rights[:rightsLen])
	if err != nil || len(messages) == 0 {
		return nil, err //nolint:wrapcheck // There is no file.
	}

	files, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, fmt.Errorf("cannot decode file: %w", err)
	}

	unix.CloseOnExec(files[0])

	return os.NewFile(uintptr(files[0]), "received"), nil
}
