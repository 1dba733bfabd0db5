// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// keepWord makes the guard keep the directory.
const keepWord = "keep"

// guardScript waits for a word or for the end of its input, which comes when the process at the
// other end has ended, and ends the remaining programs.
const guardScript = `
word=; read -r word
for f in "$0"/*.pid; do
	[ -f "$f" ] && kill -KILL "$(cat "$f")" 2>/dev/null
done
[ "$word" = ` + keepWord + ` ] || rm -rf "$0"
`

// wrapScript runs a program, after writing down its process id.
const wrapScript = "#!/bin/sh\necho $$ >'%s'\nexec '%s' \"$@\"\n"

// A guard is a process that briefly outlives this one. A test that is killed, or runs into its
// timeout, cannot end the servers it started; the guard notices the end of the test and does it.
type guard struct {
	dir      string
	cmd      *exec.Cmd
	alive    io.WriteCloser
	pidFiles []string
}

// startGuard starts a guard of the programs that are started through wrap. At the end, it removes
// the directory.
func startGuard(dir string) (*guard, error) {
	//nolint:noctx // It must outlive every context.
	g := &guard{dir: dir, cmd: exec.Command("/bin/sh", "-c", guardScript, dir)}
	// An interrupt from the terminal must not reach it.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	var err error
	if g.alive, err = g.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("cannot connect to guard: %w", err)
	}

	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start guard: %w", err)
	}

	return g, nil
}

// wrap returns an executable that is the program, under guard.
func (g *guard) wrap(name, program string) (string, error) {
	path, pidFile := filepath.Join(g.dir, name+".sh"), filepath.Join(g.dir, name+".pid")
	g.pidFiles = append(g.pidFiles, pidFile)

	//nolint:gosec // It must be executable.
	if err := os.WriteFile(path, fmt.Appendf(nil, wrapScript, pidFile, program), 0o700); err != nil {
		return "", fmt.Errorf("cannot write script: %w", err)
	}

	return path, nil
}

// forget forgets the programs, which have ended: other processes may soon have their ids.
func (g *guard) forget() error {
	for _, f := range g.pidFiles {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cannot remove process id: %w", err)
		}
	}

	return nil
}

// stop ends the remaining programs, and then the guard. It removes the directory, unless keep is
// set.
func (g *guard) stop(keep bool) error {
	var errs []error

	if keep {
		if _, err := io.WriteString(g.alive, keepWord+"\n"); err != nil {
			errs = append(errs, fmt.Errorf("cannot tell guard to leave the directory: %w", err))
		}
	}

	if err := g.alive.Close(); err != nil {
		errs = append(errs, fmt.Errorf("cannot disconnect from guard: %w", err))
	}

	if err := g.cmd.Wait(); err != nil {
		errs = append(errs, fmt.Errorf("cannot wait for guard: %w", err))
	}

	return errors.Join(errs...)
}
