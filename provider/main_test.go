// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/p6m-dev/platform-application/provider/controller/secretsync"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
)

func defaults() CLI {
	return CLI{
		MaxReconcileRate: 100, MetricsAddress: ":8080", HealthAddress: ":8081",
		PollInterval: 30 * time.Second, FastPollInterval: 5 * time.Second, FastPollWindow: 15 * time.Minute, FullReadInterval: 10 * time.Minute, ListsAtOnce: 100,
		RequestTimeout: 10 * time.Second, ReconcileTimeout: 2 * time.Minute, IdleConnections: 10000,
		StateMetricInterval: time.Minute, EnableManagementPolicies: true, ChangeLogsSocketPath: "/var/run/changelogs/changelogs.sock",
	}
}

func TestCLI(t *testing.T) {
	with := func(change func(c *CLI)) CLI {
		c := defaults()
		change(&c)

		return c
	}

	cases := map[string]struct {
		reason string
		args   []string
		env    map[string]string
		want   CLI
		failed bool
	}{
		"Defaults": {reason: "All flags have defaults.", want: defaults()},
		"Short":    {reason: "The flags of Crossplane's own providers work.", args: []string{"-d", "-l"}, want: with(func(c *CLI) { c.Debug, c.LeaderElection = true, true })},
		"Flags": {
			reason: "Everything can be set by flags.",
			args:   []string{"--debug", "--leader-election", "--max-reconcile-rate=7", "--poll-interval=5s", "--fast-poll-interval=0", "--fast-poll-window=1h", "--full-read-interval=1h", "--lists-at-once=3", "--metrics-bind-address=0", "--health-probe-bind-address=:1", "--poll-state-metric=2m"},
			want: with(func(c *CLI) {
				c.Debug, c.LeaderElection, c.MaxReconcileRate, c.PollInterval, c.FullReadInterval, c.ListsAtOnce = true, true, 7, 5*time.Second, time.Hour, 3
				c.FastPollInterval, c.FastPollWindow = 0, time.Hour
				c.MetricsAddress, c.HealthAddress, c.StateMetricInterval = "0", ":1", 2*time.Minute
			}),
		},
		"Environment": {
			reason: "Everything can be set by environment variables.", env: map[string]string{"POLL_INTERVAL": "5s", "LEADER_ELECTION": "true", "MAX_RECONCILE_RATE": "7"},
			want: with(func(c *CLI) { c.PollInterval, c.LeaderElection, c.MaxReconcileRate = 5*time.Second, true, 7 }),
		},
		"Features": {
			reason: "Features can be switched.", args: []string{"--no-enable-management-policies", "--enable-changelogs", "--changelogs-socket-path=/x"},
			want: with(func(c *CLI) {
				c.EnableManagementPolicies, c.EnableChangeLogs, c.ChangeLogsSocketPath = false, true, "/x"
			}),
		},
		"Unknown": {reason: "An unknown flag is rejected.", args: []string{"--poll"}, failed: true},
		"NoTime":  {reason: "An invalid duration is rejected.", args: []string{"--poll-interval=often"}, failed: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}

			got := CLI{}

			parser, err := kong.New(&got, kong.Name(name), kong.Vars{"version": version})
			if err != nil {
				t.Fatal(err)
			}

			_, err = parser.Parse(tc.args)
			if diff := cmp.Diff(tc.failed, err != nil); diff != "" {
				t.Fatalf("\n%s\nParse(...) fails: -want, +got:\n%s\n%v", tc.reason, diff, err)
			}

			if tc.failed {
				return
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		env    map[string]string
		want   string
	}{
		"Least":          {reason: "The smallest values are accepted.", args: []string{"--max-reconcile-rate=1", "--poll-interval=1s", "--fast-poll-interval=1s", "--fast-poll-window=1s", "--full-read-interval=1s", "--lists-at-once=1", "--request-timeout=1s", "--reconcile-timeout=1s", "--idle-connections=0", "--poll-state-metric=1s"}},
		"Reconciles":     {reason: "A negative rate would not limit requests.", args: []string{"--max-reconcile-rate=-1"}, want: "--max-reconcile-rate is -1, but must be at least 1"},
		"Polls":          {reason: "A poll interval of zero would list vaults without a pause.", args: []string{"--poll-interval=0"}, want: "--poll-interval is 0s, but must be at least 1s"},
		"FastPolls":      {reason: "A tiny fast interval would list vaults without a pause.", args: []string{"--fast-poll-interval=1ms"}, want: "--fast-poll-interval is 1ms, but must be at least 1s"},
		"NoFastPolls":    {reason: "A fast interval of zero disables fast polls.", args: []string{"--fast-poll-interval=0"}},
		"Window":         {reason: "A window of zero would disable fast polls.", args: []string{"--fast-poll-window=0"}, want: "--fast-poll-window is 0s, but must be at least 1s"},
		"Reads":          {reason: "A negative read interval would leave no time for the next read.", args: []string{"--full-read-interval=-10m"}, want: "--full-read-interval is -10m0s, but must be at least 1s"},
		"Lists":          {reason: "A limit of zero would stop all lists.", args: []string{"--lists-at-once=0"}, want: "--lists-at-once is 0, but must be at least 1"},
		"Requests":       {reason: "A request timeout of zero would fail all requests.", args: []string{"--request-timeout=0"}, want: "--request-timeout is 0s, but must be at least 1s"},
		"Deadline":       {reason: "A reconcile timeout below a second would fail all reconciles.", args: []string{"--reconcile-timeout=999ms"}, want: "--reconcile-timeout is 999ms, but must be at least 1s"},
		"Connections":    {reason: "The number of idle connections may be zero, but not negative.", args: []string{"--idle-connections=-1"}, want: "--idle-connections is -1, but must be at least 0"},
		"Counts":         {reason: "An interval of zero would panic in the ticker.", args: []string{"--poll-state-metric=0"}, want: "--poll-state-metric is 0s, but must be at least 1s"},
		"Environment":    {reason: "An environment variable is checked like a flag.", env: map[string]string{"LISTS_AT_ONCE": "0"}, want: "--lists-at-once is 0, but must be at least 1"},
		"AllThatIsWrong": {reason: "All invalid flags are reported at once.", args: []string{"--lists-at-once=0", "--poll-interval=0"}, want: "--poll-interval is 0s, but must be at least 1s\n--lists-at-once is 0, but must be at least 1"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}

			parser, err := kong.New(&CLI{}, kong.Vars{"version": version})
			if err != nil {
				t.Fatal(err)
			}

			got := ""
			if _, err := parser.Parse(tc.args); err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestFeatures(t *testing.T) {
	type want struct{ Policies, ChangeLogs bool }

	cases := map[string]struct {
		reason string
		cli    CLI
		want   want
	}{
		"None": {reason: "No features are enabled.", cli: CLI{}},
		"All":  {reason: "All features are enabled.", cli: CLI{EnableManagementPolicies: true, EnableChangeLogs: true}, want: want{Policies: true, ChangeLogs: true}},
		"Some": {reason: "Only the enabled features are listed.", cli: defaults(), want: want{Policies: true}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := tc.cli.features()

			got := want{Policies: f.Enabled(feature.EnableBetaManagementPolicies), ChangeLogs: f.Enabled(feature.EnableAlphaChangeLogs)}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nfeatures(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestStripSchemas(t *testing.T) {
	crd := &extv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "x", Annotations: map[string]string{"a": "b"}, ManagedFields: []metav1.ManagedFieldsEntry{{}}},
		Spec:       extv1.CustomResourceDefinitionSpec{Versions: []extv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Schema: &extv1.CustomResourceValidation{}}}},
		Status:     extv1.CustomResourceDefinitionStatus{Conditions: []extv1.CustomResourceDefinitionCondition{{Type: extv1.Established}}},
	}
	want := &extv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "x"},
		Spec:       extv1.CustomResourceDefinitionSpec{Versions: []extv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true}}},
		Status:     crd.Status,
	}

	got, err := stripSchemas(crd)
	if diff := cmp.Diff(any(want), got); diff != "" || err != nil {
		t.Errorf("\nOnly names and conditions matter.\nstripSchemas(...): %v, -want, +got:\n%s", err, diff)
	}

	if got, err := stripSchemas("x"); got != "x" || err != nil {
		t.Errorf("\nOther objects are not changed.\nstripSchemas(...) = %v, %v", got, err)
	}
}

