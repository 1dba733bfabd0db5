// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package provider simulates provider-upjet-azure v2.6.0: it creates the key vaults, identities, federated credentials, role
// assignments, private endpoints and diagnostic settings for the managed resources of applications.
//
// Everything that a person or a function can observe is real: most kinds are the real provider's Go types, reconciled by upjet's
// asynchronous client (github.com/crossplane/upjet/v2/pkg/controller) in the real provider's setup. So conditions, annotations, external
// names, retries, rejected replacements and restarts are not imitated. Only azurerm below upjet is: Terraform resources, each with
// the requests of azurerm v4.54.0 to management.azure.com, vaults and Entra ID, in the same order and with the same waits. Each behaviour
// names its source.
//
// It is simpler in these points: it resolves no references; has no access policies, contacts, network interfaces and conditions; leaves the
// retry of a throttled request and of an unknown principal to upjet; and words some messages in its own way. A Pace shortens its waits.
package provider

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	upjet "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/crossplane/upjet/v2/pkg/controller/handler"
	"github.com/crossplane/upjet/v2/pkg/reconciler/reconciliationpolicy"
	authorization "github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"
	keyvault "github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
	managedidentity "github.com/upbound/provider-azure/v2/apis/namespaced/managedidentity/v1beta1"
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
)

// These are the simulated packages of the family, by the names of their programs.
const (
	Family          = "family"
	KeyVault        = "keyvault"
	ManagedIdentity = "managedidentity"
	Authorization   = "authorization"
	Network         = "network"
	Insights        = "insights"
)

// These are settings of the real provider's controllers (provider-azure v2.6.0,
// internal/controller/namespaced/*/*/zz_controller.go and cmd/provider/*/zz_main.go).
const (
	reconcileTimeout = 3 * time.Minute

	// Failed reconciles are retried after one second at first, and after at most a minute.
	minBackoff = time.Second
	maxBackoff = time.Minute

	// maxConnections is the number of idle connections to Azure.
	maxConnections = 32

	// jitter is the maximum deviation of a poll from its interval.
	jitter = 0.05

	// creationGracePeriod is how long a created resource may be missing (crossplane-runtime v2.2.1,
	// pkg/reconciler/managed/reconciler.go).
	creationGracePeriod = 30 * time.Second
)

// Options of the controllers.
type Options struct {
	controller.Options

	// Pace applies to all waits except those between reconciles.
	Pace Pace
}

// Packages returns all simulated packages.
func Packages() []string {
	return []string{Family, KeyVault, ManagedIdentity, Authorization, Network, Insights}
}

// AddToScheme registers the kinds of all packages.
func AddToScheme(s *runtime.Scheme) error {
	for _, add := range []func(*runtime.Scheme) error{
		v1beta1.SchemeBuilder.AddToScheme, keyvault.AddToScheme, managedidentity.AddToScheme, authorization.AddToScheme,
	} {
		if err := add(s); err != nil {
			return fmt.Errorf("cannot register the kinds of provider-azure: %w", err)
		}
	}

	register[privateEndpoint](s, endpointGVK())
	register[diagnosticSetting](s, diagnosticsGVK())

	return nil
}

// kinds returns the kinds of a package.
func kinds(pkg string) []kind {
	switch pkg {
	case KeyVault:
		return []kind{vaultKind()}
	case ManagedIdentity:
		return []kind{identityKind(), credentialKind()}
	case Authorization:
		return []kind{assignmentKind()}
	case Network:
		return []kind{endpointKind()}
	case Insights:
		return []kind{diagnosticsKind()}
	default:
		return nil
	}
}

// configKinds are the kinds of provider configurations, which must be served before any other reconcile.
func configKinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		v1beta1.ProviderConfigGroupVersionKind, v1beta1.ClusterProviderConfigGroupVersionKind, v1beta1.ProviderConfigUsageGroupVersionKind,
	}
}

// SetupGated adds the controllers of a package, each as soon as its kinds are served.
func SetupGated(mgr ctrl.Manager, pkg string, o Options) {
	if pkg == Family {
		o.Gate.Register(func() { complain(o, Family, setupConfigs(mgr, o)) }, configKinds()...)
	}

	trackers, through := upjet.NewOperationStore(o.Logger), http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // It is documented.
	through.MaxIdleConnsPerHost = maxConnections

	for _, k := range kinds(pkg) {
		o.Gate.Register(func() {
			complain(o, k.gvk.Kind, setup(mgr, k, trackers, through, o))
		}, append(configKinds(), k.gvk)...)
	}
}

// complain logs an error of setting up a controller.
func complain(o Options, what string, err error) {
	if err != nil {
		o.Logger.Info("Cannot set up controller", "error", err, "kind", what)
	}
}

