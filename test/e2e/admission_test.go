//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/plane"
)

// TestDeletionIsAdmitted proves that the admission policies allow all writes that delete an
// application with all its parts: with an owner that waits for them, and with its namespace.
func TestDeletionIsAdmitted(t *testing.T) {
	cases := map[string]struct {
		reason string
		delete func(ctx context.Context, a *app) error

		// gone are objects that are deleted, in addition to the application's.
		gone func(a *app) client.Object
	}{
		"Foreground": {
			reason: "The garbage collector deletes the parts, and then lets the application go.",
			delete: func(ctx context.Context, a *app) error {
				return a.plane.API.Client().Delete(ctx, manifest(a.namespace, a.name), client.PropagationPolicy(metav1.DeletePropagationForeground))
			},
			gone: func(a *app) client.Object { return manifest(a.namespace, a.name) },
		},
		"Namespace": {
			reason: "The namespace controller deletes everything at once, in any order.",
			delete: func(ctx context.Context, a *app) error {
				return a.plane.API.Client().Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: a.namespace}})
			},
			gone: func(a *app) client.Object { return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: a.namespace}} },
		},
	}

	for variant, p := range w.variants(t) {
		for name, tc := range cases {
			t.Run(string(variant)+"/"+name, func(t *testing.T) {
				a, _ := started(t, p, namespaceOf(t, p), "web")

				resources, err := p.Composed(t.Context(), a.namespace, a.name)
				must(t, errors.Join(err, tc.delete(t.Context(), a)))

				rest := []error{isGone(t.Context(), p, tc.gone(a))}
				for _, r := range resources {
					rest = append(rest, isGone(t.Context(), p, r))
				}

				if err := errors.Join(rest...); err != nil {
					t.Errorf("\n%s\n%v", tc.reason, err)
				}
			})
		}
	}
}

// isGone waits until an object no longer exists.
func isGone(ctx context.Context, p *plane.Plane, o client.Object) error {
	return plane.Eventually(ctx, fmt.Sprintf("the end of %T %s %s", o, o.GetObjectKind().GroupVersionKind().Kind, o.GetName()), func(ctx context.Context) error {
		err := p.API.Client().Get(ctx, client.ObjectKeyFromObject(o), o)
		if err == nil {
			err = errors.New("it is still there")
		}

		return client.IgnoreNotFound(err)
	})
}
