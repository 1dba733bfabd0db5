// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A Chart is a Helm chart. It is built and pushed like packages, and has their version.
type Chart struct {
	// Repository of the chart in a registry. Its last part is the chart's name.
	Repository string

	// Dir is the directory of the chart.
	Dir string
}

// ChartOf returns the chart of an application, in the repository at root.
func ChartOf(root string) Chart {
	return Chart{
		Repository: "p6m-dev/charts/platform-application",
		Dir:        filepath.Join(root, "package", "helm", "platform-application"),
	}
}

// PlatformChartOf returns the chart that installs the packages, in the repository at root.
func PlatformChartOf(root string) Chart {
	return Chart{
		Repository: "p6m-dev/charts/platform-application-platform",
		Dir:        filepath.Join(root, "package", "helm", "platform"),
	}
}

// Name returns the name of the chart.
func (c Chart) Name() string { return path.Base(c.Repository) }

// Build builds one file. The build is reproducible.
func (c Chart) Build(ctx context.Context, o Options) (_ []PackageFile, err error) {
	stage, err := os.MkdirTemp("", "chart-")
	if err != nil {
		return nil, fmt.Errorf("cannot create directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()

	if err := os.CopyFS(stage, os.DirFS(c.Dir)); err != nil {
		return nil, fmt.Errorf("cannot stage chart %s: %w", c.Name(), err)
	}

	if err := withoutTimes(stage); err != nil {
		return nil, err
	}

	if err := os.MkdirAll(o.Out, 0o750); err != nil {
		return nil, fmt.Errorf("cannot create directory for charts: %w", err)
	}

	version := chartVersion(o.Version)
	if err := run(ctx, "helm", "package", stage, "--version="+version, "--app-version="+o.Version, "--destination="+o.Out); err != nil {
		return nil, fmt.Errorf("cannot build chart %s: %w", c.Name(), err)
	}

	out := filepath.Join(o.Out, c.Name()+"-"+version+".tgz")

	// The time of the file becomes the creation time in the registry.
	if err := withoutTimes(out); err != nil {
		return nil, err
	}

	info, err := os.Stat(out)
	if err != nil {
		return nil, fmt.Errorf("cannot find chart: %w", err)
	}

	return []PackageFile{{Path: out, Architecture: noarch, Size: info.Size()}}, nil
}

// Push pushes the file of a chart to a registry, and returns the reference.
func (c Chart) Push(ctx context.Context, registry, version string, files []PackageFile) (string, error) {
	ref, err := c.Reference(registry, version)
	if err != nil {
		return "", err
	}

	// The Crossplane tool detects a local registry without TLS. Helm needs a flag.
	ping, err := transport.Ping(ctx, ref.Context().Registry, http.DefaultTransport)
	if err != nil {
		return "", pushError(ref, err)
	}

	for _, f := range files {
		args := []string{"push", f.Path, "oci://" + registry + "/" + path.Dir(c.Repository)}
		if ping.Insecure {
			args = append(args, "--plain-http")
		}

		if err := run(ctx, "helm", args...); err != nil {
			return "", fmt.Errorf("cannot push chart %s: %w", ref, err)
		}
	}

	return ref.String(), nil
}

// Reference returns the tag of a version of the chart in a registry.
func (c Chart) Reference(registry, version string) (name.Tag, error) {
	return reference(registry, c.Repository, chartVersion(version))
}

// CheckPush returns an error unless the chart may be pushed to a registry.
func (c Chart) CheckPush(registry string) error { return checkPush(registry, c.Repository) }

// chartVersion returns a version without its v. Helm accepts only such tags as versions.
func chartVersion(version string) string { return strings.TrimPrefix(version, "v") }

// withoutTimes sets the times of all files at a path to the epoch, because Helm packs
// them.
func withoutTimes(root string) error {
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		//nolint:gosec // In a directory of our own, or what was just built.
		return os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0))
	})
	if err != nil {
		return fmt.Errorf("cannot set times: %w", err)
	}

	return nil
}
