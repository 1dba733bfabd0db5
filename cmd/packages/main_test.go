// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
)

// packages runs the program with these arguments. Its packages have a tiny program, which takes no
// time to build.
func packages(t *testing.T, args ...string) (string, error) {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	all, err := build.Artifacts(root)
	if err != nil {
		t.Fatal(err)
	}

	for i, a := range all {
		if p, ok := a.(build.Package); ok && p.Program != nil {
			p.Program = &build.Program{Main: "./examples/demo/app", Path: p.Program.Path}
			all[i] = p
		}

		if p, ok := a.(build.Tool); ok {
			p.Program = build.Program{Main: "./examples/demo/app", Path: p.Program.Path}
			all[i] = p
		}
	}

	c := &command{}

	parser, err := kong.New(c)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer

	err = c.run(t.Context(), root, all, &out)

	return out.String(), err
}

// Sizes depend on the compiler.
var sizes = regexp.MustCompile(` [0-9]+ +([0-9]+|-) `)

// TestPush checks that everything that is built is in the registry, for every architecture.
func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()

	address, dir := server.Listener.Addr().String(), t.TempDir()

	out, err := packages(t, "--version=v1.2.3", "--arch=amd64,arm64", "--out="+dir, "--push="+address)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	// Columns are as wide as their content, so words are compared.
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, strings.Join(strings.Fields(sizes.ReplaceAllString(line, " SIZES ")), " "))
	}

	want := strings.Split(strings.NewReplacer("DIR", dir, "REGISTRY", address).Replace(`PACKAGE VERSION ARCHITECTURE FILE KiB UNPACKED KiB PATH
function-platform-application v1.2.3 amd64 SIZES DIR/function-platform-application-v1.2.3-amd64.xpkg
function-platform-application v1.2.3 arm64 SIZES DIR/function-platform-application-v1.2.3-arm64.xpkg
pushed REGISTRY/p6m-dev/function-platform-application:v1.2.3
provider-keyvault-secretsync v1.2.3 amd64 SIZES DIR/provider-keyvault-secretsync-v1.2.3-amd64.xpkg
provider-keyvault-secretsync v1.2.3 arm64 SIZES DIR/provider-keyvault-secretsync-v1.2.3-arm64.xpkg
pushed REGISTRY/p6m-dev/provider-keyvault-secretsync:v1.2.3
configuration-platform-application v1.2.3 any SIZES DIR/configuration-platform-application-v1.2.3.xpkg
pushed REGISTRY/p6m-dev/configuration-platform-application:v1.2.3
configuration-platform-application-claim v1.2.3 any SIZES DIR/configuration-platform-application-claim-v1.2.3.xpkg
pushed REGISTRY/p6m-dev/configuration-platform-application-claim:v1.2.3
platform-application v1.2.3 amd64 SIZES DIR/platform-application-v1.2.3-amd64.tar
platform-application v1.2.3 arm64 SIZES DIR/platform-application-v1.2.3-arm64.tar
pushed REGISTRY/p6m-dev/platform-application:v1.2.3
platform-application v1.2.3 any SIZES DIR/platform-application-1.2.3.tgz
pushed REGISTRY/p6m-dev/charts/platform-application:1.2.3
platform-application-platform v1.2.3 any SIZES DIR/platform-application-platform-1.2.3.tgz
pushed REGISTRY/p6m-dev/charts/platform-application-platform:1.2.3
digests DIR/digests

FILE KiB is the compressed size of the download. UNPACKED KiB is the size of the image on a node.`), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("output: -want, +got:\n%s", diff)
	}

	platforms := map[string][]string{}
	for _, repository := range []string{"function-platform-application", "platform-application", "provider-keyvault-secretsync"} {
		platforms[repository] = platformsOf(t, address+"/p6m-dev/"+repository+":v1.2.3")
	}

	both := []string{"linux/amd64", "linux/arm64"}
	if diff := cmp.Diff(map[string][]string{"function-platform-application": both, "platform-application": both, "provider-keyvault-secretsync": both}, platforms); diff != "" {
		t.Errorf("platforms: -want, +got:\n%s", diff)
	}

	checkPull(t, address, filepath.Join(dir, "platform-application-1.2.3.tgz"))
	checkPull(t, address, filepath.Join(dir, "platform-application-platform-1.2.3.tgz"))
	checkDigests(t, address, filepath.Join(dir, "digests"))
	checkPlatform(t, address, dir)
}

