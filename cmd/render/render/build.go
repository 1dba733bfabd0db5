// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"

	"github.com/p6m-dev/platform-application/package/tools"
)

// A Build is a manifest that kustomize or Helm creates from an example.
type Build struct {
	// Name of the example and of its overlay, if any, such as environments/prd.
	Name string

	// Manifest is one YAML document.
	Manifest []byte
}

// Builds returns the manifests that kustomize creates from the overlays of the repository at a root, and Helm from its values with
// the chart of the repository at charts: teams own overlays and values, but the chart is the platform's. If an example is named,
// Builds returns only its manifests. It skips examples that an early version does not have.
func Builds(ctx context.Context, root, charts, example string) ([]Build, error) {
	var builds []Build

	for _, b := range builders(root, charts) {
		if example != "" && example != b.example {
			continue
		}

		if _, err := os.Stat(b.source); errors.Is(err, fs.ErrNotExist) {
			continue
		}

		manifest, err := b.run(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot build %s: %w", b.name(), err)
		}

		builds = append(builds, Build{Name: b.name(), Manifest: manifest})
	}

	return builds, nil
}

// IsBuilt reports whether the example has builds instead of an application.yaml.
func IsBuilt(example string) bool {
	return slices.ContainsFunc(builders("", ""), func(b builder) bool { return b.example == example })
}

// A builder runs a tool on the source of an example, or of one of its overlays.
type builder struct {
	example, overlay string
	source           string
	tool             string
	args             []string
}

func (b builder) name() string { return path.Join(b.example, b.overlay) }

func builders(root, charts string) []builder {
	var out []builder

	for _, overlay := range []string{"dev", "stg", "prd"} {
		dir := filepath.Join(root, "examples", "environments", ".platform", "kubernetes", overlay)
		out = append(out, builder{example: "environments", overlay: overlay, source: dir, tool: "kustomize", args: []string{"build", dir}})
	}

	values := filepath.Join(root, "examples", "helm", "values.yaml")
	chart := filepath.Join(charts, "package", "helm", "platform-application")

	return append(out, builder{
		example: "helm", source: values, tool: "helm",
		args: []string{"template", "web-application", chart, "--namespace", "shop", "--values", values},
	})
}

func (b builder) run(ctx context.Context) ([]byte, error) {
	program, err := tools.Path(ctx, b.tool)
	if err != nil {
		return nil, fmt.Errorf("cannot get %s: %w", b.tool, err)
	}

	var stdout, stderr bytes.Buffer

	cmd := exec.CommandContext(ctx, program, b.args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", b.tool, b.args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}

	return stdout.Bytes(), nil
}
