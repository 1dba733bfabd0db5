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
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// firstRead is how long an object may take to be read for the first time.
const firstRead = 10 * time.Second

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
	ctx, cancel := context.WithCancel(o.ctx)
	w := &watched{cancel: cancel, synced: make(chan struct{}), changed: func() { o.changed(key) }}

	var (
		kind     runtime.Object = &corev1.Secret{}
		resource                = "secrets"
	)
	if key.kind == configMapKind {
		kind, resource = &corev1.ConfigMap{}, "configmaps"
	}

	lw := cache.NewListWatchFromClient(o.client, resource, key.namespace, fields.OneTermEqualSelector("metadata.name", key.name))
	go cache.NewReflectorWithOptions(lw, kind, w, cache.ReflectorOptions{Name: "kubelet"}).RunWithContext(ctx)

	return w
}

func (o *objects) get(key objectKey) (any, error) {
	o.mu.Lock()
	w := o.watched[key]
	o.mu.Unlock()

	if w == nil {
		return nil, fmt.Errorf("object %s/%s not registered", key.namespace, key.name)
	}

	t := time.NewTimer(firstRead)
	defer t.Stop()

	select {
	case <-w.synced:
	case <-t.C:
		return nil, fmt.Errorf("failed to sync %s cache: timed out waiting for the condition", key.kind)
	case <-o.ctx.Done():
		return nil, fmt.Errorf("cannot get %s %q: %w", key.kind, key.name, context.Cause(o.ctx))
	}

	if got := w.get(); got != nil {
		return got, nil
	}

	return nil, kerrors.NewNotFound(schema.GroupResource{Resource: key.kind}, key.name)
}

// watched is the store of one object.
type watched struct {
	users   int
	cancel  func()
	changed func()
	synced  chan struct{}
	once    sync.Once

	mu     sync.Mutex
	object any
}

// Add the object.
func (w *watched) Add(object any) error { return w.set(object) }

// Update the object.
func (w *watched) Update(object any) error { return w.set(object) }

// Delete the object.
func (w *watched) Delete(any) error { return w.set(nil) }

// Replace the object by the listed one.
func (w *watched) Replace(objects []any, _ string) error {
	var object any
	if len(objects) > 0 {
		object = objects[0]
	}

	err := w.set(object)

	w.once.Do(func() { close(w.synced) })

	return err
}

// Resync does nothing: no resync period is set.
func (*watched) Resync() error { return nil }

func (w *watched) get() any {
	w.mu.Lock()
	defer w.mu.Unlock()

	return w.object
}

func (w *watched) set(object any) error {
	w.mu.Lock()
	w.object = object
	w.mu.Unlock()

	w.changed()

	return nil
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
