// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
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

	if err := extractTar(out.root, mutate.Extract(img)); err != nil {
		return nil, err
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

// user and group of an image, which are numbers.
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
