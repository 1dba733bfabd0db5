// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

func TestPriorityOf(t *testing.T) {
	with := func(secrets ...v1alpha1.ObservedSecret) client.Object {
		s := newSync()
		s.Status.AtProvider.Secrets = secrets

		return s
	}

	cases := map[string]struct {
		reason string
		object client.Object
		want   int
	}{
		"New":     {reason: "A new sync has the highest priority.", object: with(), want: priorityNew},
		"Never":   {reason: "A sync with a secret that was never synced is new.", object: with(v1alpha1.ObservedSecret{Version: v1}, v1alpha1.ObservedSecret{State: v1alpha1.StateMissing}), want: priorityNew},
		"Synced":  {reason: "A sync whose secrets were all synced is known.", object: with(v1alpha1.ObservedSecret{Version: v1, State: v1alpha1.StateForbidden}), want: priorityKnown},
		"Another": {reason: "Another kind of object counts as known.", object: &corev1.Secret{}, want: priorityKnown},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, priorityOf(tc.object, priorityKnown)); diff != "" {
				t.Errorf("\n%s\npriorityOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLeftAlone(t *testing.T) {
	annotated := func(value string) func(s *v1alpha1.KeyVaultSecretSync) {
		return func(s *v1alpha1.KeyVaultSecretSync) { s.Annotations = map[string]string{"crossplane.io/paused": value} }
	}
	allowed := func(p ...xpv1.ManagementAction) func(s *v1alpha1.KeyVaultSecretSync) {
		return func(s *v1alpha1.KeyVaultSecretSync) { s.SetManagementPolicies(append(xpv1.ManagementPolicies{}, p...)) }
	}

	// want is the result with management policies enabled and disabled.
	type want struct{ Heeded, NotHeeded bool }

	cases := map[string]struct {
		reason string
		change func(s *v1alpha1.KeyVaultSecretSync)
		want   want
	}{
		"No":          {reason: "A sync without policies and annotations is not paused.", change: func(*v1alpha1.KeyVaultSecretSync) {}},
		"Annotation":  {reason: "The annotation pauses a sync.", change: annotated("true"), want: want{Heeded: true, NotHeeded: true}},
		"NotPaused":   {reason: "The annotation with value false does not pause a sync.", change: annotated("false")},
		"Nothing":     {reason: "An empty list of policies pauses a sync; if policies are disabled, it has no effect.", change: allowed(), want: want{Heeded: true}},
		"Observe":     {reason: "The policy Observe does not pause a sync if policies are enabled.", change: allowed("Observe"), want: want{NotHeeded: true}},
		"Unsupported": {reason: "An invalid combination of policies pauses a sync.", change: allowed("Create"), want: want{Heeded: true, NotHeeded: true}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSync()
			tc.change(s)

			if diff := cmp.Diff(tc.want, want{Heeded: isSkipped(s, true), NotHeeded: isSkipped(s, false)}); diff != "" {
				t.Errorf("\n%s\nisSkipped(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A recorder is a queue that records added items.
type recorder struct {
	requests

	added map[string]int
}

func newRecorder() *recorder { return &recorder{added: map[string]int{}} }

func (r *recorder) Add(q reconcile.Request) { r.added[q.String()] = 0 }

// A prioritized queue also records priorities.
type prioritized struct {
	priorityqueue.PriorityQueue[reconcile.Request]

	added map[string]int
}

func (p *prioritized) AddWithOpts(o priorityqueue.AddOpts, items ...reconcile.Request) {
	for _, i := range items {
		p.added[i.String()] = *o.Priority
	}
}

func TestQueue(t *testing.T) {
	q := &queue{}
	key := types.NamespacedName{Namespace: "team-a", Name: "web"}

	q.wake(key, false) // The controller has not started, and will reconcile all syncs anyway.

	p := &prioritized{added: map[string]int{}}
	if err := q.Start(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	q.wake(key, false)
	q.wake(types.NamespacedName{Namespace: "team-b", Name: "web"}, true)

	if diff := cmp.Diff(map[string]int{"team-a/web": priorityChanged, "team-b/web": priorityUnavailable}, p.added); diff != "" {
		t.Errorf("\nA sync with a changed vault comes before one whose vault is unavailable.\nwake(...): -want, +got:\n%s", diff)
	}
}

func TestHandlerSyncs(t *testing.T) {
	var forgotten []string

	h := syncHandler(func(o client.Object) { forgotten = append(forgotten, o.GetName()) })
	q := &prioritized{added: map[string]int{}}
	synced := newSync()
	synced.Status.AtProvider.Secrets = []v1alpha1.ObservedSecret{{Version: v1}}

	stopped := synced.DeepCopy()
	stopped.Annotations = map[string]string{"crossplane.io/paused": "true"}

	steps := []struct {
		reason    string
		do        func()
		want      map[string]int
		forgotten []string
	}{
		{reason: "A known sync can wait.", do: func() { h.Create(t.Context(), ctrlevent.CreateEvent{Object: synced}, q) }, want: map[string]int{"team-a/web": priorityKnown}},
		{reason: "A new sync cannot wait.", do: func() { h.Create(t.Context(), ctrlevent.CreateEvent{Object: newSync()}, q) }, want: map[string]int{"team-a/web": priorityNew}},
		{reason: "A changed sync has a high priority.", do: func() { h.Update(t.Context(), ctrlevent.UpdateEvent{ObjectOld: synced, ObjectNew: synced}, q) }, want: map[string]int{"team-a/web": priorityChanged}},
		{reason: "A paused sync is enqueued.", do: func() { h.Update(t.Context(), ctrlevent.UpdateEvent{ObjectOld: synced, ObjectNew: stopped}, q) }, want: map[string]int{"team-a/web": priorityChanged}},
		{reason: "A deleted sync no longer watches its vault.", do: func() { h.Delete(t.Context(), ctrlevent.DeleteEvent{Object: synced}, q) }, want: map[string]int{"team-a/web": priorityChanged}, forgotten: []string{"web"}},
	}

	for _, s := range steps {
		q.added, forgotten = map[string]int{}, nil

		s.do()

		if diff := cmp.Diff(s.want, q.added, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("\n%s\nAdded: -want, +got:\n%s", s.reason, diff)
		}

		if diff := cmp.Diff(s.forgotten, forgotten); diff != "" {
			t.Errorf("\n%s\nForgotten: -want, +got:\n%s", s.reason, diff)
		}
	}
}

func TestHandlerSecrets(t *testing.T) {
	h := secretHandler()

	secret := func(version string, change func(s *corev1.Secret)) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "x", ResourceVersion: version, Annotations: map[string]string{annotationSync: "web"}}}
		if change != nil {
			change(s)
		}

		return s
	}
	cases := map[string]struct {
		reason string
		was    *corev1.Secret
		is     *corev1.Secret
		want   []string
	}{
		"Changed": {reason: "A changed Secret enqueues its sync.", was: secret("1", nil), is: secret("2", nil), want: []string{"team-a/web"}},
		"Resync":  {reason: "A resync without a change enqueues nothing.", was: secret("1", nil), is: secret("1", nil)},
		"Deleted": {reason: "A deleted Secret enqueues its sync.", was: secret("1", nil), want: []string{"team-a/web"}},
		"Renamed": {reason: "A Secret that lost its annotation enqueues its former sync.", was: secret("1", nil), is: secret("2", func(s *corev1.Secret) { s.Annotations = nil }), want: []string{"team-a/web"}},
		"Foreign": {reason: "A Secret without a sync enqueues nothing.", was: secret("1", func(s *corev1.Secret) { s.Annotations = nil })},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			q := newRecorder()

			if tc.is == nil {
				h.Delete(t.Context(), ctrlevent.DeleteEvent{Object: tc.was}, q)
			} else {
				h.Update(t.Context(), ctrlevent.UpdateEvent{ObjectOld: tc.was, ObjectNew: tc.is}, q)
			}

			want := map[string]int{}
			for _, name := range tc.want {
				want[name] = 0
			}

			if diff := cmp.Diff(want, q.added); diff != "" {
				t.Errorf("\n%s\nAdded: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestForgetful(t *testing.T) {
	key := types.NamespacedName{Namespace: "team-a", Name: "web"}
	stopped := newSync()
	stopped.Annotations = map[string]string{"crossplane.io/paused": "true"}

	unsupported := newSync()
	unsupported.SetManagementPolicies(xpv1.ManagementPolicies{"Create"})

	cases := map[string]struct {
		reason  string
		objects []client.Object
		want    []string
	}{
		"Unsupported": {reason: "A sync with invalid policies stops watching its vault.", objects: []client.Object{unsupported}, want: []string{"web"}},
		"There":       {reason: "An existing sync keeps watching its vault.", objects: []client.Object{newSync()}},
		"Paused":      {reason: "A paused sync stops watching its vault.", objects: []client.Object{stopped}, want: []string{"web"}},
		"Gone":        {reason: "A deleted sync stops watching its vault.", want: []string{"web"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var forgotten []string

			reconciled := 0
			f := unwatcher{
				Reconciler: reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
					reconciled++
					return reconcile.Result{}, nil
				}),
				kube:     kubeWith(t, tc.objects...).Build(),
				forget:   func(k types.NamespacedName) { forgotten = append(forgotten, k.Name) },
				policies: true,
			}

			if _, err := f.Reconcile(t.Context(), reconcile.Request{NamespacedName: key}); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, forgotten); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want forgotten, +got:\n%s", tc.reason, diff)
			}

			if reconciled != 1 {
				t.Errorf("\n%s\nReconcile(...): want it to be reconciled once, got %d", tc.reason, reconciled)
			}
		})
	}
}

// A sync waits for its next look in the queue. If it kept its priority there, a report of a failure would soon be as urgent as
// the changes of others.
func TestScheduledPriority(t *testing.T) {
	cases := map[string]struct {
		reason string
		result reconcile.Result
		err    error
		want   *int
	}{
		"Scheduled": {reason: "The next look is not urgent.", result: reconcile.Result{RequeueAfter: time.Minute}, want: new(priorityScheduled)},
		"Repeated":  {reason: "A reconcile that must be repeated stays as urgent as it was.", result: reconcile.Result{Requeue: true}}, //nolint:staticcheck // The managed reconciler returns it.
		"Failed":    {reason: "A reconcile that failed stays as urgent as it was.", result: reconcile.Result{RequeueAfter: time.Minute}, err: errors.New("no")},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := unwatcher{
				Reconciler: reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return tc.result, tc.err }),
				kube:       kubeWith(t, newSync()).Build(),
			}

			got, _ := f.Reconcile(t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "team-a", Name: "web"}})

			if diff := cmp.Diff(tc.want, got.Priority); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The queue of controller-runtime keeps the highest priority of a sync.
func TestQueuePriorities(t *testing.T) {
	requests := priorityqueue.New[reconcile.Request](t.Name())
	defer requests.ShutDown()

	q := &queue{}
	if err := q.Start(t.Context(), requests); err != nil {
		t.Fatal(err)
	}

	keyOf := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "team-a", Name: name} }

	for _, name := range []string{"failing", "changed"} {
		requests.AddWithOpts(priorityqueue.AddOpts{After: time.Hour, Priority: new(priorityScheduled)}, reconcile.Request{NamespacedName: keyOf(name)})
	}

	q.wake(keyOf("failing"), true)
	q.wake(keyOf("changed"), false)

	var got []int
	for range 2 {
		_, priority, _ := requests.GetWithPriority()
		got = append(got, priority)
	}

	if diff := cmp.Diff([]int{priorityChanged, priorityUnavailable}, got); diff != "" {
		t.Errorf("\nA sync with a changed vault comes before one whose vault is unavailable.\nwake(...): -want, +got:\n%s", diff)
	}
}
