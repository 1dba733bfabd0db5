// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package release releases a version: it checks the tag, builds, pushes and signs all artifacts, attests their bills of materials and
// their provenance, verifies the result, and writes the release notes. Each step can be repeated, so a failed release can be run
// again.
package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
)

// Files of a release, in addition to those of artifacts.
const (
	checksumsFile  = "checksums.txt"
	checksumsProof = checksumsFile + ".sigstore.json"
	imagesFile     = "images.txt"
	provenanceFile = "provenance.json"
)

// A Publisher publishes a version.
type Publisher struct {
	Registry      string
	Architectures []string

	// Created is the creation time in bills of materials: the time of the commit, so that they are reproducible.
	Created time.Time

	Run    Run
	Signer Signer
}

// A publication is an artifact that is being published.
type publication struct {
	artifact build.Artifact
	files    []build.PackageFile

	// staged is the image or index to push.
	staged *remote.Descriptor

	// tag of the artifact, and its reference with the digest.
	tag    name.Tag
	digest name.Digest

	// published reports whether an earlier run has published the artifact.
	published bool
}

// Publish publishes a version of artifacts, and writes their files to a directory. A published version never changes: if the
// registry has another digest under one of its tags, nothing is pushed.
func (p Publisher) Publish(ctx context.Context, root, version, dir string, all []build.Artifact) error {
	if err := build.CheckVersion(version); err != nil {
		return err
	}

	origin, err := p.Run.predicate()
	if err != nil {
		return err
	}

	// Fail before a build of several minutes.
	for _, a := range all {
		if err := a.CheckPush(p.Registry); err != nil {
			return err
		}
	}

	if err := makeEmpty(dir); err != nil {
		return err
	}

	stage, stop, err := listen(ctx)
	if err != nil {
		return err
	}
	defer stop()

	var publications []publication

	for _, a := range all {
		one, err := p.stage(ctx, stage, a, build.Options{Root: root, Out: dir, Version: version, Architectures: p.Architectures})
		if err != nil {
			return err
		}

		publications = append(publications, one)
	}

	if err := p.push(ctx, publications); err != nil {
		return err
	}

	if err := p.prove(ctx, root, version, dir, origin, publications); err != nil {
		return err
	}

	return p.describe(ctx, dir, publications)
}

// makeEmpty creates a directory, which must be empty: files of an earlier run would become part of this release.
func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("cannot create directory for the release: %w", err)
	}

	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cannot list directory for the release: %w", err)
	}

	if len(entries) > 0 {
		return fmt.Errorf("cannot release into %s: it is not empty. Remove its files", dir)
	}

	return nil
}

// stage builds an artifact, and pushes it to a registry in this process, to know its digest before it is published.
func (p Publisher) stage(ctx context.Context, stage string, a build.Artifact, o build.Options) (publication, error) {
	files, err := a.Build(ctx, o)
	if err != nil {
		return publication{}, err
	}

	ref, err := a.Push(ctx, stage, o.Version, files)
	if err != nil {
		return publication{}, err
	}

	source, err := name.NewTag(ref)
	if err != nil {
		return publication{}, fmt.Errorf("cannot parse reference: %w", err)
	}

	staged, err := remote.Get(source, options(ctx)...)
	if err != nil {
		return publication{}, fmt.Errorf("cannot get staged artifact %s: %w", a.Name(), err)
	}

	tag, err := a.Reference(p.Registry, o.Version)
	if err != nil {
		return publication{}, err
	}

	published, err := isPublished(ctx, tag, staged)

	return publication{artifact: a, files: files, staged: staged, tag: tag, digest: tag.Digest(staged.Digest.String()), published: published}, err
}

// isPublished reports whether the registry has the artifact. It returns an error if the version has another digest.
func isPublished(ctx context.Context, tag name.Tag, staged *remote.Descriptor) (bool, error) {
	got, err := remote.Head(tag, options(ctx)...)

	refused := &transport.Error{}
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return false, nil
	}

	if err != nil {
		return false, fmt.Errorf("cannot determine whether %s is published: %w", tag, err)
	}

	if got.Digest != staged.Digest {
		return false, fmt.Errorf("cannot publish %s: it is published with digest %s, and this build has %s. Release a new version", tag, got.Digest, staged.Digest)
	}

	return true, nil
}

