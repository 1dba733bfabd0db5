// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command provider-keyvault-secretsync is a Crossplane provider that keeps
// Kubernetes Secrets in sync with Azure Key Vault.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	changelogsv1alpha1 "github.com/crossplane/crossplane-runtime/v2/apis/changelogs/proto/v1alpha1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/gate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/customresourcesgate"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/p6m-dev/platform-application/provider/controller/config"
	"github.com/p6m-dev/platform-application/provider/controller/secretsync"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
)

const (
	// gcPercent is GOGC, unless the environment sets it. With 1,000 syncs, 15 needs 8 MiB less than
	// 30, and 2 s more CPU time after a restart; 10 needs 3 MiB less and 4 s more than 15.
	gcPercent = 15
	// reconcilesPerSecond of each worker. Most reconciles take some milliseconds.
	reconcilesPerSecond = 5
	// requestsPerSecond of each worker to Kubernetes.
	requestsPerSecond = 4 * reconcilesPerSecond
)

// name of the provider in logs and change logs.
const name = "provider-keyvault-secretsync"

// version is set by the build of a release.
var version = "development"

// CLI of the provider.
type CLI struct {
	Debug bool `env:"DEBUG" help:"Emit debug logs in addition to info logs." short:"d"`

	LeaderElection          bool   `env:"LEADER_ELECTION"           help:"Use leader election. Required with more than one replica." short:"l"`
	LeaderElectionNamespace string `env:"LEADER_ELECTION_NAMESPACE" help:"Namespace of the leader's lease."                          placeholder:"NAMESPACE-OF-THE-POD"`
	MaxReconcileRate        int    `default:"100"                   env:"MAX_RECONCILE_RATE"                                         help:"Maximum concurrent reconciles. Reconciles per second are limited to 5 times, and Kubernetes requests to 20 times this number."`
	MetricsAddress          string `default:":8080"                 env:"METRICS_BIND_ADDRESS"                                       help:"Address at which to serve Prometheus metrics. 0 disables it."                                                                  name:"metrics-bind-address"`
	HealthAddress           string `default:":8081"                 env:"HEALTH_PROBE_BIND_ADDRESS"                                  help:"Address at which to serve /healthz and /readyz. 0 disables it."                                                                name:"health-probe-bind-address"`

	PollInterval     time.Duration `default:"30s"   env:"POLL_INTERVAL"      help:"How often a vault is listed, if its sync sets no pollInterval."`
	FastPollInterval time.Duration `default:"5s"    env:"FAST_POLL_INTERVAL" help:"Interval of fast polls: after a change, for as long as --fast-poll-window. Used for syncs without fastPollInterval. 0 disables fast polls."`
	FastPollWindow   time.Duration `default:"15m"   env:"FAST_POLL_WINDOW"   help:"How long a vault is polled fast after a change."`
	FullReadInterval time.Duration `default:"10m"   env:"FULL_READ_INTERVAL" help:"How often every secret is read, whether or not the list shows a change."`
	ListsAtOnce      int           `default:"100"   env:"LISTS_AT_ONCE"      help:"Maximum vaults listed concurrently. Unresponsive vaults and vaults with slow lists have separate limits of the same size."`
	RequestTimeout   time.Duration `default:"10s"   env:"REQUEST_TIMEOUT"    help:"Deadline of one request to Azure."`
	ReconcileTimeout time.Duration `default:"2m"    env:"RECONCILE_TIMEOUT"  help:"Deadline of one reconcile."`
	IdleConnections  int           `default:"10000" env:"IDLE_CONNECTIONS"   help:"Vaults to which a connection is kept open between requests. Each takes about 25 kB of memory, and saves a TLS handshake for every poll."`

	StateMetricInterval time.Duration `default:"1m" env:"POLL_STATE_METRIC" help:"How often managed resources are counted for metrics." name:"poll-state-metric"`

	EnableManagementPolicies bool   `default:"true"                                env:"ENABLE_MANAGEMENT_POLICIES" help:"Honor management policies."     negatable:""`
	EnableChangeLogs         bool   `env:"ENABLE_CHANGE_LOGS"                      help:"Send change logs."         name:"enable-changelogs"`
	ChangeLogsSocketPath     string `default:"/var/run/changelogs/changelogs.sock" env:"CHANGELOGS_SOCKET_PATH"     help:"Socket to send change logs to." name:"changelogs-socket-path"`

	Version kong.VersionFlag `help:"Print the version and exit."`
}

