//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/render/diff"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// earlier is the version before the upgrade.
	earlier = "v0.1.0-0.earlier"

	// releaseNotes announce the effects of an upgrade on running applications.
	releaseNotes = "docs/operations/release-notes.md"

	// revision is the annotation of a Pod template with the revision of the secrets.
	revision = "meta.p6m.dev/secrets-revision"
)

// TestUpgrade proves that upgrading all packages to the tested version, and going back, changes
// nothing in a running application, from the previous commit and from every release.
func TestUpgrade(t *testing.T) {
	for _, ref := range refs(t) {
		root := checkout(t, ref)

		for _, variant := range []plane.Variant{plane.Modern, plane.Claim} {
			t.Run(ref+"/"+string(variant), func(t *testing.T) {
				p, err := w.newPlane(t.Context(), fmt.Sprintf("upgrade-%s-%s", strings.ReplaceAll(ref, ".", "-"), variant), variant, root, earlier)
				if p != nil {
					defer func() {
						if err := w.stop(p); err != nil {
							t.Error(err)
						}
					}()
				}

				must(t, err)

				upgrade(t, p, variant, root)
			})
		}
	}
}

// An observation is the state of a running application.
type observation struct {
	// Composed and Pods map names to uids.
	Composed, Pods map[string]string

	// Deployment is the one that owns the Pods.
	Deployment *unstructured.Unstructured
}

// template is that of the Pods.
func (o observation) template() map[string]any {
	template, _, _ := unstructured.NestedMap(o.Deployment.Object, "spec", "template")

	return template
}

func upgrade(t *testing.T, p *plane.Plane, variant plane.Variant, root string) {
	t.Helper()

	namespace := namespaceOf(t, p)
	made := resources()
	apps := map[*app]string{}

	for name, opts := range map[string][]manifestOption{
		"plain":  nil,
		"manual": {with(updatePolicy(variant), "Manual")},
		"scaled": {with("autoscaling.enabled", true), with("autoscaling.minReplicas", int64(1)), with("autoscaling.maxReplicas", int64(2))},
		"config": {with("config.DATABASE_URL", "postgres://$(POSTGRES_HOST)/"), with("networking.ingress.enabled", true), with("networking.ingress.hostnames", []any{"shop.example.com"})},
	} {
		a, pw := started(t, p, namespace, name, opts...)
		apps[a] = pw
	}

	before := map[string]observation{}
	for a := range apps {
		a.reconciled(t)
		before[a.name] = a.observe(t)
	}

	// Its value changes while no function may be running.
	rotated, _ := started(t, p, namespace, "rotated")

	must(t, p.PushPackages(t.Context(), w.root, head))

	during := password()
	rotated.set(t, postgres(during))

	must(t, p.Upgrade(t.Context(), variant, w.root, head))

	// It is created during the upgrade, with all new components.
	started(t, p, namespace, "fresh")
	rotated.runsWith(t, during)

	after := map[string]observation{}

	for a, pw := range apps {
		a.touched(t, "6s")
		a.wait(t, plane.Ready)
		a.reconciled(t)
		a.runsWith(t, pw)
		after[a.name] = a.observe(t)
	}

	compare(t, root, before, after)
	madeSince(t, made, len(apps)+2)

	// Pods are rolled anyway, so only their revision may differ.
	for a := range apps {
		pw := password()
		a.set(t, postgres(pw))
		a.runsWith(t, pw)
		a.reconciled(t)

		b, now := before[a.name].Deployment, a.observe(t).Deployment
		for _, d := range []*unstructured.Unstructured{b, now} {
			unstructured.RemoveNestedField(d.Object, "spec", "template", "metadata", "annotations", revision)
		}

		checkTemplate(t, root, a.name, b, now)
	}

	goBack(t, p, variant, root, apps)
	madeSince(t, made, len(apps)+2)
}

// goBack returns to the earlier version, which has to work with the objects of the newer one.
func goBack(t *testing.T, p *plane.Plane, variant plane.Variant, root string, apps map[*app]string) {
	t.Helper()

	before := map[string]observation{}
	for a := range apps {
		before[a.name] = a.observe(t)
	}

	must(t, p.Upgrade(t.Context(), variant, root, earlier))

	after := map[string]observation{}

	for a := range apps {
		a.touched(t, "7s")
		a.wait(t, plane.Ready)
		a.reconciled(t)
		after[a.name] = a.observe(t)
	}

	compare(t, root, before, after)

	for a := range apps {
		pw := password()
		a.set(t, postgres(pw))
		a.runsWith(t, pw)
	}
}

// compare compares applications before and after an upgrade.
func compare(t *testing.T, root string, before, after map[string]observation) {
	t.Helper()

	for name, b := range before {
		a := after[name]

		if diff := cmp.Diff(b.Composed, a.Composed); diff != "" {
			t.Errorf("an upgrade must make nothing again, and delete nothing: application %s: -before, +after:\n%s", name, diff)
		}

		rolls := checkTemplate(t, root, name, b.Deployment, a.Deployment)
		if pods := cmp.Diff(b.Pods, a.Pods); pods != "" && !rolls {
			t.Errorf("an upgrade must leave Pods alone whose template stays: application %s: -before, +after:\n%s", name, pods)
		}
	}
}

