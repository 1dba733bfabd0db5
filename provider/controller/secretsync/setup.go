// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package secretsync reconciles KeyVaultSecretSyncs: it keeps a Kubernetes Secret in sync with
// secrets of an Azure Key Vault.
//
// It uses the managed reconciler, like other providers, but it does not poll. A watcher lists
// the vaults, and wakes the syncs whose secrets have changed. A reconcile is a pipeline: get
// the Secret, read the secrets that have changed (look), decide (package plan), write the
// Secret once, and report.
package secretsync

import (
	"context"
	"fmt"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/controller/metadata"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// Options of the controller, in addition to those of all controllers.
type Options struct {
	controller.Options

	// Secrets writes Kubernetes Secrets.
	Secrets corev1client.SecretsGetter
	// Pool of clients of vaults.
	Pool *keyvault.Pool
	// ListsAtOnce is the maximum number of concurrent lists. Unresponsive, sluggish and slow
	// vaults have separate limits of the same size.
	ListsAtOnce int
	// FastPollInterval is the interval of fast polls for syncs without their own. Zero disables
	// fast polls.
	FastPollInterval time.Duration
	// FastPollWindow is how long a vault is polled fast after a change.
	FastPollWindow time.Duration
	// FullRead is the interval of reading all secrets, changed or not.
	FullRead time.Duration
	// Timeout of one reconcile.
	Timeout time.Duration
	// Metrics of the syncs and of the watcher.
	Metrics      *Metrics
	WatchMetrics *watch.Metrics
}

// SetupGated adds the controller once its kind and ProviderConfigUsage are served. It calls
// fail if adding it fails, because a gate does not retry.
func SetupGated(mgr ctrl.Manager, o Options, fail func(error)) {
	o.Gate.Register(func() {
		if err := Setup(mgr, o); err != nil {
			fail(err)
		}
	}, v1alpha1.KeyVaultSecretSyncGroupVersionKind(), v1alpha1.GroupVersion().WithKind(v1alpha1.ProviderConfigUsageKind))
}

// newReconciler returns the managed reconciler of syncs.
func newReconciler(mgr quietManager, c *connector, o Options) *managed.Reconciler {
	return managed.NewReconciler(mgr, resource.ManagedKind(v1alpha1.KeyVaultSecretSyncGroupVersionKind()), append(reconcilerOptions(o),
		managed.WithTypedExternalConnector(c),
		managed.WithFinalizer(resource.NewAPIFinalizer(mgr.client, managed.FinalizerName)),
		managed.WithLogger(c.log),
		managed.WithRecorder(terseRecorder{c.record}),
		managed.WithPollIntervalHook(func(mg resource.Managed, fallback time.Duration) time.Duration {
			if d, ok := c.memories.next(mg, time.Now()); ok {
				return d
			}

			return fallback
		}))...)
}

// Setup adds the controller to a manager.
func Setup(mgr ctrl.Manager, o Options) error {
	gvk := v1alpha1.KeyVaultSecretSyncGroupVersionKind()
	name := managed.ControllerName(gvk.GroupKind().String())

	written := newWritten()
	quiet := quietManager{Manager: mgr, client: quietClient{Client: metadata.Client{Client: mgr.GetClient()}, written: written}}
	queue := &queue{}
	recorder := event.NewAPIRecorder(mgr.GetEventRecorderFor(name), o.EventFilterFunctions...) //nolint:staticcheck // crossplane-runtime needs that type.

	c := &connector{
		kube:             quiet.client,
		secrets:          o.Secrets,
		usage:            resource.NewProviderConfigUsageTracker(mgr.GetClient(), &v1alpha1.ProviderConfigUsage{}),
		pool:             o.Pool,
		watcher:          watch.New(lister{pool: o.Pool, kube: quiet.client}, o.ListsAtOnce, o.FastPollWindow, o.WatchMetrics, queue.wake),
		memories:         &memories{list: map[types.NamespacedName]*memory{}},
		metrics:          o.Metrics,
		record:           recorder,
		log:              o.Logger.WithValues("controller", name),
		pollInterval:     o.PollInterval,
		fastPollInterval: o.FastPollInterval,
		fullRead:         o.FullRead,
		now:              time.Now,
	}
	o.Metrics.follow(c.watcher.LastList, c.watcher.Counts)

	if err := mgr.Add(c.watcher); err != nil {
		return fmt.Errorf("cannot add the watcher of vaults: %w", err)
	}

	if err := addStateMetrics(mgr, o); err != nil {
		return err
	}

	f := unwatcher{Reconciler: newReconciler(quiet, c, o), kube: mgr.GetClient(), forget: c.forget, policies: o.Features.Enabled(feature.EnableBetaManagementPolicies)}

	err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(options(o)).
		WatchesRawSource(queue).
		Watches(&v1alpha1.KeyVaultSecretSync{}, syncHandler(func(o client.Object) { written.forget(o.GetUID()) }), builder.WithPredicates(resource.DesiredStateChanged())).
		Watches(&corev1.Secret{}, secretHandler(), builder.OnlyMetadata).
		Complete(newNamespaceGate(ratelimiter.NewReconciler(name, f, o.GlobalRateLimiter), o.MaxConcurrentReconciles, func(key types.NamespacedName) { queue.wake(key, false) }))
	if err != nil {
		return fmt.Errorf("cannot set up the controller of %s: %w", gvk.Kind, err)
	}

	return nil
}

// Pauses after failed reconciles. The first is short, because the usual cause is a cache that
// is a moment behind.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Minute
)

