// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command packages builds all packages of this repository and its chart, and pushes
// them to a registry if one is named:
//
//	go run ./package/cmd/packages --version v0.1.0 --push ghcr.io
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/package/build"
	"github.com/p6m-dev/platform-application/test/tools"
)

// semver is what dependencies between packages can be compared with.
var semver = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

// An artifact is built into files, which are pushed as one version.
type artifact interface {
	Name() string
	Build(ctx context.Context, o build.Options) ([]build.PackageFile, error)
	Push(ctx context.Context, registry, version string, files []build.PackageFile) (ref string, err error)
}

// artifacts of the repository at that root.
func artifacts(root string) ([]artifact, error) {
	packages, err := build.All(root)
	if err != nil {
		return nil, err
	}

	var all []artifact
	for _, p := range packages {
		all = append(all, p)
	}

	return append(all, build.ChartOf(root)), nil
}

// command is the program's command line.
type command struct {
	Version       string   `default:"v0.1.0-dev"                                                       help:"Version of packages and chart, such as v0.1.0."`
	Architectures []string `default:"amd64,arm64"                                                      help:"Architectures to build for, as Go names them."  name:"arch"`
	Out           string   `default:"_output/packages"                                                 help:"Where to put the files."`
	Push          string   `help:"Registry to push to, such as ghcr.io. Without it nothing is pushed." placeholder:"REGISTRY"`
}

func main() {
	c := &command{}
	k := kong.Parse(c, kong.Name("packages"), kong.Description("Builds all packages of this repository and its chart, without Docker."))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	k.FatalIfErrorf(c.run(ctx, os.Stdout))
}

func (c *command) run(ctx context.Context, out io.Writer) error {
	if !semver.MatchString(c.Version) {
		return fmt.Errorf("cannot use version %q: it must be a semantic version with a v, such as v0.1.0", c.Version)
	}

	root, err := tools.Root()
	if err != nil {
		return err
	}

	if !filepath.IsAbs(c.Out) {
		c.Out = filepath.Join(root, c.Out)
	}

	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PACKAGE\tVERSION\tARCHITECTURE\tKiB\tFILE")

	all, err := artifacts(root)
	if err != nil {
		return err
	}

	for _, a := range all {
		files, err := a.Build(ctx, build.Options{Root: root, Out: c.Out, Version: c.Version, Architectures: c.Architectures})
		if err != nil {
			return err
		}

		for _, f := range files {
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%s\n", a.Name(), c.Version, orAny(f.Architecture), float64(f.Size)/(1<<10), relative(root, f.Path))
		}

		if c.Push == "" {
			continue
		}

		ref, err := a.Push(ctx, c.Push, c.Version, files)
		if err != nil {
			return err
		}

		fmt.Fprintf(w, "\tpushed\t\t\t%s\n", ref)
	}

	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot print: %w", err)
	}

	return nil
}

func orAny(architecture string) string {
	if architecture == "" {
		return "any"
	}

	return architecture
}

// relative path, if that is shorter.
func relative(root, path string) string {
	if r, err := filepath.Rel(root, path); err == nil && len(r) < len(path) {
		return r
	}

	return path
}
