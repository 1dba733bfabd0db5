// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
)

// caBundle is where programs look for trusted authorities.
const caBundle = "etc/ssl/certs/ca-certificates.crt"

// makeRoot recreates the root directory of a container, and adds the files that every node adds.
func (p *pod) makeRoot(ctx context.Context, dir string, img *image) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cannot remove old root: %w", err)
	}

	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // Users of the pod look into it.
		return fmt.Errorf("cannot create directory: %w", err)
	}

	// The files are hard links, not copies.
	if out, err := exec.CommandContext(ctx, "cp", "--archive", "--link", img.root, dir).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot copy root: %w: %s", err, out)
	}

	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot open root: %w", err)
	}
	defer root.Close() //nolint:errcheck // Its files were closed.

	hosts := fmt.Sprintf("127.0.0.1\tlocalhost\n%s\t%s\n", p.ip, p.hostname())
	if err := replaceFile(root, "etc/hosts", []byte(hosts)); err != nil {
		return err
	}

	if err := replaceFile(root, "etc/hostname", []byte(p.hostname()+"\n")); err != nil {
		return err
	}

	if len(p.kubelet.options.CA) == 0 {
		return nil
	}

	bundle, err := root.ReadFile(caBundle)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot read /%s: %w", caBundle, err)
	}

	return replaceFile(root, caBundle, append(append(bundle, '\n'), p.kubelet.options.CA...))
}

// replaceFile replaces the file instead of its content, because other containers share the file.
func replaceFile(root *os.Root, name string, content []byte) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("cannot create directory of /%s: %w", name, err)
	}

	if err := root.RemoveAll(name); err != nil {
		return fmt.Errorf("cannot remove /%s: %w", name, err)
	}

	if err := root.WriteFile(name, content, 0o644); err != nil {
		return fmt.Errorf("cannot write /%s: %w", name, err)
	}

	return nil
}
