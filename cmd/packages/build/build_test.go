// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
)

// packages returns the root of the repository, and all packages.
func packages(t *testing.T) (root string, all []Package) {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	if all, err = All(root); err != nil {
		t.Fatal(err)
	}

	return root, all
}

// TestBuild builds and pushes packages that take no time: one with a tiny program, and one without
// any.
func TestBuild(t *testing.T) {
	root, all := packages(t)

	function, configuration := all[0], all[2]
	function.Program = &Program{Main: "./examples/demo/app", Path: "/function", Ports: []int{9443}}

	o := Options{Root: root, Out: t.TempDir(), Version: "v1.2.3", Architectures: []string{"amd64", "arm64"}}

	address := listen(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))))

	type want struct {
		Files []string
		Ref   string
		// Platforms is set for an index.
		Platforms   []string
		Annotations map[string]string
	}

	cases := map[string]struct {
		reason string
		pkg    Package
		want   want
	}{
		"Program": {
			reason: "A package with a program is built for each architecture, and pushed as one index.",
			pkg:    function,
			want: want{
				Files:     []string{"function-platform-application-v1.2.3-amd64.xpkg", "function-platform-application-v1.2.3-arm64.xpkg"},
				Ref:       address + "/p6m-dev/function-platform-application:v1.2.3",
				Platforms: []string{"linux/amd64", "linux/arm64"},
				Annotations: map[string]string{
					"org.opencontainers.image.title":       "function-platform-application",
					"org.opencontainers.image.version":     "v1.2.3",
					"org.opencontainers.image.source":      "https://github.com/p6m-dev/platform-application",
					"org.opencontainers.image.licenses":    "Apache-2.0",
					"org.opencontainers.image.description": "Composes all resources of a PlatformApplication.",
				},
			},
		},
		"NoProgram": {
			reason: "A package without a program runs on all architectures, and is a single image. A description may contain commas.",
			pkg:    configuration,
			want: want{
				Files: []string{"configuration-platform-application-v1.2.3.xpkg"},
				Ref:   address + "/p6m-dev/configuration-platform-application:v1.2.3",
				Annotations: map[string]string{
					"org.opencontainers.image.title":       "configuration-platform-application",
					"org.opencontainers.image.version":     "v1.2.3",
					"org.opencontainers.image.source":      "https://github.com/p6m-dev/platform-application",
					"org.opencontainers.image.licenses":    "Apache-2.0",
					"org.opencontainers.image.description": "Gives every application its own Azure Key Vault, workload identity and environment variables.",
				},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			files, err := tc.pkg.Build(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}

			var got want

			for _, f := range files {
				got.Files = append(got.Files, filepath.Base(f.Path))
				checkPackage(t, tc.pkg, f)
			}

			if got.Ref, err = tc.pkg.Push(t.Context(), address, o.Version, files); err != nil {
				t.Fatal(err)
			}

			pushed := manifestOf(t, got.Ref)
			got.Annotations, got.Platforms = pushed.Annotations, pushed.platforms()

			for _, image := range pushed.images(t, address+"/"+tc.pkg.Repository) {
				checkLayers(t, tc.pkg, image)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nBuild(...), Push(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// checkPackage reads a package file as Crossplane does.
func checkPackage(t *testing.T, pkg Package, f PackageFile) {
	t.Helper()

	image, err := tarball.ImageFromPath(f.Path, nil)
	if err != nil {
		t.Fatalf("cannot read %s: %v", f.Path, err)
	}

	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}

	if pkg.Program != nil {
		if diff := cmp.Diff([]string{pkg.Program.Path}, config.Config.Entrypoint); diff != "" {
			t.Errorf("%s: entry point: -want, +got:\n%s", f.Path, diff)
		}

		if diff := cmp.Diff(f.Architecture, config.Architecture); diff != "" {
			t.Errorf("%s: architecture: -want, +got:\n%s", f.Path, diff)
		}
	}

	// Programs are compressed, and everything else is small.
	if unpacked := f.Unpacked > f.Size; unpacked != (pkg.Program != nil) {
		t.Errorf("%s: want it larger than its file if there is a program, got %d and %d bytes", f.Path, f.Unpacked, f.Size)
	}

	got := files(t, image)
	if _, ok := got["package.yaml"]; !ok {
		t.Errorf("%s: want package.yaml among %v", f.Path, got)
	}

	checkMetadata(t, f.Path, content(t, image, "package.yaml"))

	if _, ok := got[".up/examples.yaml"]; ok != (len(pkg.Examples) > 0) {
		t.Errorf("%s: want examples: %t, got: %t", f.Path, len(pkg.Examples) > 0, ok)
	}
}

// checkMetadata checks the metadata of a built package: the annotations that Crossplane recommends, and that a
// marketplace shows.
func checkMetadata(t *testing.T, path, objects string) {
	t.Helper()

	// The metadata is among the objects of a package.
	var meta metav1.PartialObjectMetadata

	for object := range strings.SplitSeq(objects, "\n---\n") {
		if err := yaml.Unmarshal([]byte(object), &meta); err != nil {
			t.Fatalf("%s: %v", path, err)
		}

		if strings.HasPrefix(meta.APIVersion, "meta.pkg.crossplane.io/") {
			break
		}

		meta = metav1.PartialObjectMetadata{}
	}

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	icon, err := os.ReadFile(filepath.Join(root, "package", "icon.svg")) //nolint:gosec // A file of the repository.
	if err != nil {
		t.Fatal(err)
	}

	got := maps.Clone(meta.Annotations)

	// The wording differs.
	for _, key := range []string{"meta.crossplane.io/description", "meta.crossplane.io/readme", "friendly-name.meta.crossplane.io"} {
		if got[key] == "" {
			t.Errorf("%s: annotation %s is missing", path, key)
		}

		delete(got, key)
	}

	want := map[string]string{
		"meta.crossplane.io/maintainer": "The PlatformApplication Authors",
		"meta.crossplane.io/source":     "github.com/p6m-dev/platform-application",
		"meta.crossplane.io/license":    "Apache-2.0",
		"meta.crossplane.io/iconURI":    "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(icon),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: annotations: -want, +got:\n%s", path, diff)
	}
}

// repositoryLink matches a link to a page of this repository.
var repositoryLink = regexp.MustCompile(`\(https://github\.com/p6m-dev/platform-application/blob/main/([^)#]*)`)

// TestMetadata checks the metadata of all packages, and their links.
func TestMetadata(t *testing.T) {
	root, all := packages(t)

	for _, p := range all {
		data, err := os.ReadFile(p.Metadata)
		if err != nil {
			t.Fatal(err)
		}

		checkMetadata(t, p.Metadata, string(data))

		links := repositoryLink.FindAllStringSubmatch(string(data), -1)
		if len(links) == 0 {
			t.Errorf("%s: the readme has no link to the documentation", p.Metadata)
		}

		for _, l := range links {
			if _, err := os.Stat(filepath.Join(root, l[1])); err != nil { //nolint:gosec // Links are ours.
				t.Errorf("%s: its readme links to a page that is not there: %v", p.Metadata, err)
			}
		}
	}
}

// content returns the content of a file in an image.
func content(t *testing.T, image v1.Image, name string) string {
	t.Helper()

	r := mutate.Extract(image)
	defer r.Close() //nolint:errcheck // It was read.

	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if err != nil {
			t.Fatalf("cannot find %s: %v", name, err)
		}

		if h.Name != name {
			continue
		}

		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}

		return string(data)
	}
}

// A manifest of an index or of an image, in a registry.
type manifest struct {
	Manifests   []v1.Descriptor   `json:"manifests"`
	Layers      []v1.Descriptor   `json:"layers"`
	Annotations map[string]string `json:"annotations"`
}

// platforms returns the platforms of the images of an index.
func (m manifest) platforms() []string {
	var out []string
	for _, d := range m.Manifests {
		out = append(out, d.Platform.String())
	}

	return out
}

// images returns the images of an index in that repository, or the image itself.
func (m manifest) images(t *testing.T, repository string) []manifest {
	t.Helper()

	if len(m.Manifests) == 0 {
		return []manifest{m}
	}

	var out []manifest
	for _, d := range m.Manifests {
		out = append(out, manifestOf(t, repository+"@"+d.Digest.String()))
	}

	return out
}

func manifestOf(t *testing.T, reference string) manifest {
	t.Helper()

	var out manifest
	if err := json.Unmarshal(get(t, reference).Manifest, &out); err != nil {
		t.Fatal(err)
	}

	return out
}

// get returns an object of a registry.
func get(t *testing.T, reference string) *remote.Descriptor {
	t.Helper()

	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}

	d, err := remote.Get(ref, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}

	return d
}

