// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// testLife covers management policies, pausing and deletion.
func testLife(t *testing.T, s *suite) {
	t.Helper()

	s.group(t, map[string]func(*testing.T, *suite){
		"Observe":    testObserve,
		"Paused":     testPaused,
		"Kept":       testKept,
		"Deleted":    testDeleted,
		"Usage":      testUsage,
		"Unlabelled": testUnlabelled,
	})
}

// With the policy Observe, the provider writes nothing, in the cluster or in the vault, and reports
// the state.
func testObserve(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)
	s.put(t, app, "disabled", mark)
	must(t, world.Azure.DisableSecret(app.Vault, "disabled", true))

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"}, v1alpha1.SyncedSecret{Name: "missing"}, v1alpha1.SyncedSecret{Name: "disabled"})
	sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	creating(t, sync, app)
	world.Apply(t, sync)

	got := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return notSynced(got, xpv1.ReasonReconcileError, "does not exist")
	})
	if err := readyIs(got, corev1.ConditionFalse, "SecretsNotSynced", "db"); err != nil {
		t.Error(err)
	}

	s.expect(t, app, sync, "missing", expectation{State: v1alpha1.StateMissing})
	s.expect(t, app, sync, "disabled", expectation{State: v1alpha1.StateDisabled})
	s.await(t, sync, "db", expectation{Words: []string{"not in the Secret yet"}})
	s.polled(t, 3)
	expectWrites(t, app, nil)

	app.unchanged(t, nil)
}

// requests returns the requests to the vault of an application.
func requests(a *App) int {
	n := 0

	for _, c := range world.Azure.Counts() {
		if c.Vault == a.Vault && c.Operation != azure.OpConnect {
			n += c.Count
		}
	}

	return n
}

// A paused sync sends no requests and writes nothing. Later it continues. The unit tests of secretsync cover which syncs are skipped.
func testPaused(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	own := sync.DeepCopy()

	sync.Annotations = map[string]string{"crossplane.io/paused": "true"}
	world.Apply(t, sync)
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return notSynced(got, xpv1.ReasonReconcilePaused, "")
	})
	s.polled(t, 1) // A list may have been under way.

	before := requests(app)

	s.put(t, app, "db", otherValue)
	s.polled(t, 4)

	if diff := cmp.Diff(before, requests(app)); diff != "" {
		t.Errorf("requests to the vault: -want, +got:\n%s", diff)
	}

	s.expectData(t, app, expectation{State: "left alone", Data: goodData()})

	world.Apply(t, own)
	app.AwaitData(t, otherData())
}

// Without the policy Delete, the Secret stays, and a new sync takes it over.
func testKept(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.unsynced(t)

	// The platform must allow Secrets without an owner.
	must(t, world.API.Apply(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: app.Namespace, Labels: map[string]string{"meta.p6m.dev/secrets-without-owner": "allowed"},
	}}))

	sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{
		xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate, xpv1.ManagementActionLateInitialize,
	}
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

	secret, err := app.Secret(t.Context())
	must(t, err)

	if len(secret.OwnerReferences) > 0 {
		t.Errorf("owners of the Secret: want none, got %v: it would be collected as garbage", secret.OwnerReferences)
	}

	remove(t, sync)

	app.unchanged(t, secret)

	again := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, again)
	s.expect(t, app, again, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
	expectSecret(t, app, func(now *corev1.Secret) error {
		if now.UID != secret.UID || metav1.GetControllerOf(now) == nil {
			return fmt.Errorf("Secret %s is owned by %v, want %s owned by its sync", now.UID, now.OwnerReferences, secret.UID)
		}

		return nil
	})
}

// In a namespace that is not for applications, the provider gets no token.
func testUnlabelled(t *testing.T, s *suite) {
	t.Helper()

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "unlabelled-"}}
	must(t, world.Kube.Create(t.Context(), ns))

	s.mu.Lock()
	s.namespaces = append(s.namespaces, ns.Name)
	s.mu.Unlock()

	app := world.App(t, ns.Name, "web")
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)
	// The failure has no event of its own, because the event about the unwritable Secret replaces
	// it.
	s.await(t, sync, "db", expectation{State: v1alpha1.StateForbidden, Words: []string{"has no label meta.p6m.dev/workloads=composed"}})

	must(t, world.API.CreateNamespace(t.Context(), ns.Name))
	app.AwaitData(t, goodData())
}

