// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// extractTar puts the files of an image into a directory, and nothing anywhere
// else: os.Root follows no link out of it.
func extractTar(dir string, content io.ReadCloser) (err error) {
	defer func() { err = errors.Join(err, content.Close()) }()

	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot open root: %w", err)
	}
	defer root.Close() //nolint:errcheck // Its files were closed.

	for files := tar.NewReader(content); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}

		if err != nil {
			return fmt.Errorf("cannot read image: %w", err)
		}

		name := strings.TrimPrefix(path.Join("/", header.Name), "/") //nolint:gosec // No name leads out of an os.Root.
		if name == "" {
			continue
		}

		if err := extractFile(root, name, header, files); err != nil {
			return fmt.Errorf("cannot extract %q: %w", header.Name, err)
		}
	}
}

//nolint:wrapcheck // The caller says of which file.
func extractFile(root *os.Root, name string, header *tar.Header, content io.Reader) error {
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}

	mode := header.FileInfo().Mode() & fs.ModePerm

	if header.Typeflag == tar.TypeDir {
		if err := root.Mkdir(name, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}

		return finish(root, name, mode|header.FileInfo().Mode()&fs.ModeSticky, header)
	}

	switch header.Typeflag {
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}

		_, err = io.Copy(f, content)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}

		return finish(root, name, mode, header)
	case tar.TypeSymlink:
		return root.Symlink(header.Linkname, name)
	case tar.TypeLink:
		return root.Link(strings.TrimPrefix(path.Join("/", header.Linkname), "/"), name) //nolint:gosec // As above.
	default:
		return nil // Devices and pipes are not made.
	}
}

//nolint:wrapcheck // The caller says of which file.
func finish(root *os.Root, name string, mode fs.FileMode, header *tar.Header) error {
	if os.Geteuid() == 0 {
		if err := root.Lchown(name, header.Uid, header.Gid); err != nil {
			return err
		}
	}

	return root.Chmod(name, mode)
}

// cloneTree makes a directory that has the files of another: the same ones, not
// copies, where that is possible.
func cloneTree(source, target string) error {
	err := filepath.WalkDir(source, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		relative, err := filepath.Rel(source, name)
		if err != nil {
			return err //nolint:wrapcheck // Said below.
		}

		return cloneFile(name, filepath.Join(target, relative), e)
	})
	if err != nil {
		return fmt.Errorf("cannot copy root: %w", err)
	}

	return nil
}

//nolint:wrapcheck // The caller says what was tried.
func cloneFile(source, target string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}

	switch {
	case e.IsDir():
		if err := os.Mkdir(target, 0o700); err != nil {
			return err
		}

		if stat, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
			if err := os.Chown(target, int(stat.Uid), int(stat.Gid)); err != nil {
				return err
			}
		}

		return os.Chmod(target, info.Mode())
	case e.Type() == fs.ModeSymlink:
		to, err := os.Readlink(source)
		if err != nil {
			return err
		}

		return os.Symlink(to, target)
	default:
		return os.Link(source, target)
	}
}
