// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

// testTarget covers single secrets and the Secret as a whole.
func testTarget(t *testing.T, s *suite) {
	t.Helper()

	s.group(t, map[string]func(*testing.T, *suite){
		"WholeAtFirst":      testWholeAtFirst,
		"Conflict":          testConflict,
		"ConflictMeanwhile": testConflictMeanwhile,
		"Refused":           testRefused,
		"BeforeItIsDue":     testBeforeItIsDue,
		"EditedByOthers":    testEditedByOthers,
		"EditedWhileHeld":   testEditedWhileHeld,
		"EditedInOutage":    testEditedInOutage,
		"Labels":            testLabels,
		"LabelTaken":        testLabelTaken,
	})
}

// unsynced makes an application whose secret db has a good value, and returns its sync, which is not applied.
func (s *suite) unsynced(t *testing.T) (*App, *v1alpha1.KeyVaultSecretSync) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	return app, app.Sync(v1alpha1.SyncedSecret{Name: "db"})
}

// synced is unsynced after the first sync.
func (s *suite) synced(t *testing.T, secret v1alpha1.SyncedSecret) (*App, *v1alpha1.KeyVaultSecretSync) {
	t.Helper()

	app, sync := s.unsynced(t)
	secret.Name = "db"
	sync.Spec.ForProvider.Secrets = []v1alpha1.SyncedSecret{secret}
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
	s.expectData(t, app, expectation{State: v1alpha1.StateSynced, Data: goodData()})

	return app, sync
}

// change changes the Secret of an application as another client.
func (a *App) change(t *testing.T, do func(*corev1.Secret)) {
	t.Helper()

	eventually(t, func(ctx context.Context) error {
		secret, err := a.Secret(ctx)
		if err != nil {
			return err
		}

		do(secret)

		return world.Kube.Update(ctx, secret)
	})
}

// The Secret never exists without the values.
func testWholeAtFirst(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.unsynced(t)

	c, err := client.NewWithWatch(world.API.Config(), client.Options{Scheme: world.Kube.Scheme()})
	must(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), loadTimeout)
	defer cancel()

	events, err := c.Watch(ctx, &corev1.SecretList{}, client.InNamespace(app.Namespace), client.MatchingFields{"metadata.name": app.Target()})
	must(t, err)

	defer events.Stop()

	world.Apply(t, sync)

	first, ok := (<-events.ResultChan()).Object.(*corev1.Secret)
	if !ok {
		t.Fatal("the Secret was not created")
	}

	got := map[string]string{}
	for key, value := range first.Data {
		got[key] = string(value)
	}

	if diff := cmp.Diff(goodData(), got); diff != "" {
		t.Errorf("Secret as it was created: -want, +got:\n%s", diff)
	}
}

// foreign creates a Secret of another client under the name of the application's.
func (a *App) foreign(t *testing.T) *corev1.Secret {
	t.Helper()

	out := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: a.Target()}, Data: map[string][]byte{"theirs": []byte("theirs")}}
	must(t, world.Kube.Create(t.Context(), out))

	return out
}

// unchanged checks that the Secret is as it was.
func (a *App) unchanged(t *testing.T, was *corev1.Secret) {
	t.Helper()

	now, err := a.Secret(t.Context())
	must(t, err)

	if diff := cmp.Diff(was, now); diff != "" {
		t.Errorf("Secret %s: -before, +now:\n%s", a.Target(), diff)
	}
}

// A Secret that another client creates while the vault is being read is not taken over.
func testConflictMeanwhile(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.unsynced(t)
	// The Secret is looked up before the vault is read.
	fault(t, azure.Fault{Vault: app.Vault, Operation: azure.OpGet, Effect: azure.EffectSlow, Duration: 3 * time.Second, Count: 1})
	world.Apply(t, sync)

	eventually(t, func(context.Context) error {
		if answers(app, azure.OpList, http.StatusOK) == 0 {
			return errors.New("the vault has not been listed")
		}

		return nil
	})

	foreign := app.foreign(t)

	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return readyIs(got, corev1.ConditionFalse, string(v1alpha1.StateTargetConflict), app.Target(), "not controlled by this KeyVaultSecretSync")
	})

	if n := world.ProviderRequests(t)[apiserver.Request{Verb: "patch", Resource: "secrets", Namespace: app.Namespace}]; n != 1 {
		t.Errorf("the provider has applied the Secret %d times, want 1", n)
	}

	app.unchanged(t, foreign)
}

