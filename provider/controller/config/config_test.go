// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

// A queue records the added items and their delays.
type queue struct {
	requests

	added map[string]time.Duration
}

func (q *queue) Add(r reconcile.Request) { q.added[r.String()] = 0 }

func (q *queue) AddAfter(r reconcile.Request, d time.Duration) { q.added[r.String()] = d }

func TestGathered(t *testing.T) {
	usage := func(kind string) *v1alpha1.ProviderConfigUsage {
		u := &v1alpha1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "usage"}}
		u.ProviderConfigReference = xpv1.ProviderConfigReference{Kind: kind, Name: "default"}

		return u
	}

	cases := map[string]struct {
		reason string
		kind   string
		usage  *v1alpha1.ProviderConfigUsage
		want   map[string]time.Duration
	}{
		"Own":     {reason: "A usage in the namespace enqueues its ProviderConfig.", kind: "ProviderConfig", usage: usage("ProviderConfig"), want: map[string]time.Duration{"team-a/default": gathering}},
		"Cluster": {reason: "A usage enqueues its ClusterProviderConfig.", kind: "ClusterProviderConfig", usage: usage("ClusterProviderConfig"), want: map[string]time.Duration{"/default": gathering}},
		"Other":   {reason: "A usage of the other kind is ignored.", kind: "ClusterProviderConfig", usage: usage("ProviderConfig"), want: map[string]time.Duration{}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			h := gathered(&resource.EnqueueRequestForProviderConfig{Kind: tc.kind})

			for event, do := range map[string]func(q requests){
				"create": func(q requests) { h.Create(t.Context(), ctrlevent.CreateEvent{Object: tc.usage}, q) },
				"update": func(q requests) {
					h.Update(t.Context(), ctrlevent.UpdateEvent{ObjectOld: tc.usage, ObjectNew: tc.usage}, q)
				},
				"delete": func(q requests) { h.Delete(t.Context(), ctrlevent.DeleteEvent{Object: tc.usage}, q) },
			} {
				q := &queue{added: map[string]time.Duration{}}
				do(q)

				if diff := cmp.Diff(tc.want, q.added); diff != "" {
					t.Errorf("\n%s It is counted a moment later.\n%s: -want, +got:\n%s", tc.reason, event, diff)
				}
			}
		})
	}
}

// A thousand new usages within the gathering time are counted once.
func TestGatheredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		defer q.ShutDown()

		h := gathered(&resource.EnqueueRequestForProviderConfig{Kind: v1alpha1.ProviderConfigKind})

		for range 1000 {
			u := &v1alpha1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a"}}
			u.ProviderConfigReference = xpv1.ProviderConfigReference{Kind: v1alpha1.ProviderConfigKind, Name: "default"}
			h.Create(t.Context(), ctrlevent.CreateEvent{Object: u}, q)
		}

		time.Sleep(gathering + time.Millisecond)
		synctest.Wait()

		if n := q.Len(); n != 1 {
			t.Errorf("\nA thousand usages are counted once.\ngathered(...): %d requests", n)
		}
	})
}

// Only usages in the namespace of a ProviderConfig are counted.
func TestScoped(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}

	c := scopedClient{fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&v1alpha1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "one"}},
		&v1alpha1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: "team-b", Name: "two"}},
	).Build()}

	cases := map[string]struct {
		reason    string
		namespace string
		want      []string
	}{
		"Own":     {reason: "A ProviderConfig counts the usages in its namespace.", namespace: "team-a", want: []string{"one"}},
		"Cluster": {reason: "A ClusterProviderConfig counts the usages in all namespaces.", want: []string{"one", "two"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string

			r := scoped(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
				list := &v1alpha1.ProviderConfigUsageList{}
				err := c.List(ctx, list)

				for _, u := range list.Items {
					got = append(got, u.Name)
				}

				return reconcile.Result{}, err
			}))

			if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: tc.namespace, Name: "default"}}); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nList(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A failing setup calls fail, because the gate does not retry.
func TestSetupGated(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}

	mgr, err := ctrl.NewManager(&rest.Config{}, ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}

	g := new(gate.Gate[schema.GroupVersionKind])
	o := controller.Options{Gate: g, Logger: logging.NewNopLogger()}

	// The name of a controller is unique in a process: this call takes it, or an earlier run has
	// taken it.
	_ = Setup(mgr, o)

	failed := make(chan error, 1)
	SetupGated(mgr, o, func(err error) { failed <- err })

	for _, kind := range []string{v1alpha1.ProviderConfigKind, v1alpha1.ClusterProviderConfigKind, v1alpha1.ProviderConfigUsageKind} {
		g.Set(v1alpha1.GroupVersion().WithKind(kind), true)
	}

	if err := <-failed; !strings.HasPrefix(err.Error(), "cannot set up the controller of ") {
		t.Errorf("\nThere are such controllers already.\nSetupGated(...): %v", err)
	}
}
