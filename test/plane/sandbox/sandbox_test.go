// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox_test

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

const (
	// nobody is a user without privileges.
	nobody  = 65534
	timeout = time.Minute
)

func TestMain(m *testing.M) {
	sandbox.Main()
	os.Exit(m.Run())
}

func start(t *testing.T, name string) *sandbox.Sandbox {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()

	s, err := sandbox.Start(ctx, sandbox.Config{Name: name, Address: netip.MustParseAddr("10.244.0.7")})
	if err != nil {
		t.Fatalf("Start(...): %v", err)
	}

	t.Cleanup(s.Close)

	return s
}

// run a shell script in the root of this machine, and return its output.
func run(t *testing.T, s *sandbox.Sandbox, script string) (string, sandbox.Exit) {
	t.Helper()

	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close() //nolint:errcheck // It is read by name.

	p, err := s.Run(t.Context(), sandbox.Command{Root: "/", Dir: "/", Args: []string{"sh", "-c", script}, Env: []string{"GREETING=hello"}}, output)
	if err != nil {
		t.Fatalf("Run(...): %v", err)
	}

	exit := p.Exit()

	said, err := os.ReadFile(output.Name())
	if err != nil {
		t.Fatal(err)
	}

	return string(said), exit
}

func TestRun(t *testing.T) {
	s := start(t, "some-pod")

	type want struct {
		said string
		exit sandbox.Exit
	}

	cases := map[string]struct {
		reason string
		script string
		want   want
	}{
		"Environment": {reason: "It has the environment that was given and no other.", script: `echo $GREETING $HOME`, want: want{said: "hello\n"}},
		"ExitCode":    {reason: "How it ends is reported.", script: `exit 7`, want: want{exit: sandbox.Exit{Code: 7}}},
		"Signal":      {reason: "A signal is not an exit code.", script: `kill -TERM $$`, want: want{exit: sandbox.Exit{Signal: int(syscall.SIGTERM)}}},
		"Hostname":    {reason: "Its host is the pod.", script: `cat /proc/sys/kernel/hostname`, want: want{said: "some-pod\n"}},
		"Network":     {reason: "There is no device but loopback.", script: `tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '`, want: want{said: "lo\n"}},
		"Privileges":  {reason: "Root here cannot mount.", script: `mount -t tmpfs none /mnt 2>/dev/null || echo no`, want: want{said: "no\n"}},
		"NotFound":    {reason: "The shell says so itself.", script: `exec /does/not/exist 2>/dev/null`, want: want{exit: sandbox.Exit{Code: 127}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			said, exit := run(t, s, tc.script)

			if diff := cmp.Diff(tc.want, want{said: said, exit: exit}, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRun(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRunProgramNotFound(t *testing.T) {
	s := start(t, "some-pod")

	_, err := s.Run(t.Context(), sandbox.Command{Root: "/", Args: []string{"does-not-exist"}}, os.Stderr)
	if err == nil || !strings.Contains(err.Error(), `"does-not-exist": executable file not found in $PATH`) {
		t.Errorf("Run(...): want an error that names the program, got %v", err)
	}
}

// TestNetwork: two sandboxes have the same port, and each is reached.
func TestNetwork(t *testing.T) {
	const address = "10.244.0.7:8080"

	for _, name := range []string{"one", "two"} {
		s := start(t, name)

		l, err := s.Listen(t.Context(), ":8080")
		if err != nil {
			t.Fatalf("Listen(...): %v", err)
		}

		t.Cleanup(func() { _ = l.Close() })

		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}

			_, _ = io.WriteString(c, name)
			_ = c.Close()
		}()

		c, err := s.Dial(t.Context(), address)
		if err != nil {
			t.Fatalf("Dial(...): %v", err)
		}

		said, err := io.ReadAll(c)
		if err != nil {
			t.Errorf("cannot read: %v", err)
		}

		if diff := cmp.Diff(name, string(said)); diff != "" {
			t.Errorf("who answers: -want, +got:\n%s", diff)
		}

		_ = c.Close()
	}
}

// TestAsNobody runs all other tests as a user without privileges.
func TestAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this user is nobody special already")
	}

	// Where others may execute it.
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}

	dir, err := os.MkdirTemp("", "sandbox-") //nolint:usetesting // That would be in a directory that nobody may enter.
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = os.RemoveAll(dir) })

	program := filepath.Join(dir, "sandbox.test")
	if err := os.WriteFile(program, self, 0o755); err != nil { //nolint:gosec // It must be executable.
		t.Fatal(err)
	}

	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer

	cmd := exec.CommandContext(t.Context(), program, "-test.v")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Pdeathsig: syscall.SIGKILL}

	if err := cmd.Run(); err != nil {
		t.Errorf("as nobody: %v\n%s", err, out.String())
	}
}
