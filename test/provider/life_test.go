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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// testLife covers management policies, pausing and deletion.
func testLife(t *testing.T, s *suite) {
	t.Helper()

	s.group(t, map[string]func(*testing.T, *suite){
		"Observe":       testObserve,
		"LeftAlone":     testLeftAlone,
		"Kept":          testKept,
		"Deleted":       testDeleted,
		"Usage":         testUsage,
		"ObserveLater":  testObserveLater,
		"Unlabelled":    testUnlabelled,
		"SpecAsWritten": testSpecAsWritten,
	})
}

// With the policy Observe, the provider writes nothing, in the cluster or in the vault, and reports
// the state.
func testObserve(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	creator := world.Creator(t, app.Namespace, mark)
	creator.MayCreate(t, app)
	s.put(t, app, "db", goodValue)
	s.put(t, app, "disabled", mark)
	must(t, world.Azure.DisableSecret(app.Vault, "disabled", true))

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"}, v1alpha1.SyncedSecret{Name: "missing"}, v1alpha1.SyncedSecret{Name: "disabled"})
	sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	sync.Spec.ForProvider.CreateMissing = true
	sync.Spec.ProviderConfigReference = world.ClusterConfig(t, creator.Credentials())
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

	if secret, err := app.Secret(t.Context()); err != nil || secret != nil {
		t.Errorf("there is a Secret, or it cannot be told: %v", err)
	}
}

// After losing the policies for writes, the provider keeps the Secret, and reports its state.
func testObserveLater(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	before, err := app.Secret(t.Context())
	must(t, err)

	sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	world.Apply(t, sync)
	s.put(t, app, "db", otherValue)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced, Words: []string{"not in the Secret yet"}})
	must(t, world.Azure.DisableSecret(app.Vault, "db", true))
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateDisabled, Data: goodData(), Words: []string{"stay in use"}})
	s.polled(t, 2)

	after, err := app.Secret(t.Context())
	must(t, err)

	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("Secret that is only observed: -want, +got:\n%s", diff)
	}

	must(t, world.Azure.DisableSecret(app.Vault, "db", false))

	sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionAll}
	world.Apply(t, sync)
	app.AwaitData(t, otherData())
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

// A sync that is set aside sends no requests and writes nothing. Later it continues.
func testLeftAlone(t *testing.T, s *suite) {
	t.Helper()

	for name, a := range map[string]aside{
		"Paused": {
			reason: "A paused sync is set aside.", condition: xpv1.ReasonReconcilePaused,
			set: func(sync *v1alpha1.KeyVaultSecretSync) {
				sync.Annotations = map[string]string{"crossplane.io/paused": "true"}
			},
		},
		"NoPolicies": {
			reason: "A sync without any policy is set aside.", condition: xpv1.ReasonReconcilePaused,
			set: func(sync *v1alpha1.KeyVaultSecretSync) { sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{} },
		},
		"Unsupported": {
			reason: "A sync with Create and without Observe is set aside.", condition: xpv1.ReasonReconcileError, words: "not supported",
			set: allow(xpv1.ManagementActionCreate),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a.run(t, s)
		})
	}
}

func allow(actions ...xpv1.ManagementAction) func(*v1alpha1.KeyVaultSecretSync) {
	return func(sync *v1alpha1.KeyVaultSecretSync) { sync.Spec.ManagementPolicies = actions }
}

// An aside is a way to set a sync aside, and the resulting condition Synced.
type aside struct {
	reason    string
	set       func(*v1alpha1.KeyVaultSecretSync)
	condition xpv1.ConditionReason
	words     string
}

func (a aside) run(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	own := sync.DeepCopy()

	a.set(sync)
	world.Apply(t, sync)
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return notSynced(got, a.condition, a.words)
	})
	s.polled(t, 1) // A list may have been under way.

	before := requests(app)

	s.put(t, app, "db", otherValue)
	s.polled(t, 4)

	if diff := cmp.Diff(before, requests(app)); diff != "" {
		t.Errorf("\n%s\nrequests to the vault: -want, +got:\n%s", a.reason, diff)
	}

	s.expectData(t, app, expectation{State: "left alone", Data: goodData()})

	own.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionAll}
	world.Apply(t, own)
	app.AwaitData(t, otherData())
}

// Without the feature, a sync with management policies gets an error, and is neither read nor
// written.
func TestPoliciesNotHeeded(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	start(t, "--no-enable-management-policies").group(t, map[string]func(*testing.T, *suite){
		"Observe":      testObserveNotHeeded,
		"ObserveLater": aside{reason: "A policy that is set later is not ignored either.", set: allow(xpv1.ManagementActionObserve), condition: xpv1.ReasonReconcileError, words: "the feature is not enabled"}.run,
		"NoPolicies":   testNoPoliciesNotHeeded,
	})
}

