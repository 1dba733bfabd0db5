// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command packages builds all packages, images and charts of this repository. With --push it pushes them to a
// registry:
//
//	go run ./cmd/packages --version v0.1.0 --push ghcr.io
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
)

// command is the program's command line.
type command struct {
	Version       string   `default:"v0.1.0-dev"                                                       help:"Version of packages and charts, such as v0.1.0."`
	Architectures []string `default:"amd64,arm64"                                                      help:"Architectures to build for, as Go names them."   name:"arch"`
	Out           string   `default:"_output/packages"                                                 help:"Directory for the files."`
	Push          string   `help:"Registry to push to, such as ghcr.io. Without it nothing is pushed." placeholder:"REGISTRY"`
}

func main() {
	c := &command{}
	k := kong.Parse(c, kong.Name("packages"), kong.Description("Builds all packages, images and charts of this repository without Docker."))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	root, err := tools.Root()
	k.FatalIfErrorf(err)

	all, err := build.Artifacts(root)
	k.FatalIfErrorf(err)

	k.FatalIfErrorf(c.run(ctx, root, all, os.Stdout))
}

// run builds the artifacts of the repository at root, and prints their files.
func (c *command) run(ctx context.Context, root string, all []build.Artifact, out io.Writer) (err error) {
	if err := build.CheckVersion(c.Version); err != nil {
		return err
	}

	if c.Push != "" {
		// Fail before a build of several minutes.
		for _, a := range all {
			if err := a.CheckPush(c.Push); err != nil {
				return err
			}
		}
	}

	if !filepath.IsAbs(c.Out) {
		c.Out = filepath.Join(root, c.Out)
	}

	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// After an error, the table shows what was pushed before.
	defer func() { err = errors.Join(err, w.Flush()) }()

	fmt.Fprintln(w, "PACKAGE\tVERSION\tARCHITECTURE\tFILE KiB\tUNPACKED KiB\tPATH")

	var pins []build.Pin

	for _, a := range all {
		ref, err := c.publish(ctx, root, a, w)
		if err != nil {
			return err
		}

		if pins, err = build.AppendPin(ctx, pins, a, ref); err != nil {
			return err
		}
	}

	if len(pins) > 0 {
		dir := filepath.Join(c.Out, "digests")
		if err := build.WritePins(dir, pins); err != nil {
			return err
		}

		fmt.Fprintf(w, "\tdigests\t\t\t\t%s\n", relative(root, dir))
	}

	fmt.Fprintln(w, "\nFILE KiB is the compressed size of the download. UNPACKED KiB is the size of the image on a node.")

	return nil
}

// publish builds an artifact, pushes it if requested, and returns the pushed reference.
func (c *command) publish(ctx context.Context, root string, a build.Artifact, w io.Writer) (string, error) {
	files, err := a.Build(ctx, build.Options{Root: root, Out: c.Out, Version: c.Version, Architectures: c.Architectures})
	if err != nil {
		return "", err
	}

	for _, f := range files {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", a.Name(), c.Version, cmp.Or(f.Architecture, "any"), kibibytes(f.Size), kibibytes(f.Unpacked), relative(root, f.Path))
	}

	if c.Push == "" {
		return "", nil
	}

	ref, err := a.Push(ctx, c.Push, c.Version, files)
	if err != nil {
		return "", err
	}

	fmt.Fprintf(w, "\tpushed\t\t\t\t%s\n", ref)

	return ref, nil
}

// kibibytes formats a size, or a dash for zero.
func kibibytes(bytes int64) string {
	if bytes == 0 {
		return "-"
	}

	return fmt.Sprintf("%.0f", float64(bytes)/(1<<10))
}

// relative returns the path relative to root, if it is below root.
func relative(root, path string) string {
	if r, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(r) {
		return r
	}

	return path
}
