// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestReadFiles(t *testing.T) {
	t.Parallel()

	const one, other = "kind: One\nmetadata: {name: one}\n", "kind: Other\nmetadata: {name: other}\n"

	type want struct {
		kinds []string
		err   string
	}

	cases := map[string]struct {
		reason string
		files  map[string]string
		paths  []string
		want   want
	}{
		"Documents": {
			reason: "A file may hold many documents, and some that say nothing.",
			files:  map[string]string{"a.yaml": "# A comment.\n---\n" + one + "---\n# Another.\n---\n" + other},
			paths:  []string{"a.yaml"},
			want:   want{kinds: []string{"One", "Other"}},
		},
		"Order": {
			reason: "Files are read in the order in which they are named.",
			files:  map[string]string{"a.yaml": one, "b.yaml": other},
			paths:  []string{"b.yaml", "a.yaml"},
			want:   want{kinds: []string{"Other", "One"}},
		},
		"Directory": {
			reason: "A directory stands for its manifests; other files are ignored.",
			files:  map[string]string{"d/b.yaml": other, "d/a.yaml": one, "d/README.md": "# Read me", "d/e/c.yaml": one},
			paths:  []string{"d"},
			want:   want{kinds: []string{"One", "Other"}},
		},
		"Missing": {
			reason: "A file that is not there is a mistake.",
			paths:  []string{"a.yaml"},
			want:   want{err: "no such file or directory"},
		},
		"Malformed": {
			reason: "An error says in which file.",
			files:  map[string]string{"a.yaml": "kind: [\n"},
			paths:  []string{"a.yaml"},
			want:   want{err: "a.yaml"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			for name, content := range tc.files {
				writeFile(t, filepath.Join(dir, name), content)
			}

			var paths []string
			for _, p := range tc.paths {
				paths = append(paths, filepath.Join(dir, p))
			}

			objects, err := ReadFiles(paths...)

			var kinds []string
			for _, o := range objects {
				kinds = append(kinds, o.GetKind())
			}

			if diff := cmp.Diff(tc.want.kinds, kinds); diff != "" {
				t.Errorf("\n%s\nReadFiles(...): -want, +got:\n%s", tc.reason, diff)
			}

			if (err != nil) != (tc.want.err != "") || err != nil && !strings.Contains(err.Error(), tc.want.err) {
				t.Errorf("\n%s\nReadFiles(...): want error with %q, got %v", tc.reason, tc.want.err, err)
			}
		})
	}
}

func TestApply(t *testing.T) {
	ns := server.Namespace(t)
	labels := func(kv ...string) client.Object {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "config", Labels: map[string]string{}}}
		for i := 0; i < len(kv); i += 2 {
			cm.Labels[kv[i]] = kv[i+1]
		}

		return cm
	}

	// Another's field, which is kept until it is applied.
	if err := server.Client().Create(t.Context(), labels("theirs", "1", "both", "1")); err != nil {
		t.Fatalf("cannot create: %v", err)
	}

	for _, o := range []client.Object{labels("ours", "1"), labels("ours", "2", "both", "2")} {
		before := o.DeepCopyObject()

		if err := server.Apply(t.Context(), o); err != nil {
			t.Errorf("Apply(...): %v", err)
		}

		if diff := cmp.Diff(before, o); diff != "" {
			t.Errorf("Apply(...) changed its argument: -before, +after:\n%s", diff)
		}
	}

	got := &corev1.ConfigMap{}
	if err := server.Client().Get(t.Context(), client.ObjectKeyFromObject(labels()), got); err != nil {
		t.Fatalf("cannot get: %v", err)
	}

	if diff := cmp.Diff(map[string]string{"theirs": "1", "both": "2", "ours": "2"}, got.GetLabels()); diff != "" {
		t.Errorf("labels after Apply(...): -want, +got:\n%s", diff)
	}

	if err := server.Apply(t.Context(), got); err != nil {
		t.Errorf("Apply(...) of what was read: %v", err)
	}
}

func TestInstallCRDs(t *testing.T) {
	ns := server.Namespace(t)

	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "crd.yaml"), `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.test.p6m.dev}
spec:
  group: test.p6m.dev
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
    - {name: v1alpha1, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: example.org/v1
kind: SomethingElse
metadata: {name: thing}
`)

	if err := server.InstallCRDs(t.Context(), dir); err != nil {
		t.Fatalf("InstallCRDs(...): %v", err)
	}

	thing := &unstructured.Unstructured{}
	thing.SetGroupVersionKind(schema.GroupVersionKind{Group: "test.p6m.dev", Version: "v1", Kind: "Thing"})
	thing.SetNamespace(ns)
	thing.SetName("thing")

	if err := server.Client().Create(t.Context(), thing); err != nil {
		t.Errorf("cannot create an object right after InstallCRDs(...): %v", err)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()

	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatalf("cannot create directory: %v", err)
	}

	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatalf("cannot write file: %v", err)
	}
}
