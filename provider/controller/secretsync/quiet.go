// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// A quietManager returns a client that does not write an unchanged status. The managed
// reconciler writes the status in every reconcile, and the API server notices that nothing has
// changed only after all its work. An idle sync is reconciled every 10 minutes, and whenever a
// poll of its vault shows a change: TestQuietStatusRequests counts 1 request for each of these
// reconciles without this client, and 0 with it.
type quietManager struct {
	manager.Manager

	client client.Client
}

func (m quietManager) GetClient() client.Client { return m.client }

type quietClient struct {
	client.Client

	written *written
}

// Status returns a writer that skips writes without a change.
func (c quietClient) Status() client.SubResourceWriter {
	return quietStatus{SubResourceWriter: c.Client.Status(), reader: c.Client, written: c.written}
}

// written has, for each object, the resource version before the last write of its status. As
// long as the cache has that version, the cache is stale.
type written struct {
	mu     sync.Mutex
	before map[types.UID]lastWrite
}

// A lastWrite of a status has the resource version before it, and its time.
type lastWrite struct {
	before string
	at     time.Time
}

// longestLag of a cache. An API server that was restored from a backup has the version before a write again, for good.
const longestLag = time.Minute

func newWritten() *written { return &written{before: map[types.UID]lastWrite{}} }

func (w *written) set(uid types.UID, resourceVersion string) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.before[uid] = lastWrite{before: resourceVersion, at: time.Now()}
}

func (w *written) stale(uid types.UID, resourceVersion string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()

	last := w.before[uid]

	return last.before == resourceVersion && time.Since(last.at) < longestLag
}

func (w *written) forget(uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()

	delete(w.before, uid)
}

type quietStatus struct {
	client.SubResourceWriter

	reader  client.Reader
	written *written
}

// Update the status, unless the cache has the same. A status that was computed from a stale
// cache is not written.
func (s quietStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	now, ok := o.(*v1alpha1.KeyVaultSecretSync)
	if !ok {
		return s.SubResourceWriter.Update(ctx, o, opts...)
	}

	if s.written.stale(now.UID, now.ResourceVersion) {
		// The API server would return the same error. The cache will soon be up to date.
		return kerrors.NewConflict(schema.GroupResource{Group: v1alpha1.Group, Resource: "keyvaultsecretsyncs"}, now.Name, errors.New("the cache is stale"))
	}

	was := &v1alpha1.KeyVaultSecretSync{}
	if err := s.reader.Get(ctx, client.ObjectKeyFromObject(now), was); err == nil &&
		was.ResourceVersion == now.ResourceVersion && equality.Semantic.DeepEqual(withoutTransitions(was.Status), withoutTransitions(now.Status)) {
		return nil
	}

	before := now.ResourceVersion
	if err := s.SubResourceWriter.Update(ctx, o, opts...); err != nil {
		return err
	}

	if now.ResourceVersion != before {
		s.written.set(now.UID, before)
	}

	return nil
}

// withoutTransitions returns a status without the transition times of its conditions.
func withoutTransitions(s v1alpha1.KeyVaultSecretSyncStatus) v1alpha1.KeyVaultSecretSyncStatus {
	s = *s.DeepCopy()
	for i := range s.Conditions {
		s.Conditions[i].LastTransitionTime.Reset()
	}

	return s
}
