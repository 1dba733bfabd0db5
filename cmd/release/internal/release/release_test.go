// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	spdxjson "github.com/spdx/tools-golang/json"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
)

const version = "v1.2.3"

// run is the workflow run of the release.
func run() Run {
	return Run{
		Server: "https://github.com", Repository: "p6m-dev/platform-application", Ref: "refs/tags/v1.2.3", Commit: "0123456789abcdef",
		Workflow: "p6m-dev/platform-application/.github/workflows/release.yaml@refs/tags/v1.2.3", ID: "42", Attempt: "1",
	}
}

// A released version has all artifacts, whose programs take no time to build.
type released struct {
	root, registry, dir string

	artifacts []build.Artifact
	publisher Publisher
	verifier  Verifier
}

// verify verifies it with the public key, in the release's directory or a given one.
func (r released) verify(t *testing.T, dir string) error {
	t.Helper()

	return r.verifier.Verify(t.Context(), r.registry, version, dir, r.artifacts)
}

// release releases artifacts into a registry on loopback, signed with a key.
func release(t *testing.T, root string, artifacts ...build.Artifact) released {
	t.Helper()

	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)

	key := newKey(t)
	r := released{
		root: root, registry: server.Listener.Addr().String(), dir: filepath.Join(t.TempDir(), "out"), artifacts: artifacts,
		verifier: Verifier{PublicKey: key + ".pub"},
	}
	r.publisher = Publisher{
		Registry: r.registry, Architectures: []string{"amd64", "arm64"}, Created: time.Unix(1, 0),
		Run: run(), Signer: Signer{Key: key + ".key"},
	}

	if err := r.publish(t); err != nil {
		t.Fatal(err)
	}

	return r
}

func (r released) publish(t *testing.T) error {
	t.Helper()

	return r.publisher.Publish(t.Context(), r.root, version, r.dir, r.artifacts)
}

func repository(t *testing.T) string {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	return root
}

// small replaces the program of each artifact by a tiny one.
func small(t *testing.T, root string) []build.Artifact {
	t.Helper()

	all, err := build.Artifacts(root)
	if err != nil {
		t.Fatal(err)
	}

	for i, a := range all {
		switch a := a.(type) {
		case build.Package:
			if a.Program != nil {
				a.Program = &build.Program{Main: "./examples/demo/app", Path: a.Program.Path}
				all[i] = a
			}
		case build.Tool:
			a.Program = build.Program{Main: "./examples/demo/app", Path: a.Program.Path}
			all[i] = a
		}
	}

	return all
}

// newKey returns a key for signing, in a file that ends in .key. Its public part is in a file that
// ends in .pub.
func newKey(t *testing.T) string {
	t.Helper()
	t.Setenv("COSIGN_PASSWORD", "a password")

	prefix := filepath.Join(t.TempDir(), "cosign")
	if _, err := cosign(t.Context(), "generate-key-pair", []string{"--output-key-prefix=" + prefix}); err != nil {
		t.Fatal(err)
	}

	return prefix
}

// digests returns the digests of all tags of a release.
func (r released) digests(t *testing.T) map[string]string {
	t.Helper()

	out, err := readImages(r.dir)
	if err != nil {
		t.Fatal(err)
	}

	return out
}

// tag returns the reference of an artifact by tag and by digest.
func (r released) tag(t *testing.T, artifact int) (name.Tag, name.Digest) {
	t.Helper()

	tag, err := r.artifacts[artifact].Reference(r.registry, version)
	if err != nil {
		t.Fatal(err)
	}

	return tag, tag.Digest(r.digests(t)[tag.String()])
}

