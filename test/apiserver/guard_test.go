// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestKilled kills a test that has started a server, and checks that nothing of the server is left.
func TestKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatalf("cannot find test binary: %v", err)
	}

	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), envChild+"=1")
	cmd.Stderr = os.Stderr

	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("cannot connect to child: %v", err)
	}

	if err := cmd.Start(); err != nil {
		t.Fatalf("cannot start child: %v", err)
	}

	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("cannot read where the child has its server: %v", err)
	}

	dir := strings.TrimSpace(line)
	pids := processIDs(t, dir)

	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("cannot kill child: %v", err)
	}

	_ = cmd.Wait() // It fails because it was killed.

	if err := Eventually(t.Context(), func(context.Context) error { return ended(dir, pids) }); err != nil {
		t.Errorf("after the child was killed: %v", err)
	}
}

// processIDs returns the process ids of the servers with that directory.
func processIDs(t *testing.T, dir string) []int {
	t.Helper()

	var pids []int

	for _, name := range []string{"etcd.pid", "kube-apiserver.pid"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("cannot read process id: %v", err)
		}

		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			t.Fatalf("cannot parse process id: %v", err)
		}

		if err := syscall.Kill(pid, 0); err != nil {
			t.Fatalf("process of %s: want it to run, got %v", name, err)
		}

		pids = append(pids, pid)
	}

	return pids
}

// ended returns an error if something of a server is left.
func ended(dir string, pids []int) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d: want it to be gone, got %w", pid, err)
		}
	}

	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("directory %s: want it to be gone, got %w", dir, err)
	}

	return nil
}
