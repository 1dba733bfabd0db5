//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	release           = "platform"
	releaseAnnotation = "meta.helm.sh/release-name"
)

// TestHelmPlatform installs the platform with Helm: one command installs it on a cluster with only Crossplane, and the same
// command upgrades it. No operation on the release affects an application: not an upgrade, not its removal, and not a new
// release, which takes over existing objects whoever installed them.
func TestHelmPlatform(t *testing.T) {
	p := untouched(t, "helm", plane.WebhookReserved)
	must(t, p.Prepare(t.Context()))

	h := newHelm(t, p)

	namespace, made := namespaceOf(t, p), resources()
	first, next := h.chart(t, released), h.chart(t, head)

	h.run(t, h.install(first, "--wait")...)
	h.healthy(t, released)

	web, _ := started(t, p, namespace, "web")
	web.reconciled(t)
	before := map[string]observation{web.name: web.observe(t)}
	definitions := h.definitions(t)

	same := func(t *testing.T, refresh string) {
		t.Helper()

		web.touched(t, refresh)
		web.wait(t, plane.Ready)
		web.reconciled(t)
		compare(t, w.root, before, map[string]observation{web.name: web.observe(t)})

		if diff := cmp.Diff(definitions, h.definitions(t)); diff != "" {
			t.Errorf("definitions: -before, +after:\n%s", diff)
		}

		madeSince(t, made, 1)
	}

	t.Run("Upgrade", func(t *testing.T) {
		must(t, p.PushPackages(t.Context(), w.root, head))

		h.run(t, h.install(next, "--set", "settings.tags.team=platform", "--set", "runtimes.function-platform-application.resources.requests.cpu=60m", "--set", "networkPolicies.enabled=false")...)
		h.healthy(t, head)

		// A disabled component stays, like everything that is kept.
		h.exists(t, key{"networking.k8s.io/v1", "NetworkPolicy", plane.Namespace, "provider-keyvault-secretsync"}.object())
		same(t, "7s")
	})

	t.Run("Variant", func(t *testing.T) {
		const want = "claim.enabled: the cluster has the other variant"
		if said, err := h.try(t, h.install(next, "--set", "claim.enabled=true")...); err == nil || !strings.Contains(said, want) {
			t.Errorf("want it refused with %q, got %v:\n%s", want, err, said)
		}
	})

	installed := objectsOf(t, h.run(t, "get", "manifest", release, "--namespace", plane.Namespace))

	t.Run("Uninstall", func(t *testing.T) {
		h.run(t, "uninstall", release, "--namespace", plane.Namespace, "--wait")

		for _, o := range installed {
			h.exists(t, o.DeepCopy())
		}

		same(t, "8s")

		// The application continues unaffected.
		pw := password()
		web.set(t, postgres(pw))
		web.runsWith(t, pw)
		web.reconciled(t)
		before[web.name] = web.observe(t)
	})

	t.Run("Return", func(t *testing.T) {
		h.run(t, h.install(next, "--skip-crds")...)
		h.healthy(t, head)
		same(t, "9s")
	})

	t.Run("Adopt", func(t *testing.T) {
		h.run(t, "uninstall", release, "--namespace", plane.Namespace)
		h.asIfByKubectl(t, installed)

		if said, err := h.try(t, h.install(next, "--skip-crds")...); err == nil || !strings.Contains(said, releaseAnnotation) {
			t.Errorf("want it refused for %s, got %v:\n%s", releaseAnnotation, err, said)
		}

		h.run(t, h.install(next, "--skip-crds", "--take-ownership", "--force-conflicts")...)
		h.healthy(t, head)
		same(t, "10s")
	})
}

// A helm is a platform team with Helm, and a file of values for this plane.
type helm struct {
	plane        *plane.Plane
	path, values string
	env          []string
}

func newHelm(t *testing.T, p *plane.Plane) helm {
	t.Helper()

	path := check.Tool(t, "helm")

	example := map[string]any{}
	must(t, yaml.Unmarshal([]byte(check.Read(t, "examples/platform/values.yaml")), &example))

	settings := p.Settings()
	creator := map[string]any{"enabled": true, "clientId": "44444444-aaaa-4444-8444-444444444444", "principalId": settings["secretCreatorPrincipalId"]}

	values, err := yaml.Marshal(map[string]any{"settings": settings, "azureProviderConfig": example["azureProviderConfig"], "secretCreator": creator})
	must(t, err)

	dir := t.TempDir()
	h := helm{plane: p, path: path, values: filepath.Join(dir, "values.yaml"), env: append(
		os.Environ(), "KUBECONFIG="+p.Kubeconfig(), "HELM_CACHE_HOME="+dir, "HELM_CONFIG_HOME="+dir, "HELM_DATA_HOME="+dir,
	)}

	must(t, os.WriteFile(h.values, values, 0o600))

	return h
}