// TestRelease publishes a version twice, because a failed release is run again.
func TestRelease(t *testing.T) {
	root := repository(t)
	r := release(t, root, small(t, root)...)

	if err := r.verify(t, r.dir); err != nil {
		t.Fatalf("a release that is complete: %v", err)
	}

	entries, err := os.ReadDir(r.dir)
	if err != nil {
		t.Fatal(err)
	}

	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}

	want := []string{
		"charts-platform-application-1.2.3.spdx.json",
		"charts-platform-application-platform-1.2.3.spdx.json",
		"checksums.txt",
		"checksums.txt.sigstore.json",
		"configuration-platform-application-claim-v1.2.3.spdx.json",
		"configuration-platform-application-claim-v1.2.3.xpkg",
		"configuration-platform-application-v1.2.3.spdx.json",
		"configuration-platform-application-v1.2.3.xpkg",
		"digests-kustomization.yaml",
		"digests-values.yaml",
		"function-platform-application-v1.2.3-amd64.xpkg",
		"function-platform-application-v1.2.3-arm64.xpkg",
		"function-platform-application-v1.2.3.spdx.json",
		"images.txt",
		"platform-application-1.2.3.tgz",
		"platform-application-platform-1.2.3.tgz",
		"platform-application-v1.2.3-amd64.tar",
		"platform-application-v1.2.3-arm64.tar",
		"platform-application-v1.2.3.spdx.json",
		"provenance.json",
		"provider-keyvault-secretsync-v1.2.3-amd64.xpkg",
		"provider-keyvault-secretsync-v1.2.3-arm64.xpkg",
		"provider-keyvault-secretsync-v1.2.3.spdx.json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files of a release: -want, +got:\n%s", diff)
	}

	digests, dirs := r.digests(t), t.TempDir()

	t.Run("Again", func(t *testing.T) {
		if err := r.publish(t); err == nil || !strings.Contains(err.Error(), "it is not empty") {
			t.Errorf("files of an earlier run must not become part of a release: got %v", err)
		}

		// The second attempt finds neither the first package nor the signatures of the second.
		tag, _ := r.tag(t, 0)
		_, digest := r.tag(t, 1)
		remove(t, tag)
		remove(t, proof(digest, "sig"))

		r.dir = filepath.Join(dirs, "again")

		if err := r.publish(t); err != nil {
			t.Fatalf("a release that failed half-way: %v", err)
		}

		if diff := cmp.Diff(digests, r.digests(t)); diff != "" {
			t.Errorf("the same commit must give the same artifacts: -first, +second:\n%s", diff)
		}

		if err := r.verify(t, r.dir); err != nil {
			t.Errorf("a release that was run again: %v", err)
		}
	})

	t.Run("Changed", func(t *testing.T) {
		tag, _ := r.tag(t, 4)
		missing, _ := r.tag(t, 0)
		remove(t, missing)
		push(t, tag, anImage(t))

		r.dir = filepath.Join(dirs, "changed")

		err := r.publish(t)
		if err == nil || !strings.Contains(err.Error(), "cannot publish "+tag.String()) {
			t.Errorf("a version that is public never changes: want an error about %s, got %v", tag, err)
		}

		if _, err := remote.Head(missing, options(t.Context())...); err == nil {
			t.Errorf("nothing may be pushed of such a release, but %s was", missing)
		}
	})
}

// TestVerify verifies releases with a missing or foreign part.
func TestVerify(t *testing.T) {
	root := repository(t)
	all := small(t, root)
	// A package with a program and one without are sufficient, and are verified many times.
	r := release(t, root, all[0], all[2])

	for name, tc := range spoilt(r) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(r.dir)); err != nil {
				t.Fatal(err)
			}

			defer restore(t, r)()
			tc.spoil(t, dir)

			err := r.verify(t, dir)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nVerify(...): want an error with %q, got %v", tc.reason, tc.want, err)
			}
		})
	}

	t.Run("OtherKey", func(t *testing.T) {
		stranger := r
		stranger.verifier.PublicKey = newKey(t) + ".pub"

		if err := stranger.verify(t, r.dir); err == nil {
			t.Error("what a stranger has signed must not be trusted")
		}
	})
}

// A spoiling damages a release, and has the expected error.
type spoiling struct {
	reason string
	spoil  func(t *testing.T, dir string)
	want   string
}

