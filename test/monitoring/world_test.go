// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/statemetrics"
	upjet "github.com/crossplane/upjet/v2/pkg/metrics"
	authorization "github.com/upbound/provider-azure/v2/apis/namespaced/authorization/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	functionmetrics "github.com/p6m-dev/platform-application/fn/metrics"
	"github.com/p6m-dev/platform-application/provider/controller/secretsync"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/provider"
)

var podTargetLabels = regexp.MustCompile(`podTargetLabels: \[(.+)\]`)

//nolint:gochecknoglobals // Set by TestMain, and once by the first test that wants metrics.
var (
	world *provider.World
	// exported returns the metrics of a provider with successes and failures.
	exported Metrics
)

func TestMain(m *testing.M) {
	code := apiserver.Run(m, func(s *apiserver.Server) {
		var err error
		if world, err = provider.New(context.Background(), s, azure.Options{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	})
	if err := world.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}

	os.Exit(code)
}

// ours reports whether a metric is the provider's own.
func ours(name string, _ Metric) bool { return strings.HasPrefix(name, keyvault.Namespace+"_") }

// described returns the metrics that the provider's collectors describe.
func described(t *testing.T) Metrics {
	t.Helper()

	out, err := Described(keyvault.NewMetrics(), watch.NewMetrics(), secretsync.NewMetrics(),
		managed.NewMRMetricRecorder(), statemetrics.NewMRStateMetrics())
	check.Must(t, err)

	return out
}

// metrics returns the metrics of a provider after many events. They are gathered once.
func metrics(t *testing.T) Metrics {
	t.Helper()

	if exported != nil {
		return exported
	}

	p := world.Start(t, "--poll-state-metric=1s")
	want := described(t)
	namespace := world.API.Namespace(t)

	world.Apply(t, success(t, namespace))
	world.Apply(t, conflict(t, namespace))
	world.Apply(t, throttled(t, namespace))

	err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		text, err := p.Metrics(ctx)
		if err != nil {
			return err
		}

		if exported, err = ParseMetrics(text); err != nil {
			return err
		}

		for name := range want {
			if _, ok := exported[name]; !ok && ours(name, Metric{}) {
				return fmt.Errorf("there is no metric %s", name)
			}
		}

		if _, ok := exported["crossplane_managed_resource_exists"]; !ok {
			return errors.New("managed resources are not counted yet")
		}

		return nil
	})
	check.Must(t, err)

	// Some libraries describe more metrics than they have exported.
	for name, m := range want {
		if _, ok := exported[name]; !ok {
			exported[name] = m
		}
	}

	exported.haveStates(states(t))
	exported.haveAzure(t)
	exported.haveFunction(t)

	return exported
}

// haveStates adds all states to metrics by state, because not every state has occurred.
func (m Metrics) haveStates(states []string) {
	for _, metric := range m {
		for _, s := range states {
			if metric.values["state"] != nil {
				metric.values["state"][s] = true
			}
		}
	}
}

// haveAzure adds the metrics of the Azure providers, with the labels that the PodMonitor adds.
func (m Metrics) haveAzure(t *testing.T) {
	t.Helper()

	azure, err := Described(upjet.ExternalAPITime)
	check.Must(t, err)

	for name, metric := range azure {
		for l := range strings.SplitSeq(podTargetLabels.FindStringSubmatch(check.Read(t, "package/monitoring/podmonitor.yaml"))[1], ", ") {
			metric.Labels = append(metric.Labels, strings.NewReplacer(".", "_", "/", "_").Replace(l))
		}

		m[name] = metric
	}

	m["crossplane_managed_resource_exists"].values["gvk"][authorization.RoleAssignment_GroupVersionKind.String()] = true
}

// haveFunction adds the metric of the function, with all reasons.
func (m Metrics) haveFunction(t *testing.T) {
	t.Helper()

	function, err := Described(functionmetrics.NewNotComposed())
	check.Must(t, err)

	reasons := map[string]bool{}
	for _, r := range check.Constants(t, "fn/compose/conditions.go", "Reason") {
		reasons[r] = true
	}

	for name, metric := range function {
		metric.values = map[string]map[string]bool{"reason": reasons}
		m[name] = metric
	}
}

// states returns the states of a secret in the API.
func states(t *testing.T) []string {
	t.Helper()

	return check.Constants(t, "apis/secrets/v1alpha1/keyvaultsecretsync_types.go", "State")
}

// success creates a sync with a secret that expires, and one with a secret that is created.
func success(t *testing.T, namespace string) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	app := world.App(t, namespace, "success")
	_, err := world.Azure.PutSecret(app.Vault, "expires", azure.Secret{Value: "x", Expires: time.Now().Add(time.Hour)})
	check.Must(t, err)

	creator := world.Creator(t, namespace, "not-a-secret")
	creator.MayCreate(t, app)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "expires"}, v1alpha1.SyncedSecret{Name: "created", Keys: []string{"KEY"}})
	sync.Spec.ForProvider.CreateMissing = true
	sync.SetProviderConfigReference(world.Config(t, namespace, creator.Credentials()))
	sync.SetLabels(map[string]string{inputv1alpha1.LandingZoneLabel: "eu"})

	return sync
}

// conflict creates a sync whose Secret belongs to another owner.
func conflict(t *testing.T, namespace string) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	app := world.App(t, namespace, "conflict")
	check.Must(t, world.API.Apply(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: app.Target()}}))

	return app.Sync(v1alpha1.SyncedSecret{Name: "any"})
}

// throttled creates a sync whose vault throttles requests.
func throttled(t *testing.T, namespace string) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	app := world.App(t, namespace, "throttled")
	if _, err := world.Azure.AddFault(azure.Fault{
		Vault: app.Vault, Operation: "list", Effect: "status", Status: http.StatusTooManyRequests, RetryAfter: time.Second, Count: 1,
	}); err != nil {
		t.Fatal(err)
	}

	// A sync of shared secrets has the name of its application and of the entry in the settings.
	sync := app.Sync(v1alpha1.SyncedSecret{Name: "any"})
	sync.SetName("throttled.shared.platform")
	sync.SetLabels(map[string]string{inputv1alpha1.LandingZoneLabel: "eu"})

	return sync
}
