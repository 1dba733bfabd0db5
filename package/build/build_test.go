// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/tools"
)

// TestBuild builds what takes no time: a package with a tiny program, and one
// without any.
func TestBuild(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	all, err := All(root)
	if err != nil {
		t.Fatal(err)
	}

	function, configuration := all[0], all[2]
	function.Program = &Program{Main: "./examples/demo/app", Path: "/function", Ports: []int{9443}}

	o := Options{Root: root, Out: t.TempDir(), Version: "v1.2.3", Architectures: []string{"amd64", "arm64"}}

	cases := map[string]struct {
		reason string
		pkg    Package
		want   []string
	}{
		"Program": {
			reason: "A package with a program is built for each architecture.",
			pkg:    function,
			want:   []string{"function-platform-application-v1.2.3-amd64.xpkg", "function-platform-application-v1.2.3-arm64.xpkg"},
		},
		"NoProgram": {
			reason: "A package without a program runs everywhere.",
			pkg:    configuration,
			want:   []string{"configuration-platform-application-v1.2.3.xpkg"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			files, err := tc.pkg.Build(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}

			var got []string

			for _, f := range files {
				got = append(got, filepath.Base(f.Path))
				checkPackage(t, tc.pkg, f)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nBuild(...): -want, +got:\n%s", tc.reason, diff)
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

	got := files(t, image)
	if _, ok := got["package.yaml"]; !ok {
		t.Errorf("%s: want package.yaml among %v", f.Path, got)
	}

	if _, ok := got[".up/examples.yaml"]; ok != (len(pkg.Examples) > 0) {
		t.Errorf("%s: want examples: %t, got: %t", f.Path, len(pkg.Examples) > 0, ok)
	}
}

// TestCompile proves that a program does not depend on where it is built.
func TestCompile(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	p := Program{Main: "./examples/demo/app", Path: "/app"}

	// Another directory, as on another machine.
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

// TestAll proves that every package has the name that its metadata has.
func TestAll(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	all, err := All(root)
	if err != nil {
		t.Fatal(err)
	}

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

// TestDockerfile proves that the Dockerfile's images are ours but for what the
// builder's own distribution trusts.
func TestDockerfile(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	data, err := os.ReadFile(filepath.Join(root, "Dockerfile")) //nolint:gosec // A file of the repository.
	if err != nil {
		t.Fatal(err)
	}

	stages := map[string][]string{}
	stage := ""

	for line := range strings.Lines(strings.ReplaceAll(string(data), "\\\n", "")) {
		line = strings.TrimSpace(line)

		if after, ok := strings.CutPrefix(line, "FROM "); ok {
			from, name, _ := strings.Cut(after, " AS ")
			stage = name
			stages[stage] = append(stages[stage], "FROM "+from)
		} else if line != "" && !strings.HasPrefix(line, "#") {
			stages[stage] = append(stages[stage], line)
		}
	}

	all, err := All(root)
	if err != nil {
		t.Fatal(err)
	}

	for _, p := range all {
		if p.Program == nil {
			continue
		}

		name := strings.TrimPrefix(p.Program.Path, "/")

		var ports []string
		for _, port := range p.Program.Ports {
			ports = append(ports, strconv.Itoa(port))
		}

		want := []string{
			"FROM scratch",
			"COPY --from=source /" + rootsPath + " /" + rootsPath,
			"COPY --from=build-" + name + " /out/" + name + " " + p.Program.Path,
			"EXPOSE " + strings.Join(ports, " "),
			"USER " + user,
			"WORKDIR /",
			`ENTRYPOINT ["` + p.Program.Path + `"]`,
		}
		if diff := cmp.Diff(want, stages[name]); diff != "" {
			t.Errorf("stage %s: -want, +got:\n%s", name, diff)
		}

		build := stages["build-"+name][len(stages["build-"+name])-1]

		flags := `-trimpath -buildvcs=false -ldflags="` + linkerFlags("${VERSION}") + `" -o /out/` + name + " " + p.Program.Main
		if !strings.HasSuffix(build, "go build "+flags) {
			t.Errorf("stage build-%s: want it to run go build %s, got %s", name, flags, build)
		}
	}
}