// push pushes the artifacts that are not published yet.
func (p Publisher) push(ctx context.Context, publications []publication) error {
	pusher, err := remote.NewPusher(options(ctx)...)
	if err != nil {
		return fmt.Errorf("cannot prepare to push: %w", err)
	}

	for _, one := range publications {
		if one.published {
			continue
		}

		if err := pusher.Push(ctx, one.tag, one.staged); err != nil {
			return fmt.Errorf("cannot push %s: %w", one.tag, err)
		}
	}

	return nil
}

// prove signs the artifacts, and attests their bills of materials and their provenance.
func (p Publisher) prove(ctx context.Context, root, version, dir string, predicate []byte, publications []publication) error {
	origin := filepath.Join(dir, provenanceFile)
	if err := os.WriteFile(origin, predicate, 0o600); err != nil {
		return fmt.Errorf("cannot write provenance: %w", err)
	}

	for _, one := range publications {
		modules, err := modulesOf(ctx, root, one.files)
		if err != nil {
			return err
		}

		materials, err := billOfMaterials(one.digest, version, p.Created, modules)
		if err != nil {
			return err
		}

		path := filepath.Join(dir, billFile(one.tag))
		if err := os.WriteFile(path, materials, 0o600); err != nil {
			return fmt.Errorf("cannot write bill of materials: %w", err)
		}

		// The signature is last, so that a signed artifact is complete.
		if err := p.Signer.attest(ctx, bill, path, one.digest); err != nil {
			return err
		}

		if err := p.Signer.attest(ctx, provenance, origin, one.digest); err != nil {
			return err
		}

		if err := p.Signer.sign(ctx, one.digest); err != nil {
			return err
		}
	}

	return nil
}

// describe writes the digests of artifacts and the signed checksums of all files.
func (p Publisher) describe(ctx context.Context, dir string, publications []publication) (err error) {
	var (
		images strings.Builder
		pins   []build.Pin
	)

	for _, one := range publications {
		fmt.Fprintf(&images, "%s@%s\n", one.tag, one.digest.DigestStr())

		if pins, err = build.AppendPin(ctx, pins, one.artifact, one.tag.String()); err != nil {
			return err
		}
	}

	if err := os.WriteFile(filepath.Join(dir, imagesFile), []byte(images.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write digests: %w", err)
	}

	digests := filepath.Join(dir, "digests")
	if err := build.WritePins(digests, pins); err != nil {
		return err
	}

	// A release on GitHub has no directories.
	for _, file := range []string{"kustomization.yaml", "values.yaml"} {
		if err := os.Rename(filepath.Join(digests, file), filepath.Join(dir, "digests-"+file)); err != nil {
			return fmt.Errorf("cannot write digests: %w", err)
		}
	}

	if err := os.Remove(digests); err != nil {
		return fmt.Errorf("cannot remove directory for digests: %w", err)
	}

	if err := writeChecksums(dir); err != nil {
		return err
	}

	return p.Signer.signFile(ctx, filepath.Join(dir, checksumsFile), filepath.Join(dir, checksumsProof))
}

// billFile returns the file name of a bill of materials. It contains the repository, because a chart and an image have the same
// name.
func billFile(tag name.Tag) string {
	_, repository, _ := strings.Cut(tag.RepositoryStr(), "/")

	return strings.ReplaceAll(repository, "/", "-") + "-" + tag.TagStr() + ".spdx.json"
}

// options returns the options of requests to a registry, with the current credentials.
func options(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(http.DefaultTransport)}
}

// listen starts a registry in memory, and returns its address.
func listen(ctx context.Context) (address string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("cannot start staging registry: %w", err)
	}

	server := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0))), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()

	return l.Addr().String(), func() { _ = server.Close() }, nil
}
