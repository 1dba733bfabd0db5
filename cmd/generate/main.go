// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command generate writes all files that are generated from the Go types in apis:
//
//   - the deep copy functions, and the CustomResourceDefinitions of the provider
//     and of the function's input, both with controller-gen,
//   - the methods of managed resources and provider configurations for Crossplane, with
//     angryjet,
//   - the CompositeResourceDefinitions of PlatformApplication, namespaced and
//     with claims,
//   - the schemas of a PlatformApplication for kustomize and Helm,
//   - the objects of package/platform for the Helm chart, with kustomize,
//   - the API reference in docs/reference, and the page of withheld variables, from the
//     list in fn/envmap.
//
// It runs in the root of the repository; CONTROLLER_GEN, ANGRYJET and KUSTOMIZE are
// the paths of these tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/fn/envmap"
)

const (
	boilerplate  = "cmd/generate/boilerplate.go.txt"
	referenceDir = "docs/reference"
	withheldFile = referenceDir + "/withheld-variables.md"

	// header is the first line of every generated YAML file.
	header = "# Code generated from the Go types in apis by 'make generate'. DO NOT EDIT.\n"
)

// An api is one package of Go types.
type api struct {
	group string
	dir   string
	// crds is the directory for the CustomResourceDefinitions of the group. If it is
	// empty, they are only used for other files.
	crds string
	// managed reports whether the group has managed resources.
	managed bool
}

func apis() []api {
	return []api{
		{group: "meta.p6m.dev", dir: "apis/platformapplication/v1alpha1"},
		{group: "platformapplication.fn.p6m.dev", dir: "apis/input/v1alpha1", crds: "package/function/input"},
		{group: "secrets.p6m.dev", dir: "apis/secrets/v1alpha1", crds: "package/provider/crds", managed: true},
	}
}

func main() {
	if err := run(context.Background(), os.Getenv("CONTROLLER_GEN"), os.Getenv("ANGRYJET"), os.Getenv("KUSTOMIZE")); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, controllerGen, angryjet, kustomize string) error {
	if controllerGen == "" {
		return errors.New("cannot find controller-gen: set CONTROLLER_GEN to its path, or run 'make generate'")
	}
	if angryjet == "" {
		return errors.New("cannot find angryjet: set ANGRYJET to its path, or run 'make generate'")
	}
	if kustomize == "" {
		return errors.New("cannot find kustomize: set KUSTOMIZE to its path, or run 'make generate'")
	}
	if _, err := os.Stat(boilerplate); err != nil {
		return fmt.Errorf("cannot find %s: run in the root of the repository", boilerplate)
	}

	tmp, err := os.MkdirTemp("", "crds-")
	if err != nil {
		return fmt.Errorf("cannot create directory: %w", err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // A temporary directory.

	if err := runControllerGen(ctx, controllerGen, tmp); err != nil {
		return err
	}
	if err := runAngryjet(ctx, angryjet); err != nil {
		return err
	}
	for _, a := range apis() {
		if err := generate(a, tmp); err != nil {
			return fmt.Errorf("cannot generate from %s: %w", a.dir, err)
		}
	}
	if err := writePlatformChart(ctx, kustomize); err != nil {
		return err
	}

	return write(withheldFile, withheldPage(envmap.Steering()))
}

// runControllerGen writes the deep copy functions beside the types, and the
// CustomResourceDefinitions into a directory.
func runControllerGen(ctx context.Context, path, crds string) error {
	args := []string{"object:headerFile=" + boilerplate, "crd:crdVersions=v1", "output:crd:dir=" + crds}
	for _, a := range apis() {
		args = append(args, "paths=./"+a.dir)
	}
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // The path comes from the developer.
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot run controller-gen: %w\n%s", err, out)
	}

	return nil
}

// runAngryjet writes the methods of managed resources and provider configurations
// beside the types.
func runAngryjet(ctx context.Context, path string) error {
	for _, a := range apis() {
		if !a.managed {
			continue
		}
		cmd := exec.CommandContext(ctx, path, "generate-methodsets", "--header-file="+boilerplate, "./"+a.dir) //nolint:gosec // The path comes from the developer.
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot run angryjet: %w\n%s", err, out)
		}
	}

	return nil
}

// generate writes the files of one package from its CustomResourceDefinitions in tmp.
func generate(a api, tmp string) error {
	files, err := filepath.Glob(filepath.Join(tmp, a.group+"_*.yaml"))
	if err != nil {
		return fmt.Errorf("cannot list definitions: %w", err)
	}

	types, err := parseTypes(a.dir)
	if err != nil {
		return err
	}

	if err := removeStale(a); err != nil {
		return err
	}

	for _, file := range files {
		b, err := os.ReadFile(file) //nolint:gosec // Our own temporary file.
		if err != nil {
			return fmt.Errorf("cannot read definition: %w", err)
		}

		if a.crds != "" {
			if err := write(filepath.Join(a.crds, filepath.Base(file)), header+string(b)); err != nil {
				return err
			}
		}

		crd := &extv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(b, crd); err != nil {
			return fmt.Errorf("cannot parse %s: %w", filepath.Base(file), err)
		}

		if err := generateKind(crd, types); err != nil {
			return fmt.Errorf("cannot generate from %s: %w", crd.Spec.Names.Kind, err)
		}
	}

	return nil
}

// generateKind writes the files of one kind.
func generateKind(crd *extv1.CustomResourceDefinition, types goTypes) error {
	kind := crd.Spec.Names.Kind
	if kind == compositeKind {
		for _, v := range crd.Spec.Versions {
			bound(v.Schema.OpenAPIV3Schema)

			spec := v.Schema.OpenAPIV3Schema.Properties["spec"]
			preserve(&spec)
			v.Schema.OpenAPIV3Schema.Properties["spec"] = spec
		}

		if err := writeDefinitions(crd); err != nil {
			return err
		}

		if err := writeMergeSchema(crd); err != nil {
			return err
		}

		if err := writeChartSchema(crd); err != nil {
			return err
		}
	}

	intro, ok := intros[kind]
	if !ok {
		return nil
	}

	return write(filepath.Join(referenceDir, strings.ToLower(kind)+".md"), reference(crd, types, intro))
}

// removeStale removes the definitions of a group, so that no definition of a removed type
// remains.
func removeStale(a api) error {
	if a.crds == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(a.crds, a.group+"_*.yaml"))
	if err != nil {
		return fmt.Errorf("cannot list old definitions: %w", err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("cannot remove old definition: %w", err)
		}
	}

	return nil
}

func write(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // Part of a source tree.
		return fmt.Errorf("cannot create directory: %w", err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil { //nolint:gosec // Part of a source tree.
		return fmt.Errorf("cannot write file: %w", err)
	}

	return nil
}