// Validate rejects flags that would silently stop the provider. The parser calls it.
func (c *CLI) Validate() error {
	return errors.Join(
		atLeast("max-reconcile-rate", c.MaxReconcileRate, 1),
		atLeast("poll-interval", c.PollInterval, time.Second),
		atLeast("fast-poll-interval", cmp.Or(c.FastPollInterval, time.Second), time.Second),
		atLeast("fast-poll-window", c.FastPollWindow, time.Second),
		atLeast("full-read-interval", c.FullReadInterval, time.Second),
		atLeast("lists-at-once", c.ListsAtOnce, 1),
		atLeast("request-timeout", c.RequestTimeout, time.Second),
		atLeast("reconcile-timeout", c.ReconcileTimeout, time.Second),
		atLeast("idle-connections", c.IdleConnections, 0),
		atLeast("poll-state-metric", c.StateMetricInterval, time.Second),
	)
}

func atLeast[T cmp.Ordered](flag string, value, least T) error {
	if value >= least {
		return nil
	}

	return fmt.Errorf("--%s is %v, but must be at least %v", flag, value, least)
}

// Run the provider until the context ends.
func (c *CLI) Run(ctx context.Context) error {
	tuneMemory()

	zl := zap.New(zap.UseDevMode(c.Debug))
	c.setLoggers(zl)
	log := logging.NewLogrLogger(zl.WithName(name))

	rest, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("cannot load the Kubernetes client configuration: %w", err)
	}

	// The API server has its own limits. These stop a runaway provider, not a busy one.
	rest.QPS, rest.Burst = float32(requestsPerSecond*c.MaxReconcileRate), 2*requestsPerSecond*c.MaxReconcileRate

	mgr, err := newManager(rest, c)
	if err != nil {
		return err
	}

	kube, err := corev1client.NewForConfig(rest)
	if err != nil {
		return fmt.Errorf("cannot create a Kubernetes client: %w", err)
	}

	azure := keyvault.NewMetrics()
	o := c.options(log, kube, azure)

	if err := register(metrics.Registry, o, azure); err != nil {
		return err
	}

	if c.EnableChangeLogs {
		conn, err := grpc.NewClient("unix://"+c.ChangeLogsSocketPath, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return fmt.Errorf("cannot create a client for change logs: %w", err)
		}
		defer conn.Close() //nolint:errcheck // The process ends.

		o.ChangeLogOptions = &controller.ChangeLogOptions{ChangeLogger: managed.NewGRPCChangeLogger(
			changelogsv1alpha1.NewChangeLogServiceClient(conn), managed.WithProviderVersion(name+":"+version))}
	}

	log.Info("Starting", "version", version)

	return run(ctx, mgr, func(fail func(error)) error { return setup(ctx, mgr, o, fail) })
}

// tuneMemory of the process.
func tuneMemory() {
	// The start-up burst would otherwise leave the heap large.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}

	// No endpoint serves memory profiles, and recording them takes 2 MB.
	runtime.MemProfileRate = 0
}

// setLoggers of the libraries.
func (c *CLI) setLoggers(log logr.Logger) {
	// Most logs of controller-runtime are for developers only.
	if c.Debug {
		ctrl.SetLogger(log)
	} else {
		ctrl.SetLogger(log.WithSink(ctrllog.NullLogSink{}))
	}

	klog.SetLogger(log)
}

