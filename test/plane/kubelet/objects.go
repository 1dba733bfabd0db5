// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// firstRead is how long an object may take to be read for the first time.
const (
	firstRead = 10 * time.Second
	syncPoll  = 10 * time.Millisecond
)

// Kinds of objects that pods refer to, as a kubelet calls them in messages.
const (
	secretKind    = "secret"
	configMapKind = "configmap"
)

type objectKey struct{ kind, namespace, name string }

// objects are the Secrets and ConfigMaps that pods of this node refer to, each
// watched on its own: a node may not watch any other.
type objects struct {
	client rest.Interface
	// ctx ends all watches.
	ctx     context.Context //nolint:containedctx // Watches outlive the calls that begin them.
	changed func(objectKey)

	mu      sync.Mutex
	watched map[objectKey]*watched
}

func newObjects(ctx context.Context, client rest.Interface, changed func(objectKey)) *objects {
	return &objects{client: client, ctx: ctx, changed: changed, watched: map[objectKey]*watched{}}
}

// Secret that is in use.
func (o *objects) Secret(namespace, name string) (*corev1.Secret, error) {
	got, err := o.get(objectKey{secretKind, namespace, name})
	if err != nil {
		return nil, err
	}

	return got.(*corev1.Secret), nil //nolint:forcetypeassert // It is what is watched.
}

// ConfigMap that is in use.
func (o *objects) ConfigMap(namespace, name string) (*corev1.ConfigMap, error) {
	got, err := o.get(objectKey{configMapKind, namespace, name})
	if err != nil {
		return nil, err
	}

	return got.(*corev1.ConfigMap), nil //nolint:forcetypeassert // It is what is watched.
}

// use objects until release is called.
func (o *objects) use(keys []objectKey) (release func()) {
	o.mu.Lock()
	defer o.mu.Unlock()

	for _, k := range keys {
		w := o.watched[k]
		if w == nil {
			w = o.watch(k)
			o.watched[k] = w
		}

		w.users++
	}

	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()

		for _, k := range keys {
			w := o.watched[k]
			if w.users--; w.users == 0 {
				w.cancel()
				delete(o.watched, k)
			}
		}
	}
}

func (o *objects) watch(key objectKey) *watched {
	var (
		kind     runtime.Object = &corev1.Secret{}
		resource                = "secrets"
	)
	if key.kind == configMapKind {
		kind, resource = &corev1.ConfigMap{}, "configmaps"
	}

	store, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(o.client, resource, key.namespace, fields.OneTermEqualSelector("metadata.name", key.name)),
		ObjectType:    kind,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { o.changed(key) },
			UpdateFunc: func(any, any) { o.changed(key) },
			DeleteFunc: func(any) { o.changed(key) },
		},
	})

	ctx, cancel := context.WithCancel(o.ctx)
	go informer.RunWithContext(ctx)

	return &watched{cancel: cancel, store: store, synced: informer.HasSynced}
}

func (o *objects) get(key objectKey) (any, error) {
	o.mu.Lock()
	w := o.watched[key]
	o.mu.Unlock()

	if w == nil {
		return nil, fmt.Errorf("object %s/%s not registered", key.namespace, key.name)
	}

	err := wait.PollUntilContextTimeout(o.ctx, syncPoll, firstRead, true, func(context.Context) (bool, error) { return w.synced(), nil })
	if err != nil {
		return nil, fmt.Errorf("failed to sync %s cache: %w", key.kind, err)
	}

	got, found, err := w.store.GetByKey(cache.NewObjectName(key.namespace, key.name).String())
	if err == nil && !found {
		err = kerrors.NewNotFound(schema.GroupResource{Resource: key.kind}, key.name)
	}

	return got, err //nolint:wrapcheck // A kubelet says no more.
}

// watched is one object.
type watched struct {
	users  int
	cancel func()
	store  cache.Store
	synced func() bool
}

// references of a pod to objects.
func references(pod *corev1.Pod) []objectKey {
	var (
		out  []objectKey
		seen = map[objectKey]bool{}
	)

	add := func(kind, name string) {
		if k := (objectKey{kind, pod.Namespace, name}); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}

	for _, cs := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range cs {
			containerReferences(&cs[i], add)
		}
	}

	for _, v := range pod.Spec.Volumes {
		switch {
		case v.Secret != nil:
			add(secretKind, v.Secret.SecretName)
		case v.ConfigMap != nil:
			add(configMapKind, v.ConfigMap.Name)
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				if s.Secret != nil {
					add(secretKind, s.Secret.Name)
				}

				if s.ConfigMap != nil {
					add(configMapKind, s.ConfigMap.Name)
				}
			}
		}
	}

	return out
}

func containerReferences(c *corev1.Container, add func(kind, name string)) {
	for _, from := range c.EnvFrom {
		if from.SecretRef != nil {
			add(secretKind, from.SecretRef.Name)
		}

		if from.ConfigMapRef != nil {
			add(configMapKind, from.ConfigMapRef.Name)
		}
	}

	for _, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}

		if ref := e.ValueFrom.SecretKeyRef; ref != nil {
			add(secretKind, ref.Name)
		}

		if ref := e.ValueFrom.ConfigMapKeyRef; ref != nil {
			add(configMapKind, ref.Name)
		}
	}
}