// checkLayers checks that Crossplane and marketplaces find their parts without pulling everything:
// layers are annotated.
func checkLayers(t *testing.T, pkg Package, image manifest) {
	t.Helper()

	want := []string{"base"}
	if len(pkg.Examples) > 0 {
		want = append(want, "upbound")
	}

	var got []string

	for _, l := range image.Layers {
		if kind, ok := l.Annotations["io.crossplane.xpkg"]; ok {
			got = append(got, kind)
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: layers with io.crossplane.xpkg: -want, +got:\n%s", pkg.Name(), diff)
	}
}

// TestCompile proves that a program does not depend on where it is built.
func TestCompile(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	p := Program{Main: "./examples/demo/app", Path: "/app"}

	// Another machine has another directory.
	copied := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(filepath.Join(copied, "examples", "demo", "app"), os.DirFS(filepath.Join(root, "examples", "demo", "app"))); err != nil {
		t.Fatal(err)
	}

	for _, name := range []string{"go.mod", "go.sum"} {
		if err := copyFile(filepath.Join(root, name), filepath.Join(copied, name)); err != nil {
			t.Fatal(err)
		}
	}

	here, err := p.compile(t.Context(), Options{Root: root, Version: "v1.2.3"}, runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}

	there, err := p.compile(t.Context(), Options{Root: copied, Version: "v1.2.3"}, runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}

	if !slices.Equal(here, there) {
		t.Error("a program must be the same wherever it is built")
	}
}

// TestAll proves that the name of every package matches its metadata.
func TestAll(t *testing.T) {
	_, all := packages(t)

	for _, p := range all {
		data, err := os.ReadFile(p.Metadata)
		if err != nil {
			t.Fatal(err)
		}

		var meta struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal(data, &meta); err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(p.Name(), meta.Metadata.Name); diff != "" {
			t.Errorf("%s: -repository, +metadata:\n%s", p.Metadata, diff)
		}
	}
}

// TestDockerfile proves that the Dockerfile's images equal ours, except for the certificates of the
// builder's own distribution.
func TestDockerfile(t *testing.T) {
	root, all := packages(t)

	data, err := os.ReadFile(filepath.Join(root, "Dockerfile")) //nolint:gosec // A file of the repository.
	if err != nil {
		t.Fatal(err)
	}

	stages := stagesOf(string(data))

	programs := []Program{ToolForPlatforms().Program}

	for _, p := range all {
		if p.Program != nil {
			programs = append(programs, *p.Program)
		}
	}

	for _, p := range programs {
		name := strings.TrimPrefix(p.Path, "/")

		want := []string{
			"FROM scratch",
			"COPY --from=source /" + rootsPath + " /" + rootsPath,
			"COPY --from=build-" + name + " /out/" + name + " " + p.Path,
		}

		if len(p.Ports) > 0 {
			var ports []string
			for _, port := range p.Ports {
				ports = append(ports, strconv.Itoa(port))
			}

			want = append(want, "EXPOSE "+strings.Join(ports, " "))
		}

		want = append(want, "USER "+user, "WORKDIR /", `ENTRYPOINT ["`+p.Path+`"]`)
		if diff := cmp.Diff(want, stages[name]); diff != "" {
			t.Errorf("stage %s: -want, +got:\n%s", name, diff)
		}

		build := stages["build-"+name][len(stages["build-"+name])-1]

		flags := `-trimpath -buildvcs=false -ldflags="` + linkerFlags("${VERSION}") + `" -o /out/` + name + " " + p.Main
		if !strings.HasSuffix(build, "go build "+flags) {
			t.Errorf("stage build-%s: want it to run go build %s, got %s", name, flags, build)
		}
	}
}

// stagesOf returns the stages of a Dockerfile, each with its instructions.
func stagesOf(dockerfile string) map[string][]string {
	stages := map[string][]string{}
	stage := ""

	for line := range strings.Lines(strings.ReplaceAll(dockerfile, "\\\n", "")) {
		line = strings.TrimSpace(line)

		if after, ok := strings.CutPrefix(line, "FROM "); ok {
			from, name, _ := strings.Cut(after, " AS ")
			stage = name
			stages[stage] = append(stages[stage], "FROM "+from)
		} else if line != "" && !strings.HasPrefix(line, "#") {
			stages[stage] = append(stages[stage], line)
		}
	}

	return stages
}