// setup adds the controller of a kind.
func setup(mgr ctrl.Manager, k kind, trackers *upjet.OperationTrackerStore, through http.RoundTripper, o Options) error {
	name := managed.ControllerName(k.gvk.String())
	backoff := reconciliationpolicy.NewExponentialFailureRateLimiter(minBackoff, maxBackoff)
	events := handler.NewEventHandler(handler.WithDefaultRateLimiter(backoff), handler.WithLogger(o.Logger))
	callbacks := upjet.NewAPICallbacks(mgr, resource.ManagedKind(k.gvk), upjet.WithEventHandler(events), upjet.WithStatusUpdates(false))

	opts := []managed.ReconcilerOption{
		managed.WithExternalConnector(connector(mgr.GetClient(), k, trackers, through, o.Pace,
			upjet.WithTerraformPluginSDKAsyncLogger(o.Logger),
			upjet.WithTerraformPluginSDKAsyncConnectorEventHandler(events),
			upjet.WithTerraformPluginSDKAsyncCallbackProvider(callbacks))),
		managed.WithReferenceResolver(noReferences()),
		managed.WithLogger(o.Logger.WithValues("controller", name)),
		managed.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name))), //nolint:staticcheck // crossplane-runtime needs this one.
		managed.WithFinalizer(upjet.NewOperationTrackerFinalizer(trackers, resource.NewAPIFinalizer(mgr.GetClient(), managed.FinalizerName))),
		managed.WithTimeout(reconcileTimeout),
		managed.WithPollInterval(o.PollInterval),
		managed.WithPollJitterHook(time.Duration(jitter * float64(o.PollInterval))),
		managed.WithCreationGracePeriod(o.Pace.of(creationGracePeriod)),
		managed.WithManagementPolicies(),
		managed.WithInitializers(initializers(mgr.GetClient(), k)...),
	}

	co := o.ForControllerRuntime()
	co.RateLimiter = backoff

	err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(co).
		WithEventFilter(resource.DesiredStateChanged()).
		Watches(k.object, events).
		Complete(ratelimiter.NewReconciler(name, managed.NewReconciler(mgr, resource.ManagedKind(k.gvk), opts...), o.GlobalRateLimiter))
	if err != nil {
		return fmt.Errorf("cannot set up the controller of %s: %w", k.gvk.Kind, err)
	}

	return nil
}

// connector connects managed resources of a kind to Azure.
func connector(
	kc kube.Client, k kind, trackers *upjet.OperationTrackerStore, through http.RoundTripper, pace Pace, o ...upjet.TerraformPluginSDKAsyncOption,
) managed.ExternalConnector {
	return upjet.NewTerraformPluginSDKAsyncConnector(kc, trackers, configure(through, pace), k.resource,
		append(o, upjet.WithTerraformPluginSDKAsyncManagementPolicies(true))...)
}

// initializers returns the initializers of a kind: the default name of a resource is the managed
// resource's own.
func initializers(kc kube.Client, k kind) []managed.Initializer {
	if k.resource.ExternalName.DisableNameInitializer {
		return nil
	}

	return []managed.Initializer{managed.NewNameAsExternalName(kc)}
}

// noReferences resolves no references.
func noReferences() managed.ReferenceResolver {
	return managed.ReferenceResolverFn(func(context.Context, resource.Managed) error { return nil })
}

// setupConfigs adds the controllers that count the users of a provider configuration.
func setupConfigs(mgr ctrl.Manager, o Options) error {
	for kind, object := range map[string]kube.Object{
		v1beta1.ProviderConfigKind:        &v1beta1.ProviderConfig{},
		v1beta1.ClusterProviderConfigKind: &v1beta1.ClusterProviderConfig{},
	} {
		name := providerconfig.ControllerName(schema.GroupKind{Group: v1beta1.Group, Kind: kind}.String())

		r := providerconfig.NewReconciler(mgr, resource.ProviderConfigKinds{
			Config:    v1beta1.SchemeGroupVersion.WithKind(kind),
			Usage:     v1beta1.ProviderConfigUsageGroupVersionKind,
			UsageList: v1beta1.ProviderConfigUsageListGroupVersionKind,
		},
			providerconfig.WithLogger(o.Logger.WithValues("controller", name)),
			providerconfig.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name)))) //nolint:staticcheck // crossplane-runtime needs this one.

		err := ctrl.NewControllerManagedBy(mgr).
			Named(name).
			WithOptions(o.ForControllerRuntime()).
			For(object).
			Watches(&v1beta1.ProviderConfigUsage{}, &resource.EnqueueRequestForProviderConfig{Kind: kind}).
			Complete(ratelimiter.NewReconciler(name, r, o.GlobalRateLimiter))
		if err != nil {
			return fmt.Errorf("cannot set up the controller of %s: %w", kind, err)
		}
	}

	return nil
}