// observe observes the application.
func (a *app) observe(t *testing.T) observation {
	t.Helper()

	d := key{"apps/v1", "Deployment", a.namespace, a.name}.object()
	must(t, a.plane.API.Client().Get(t.Context(), client.ObjectKeyFromObject(d), d))

	return observation{Composed: a.composed(t), Pods: a.pods(t), Deployment: d}
}

// checkTemplate checks that the release notes announce every change of a Pod template, and reports
// whether there is one.
func checkTemplate(t *testing.T, root, name string, before, after *unstructured.Unstructured) (rolls bool) {
	t.Helper()

	changes := diff.Compare([]*unstructured.Unstructured{before}, []*unstructured.Unstructured{after}, nil)
	changes = slices.DeleteFunc(changes, func(c diff.Change) bool { return c.Verdict != diff.RollsPods })

	if fields := diff.Unannounced(changes, notes(t, root), notes(t, w.root)); len(fields) > 0 {
		t.Errorf("an upgrade must roll no Pods unless a new entry in %s begins with %q and names the fields: application %s: %s: %v",
			releaseNotes, diff.Announcement, name, strings.Join(fields, ", "), changes)
	}

	return len(changes) > 0
}

// touched makes Crossplane reconcile the application soon, and waits for that. It sets an interval
// that the application does not have.
func (a *app) touched(t *testing.T, refresh string) {
	t.Helper()

	u := manifest(a.namespace, a.name)
	// It changes what is composed, but no Pod.
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"secrets":[{"name":%q,"refreshInterval":%q}]}}`, secretName, refresh))

	must(t, a.plane.API.Client().Patch(t.Context(), u, patch))

	eventually(t, "the function to look at "+a.name, func(ctx context.Context) error {
		s, err := a.plane.Sync(ctx, a.namespace, a.name)
		if err != nil {
			return err
		}

		if got := s.Spec.ForProvider.Secrets[0].RefreshInterval; got == nil || got.Duration.String() != refresh {
			return errors.New("what it composes is as it was")
		}

		return nil
	})
}

// reconciled waits until the composed state is running: the Deployment's controller has observed
// and completed its last change.
func (a *app) reconciled(t *testing.T) {
	t.Helper()

	eventually(t, "the rollout of "+a.name, func(ctx context.Context) error {
		d := &appsv1.Deployment{}
		if err := a.plane.API.Client().Get(ctx, client.ObjectKey{Namespace: a.namespace, Name: a.name}, d); err != nil {
			return fmt.Errorf("cannot get Deployment: %w", err)
		}

		if d.Status.ObservedGeneration != d.Generation || d.Status.UpdatedReplicas != d.Status.Replicas || d.Status.ReadyReplicas != d.Status.Replicas {
			return errors.New("it is under way")
		}

		return nil
	})
}

// updatePolicy is the field of a manifest that selects the revision of the Composition.
func updatePolicy(variant plane.Variant) string {
	if variant == plane.Claim {
		return "compositionUpdatePolicy"
	}

	return "crossplane.compositionUpdatePolicy"
}

// refs returns the commits to upgrade from: the previous one, and every release.
func refs(t *testing.T) []string {
	t.Helper()

	before := "HEAD^"

	if git(t, "rev-parse", "--is-shallow-repository") == "true" {
		t.Log("this clone has no history: its packages are upgraded to themselves, under another version; get the history with git fetch --unshallow --tags")

		before = "HEAD"
	}

	out := []string{git(t, "rev-parse", "--short", before)}
	for tag := range strings.FieldsSeq(git(t, "tag", "--list", "v*", "--merged", "HEAD")) {
		out = append(out, tag)
	}

	return out
}

// checkout checks out the repository at a ref into a separate directory.
func checkout(t *testing.T, ref string) string {
	t.Helper()

	dir := t.TempDir()
	archive := filepath.Join(dir, "archive.tar")

	git(t, "archive", "--output="+archive, ref)

	root := filepath.Join(dir, "root")
	must(t, os.Mkdir(root, 0o750))

	if out, err := exec.CommandContext(t.Context(), "tar", "--extract", "--file="+archive, "--directory="+root).CombinedOutput(); err != nil {
		t.Fatalf("cannot extract %s: %v\n%s", ref, err, out)
	}

	// A plane has the packages of the Azure providers at their current location.
	for _, name := range []string{"crossplane.yaml", "package/claim/crossplane.yaml"} {
		path := filepath.Join(root, name)

		data, err := os.ReadFile(path)
		must(t, err)

		data = bytes.ReplaceAll(data, []byte("xpkg.upbound.io/upbound/"), []byte("xpkg.crossplane.io/crossplane-contrib/"))
		must(t, os.WriteFile(path, data, 0o600))
	}

	return root
}

func git(t *testing.T, args ...string) string {
	t.Helper()

	var out, said bytes.Buffer

	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = w.root
	cmd.Stdout, cmd.Stderr = &out, &said

	if err := cmd.Run(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}

	return strings.TrimSpace(out.String())
}

// notes returns the release notes of a version. Early versions may have none.
func notes(t *testing.T, root string) string {
	t.Helper()

	data, err := os.ReadFile(filepath.Join(root, releaseNotes))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}

	return string(data)
}