func TestRun(t *testing.T) {
	cases := map[string]struct {
		reason string
		setup  func(fail func(error)) error
		// told is true if the provider is told to stop.
		told bool
		want string
	}{
		"Told":   {reason: "A stopped provider ends without an error.", setup: func(func(error)) error { return nil }, told: true},
		"Now":    {reason: "A failing setup ends the process.", setup: func(func(error)) error { return errors.New("no") }, want: "no"},
		"Later":  {reason: "A setup that fails later ends the process.", setup: func(fail func(error)) error { go fail(errors.New("no")); return nil }, want: "cannot run the controllers: no"},
		"AtLast": {reason: "A failure during the shutdown is not reported.", setup: func(fail func(error)) error { fail(errors.New("no")); return nil }, told: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			// Nothing that needs the API server is set up.
			mgr, err := ctrl.NewManager(&rest.Config{}, ctrl.Options{Metrics: metricsserver.Options{BindAddress: "0"}})
			if err != nil {
				t.Fatal(err)
			}

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()

			if tc.told {
				cancel()
			}

			got := ""
			if err := run(ctx, mgr, tc.setup); err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nrun(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRegister(t *testing.T) {
	o := secretsync.Options{
		Options: controller.Options{MetricOptions: &controller.MetricOptions{MRMetrics: managed.NewMRMetricRecorder(), MRStateMetrics: statemetrics.NewMRStateMetrics()}},
		Metrics: secretsync.NewMetrics(), WatchMetrics: watch.NewMetrics(),
	}
	r := prometheus.NewPedanticRegistry()

	if err := register(r, o, keyvault.NewMetrics()); err != nil {
		t.Fatalf("\nAll metrics can be registered together.\nregister(...): %v", err)
	}

	if _, err := r.Gather(); err != nil {
		t.Errorf("\nAll metrics can be gathered together.\nGather(): %v", err)
	}

	if err := register(r, o, keyvault.NewMetrics()); err == nil {
		t.Error("\nMetrics cannot be registered twice.\nregister(...): they can")
	}
}
