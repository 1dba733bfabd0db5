// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command packages builds all packages of this repository, the image of its tool and its charts, and pushes
// them to a registry if one is named:
//
//	go run ./package/cmd/packages --version v0.1.0 --push ghcr.io
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

	"github.com/p6m-dev/platform-application/package/build"
	"github.com/p6m-dev/platform-application/package/tools"
)

// command is the program's command line.
type command struct {
	Version       string   `default:"v0.1.0-dev"                                                       help:"Version of packages and charts, such as v0.1.0."`
	Architectures []string `default:"amd64,arm64"                                                      help:"Architectures to build for, as Go names them."   name:"arch"`
	Out           string   `default:"_output/packages"                                                 help:"Where to put the files."`
	Push          string   `help:"Registry to push to, such as ghcr.io. Without it nothing is pushed." placeholder:"REGISTRY"`
}

func main() {
	c := &command{}
	k := kong.Parse(c, kong.Name("packages"), kong.Description("Builds all packages of this repository, the image of its tool and its charts, without Docker."))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	root, err := tools.Root()
	k.FatalIfErrorf(err)

	all, err := build.Artifacts(root)
	k.FatalIfErrorf(err)

	k.FatalIfErrorf(c.run(ctx, root, all, os.Stdout))
}

// run builds artifacts of the repository at that root, and says what was made.
func (c *command) run(ctx context.Context, root string, all []build.Artifact, out io.Writer) (err error) {
	if err := build.CheckVersion(c.Version); err != nil {
		return err
	}

	if c.Push != "" {
		// Before minutes of building.
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
	// Also what was pushed before something failed.
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

	fmt.Fprintln(w, "\nFILE KiB is what is downloaded, compressed. UNPACKED KiB is what the image of the program takes on a node.")

	return nil
}

// publish builds an artifact, and pushes it if that is wanted. It returns the reference of what
// was pushed.
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

// kibibytes that so many bytes are, or a dash for none.
func kibibytes(bytes int64) string {
	if bytes == 0 {
		return "-"
	}

	return fmt.Sprintf("%.0f", float64(bytes)/(1<<10))
}

// relative path of what is in the repository.
func relative(root, path string) string {
	if r, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(r) {
		return r
	}

	return path
}
