// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
)

// TestInstallsTheBase compares what a plane applies with what package/platform has, so
// that what platform teams install is what is proven on planes.
func TestInstallsTheBase(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	base := built(t, filepath.Join(root, "package", "platform"))

	applied, err := apiserver.ReadFiles(restrictions(root)...)
	if err != nil {
		t.Fatal(err)
	}

	applied = append(applied, (&Plane{}).packages(root, Modern, "v0.1.0")...)

	want, got := map[string]map[string]any{}, map[string]map[string]any{}

	for _, o := range applied {
		id := o.GetKind() + "/" + o.GetName()
		want[id] = o.Object
		got[id] = base[id]
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects that a plane applies: -plane, +package/platform:\n%s", diff)
	}
}

// built are the objects that kustomize makes of a directory, without what Argo CD
// alone reads.
func built(t *testing.T, dir string) map[string]map[string]any {
	t.Helper()

	kustomize, err := tools.Path(t.Context(), "kustomize")
	if err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), "built.yaml")
	if out, err := exec.CommandContext(t.Context(), kustomize, "build", dir, "--output", path).CombinedOutput(); err != nil {
		t.Fatalf("kustomize: %v\n%s", err, out)
	}

	objects, err := apiserver.ReadFiles(path)
	if err != nil {
		t.Fatal(err)
	}

	out := map[string]map[string]any{}

	for _, o := range objects {
		annotations := o.GetAnnotations()
		delete(annotations, "argocd.argoproj.io/sync-wave")

		if len(annotations) == 0 {
			annotations = nil
		}

		o.SetAnnotations(annotations)
		out[o.GetKind()+"/"+o.GetName()] = o.Object
	}

	return out
}