// With the policy Observe, nothing happens at all.
func testObserveNotHeeded(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	allow(xpv1.ManagementActionObserve)(sync)
	world.Apply(t, sync)
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return notSynced(got, xpv1.ReasonReconcileError, "the feature is not enabled")
	})
	s.polled(t, 3)

	if diff := cmp.Diff(0, requests(app)); diff != "" {
		t.Errorf("requests to the vault: -want, +got:\n%s", diff)
	}

	if secret, err := app.Secret(t.Context()); err != nil || secret != nil {
		t.Errorf("there is a Secret, or it cannot be told: %v", err)
	}
}

// An empty list of policies has no effect: everything is done, and the vault is still watched.
func testNoPoliciesNotHeeded(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{}
	// The interval is so long that any request is caused by the change.
	sync.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Hour}
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

	before := requests(app)

	sync.Annotations = map[string]string{"example.com/touched": "1"}
	world.Apply(t, sync)
	s.polled(t, 3)

	if diff := cmp.Diff(before, requests(app)); diff != "" {
		t.Errorf("requests to the vault: -want, +got:\n%s", diff)
	}

	remove(t, sync)

	if secret, err := app.Secret(t.Context()); err != nil || secret != nil {
		t.Errorf("the Secret is still there, or it cannot be told: %v", err)
	}
}

// Without the policy Delete, the Secret stays, and a new sync takes it over.
func testKept(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	// The platform must allow Secrets without an owner.
	must(t, world.API.Apply(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: app.Namespace, Labels: map[string]string{"meta.p6m.dev/secrets-without-owner": "allowed"},
	}}))

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
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

	kept, err := app.Secret(t.Context())
	must(t, err)

	if diff := cmp.Diff(secret, kept); diff != "" {
		t.Errorf("Secret after its sync was deleted: -want, +got:\n%s", diff)
	}

	again := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, again)
	s.expect(t, app, again, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
	expectSecret(t, app, func(now *corev1.Secret) error {
		if now.UID != kept.UID || metav1.GetControllerOf(now) == nil {
			return fmt.Errorf("Secret %s is owned by %v, want %s owned by its sync", now.UID, now.OwnerReferences, kept.UID)
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

// A spec stays as it was written, even where Go would write it differently.
func testSpecAsWritten(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(app.Sync(v1alpha1.SyncedSecret{Name: "db"}))
	must(t, err)

	sync := &unstructured.Unstructured{Object: content}
	must(t, unstructured.SetNestedField(content, "60s", "spec", "forProvider", "pollInterval"))
	must(t, world.Kube.Create(t.Context(), sync))
	app.AwaitData(t, goodData())
	must(t, world.Kube.Get(t.Context(), client.ObjectKeyFromObject(sync), sync))

	got, _, err := unstructured.NestedString(sync.Object, "spec", "forProvider", "pollInterval")
	must(t, err)

	if diff := cmp.Diff("60s", got); diff != "" {
		t.Errorf("pollInterval: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff([]string{"finalizer.managedresource.crossplane.io"}, sync.GetFinalizers()); diff != "" {
		t.Errorf("finalizers: -want, +got:\n%s", diff)
	}
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

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	// The interval is so long that any request is caused by the deletion.
	sync.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Hour}
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

	before := requests(app)

	remove(t, sync)

	if secret, err := app.Secret(t.Context()); err != nil || secret != nil {
		t.Errorf("the Secret is still there, or it cannot be told: %v", err)
	}

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

	for kind, config := range map[string]func(*testing.T, string) client.Object{
		v1alpha1.ClusterProviderConfigKind: func(t *testing.T, _ string) client.Object {
			t.Helper()
			return &v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: world.ClusterConfig(t, noCredentials()).Name}}
		},
		v1alpha1.ProviderConfigKind: func(t *testing.T, namespace string) client.Object {
			t.Helper()
			return &v1alpha1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: world.Config(t, namespace, noCredentials()).Name}}
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()

			app := s.app(t)
			s.put(t, app, "db", goodValue)

			pc := config(t, app.Namespace)
			users := []*v1alpha1.KeyVaultSecretSync{app.user(kind, pc.GetName(), "one"), app.user(kind, pc.GetName(), "two")}

			for _, u := range users {
				world.Apply(t, u)
				s.await(t, u, "db", expectation{State: v1alpha1.StateSynced})
			}

			expectUsers(t, pc, 2, xpv1.Condition{})
			expectUnused(t, s, pc)
			must(t, world.Kube.Delete(t.Context(), pc))
			expectUsers(t, pc, 2, inUse())

			for i, u := range users {
				remove(t, u)
				collect(t, u)

				if left := len(users) - i - 1; left > 0 {
					expectUsers(t, pc, int64(left), inUse())
				}
			}

			expectGone(t, pc)
		})
	}
}

