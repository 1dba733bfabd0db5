// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Program is the runtime of a package.
type Program struct {
	// Main is the directory of its main package in the repository, such as
	// ./provider.
	Main string

	// Path of the executable in the image.
	Path string

	// Args are the arguments of the program.
	Args []string

	// Ports of the program.
	Ports []int
}

// Image returns the image of the program for an architecture.
func (p Program) Image(ctx context.Context, o Options, architecture string) (v1.Image, error) {
	data, err := p.compile(ctx, o, architecture)
	if err != nil {
		return nil, err
	}

	return Image{
		Architecture: architecture,
		Program:      p.Path,
		Args:         p.Args,
		Ports:        p.Ports,
		Files:        map[string]File{strings.TrimPrefix(p.Path, "/"): {Data: data, Executable: true}},
	}.Build()
}

// compile returns the executable of the program for an architecture. It is static, and the
// build is reproducible.
func (p Program) compile(ctx context.Context, o Options, architecture string) (_ []byte, err error) {
	dir := o.Programs
	if dir == "" {
		if dir, err = os.MkdirTemp("", "programs-"); err != nil {
			return nil, fmt.Errorf("cannot create directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}

	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()

	flags := linkerFlags(o.Version)
	// Go does not link an up-to-date executable again.
	out := filepath.Join(dir, key(o.Root, p.Main, architecture, flags), filepath.Base(p.Path))

	//nolint:gosec // A program of this repository.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", out, p.Main)
	cmd.Dir = o.Root

	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "GOWORK=off")
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build %s for %s: %w\n%s", p.Main, architecture, err, said)
	}

	data, err := os.ReadFile(out) //nolint:gosec // It was just built.
	if err != nil {
		return nil, fmt.Errorf("cannot read program: %w", err)
	}

	return data, nil
}

// lock locks a directory of programs against concurrent builds.
func lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("cannot create directory for programs: %w", err)
	}

	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // In a directory of our own.
	if err != nil {
		return nil, fmt.Errorf("cannot open lock: %w", err)
	}

	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("cannot lock directory for programs: %w", errors.Join(err, f.Close()))
	}

	return func() { _ = f.Close() }, nil
}

// key returns a directory name for the parts.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))

	return hex.EncodeToString(sum[:8])
}

// linkerFlags returns the flags that omit debug information and set the version.
func linkerFlags(version string) string {
	return "-s -w -X main.version=" + version
}
