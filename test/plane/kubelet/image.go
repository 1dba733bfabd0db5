// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
)

// An image that was pulled.
type image struct {
	// id is the image's name with its digest.
	id     string
	root   string
	config v1.Config
}

// images are pulled from one registry, and kept, extracted, by their digest.
type images struct {
	dir      string
	registry string
	rename   func(string) string

	// mu is held while an image is pulled, so that none is pulled twice.
	mu     sync.Mutex
	pulled map[string]*image
}

// Names in the directory of an image.
const (
	imageRoot   = "root"
	imageConfig = "config.json"
)

// resolve returns where an image is pulled from, and whether it is pulled at all.
func (i *images) resolve(image string) (string, bool) {
	if i.rename != nil {
		image = i.rename(image)
	}

	return image, i.registry != "" && strings.HasPrefix(image, i.registry+"/")
}

// pull an image, unless it is there and the policy is content with it.
func (i *images) pull(ctx context.Context, ref string, policy corev1.PullPolicy) (*image, bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()

	have := i.pulled[ref]

	switch {
	case have != nil && policy != corev1.PullAlways:
		return have, false, nil
	case policy == corev1.PullNever:
		return nil, false, fmt.Errorf("container image %q is not present with pull policy of Never", ref)
	}

	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, false, fmt.Errorf("failed to parse image %q: %w", ref, err)
	}

	descriptor, err := remote.Get(parsed, remote.WithContext(ctx), remote.WithPlatform(v1.Platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}))
	if err != nil {
		return nil, false, fmt.Errorf("failed to pull image %q: %w", ref, err)
	}

	got, err := i.extract(parsed, descriptor)
	if err != nil {
		return nil, false, fmt.Errorf("failed to extract image %q: %w", ref, err)
	}

	i.pulled[ref] = got

	return got, true, nil
}

func (i *images) extract(ref name.Reference, d *remote.Descriptor) (*image, error) {
	img, err := d.Image()
	if err != nil {
		return nil, fmt.Errorf("cannot choose image: %w", err)
	}

	digest, err := img.Digest()
	if err != nil {
		return nil, fmt.Errorf("cannot tell digest: %w", err)
	}

	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("cannot read config: %w", err)
	}

	dir := filepath.Join(i.dir, digest.Hex)
	out := &image{id: ref.Context().Name() + "@" + digest.String(), root: filepath.Join(dir, imageRoot), config: config.Config}

	if _, err := os.Stat(filepath.Join(dir, imageConfig)); err == nil {
		return out, nil
	}

	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("cannot remove half an image: %w", err)
	}

	if err := os.MkdirAll(out.root, 0o755); err != nil { //nolint:gosec // Its users look into it.
		return nil, fmt.Errorf("cannot create directory: %w", err)
	}

	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("cannot list layers: %w", err)
	}

	for _, l := range layers {
		if err := extractLayer(out.root, l); err != nil {
			return nil, err
		}
	}

	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("cannot encode config: %w", err)
	}

	// Written last: it says that all is there.
	if err := os.WriteFile(filepath.Join(dir, imageConfig), raw, 0o600); err != nil {
		return nil, fmt.Errorf("cannot write config: %w", err)
	}

	return out, nil
}

func extractLayer(root string, l v1.Layer) (err error) {
	content, err := l.Uncompressed()
	if err != nil {
		return fmt.Errorf("cannot read layer: %w", err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()

	return extractTar(root, content)
}

// user and group of an image, from its numbers or its own user database.
func (i *image) user() (uid, gid uint32, err error) {
	user, group, _ := strings.Cut(i.config.User, ":")
	if user == "" {
		return 0, 0, nil
	}

	uid, gid, err = i.lookup("passwd", user)
	if err != nil || group == "" {
		return uid, gid, err
	}

	gid, _, err = i.lookup("group", group)

	return uid, gid, err
}

// lookup a name, or a number, in a file of /etc.
func (i *image) lookup(database, who string) (id, group uint32, err error) {
	if n, err := strconv.ParseUint(who, 10, 32); err == nil {
		return uint32(n), 0, nil
	}

	dir, err := os.OpenRoot(i.root)
	if err != nil {
		return 0, 0, fmt.Errorf("cannot open image: %w", err)
	}
	defer dir.Close() //nolint:errcheck // It was read.

	content, err := dir.ReadFile("etc/" + database)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, fmt.Errorf("cannot read /etc/%s: %w", database, err)
	}

	for line := range strings.Lines(string(content)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 3 || f[0] != who {
			continue
		}

		n, err := strconv.ParseUint(f[2], 10, 32)
		if err != nil {
			return 0, 0, fmt.Errorf("cannot parse id of %q in /etc/%s: %w", who, database, err)
		}

		var g uint64
		if len(f) > 3 && database == "passwd" {
			g, _ = strconv.ParseUint(f[3], 10, 32) // 0 will do.
		}

		return uint32(n), uint32(g), nil
	}

	return 0, 0, fmt.Errorf("unable to find %q in /etc/%s of the image", who, database)
}
