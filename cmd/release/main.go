// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command release has the steps of the release workflow: it checks a tag, publishes the artifacts, verifies them, and prints the
// release notes:
//
//	go run ./cmd/release check --version v0.1.0
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/cmd/release/internal/release"
	"github.com/p6m-dev/platform-application/package/tools"
)

// command is the program's command line. Its flags can be set in the environment, so that the name of a tag cannot become a part of
// a script.
type command struct {
	Version string `env:"VERSION"             help:"Version to release, such as v0.1.0." required:""`
	Out     string `default:"_output/release" env:"OUT"                                  help:"Directory for the files of the release."`

	Check   check   `cmd:"" help:"Check that the tag of the version can be released."`
	Publish publish `cmd:"" help:"Build, push, sign and attest all artifacts."`
	Verify  verify  `cmd:"" help:"Verify the published artifacts and the files of the release."`
	Notes   notes   `cmd:"" help:"Print the release notes."`
}

// A place is the context of a command.
type place struct {
	root, version, out string

	artifacts []build.Artifact
	stdout    io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	c := &command{}
	k := kong.Parse(c, kong.Name("release"), kong.Description("Releases a version."), kong.BindTo(ctx, (*context.Context)(nil)))

	root, err := tools.Root()
	k.FatalIfErrorf(err)

	artifacts, err := build.Artifacts(root)
	k.FatalIfErrorf(err)

	k.FatalIfErrorf(k.Run(c.place(root, artifacts, os.Stdout)))
}

func (c *command) place(root string, artifacts []build.Artifact, stdout io.Writer) place {
	if !filepath.IsAbs(c.Out) {
		c.Out = filepath.Join(root, c.Out)
	}

	return place{root: root, version: c.Version, out: c.Out, artifacts: artifacts, stdout: stdout}
}

type check struct {
	Checker release.Checker `embed:""`
}

// Run the checks.
func (c *check) Run(ctx context.Context, p place) error {
	return c.Checker.Check(ctx, p.root, p.version)
}

type publish struct {
	Registry      string   `env:"REGISTRY"        help:"Registry to push to, such as ghcr.io."         required:""`
	Architectures []string `default:"amd64,arm64" help:"Architectures to build for, as Go names them." name:"arch"`

	Source release.Run    `embed:""`
	Signer release.Signer `embed:""`
}

// Run the publication.
func (c *publish) Run(ctx context.Context, p place) error {
	created, err := release.TimeOf(ctx, p.root)
	if err != nil {
		return err
	}

	publisher := release.Publisher{Registry: c.Registry, Architectures: c.Architectures, Created: created, Run: c.Source, Signer: c.Signer}

	return publisher.Publish(ctx, p.root, p.version, p.out, p.artifacts)
}

type verify struct {
	Registry string `env:"REGISTRY" help:"Registry of the artifacts, such as ghcr.io." required:""`

	Verifier release.Verifier `embed:""`
}

// Run the verification.
func (c *verify) Run(ctx context.Context, p place) error {
	return c.Verifier.Verify(ctx, c.Registry, p.version, p.out, p.artifacts)
}

type notes struct{}

// Run prints the notes.
func (*notes) Run(ctx context.Context, p place) error {
	text, err := release.Notes(ctx, p.root, p.version, p.out)
	if err != nil {
		return err
	}

	fmt.Fprint(p.stdout, text)

	return nil
}
