// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// A namespaceGate lets syncs of one namespace have half of the workers at most. A reconcile may
// have to wait for Azure, and how many of a namespace do is up to its team.
type namespaceGate struct {
	reconcile.Reconciler

	share int
	wake  func(types.NamespacedName)

	mu     sync.Mutex
	inside map[string]int
	// waiting syncs by namespace, first come first served, and which they are.
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

	return g.Reconciler.Reconcile(ctx, req) //nolint:wrapcheck // It says what was attempted.
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

// leave, and wake whoever waits longest.
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
