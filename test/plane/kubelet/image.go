// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// An image that was pulled.
type image struct {
	// id is the image's name with its digest.
	id     string
	root   string
	config v1.Config
}

// images are pulled from one registry, and stored, extracted, by their digest.
type images struct {
	dir      string
	registry string
	rename   func(string) string

	// mu is held while an image is pulled, so that it is extracted only once.
	mu sync.Mutex
}

// resolve returns the source of an image, and whether it is pulled at all.
func (i *images) resolve(image string) (string, bool) {
	if i.rename != nil {
		image = i.rename(image)
	}

	return image, i.registry != "" && strings.HasPrefix(image, i.registry+"/")
}

// pull pulls an image.
func (i *images) pull(ctx context.Context, ref string) (*image, error) {
	i.mu.Lock()
	defer i.mu.Unlock()

	ref, _ = i.resolve(ref)

	out, err := i.fetch(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("failed to pull image %q: %w", ref, err)
	}

	return out, nil
}

//nolint:wrapcheck // The caller says what was tried.
func (i *images) fetch(ctx context.Context, ref string) (*image, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, err
	}

	img, err := remote.Image(parsed, remote.WithContext(ctx), remote.WithPlatform(v1.Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}))
	if err != nil {
		return nil, err
	}

	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}

	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}

	out := &image{id: parsed.Context().Name() + "@" + digest.String(), root: filepath.Join(i.dir, digest.Hex), config: config.Config}

	if _, err := os.Stat(out.root); err == nil {
		return out, nil
	}

	// The directory gets its final name when it is complete.
	half := out.root + ".half"
	if err := errors.Join(os.RemoveAll(half), os.MkdirAll(half, 0o755), extract(ctx, half, img)); err != nil { //nolint:gosec // Its users look into it.
		return nil, err
	}

	return out, os.Rename(half, out.root)
}

// extract extracts the files of an image into a directory.
func extract(ctx context.Context, dir string, img v1.Image) error {
	files := mutate.Extract(img)
	defer files.Close() //nolint:errcheck // It was read.

	tar := exec.CommandContext(ctx, "tar", "--extract", "--preserve-permissions", "--numeric-owner", "--directory", dir, "--file", "-")
	tar.Stdin = files

	if out, err := tar.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot extract image: %w: %s", err, out)
	}

	return nil
}

// user returns the user and group of an image, which must be numbers.
func (i *image) user() (uid, gid uint32, err error) {
	user, group, _ := strings.Cut(i.config.User, ":")

	for _, id := range []struct {
		text string
		to   *uint32
	}{{user, &uid}, {group, &gid}} {
		n, err := strconv.ParseUint(cmp.Or(id.text, "0"), 10, 32)
		if err != nil {
			return 0, 0, fmt.Errorf("cannot parse user %q of image %s: it is not a number", i.config.User, i.id)
		}

		*id.to = uint32(n)
	}

	return uid, gid, nil
}
