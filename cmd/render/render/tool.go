// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"

	"github.com/p6m-dev/platform-application/package/tools"
)

// Older versions of Crossplane that can also render.
const (
	// Crossplane120 has extra resources instead of required ones, and renders without XRDs and namespaced XRs.
	Crossplane120 = "1.20"

	// Crossplane20 is the first version with all features that the examples use.
	Crossplane20 = "2.0"
)

// ParseOlderVersion returns the older version of that name.
func ParseOlderVersion(name string) (string, error) {
	if name == Crossplane20 || name == Crossplane120 {
		return name, nil
	}

	return "", fmt.Errorf("unknown version %q of Crossplane: choose from %s, %s", name, Crossplane20, Crossplane120)
}

// files of a rendering. The settings and the observed resources are optional.
type files struct {
	xr, composition, definition, functions, settings, observed string
}

// A tool is a command line tool that renders.
type tool struct {
	path string

	// command returns the command with the flags that not every version has.
	command func(files) []string

	// settingsFlag passes the settings of the platform.
	settingsFlag string
}

// args returns the arguments that render the files.
func (t tool) args(f files) []string {
	args := append(t.command(f), f.xr, f.composition, f.functions, "--include-full-xr", "--include-function-results")

	if f.settings != "" {
		args = append(args, t.settingsFlag, f.settings)
	}

	if f.observed != "" {
		args = append(args, "--observed-resources", f.observed)
	}

	return args
}

// pinnedTool returns the pinned tool, with Crossplane's own composition engine.
func pinnedTool(ctx context.Context) (tool, error) {
	path, err := tools.Path(ctx, "crossplane")
	if err != nil {
		return tool{}, fmt.Errorf("cannot get the Crossplane command line tool: %w", err)
	}

	core, err := tools.Path(ctx, "crossplane-core")
	if err != nil {
		return tool{}, fmt.Errorf("cannot get Crossplane's composition engine: %w", err)
	}

	command := func(f files) []string {
		return []string{"composition", "render", "--crossplane-binary", core, "--xrd", f.definition}
	}

	return tool{path: path, command: command, settingsFlag: "--required-resources"}, nil
}

// olderTool returns the tool of an older version, which contains a composition engine.
func olderTool(ctx context.Context, version string) (tool, error) {
	path, err := tools.Path(ctx, "crossplane-"+version)
	if err != nil {
		return tool{}, fmt.Errorf("cannot get the command line tool of Crossplane %s: %w", version, err)
	}

	if version == Crossplane120 {
		command := func(files) []string { return []string{"render"} }

		return tool{path: path, command: command, settingsFlag: "--extra-resources"}, nil
	}

	command := func(f files) []string { return []string{"render", "--xrd", f.definition} }

	return tool{path: path, command: command, settingsFlag: "--required-resources"}, nil
}
