// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// A namespaceGate limits the syncs of one namespace to half of the workers. A reconcile can
// wait for Azure until its deadline, by default 2 minutes. Without the gate, a team with 100
// syncs of unresponsive vaults would block all 100 workers, and so all other namespaces, for
// that long. The gate costs no request.
type namespaceGate struct {
	reconcile.Reconciler

	share int
	wake  func(types.NamespacedName)

	mu     sync.Mutex
	inside map[string]int
	// waiting syncs by namespace, in the order of their arrival, and all of them as a set.
	waiting map[string][]types.NamespacedName
	waits   map[types.NamespacedName]bool
}

// newNamespaceGate returns a gate in front of a reconciler with this number of workers. It
// calls wake when a waiting sync may enter.
func newNamespaceGate(r reconcile.Reconciler, workers int, wake func(types.NamespacedName)) *namespaceGate {
	return &namespaceGate{
		Reconciler: r, share: (workers + 1) / 2, wake: wake,
		inside: map[string]int{}, waiting: map[string][]types.NamespacedName{}, waits: map[types.NamespacedName]bool{},
	}
}

// Reconcile a sync, unless its namespace already uses its share of the workers.
func (g *namespaceGate) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	if !g.enter(req.NamespacedName) {
		return reconcile.Result{}, nil
	}
	defer g.leave(req.Namespace)

	return g.Reconciler.Reconcile(ctx, req)
}

// enter the gate, or queue the sync to be woken.
func (g *namespaceGate) enter(key types.NamespacedName) bool {
	g.mu.Lock()
	defer g.mu.Unlock()

	if g.inside[key.Namespace] < g.share {
		g.inside[key.Namespace]++

		return true
	}

	if !g.waits[key] {
		g.waits[key] = true
		g.waiting[key.Namespace] = append(g.waiting[key.Namespace], key)
	}

	return false
}

// leave the gate, and wake the sync of the namespace that has waited longest.
func (g *namespaceGate) leave(namespace string) {
	g.mu.Lock()
	defer g.mu.Unlock()

	g.inside[namespace]--
	if g.inside[namespace] == 0 {
		delete(g.inside, namespace)
	}

	list := g.waiting[namespace]
	if len(list) == 0 {
		return
	}

	if g.waiting[namespace] = list[1:]; len(list) == 1 {
		delete(g.waiting, namespace)
	}

	delete(g.waits, list[0])
	g.wake(list[0])
}
