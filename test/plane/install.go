// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
)

// A Variant of the API.
type Variant string

// These are the variants. A plane has one of them.
const (
	// Modern means that PlatformApplication is a namespaced composite resource.
	Modern Variant = "modern"

	// Claim means that PlatformApplication is a claim of a cluster-scoped one.
	Claim Variant = "claim"
)

// These are the names of installed packages.
const (
	FunctionName = "p6m-dev-function-platform-application"
	ProviderName = "p6m-dev-provider-keyvault-secretsync"
)

// Packages come from these registries. On a plane they are one registry.
const (
	ourRegistry   = "ghcr.io"
	azureRegistry = "xpkg.crossplane.io"
)

// PushPackages builds the packages of the repository at that root for this machine, and pushes them
// with that version.
func (p *Plane) PushPackages(ctx context.Context, root, version string) error {
	return p.run(ctx, step{"packages " + version, func(ctx context.Context) error {
		all, err := build.All(root)
		if err != nil {
			return err
		}

		return p.pushPackages(ctx, all, root, version)
	}})
}

// PushImage builds the program in that directory of the repository, and pushes it as that image.
func (p *Plane) PushImage(ctx context.Context, program build.Program, path string) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}

	programs, err := programsDir()
	if err != nil {
		return err
	}

	image, err := program.Image(ctx, build.Options{Root: root, Programs: programs}, runtime.GOARCH)
	if err != nil {
		return err
	}

	return p.registry.push(ctx, path, image)
}

// Prepare prepares what a platform team has before an installation: the result of PrepareCluster,
// and an account in Azure.
func (p *Plane) Prepare(ctx context.Context) error {
	return errors.Join(p.PrepareCluster(ctx), p.run(ctx, step{"Azure account", p.openAccount}))
}

// PrepareCluster prepares a cluster for a platform team: with the packages of the Azure providers
// in a registry, workload identities for Pods, and a mirror for images.
func (p *Plane) PrepareCluster(ctx context.Context) error {
	return p.run(ctx, step{"Azure providers", p.pushAzureProviders}, step{"workload identity and mirror", p.prepareCluster})
}

// Install installs the platform as docs/how-to/set-up-a-platform.md does, and waits until it is
// ready for applications: the packages of that version, and the roles and policies of the
// repository at that root.
func (p *Plane) Install(ctx context.Context, variant Variant, root, version string) error {
	if err := p.Prepare(ctx); err != nil {
		return err
	}

	return p.run(
		ctx,
		step{"Crossplane packages", func(ctx context.Context) error { return p.applyPackages(ctx, root, variant, version) }},
		step{"platform settings", p.configure},
	)
}

// Upgrade upgrades the platform to another version that was pushed, as docs/operations/upgrade.md
// does, and waits until it is ready. Roles and policies are those of the repository at that root.
func (p *Plane) Upgrade(ctx context.Context, variant Variant, root, version string) error {
	return p.run(ctx, step{"upgrade to " + version, func(ctx context.Context) error {
		return p.applyPackages(ctx, root, variant, version)
	}})
}

// programsDir is the directory for programs between runs.
func programsDir() (string, error) {
	cache, err := tools.CacheDir()
	if err != nil {
		return "", err
	}

	return filepath.Join(cache, "programs"), nil
}

