// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// A quietManager returns a client that does not write an unchanged status. The managed
// reconciler writes it in every reconcile, and the API server drops a write without a
// change only after all its work. An idle sync is reconciled every 10 minutes, and whenever
// a poll of its vault shows a change: TestQuietStatusRequests counts 1 request for each of
// these reconciles without the client, and 0 with it.
type quietManager struct {
	manager.Manager

	client client.Client
}

// GetClient returns the client.
func (m quietManager) GetClient() client.Client { return m.client }

type quietClient struct {
	client.Client

	written *written
}

// Status returns a writer that leaves out writes without a change.
func (c quietClient) Status() client.SubResourceWriter {
	return quietStatus{SubResourceWriter: c.Client.Status(), reader: c.Client, written: c.written}
}

// written remembers, for each object, the resource version that was current before the
// last write of its status. As long as the cache has that version, the cache is stale.
type written struct {
	mu   sync.Mutex
	over map[types.UID]string
}

func newWritten() *written { return &written{over: map[types.UID]string{}} }

func (w *written) set(uid types.UID, resourceVersion string) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.over[uid] = resourceVersion
}

func (w *written) stale(uid types.UID, resourceVersion string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()

	return w.over[uid] == resourceVersion
}

func (w *written) forget(uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()

	delete(w.over, uid)
}

type quietStatus struct {
	client.SubResourceWriter

	reader  client.Reader
	written *written
}

// Update the status unless the cache has the same. A status that was made from a stale
// cache is not written.
func (s quietStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	now, ok := o.(*v1alpha1.KeyVaultSecretSync)
	if !ok {
		return s.SubResourceWriter.Update(ctx, o, opts...)
	}

	if s.written.stale(now.UID, now.ResourceVersion) {
		// The API server would return the same. A moment later the cache is up to date.
		return kerrors.NewConflict(schema.GroupResource{Group: v1alpha1.Group, Resource: "keyvaultsecretsyncs"}, now.Name, errors.New("the cache is stale"))
	}

	was := &v1alpha1.KeyVaultSecretSync{}
	if err := s.reader.Get(ctx, client.ObjectKeyFromObject(now), was); err == nil &&
		was.ResourceVersion == now.ResourceVersion && equality.Semantic.DeepEqual(quiet(was.Status), quiet(now.Status)) {
		return nil
	}

	over := now.ResourceVersion
	if err := s.SubResourceWriter.Update(ctx, o, opts...); err != nil {
		return err
	}

	if now.ResourceVersion != over {
		s.written.set(now.UID, over)
	}

	return nil
}

// quiet returns a status without the times of its conditions.
func quiet(s v1alpha1.KeyVaultSecretSyncStatus) v1alpha1.KeyVaultSecretSyncStatus {
	s = *s.DeepCopy()
	for i := range s.Conditions {
		s.Conditions[i].LastTransitionTime.Reset()
	}

	return s
}
