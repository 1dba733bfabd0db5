// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
)

// TestChart builds and pushes the chart twice: the result must not depend on the place and the
// time.
func TestChart(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	for name, chart := range map[string]Chart{"Application": ChartOf(root), "Platform": PlatformChartOf(root)} {
		t.Run(name, func(t *testing.T) { testChart(t, chart) })
	}
}

func testChart(t *testing.T, here Chart) {
	t.Helper()

	// Files in another clone have other times.
	there := here
	there.Dir = filepath.Join(t.TempDir(), "elsewhere")

	if err := os.CopyFS(there.Dir, os.DirFS(here.Dir)); err != nil {
		t.Fatal(err)
	}

	// Another machine may have another time zone.
	t.Setenv("TZ", "Asia/Tokyo")

	address := listen(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))))

	cases := map[string]struct {
		reason  string
		version string
		want    string
	}{
		"Release":    {reason: "A Helm version has no v.", version: "v1.2.3", want: "1.2.3"},
		"PreRelease": {reason: "A pre-release suffix stays.", version: "v0.1.0-dev", want: "0.1.0-dev"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, again := publish(t, here, address, tc.version), publish(t, there, address, tc.version)
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("\n%s\nthe same chart must be the same wherever it is built: -here, +there:\n%s", tc.reason, diff)
			}

			want := published{
				File:    here.Name() + "-" + tc.want + ".tgz",
				Ref:     address + "/p6m-dev/charts/" + here.Name() + ":" + tc.want,
				Created: "1970-01-01T00:00:00Z",
				Digest:  got.Digest, Content: got.Content,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nBuild(...), Push(...): -want, +got:\n%s", tc.reason, diff)
			}

			checkChart(t, here, got.Content, tc.want, tc.version)
		})
	}
}

// A published chart has its archive, and its content in a registry.
type published struct {
	File, Ref, Digest, Created string
	Content                    []byte
}

// publish publishes a chart in a registry.
func publish(t *testing.T, c Chart, registry, version string) published {
	t.Helper()

	files, err := c.Build(t.Context(), Options{Out: filepath.Join(t.TempDir(), "out"), Version: version})
	if err != nil {
		t.Fatal(err)
	}

	ref, err := c.Push(t.Context(), registry, version, files)
	if err != nil {
		t.Fatal(err)
	}

	content, err := os.ReadFile(files[0].Path)
	if err != nil {
		t.Fatal(err)
	}

	digest, created := pushed(t, ref)

	return published{File: filepath.Base(files[0].Path), Ref: ref, Digest: digest, Created: created, Content: content}
}

// TestChartElsewhere checks the error for a missing registry.
func TestChartElsewhere(t *testing.T) {
	address := away(t)

	for registry, want := range map[string]string{
		address:       "cannot reach registry " + address + ", ",
		"no registry": `cannot use registry "no registry"`,
	} {
		if _, err := (Chart{Repository: "a/b"}).Push(t.Context(), registry, "v1.2.3", nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Push(%q): want an error that begins with %q, got %v", registry, want, err)
		}
	}
}

// pushed returns the digest and the creation time of an artifact in a registry.
func pushed(t *testing.T, reference string) (digest, created string) {
	t.Helper()

	d := get(t, reference)

	manifest, err := v1.ParseManifest(bytes.NewReader(d.Manifest))
	if err != nil {
		t.Fatal(err)
	}

	return d.Digest.String(), manifest.Annotations["org.opencontainers.image.created"]
}

// checkChart checks that the archive has every file of the chart, and its versions.
func checkChart(t *testing.T, c Chart, archive []byte, version, appVersion string) {
	t.Helper()

	got := archived(t, archive)

	var metadata struct {
		Name       string `json:"name"`
		Version    string `json:"version"`
		AppVersion string `json:"appVersion"`
	}
	if err := yaml.Unmarshal(got[c.Name()+"/Chart.yaml"], &metadata); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string{c.Name(), version, appVersion}, []string{metadata.Name, metadata.Version, metadata.AppVersion}); diff != "" {
		t.Errorf("name and versions: -want, +got:\n%s", diff)
	}

	want := map[string][]byte{c.Name() + "/Chart.yaml": got[c.Name()+"/Chart.yaml"]}

	err := fs.WalkDir(os.DirFS(c.Dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == "Chart.yaml" {
			return err
		}

		content, err := os.ReadFile(filepath.Join(c.Dir, path)) //nolint:gosec // A file of the repository.
		if err != nil {
			return fmt.Errorf("cannot read file of chart: %w", err)
		}

		want[c.Name()+"/"+path] = content

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files: -want, +got:\n%s", diff)
	}
}

// archived returns the files of a chart's archive.
func archived(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()

	r, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}

	out := map[string][]byte{}

	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return out
		}

		if err != nil {
			t.Fatal(err)
		}

		if h.ModTime.Unix() != 0 {
			t.Errorf("%s: want it to have no time, got %s", h.Name, h.ModTime)
		}

		if out[h.Name], err = io.ReadAll(files); err != nil {
			t.Fatal(err)
		}
	}
}
