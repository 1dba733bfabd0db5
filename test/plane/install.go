// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/package/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/azure/arm/provider"
)

// A Variant of the API.
type Variant string

// The variants. A plane has one of them.
const (
	// Modern has a PlatformApplication that is a namespaced composite resource.
	Modern Variant = "modern"

	// Claim has a PlatformApplication that is a claim of a cluster-scoped one.
	Claim Variant = "claim"
)

// Names under which packages are installed.
const (
	FunctionName = "p6m-dev-function-platform-application"
	ProviderName = "p6m-dev-provider-keyvault-secretsync"
)

// Registries that packages come from by name. On a plane they are one registry.
const (
	ourRegistry   = "ghcr.io"
	azureRegistry = "xpkg.crossplane.io"
)

// configuration is the package that has the variant.
func (v Variant) configuration() string {
	if v == Claim {
		return "configuration-platform-application-claim"
	}

	return "configuration-platform-application"
}

// PushPackages builds the packages of the repository at that root for this machine,
// and pushes them as that version.
func (p *Plane) PushPackages(ctx context.Context, root, version string) error {
	return p.run(ctx, step{"packages " + version, func(ctx context.Context) error {
		all, err := build.All(root)
		if err != nil {
			return err
		}

		return p.pushPackages(ctx, all, root, version)
	}})
}

// PushImage builds the program in that directory of the repository, and pushes it
// as that image.
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

// Prepare what a platform team has before it installs anything: what PrepareCluster does, and an
// account at Azure.
func (p *Plane) Prepare(ctx context.Context) error {
	return errors.Join(p.PrepareCluster(ctx), p.run(ctx, step{"Azure account", p.openAccount}))
}

// PrepareCluster has what a platform team finds before it does anything: the packages of the
// Azure providers, and a cluster whose Pods can have identities at Azure and whose images come
// from a mirror.
func (p *Plane) PrepareCluster(ctx context.Context) error {
	return p.run(ctx, step{"Azure providers", p.pushAzureProviders}, step{"workload identity and mirror", p.prepareCluster})
}

// Install what a platform team installs, as docs/how-to/set-up-a-platform.md has it,
// and wait until it is ready for applications: the packages of that version, and the
// roles and policies of the repository at that root.
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

// Upgrade what is installed to another version that was pushed, as
// docs/operations/upgrade.md has it, and wait until it is ready. Roles and policies are
// those of the repository at that root.
func (p *Plane) Upgrade(ctx context.Context, variant Variant, root, version string) error {
	return p.run(ctx, step{"upgrade to " + version, func(ctx context.Context) error {
		return p.applyPackages(ctx, root, variant, version)
	}})
}

// programsDir is where programs are kept between runs.
func programsDir() (string, error) {
	cache, err := tools.CacheDir()
	if err != nil {
		return "", err
	}

	return filepath.Join(cache, "programs"), nil
}

