// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

func TestUpdate(t *testing.T) {
	stored := func() *corev1.ConfigMap {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "shop", Name: "one", Finalizers: []string{"theirs"},
				Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"a": "1"},
			},
			Data: map[string]string{"key": "value"},
		}
	}

	type want struct {
		Finalizers          []string
		Labels, Annotations map[string]string
		Data                map[string]string
	}

	unchanged := want{
		Finalizers: []string{"theirs"}, Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"a": "1"},
		Data: map[string]string{"key": "value"},
	}

	cases := map[string]struct {
		reason string
		change func(*corev1.ConfigMap)
		want   func(*want)
	}{
		"Nothing": {reason: "Without a change, nothing is written.", change: func(*corev1.ConfigMap) {}, want: func(*want) {}},
		"Finalizer": {
			reason: "A finalizer is added.",
			change: func(m *corev1.ConfigMap) { m.Finalizers = append(m.Finalizers, "ours") },
			want:   func(w *want) { w.Finalizers = []string{"theirs", "ours"} },
		},
		"NoFinalizer": {
			reason: "The last finalizer is removed.",
			change: func(m *corev1.ConfigMap) { m.Finalizers = nil },
			want:   func(w *want) { w.Finalizers = nil },
		},
		"Annotation": {
			reason: "An annotation is added.",
			change: func(m *corev1.ConfigMap) { m.Annotations["b"] = "2" },
			want:   func(w *want) { w.Annotations = map[string]string{"a": "1", "b": "2"} },
		},
		"Content": {
			reason: "The content of the object is not owned by a controller.",
			change: func(m *corev1.ConfigMap) { m.Data, m.Labels = map[string]string{"key": "other"}, nil },
			want:   func(*want) {},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kube := fake.NewClientBuilder().WithObjects(stored()).Build()
			o := get(t, kube)
			tc.change(o)

			if err := (Client{kube}).Update(t.Context(), o); err != nil {
				t.Fatal(err)
			}

			w := unchanged
			tc.want(&w)

			now := get(t, kube)
			if diff := cmp.Diff(w, want{now.Finalizers, now.Labels, now.Annotations, now.Data}); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// An observed status that is not written yet is kept.
func TestUpdateKeepsTheRest(t *testing.T) {
	kube := fake.NewClientBuilder().WithObjects(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "one"}}).Build()
	o := get(t, kube)
	before := o.ResourceVersion
	o.Finalizers, o.Data = []string{"ours"}, map[string]string{"observed": "now"}

	if err := (Client{kube}).Update(t.Context(), o); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(map[string]string{"observed": "now"}, o.Data); diff != "" || o.ResourceVersion == before {
		t.Errorf("Update(...): version %s is now %s, -want, +got:\n%s", before, o.ResourceVersion, diff)
	}
}

// An object that was changed by another client in the meantime is not updated.
func TestUpdateConflict(t *testing.T) {
	kube := fake.NewClientBuilder().WithObjects(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "one"}}).Build()
	old, now := get(t, kube), get(t, kube)

	now.Data = map[string]string{"key": "value"}
	if err := kube.Update(context.Background(), now); err != nil {
		t.Fatal(err)
	}

	old.Finalizers = []string{"ours"}

	if err := (Client{kube}).Update(t.Context(), old); !kerrors.IsConflict(err) {
		t.Errorf("\nThe finalizers may have changed, too.\nUpdate(...): want a conflict, got %v", err)
	}
}

func get(t *testing.T, kube client.Client) *corev1.ConfigMap {
	t.Helper()

	o := &corev1.ConfigMap{}
	if err := kube.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "one"}, o); err != nil {
		t.Fatal(err)
	}

	return o
}
