// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// A namespaceGate limits the syncs of one namespace to half of the workers. A reconcile may
// wait for Azure until its deadline, which is 2 minutes by default. Without the gate, a team
// with 100 syncs of vaults that do not answer would stop the 100 workers, and so all other
// namespaces, for that long. It costs no request.
type namespaceGate struct {
	reconcile.Reconciler

	share int
	wake  func(types.NamespacedName)

	mu     sync.Mutex
	inside map[string]int
	// waiting syncs by namespace, first come first served, and as a set.
	waiting map[string][]types.NamespacedName
	waits   map[types.NamespacedName]bool
}

// newNamespaceGate of so many workers. It calls wake for a sync that had to wait.
func newNamespaceGate(r reconcile.Reconciler, workers int, wake func(types.NamespacedName)) *namespaceGate {
	return &namespaceGate{
		Reconciler: r, share: (workers + 1) / 2, wake: wake,
		inside: map[string]int{}, waiting: map[string][]types.NamespacedName{}, waits: map[types.NamespacedName]bool{},
	}
}

// Reconcile a sync when it is its namespace's turn.
func (g *namespaceGate) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	if !g.enter(req.NamespacedName) {
		return reconcile.Result{}, nil
	}
	defer g.leave(req.Namespace)

	return g.Reconciler.Reconcile(ctx, req)
}

// enter, or wait to be woken.
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

// leave, and wake the sync that has waited longest.
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