// options of controller-runtime.
func options(o Options) ctrlcontroller.Options {
	out := o.ForControllerRuntime()
	out.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstPause, maxPause)

	return out
}

func reconcilerOptions(o Options) []managed.ReconcilerOption {
	out := []managed.ReconcilerOption{
		managed.WithPollInterval(o.FullRead),
		managed.WithTimeout(o.Timeout),
		// The spec has the name of the Secret. So there is nothing to initialize, and a crash
		// during the creation of the Secret leaves nothing behind.
		managed.WithInitializers(),
		managed.WithDeterministicExternalName(true),
		managed.WithCreationGracePeriod(0),
	}

	if o.MetricOptions != nil {
		out = append(out, managed.WithMetricRecorder(o.MetricOptions.MRMetrics))
	}

	if o.Features.Enabled(feature.EnableBetaManagementPolicies) {
		out = append(out, managed.WithManagementPolicies())
	}

	if o.Features.Enabled(feature.EnableAlphaChangeLogs) {
		out = append(out, managed.WithChangeLogger(o.ChangeLogOptions.ChangeLogger))
	}

	return out
}

// An unwatcher stops the polls of a sync that was deleted or paused, because the managed
// reconciler skips it. Otherwise its vault would get 2,880 lists a day, at the default interval
// of 30 s, until the provider restarts. An event handler would not work, because a reconcile in
// progress could start to watch the vault again; reconciles of one sync never overlap. The
// unwatcher costs one read of the cache and no request.
type unwatcher struct {
	reconcile.Reconciler

	kube   client.Client
	forget func(types.NamespacedName)
	// policies is true if management policies are enabled.
	policies bool
}

// Reconcile a sync, and stop its polls if it is deleted or skipped. Its next look is not urgent.
func (f unwatcher) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	cr := &v1alpha1.KeyVaultSecretSync{}
	if err := f.kube.Get(ctx, req.NamespacedName, cr); kerrors.IsNotFound(err) || err == nil && isSkipped(cr, f.policies) {
		f.forget(req.NamespacedName)
	}

	result, err := f.Reconciler.Reconcile(ctx, req)
	if err == nil && result.RequeueAfter > 0 {
		result.Priority = new(priorityScheduled)
	}

	return result, err
}

// A connector holds the state that all reconciles share.
type connector struct {
	kube     client.Client
	secrets  corev1client.SecretsGetter
	usage    *resource.ProviderConfigUsageTracker
	pool     *keyvault.Pool
	watcher  *watch.Watcher
	memories *memories
	metrics  *Metrics
	record   event.Recorder
	log      logging.Logger
	// pollInterval and fastPollInterval of syncs without their own.
	pollInterval     time.Duration
	fastPollInterval time.Duration
	fullRead         time.Duration
	now              func() time.Time
}

// Connect records that the sync uses its provider configuration. The configuration is needed
// only when a secret must be created.
func (c *connector) Connect(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) (managed.TypedExternalClient[*v1alpha1.KeyVaultSecretSync], error) {
	if !meta.WasDeleted(cr) {
		if err := c.usage.Track(ctx, cr); err != nil {
			return nil, fmt.Errorf("cannot track the use of the provider configuration: %w", err)
		}
	}

	return &external{connector: c, plan: plan.Plan{}}, nil
}

// forget a sync that was deleted or is skipped. Its vault gets no more requests.
func (c *connector) forget(key types.NamespacedName) {
	c.watcher.Forget(key)
	c.memories.forget(key)
	c.metrics.forget(key)
}
