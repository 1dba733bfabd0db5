// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Names in the directory of a volume, as Kubernetes has them.
const (
	dataLink    = "..data"
	newDataLink = "..data_tmp"
)

// writeFiles replaces all files of a volume at once: readers see either the old or
// the new ones, through a link that is replaced.
func writeFiles(dir string, files map[string]file, group *int64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // Users of the pod look into it.
		return fmt.Errorf("cannot create volume: %w", err)
	}

	old, err := os.Readlink(filepath.Join(dir, dataLink))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot read volume: %w", err)
	}

	next, err := os.MkdirTemp(dir, "..data-")
	if err != nil {
		return fmt.Errorf("cannot create directory in volume: %w", err)
	}

	if err := fill(next, files, group); err != nil {
		return errors.Join(err, os.RemoveAll(next))
	}

	link := filepath.Join(dir, newDataLink)
	if err := os.Symlink(filepath.Base(next), link); err != nil {
		return fmt.Errorf("cannot link to files of volume: %w", err)
	}

	if err := os.Rename(link, filepath.Join(dir, dataLink)); err != nil {
		return fmt.Errorf("cannot replace files of volume: %w", err)
	}

	if err := showFiles(dir, files); err != nil {
		return err
	}

	if old != "" {
		if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
			return fmt.Errorf("cannot remove old files of volume: %w", err)
		}
	}

	return nil
}

func fill(dir string, files map[string]file, group *int64) error {
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // Users of the pod look into it.
		return fmt.Errorf("cannot open directory to readers: %w", err)
	}

	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]

		if !filepath.IsLocal(name) {
			return fmt.Errorf("cannot write %q: it is not within the volume", name)
		}

		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // As above.
			return fmt.Errorf("cannot create directory in volume: %w", err)
		}

		if err := os.WriteFile(target, f.Data, 0o600); err != nil {
			return fmt.Errorf("cannot write file of volume: %w", err)
		}

		if err := own(target, f, group); err != nil {
			return fmt.Errorf("cannot give file of volume to its user: %w", err)
		}
	}

	return nil
}

// own gives a file its owner and its mode. Where this is not root there is only
// one user, whose files they are.
func own(name string, f file, group *int64) error {
	mode := fs.FileMode(f.Mode) & fs.ModePerm //nolint:gosec // A mode is not negative.

	if os.Geteuid() == 0 {
		gid := 0
		if group != nil {
			gid = int(*group)
			mode |= 0o440
		}

		if err := os.Chown(name, int(f.UID), gid); err != nil {
			return err //nolint:wrapcheck // The caller says what was tried.
		}
	}

	return os.Chmod(name, mode) //nolint:wrapcheck // The caller says what was tried.
}

// showFiles makes the links that programs open, and removes those of files that
// are gone.
func showFiles(dir string, files map[string]file) error {
	want := map[string]bool{}

	for name := range files {
		top, _, _ := strings.Cut(path.Clean(name), "/")
		want[top] = true
	}

	have, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot list volume: %w", err)
	}

	for _, e := range have {
		if strings.HasPrefix(e.Name(), "..") {
			continue
		}

		if want[e.Name()] {
			delete(want, e.Name())

			continue
		}

		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("cannot remove file of volume: %w", err)
		}
	}

	for name := range want {
		if err := os.Symlink(path.Join(dataLink, name), filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("cannot link to file of volume: %w", err)
		}
	}

	return nil
}
