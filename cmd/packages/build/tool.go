// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// publicRegistry is the registry in the manifests of this repository.
const publicRegistry = "ghcr.io"

// A Tool is a program that people run in a container. Its image is built and pushed like packages.
type Tool struct {
	// Repository of the image in a registry.
	Repository string

	// Description in one sentence.
	Description string

	Program Program
}

// ToolForPlatforms returns the program for platform teams.
func ToolForPlatforms() Tool {
	return Tool{
		Repository:  "p6m-dev/platform-application",
		Description: "Checks a platform for PlatformApplications.",
		Program:     Program{Main: "./cmd/platform-application", Path: "/platform-application"},
	}
}

// Name returns the name of the tool.
func (t Tool) Name() string { return path.Base(t.Repository) }

// Build builds one file for each architecture. The build is reproducible.
func (t Tool) Build(ctx context.Context, o Options) ([]PackageFile, error) {
	if err := os.MkdirAll(o.Out, 0o750); err != nil {
		return nil, fmt.Errorf("cannot create directory for images: %w", err)
	}

	var files []PackageFile

	for _, architecture := range o.Architectures {
		f, err := t.build(ctx, o, architecture)
		if err != nil {
			return nil, fmt.Errorf("cannot build image of %s: %w", t.Name(), err)
		}

		files = append(files, f)
	}

	return files, nil
}

// Push pushes the files of a tool to a registry as one image for all architectures, and returns the reference.
func (t Tool) Push(ctx context.Context, registry, version string, files []PackageFile) (string, error) {
	ref, err := t.Reference(registry, version)
	if err != nil {
		return "", err
	}

	index, err := t.index(version, files)
	if err != nil {
		return "", err
	}

	if err := remote.WriteIndex(ref, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(http.DefaultTransport)); err != nil {
		return "", pushError(ref, err)
	}

	return ref.String(), nil
}

// Reference returns the tag of a version of the tool in a registry.
func (t Tool) Reference(registry, version string) (name.Tag, error) {
	return reference(registry, t.Repository, version)
}

// CheckPush returns an error unless the tool may be pushed to a registry.
func (t Tool) CheckPush(registry string) error { return checkPush(registry, t.Repository) }

// Pin returns the pin of the pushed image.
func (t Tool) Pin(ctx context.Context, ref string) (Pin, error) {
	pinned, err := pinned(ctx, ref)

	return Pin{Name: publicRegistry + "/" + t.Repository, Reference: pinned}, err
}

func (t Tool) build(ctx context.Context, o Options, architecture string) (PackageFile, error) {
	image, err := t.Program.Image(ctx, o, architecture)
	if err != nil {
		return PackageFile{}, err
	}

	tag, err := reference(publicRegistry, t.Repository, o.Version)
	if err != nil {
		return PackageFile{}, err
	}

	out := filepath.Join(o.Out, strings.Join([]string{t.Name(), o.Version, architecture}, "-")+".tar")
	if err := tarball.WriteToFile(out, tag, image); err != nil {
		return PackageFile{}, fmt.Errorf("cannot write image: %w", err)
	}

	info, err := os.Stat(out)
	if err != nil {
		return PackageFile{}, fmt.Errorf("cannot find image: %w", err)
	}

	unpacked, err := unpackedSize(image)

	return PackageFile{Path: out, Architecture: architecture, Size: info.Size(), Unpacked: unpacked}, err
}

// index returns the index of the images in files. Each image has the annotations, too, because some registries display these.
func (t Tool) index(version string, files []PackageFile) (v1.ImageIndex, error) {
	annotations := map[string]string{
		annotationPrefix + "title":       t.Name(),
		annotationPrefix + "version":     version,
		annotationPrefix + "description": t.Description,
		annotationPrefix + "licenses":    "Apache-2.0",
		annotationPrefix + "source":      "https://github.com/p6m-dev/platform-application",
	}

	var out v1.ImageIndex = empty.Index

	for _, f := range files {
		image, err := readImage(f.Path)
		if err != nil {
			return nil, err
		}

		out = mutate.AppendManifests(out, mutate.IndexAddendum{
			Add:        annotated(image, annotations),
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: f.Architecture}},
		})
	}

	return annotated(out, annotations), nil
}

// annotated returns the image or index with annotations.
func annotated[T partial.WithRawManifest](of T, annotations map[string]string) T {
	return mutate.Annotations(of, annotations).(T) //nolint:forcetypeassert // An image stays one, and so does an index.
}

// readImage reads an image from a file, with the media types of OCI, because those of Docker have no annotations.
func readImage(path string) (v1.Image, error) {
	file, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read image: %w", err)
	}

	config, err := file.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("cannot read configuration of image: %w", err)
	}

	layers, err := file.Layers()
	if err != nil {
		return nil, fmt.Errorf("cannot read layers of image: %w", err)
	}

	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)

	for _, l := range layers {
		if image, err = mutate.Append(image, mutate.Addendum{Layer: l, MediaType: types.OCILayer}); err != nil {
			return nil, fmt.Errorf("cannot add layer to image: %w", err)
		}
	}

	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, fmt.Errorf("cannot configure image: %w", err)
	}

	return image, nil
}

// pinned returns the reference with its current digest.
func pinned(ctx context.Context, ref string) (string, error) {
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		return "", fmt.Errorf("cannot read reference: %w", err)
	}

	pushed, err := remote.Head(tag, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(http.DefaultTransport))
	if err != nil {
		return "", fmt.Errorf("cannot get digest of %s: %w", ref, err)
	}

	return tag.Digest(pushed.Digest.String()).String(), nil
}