// A foreign Secret is never changed.
func testConflict(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.unsynced(t)
	foreign := app.foreign(t)
	world.Apply(t, sync)

	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return readyIs(got, corev1.ConditionFalse, string(v1alpha1.StateTargetConflict), app.Target(), "not controlled by this KeyVaultSecretSync")
	})
	s.expectEvent(t, sync, app.Target(), v1alpha1.StateTargetConflict)

	n, err := s.Metric(t.Context(), "keyvault_secretsync_sync_state", "namespace="+app.Namespace, "state=TargetConflict")
	must(t, err)

	if n != 1 {
		t.Errorf("metric keyvault_secretsync_sync_state is %v, want 1", n)
	}

	s.polled(t, 2)

	app.unchanged(t, foreign)

	must(t, world.Kube.Delete(t.Context(), foreign))

	// The provider checks again after a minute, or when the sync changes.
	sync.Annotations = map[string]string{"example.com/touched": "1"}
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error { return readyIs(got, corev1.ConditionTrue, "Available") })
}

// notSynced is readyIs for Crossplane's condition, which is false.
func notSynced(s *v1alpha1.KeyVaultSecretSync, reason xpv1.ConditionReason, words string) error {
	c := s.Status.GetCondition(xpv1.TypeSynced)
	if c.Status != corev1.ConditionFalse || c.Reason != reason || !strings.Contains(c.Message, words) {
		return fmt.Errorf("condition Synced is %s because of %s: %s; want False because of %s: %s\n%s", c.Status, c.Reason, c.Message, reason, words, messages(s))
	}

	return nil
}

func readyIs(s *v1alpha1.KeyVaultSecretSync, status corev1.ConditionStatus, reason string, words ...string) error {
	c := s.Status.GetCondition(xpv1.TypeReady)
	if c.Status != status || string(c.Reason) != reason {
		return fmt.Errorf("condition Ready is %s because of %s, want %s because of %s\n%s", c.Status, c.Reason, status, reason, messages(s))
	}

	for _, w := range words {
		if !strings.Contains(c.Message, w) {
			return fmt.Errorf("message of condition Ready is %q, want %q in it", c.Message, w)
		}
	}

	return nil
}

// A new value arrives before its refresh interval ends: first because the secret was just added,
// and then because a sync is requested.
func testBeforeItIsDue(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.unsynced(t)
	sync.Spec.ForProvider.PollInterval, sync.Spec.ForProvider.FastPollInterval = &metav1.Duration{Duration: time.Hour}, nil
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
	s.set(t, app, sync, otherValue, otherData())

	sync.Spec.ForProvider.FastPollInterval = &metav1.Duration{}
	sync.Spec.ForProvider.Secrets[0].RefreshInterval = &metav1.Duration{Duration: time.Hour}
	world.Apply(t, sync)

	version := s.put(t, app, "db", goodValue)
	sync.Annotations = map[string]string{v1alpha1.SyncRequestedAtAnnotation: "now"}
	world.Apply(t, sync)
	s.arrived(t, app, sync, version, goodData())
}

// Changes of our data by another client are reverted. Data that it adds is kept.
func testEditedByOthers(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})

	app.change(t, func(secret *corev1.Secret) { secret.Data["db.USER"] = []byte("edited") })
	app.AwaitData(t, goodData())

	app.change(t, func(secret *corev1.Secret) { delete(secret.Data, "db.USER") })
	app.AwaitData(t, goodData())

	secret, err := app.Secret(t.Context())
	must(t, err)
	must(t, world.Kube.Delete(t.Context(), secret))
	app.AwaitData(t, goodData())

	app.change(t, func(secret *corev1.Secret) { secret.Data["theirs"] = []byte("theirs") })
	s.put(t, app, "db", otherValue)

	want := otherData()
	want["theirs"] = "theirs"
	app.AwaitData(t, want)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})

	// Either mark identifies the Secret as ours.
	for _, change := range []func(*corev1.Secret){
		func(secret *corev1.Secret) { secret.OwnerReferences = nil },
		func(secret *corev1.Secret) { secret.Annotations = nil },
	} {
		app.change(t, change)
		expectSecret(t, app, func(secret *corev1.Secret) error {
			if secret.Annotations["secrets.p6m.dev/sync"] != sync.Name || metav1.GetControllerOf(secret) == nil {
				return fmt.Errorf("the Secret has annotations %v and owners %v", secret.Annotations, secret.OwnerReferences)
			}

			return nil
		})
		app.AwaitData(t, want)
	}
}

