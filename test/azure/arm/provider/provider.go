// Package provider simulates provider-upjet-azure: it makes key vaults, identities, federated credentials and role assignments of the
// managed resources that applications are composed of.
//
// Its kinds are the real provider's own Go types, its managed resources are reconciled by crossplane-runtime, and it speaks to
// management.azure.com over TLS as any client does. What lies between is a table, one entry for each kind, of how Terraform's
// arguments become requests and answers become observations; see kind. It does as the real provider does where a user can tell: external
// names, observed fields, words of refusals, what recovers and what purges a vault. In two things it is simpler. It waits for Azure
// in a reconcile rather than beside it, and it resolves no references.
package provider

import (
	"context"
	"fmt"
	"slices"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	authorization "github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"
	keyvault "github.com/upbound/provider-azure/v2/apis/namespaced/keyvault/v1beta1"
	managedidentity "github.com/upbound/provider-azure/v2/apis/namespaced/managedidentity/v1beta1"
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// The packages of the family that are simulated, by the names that their programs are told.
const (
	Family          = "family"
	KeyVault        = "keyvault"
	ManagedIdentity = "managedidentity"
	Authorization   = "authorization"
)

const (
	// reconcileTimeout is that of the real provider.
	reconcileTimeout = 3 * time.Minute

	// unreadyInterval is how often a resource is looked at that is not ready yet.
	unreadyInterval = time.Second

	// Failed reconciles are tried again after a second at first, and after a minute at last.
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// Packages returns all of them.
func Packages() []string { return []string{Family, KeyVault, ManagedIdentity, Authorization} }

// AddToScheme registers the kinds of all packages.
func AddToScheme(s *runtime.Scheme) error {
	for _, add := range []func(*runtime.Scheme) error{
		v1beta1.SchemeBuilder.AddToScheme, keyvault.AddToScheme, managedidentity.AddToScheme, authorization.AddToScheme,
	} {
		if err := add(s); err != nil {
			return fmt.Errorf("cannot register the kinds of provider-azure: %w", err)
		}
	}

	return nil
}

// kinds that a package reconciles.
func kinds(pkg string) []*kind {
	switch pkg {
	case KeyVault:
		return []*kind{vaultKind()}
	case ManagedIdentity:
		return []*kind{identityKind(), credentialKind()}
	case Authorization:
		return []*kind{assignmentKind()}
	default:
		return nil
	}
}

// configKinds are those of provider configurations, which must be served before anything else is reconciled.
func configKinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		v1beta1.ProviderConfigGroupVersionKind, v1beta1.ClusterProviderConfigGroupVersionKind, v1beta1.ProviderConfigUsageGroupVersionKind,
	}
}

// SetupGated adds the controllers of a package, each as soon as its kinds are served.
func SetupGated(mgr ctrl.Manager, pkg string, o controller.Options) error {
	if !slices.Contains(Packages(), pkg) {
		return fmt.Errorf("there is no package %q: choose from %v", pkg, Packages())
	}

	if pkg == Family {
		o.Gate.Register(func() { complain(o, Family, setupConfigs(mgr, o)) }, configKinds()...)

		return nil
	}

	shared, locks := newClients(mgr.GetClient()), &locks{}

	for _, k := range kinds(pkg) {
		o.Gate.Register(func() {
			complain(o, k.gvk.Kind, setup(mgr, k, &connector{kind: k, clients: shared, locks: locks}, o))
		}, append(configKinds(), k.gvk)...)
	}

	return nil
}

// complain of a controller that cannot be set up when it is time to.
func complain(o controller.Options, what string, err error) {
	if err != nil {
		o.Logger.Info("Cannot set up controller", "error", err, "kind", what)
	}
}

// setup adds the controller of a kind.
func setup(mgr ctrl.Manager, k *kind, c *connector, o controller.Options) error {
	name := managed.ControllerName(k.gvk.String())

	opts := []managed.ReconcilerOption{
		managed.WithExternalConnector(c),
		managed.WithReferenceResolver(noReferences()),
		managed.WithLogger(o.Logger.WithValues("controller", name)),
		managed.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name))), //nolint:staticcheck // What crossplane-runtime takes.
		managed.WithTimeout(reconcileTimeout),
		managed.WithPollInterval(o.PollInterval),
		managed.WithPollIntervalHook(pollInterval),
		managed.WithManagementPolicies(),
		// The real provider starts to create and returns. So a restart finds that it has started, and what became of it.
		managed.WithDeterministicExternalName(true),
		// Azure says at once what it has, so that what was just made and is not there is gone.
		managed.WithCreationGracePeriod(0),
		managed.WithInitializers(initializers(mgr, k)...),
	}

	if o.MetricOptions != nil {
		opts = append(opts, managed.WithMetricRecorder(o.MetricOptions.MRMetrics))
	}

	err := ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(controllerOptions(o)).
		WithEventFilter(resource.DesiredStateChanged()).
		For(k.new()).
		Complete(ratelimiter.NewReconciler(name, managed.NewReconciler(mgr, resource.ManagedKind(k.gvk), opts...), o.GlobalRateLimiter))
	if err != nil {
		return fmt.Errorf("cannot set up the controller of %s: %w", k.gvk.Kind, err)
	}

	return nil
}

func controllerOptions(o controller.Options) ctrlcontroller.Options {
	out := o.ForControllerRuntime()
	out.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minBackoff, maxBackoff)

	return out
}

// initializers of a kind: the name of a resource is the managed resource's own if nothing else is said.
func initializers(mgr ctrl.Manager, k *kind) []managed.Initializer {
	if k.idFromProvider {
		return nil
	}

	return []managed.Initializer{managed.NewNameAsExternalName(mgr.GetClient())}
}

// pollInterval of a resource is short until it is ready.
func pollInterval(mg resource.Managed, usual time.Duration) time.Duration {
	if mg.GetCondition(xpv1.TypeReady).Status != corev1.ConditionTrue {
		return min(unreadyInterval, usual)
	}

	return usual
}

// noReferences resolves none.
func noReferences() managed.ReferenceResolver {
	return managed.ReferenceResolverFn(func(context.Context, resource.Managed) error { return nil })
}

// setupConfigs adds the controllers that count who uses a provider configuration.
func setupConfigs(mgr ctrl.Manager, o controller.Options) error {
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
			providerconfig.WithRecorder(event.NewAPIRecorder(mgr.GetEventRecorderFor(name)))) //nolint:staticcheck // What crossplane-runtime takes.

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