// checkDigests proves that the base installs the pushed digests, whatever a tag points to.
func checkDigests(t *testing.T, registry, component string) {
	t.Helper()

	kustomize, err := tools.Path(t.Context(), "kustomize")
	if err != nil {
		t.Fatal(err)
	}

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	// Kustomize accepts no absolute paths, and the temporary directory may be a link.
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}

	base, err := filepath.Rel(dir, filepath.Join(root, "package", "platform"))
	if err != nil {
		t.Fatal(err)
	}

	digests, err := os.ReadFile(filepath.Join(component, "kustomization.yaml")) //nolint:gosec // It was just written.
	if err != nil {
		t.Fatal(err)
	}

	for path, content := range map[string]string{
		"kustomization.yaml":         "resources: [" + base + ", " + base + "/doctor]\ncomponents: [" + base + "/acceptance, digests]\n",
		"digests/kustomization.yaml": string(digests),
	} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}

	out, err := exec.CommandContext(t.Context(), kustomize, "build", dir).CombinedOutput() //nolint:gosec // A pinned tool.
	if err != nil {
		t.Fatalf("kustomize build: %v\n%s", err, out)
	}

	for p, field := range map[string]string{
		"function-platform-application": "package", "provider-keyvault-secretsync": "package", "configuration-platform-application": "package",
		"platform-application": "image",
	} {
		if want := field + ": " + digestOf(t, registry+"/p6m-dev/"+p+":v1.2.3"); !strings.Contains(string(out), want) {
			t.Errorf("base with digests: want %q in:\n%s", want, out)
		}
	}

	if want := "- --image=" + digestOf(t, registry+"/p6m-dev/platform-application:v1.2.3") + "\n"; !strings.Contains(string(out), want) {
		t.Errorf("acceptance with digests: want %q in:\n%s", want, out)
	}

	if strings.Count(string(out), "skipDependencyResolution: true") != 1 {
		t.Errorf("base with digests: want only the Configuration without resolution of dependencies:\n%s", out)
	}
}

// checkPlatform checks that the platform's chart installs its own version or, with the values for that, the pushed
// digests, in both variants.
func checkPlatform(t *testing.T, registry, dir string) {
	t.Helper()

	helm, err := tools.Path(t.Context(), "helm")
	if err != nil {
		t.Fatal(err)
	}

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	template := []string{
		"template", "platform", filepath.Join(dir, "platform-application-platform-1.2.3.tgz"),
		"--namespace", "crossplane-system", "--values", filepath.Join(root, "examples", "platform", "values.yaml"),
	}
	digests := []string{"--values", filepath.Join(dir, "digests", "values.yaml")}

	for name, tc := range map[string]struct {
		args          []string
		configuration string
		digests       bool
	}{
		"Version": {configuration: "configuration-platform-application"},
		"Digests": {args: digests, configuration: "configuration-platform-application", digests: true},
		"Claim":   {args: append(digests, "--set", "claim.enabled=true", "--set", "acceptance.enabled=true", "--set", "acceptance.clientId=a"), configuration: "configuration-platform-application-claim", digests: true},
	} {
		out, err := exec.CommandContext(t.Context(), helm, append(template, tc.args...)...).CombinedOutput() //nolint:gosec // A pinned tool.
		if err != nil {
			t.Fatalf("%s: helm template: %v\n%s", name, err, out)
		}

		for _, p := range []string{"function-platform-application", "provider-keyvault-secretsync", tc.configuration} {
			want := "package: ghcr.io/p6m-dev/" + p + ":v1.2.3\n"
			if tc.digests {
				want = "package: " + digestOf(t, registry+"/p6m-dev/"+p+":v1.2.3") + "\n"
			}

			if !strings.Contains(string(out), want) {
				t.Errorf("%s: want %q in:\n%s", name, want, out)
			}
		}

		if want := "- --image=" + digestOf(t, registry+"/p6m-dev/platform-application:v1.2.3") + "\n"; name == "Claim" && !strings.Contains(string(out), want) {
			t.Errorf("%s: want %q in:\n%s", name, want, out)
		}
	}
}

