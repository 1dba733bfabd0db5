// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// user is the unprivileged user of every image.
const user = "65532:65532"

// An Image contains only a program and its files: no shell, no package manager, no users.
//
// It is not built with ko, which needs a base image from a registry, puts the
// program into /ko-app, and sets neither arguments nor ports. Both use
// go-containerregistry, and both are reproducible.
type Image struct {
	// Architecture as Go names it, such as amd64.
	Architecture string

	// Program is the path of the executable in the image, such as /provider. It is
	// the entry point.
	Program string

	// Args are the default arguments of the program.
	Args []string

	// Ports of the program.
	Ports []int

	// Files by their path in the image, without a leading slash.
	Files map[string]File
}

// A File in an image.
type File struct {
	Data       []byte
	Executable bool
}

// Build builds the image. The same input gives the same digest.
func (i Image) Build() (v1.Image, error) {
	ca, err := roots()
	if err != nil {
		return nil, err
	}

	files := map[string]File{rootsPath: {Data: ca}}
	maps.Copy(files, i.Files)

	layer, err := layerOf(files)
	if err != nil {
		return nil, err
	}

	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, fmt.Errorf("cannot add layer to image: %w", err)
	}

	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("cannot read configuration of image: %w", err)
	}

	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", i.Architecture
	config.Config.Entrypoint, config.Config.Cmd = []string{i.Program}, i.Args
	config.Config.User, config.Config.WorkingDir = user, "/"

	for _, port := range i.Ports {
		if config.Config.ExposedPorts == nil {
			config.Config.ExposedPorts = map[string]struct{}{}
		}

		config.Config.ExposedPorts[strconv.Itoa(port)+"/tcp"] = struct{}{}
	}

	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return nil, fmt.Errorf("cannot configure image: %w", err)
	}

	return image, nil
}

// unpackedSize returns the size of the uncompressed layers of an image.
func unpackedSize(image v1.Image) (_ int64, err error) {
	layers, err := image.Layers()
	if err != nil {
		return 0, fmt.Errorf("cannot read layers of image: %w", err)
	}

	var size int64

	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			return 0, fmt.Errorf("cannot read layer of image: %w", err)
		}

		n, err := io.Copy(io.Discard, r)
		if err := errors.Join(err, r.Close()); err != nil {
			return 0, fmt.Errorf("cannot read layer of image: %w", err)
		}

		size += n
	}

	return size, nil
}

// layerOf returns a layer with the files, sorted and without times.
func layerOf(files map[string]File) (v1.Layer, error) {
	var out bytes.Buffer

	w := tar.NewWriter(&out)
	made := map[string]bool{}

	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, dir := range parents(name) {
			if made[dir] {
				continue
			}

			made[dir] = true

			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}); err != nil {
				return nil, fmt.Errorf("cannot write %s: %w", dir, err)
			}
		}

		f := files[name]

		mode := int64(0o644)
		if f.Executable {
			mode = 0o755
		}

		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(f.Data))}); err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", name, err)
		}

		if _, err := w.Write(f.Data); err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", name, err)
		}
	}

	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("cannot write layer: %w", err)
	}

	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil }

	// With caching, the layer is compressed only once for digest and content.
	layer, err := tarball.LayerFromOpener(open, tarball.WithCompressedCaching)
	if err != nil {
		return nil, fmt.Errorf("cannot read layer: %w", err)
	}

	return layer, nil
}

// parents returns the parent directories of a path, the outermost first.
func parents(name string) []string {
	var out []string

	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		out = append(out, dir)
	}

	slices.Reverse(out)

	return out
}
