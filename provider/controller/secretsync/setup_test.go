// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/watch"
)

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
	failed := make(chan error, 1)

	SetupGated(mgr, Options{
		Options: controller.Options{Gate: g, Logger: logging.NewNopLogger(), Features: &feature.Flags{}},
		Metrics: NewMetrics(), WatchMetrics: watch.NewMetrics(),
	}, func(err error) { failed <- err })

	g.Set(v1alpha1.KeyVaultSecretSyncGroupVersionKind(), true)
	g.Set(v1alpha1.GroupVersion().WithKind(v1alpha1.ProviderConfigUsageKind), true)

	if err := <-failed; !strings.HasPrefix(err.Error(), "cannot set up the controller of KeyVaultSecretSync: ") {
		t.Errorf("\nThe scheme has no Secrets.\nSetupGated(...): %v", err)
	}
}

// The reconciler heeds management policies only if they are enabled.
func TestHeedsPolicies(t *testing.T) {
	for name, enabled := range map[string]bool{"Enabled": true, "Disabled": false} {
		t.Run(name, func(t *testing.T) {
			s := newSync()
			s.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve})

			kube := kubeWith(t, s).Build()
			o := Options{Options: controller.Options{Features: &feature.Flags{}}, Timeout: time.Minute}

			if enabled {
				o.Features.Enable(feature.EnableBetaManagementPolicies)
			}

			connects := 0
			connect := managed.TypedExternalConnectorFn[*v1alpha1.KeyVaultSecretSync](func(context.Context, *v1alpha1.KeyVaultSecretSync) (managed.TypedExternalClient[*v1alpha1.KeyVaultSecretSync], error) {
				connects++

				return nil, errors.New("this is far enough")
			})

			r := managed.NewReconciler(&fake.Manager{Client: kube, Scheme: kube.Scheme()}, resource.ManagedKind(v1alpha1.KeyVaultSecretSyncGroupVersionKind()),
				append(reconcilerOptions(o), managed.WithTypedExternalConnector(connect))...)
			if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(s)}); err != nil {
				t.Fatal(err)
			}

			if got := connects > 0; got != enabled {
				t.Errorf("\nA sync that is only observed is not skipped if policies are enabled.\nReconcile(...): connects: %t", got)
			}
		})
	}
}

// BenchmarkListSyncs measures what the recorder of state metrics would copy: 1,000 syncs with
// 10 secrets each.
func BenchmarkListSyncs(b *testing.B) {
	list := &v1alpha1.KeyVaultSecretSyncList{}

	for range 1000 {
		s := newSync(slices.Repeat([]v1alpha1.SyncedSecret{{Name: "prod-postgres-credentials", Keys: []string{"USER", "PASSWORD"}}}, 10)...)
		s.Status.AtProvider.Secrets = slices.Repeat([]v1alpha1.ObservedSecret{{
			Name: "prod-postgres-credentials", State: v1alpha1.StateSynced, Version: v1, SyncedAt: at(0), UpdatedAt: at(0), CreatedAt: at(0),
			Keys: []v1alpha1.ObservedKey{{Key: "USER", DataKey: "a.USER"}, {Key: "PASSWORD", DataKey: "a.PASSWORD"}},
		}}, 10)
		list.Items = append(list.Items, *s)
	}

	b.Run("Copied", func(b *testing.B) {
		b.ReportAllocs()

		for b.Loop() {
			_ = list.DeepCopy()
		}
	})
	b.Run("Uncopied", func(b *testing.B) {
		b.ReportAllocs()

		for b.Loop() {
			_ = slices.Clone(list.Items)
		}
	})
}
