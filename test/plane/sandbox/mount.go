// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// devices that programs expect, and that do no harm.
func devices() []string { return []string{"null", "zero", "full", "random", "urandom"} }

// prepare the root of a command.
func prepare(c Command) error {
	root, err := unix.Open(c.Root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot open root: %w", err)
	}
	defer unix.Close(root) //nolint:errcheck // Nothing was written.

	if err := ensureDirectory(root, c.Dir, func(dir int) error { return giveTo(dir, c) }); err != nil {
		return fmt.Errorf("cannot create working directory %q: %w", c.Dir, err)
	}

	// Where they are not allowed, many programs do without.
	_ = mountAt(root, "/proc", true, func(target string) error {
		return unix.Mount("proc", target, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	})

	for _, d := range devices() {
		source := "/dev/" + d
		_ = mountAt(root, source, false, func(target string) error { return unix.Mount(source, target, "", unix.MS_BIND, "") })
	}

	for _, m := range c.Mounts {
		info, err := os.Stat(m.Source)
		if err != nil {
			return fmt.Errorf("cannot mount at %q: %w", m.Target, err)
		}

		if err := mountAt(root, m.Target, info.IsDir(), func(target string) error { return bind(m, target) }); err != nil {
			return fmt.Errorf("cannot mount at %q: %w", m.Target, err)
		}

		if m.ReadOnly {
			if err := at(root, m.Target, readOnly); err != nil {
				return fmt.Errorf("cannot make mount at %q read-only: %w", m.Target, err)
			}
		}
	}

	return nil
}

func bind(m Mount, target string) error {
	return unix.Mount(m.Source, target, "", unix.MS_BIND, "") //nolint:wrapcheck // The caller says what was tried.
}

// readOnly changes a mount. Flags that were set must be kept: in a user namespace
// they are locked.
func readOnly(target string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(target, &fs); err != nil {
		return err //nolint:wrapcheck // The caller says what was tried.
	}

	// These flags have the same values in both calls.
	locked := uintptr(fs.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_NODIRATIME) //nolint:gosec // Flags are not negative.
	// ST_RELATIME is not.
	const stRelatime = 0x1000
	if fs.Flags&stRelatime != 0 {
		locked |= unix.MS_RELATIME
	}

	return unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|locked, "") //nolint:wrapcheck // The caller says what was tried.
}

// mountAt makes the target, a directory or a file, and calls mount with it.
func mountAt(root int, target string, directory bool, mount func(string) error) error {
	dir := target
	if !directory {
		dir = path.Dir(target)
	}

	if err := ensureDirectory(root, dir, nil); err != nil {
		return err
	}

	if !directory {
		fd, err := openIn(root, target, unix.O_CREAT|unix.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK)
		if err != nil {
			return err
		}

		_ = unix.Close(fd) // It is empty.
	}

	return at(root, target, mount)
}

// at calls f with a name of the file at this path within the root.
func at(root int, name string, f func(string) error) error {
	fd, err := openIn(root, name, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // Nothing was written.

	return f("/proc/self/fd/" + strconv.Itoa(fd))
}

// openIn opens a path as a program sees it whose root directory this is.
func openIn(root int, name string, flags uint64) (int, error) {
	how := &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	if flags&unix.O_CREAT != 0 {
		how.Mode = 0o644
	}

	return unix.Openat2(root, path.Join("/", name), how) //nolint:wrapcheck // The callers say what was tried.
}

// ensureDirectory makes a directory and those above it, and calls made, unless it
// is nil, for the last if it was not there.
func ensureDirectory(root int, name string, made func(int) error) error {
	parent, below := "/", ""

	for part := range strings.SplitSeq(strings.Trim(path.Join("/", name), "/"), "/") {
		below = path.Join(parent, part)

		fd, err := openIn(root, below, unix.O_PATH|unix.O_DIRECTORY)
		if errors.Is(err, unix.ENOENT) {
			err = at(root, parent, func(dir string) error { return os.Mkdir(path.Join(dir, part), 0o755) }) //nolint:gosec // Any user may look into it.
			if err == nil && made != nil && below == path.Join("/", name) {
				fd, err = openIn(root, below, unix.O_RDONLY|unix.O_DIRECTORY)
				if err == nil {
					err = made(fd)
					_ = unix.Close(fd)
				}
			}
		} else if err == nil {
			_ = unix.Close(fd)
		}

		if err != nil {
			return err
		}

		parent = below
	}

	return nil
}

func giveTo(dir int, c Command) error {
	if inUserNamespace() {
		return nil
	}

	return unix.Fchown(dir, int(c.UID), int(c.GID)) //nolint:wrapcheck // The caller says what was tried.
}