// options of the controller.
func (c *CLI) options(log logging.Logger, kube corev1client.CoreV1Interface, azure *keyvault.Metrics) secretsync.Options {
	return secretsync.Options{
		Options: controller.Options{
			Logger:                  log,
			MaxConcurrentReconciles: c.MaxReconcileRate,
			PollInterval:            c.PollInterval,
			GlobalRateLimiter:       ratelimiter.NewGlobal(reconcilesPerSecond * c.MaxReconcileRate),
			Features:                c.features(),
			MetricOptions: &controller.MetricOptions{
				PollStateMetricInterval: c.StateMetricInterval,
				MRMetrics:               managed.NewMRMetricRecorder(),
				MRStateMetrics:          statemetrics.NewMRStateMetrics(),
			},
		},
		Secrets: kube,
		Pool: keyvault.NewPool(keyvault.Options{
			Tokens:    keyvault.ServiceAccountTokens{Client: kube},
			Transport: keyvault.NewTransport(c.IdleConnections),
			Metrics:   azure,
			Timeout:   c.RequestTimeout,
		}),
		ListsAtOnce:      c.ListsAtOnce,
		FastPollInterval: c.FastPollInterval,
		FastPollWindow:   c.FastPollWindow,
		FullRead:         c.FullReadInterval,
		Timeout:          c.ReconcileTimeout,
		Metrics:          secretsync.NewMetrics(),
		WatchMetrics:     watch.NewMetrics(),
	}
}

// run a manager until the context ends, or until setting up a gated controller fails.
func run(ctx context.Context, mgr ctrl.Manager, setup func(fail func(error)) error) error {
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	if err := setup(fail); err != nil {
		return err
	}

	err := mgr.Start(running)
	if cause := context.Cause(running); cause != nil && ctx.Err() == nil {
		err = cause
	}

	if err != nil {
		return fmt.Errorf("cannot run the controllers: %w", err)
	}

	return nil
}

func (c *CLI) features() *feature.Flags {
	f := &feature.Flags{}

	if c.EnableManagementPolicies {
		f.Enable(feature.EnableBetaManagementPolicies)
	}

	if c.EnableChangeLogs {
		f.Enable(feature.EnableAlphaChangeLogs)
	}

	return f
}

// register all metrics.
func register(r prometheus.Registerer, o secretsync.Options, azure *keyvault.Metrics) error {
	for _, m := range []any{azure, o.Metrics, o.WatchMetrics, o.MetricOptions.MRMetrics, o.MetricOptions.MRStateMetrics} {
		collector, ok := m.(prometheus.Collector)
		if !ok {
			continue
		}

		if err := r.Register(collector); err != nil {
			return fmt.Errorf("cannot register metrics: %w", err)
		}
	}

	return nil
}

// setup all controllers. If the provider has permission to watch CustomResourceDefinitions, each
// controller starts once its kinds are served, and setup calls fail if starting it fails.
func setup(ctx context.Context, mgr ctrl.Manager, o secretsync.Options, fail func(error)) error {
	safe, err := mayWatchDefinitions(ctx, mgr)
	if err != nil {
		return err
	}

	if !safe {
		o.Logger.Info("No permission to watch CustomResourceDefinitions; starting without waiting for the CRDs")

		if err := mgr.AddReadyzCheck("kinds", served(mgr.GetCache())); err != nil {
			return fmt.Errorf("cannot add a readiness check: %w", err)
		}

		if err := config.Setup(mgr, o.Options); err != nil {
			return err
		}

		return secretsync.Setup(mgr, o)
	}

	o.Gate = new(gate.Gate[schema.GroupVersionKind])
	if err := customresourcesgate.Setup(mgr, o.Options); err != nil {
		return fmt.Errorf("cannot wait for CustomResourceDefinitions: %w", err)
	}

	config.SetupGated(mgr, o.Options, fail)
	secretsync.SetupGated(mgr, o, fail)

	return nil
}

func main() {
	c := &CLI{}
	k := kong.Parse(c, kong.Name(name), kong.Description("Keeps Kubernetes Secrets in sync with Azure Key Vault."), kong.Vars{"version": version})

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	k.FatalIfErrorf(c.Run(ctx))
}
