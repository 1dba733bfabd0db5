// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// nodeField selects pods by their node.
const nodeField = "spec.nodeName"

// watchPods watches the pods of this node until the context ends.
func (k *Kubelet) watchPods(ctx context.Context) {
	watch(ctx, k.client.CoreV1().RESTClient(), k.options.Node, cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { k.handle(ctx, o) },
		UpdateFunc: func(_, o any) { k.handle(ctx, o) },
		DeleteFunc: k.handleGone,
	})
}

// bindPods binds pods without a node to this one until the context ends.
func (k *Kubelet) bindPods(ctx context.Context, client kubernetes.Interface) {
	bind := func(o any) {
		if pod, ok := o.(*corev1.Pod); ok && len(pod.Spec.SchedulingGates) == 0 && pod.DeletionTimestamp == nil {
			k.running.Go(func() { k.bind(ctx, client, pod) })
		}
	}

	watch(ctx, client.CoreV1().RESTClient(), "", cache.ResourceEventHandlerFuncs{
		AddFunc:    bind,
		UpdateFunc: func(_, o any) { bind(o) },
	})
}

func watch(ctx context.Context, client rest.Interface, node string, handler cache.ResourceEventHandler) {
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(client, "pods", metav1.NamespaceAll, fields.OneTermEqualSelector(nodeField, node)),
		ObjectType:    &corev1.Pod{},
		Handler:       handler,
	})
	informer.RunWithContext(ctx)
}

// bind binds a pod, and retries while that makes sense.
func (k *Kubelet) bind(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) {
	binding := &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: k.options.Node},
	}

	retry(ctx, func(ctx context.Context) error {
		err := client.CoreV1().Pods(pod.Namespace).Bind(ctx, binding, metav1.CreateOptions{})
		if kerrors.IsNotFound(err) || kerrors.IsConflict(err) {
			return nil // The pod is deleted or bound.
		}

		if err != nil {
			k.log.Warn("cannot bind pod", "namespace", pod.Namespace, "pod", pod.Name, "error", err)
		}

		return err //nolint:wrapcheck // It is only compared.
	})
}

// handle handles a new or changed pod.
func (k *Kubelet) handle(ctx context.Context, o any) {
	object, ok := o.(*corev1.Pod)
	if !ok {
		return
	}

	k.mu.Lock()

	p := k.pods[object.UID]
	if p == nil {
		p = newPod(ctx, k, object, k.nextAddress())
		k.pods[object.UID] = p

		k.running.Go(func() {
			p.run(ctx)

			k.mu.Lock()
			defer k.mu.Unlock()

			delete(k.pods, p.uid)
		})
	}

	k.mu.Unlock()

	p.update(object)
}

// handleGone handles a pod that was deleted without a grace period.
func (k *Kubelet) handleGone(o any) {
	if tombstone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = tombstone.Obj
	}

	object, ok := o.(*corev1.Pod)
	if !ok {
		return
	}

	k.mu.Lock()
	p := k.pods[object.UID]
	k.mu.Unlock()

	if p != nil {
		p.stop()
	}
}

const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// retry retries until there is no error or the context ends.
func retry(ctx context.Context, do func(context.Context) error) {
	backoff := wait.Backoff{Duration: firstRetry, Factor: 2, Cap: lastRetry, Steps: math.MaxInt}

	_ = backoff.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()

		return do(ctx) == nil, nil
	})
}

// sleep waits. It returns false if the context ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()

	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