// spoilt returns the ways in which a release can be wrong.
func spoilt(r released) map[string]spoiling {
	// swap replaces the signatures or attestations of an artifact by another artifact's.
	swap := func(kind string) func(*testing.T, string) {
		return func(t *testing.T, _ string) {
			t.Helper()

			_, from := r.tag(t, 1)
			_, to := r.tag(t, 0)

			image, err := remote.Image(proof(from, kind), options(t.Context())...)
			if err != nil {
				t.Fatal(err)
			}

			push(t, proof(to, kind), image)
		}
	}
	without := func(kind string) func(*testing.T, string) {
		return func(t *testing.T, _ string) {
			t.Helper()

			_, digest := r.tag(t, 0)
			remove(t, proof(digest, kind))
		}
	}
	// only creates a single kind of attestation.
	only := func(kind, predicate string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()

			_, digest := r.tag(t, 0)
			remove(t, proof(digest, "att"))

			if err := r.publisher.Signer.attest(t.Context(), kind, filepath.Join(dir, predicate), digest); err != nil {
				t.Fatal(err)
			}
		}
	}
	other := "configuration-platform-application-v1.2.3.spdx.json"

	return map[string]spoiling{
		"Complete":         {reason: "A complete release has no fault.", spoil: func(*testing.T, string) {}},
		"NoSignature":      {reason: "A signature is missing.", spoil: without("sig"), want: "no signatures found"},
		"OtherSignature":   {reason: "A signature belongs to another digest.", spoil: swap("sig"), want: "invalid or missing digest in claim"},
		"NoAttestation":    {reason: "Both attestations are missing.", spoil: without("att"), want: "no matching attestations"},
		"OtherAttestation": {reason: "They belong to another digest.", spoil: swap("att"), want: "no matching subject digest found"},
		"NoProvenance":     {reason: "The provenance is missing.", spoil: only(bill, "function-platform-application-v1.2.3.spdx.json"), want: "slsaprovenance1"},
		"NoBill":           {reason: "The bill of materials is missing.", spoil: only(provenance, "provenance.json"), want: "spdxjson"},
		"OtherBill": {reason: "The bill of materials is signed for this digest, but describes another one.", spoil: func(t *testing.T, dir string) {
			t.Helper()

			_, digest := r.tag(t, 0)
			if err := r.publisher.Signer.attest(t.Context(), bill, filepath.Join(dir, other), digest); err != nil {
				t.Fatal(err)
			}
		}, want: "its attestation spdxjson differs from"},
		"OtherDigest": {reason: "A tag was moved to another digest.", spoil: func(t *testing.T, _ string) {
			t.Helper()

			tag, _ := r.tag(t, 0)
			push(t, tag, anImage(t))
		}, want: "its digest is sha256:"},
		"NoArtifact": {reason: "A package was never pushed.", spoil: func(t *testing.T, _ string) {
			t.Helper()

			tag, _ := r.tag(t, 0)
			remove(t, tag)
		}, want: "cannot get digest of"},
		"OtherFile": {reason: "A file was changed.", spoil: func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, other), "{}")
		}, want: "cannot trust " + other},
		"NoFile": {reason: "A file is missing.", spoil: func(t *testing.T, dir string) {
			t.Helper()

			if err := os.Remove(filepath.Join(dir, other)); err != nil {
				t.Fatal(err)
			}
		}, want: "or the file is missing"},
		"ExtraFile": {reason: "A file was added.", spoil: func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, "virus"), "x")
		}, want: "cannot trust virus"},
		"OtherChecksums": {reason: "The checksums were replaced, without a valid signature.", spoil: func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, other), "{}")

			if err := writeChecksums(dir); err != nil {
				t.Fatal(err)
			}
		}, want: "cannot verify-blob"},
		"NoProof": {reason: "The checksums are not signed.", spoil: func(t *testing.T, dir string) {
			t.Helper()

			if err := os.Remove(filepath.Join(dir, checksumsProof)); err != nil {
				t.Fatal(err)
			}
		}, want: "cannot verify-blob"},
		"OtherRelease": {reason: "The signed files lack an artifact.", spoil: func(t *testing.T, dir string) {
			t.Helper()
			write(t, filepath.Join(dir, imagesFile), "")

			if err := errors.Join(writeChecksums(dir), r.publisher.Signer.signFile(t.Context(), filepath.Join(dir, checksumsFile), filepath.Join(dir, checksumsProof))); err != nil {
				t.Fatal(err)
			}
		}, want: "it has 0 artifacts"},
	}
}