func (p *Plane) pushPackages(ctx context.Context, packages []build.Package, root, version string) (err error) {
	o := build.Options{Root: root, Version: version, Architectures: []string{runtime.GOARCH}}

	// Programs of another root are built once, and would stay forever.
	if here, err := tools.Root(); err == nil && here == root {
		if o.Programs, err = programsDir(); err != nil {
			return err
		}
	}

	if o.Out, err = os.MkdirTemp("", "packages-"); err != nil {
		return fmt.Errorf("cannot make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.Out)) }()

	// They are pushed concurrently, because most of the time is compression on one core.
	var (
		all  sync.WaitGroup
		errs = make([]error, len(packages))
	)

	for i, pkg := range packages {
		all.Go(func() {
			files, err := pkg.Build(ctx, o)
			if err == nil {
				_, err = pkg.Push(ctx, p.registry.address, version, files)
			}

			errs[i] = err
		})
	}

	all.Wait()

	return errors.Join(errs...)
}

// prepareCluster configures identities of Pods, and packages from the plane's registry.
func (p *Plane) prepareCluster(ctx context.Context) error {
	path := p.file("workload-identity.yaml")
	if err := os.WriteFile(path, p.options.Webhook.Policy(), 0o600); err != nil {
		return fmt.Errorf("cannot write policy of workload identity: %w", err)
	}

	if err := p.API.ApplyFiles(ctx, path); err != nil {
		return err
	}

	for _, o := range p.imageConfigs() {
		if err := p.API.Apply(ctx, o); err != nil {
			return err
		}
	}

	return nil
}

// applyPackages applies packages in the documented order: their restrictions exist first. It waits
// until they are ready.
func (p *Plane) applyPackages(ctx context.Context, root string, variant Variant, version string) error {
	restrictions, err := p.Kustomize(ctx, root, "resources: [restrictions]")
	if err != nil {
		return err
	}

	kustomization := "resources: [packages, api]"
	if variant == Claim {
		kustomization += "\ncomponents: [claim]"
	}

	packages, err := p.Kustomize(ctx, root, kustomization)
	if err != nil {
		return err
	}

	for _, o := range packages {
		image, _, _ := unstructured.NestedString(o.Object, "spec", "package")
		name, _, _ := strings.Cut(image, ":")

		pushed := version
		if strings.HasPrefix(name, azureRegistry+"/") {
			pushed = azureVersion
		}

		if err := unstructured.SetNestedField(o.Object, name+":"+pushed, "spec", "package"); err != nil {
			return fmt.Errorf("cannot set version of %s %q: %w", o.GetKind(), o.GetName(), err)
		}
	}

	for _, o := range slices.Concat(restrictions, packages) {
		if err := p.API.Apply(ctx, o); err != nil {
			return err
		}
	}

	return Eventually(ctx, "packages", func(ctx context.Context) error {
		for _, o := range packages {
			if err := p.PackageReady(ctx, o); err != nil {
				return err
			}
		}

		return nil
	})
}

// Kustomize returns the build of a kustomization below package/platform of the repository at that root. Paths are
// relative to that directory.
func (p *Plane) Kustomize(ctx context.Context, root, kustomization string) (_ []*unstructured.Unstructured, err error) {
	kustomize, err := tools.Path(ctx, "kustomize")
	if err != nil {
		return nil, err
	}

	dir, err := os.MkdirTemp(p.options.Dir, "kustomize-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	if err := os.CopyFS(filepath.Join(dir, "package"), os.DirFS(filepath.Join(root, "package"))); err != nil {
		return nil, fmt.Errorf("cannot copy package/platform: %w", err)
	}

	platform, built := filepath.Join(dir, "package", "platform"), filepath.Join(dir, "built.yaml")
	if err := os.WriteFile(filepath.Join(platform, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		return nil, fmt.Errorf("cannot write kustomization: %w", err)
	}

	if out, err := exec.CommandContext(ctx, kustomize, "build", platform, "--output", built).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build package/platform: %w\n%s", err, out)
	}

	return apiserver.ReadFiles(built)
}

// imageConfigs make Crossplane pull packages from the plane's registry, like a cluster without
// internet access.
func (p *Plane) imageConfigs() []*unstructured.Unstructured {
	var out []*unstructured.Unstructured

	for name, registry := range map[string]string{"our-packages": ourRegistry, "azure-providers": azureRegistry} {
		out = append(out, object("pkg.crossplane.io/v1beta1", "ImageConfig", name, map[string]any{
			"matchImages":  []any{map[string]any{"type": "Prefix", "prefix": registry + "/"}},
			"rewriteImage": map[string]any{"prefix": p.registry.address + "/"},
		}))
	}

	return out
}

// PackageReady returns an error unless the revision of the applied package is active and healthy.
func (p *Plane) PackageReady(ctx context.Context, applied *unstructured.Unstructured) error {
	pkg, revision, key := applied.DeepCopy(), &unstructured.Unstructured{}, applied.GetKind()+" "+applied.GetName()
	revision.SetGroupVersionKind(pkg.GroupVersionKind())
	revision.SetKind(pkg.GetKind() + "Revision")

	if err := p.API.Client().Get(ctx, client.ObjectKeyFromObject(pkg), pkg); err != nil {
		return fmt.Errorf("cannot get %s: %w", key, err)
	}

	for _, c := range []string{"Installed", "Healthy"} {
		if got := (&Application{Unstructured: pkg}).Condition(c); got.Status != "True" {
			return fmt.Errorf("%s is not %s: %s: %s", key, c, got.Reason, got.Message)
		}
	}

	current, _, _ := unstructured.NestedString(pkg.Object, "status", "currentRevision")
	if err := p.API.Client().Get(ctx, client.ObjectKey{Name: current}, revision); err != nil {
		return fmt.Errorf("cannot get revision of %s: %w", key, err)
	}

	wanted, _, _ := unstructured.NestedString(applied.Object, "spec", "package")
	_, version, _ := strings.Cut(wanted, ":")

	if image, _, _ := unstructured.NestedString(revision.Object, "spec", "image"); !strings.HasSuffix(image, ":"+version) {
		return fmt.Errorf("%s is %s, not %s", key, image, version)
	}

	types := []string{"RevisionHealthy"}
	if pkg.GetKind() != "Configuration" {
		types = append(types, "RuntimeHealthy")
	}

	for _, c := range types {
		if got := (&Application{Unstructured: revision}).Condition(c); got.Status != "True" {
			return fmt.Errorf("revision of %s is not %s: %s: %s", key, c, got.Reason, got.Message)
		}
	}

	return nil
}
