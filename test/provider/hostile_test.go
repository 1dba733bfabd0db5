// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// A large vault, which many identities may read: to the provider, each is another.
const large = "large-vault"

// fill the large vault with so many secrets, one of which is called wanted.
func fill(tb testing.TB, w *World, n int) {
	tb.Helper()

	must(tb, w.Azure.PutVault(azure.Vault{Name: large, TenantID: Tenant}))

	for i := range n - 1 {
		_, err := w.Azure.PutSecret(large, fmt.Sprintf("s-%06d", i), azure.Secret{Value: "x"})
		must(tb, err)
	}

	// The last in every list.
	_, err := w.Azure.PutSecret(large, "wanted", azure.Secret{Value: `{"A":"x"}`, ContentType: "application/json"})
	must(tb, err)
}

// hostile makes an application in a namespace of its own that reads the large vault.
func hostile(tb testing.TB, w *World, name string) *v1alpha1.KeyVaultSecretSync {
	tb.Helper()

	a := w.App(tb, w.API.Namespace(tb), name)
	must(tb, w.Azure.PutRoleAssignment(large, azure.RoleAssignment{ID: a.PrincipalID, PrincipalID: a.PrincipalID, Role: "Key Vault Secrets User"}))

	s := a.Sync(v1alpha1.SyncedSecret{Name: "wanted"}, v1alpha1.SyncedSecret{Name: "none", Optional: true})
	s.Spec.ForProvider.VaultURI = "https://" + large + ".vault.azure.net/"

	return s
}

// A vault that is too large to be listed is said to be so. Its secrets are read
// nevertheless, and one that the vault does not have is missing, and only that one.
func TestVaultTooLarge(t *testing.T) {
	w := NewWorldFor(t)
	fill(t, w, 10_100)

	s := hostile(t, w, "too-large")
	w.Apply(t, s)
	w.Start(t)

	w.Await(t, s, func(s *v1alpha1.KeyVaultSecretSync) error {
		switch c := s.GetCondition("VaultListed"); {
		case c.Status != corev1.ConditionFalse || c.Reason != "VaultTooLarge":
			return fmt.Errorf("condition VaultListed is %+v", c)
		case s.GetCondition(xpv1.TypeReady).Status != corev1.ConditionTrue:
			return errors.New("it is not ready")
		default:
			return nil
		}
	})
	w.AwaitStates(t, s, map[string]v1alpha1.State{"wanted": v1alpha1.StateSynced, "none": v1alpha1.StateMissing})

	lists := w.Azure.Counts().Of(azure.CountKey{Operation: azure.OpList})
	if lists > 400 {
		t.Errorf("It takes %d requests to see that a vault is too large, want 400 at most", lists)
	}

	version, err := w.Azure.PutSecret(large, "wanted", azure.Secret{Value: `{"A":"y"}`, ContentType: "application/json"})
	must(t, err)
	w.Await(t, s, func(s *v1alpha1.KeyVaultSecretSync) error {
		if got := s.Status.AtProvider.Secrets[0].Version; got != version {
			return fmt.Errorf("version %s is synced, want %s", got, version)
		}

		return nil
	})

	if n := w.Azure.Counts().Of(azure.CountKey{Operation: azure.OpList}); n > lists {
		t.Errorf("It was listed %d times more within %s", n-lists, 10*time.Minute)
	}
}

// BenchmarkHostile is how long new values take to get to 100 applications, alone and
// then beside 20 hostile ones: each has a vault of 40,000 secrets, and of half of them
// every page takes a second.
func BenchmarkHostile(b *testing.B) {
	w := NewWorldFor(b)
	fill(b, w, 40_000)

	load := w.Load(b, 100)
	load.Apply(b)

	synced := load.FollowSyncs(b)
	p := w.Start(b)
	synced.Await(b)
	awaitLists(b, w, 2*len(load.Apps))

	for b.Loop() {
		measure := func(when string) {
			start, used := time.Now(), p.Usage(b)
			took := load.rotate(b)

			b.ReportMetric(took[len(took)/2].Seconds(), "s/p50-"+when)
			b.ReportMetric(took[len(took)*99/100].Seconds(), "s/p99-"+when)
			b.ReportMetric((p.Usage(b).CPU-used.CPU).Seconds()/time.Since(start).Minutes(), "cpu-s/min-"+when)
			b.ReportMetric(p.Usage(b).Peak, "MiB-"+when)
		}

		measure("alone")

		for i := range 20 {
			s := hostile(b, w, fmt.Sprintf("hostile-%02d", i))
			if i%2 == 0 {
				_, err := w.Azure.AddFault(azure.Fault{Effect: azure.EffectSlow, Operation: azure.OpList, Identity: s.Spec.ForProvider.ClientID, Duration: time.Second})
				must(b, err)
			}

			must(b, w.ApplySync(context.Background(), s))
		}

		measure("beside")
		measure("later")
	}
}
