// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
)

func TestQuietStatus(t *testing.T) { //nolint:gocognit // A story of several steps.
	stored := newSync()
	stored.Status.AtProvider.State = v1alpha1.StateSynced
	stored.SetConditions(xpv1.Available())

	writes, fail := 0, error(nil)
	server := kubeWith(t, stored).WithInterceptorFuncs(interceptor.Funcs{
		SubResourceUpdate: func(ctx context.Context, c client.Client, subResource string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			writes++

			if fail != nil {
				return fail
			}

			return c.SubResource(subResource).Update(ctx, o, opts...)
		},
	}).Build()

	cached := &v1alpha1.KeyVaultSecretSync{}
	refresh := func() {
		t.Helper()

		if err := server.Get(t.Context(), client.ObjectKeyFromObject(stored), cached); err != nil {
			t.Fatal(err)
		}
	}

	refresh()

	// A cache lags behind the API server until it is refreshed.
	reads := interceptor.NewClient(server, interceptor.Funcs{
		Get: func(_ context.Context, _ client.WithWatch, _ client.ObjectKey, o client.Object, _ ...client.GetOption) error {
			s, ok := o.(*v1alpha1.KeyVaultSecretSync)
			if !ok {
				return errors.New("it is no sync")
			}

			cached.DeepCopyInto(s)

			return nil
		},
	})
	quiet := quietClient{Client: reads, written: newWritten()}
	conflict := errors.New("conflict")

	steps := []struct {
		reason  string
		refresh bool
		fail    error
		stale   bool
		change  func(s *v1alpha1.KeyVaultSecretSync)
		want    int
	}{
		{reason: "An unchanged status is not written.", change: func(*v1alpha1.KeyVaultSecretSync) {}},
		{reason: "A condition with only another time is not written.", change: func(s *v1alpha1.KeyVaultSecretSync) {
			for i := range s.Status.Conditions {
				s.Status.Conditions[i].LastTransitionTime = metav1.NewTime(time.Now().Add(time.Hour))
			}
		}},
		{reason: "A failed write does not count as a write.", fail: conflict, change: func(s *v1alpha1.KeyVaultSecretSync) { s.Status.AtProvider.State = v1alpha1.StateMissing }, want: 1},
		{reason: "A status that equals the stored one is not written.", change: func(*v1alpha1.KeyVaultSecretSync) {}},
		{reason: "A changed status is written.", change: func(s *v1alpha1.KeyVaultSecretSync) { s.Status.AtProvider.State = v1alpha1.StateForbidden }, want: 1},
		{reason: "A stale cache that already equals the wanted status causes no write.", change: func(*v1alpha1.KeyVaultSecretSync) {}, stale: true},
		{reason: "After a refresh of the cache, the status is unchanged.", refresh: true, change: func(*v1alpha1.KeyVaultSecretSync) {}},
		{reason: "A changed condition is written.", change: func(s *v1alpha1.KeyVaultSecretSync) { s.SetConditions(xpv1.Unavailable()) }, want: 1},
	}

	for i, s := range steps {
		if s.refresh {
			refresh()
		}

		writes, fail = 0, s.fail
		o := cached.DeepCopy()
		s.change(o)

		err := quiet.Status().Update(t.Context(), o)
		if kerrors.IsConflict(err) != s.stale {
			t.Errorf("\n%s\nUpdate(...) of step %d: want conflict: %t, got %v", s.reason, i, s.stale, err)
		}

		if !s.stale && !errors.Is(err, s.fail) && (s.want > 0 || err != nil) {
			t.Errorf("\n%s\nUpdate(...) of step %d: %v", s.reason, i, err)
		}

		if diff := cmp.Diff(s.want, writes); diff != "" {
			t.Errorf("\n%s\nWrites of step %d: -want, +got:\n%s", s.reason, i, diff)
		}
	}

	quiet.written.forget(stored.UID)

	if n := len(quiet.written.before); n > 0 {
		t.Errorf("\nA deleted object is forgotten.\nforget(...): %d are left", n)
	}

	writes, fail = 0, conflict
	if err := quiet.Status().Update(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x"}}); !errors.Is(err, conflict) || writes != 1 {
		t.Errorf("\nThe status of other objects is written unchanged.\nUpdate(...): %v, %d writes", err, writes)
	}
}

func TestWritten(t *testing.T) {
	cases := map[string]struct {
		reason  string
		version string
		after   time.Duration
		want    bool
	}{
		"Same":     {reason: "A cache with the version before the last write is stale.", version: "1", after: time.Second, want: true},
		"Other":    {reason: "A cache with another version is not stale.", version: "2", after: time.Second},
		"Restored": {reason: "If the version is still there after a minute, the API server was restored from a backup.", version: "1", after: time.Minute},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWritten()
				w.set("uid", "1")
				time.Sleep(tc.after)

				if diff := cmp.Diff(tc.want, w.stale("uid", tc.version)); diff != "" {
					t.Errorf("\n%s\nstale(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

// A reconcile of an unchanged sync sends no request except the one for the Secret, which this test
// does not count.
func TestQuietStatusRequests(t *testing.T) {
	cases := map[string]struct {
		reason string
		quiet  bool
		want   int
	}{
		"Loud":  {reason: "The managed reconciler always writes the status.", want: 1},
		"Quiet": {reason: "Without a change, nothing is written.", quiet: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			requests := 0
			server := kubeWith(t, newSync()).WithInterceptorFuncs(interceptor.Funcs{
				SubResourceUpdate: func(ctx context.Context, c client.Client, subResource string, o client.Object, opts ...client.SubResourceUpdateOption) error {
					requests++

					return c.SubResource(subResource).Update(ctx, o, opts...)
				},
				Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
					requests++

					return c.Update(ctx, o, opts...)
				},
			}).Build()

			var kube client.Client = server
			if tc.quiet {
				kube = quietClient{Client: server, written: newWritten()}
			}

			upToDate := &managed.TypedExternalClientFns[*v1alpha1.KeyVaultSecretSync]{
				ObserveFn: func(_ context.Context, cr *v1alpha1.KeyVaultSecretSync) (managed.ExternalObservation, error) {
					cr.SetConditions(xpv1.Available())

					return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
				},
				DisconnectFn: func(context.Context) error { return nil },
			}
			r := managed.NewReconciler(&fake.Manager{Client: kube, Scheme: server.Scheme()}, resource.ManagedKind(v1alpha1.KeyVaultSecretSyncGroupVersionKind()),
				managed.WithInitializers(),
				managed.WithTypedExternalConnector(managed.TypedExternalConnectorFn[*v1alpha1.KeyVaultSecretSync](
					func(context.Context, *v1alpha1.KeyVaultSecretSync) (managed.TypedExternalClient[*v1alpha1.KeyVaultSecretSync], error) {
						return upToDate, nil
					})))

			for range 3 {
				requests = 0

				if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(newSync())}); err != nil {
					t.Fatal(err)
				}
			}

			if diff := cmp.Diff(tc.want, requests); diff != "" {
				t.Errorf("\n%s\nReconcile(...): requests: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
