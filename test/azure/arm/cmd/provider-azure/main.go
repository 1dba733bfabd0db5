// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command provider-azure simulates a package of provider-upjet-azure.
//
//	provider-azure keyvault --poll 10s --time-scale 0.01 --debug
package main

import (
	"context"
	"fmt"
	"io"
	stdlog "log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/customresourcesgate"
	corev1 "k8s.io/api/core/v1"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/p6m-dev/platform-application/test/azure/arm/provider"
)

const (
	name = "provider-azure"

	shutdownTimeout = 10 * time.Second

	// requestsPerReconcile is the number of requests to Kubernetes per second, for each reconcile
	// per second.
	requestsPerReconcile = 5
)

// CLI has the flags of the provider, named like those of the real one.
type CLI struct {
	Package string `arg:"" enum:"family,keyvault,managedidentity,authorization,network,insights" help:"Which package of the family this is."`

	Debug            bool          `env:"DEBUG"     help:"Run with debug logging." short:"d"`
	Poll             time.Duration `default:"10m"   env:"POLL"                     help:"How often a resource is checked for drift."`
	TimeScale        float64       `default:"1"     env:"TIME_SCALE"               help:"By how much the waits for Azure are shortened: 1 waits as the real provider does, 0.01 a hundredth of that."`
	MaxReconcileRate int           `default:"100"   env:"MAX_RECONCILE_RATE"       help:"Reconciles in a second, and at once."`
	MetricsAddress   string        `default:":8080" env:"METRICS_BIND_ADDRESS"     help:"The address the metrics server listens on. 0 for none."                                                      name:"metrics-bind-address"`
}

// Run runs the provider until it is stopped.
func (c *CLI) Run(ctx context.Context) error {
	zl := zap.New(zap.UseDevMode(c.Debug))
	log := logging.NewLogrLogger(zl.WithName(name))

	// controller-runtime logs details that only developers need.
	if c.Debug {
		ctrl.SetLogger(zl)
	} else {
		ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	}

	klog.SetLogger(zl)
	// Terraform's libraries log everything to the standard log.
	stdlog.SetOutput(io.Discard)

	mgr, err := c.manager()
	if err != nil {
		return err
	}

	o := provider.Options{Pace: provider.Pace(c.TimeScale), Options: controller.Options{
		Logger:                  log,
		MaxConcurrentReconciles: c.MaxReconcileRate,
		PollInterval:            c.Poll,
		GlobalRateLimiter:       ratelimiter.NewGlobal(c.MaxReconcileRate),
		Features:                &feature.Flags{},
		Gate:                    new(gate.Gate[schema.GroupVersionKind]),
	}}
	o.Features.Enable(feature.EnableBetaManagementPolicies)

	if err := customresourcesgate.Setup(mgr, o.Options); err != nil {
		return fmt.Errorf("cannot wait for CustomResourceDefinitions: %w", err)
	}

	provider.SetupGated(mgr, c.Package, o)
	log.Info("Starting", "package", c.Package)

	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("cannot run the controllers: %w", err)
	}

	return nil
}

// manager returns the manager of the controllers, with its cache and probes.
func (c *CLI) manager() (ctrl.Manager, error) {
	rest, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("cannot find out how to reach Kubernetes: %w", err)
	}

	rest.QPS, rest.Burst = float32(requestsPerReconcile*c.MaxReconcileRate), 2*requestsPerReconcile*c.MaxReconcileRate

	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, extv1.AddToScheme, provider.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("cannot make a scheme: %w", err)
		}
	}

	mgr, err := ctrl.NewManager(rest, ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{
			DefaultTransform: cache.TransformStripManagedFields(),
			ByObject:         map[client.Object]cache.ByObject{&extv1.CustomResourceDefinition{}: {Transform: stripSchemas}},
		},
		Client:                  client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		Metrics:                 metricsserver.Options{BindAddress: c.MetricsAddress},
		GracefulShutdownTimeout: new(shutdownTimeout),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot make a manager of controllers: %w", err)
	}

	return mgr, nil
}

// stripSchemas removes the schemas of definitions, because only names and conditions are used.
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

func main() {
	c := &CLI{}
	k := kong.Parse(c, kong.Name(name), kong.Description("Simulates provider-upjet-azure for key vaults and what belongs to them."))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	k.FatalIfErrorf(c.Run(ctx))
}
