// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package build builds the Crossplane packages of this repository without Docker: it
// compiles the programs, puts each into its own image, and runs the Crossplane command
// line tool, which puts image, metadata and examples into a package. It also builds the
// image of the program for platform teams and the Helm charts.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
)

// annotationPrefix is the prefix of the annotations that describe an image.
const annotationPrefix = "org.opencontainers.image."

// noarch is the architecture of a package without a program.
const noarch = ""

// A Package is a Crossplane package.
type Package struct {
	// Repository of the package in a registry, such as
	// p6m-dev/function-platform-application.
	Repository string

	// Metadata is the path of its crossplane.yaml.
	Metadata string

	// Objects are the paths of its other objects: CRDs, XRDs, Compositions.
	Objects []string

	// Examples are the paths of example manifests.
	Examples []string

	// Program of the package. Nil for a package without a program.
	Program *Program
}

// Name returns the name of the package.
func (p Package) Name() string { return filepath.Base(p.Repository) }

// All returns all packages of the repository at root.
func All(root string) ([]Package, error) {
	in := func(path ...string) string { return filepath.Join(append([]string{root}, path...)...) }

	// Observed objects of examples are only for rendering.
	examples, err := filepath.Glob(in("examples", "*", "application.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot list examples: %w", err)
	}

	examples = append(examples, in("examples", "environmentconfig.yaml"))

	return []Package{
		{
			Repository: "p6m-dev/function-platform-application",
			Metadata:   in("package", "function", "crossplane.yaml"),
			Objects:    []string{in("package", "function", "input")},
			Program:    &Program{Main: "./fn", Path: "/function", Ports: []int{8080, 9443}},
			// The examples show how the function is called, and its settings.
			Examples: []string{in("apis", "platformapplication", "composition.yaml"), in("examples", "environmentconfig.yaml")},
		},
		{
			Repository: "p6m-dev/provider-keyvault-secretsync",
			Metadata:   in("package", "provider", "crossplane.yaml"),
			Objects:    []string{in("package", "provider", "crds")},
			Program:    &Program{Main: "./provider", Path: "/provider", Ports: []int{8080, 8081}},
			Examples:   []string{in("examples", "provider", "sync.yaml")},
		},
		{
			Repository: "p6m-dev/configuration-platform-application",
			Metadata:   in("crossplane.yaml"),
			Objects:    []string{in("apis", "platformapplication", "definition.yaml"), in("apis", "platformapplication", "composition.yaml")},
			Examples:   examples,
		},
		{
			Repository: "p6m-dev/configuration-platform-application-claim",
			Metadata:   in("package", "claim", "crossplane.yaml"),
			Objects:    []string{in("apis", "claim", "definition.yaml"), in("apis", "claim", "composition.yaml")},
			Examples:   examples,
		},
	}, nil
}

// Options configure a build.
type Options struct {
	// Root of the repository.
	Root string

	// Out is the directory for package files. It is created.
	Out string

	// Programs is a directory that keeps compiled programs, so that unchanged programs
	// are built quickly. By default they are not kept.
	Programs string

	// Version of the programs and packages.
	Version string

	// Architectures to build for, as Go names them.
	Architectures []string
}

// A PackageFile is a package for one architecture.
type PackageFile struct {
	Path string

	// Architecture is empty for a package that runs everywhere.
	Architecture string

	// Size of the file in bytes. Its content is compressed.
	Size int64

	// Unpacked is the size in bytes of the unpacked image. It is zero without a program.
	Unpacked int64
}

// Build builds one file for each architecture, or a single file for a package without a
// program.
func (p Package) Build(ctx context.Context, o Options) ([]PackageFile, error) {
	architectures := o.Architectures
	if p.Program == nil {
		architectures = []string{noarch}
	}

	if err := os.MkdirAll(o.Out, 0o750); err != nil {
		return nil, fmt.Errorf("cannot create directory for packages: %w", err)
	}

	var files []PackageFile

	for _, architecture := range architectures {
		f, err := p.build(ctx, o, architecture)
		if err != nil {
			return nil, fmt.Errorf("cannot build package %s: %w", p.Name(), err)
		}

		files = append(files, f)
	}

	return files, nil
}

// Push pushes the files of a package to a registry as one version for all architectures,
// and returns the reference.
func (p Package) Push(ctx context.Context, registry, version string, files []PackageFile) (string, error) {
	ref, err := p.Reference(registry, version)
	if err != nil {
		return "", err
	}

	annotations, err := p.annotations(version)
	if err != nil {
		return "", err
	}

	args := []string{"xpkg", "push", ref.String()}
	for _, f := range files {
		args = append(args, "--package-files="+f.Path)
	}

	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		// In the tool, a comma separates annotations.
		args = append(args, "--oci-annotation="+key+"="+strings.ReplaceAll(annotations[key], ",", `\,`))
	}

	if err := run(ctx, "crossplane", args...); err != nil {
		return "", fmt.Errorf("cannot push package %s: %w", ref, err)
	}

	return ref.String(), nil
}

// Reference returns the tag of a version of the package in a registry.
func (p Package) Reference(registry, version string) (name.Tag, error) {
	return reference(registry, p.Repository, version)
}

// CheckPush returns an error unless the package may be pushed to a registry.
func (p Package) CheckPush(registry string) error { return checkPush(registry, p.Repository) }