// expectUnused checks that the provider configuration of the same name in another namespace has no
// users.
func expectUnused(t *testing.T, s *suite, used client.Object) {
	t.Helper()

	if used.GetNamespace() == "" {
		return // The name exists there.
	}

	pc := &v1alpha1.ProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.app(t).Namespace, Name: used.GetName()},
		Spec:       v1alpha1.ProviderConfigSpec{Credentials: noCredentials()},
	}
	must(t, world.Kube.Create(t.Context(), pc))
	soon(t, func(ctx context.Context) error {
		if err := world.Kube.Get(ctx, client.ObjectKeyFromObject(pc), pc); err != nil || len(pc.Finalizers) == 0 {
			return fmt.Errorf("the users of %s are not counted: %w", pc.Name, err)
		}

		return nil
	})
	must(t, world.Kube.Delete(t.Context(), pc))
	expectGone(t, pc)
}

func expectGone(t *testing.T, pc client.Object) {
	t.Helper()
	soon(t, func(ctx context.Context) error {
		err := world.Kube.Get(ctx, client.ObjectKeyFromObject(pc), pc)
		if err == nil {
			return fmt.Errorf("%T %s still exists without users", pc, pc.GetName())
		}

		return client.IgnoreNotFound(err)
	})
}

func noCredentials() v1alpha1.ProviderCredentials {
	return v1alpha1.ProviderCredentials{Source: v1alpha1.CredentialsSourceNone}
}

// user is another sync of the application that uses a provider configuration.
func (a *App) user(kind, config, name string) *v1alpha1.KeyVaultSecretSync {
	sync := a.Sync(v1alpha1.SyncedSecret{Name: "db"})
	sync.Name, sync.Spec.ForProvider.Target.Name = name, name
	sync.Spec.ProviderConfigReference = &xpv1.ProviderConfigReference{Kind: kind, Name: config}

	return sync
}

// inUse is the message about the early deletion of a provider configuration.
func inUse() xpv1.Condition {
	return providerconfig.Terminating().WithMessage("Blocking deletion while usages still exist")
}

// expectUsers checks the users of a provider configuration, and the message about its deletion.
func expectUsers(t *testing.T, pc client.Object, want int64, terminating xpv1.Condition) {
	t.Helper()

	soon(t, func(ctx context.Context) error {
		if err := world.Kube.Get(ctx, client.ObjectKeyFromObject(pc), pc); err != nil {
			return fmt.Errorf("cannot get the provider configuration: %w", err)
		}

		c, ok := pc.(resource.ProviderConfig)
		if !ok {
			return fmt.Errorf("%T is no provider configuration", pc)
		}

		got := c.GetCondition(terminating.Type)
		if c.GetUsers() != want || terminating.Type != "" && !got.Equal(terminating) {
			return fmt.Errorf("%s has %d users and condition %v, want %d and %v", pc.GetName(), c.GetUsers(), got, want, terminating)
		}

		return nil
	})
}

// collect deletes the usage of a deleted sync, as the garbage collector does.
func collect(t *testing.T, sync *v1alpha1.KeyVaultSecretSync) {
	t.Helper()

	usages := &v1alpha1.ProviderConfigUsageList{}
	must(t, world.Kube.List(t.Context(), usages, client.InNamespace(sync.Namespace)))

	for _, u := range usages.Items {
		owner := metav1.GetControllerOf(&u)
		if owner == nil {
			t.Fatalf("the usage %s by %s has no owner: it would never be collected", u.Name, u.ResourceReference.Name)
		}

		if u.ResourceReference.Name != sync.Name {
			continue
		}

		if diff := cmp.Diff(sync.Name, owner.Name); diff != "" {
			t.Errorf("owner of the usage: -want, +got:\n%s", diff)
		}

		if diff := cmp.Diff(*sync.Spec.ProviderConfigReference, u.ProviderConfigReference); diff != "" {
			t.Errorf("used provider configuration: -want, +got:\n%s", diff)
		}

		must(t, world.Kube.Delete(t.Context(), &u))

		return
	}

	t.Fatalf("there is no usage by %s", sync.Name)
}
