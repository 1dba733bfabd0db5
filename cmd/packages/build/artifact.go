// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/mod/semver"
)

// An Artifact is built into files, which are pushed as one version to a registry.
type Artifact interface {
	Name() string
	// Reference returns the tag of a version in a registry.
	Reference(registry, version string) (name.Tag, error)
	Build(ctx context.Context, o Options) ([]PackageFile, error)
	CheckPush(registry string) error
	Push(ctx context.Context, registry, version string, files []PackageFile) (ref string, err error)
}

// Artifacts returns all artifacts of a version, for the repository at root.
func Artifacts(root string) ([]Artifact, error) {
	packages, err := All(root)
	if err != nil {
		return nil, err
	}

	var all []Artifact
	for _, p := range packages {
		all = append(all, p)
	}

	return append(all, ToolForPlatforms(), ChartOf(root), PlatformChartOf(root)), nil
}

// CheckVersion returns an error unless packages, images and charts can all have the version.
func CheckVersion(version string) error {
	// Dependencies between packages compare only semantic versions, and tags of images cannot contain +.
	if version == "" || semver.Canonical(version) != version {
		return fmt.Errorf("cannot use version %q: it must be a semantic version with a v and without build metadata, such as v0.1.0 or v0.1.0-rc.1", version)
	}

	return nil
}

// AppendPin appends the pin of a pushed artifact, if clusters pull it.
func AppendPin(ctx context.Context, pins []Pin, a Artifact, ref string) ([]Pin, error) {
	p, ok := a.(interface {
		Pin(ctx context.Context, ref string) (Pin, error)
	})
	if !ok || ref == "" {
		return pins, nil
	}

	one, err := p.Pin(ctx, ref)

	return append(pins, one), err
}
