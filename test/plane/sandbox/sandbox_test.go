// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main()
	os.Exit(m.Run())
}

func start(t *testing.T, name string) *sandbox.Sandbox {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	s, err := sandbox.Start(ctx, sandbox.Config{Name: name, Address: netip.MustParseAddr("10.244.0.7")})
	if err != nil {
		t.Fatalf("Start(...): %v", err)
	}

	t.Cleanup(s.Close)

	return s
}

// run runs a shell script in the root of this machine, and returns its output.
func run(t *testing.T, s *sandbox.Sandbox, script string) (string, sandbox.Exit) {
	t.Helper()

	log := filepath.Join(t.TempDir(), "log")

	p, err := s.Run(t.Context(), sandbox.Command{Root: "/", Dir: "/", Args: []string{"sh", "-c", script}, Env: []string{"GREETING=hello"}, Log: log})
	if err != nil {
		t.Fatalf("Run(...): %v", err)
	}

	exit := p.Exit()

	said, err := os.ReadFile(log)
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
		"Environment": {reason: "A program has only the given environment.", script: `echo $GREETING $HOME`, want: want{said: "hello\n"}},
		"ExitCode":    {reason: "An exit code is reported.", script: `exit 7`, want: want{exit: sandbox.Exit{Code: 7}}},
		"Signal":      {reason: "A signal is not an exit code.", script: `kill -TERM $$`, want: want{exit: sandbox.Exit{Signal: int(syscall.SIGTERM)}}},
		"Hostname":    {reason: "The host name is the pod's.", script: `cat /proc/sys/kernel/hostname`, want: want{said: "some-pod\n"}},
		"Network":     {reason: "The only network device is loopback.", script: `tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '`, want: want{said: "lo\n"}},
		"Privileges":  {reason: "Root in a sandbox cannot mount.", script: `mount -t tmpfs none /mnt 2>/dev/null || echo no`, want: want{said: "no\n"}},
		"NotFound":    {reason: "The shell reports a missing program.", script: `exec /does/not/exist 2>/dev/null`, want: want{exit: sandbox.Exit{Code: 127}}},
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

// TestAsNobody checks that a user without privileges can start sandboxes, too. Another user than root has none already.
func TestAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}

	const nobody = 65534

	// That user cannot enter the directory of this program.
	dir, err := os.MkdirTemp("", "sandbox-") //nolint:usetesting // As above.
	check.Must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })

	program := filepath.Join(dir, "tests")
	self, err := os.ReadFile("/proc/self/exe")
	check.Must(t, err)
	check.Must(t, errors.Join(os.Chmod(dir, 0o755), os.WriteFile(program, self, 0o755))) //nolint:gosec // Anyone may run it.

	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestRun$")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}

	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "PASS\n") {
		t.Errorf("TestRun as user %d: %v\n%s", nobody, err, out)
	}
}

// A Pod may be deleted while its sandbox starts.
func TestStartCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	returned := make(chan struct{})

	go func() {
		defer close(returned)

		if s, err := sandbox.Start(ctx, sandbox.Config{Name: "some-pod"}); err == nil {
			s.Close()
		}
	}()

	select {
	case <-returned:
	case <-time.After(time.Minute):
		t.Error("Start(...) with a cancelled context does not return")
	}
}
