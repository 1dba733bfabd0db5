// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"slices"
	"sync"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	ctrlhandler "sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// Priorities of reconciles, the most urgent first.
const (
	// priorityNew: an application is waiting for its first values.
	priorityNew = 20
	// priorityChanged: the sync, its Secret or its vault has changed.
	priorityChanged = 10
	// priorityKnown: the sync was synced before, and the provider has just started.
	priorityKnown = 0
	// priorityUnavailable: there is nothing but a failure to report. If many vaults fail at
	// once, their reports would delay the changes of all others.
	priorityUnavailable = -10
	// priorityScheduled: a look is due, but nothing has happened. A sync waits for its next look in the queue, which
	// would otherwise keep its last priority for good, whatever wakes the sync then.
	priorityScheduled = priorityUnavailable
)

type requests = workqueue.TypedRateLimitingInterface[reconcile.Request]

// A queue gives the watcher access to the queue of the controller.
type queue struct {
	mu       sync.Mutex
	requests requests
}

// Start stores the controller's queue. It implements source.Source.
func (q *queue) Start(_ context.Context, r workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	q.mu.Lock()
	defer q.mu.Unlock()

	q.requests = r

	return nil
}

// wake a sync whose vault has changed, or can no longer be listed.
func (q *queue) wake(key types.NamespacedName, unavailable bool) {
	q.mu.Lock()
	defer q.mu.Unlock()

	priority := priorityChanged
	if unavailable {
		priority = priorityUnavailable
	}

	if q.requests != nil {
		add(q.requests, key, priority)
	}
}

// add a request with a priority.
func add(q requests, key types.NamespacedName, priority int) {
	r := reconcile.Request{NamespacedName: key}

	if p, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		p.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, r)
		return
	}

	q.Add(r)
}

// syncHandler returns a handler of new, changed and deleted syncs. It calls deleted for a
// deleted sync.
func syncHandler(deleted func(client.Object)) ctrlhandler.EventHandler {
	return ctrlhandler.Funcs{
		CreateFunc: func(_ context.Context, e ctrlevent.CreateEvent, q requests) {
			add(q, client.ObjectKeyFromObject(e.Object), priorityOf(e.Object, priorityKnown))
		},
		UpdateFunc: func(_ context.Context, e ctrlevent.UpdateEvent, q requests) {
			add(q, client.ObjectKeyFromObject(e.ObjectNew), priorityOf(e.ObjectNew, priorityChanged))
		},
		DeleteFunc: func(_ context.Context, e ctrlevent.DeleteEvent, q requests) {
			deleted(e.Object)
			add(q, client.ObjectKeyFromObject(e.Object), priorityChanged)
		},
	}
}

// secretHandler returns a handler of changed and deleted Secrets, as StripSecret leaves them. Only the
// provider's own Secrets are watched.
func secretHandler() ctrlhandler.EventHandler {
	enqueue := func(o client.Object, q requests) {
		if name := o.GetAnnotations()[annotationSync]; name != "" {
			add(q, types.NamespacedName{Namespace: o.GetNamespace(), Name: name}, priorityChanged)
		}
	}

	return ctrlhandler.Funcs{
		UpdateFunc: func(_ context.Context, e ctrlevent.UpdateEvent, q requests) {
			if e.ObjectOld.GetResourceVersion() != e.ObjectNew.GetResourceVersion() {
				enqueue(e.ObjectOld, q)
				enqueue(e.ObjectNew, q)
			}
		},
		DeleteFunc: func(_ context.Context, e ctrlevent.DeleteEvent, q requests) { enqueue(e.Object, q) },
	}
}

// priorityOf returns the priority of a sync. A sync that was never synced comes first.
func priorityOf(o client.Object, otherwise int) int {
	cr, ok := o.(*v1alpha1.KeyVaultSecretSync)
	if !ok {
		return otherwise
	}

	never := func(s v1alpha1.ObservedSecret) bool { return s.Version == "" }
	if len(cr.Status.AtProvider.Secrets) == 0 || slices.ContainsFunc(cr.Status.AtProvider.Secrets, never) {
		return priorityNew
	}

	return otherwise
}

// isSkipped reports whether the managed reconciler skips a sync, because it is paused or has
// unsupported management policies. Without the feature, only the default is supported.
func isSkipped(o client.Object, policies bool) bool {
	if meta.IsPaused(o) {
		return true
	}

	cr, ok := o.(*v1alpha1.KeyVaultSecretSync)
	if !ok {
		return false
	}

	p := managed.NewManagementPoliciesResolver(policies, cr.GetManagementPolicies())

	return p.IsPaused() || p.Validate() != nil
}