// chart returns a chart of a version, as it is published.
func (h helm) chart(t *testing.T, version string) string {
	t.Helper()

	files, err := build.PlatformChartOf(w.root).Build(t.Context(), build.Options{Root: w.root, Out: t.TempDir(), Version: version})
	must(t, err)

	return files[0].Path
}

// install installs a chart, or upgrades the release to it, as docs/platform-team/install.md does.
func (h helm) install(chart string, args ...string) []string {
	return append([]string{"upgrade", "--install", release, chart, "--namespace", plane.Namespace, "--values", h.values}, args...)
}

func (h helm) run(t *testing.T, args ...string) string {
	t.Helper()

	said, err := h.try(t, args...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, said)
	}

	return said
}

func (h helm) try(t *testing.T, args ...string) (string, error) {
	t.Helper()

	cmd := exec.CommandContext(t.Context(), h.path, args...)
	cmd.Env = h.env

	var stdout, stderr bytes.Buffer

	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("cannot run helm: %w", err)
	}

	return stdout.String() + stderr.String(), err
}

// healthy waits until all packages are healthy, and those of this repository have that version.
func (h helm) healthy(t *testing.T, version string) {
	t.Helper()

	eventually(t, "packages of "+version, func(ctx context.Context) error {
		for kind, want := range map[string]int{"Provider": 5, "Function": 1, "Configuration": 1} {
			list := &unstructured.UnstructuredList{}
			list.SetGroupVersionKind(schema.GroupVersionKind{Group: "pkg.crossplane.io", Version: "v1", Kind: kind + "List"})

			if err := h.plane.API.Client().List(ctx, list); err != nil {
				return fmt.Errorf("cannot list packages: %w", err)
			}

			if len(list.Items) != want {
				t.Fatalf("%s: want %d, got %d: Crossplane must install none by itself", kind, want, len(list.Items))
			}

			for _, p := range list.Items {
				image, _, _ := unstructured.NestedString(p.Object, "spec", "package")
				if strings.Contains(image, "/p6m-dev/") && !strings.HasSuffix(image, ":"+version) {
					return fmt.Errorf("%s is %q", p.GetName(), image)
				}

				if err := h.plane.PackageReady(ctx, &p); err != nil {
					return err
				}
			}
		}

		return nil
	})
}

// definitions returns the uids of the definitions of all kinds: deleting a definition deletes all
// objects of its kind.
func (h helm) definitions(t *testing.T) map[string]types.UID {
	t.Helper()

	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinitionList"})

	must(t, h.plane.API.Client().List(t.Context(), list))

	out := map[string]types.UID{}
	for _, d := range list.Items {
		out[d.GetName()] = d.GetUID()
	}

	return out
}

// exists fails unless an object exists, and is not being deleted.
func (h helm) exists(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()

	if err := h.plane.API.Client().Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		t.Error(err)
	} else if o.GetDeletionTimestamp() != nil {
		t.Errorf("%s %s is being deleted", o.GetKind(), o.GetName())
	}
}

// asIfByKubectl makes objects look as if they were applied without Helm.
func (h helm) asIfByKubectl(t *testing.T, installed []*unstructured.Unstructured) {
	t.Helper()

	for _, o := range installed {
		forget := []byte(`{"metadata":{"annotations":{"` + releaseAnnotation + `":null,"meta.helm.sh/release-namespace":null},"labels":{"app.kubernetes.io/managed-by":null}}}`)
		must(t, h.plane.API.Client().Patch(t.Context(), o.DeepCopy(), client.RawPatch(types.MergePatchType, forget)))

		must(t, h.plane.API.Apply(t.Context(), o))
	}
}

// objectsOf returns the objects of a manifest.
func objectsOf(t *testing.T, manifest string) []*unstructured.Unstructured {
	t.Helper()

	var out []*unstructured.Unstructured

	for text := range strings.SplitSeq(manifest, "\n---\n") {
		if o := object(t, text); o.GetKind() != "" {
			out = append(out, o)
		}
	}

	if len(out) < 50 {
		t.Fatalf("the release has %d objects", len(out))
	}

	return out
}