// annotations returns the annotations that registries display, from the metadata of the
// package. Helm sets the same annotations on a chart.
func (p Package) annotations(version string) (map[string]string, error) {
	data, err := os.ReadFile(p.Metadata)
	if err != nil {
		return nil, fmt.Errorf("cannot read metadata of package: %w", err)
	}

	meta := &metav1.PartialObjectMetadata{}
	if err := yaml.Unmarshal(data, meta); err != nil {
		return nil, fmt.Errorf("cannot parse metadata of package: %w", err)
	}

	out := map[string]string{annotationPrefix + "title": p.Name(), annotationPrefix + "version": version}

	for from, to := range map[string]string{
		"meta.crossplane.io/description": annotationPrefix + "description",
		"meta.crossplane.io/license":     annotationPrefix + "licenses",
	} {
		if v := strings.TrimSpace(meta.Annotations[from]); v != "" {
			out[to] = v
		}
	}

	if v := meta.Annotations["meta.crossplane.io/source"]; v != "" {
		out[annotationPrefix+"source"] = "https://" + v
	}

	return out, nil
}

// build builds the package for one architecture. Its files are staged in a separate
// directory, because the tool packs every YAML file that it finds.
func (p Package) build(ctx context.Context, o Options, architecture string) (_ PackageFile, err error) {
	stage, err := os.MkdirTemp("", "package-")
	if err != nil {
		return PackageFile{}, fmt.Errorf("cannot create directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()

	root := filepath.Join(stage, "root")
	if err := errors.Join(p.stage(root), p.stageExamples(o.Root, filepath.Join(stage, "examples"))); err != nil {
		return PackageFile{}, err
	}

	parts := []string{p.Name(), o.Version}
	if architecture != noarch {
		parts = append(parts, architecture)
	}

	out := filepath.Join(o.Out, strings.Join(parts, "-")+".xpkg")
	args := []string{
		"xpkg", "build", "--package-root=" + root, "--package-file=" + out,
		// Without examples this directory does not exist.
		"--examples-root=" + filepath.Join(stage, "examples"),
	}

	var unpacked int64

	if p.Program != nil {
		runtime := filepath.Join(stage, "runtime.tar")
		if unpacked, err = p.writeRuntime(ctx, o, architecture, runtime); err != nil {
			return PackageFile{}, err
		}

		args = append(args, "--embed-runtime-image-tarball="+runtime)
	}

	if err := run(ctx, "crossplane", args...); err != nil {
		return PackageFile{}, err
	}

	info, err := os.Stat(out)
	if err != nil {
		return PackageFile{}, fmt.Errorf("cannot find package: %w", err)
	}

	return PackageFile{Path: out, Architecture: architecture, Size: info.Size(), Unpacked: unpacked}, nil
}

// stage copies metadata and objects into a directory.
func (p Package) stage(dir string) error {
	if err := copyFile(p.Metadata, filepath.Join(dir, "crossplane.yaml")); err != nil {
		return err
	}

	for _, object := range p.Objects {
		paths := []string{object}

		if info, err := os.Stat(object); err != nil {
			return fmt.Errorf("cannot find file of the package: %w", err)
		} else if info.IsDir() {
			paths, err = filepath.Glob(filepath.Join(object, "*.yaml"))
			if err != nil {
				return fmt.Errorf("cannot list %s: %w", object, err)
			}
		}

		for _, path := range paths {
			if err := copyFile(path, filepath.Join(dir, filepath.Base(path))); err != nil {
				return err
			}
		}
	}

	return nil
}

// stageExamples copies examples into a directory, with their paths in the repository at root.
func (p Package) stageExamples(root, dir string) error {
	for _, example := range p.Examples {
		path, err := filepath.Rel(root, example)
		if err != nil {
			return fmt.Errorf("cannot stage example: %w", err)
		}

		if err := copyFile(example, filepath.Join(dir, path)); err != nil {
			return err
		}
	}

	return nil
}

// writeRuntime writes the image of the program to a tar file, and returns its unpacked
// size.
func (p Package) writeRuntime(ctx context.Context, o Options, architecture, path string) (int64, error) {
	image, err := p.Program.Image(ctx, o, architecture)
	if err != nil {
		return 0, err
	}

	ref, err := name.NewTag("runtime:" + architecture)
	if err != nil {
		return 0, fmt.Errorf("cannot name image: %w", err)
	}

	if err := tarball.WriteToFile(path, ref, image); err != nil {
		return 0, fmt.Errorf("cannot write image: %w", err)
	}

	return unpackedSize(image)
}

// run runs a pinned tool.
func run(ctx context.Context, tool string, args ...string) error {
	path, err := tools.Path(ctx, tool)
	if err != nil {
		return err
	}

	var said bytes.Buffer

	//nolint:gosec // The arguments are ours.
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &said, &said

	// A tool's output must not depend on where it runs.
	cmd.Env = append(os.Environ(), "TZ=UTC")

	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", tool, strings.Join(args[:2], " "), err, bytes.TrimSpace(said.Bytes()))
	}

	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from) //nolint:gosec // A file of the repository.
	if err != nil {
		return fmt.Errorf("cannot read file of the package: %w", err)
	}

	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return fmt.Errorf("cannot stage file of the package: %w", err)
	}

	//nolint:gosec // In a directory of our own.
	if err := os.WriteFile(to, data, 0o600); err != nil {
		return fmt.Errorf("cannot stage file of the package: %w", err)
	}

	return nil
}
