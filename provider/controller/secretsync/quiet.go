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

// A quietManager gives a client that does not write a status which is as it
// should be already. The managed reconciler writes it whenever it has looked at an
// object; the API server would throw that away, but has to look at it first.
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

// Status returns a writer of statuses that leaves out what changes nothing.
func (c quietClient) Status() client.SubResourceWriter {
	return quietStatus{SubResourceWriter: c.Client.Status(), reader: c.Client, written: c.written}
}

// written remembers, for each object, the resource version that its status was
// last written over. As long as the cache still has that one, it is old.
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

// Update the status unless the cache has it like that. A status that was made
// from an old cache is not written.
func (s quietStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	now, ok := o.(*v1alpha1.KeyVaultSecretSync)
	if !ok {
		return s.SubResourceWriter.Update(ctx, o, opts...) //nolint:wrapcheck // A client returns errors as they are.
	}

	if s.written.stale(now.UID, now.ResourceVersion) {
		// The API server would say the same. A moment later the cache has caught up.
		return kerrors.NewConflict(schema.GroupResource{Group: v1alpha1.Group, Resource: "keyvaultsecretsyncs"}, now.Name, errors.New("the cache is old"))
	}

	was := &v1alpha1.KeyVaultSecretSync{}
	if err := s.reader.Get(ctx, client.ObjectKeyFromObject(now), was); err == nil &&
		was.ResourceVersion == now.ResourceVersion && equality.Semantic.DeepEqual(quiet(was.Status), quiet(now.Status)) {
		return nil
	}

	over := now.ResourceVersion
	if err := s.SubResourceWriter.Update(ctx, o, opts...); err != nil {
		return err //nolint:wrapcheck // A client returns errors as they are.
	}

	if now.ResourceVersion != over {
		s.written.set(now.UID, over)
	}

	return nil
}

// quiet leaves out when conditions were last said to be what they are.
func quiet(s v1alpha1.KeyVaultSecretSyncStatus) v1alpha1.KeyVaultSecretSyncStatus {
	s = *s.DeepCopy()
	for i := range s.Conditions {
		s.Conditions[i].LastTransitionTime.Reset()
	}

	return s
}
