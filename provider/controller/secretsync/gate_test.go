// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Reconciles of one namespace that never end leave workers to other namespaces, and waiting syncs
// are woken in turn.
func TestGate(t *testing.T) {
	var (
		started = make(chan string, 10)
		end     = make(chan struct{})
		ended   = make(chan struct{})
		woken   []string
	)

	g := newNamespaceGate(reconcile.Func(func(_ context.Context, r reconcile.Request) (reconcile.Result, error) {
		started <- r.Name
		<-end

		return reconcile.Result{}, nil
	}), 4, func(key types.NamespacedName) { woken = append(woken, key.Name) })

	reconcileOf := func(namespace, name string) {
		_, _ = g.Reconcile(t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}})
	}
	hang := func(namespace, name string) {
		go func() {
			reconcileOf(namespace, name)
			ended <- struct{}{}
		}()

		<-started
	}

	hang("hostile", "a")
	hang("hostile", "b")

	// These reconciles return at once.
	reconcileOf("hostile", "c")
	reconcileOf("hostile", "d")
	reconcileOf("hostile", "c")

	hang("neighbour", "x")
	hang("neighbour", "y")

	for range 4 {
		end <- struct{}{}
		<-ended
	}

	if diff := cmp.Diff([]string{"c", "d"}, woken); diff != "" {
		t.Errorf("\nWaiting syncs are woken once, in turn.\nwoken: -want, +got:\n%s", diff)
	}

	if n := len(g.inside) + len(g.waiting) + len(g.waits); n > 0 {
		t.Errorf("\nNothing is left behind.\n%d things are", n)
	}
}

// For any sequence of syncs, no namespace gets more than half of the workers, none is turned away
// while there is room, and none is forgotten.
func TestGateProperties(t *testing.T) { //nolint:gocognit // Steps, and what has to be true after each.
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(1, 9).Draw(t, "workers")
		woken := map[types.NamespacedName]bool{}
		g := newNamespaceGate(nil, workers, func(key types.NamespacedName) { woken[key] = true })
		inside, waiting := map[string]int{}, map[types.NamespacedName]bool{}

		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			namespace := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "namespace")

			if inside[namespace] > 0 && rapid.Bool().Draw(t, "leave") {
				g.leave(namespace)

				inside[namespace]--

				continue
			}

			key := types.NamespacedName{Namespace: namespace, Name: rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "name")}

			switch entered := g.enter(key); {
			case entered != (inside[namespace] < (workers+1)/2):
				t.Fatalf("enter(%s) = %t, and %d of %d are inside", key, entered, inside[namespace], workers)
			case entered:
				inside[namespace]++
			default:
				waiting[key] = true
			}
		}

		// Woken syncs return.
		for namespace := range inside {
			for {
				for range inside[namespace] {
					g.leave(namespace)
				}

				inside[namespace] = 0

				for key := range woken {
					if key.Namespace == namespace {
						delete(woken, key)
						delete(waiting, key)

						if g.enter(key) {
							inside[namespace]++
						}
					}
				}

				if inside[namespace] == 0 {
					break
				}
			}
		}

		if len(waiting) > 0 || len(g.waits) > 0 {
			t.Fatalf("%v were never woken, %v wait", waiting, g.waits)
		}
	})
}
