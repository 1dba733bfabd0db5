// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// devices are those that programs expect and that are harmless.
func devices() []string { return []string{"null", "zero", "full", "random", "urandom"} }

// prepare prepares the root of a command.
func prepare(c Command) error {
	root, err := os.OpenRoot(c.Root)
	if err != nil {
		return fmt.Errorf("cannot open root: %w", err)
	}
	defer root.Close() //nolint:errcheck // Its files were closed.

	if err := makeWorkingDirectory(root, c); err != nil {
		return fmt.Errorf("cannot create working directory %q: %w", c.Dir, err)
	}

	// Many programs work without these mounts if they are not allowed.
	_ = mountAt(root, "/proc", true, func(target string) error {
		return unix.Mount("proc", target, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	})

	for _, d := range devices() {
		source := "/dev/" + d
		_ = mountAt(root, source, false, func(target string) error { return unix.Mount(source, target, "", unix.MS_BIND, "") })
	}

	for _, m := range c.Mounts {
		err := mountAt(root, m.Target, true, func(target string) error { return unix.Mount(m.Source, target, "", unix.MS_BIND, "") })
		if err == nil && m.ReadOnly {
			err = mountAt(root, m.Target, true, func(target string) error {
				return unix.MountSetattr(unix.AT_FDCWD, target, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
			})
		}

		if err != nil {
			return fmt.Errorf("cannot mount at %q: %w", m.Target, err)
		}
	}

	return nil
}

//nolint:wrapcheck // The caller says what was tried.
func makeWorkingDirectory(root *os.Root, c Command) error {
	dir := within(c.Dir)
	if _, err := root.Stat(dir); err == nil {
		return nil
	}

	if err := root.MkdirAll(dir, 0o755); err != nil || inUserNamespace() {
		return err
	}

	return root.Chown(dir, int(c.UID), int(c.GID))
}

// mountAt creates the target, a directory or a file, and calls mount with its name. No link of an image leads out of its root.
//
//nolint:wrapcheck // The caller says what was tried.
func mountAt(root *os.Root, target string, directory bool, mount func(string) error) error {
	target, flags := within(target), os.O_RDONLY

	dir := target
	if !directory {
		dir, flags = path.Dir(target), os.O_RDONLY|os.O_CREATE
	}

	if err := root.MkdirAll(dir, 0o755); err != nil {
		return err
	}

	f, err := root.OpenFile(target, flags, 0o644)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // Nothing was written.

	return mount("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
}

// within returns a path within the root, without the leading slash.
func within(name string) string {
	return path.Join(".", strings.TrimPrefix(path.Join("/", name), "/"))
}
