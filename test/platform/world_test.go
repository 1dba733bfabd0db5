// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/schema"
)

const (
	// root is the root of the repository.
	root = "../.."

	// namespace is Crossplane's.
	namespace = "crossplane-system"
)

// These are the builds, by directory.
const (
	base    = "package/platform"
	example = "examples/platform"
	apps    = "package/platform/argocd/apps"
)

// server has the definitions of a cluster on which Argo CD has installed everything.
//
//nolint:gochecknoglobals // Shared by all tests: starting a server takes seconds.
var server *apiserver.Server

func TestMain(m *testing.M) {
	os.Exit(apiserver.Run(m, func(s *apiserver.Server) {
		server = s

		if err := install(context.Background()); err != nil {
			panic(err)
		}
	}))
}

// install installs the definitions of Crossplane, Argo CD and the providers.
func install(ctx context.Context) error {
	crossplane, err := tools.Source(ctx, "crossplane-core")
	if err != nil {
		return fmt.Errorf("cannot get Crossplane's definitions: %w", err)
	}

	argocd, err := tools.Source(ctx, "argocd")
	if err != nil {
		return fmt.Errorf("cannot get Argo CD's definitions: %w", err)
	}

	azure, err := schema.AzureDefinitions(ctx)
	if err != nil {
		return err
	}

	crds := filepath.Join(crossplane.Dir, "cluster", "crds")

	err = server.InstallCRDs(ctx,
		filepath.Join(crds, "apiextensions.crossplane.io_environmentconfigs.yaml"),
		filepath.Join(crds, "pkg.crossplane.io_imageconfigs.yaml"),
		filepath.Join(crds, "apiextensions.crossplane.io_managedresourceactivationpolicies.yaml"),
		filepath.Join(crds, "pkg.crossplane.io_configurations.yaml"),
		filepath.Join(crds, "pkg.crossplane.io_deploymentruntimeconfigs.yaml"),
		filepath.Join(crds, "pkg.crossplane.io_functions.yaml"),
		filepath.Join(crds, "pkg.crossplane.io_providers.yaml"),
		filepath.Join(argocd.Dir, "manifests", "crds", "application-crd.yaml"),
		filepath.Join(argocd.Dir, "manifests", "crds", "applicationset-crd.yaml"),
		filepath.Join(argocd.Dir, "manifests", "crds", "appproject-crd.yaml"),
		filepath.Join(azure, "azure.m.upbound.io_clusterproviderconfigs.yaml"),
		filepath.Join(root, "package", "provider", "crds"),
	)
	if err != nil {
		return fmt.Errorf("cannot install definitions: %w", err)
	}

	for _, name := range []string{namespace, "argocd"} {
		if err := server.CreatePlatformNamespace(ctx, name); err != nil {
			return fmt.Errorf("cannot create namespace: %w", err)
		}
	}

	return nil
}

// build returns the objects that kustomize builds from a directory.
func build(t *testing.T, dir string) []*unstructured.Unstructured {
	t.Helper()

	return parse(t, kustomize(t, filepath.Join(root, dir)))
}

// kustomize returns the output of kustomize for a directory.
func kustomize(t *testing.T, dir string) []byte {
	t.Helper()

	return run(t, check.Tool(t, "kustomize"), "build", dir)
}

// overlay returns the build of the base with these components.
func overlay(t *testing.T, components ...string) []*unstructured.Unstructured {
	t.Helper()

	// Kustomize accepts no absolute paths, and the temporary directory may be a link.
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check.Must(t, err)

	top, err := filepath.Abs(filepath.Join(root, base))
	check.Must(t, err)

	relative, err := filepath.Rel(dir, top)
	check.Must(t, err)

	var text strings.Builder

	fmt.Fprintf(&text, "resources:\n  - %s\ncomponents:\n", relative)

	for _, c := range components {
		fmt.Fprintf(&text, "  - %s\n", filepath.Join(relative, c))
	}

	check.Must(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text.String()), 0o600))

	return parse(t, kustomize(t, dir))
}

// enforce applies an object for the duration of the test.
func enforce(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()

	check.Must(t, server.Apply(t.Context(), o))

	t.Cleanup(func() {
		if err := server.Client().Delete(context.WithoutCancel(t.Context()), o); err != nil {
			t.Error(err)
		}
	})
}

// run runs a program, and returns its output.
func run(t *testing.T, program string, args ...string) []byte {
	t.Helper()

	var out, said bytes.Buffer

	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdout, cmd.Stderr = &out, &said

	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, said.Bytes())
	}

	// Deprecated fields are reported here only.
	if said.Len() > 0 {
		t.Errorf("%s %s: %s", filepath.Base(program), strings.Join(args, " "), said.Bytes())
	}

	return out.Bytes()
}

// parse parses the documents of a YAML stream.
func parse(t *testing.T, data []byte) []*unstructured.Unstructured {
	t.Helper()

	objects, err := render.Objects(data)
	check.Must(t, err)

	return objects
}

// find returns the object with this key.
func find(t *testing.T, objects []*unstructured.Unstructured, want string) *unstructured.Unstructured {
	t.Helper()

	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return key(o) == want })
	if i < 0 {
		t.Fatalf("there is no %s", want)
	}

	return objects[i]
}

// key returns the key of an object: its kind, group and name.
func key(o *unstructured.Unstructured) string {
	return o.GroupVersionKind().GroupKind().String() + "/" + o.GetName()
}

// refusal returns the message of the API server about a new object, and nothing if it accepts the
// object. An object that another test has left has passed all checks.
func refusal(ctx context.Context, o *unstructured.Unstructured) string {
	err := server.Client().Create(ctx, o.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict"))
	if err != nil && !kerrors.IsAlreadyExists(err) {
		return err.Error()
	}

	return ""
}

// checkRefusal fails unless an error has these words, or there is no error and none is wanted.
func checkRefusal(t *testing.T, reason, want string, err error) {
	t.Helper()

	switch {
	case want == "" && err != nil:
		t.Errorf("\n%s\nwant it taken, got %v", reason, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("\n%s\nwant %q, got %v", reason, want, err)
	}
}