// A Secret that has lost its label is no longer written, which is reported. Its data stays.
func testLabelTaken(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	label := func(value string) {
		app.change(t, func(secret *corev1.Secret) { secret.Labels = map[string]string{"secrets.p6m.dev/managed-by": value} })
	}

	label("somebody")
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return notSynced(got, xpv1.ReasonReconcileError, "does not have the label")
	})
	s.expectData(t, app, expectation{State: "refused", Data: goodData()})

	label("provider-keyvault-secretsync")
	s.set(t, app, sync, otherValue, otherData())
}

func expectSecret(t *testing.T, a *App, check func(*corev1.Secret) error) {
	t.Helper()

	soon(t, func(ctx context.Context) error {
		secret, err := a.Secret(ctx)
		if err != nil {
			return err
		}

		if secret == nil {
			return fmt.Errorf("there is no Secret %s", a.Target())
		}

		return check(secret)
	})
}

// Changes of our data by another client are reverted even while a refresh is delayed.
func testEditedWhileHeld(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{RefreshInterval: &metav1.Duration{Duration: time.Hour}})
	s.put(t, app, "db", otherValue)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced, Words: []string{"refreshInterval"}})

	app.change(t, func(secret *corev1.Secret) { secret.Data["db.USER"] = []byte("edited") })

	// The Secret has the old value or the new one, but not the other client's.
	expectSecret(t, app, func(secret *corev1.Secret) error {
		if v := string(secret.Data["db.USER"]); v != "hunter2-good" && v != "hunter2-other" {
			return fmt.Errorf("the Secret has %q", v)
		}

		return nil
	})
}

// Changes of our data by another client while the vault is unreachable are reverted when it is
// reachable.
func testEditedInOutage(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	remove := fault(t, azure.Fault{Vault: app.Vault, Effect: azure.EffectStatus, Status: http.StatusInternalServerError})

	s.await(t, sync, "db", expectation{State: v1alpha1.StateUnreachable})
	app.change(t, func(secret *corev1.Secret) { secret.Data["db.USER"] = []byte("edited") })
	s.polled(t, 3)
	remove()
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
	app.AwaitData(t, goodData())
}

// The Secret is applied: its labels and data belong to our field manager, and removed keys are
// deleted.
func testLabels(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	sync.Spec.ForProvider.Target.Labels = map[string]string{"p6m.dev/app": "web", "app.kubernetes.io/part-of": "a"}
	world.Apply(t, sync)

	hasLabels := func(want map[string]string) func(*corev1.Secret) error {
		want["secrets.p6m.dev/managed-by"] = "provider-keyvault-secretsync"

		return func(secret *corev1.Secret) error {
			if diff := cmp.Diff(want, secret.Labels); diff != "" {
				return fmt.Errorf("labels: -want, +got:\n%s", diff)
			}

			return nil
		}
	}
	expectSecret(t, app, hasLabels(map[string]string{"p6m.dev/app": "web", "app.kubernetes.io/part-of": "a"}))

	secret, err := app.Secret(t.Context())
	must(t, err)

	owned := ""

	for _, f := range secret.ManagedFields {
		if f.Manager == "provider-keyvault-secretsync" && f.Operation == metav1.ManagedFieldsOperationApply {
			owned = string(f.FieldsV1.Raw)
		}
	}

	for _, field := range []string{`"f:db.USER"`, `"f:app.kubernetes.io/part-of"`, `"f:ownerReferences"`} {
		if !strings.Contains(owned, field) {
			t.Errorf("our field manager does not own %s, but %s", field, owned)
		}
	}

	sync.Spec.ForProvider.Target.Labels = map[string]string{"p6m.dev/app": "web", "app.kubernetes.io/part-of": "b"}
	world.Apply(t, sync)
	expectSecret(t, app, hasLabels(map[string]string{"p6m.dev/app": "web", "app.kubernetes.io/part-of": "b"}))

	sync.Spec.ForProvider.Target.Labels = map[string]string{"p6m.dev/app": "web"}
	world.Apply(t, sync)
	expectSecret(t, app, hasLabels(map[string]string{"p6m.dev/app": "web"}))
	s.set(t, app, sync, `{"NAME":"hunter2"}`, map[string]string{"db.NAME": "hunter2"})
}
