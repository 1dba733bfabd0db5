// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/controller/secretsync"
)

// The lease is longer than usual, because renewing it can take a while with hundreds of
// reconciles a second.
const (
	shutdownTimeout = 10 * time.Second

	leaseDuration = 60 * time.Second
	renewDeadline = 50 * time.Second

	// eventsRemembered is how many events are kept to count repetitions. The provider's events
	// report changes, which seldom repeat, and after a start there is one for every sync.
	eventsRemembered = 256
)

// newManager of controllers, with its cache and probes.
func newManager(cfg *rest.Config, c *CLI) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, authorizationv1.AddToScheme, extv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("cannot build the scheme: %w", err)
		}
	}

	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{
			DefaultTransform: cache.TransformStripManagedFields(),
			ByObject: map[client.Object]cache.ByObject{
				// Cache only the metadata of the provider's own Secrets. Their data is read from the
				// API server.
				&corev1.Secret{}: {
					Label:     labels.SelectorFromSet(labels.Set{secretsync.LabelManagedBy: secretsync.FieldOwner}),
					Transform: secretsync.StripSecret,
				},
				// CustomResourceDefinitions can be thousands, with large schemas. The provider needs
				// only their names and conditions.
				&extv1.CustomResourceDefinition{}: {Transform: stripSchemas},
			},
		},
		Client:                 client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		Metrics:                metricsserver.Options{BindAddress: c.MetricsAddress},
		HealthProbeBindAddress: c.HealthAddress,
		EventBroadcaster: record.NewBroadcasterWithCorrelatorOptions(record.CorrelatorOptions{ //nolint:staticcheck // The process ends with the manager.
			LRUCacheSize: eventsRemembered,
		}),
		LeaderElection:             c.LeaderElection,
		LeaderElectionNamespace:    c.LeaderElectionNamespace,
		LeaderElectionID:           "crossplane-leader-election-" + name,
		LeaderElectionResourceLock: resourcelock.LeasesResourceLock,
		LeaseDuration:              new(leaseDuration),
		RenewDeadline:              new(renewDeadline),
		// The process ends with the manager, so the next leader does not need to wait for the lease
		// to expire.
		LeaderElectionReleaseOnCancel: true,
		// Under load, the queue of controller-runtime v0.23 may never shut down. See
		// https://github.com/kubernetes-sigs/controller-runtime/issues/3538
		GracefulShutdownTimeout: new(shutdownTimeout),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot create the controller manager: %w", err)
	}

	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("cannot add a health check: %w", err)
	}

	if err := mgr.AddReadyzCheck("cache", cacheSynced(mgr.GetCache())); err != nil {
		return nil, fmt.Errorf("cannot add a readiness check: %w", err)
	}

	return mgr, nil
}

// cacheSynced returns a check that every watched kind has been listed once.
func cacheSynced(c cache.Cache) healthz.Checker {
	return func(r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()

		if !c.WaitForCacheSync(ctx) {
			return errors.New("the cache is not filled yet")
		}

		return nil
	}
}

// served returns a check that the kinds of the provider can be watched. It is not needed if the
// controllers are gated on the CRDs.
func served(c cache.Cache) healthz.Checker {
	return func(r *http.Request) error {
		for _, o := range []client.Object{&v1alpha1.KeyVaultSecretSync{}, &v1alpha1.ProviderConfigUsage{}} {
			if _, err := c.GetInformer(r.Context(), o, cache.BlockUntilSynced(false)); err != nil {
				return fmt.Errorf("cannot watch the kinds of the provider: %w", err)
			}
		}

		return nil
	}
}

// stripSchemas removes the schemas of CustomResourceDefinitions from the cache.
func stripSchemas(o any) (any, error) {
	crd, ok := o.(*extv1.CustomResourceDefinition)
	if !ok {
		return o, nil
	}

	crd.ManagedFields, crd.Annotations = nil, nil
	for i := range crd.Spec.Versions {
		crd.Spec.Versions[i].Schema = nil
	}

	return crd, nil
}

// mayWatchDefinitions reports whether the provider has permission to watch
// CustomResourceDefinitions, which it needs to wait for its own.
func mayWatchDefinitions(ctx context.Context, mgr ctrl.Manager) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	for _, verb := range []string{"get", "list", "watch"} {
		review := &authorizationv1.SelfSubjectAccessReview{
			ObjectMeta: metav1.ObjectMeta{},
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: extv1.GroupName, Resource: "customresourcedefinitions", Verb: verb,
			}},
		}
		if err := mgr.GetClient().Create(ctx, review); err != nil {
			return false, fmt.Errorf("cannot check the permission to %s CustomResourceDefinitions: %w", verb, err)
		}

		if !review.Status.Allowed {
			return false, nil
		}
	}

	return true, nil
}
