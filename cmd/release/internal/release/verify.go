// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
)

// Verify verifies a release: the signature and checksums of its files in a directory, that the files list every artifact, and the
// digests, signatures and attestations of the artifacts in the registry.
func (v Verifier) Verify(ctx context.Context, registry, version, dir string, all []build.Artifact) error {
	checksums := filepath.Join(dir, checksumsFile)
	if err := v.verifyFile(ctx, version, checksums, filepath.Join(dir, checksumsProof)); err != nil {
		return err
	}

	if err := verifyChecksums(dir); err != nil {
		return err
	}

	images, err := readImages(dir)
	if err != nil {
		return err
	}

	if len(images) != len(all) {
		return fmt.Errorf("cannot trust %s: it has %d artifacts, and a release has %d", imagesFile, len(images), len(all))
	}

	var errs []error

	for _, a := range all {
		tag, err := a.Reference(registry, version)
		if err != nil {
			return err
		}

		digest, ok := images[tag.String()]
		if !ok {
			errs = append(errs, fmt.Errorf("cannot find %s in %s", tag, imagesFile))

			continue
		}

		errs = append(errs, v.verifyArtifact(ctx, version, dir, tag, digest))
	}

	return errors.Join(errs...)
}

// verifyArtifact verifies the artifact of a tag in a registry.
func (v Verifier) verifyArtifact(ctx context.Context, version, dir string, tag name.Tag, digest string) error {
	got, err := remote.Head(tag, options(ctx)...)
	if err != nil {
		return fmt.Errorf("cannot get digest of %s: %w", tag, err)
	}

	if got.Digest.String() != digest {
		return fmt.Errorf("cannot trust %s: its digest is %s, and the release has %s", tag, got.Digest, digest)
	}

	pinned := tag.Digest(digest)

	return errors.Join(
		v.verify(ctx, version, pinned),
		v.verifyAttestation(ctx, version, bill, filepath.Join(dir, billFile(tag)), pinned),
		v.verifyAttestation(ctx, version, provenance, filepath.Join(dir, provenanceFile), pinned),
	)
}

// readImages returns the digests of a release by tag.
func readImages(dir string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(dir, imagesFile)) //nolint:gosec // In the directory of a release.
	if err != nil {
		return nil, fmt.Errorf("cannot read digests: %w", err)
	}

	out := map[string]string{}

	for line := range strings.Lines(string(data)) {
		tag, digest, _ := strings.Cut(strings.TrimSpace(line), "@")
		out[tag] = digest
	}

	return out, nil
}