// digestOf returns the reference of a pushed artifact by its digest.
func digestOf(t *testing.T, reference string) string {
	t.Helper()

	tag, err := name.NewTag(reference)
	if err != nil {
		t.Fatal(err)
	}

	pushed, err := remote.Head(tag, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}

	return tag.Digest(pushed.Digest.String()).String()
}

// platformsOf returns the platforms of an index.
func platformsOf(t *testing.T, reference string) []string {
	t.Helper()

	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}

	index, err := remote.Index(ref, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}

	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}

	var out []string
	for _, m := range manifest.Manifests {
		out = append(out, m.Platform.String())
	}

	return out
}

// checkPull proves that a pulled chart is the built one.
func checkPull(t *testing.T, registry, built string) {
	t.Helper()

	helm, err := tools.Path(t.Context(), "helm")
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	chart := strings.TrimSuffix(filepath.Base(built), "-1.2.3.tgz")

	//nolint:gosec // The arguments are ours.
	cmd := exec.CommandContext(t.Context(), helm, "pull", "oci://"+registry+"/p6m-dev/charts/"+chart, "--version=1.2.3", "--plain-http", "--destination="+dir)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("helm pull: %v\n%s", err, said)
	}

	want, err := os.ReadFile(built) //nolint:gosec // It was just built.
	if err != nil {
		t.Fatal(err)
	}

	got, err := os.ReadFile(filepath.Join(dir, filepath.Base(built))) //nolint:gosec // In a directory of our own.
	if err != nil {
		t.Fatal(err)
	}

	if !bytes.Equal(want, got) {
		t.Error("the chart that was pulled is not the one that was built")
	}
}

// TestRefuses checks that invalid arguments are rejected before anything is built.
func TestRefuses(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()

	address := away.Listener.Addr().String()

	cases := map[string]struct {
		reason string
		args   []string
		want   []string
	}{
		"NoVersion": {reason: "A word is not a version.", args: []string{"--version=x"}, want: []string{`version "x"`, "such as v0.1.0"}},
		"Short":     {reason: "Helm and Crossplane require three numbers.", args: []string{"--version=v1.2"}, want: []string{`version "v1.2"`, "such as v0.1.0"}},
		"NoV":       {reason: "Tags of packages begin with v.", args: []string{"--version=1.2.3"}, want: []string{`version "1.2.3"`, "with a v"}},
		"Metadata":  {reason: "A tag cannot have a plus.", args: []string{"--version=v1.2.3+one"}, want: []string{`version "v1.2.3+one"`, "without build metadata"}},
		"Empty":     {reason: "A variable of the command was not set.", args: []string{"--version="}, want: []string{`version ""`, "such as v0.1.0"}},
		"Away":      {reason: "The registry does not respond.", args: []string{"--push=" + address}, want: []string{"cannot reach registry " + address}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")

			_, err := packages(t, append(tc.args, "--out="+dir)...)
			if err == nil {
				t.Fatalf("\n%s\nrun(...): want an error", tc.reason)
			}

			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("\n%s\nrun(...): want %q in it, got %v", tc.reason, want, err)
				}
			}

			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("\n%s\nwant nothing built, got %v", tc.reason, err)
			}
		})
	}
}