func (p *Plane) pushPackages(ctx context.Context, packages []build.Package, root, version string) (err error) {
	o := build.Options{Root: root, Version: version, Architectures: []string{runtime.GOARCH}}

	// Those of another root are built once, and would stay for ever.
	if here, err := tools.Root(); err == nil && here == root {
		if o.Programs, err = programsDir(); err != nil {
			return err
		}
	}

	if o.Out, err = os.MkdirTemp("", "packages-"); err != nil {
		return fmt.Errorf("cannot make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.Out)) }()

	// At once: most of it is compressing on one core.
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

// prepareCluster for identities of Pods, and for packages from the plane's registry.
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

// applyPackages in the order of the documentation: what restricts them is there before
// them.
func (p *Plane) applyPackages(ctx context.Context, root string, variant Variant, version string) error {
	if err := p.API.ApplyFiles(ctx, restrictions(root)...); err != nil {
		return err
	}

	for _, o := range p.packages(root, variant, version) {
		if err := p.API.Apply(ctx, o); err != nil {
			return err
		}
	}

	return p.waitForPackages(ctx, variant, version)
}

// restrictions are the files of what packages may do and how they run, and of what
// others may write. Older versions do not have all of them.
func restrictions(root string) []string {
	dir := filepath.Join(root, "package")

	out := []string{
		filepath.Join(dir, "provider", "rbac.yaml"),
		filepath.Join(dir, "provider", "admission-policy.yaml"),
		filepath.Join(dir, "provider", "runtime.yaml"),
		filepath.Join(dir, "rbac", "crossplane.yaml"),
	}

	if _, err := os.Stat(functionRuntime(root)); err == nil {
		out = append(out, functionRuntime(root))
	}

	for _, name := range []string{"azure", "parameters", "applications", "composed", "function", "namespaces", "provider-azure"} {
		file := filepath.Join(dir, "platform", "restrictions", name+".yaml")
		if _, err := os.Stat(file); err == nil {
			out = append(out, file)
		}
	}

	return out
}

// functionRuntime is the file of how the function runs. Older versions do not have it.
func functionRuntime(root string) string {
	return filepath.Join(root, "package", "function", "runtime.yaml")
}

// imageConfigs have Crossplane take packages from the plane's registry, as a
// cluster without a way to the internet has it.
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

func (p *Plane) packages(root string, variant Variant, version string) []*unstructured.Unstructured {
	image := func(name string) string { return ourRegistry + "/p6m-dev/" + name + ":" + version }

	function := map[string]any{"package": image("function-platform-application")}
	if _, err := os.Stat(functionRuntime(root)); err == nil {
		function["runtimeConfigRef"] = map[string]any{"name": "function-platform-application"}
	}

	out := []*unstructured.Unstructured{
		object("pkg.crossplane.io/v1", "Provider", ProviderName, map[string]any{
			"package":          image("provider-keyvault-secretsync"),
			"runtimeConfigRef": map[string]any{"name": "provider-keyvault-secretsync"},
		}),
		object("pkg.crossplane.io/v1", "Function", FunctionName, function),
		object("pkg.crossplane.io/v1", "Configuration", variant.configuration(), map[string]any{"package": image(variant.configuration())}),
	}

	// The policies know the Azure providers by their ServiceAccount.
	for _, name := range provider.Packages() {
		out = append(out, object("pkg.crossplane.io/v1", "Provider", azurePackage(name), map[string]any{
			"package":          azureRegistry + "/" + azureRepository(name) + ":" + azureVersion,
			"runtimeConfigRef": map[string]any{"name": "provider-azure"},
		}))
	}

	return out
}

// waitForPackages until ours are ready in that version, and all they depend on is.
func (p *Plane) waitForPackages(ctx context.Context, variant Variant, version string) error {
	want := map[string]string{
		"Provider/" + ProviderName:                 version,
		"Function/" + FunctionName:                 version,
		"Configuration/" + variant.configuration(): version,
	}

	for _, name := range provider.Packages() {
		want["Provider/"+azurePackage(name)] = azureVersion
	}

	return Eventually(ctx, "packages", func(ctx context.Context) error {
		for key, version := range want {
			if err := p.packageReady(ctx, key, version); err != nil {
				return err
			}
		}

		return nil
	})
}

// packageReady returns an error unless the revision of that version is the active
// one, and is healthy.
func (p *Plane) packageReady(ctx context.Context, key, version string) error {
	kind, name, _ := strings.Cut(key, "/")

	pkg := &unstructured.Unstructured{}
	pkg.SetGroupVersionKind(schema.GroupVersionKind{Group: "pkg.crossplane.io", Version: "v1", Kind: kind})

	if err := p.API.Client().Get(ctx, client.ObjectKey{Name: name}, pkg); err != nil {
		return fmt.Errorf("cannot get %s: %w", key, err)
	}

	for _, c := range []string{"Installed", "Healthy"} {
		if status, message := condition(pkg, c); status != "True" {
			return fmt.Errorf("%s is not %s: %s", key, c, message)
		}
	}

	revision := &unstructured.Unstructured{}
	revision.SetGroupVersionKind(schema.GroupVersionKind{Group: "pkg.crossplane.io", Version: "v1", Kind: kind + "Revision"})

	current, _, _ := unstructured.NestedString(pkg.Object, "status", "currentRevision")
	if err := p.API.Client().Get(ctx, client.ObjectKey{Name: current}, revision); err != nil {
		return fmt.Errorf("cannot get revision of %s: %w", key, err)
	}

	if image, _, _ := unstructured.NestedString(revision.Object, "spec", "image"); !strings.HasSuffix(image, ":"+version) {
		return fmt.Errorf("%s is %s, not %s", key, image, version)
	}

	types := []string{"RevisionHealthy"}
	if kind != "Configuration" {
		types = append(types, "RuntimeHealthy")
	}

	for _, c := range types {
		if status, message := condition(revision, c); status != "True" {
			return fmt.Errorf("revision of %s is not %s: %s", key, c, message)
		}
	}

	return nil
}
