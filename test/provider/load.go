// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	// atOnce is the number of concurrent requests while applications are created.
	atOnce = 16

	// loadTimeout bounds the creation of many applications on a busy machine. No test measures it.
	loadTimeout = 20 * time.Minute

	// loadInterval is the interval of checks that list many applications.
	loadInterval = 100 * time.Millisecond
)

// Structures returns the keys of each secret of a measured application.
func Structures() map[string][]string {
	return map[string][]string{
		"postgres-credentials": {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_PORT"},
		"api-credentials":      {"API_KEY", "API_SECRET"},
		"webhook-tokens":       {"WEBHOOK_TOKEN"},
		"tls-certificates":     {"tls.crt", "tls.key", "ca.crt"},
	}
}

// Structured returns a value of a secret with these keys, each with a unique value.
func Structured(keys ...string) string {
	values := map[string]string{}
	for _, key := range keys {
		values[key] = uuid.NewString()
	}

	out, _ := json.Marshal(values) //nolint:errchkjson // Strings can be encoded.

	return string(out)
}

// A Load is many applications, each with four secrets and eleven keys in a vault of its own.
type Load struct {
	Apps []*App

	world *World
}

// Load creates applications that were set up a day ago, spread over namespaces. Their syncs are not applied.
func (w *World) Load(tb testing.TB, n int, namespaces ...string) *Load {
	tb.Helper()

	l := &Load{Apps: make([]*App, n), world: w}

	err := each(tb.Context(), n, func(ctx context.Context, i int) error {
		a, err := w.NewApp(ctx, namespaces[i%len(namespaces)], fmt.Sprintf("app-%05d", i))
		if err != nil {
			return err
		}

		l.Apps[i] = a
		yesterday := time.Now().Add(-24 * time.Hour)

		for name, keys := range Structures() {
			if _, err := w.Azure.PutSecret(a.Vault, name, azure.Secret{
				Value: Structured(keys...), ContentType: "application/json", Created: yesterday, Updated: yesterday,
			}); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		tb.Fatalf("cannot make %d applications: %v", n, err)
	}

	return l
}

// LoadSync returns the sync of all four secrets of the application, with the provider's regular poll
// interval.
func (a *App) LoadSync() *v1alpha1.KeyVaultSecretSync {
	s := a.Sync()
	s.Spec.ForProvider.PollInterval = nil

	for _, name := range slices.Sorted(maps.Keys(Structures())) {
		s.Spec.ForProvider.Secrets = append(s.Spec.ForProvider.Secrets, v1alpha1.SyncedSecret{Name: name, Keys: Structures()[name]})
	}

	return s
}

// Apply applies all syncs.
func (l *Load) Apply(tb testing.TB) {
	tb.Helper()

	err := each(tb.Context(), len(l.Apps), func(ctx context.Context, i int) error {
		return l.world.ApplySync(ctx, l.Apps[i].LoadSync())
	})
	must(tb, err)
}

// AwaitSynced waits until the provider's metrics report all syncs as synced: after a restart,
// nothing in the cluster shows that. The provider has no other syncs.
func (l *Load) AwaitSynced(tb testing.TB, p *Process) {
	tb.Helper()

	// Metrics of many syncs are work for the provider.
	interval := max(loadInterval, time.Duration(len(l.Apps))*100*time.Microsecond)

	err := apiserver.Poll(tb.Context(), interval, loadTimeout, func(ctx context.Context) error {
		n, err := p.Metric(ctx, "keyvault_secretsync_sync_state", "state="+string(v1alpha1.StateSynced))
		if err == nil && int(n) != len(l.Apps) {
			err = fmt.Errorf("%v of %d syncs are synced", n, len(l.Apps))
		}

		return err
	})
	must(tb, err)
}

// ProviderRequests returns the provider's requests to the API server.
func (w *World) ProviderRequests(tb testing.TB) apiserver.Requests {
	tb.Helper()

	r, err := w.API.Requests(apiserver.ServiceAccountUser(apiserver.ProviderNamespace, apiserver.ProviderServiceAccount))
	must(tb, err)

	return r
}

// NewWorldFor makes a world with its own API server, for tests that count the work of a whole
// provider or leave many objects.
func NewWorldFor(tb testing.TB) *World {
	tb.Helper()

	w, err := New(tb.Context(), apiserver.StartFor(tb), azure.Options{})
	must(tb, err)

	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})

	// The API server takes two seconds to create an object of a new kind.
	usage := &v1alpha1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{GenerateName: "first-", Namespace: metav1.NamespaceDefault}}
	must(tb, w.Kube.Create(tb.Context(), usage, client.DryRunAll))

	return w
}

// each calls do for 0 to n-1, many at once, and returns their errors.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	errs := make([]error, n)
	workqueue.ParallelizeUntil(ctx, atOnce, n, func(i int) { errs[i] = do(ctx, i) })

	return errors.Join(errs...)
}

// must fails the test for an error of its setup.
func must(tb testing.TB, err error) {
	tb.Helper()

	if err != nil {
		tb.Fatal(err)
	}
}