// restore returns a function that restores the first artifact.
func restore(t *testing.T, r released) func() {
	t.Helper()

	tag, digest := r.tag(t, 0)
	tags := []name.Tag{tag, proof(digest, "sig"), proof(digest, "att")}

	var kept []remote.Taggable

	for _, tag := range tags {
		d, err := remote.Get(tag, options(t.Context())...)
		if err != nil {
			t.Fatal(err)
		}

		kept = append(kept, d)
	}

	return func() {
		for i, tag := range tags {
			if err := remote.Put(tag, kept[i], options(t.Context())...); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// proof is the tag under which cosign stores the signatures or the attestations of a digest.
func proof(digest name.Digest, kind string) name.Tag {
	return digest.Tag(strings.ReplaceAll(digest.DigestStr(), ":", "-") + "." + kind)
}

func remove(t *testing.T, tag name.Tag) {
	t.Helper()

	if err := remote.Delete(tag, options(t.Context())...); err != nil {
		t.Fatal(err)
	}
}

func push(t *testing.T, tag name.Tag, image v1.Image) {
	t.Helper()

	if err := remote.Write(tag, image, options(t.Context())...); err != nil {
		t.Fatal(err)
	}
}

func anImage(t *testing.T) v1.Image {
	t.Helper()

	image, err := random.Image(16, 1)
	if err != nil {
		t.Fatal(err)
	}

	return image
}

func write(t *testing.T, path, content string) {
	t.Helper()

	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBillOfMaterials checks that a library can parse the document, and that it lists the compiled
// modules.
func TestBillOfMaterials(t *testing.T) {
	root := repository(t)
	tool := build.Tool{Repository: "p6m-dev/example", Program: build.Program{Main: "./cmd/release", Path: "/release"}}

	files, err := tool.Build(t.Context(), build.Options{Root: root, Out: t.TempDir(), Version: version, Architectures: []string{"amd64"}})
	if err != nil {
		t.Fatal(err)
	}

	modules, err := modulesOf(t.Context(), root, files)
	if err != nil {
		t.Fatal(err)
	}

	digest, err := name.NewDigest("ghcr.io/p6m-dev/example@sha256:" + strings.Repeat("0", 64))
	if err != nil {
		t.Fatal(err)
	}

	data, err := billOfMaterials(digest, version, time.Unix(0, 0), modules)
	if err != nil {
		t.Fatal(err)
	}

	doc, err := spdxjson.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}

	var got []string

	for _, p := range doc.Packages {
		for _, r := range p.PackageExternalReferences {
			got = append(got, strings.TrimSuffix(r.Locator, "@"+p.PackageVersion))
		}
	}

	for _, want := range []string{
		"pkg:oci/example@sha256%3A" + strings.Repeat("0", 64) + "?repository_url=ghcr.io/p6m-dev/example",
		"pkg:golang/stdlib", "pkg:golang/github.com/alecthomas/kong", "pkg:golang/" + rootsModule,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("bill of materials: want %q in %v", want, got)
		}
	}

	if want := len(doc.Packages); len(doc.Relationships) != want {
		t.Errorf("bill of materials: want a relation of each of %d packages, got %d", want, len(doc.Relationships))
	}
}

func TestModule(t *testing.T) {
	cases := map[string]struct {
		reason string
		module module
		want   string
	}{
		"Case":         {reason: "Names of modules are compared in lower case.", module: module{Path: "github.com/Azure/sdk", Version: "v1.2.3"}, want: "pkg:golang/github.com/azure/sdk@v1.2.3"},
		"Incompatible": {reason: "A plus must not become a space.", module: module{Path: "a", Version: "v2.0.0+incompatible"}, want: "pkg:golang/a@v2.0.0%2Bincompatible"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.module.purl()); diff != "" {
				t.Errorf("\n%s\npurl(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
