// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// An entry has the relevant fields of a file in an image.
type entry struct {
	Mode int64
	Size int64
}

func TestImage(t *testing.T) {
	image := Image{
		Architecture: "arm64", Program: "/provider", Args: []string{"--debug"}, Ports: []int{8080},
		Files: map[string]File{
			"provider":      {Data: []byte("program"), Executable: true},
			"crds/one.yaml": {Data: []byte("a: b")},
		},
	}

	got, err := image.Build()
	if err != nil {
		t.Fatal(err)
	}

	config, err := got.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}

	want := v1.Config{
		Entrypoint: []string{"/provider"}, Cmd: []string{"--debug"}, User: "65532:65532", WorkingDir: "/",
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
	}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("configuration: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("linux/arm64", config.Platform().String()); diff != "" {
		t.Errorf("platform: -want, +got:\n%s", diff)
	}

	ca, err := roots()
	if err != nil {
		t.Fatal(err)
	}

	wantFiles := map[string]entry{
		"crds":          {Mode: 0o755},
		"crds/one.yaml": {Mode: 0o644, Size: 4},
		"etc":           {Mode: 0o755},
		"etc/ssl":       {Mode: 0o755},
		"etc/ssl/certs": {Mode: 0o755},
		rootsPath:       {Mode: 0o644, Size: int64(len(ca))},
		"provider":      {Mode: 0o755, Size: 7},
	}
	if diff := cmp.Diff(wantFiles, files(t, got)); diff != "" {
		t.Errorf("files: -want, +got:\n%s", diff)
	}

	again, err := image.Build()
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(digest(t, got), digest(t, again)); diff != "" {
		t.Errorf("the same input must give the same image: -first, +second:\n%s", diff)
	}
}

func TestRoots(t *testing.T) {
	data, err := roots()
	if err != nil {
		t.Fatal(err)
	}

	count := 0

	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Errorf("certificate %d: %v", count, err)
		}

		count++
	}

	if count < 100 {
		t.Errorf("want at least 100 certificate authorities, got %d", count)
	}
}

func files(t *testing.T, image v1.Image) map[string]entry {
	t.Helper()

	out := map[string]entry{}

	r := mutate.Extract(image)
	defer r.Close() //nolint:errcheck // It was read.

	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out
		}

		if err != nil {
			t.Fatal(err)
		}

		out[h.Name] = entry{Mode: h.Mode, Size: h.Size}
	}
}

func digest(t *testing.T, image v1.Image) string {
	t.Helper()

	d, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}

	return d.String()
}