// remove deletes a sync, and waits until it is gone.
func remove(t *testing.T, sync *v1alpha1.KeyVaultSecretSync) {
	t.Helper()

	must(t, world.Kube.Delete(t.Context(), sync.DeepCopy()))
	soon(t, func(ctx context.Context) error {
		got := &v1alpha1.KeyVaultSecretSync{}

		err := world.Kube.Get(ctx, client.ObjectKeyFromObject(sync), got)
		if err == nil {
			return fmt.Errorf("KeyVaultSecretSync %s/%s is still there\n%s", sync.Namespace, sync.Name, messages(got))
		}

		return client.IgnoreNotFound(err)
	})
}

// A deletion also deletes the Secret, without needing Azure.
func testDeleted(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.unsynced(t)
	// The interval is so long that any request is caused by the deletion.
	sync.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Hour}
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

	before := requests(app)

	remove(t, sync)

	app.unchanged(t, nil)

	s.polled(t, 2)

	if diff := cmp.Diff(before, requests(app)); diff != "" {
		t.Errorf("requests to the vault after deletion: -want, +got:\n%s", diff)
	}

	for name, state := range map[string]string{"keyvault_secretsync_secrets": "state=Synced", "keyvault_secretsync_sync_state": "state=Synced"} {
		n, err := s.Metric(t.Context(), name, "namespace="+app.Namespace, state)
		must(t, err)

		if n != 0 {
			t.Errorf("metric %s is %v after deletion, want none", name, n)
		}
	}
}

// Uses of provider configurations of both kinds are tracked and counted. A configuration in use
// cannot be deleted.
func testUsage(t *testing.T, s *suite) {
	t.Helper()

	for _, kind := range []string{v1alpha1.ClusterProviderConfigKind, v1alpha1.ProviderConfigKind} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()

			app, sync := s.unsynced(t)
			pc, namespace := resource.ProviderConfig(&v1alpha1.ClusterProviderConfig{}), ""

			if kind == v1alpha1.ProviderConfigKind {
				pc, namespace = &v1alpha1.ProviderConfig{}, app.Namespace
			}

			sync.Spec.ProviderConfigReference = world.Config(t, namespace, v1alpha1.ProviderCredentials{Source: v1alpha1.CredentialsSourceNone})
			pc.SetNamespace(namespace)
			pc.SetName(sync.Spec.ProviderConfigReference.Name)

			world.Apply(t, sync)
			s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
			expectUser(t, pc, xpv1.Condition{})
			must(t, world.Kube.Delete(t.Context(), pc))
			expectUser(t, pc, providerconfig.Terminating().WithMessage("Blocking deletion while usages still exist"))
			remove(t, sync)
			collect(t, sync)
			soon(t, func(ctx context.Context) error {
				err := world.Kube.Get(ctx, client.ObjectKeyFromObject(pc), pc)
				if err == nil {
					return fmt.Errorf("%s %s still exists without users", kind, pc.GetName())
				}

				return client.IgnoreNotFound(err)
			})
		})
	}
}

// expectUser waits until a provider configuration has one user, and the message about its deletion, if any.
func expectUser(t *testing.T, pc resource.ProviderConfig, terminating xpv1.Condition) {
	t.Helper()

	soon(t, func(ctx context.Context) error {
		if err := world.Kube.Get(ctx, client.ObjectKeyFromObject(pc), pc); err != nil {
			return fmt.Errorf("cannot get the provider configuration: %w", err)
		}

		got := pc.GetCondition(terminating.Type)
		if pc.GetUsers() != 1 || terminating.Type != "" && !got.Equal(terminating) {
			return fmt.Errorf("%s has %d users and condition %v, want one and %v", pc.GetName(), pc.GetUsers(), got, terminating)
		}

		return nil
	})
}

// collect deletes the usage of a deleted sync, as the garbage collector does.
func collect(t *testing.T, sync *v1alpha1.KeyVaultSecretSync) {
	t.Helper()

	usages := &v1alpha1.ProviderConfigUsageList{}
	must(t, world.Kube.List(t.Context(), usages, client.InNamespace(sync.Namespace)))

	if len(usages.Items) != 1 {
		t.Fatalf("want one usage by %s, got %d", sync.Name, len(usages.Items))
	}

	u := usages.Items[0]

	// Without an owner, it would never be collected.
	if owner := metav1.GetControllerOf(&u); owner == nil || owner.Name != sync.Name || u.ResourceReference.Name != sync.Name {
		t.Errorf("want a usage by %s that it owns, got one by %s with owner %v", sync.Name, u.ResourceReference.Name, owner)
	}

	if diff := cmp.Diff(*sync.Spec.ProviderConfigReference, u.ProviderConfigReference); diff != "" {
		t.Errorf("used provider configuration: -want, +got:\n%s", diff)
	}

	must(t, world.Kube.Delete(t.Context(), &u))
}
