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
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	goodValue  = `{"USER":"hunter2-good"}`
	otherValue = `{"USER":"hunter2-other"}`

	secretsUser = "Key Vault Secrets User"
)

func goodData() map[string]string  { return map[string]string{"db.USER": "hunter2-good"} }
func otherData() map[string]string { return map[string]string{"db.USER": "hunter2-other"} }

// A trouble that a secret gets into, and what ends it.
type trouble struct {
	reason string
	// secret that is synced, called db.
	secret v1alpha1.SyncedSecret
	// create what is missing.
	create bool
	app    []AppOption
	// cause of the trouble, and the cure. A cure of nil: it ends by itself.
	cause, cure func(*testing.T, *suite, *App)

	want expectation
	// fresh is what is expected if the secret was never synced, if that is something else.
	fresh *expectation
	// only before or after the first sync does this happen.
	only string
	// cured is the data in the end: otherData, if the cure set a new value.
	cured map[string]string
}

// run a trouble before or after a secret was synced for the first time.
func (tr trouble) run(t *testing.T, s *suite, after bool) {
	t.Helper()

	app := s.app(t, tr.app...)
	tr.secret.Name = "db"
	sync := app.Sync(tr.secret)

	if tr.create {
		creator := world.Creator(t, app.Namespace, mark)
		creator.MayCreate(t, app)

		sync.Spec.ForProvider.CreateMissing = true
		sync.Spec.ProviderConfigReference = world.ClusterConfig(t, creator.Credentials())
	}

	want := tr.want

	s.put(t, app, "db", goodValue)

	if after {
		world.Apply(t, sync)
		s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

		want.Data = goodData()
		want.Words = append([]string{"stay in use"}, want.Words...)
	} else if tr.fresh != nil {
		want = *tr.fresh
	}

	if tr.cause != nil {
		tr.cause(t, s, app)
	}

	world.Apply(t, sync)

	got := s.expect(t, app, sync, "db", want)
	expectReady(t, got, want, after)

	if tr.cure != nil {
		tr.cure(t, s, app)
	}

	cured := tr.cured
	if cured == nil {
		cured = goodData()
	}

	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: cured})
	s.expectNoMore(t, sync, want.State)
}

// expectReady as soon as there was a value once.
func expectReady(t *testing.T, got *v1alpha1.KeyVaultSecretSync, want expectation, after bool) {
	t.Helper()

	c := got.Status.GetCondition(xpv1.TypeReady)

	type ready struct {
		Status corev1.ConditionStatus
		Reason xpv1.ConditionReason
	}

	expected := ready{Status: corev1.ConditionFalse, Reason: "SecretsNotSynced"}
	if after {
		expected = ready{Status: corev1.ConditionTrue, Reason: xpv1.ReasonAvailable}
	}

	if diff := cmp.Diff(expected, ready{Status: c.Status, Reason: c.Reason}); diff != "" {
		t.Errorf("condition Ready in state %s: -want, +got:\n%s", want.State, diff)
	}

	if diff := cmp.Diff(want.State, got.Status.AtProvider.State); diff != "" {
		t.Errorf("state of all: -want, +got:\n%s", diff)
	}
}

// expectNoMore of a state in the metrics.
func (s *suite) expectNoMore(t *testing.T, sync *v1alpha1.KeyVaultSecretSync, state v1alpha1.State) {
	t.Helper()

	soon(t, func(ctx context.Context) error {
		n, err := s.Metric(ctx, "keyvault_secretsync_secrets", "namespace="+sync.Namespace, "state="+string(state))
		if err == nil && n != 0 {
			err = fmt.Errorf("metric keyvault_secretsync_secrets of state %s is still %v", state, n)
		}

		return err
	})
}

func putOther(t *testing.T, s *suite, a *App) {
	t.Helper()
	s.put(t, a, "db", otherValue)
}

func assignRole(t *testing.T, _ *suite, a *App) {
	t.Helper()
	must(t, world.Azure.PutRoleAssignment(a.Vault, azure.RoleAssignment{ID: "app", PrincipalID: a.PrincipalID, Role: secretsUser}))
}

func deleteSecret(t *testing.T, _ *suite, a *App) {
	t.Helper()
	must(t, world.Azure.DeleteSecret(a.Vault, "db"))
}

func recoverSecret(t *testing.T, _ *suite, a *App) {
	t.Helper()
	must(t, world.Azure.RecoverSecret(a.Vault, "db"))
}

// All that can be said of one sync that is left in peace by Azure.
func TestStates(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	start(t).group(t, map[string]func(*testing.T, *suite){
		"Trouble": testTroubles,
		"Target":  testTarget,
		"Life":    testLife,
	})
}

// Every state a secret can be in: what is told about it, that the last good value
// stays, and that it ends by itself.
func testTroubles(t *testing.T, s *suite) {
	t.Helper()

	for name, tr := range troubles() {
		for when, after := range map[string]bool{"Before": false, "After": true} {
			if tr.only != "" && tr.only != when {
				continue
			}

			t.Run(name+"/"+when, func(t *testing.T) {
				t.Parallel()
				tr.run(t, s, after)
			})
		}
	}
}

func troubles() map[string]trouble {
	value := func(v string) func(*testing.T, *suite, *App) {
		return func(t *testing.T, s *suite, a *App) { t.Helper(); s.put(t, a, "db", v) }
	}

	return map[string]trouble{
		"EmptyKey": {
			reason: "A key of the structure without a value keeps everything else of that version out.",
			secret: v1alpha1.SyncedSecret{Keys: []string{"USER"}},
			cause:  value(`{"USER":"","PASSWORD":"hunter2"}`), cure: putOther, cured: otherData(),
			want: expectation{State: v1alpha1.StateAwaitingValue, Words: []string{"USER", "has no value yet"}},
		},
		"NoRequiredKey": {
			reason: "A version without a key that is required is not taken, and the key is named.",
			secret: v1alpha1.SyncedSecret{RequiredKeys: []string{"USER"}},
			cause:  value(`{"PASSWORD":"hunter2"}`), cure: putOther, cured: otherData(),
			want: expectation{State: v1alpha1.StateAwaitingValue, Words: []string{"Key USER, used by env, is missing", "correct env"}},
		},
		"NullKey": {
			reason: "A null is no value.",
			secret: v1alpha1.SyncedSecret{Keys: []string{"USER", "PASSWORD"}},
			cause:  value(`{"USER":null,"PASSWORD":null}`), cure: value(`{"USER":"hunter2","PASSWORD":"hunter2"}`),
			cured: map[string]string{"db.USER": "hunter2", "db.PASSWORD": "hunter2"},
			want:  expectation{State: v1alpha1.StateAwaitingValue, Words: []string{"USER", "PASSWORD", "have no values yet"}},
			only:  "Before",
		},
		"EmptyText": {
			reason: "An empty text is no value.",
			secret: v1alpha1.SyncedSecret{Format: "Text"},
			cause:  value(""), cure: value("hunter2"), cured: map[string]string{"db": "hunter2"},
			want: expectation{State: v1alpha1.StateAwaitingValue, Words: []string{"no values yet"}},
			only: "Before",
		},
		"Missing": {
			reason: "A secret that was purged is missing, and can be set again.",
			cause: func(t *testing.T, s *suite, a *App) {
				t.Helper()
				deleteSecret(t, s, a)
				must(t, world.Azure.PurgeSecret(a.Vault, "db"))
			},
			cure: putOther, cured: otherData(),
			want:  expectation{State: v1alpha1.StateMissing, Words: []string{"deleted", "create it again"}},
			fresh: &expectation{State: v1alpha1.StateMissing, Words: []string{"no secret db", "Create it"}},
		},
		"SoftDeletedSeenByCreation": {
			reason: "That a deleted secret blocks its name is found out by trying to create it.",
			create: true, cause: deleteSecret, cure: recoverSecret,
			want: expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"deleted", "az keyvault secret recover"}},
		},
		"SoftDeletedSeenByCreator": {
			reason: "The identity that creates secrets may look at deleted ones.",
			create: true, secret: v1alpha1.SyncedSecret{Create: new(false)}, cause: deleteSecret, cure: recoverSecret,
			want: expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"deleted", "recover"}},
		},
		"BeingDeleted": {
			reason: "A deletion takes seconds, in which a secret is neither there nor deleted.",
			create: true, cause: func(t *testing.T, s *suite, a *App) {
				t.Helper()
				must(t, world.Azure.SetTransitionTime(a.Vault, time.Hour))
				deleteSecret(t, s, a)
			},
			cure: func(t *testing.T, s *suite, a *App) {
				t.Helper()
				must(t, world.Azure.SetTransitionTime(a.Vault, 0))
				recoverSecret(t, s, a)
			},
			want: expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"is being deleted", "az keyvault secret recover"}},
		},
		"BeingRecovered": {
			reason: "So does a recovery. When it is over, the secret is synced at the next poll.",
			create: true, cause: func(t *testing.T, s *suite, a *App) {
				t.Helper()
				deleteSecret(t, s, a)
				must(t, world.Azure.SetTransitionTime(a.Vault, time.Hour))
				recoverSecret(t, s, a)
			},
			cure: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				must(t, world.Azure.SetTransitionTime(a.Vault, 0))
			},
			want: expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"is being recovered"}},
		},
		"SoftDeletedSeenByOfficer": {
			reason: "An application that is an officer of its vault may look at deleted secrets.",
			app:    []AppOption{WithoutRole()},
			cause: func(t *testing.T, s *suite, a *App) {
				t.Helper()
				must(t, world.Azure.PutRoleAssignment(a.Vault, azure.RoleAssignment{ID: "app", PrincipalID: a.PrincipalID, Role: azure.SecretsOfficer}))
				deleteSecret(t, s, a)
			},
			cure: recoverSecret, only: "Before",
			want: expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"deleted", "recover"}},
		},
		"Disabled": {
			reason: "A disabled secret keeps its last value.",
			cause: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				must(t, world.Azure.DisableSecret(a.Vault, "db", true))
			},
			cure: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				must(t, world.Azure.DisableSecret(a.Vault, "db", false))
			},
			want: expectation{State: v1alpha1.StateDisabled, Words: []string{"disabled", "Enable it"}},
		},
		"NotJSON": {
			reason: "What looks like JSON and is none is not taken as text.",
			cause:  value(`{"USER": hunter2}`), cure: putOther, cured: otherData(),
			want: expectation{State: v1alpha1.StateInvalid, Words: []string{"db", "JSON", "line 1"}},
		},
		"WrongFormat": {
			reason: "The format that was asked for is the only one tried.",
			secret: v1alpha1.SyncedSecret{Format: "JSON"},
			cause:  value("USER=hunter2\nPASSWORD=hunter2"), cure: putOther, cured: otherData(),
			want: expectation{State: v1alpha1.StateInvalid, Words: []string{"JSON"}},
		},
		"CollidingKeys": {
			reason: "It is said where keys are that become the same key of the Secret, and none is taken.",
			secret: v1alpha1.SyncedSecret{Format: "JSON"},
			cause:  value(`{"a/b":"hunter2","a:b":"hunter2"}`), cure: putOther, cured: otherData(),
			want: expectation{State: v1alpha1.StateInvalid, Words: []string{"line 1, column 2", "line 1, column 18", "collide"}},
		},
		"GuessedKeys": {
			reason: "What does not look like a key does not become one by a guess.",
			cause:  value(`{"a/b":"hunter2"}`), cure: putOther, cured: otherData(),
			want: expectation{State: v1alpha1.StateInvalid, Words: []string{"line 1, column 2", "application/json", "text/plain"}},
		},
		"RoleRemoved": {
			reason: "An identity that was let in once is refused, not waited for.",
			cause: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				must(t, world.Azure.DeleteRoleAssignment(a.Vault, "app"))
			},
			cure: assignRole, only: "After",
			want: expectation{State: v1alpha1.StateForbidden, Words: []string{"role", secretsUser, "platform team"}},
		},
		"RoleDelayed": {
			reason: "A new role takes its time.",
			app:    []AppOption{WithRoleDelay(4 * time.Second)}, only: "Before",
			want: expectation{State: v1alpha1.StateAwaitingAccess, Words: []string{"no role", "10 minutes"}},
		},
		"CredentialDelayed": {
			reason: "A new credential takes its time.",
			app:    []AppOption{WithCredentialDelay(4 * time.Second)}, only: "Before",
			want: expectation{State: v1alpha1.StateAwaitingAccess, Words: []string{"federated credential", "AADSTS70", "10 minutes"}},
		},
		"CredentialRemoved": {
			reason: "A credential that is gone shows when a new token is needed.",
			cause: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				world.Azure.DeleteFederatedCredential(Tenant, a.ClientID, "kubernetes")
				world.Azure.RevokeTokens(a.PrincipalID)
			},
			cure: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				must(t, a.AddCredential(0))
			},
			want:  expectation{State: v1alpha1.StateForbidden, Words: []string{"federated credential"}},
			fresh: &expectation{State: v1alpha1.StateAwaitingAccess, Words: []string{"federated credential"}},
		},
		"Throttled": {
			reason: "What Key Vault asks for is heeded, and ends.",
			cause: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				fault(t, azure.Fault{Vault: a.Vault, Operation: azure.OpList, Effect: azure.EffectStatus, Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Second, Count: 1})
			},
			want: expectation{State: v1alpha1.StateThrottled, Words: []string{"throttles", "retries"}},
		},
		"Unreachable": {
			reason: "Outages end by themselves.",
			cause: func(t *testing.T, _ *suite, a *App) {
				t.Helper()
				fault(t, azure.Fault{Vault: a.Vault, Operation: azure.OpList, Effect: azure.EffectStatus, Status: http.StatusServiceUnavailable, Count: 2})
			},
			want: expectation{State: v1alpha1.StateUnreachable, Words: []string{"503", "retries"}},
		},
	}
}

// What is special about single secrets and about the Secret as a whole.
func testTarget(t *testing.T, s *suite) {
	t.Helper()

	s.group(t, map[string]func(*testing.T, *suite){
		"WholeAtFirst":      testWholeAtFirst,
		"Conflict":          testConflict,
		"ConflictMeanwhile": testConflictMeanwhile,
		"Quota":             testQuota,
		"TalkativePolicy":   testTalkativePolicy,
		"TooLarge":          testTooLarge,
		"TooLargeAtFirst":   testTooLargeAtFirst,
		"PinnedVersion":     testPinnedVersion,
		"PinnedMissing":     testPinnedMissing,
		"Expired":           testExpired,
		"Expires":           testExpires,
		"Optional":          testOptional,
		"RefreshInterval":   testRefreshInterval,
		"FastPolls":         testFastPolls,
		"SyncNow":           testSyncNow,
		"EditedByOthers":    testEditedByOthers,
		"EditedWhileHeld":   testEditedWhileHeld,
		"EditedInOutage":    testEditedInOutage,
		"ListRefused":       testListRefused,
		"ListRefusedByName": testListRefusedByName,
		"Labels":            testLabels,
		"LabelTaken":        testLabelTaken,
		"TakenOffTheList":   testTakenOffTheList,
		"InUse":             testInUse,
	})
}

// synced is an application whose secret db has its good value.
func (s *suite) synced(t *testing.T, secret v1alpha1.SyncedSecret, o ...AppOption) (*App, *v1alpha1.KeyVaultSecretSync) {
	t.Helper()

	secret.Name = "db"
	app := s.app(t, o...)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(secret)
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
	s.expectData(t, app, expectation{State: v1alpha1.StateSynced, Data: goodData()})

	return app, sync
}

// change the Secret of an application as somebody else.
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

// Nobody ever sees a Secret without the values.
func testWholeAtFirst(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	c, err := client.NewWithWatch(world.API.Config(), client.Options{Scheme: world.Kube.Scheme()})
	must(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), loadTimeout)
	defer cancel()

	events, err := c.Watch(ctx, &corev1.SecretList{}, client.InNamespace(app.Namespace), client.MatchingFields{"metadata.name": app.Target()})
	must(t, err)

	defer events.Stop()

	world.Apply(t, app.Sync(v1alpha1.SyncedSecret{Name: "db"}))

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

// A Secret that somebody else creates while the vault is asked is not taken over.
func testConflictMeanwhile(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)
	// The Secret is looked for before the vault is asked.
	fault(t, azure.Fault{Vault: app.Vault, Operation: azure.OpGet, Effect: azure.EffectSlow, Duration: 3 * time.Second, Count: 1})

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)

	eventually(t, func(context.Context) error {
		if answers(app, azure.OpList, http.StatusOK) == 0 {
			return errors.New("the vault has not been listed")
		}

		return nil
	})

	foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Target()}, Data: map[string][]byte{"theirs": []byte("theirs")}}
	must(t, world.Kube.Create(t.Context(), foreign))

	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return readyIs(got, corev1.ConditionFalse, string(v1alpha1.StateTargetConflict), app.Target(), "somebody else")
	})

	if n := world.ProviderRequests(t).In(app.Namespace)[apiserver.Request{Verb: "patch", Resource: "secrets", Namespace: app.Namespace}]; n != 1 {
		t.Errorf("the provider has applied the Secret %d times, want 1", n)
	}

	now := &corev1.Secret{}
	must(t, world.Kube.Get(t.Context(), client.ObjectKeyFromObject(foreign), now))

	if diff := cmp.Diff(foreign, now); diff != "" {
		t.Errorf("Secret of somebody else: -want, +got:\n%s", diff)
	}
}

// A Secret of somebody else is left alone, whatever happens.
func testConflict(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Target()}, Data: map[string][]byte{"theirs": []byte("theirs")}}
	must(t, world.Kube.Create(t.Context(), foreign))

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)

	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return readyIs(got, corev1.ConditionFalse, string(v1alpha1.StateTargetConflict), app.Target(), "somebody else")
	})
	s.expectEvent(t, sync, app.Target(), v1alpha1.StateTargetConflict)

	n, err := s.Metric(t.Context(), "keyvault_secretsync_sync_state", "namespace="+app.Namespace, "state=TargetConflict")
	must(t, err)

	if n != 1 {
		t.Errorf("metric keyvault_secretsync_sync_state is %v, want 1", n)
	}

	s.polled(t, 2)

	now := &corev1.Secret{}
	must(t, world.Kube.Get(t.Context(), client.ObjectKeyFromObject(foreign), now))

	if diff := cmp.Diff(foreign, now); diff != "" {
		t.Errorf("Secret of somebody else: -want, +got:\n%s", diff)
	}

	must(t, world.Kube.Delete(t.Context(), foreign))

	// It looks again after a minute. Whoever cannot wait touches the sync.
	sync.Annotations = map[string]string{"example.com/touched": "1"}
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error { return readyIs(got, corev1.ConditionTrue, "Available") })
}

// notSynced is readyIs for the condition of Crossplane, which is false.
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

// large secrets, together a little more than 1 MiB.
func (s *suite) large(t *testing.T, a *App) []v1alpha1.SyncedSecret {
	t.Helper()

	var list []v1alpha1.SyncedSecret

	for i := range 43 {
		name := fmt.Sprintf("large-%02d", i)
		s.put(t, a, name, strings.Repeat(mark+".", 25_000/len(mark+".")))
		list = append(list, v1alpha1.SyncedSecret{Name: name})
	}

	return list
}

// shrink large secrets so that all of them fit.
func (s *suite) shrink(t *testing.T, a *App) {
	t.Helper()

	for i := range 3 {
		s.put(t, a, fmt.Sprintf("large-%02d", i), mark)
	}
}

// A Secret that would be larger than Kubernetes allows stays as it is.
func testTooLarge(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	list := sync.Spec.ForProvider.Secrets
	sync.Spec.ForProvider.Secrets = append(s.large(t, app), list...)
	listed(t, app, 2)
	world.Apply(t, sync)

	got := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return readyIs(got, corev1.ConditionFalse, string(v1alpha1.StateTargetTooLarge), "1048576", "Make secrets smaller")
	})
	s.expectData(t, app, expectation{State: v1alpha1.StateTargetTooLarge, Data: goodData()})
	s.expectEvent(t, sync, "", v1alpha1.StateTargetTooLarge)

	if got.Status.AtProvider.State != v1alpha1.StateTargetTooLarge {
		t.Errorf("state is %s, want %s", got.Status.AtProvider.State, v1alpha1.StateTargetTooLarge)
	}

	// What fits is synced when the rest is off the list.
	sync.Spec.ForProvider.Secrets = list
	world.Apply(t, sync)
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error { return readyIs(got, corev1.ConditionTrue, "Available") })
	s.set(t, app, sync, "db", otherValue, otherData())
}

// A Secret that is too large at first is written as soon as values are smaller.
func testTooLargeAtFirst(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	sync := app.Sync(s.large(t, app)...)
	world.Apply(t, sync)

	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		return readyIs(got, corev1.ConditionFalse, string(v1alpha1.StateTargetTooLarge), "Make secrets smaller")
	})
	s.expectData(t, app, expectation{State: v1alpha1.StateTargetTooLarge})
	s.shrink(t, app)

	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		if n := got.Status.AtProvider.SecretsSynced; n != "43/43" {
			return fmt.Errorf("%s secrets are synced, want all\n%s", n, messages(got))
		}

		return readyIs(got, corev1.ConditionTrue, "Available")
	})
}

// A pinned version stays when there is a new one, and changes with the pin.
func testPinnedVersion(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	first := s.put(t, app, "db", goodValue)
	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db", Version: first})
	world.Apply(t, sync)
	s.arrived(t, app, sync, "db", first, goodData())

	second := s.put(t, app, "db", otherValue)
	s.put(t, app, "db", `{"USER":"hunter2-third"}`)

	// Another secret shows that the vault is looked at.
	sync.Spec.ForProvider.Secrets = append(sync.Spec.ForProvider.Secrets, v1alpha1.SyncedSecret{Name: "other"})
	world.Apply(t, sync)
	s.put(t, app, "other", mark)

	pinned := goodData()
	pinned["other"] = mark
	app.AwaitData(t, pinned)

	sync.Spec.ForProvider.Secrets = []v1alpha1.SyncedSecret{{Name: "db", Version: second}}
	world.Apply(t, sync)
	s.arrived(t, app, sync, "db", second, otherData())
}

// A pin on a version that does not exist is told as that, and keeps what was there.
func testPinnedMissing(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	version := strings.Repeat("0", 32)
	sync.Spec.ForProvider.Secrets[0].Version = version
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateMissing, Data: goodData(), Words: []string{version}})

	sync.Spec.ForProvider.Secrets[0].Version = ""
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
}

// An expired secret is served and synced, with a warning.
func testExpired(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	s.putSecret(t, app, "db", azure.Secret{Value: goodValue, Expires: at})

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)

	got := s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData(), Words: []string{"expired at " + at.UTC().Format(time.RFC3339), "set new ones"}})

	if e := observed(got, "db").ExpiresAt; e == nil || !e.Time.Equal(at) {
		t.Errorf("expiresAt is %v, want %v", e, at)
	}

	n, err := s.Metric(t.Context(), "keyvault_secretsync_secret_expiry_timestamp_seconds", "namespace="+app.Namespace, "secret=db")
	must(t, err)

	if n != float64(at.Unix()) {
		t.Errorf("metric keyvault_secretsync_secret_expiry_timestamp_seconds is %v, want %v", n, at.Unix())
	}
}

// A secret that expires while it is in use is told of when it does.
func testExpires(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.putSecret(t, app, "db", azure.Secret{Value: goodValue, Expires: time.Now().Add(4 * time.Second)})

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced, Words: []string{"It expired at"}})
	s.expectData(t, app, expectation{State: v1alpha1.StateSynced, Data: goodData()})
}

// An optional secret keeps nobody waiting until it has had a value.
func testOptional(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	sync.Spec.ForProvider.Secrets = append(sync.Spec.ForProvider.Secrets, v1alpha1.SyncedSecret{Name: "extra", Optional: true})
	world.Apply(t, sync)

	got := s.await(t, sync, "extra", expectation{State: v1alpha1.StateMissing})
	if err := readyIs(got, corev1.ConditionTrue, "Available"); err != nil {
		t.Error(err)
	}

	want := v1alpha1.KeyVaultSecretSyncObservation{State: v1alpha1.StateSynced, SecretsSynced: "1/2"}
	if diff := cmp.Diff(want.State+" "+v1alpha1.State(want.SecretsSynced), got.Status.AtProvider.State+" "+v1alpha1.State(got.Status.AtProvider.SecretsSynced)); diff != "" {
		t.Errorf("state of all: -want, +got:\n%s", diff)
	}

	s.put(t, app, "extra", mark)
	app.AwaitData(t, map[string]string{"db.USER": "hunter2-good", "extra": mark})
	s.put(t, app, "extra", `{"A":`)

	got = s.await(t, sync, "extra", expectation{State: v1alpha1.StateInvalid, Words: []string{"stay in use"}})
	if got.Status.AtProvider.State != v1alpha1.StateInvalid {
		t.Errorf("state of all is %s, want %s: pods have had a value of it", got.Status.AtProvider.State, v1alpha1.StateInvalid)
	}
}

// A refresh interval holds changes back, and the message tells until when.
func testRefreshInterval(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{RefreshInterval: &metav1.Duration{Duration: time.Hour}})
	version := s.put(t, app, "db", otherValue)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData(), Words: []string{"It has changed", "refreshInterval"}})
	s.polled(t, 3)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData(), Words: []string{"refreshInterval"}})

	sync.Spec.ForProvider.Secrets[0].RefreshInterval = &metav1.Duration{Duration: time.Second}
	world.Apply(t, sync)
	s.arrived(t, app, sync, "db", version, otherData())
	s.set(t, app, sync, "db", goodValue, goodData())
}

// Who has just listed a secret, or set one, gets the next value long before it is due.
func testFastPolls(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	sync.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Hour}
	sync.Spec.ForProvider.FastPollInterval = nil
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
	s.arrived(t, app, sync, "db", s.put(t, app, "db", otherValue), otherData())
}

// Who asks for it gets a new value long before it is due.
func testSyncNow(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db", RefreshInterval: &metav1.Duration{Duration: time.Hour}})
	sync.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Hour}
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})

	version := s.put(t, app, "db", otherValue)
	sync.Annotations = map[string]string{v1alpha1.SyncRequestedAtAnnotation: "now"}
	world.Apply(t, sync)
	s.arrived(t, app, sync, "db", version, otherData())
}

// What somebody else does to our data is undone. What they add is left alone.
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

	// By either of the two, the Secret is still known to be ours.
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

// A Secret whose label somebody takes away is not ours to write any more, which
// is told. Its data stays.
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
	s.set(t, app, sync, "db", otherValue, otherData())
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

// What somebody else does to our data is undone even while a change is held back.
func testEditedWhileHeld(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{RefreshInterval: &metav1.Duration{Duration: time.Hour}})
	s.put(t, app, "db", otherValue)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced, Words: []string{"refreshInterval"}})

	app.change(t, func(secret *corev1.Secret) { secret.Data["db.USER"] = []byte("edited") })

	// With the old value or the new one, but not with theirs.
	expectSecret(t, app, func(secret *corev1.Secret) error {
		if v := string(secret.Data["db.USER"]); v != "hunter2-good" && v != "hunter2-other" {
			return fmt.Errorf("the Secret has %q", v)
		}

		return nil
	})
}

// What somebody else does to our data while the vault cannot be asked is undone
// when it can.
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

// Where the vault may not be listed, secrets are read one by one.
func testListRefused(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{}, WithRefusedList())
	s.set(t, app, sync, "db", otherValue, otherData())
	must(t, world.Azure.DisableSecret(app.Vault, "db", true))
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateDisabled, Data: otherData(), Words: []string{"stay in use"}})
	must(t, world.Azure.DisableSecret(app.Vault, "db", false))
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
}

// A role for some secrets lets those be synced, and tells of the others.
func testListRefusedByName(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t, WithoutRole())
	must(t, world.Azure.PutRoleAssignment(app.Vault, azure.RoleAssignment{ID: "app", PrincipalID: app.PrincipalID, Role: secretsUser, Secrets: []string{"db"}}))
	s.put(t, app, "db", goodValue)
	s.put(t, app, "other", mark)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"}, v1alpha1.SyncedSecret{Name: "other"})
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

	got := s.await(t, sync, "other", expectation{State: v1alpha1.StateForbidden, Words: []string{secretsUser}})
	if err := readyIs(got, corev1.ConditionFalse, "SecretsNotSynced", "other"); err != nil {
		t.Error(err)
	}

	s.put(t, app, "db", otherValue)
	app.AwaitData(t, otherData())
}

// The Secret is applied: its labels and data have our field manager, and what is
// no longer asked for is gone.
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
}

// Data of a secret that is no longer listed goes, and that of the others stays.
func testTakenOffTheList(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	s.put(t, app, "other", mark)

	list := sync.Spec.ForProvider.Secrets
	sync.Spec.ForProvider.Secrets = []v1alpha1.SyncedSecret{list[0], {Name: "other"}}
	world.Apply(t, sync)

	both := goodData()
	both["other"] = mark
	app.AwaitData(t, both)

	sync.Spec.ForProvider.Secrets = list
	world.Apply(t, sync)
	app.AwaitData(t, goodData())
}

// awaitSeen waits until the provider knows the sync as it was applied last.
func (s *suite) awaitSeen(t *testing.T, sync *v1alpha1.KeyVaultSecretSync) {
	t.Helper()
	world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		if c := got.Status.GetCondition(xpv1.TypeReady); c.ObservedGeneration != got.Generation {
			return fmt.Errorf("generation %d is seen, want %d", c.ObservedGeneration, got.Generation)
		}

		return nil
	})
}

// Data that pods refer to stays beside that of versions which do not have it any
// more, and goes when no pod refers to it.
func testInUse(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	sync.Spec.ForProvider.Target.InUse = []string{"db.USER"}
	world.Apply(t, sync)
	s.awaitSeen(t, sync)

	both := goodData()
	both["db.NAME"] = mark

	s.put(t, app, "db", `{"NAME":"`+mark+`"}`)
	app.AwaitData(t, both)

	// Plain text has no keys at all.
	sync.Spec.ForProvider.Target.InUse = []string{"db.NAME", "db.USER"}
	world.Apply(t, sync)
	s.awaitSeen(t, sync)

	all := goodData()
	all["db.NAME"], all["db"] = mark, mark

	s.put(t, app, "db", mark)
	app.AwaitData(t, all)

	s.put(t, app, "db", otherValue)
	sync.Spec.ForProvider.Target.InUse = nil
	world.Apply(t, sync)
	app.AwaitData(t, otherData())
}

// What is deleted in the end can be created anew.
func TestPurged(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	s := start(t, "--full-read-interval=3s")

	for name, secret := range map[string]v1alpha1.SyncedSecret{
		"Created":    {Name: "db", Keys: []string{"USER"}},
		"NotCreated": {Name: "db", Create: new(false)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app := s.app(t)
			creator := world.Creator(t, app.Namespace, mark)
			creator.MayCreate(t, app)
			s.put(t, app, "db", goodValue)
			deleteSecret(t, s, app)

			sync := app.Sync(secret)
			sync.Spec.ForProvider.CreateMissing = true
			sync.Spec.ProviderConfigReference = world.ClusterConfig(t, creator.Credentials())
			world.Apply(t, sync)
			s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSoftDeleted})

			must(t, world.Azure.PurgeSecret(app.Vault, "db"))

			want := expectation{State: v1alpha1.StateAwaitingValue}
			if name == "NotCreated" {
				want.State = v1alpha1.StateMissing
			}

			s.expect(t, app, sync, "db", want)
			s.put(t, app, "db", otherValue)
			s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
		})
	}
}

// Management policies, pausing and deletion.
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

// Who may only observe writes nothing, in the cluster or in the vault, and tells what is.
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

// Who may no longer write leaves the Secret as it is, and tells what has become of it.
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

// requests to the vault of an application.
func requests(a *App) int {
	n := 0

	for _, c := range world.Azure.Counts() {
		if c.Vault == a.Vault && c.Operation != azure.OpConnect {
			n += c.Count
		}
	}

	return n
}

// Of a sync that is left alone nothing is asked and nothing is written. Later it goes
// on where it was.
func testLeftAlone(t *testing.T, s *suite) {
	t.Helper()

	for name, a := range map[string]aside{
		"Paused": {
			reason: "It is paused.", condition: xpv1.ReasonReconcilePaused,
			set: func(sync *v1alpha1.KeyVaultSecretSync) {
				sync.Annotations = map[string]string{"crossplane.io/paused": "true"}
			},
		},
		"NoPolicies": {
			reason: "Nothing is allowed.", condition: xpv1.ReasonReconcilePaused,
			set: func(sync *v1alpha1.KeyVaultSecretSync) { sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{} },
		},
		"Unsupported": {
			reason: "What cannot be observed cannot be created either.", condition: xpv1.ReasonReconcileError, words: "not supported",
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

// aside is how a sync is set aside, and what its condition Synced then says.
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
	s.polled(t, 1) // A list may have been on its way.

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

// Without management policies, whoever has some is told so, and nothing is done that
// they do not want: neither read nor written.
func TestPoliciesNotHeeded(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	start(t, "--no-enable-management-policies").group(t, map[string]func(*testing.T, *suite){
		"Observe":      testObserveNotHeeded,
		"ObserveLater": aside{reason: "Whoever says so is not just ignored.", set: allow(xpv1.ManagementActionObserve), condition: xpv1.ReasonReconcileError, words: "the feature is not enabled"}.run,
		"NoPolicies":   testNoPoliciesNotHeeded,
	})
}

// Who is to observe only, does nothing at all.
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

// To allow nothing is to say nothing: all is done, and the vault is still watched.
func testNoPoliciesNotHeeded(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	sync.Spec.ManagementPolicies = xpv1.ManagementPolicies{}
	// So rarely that whatever is asked for is because of the change.
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

// A sync that may not delete leaves its Secret, and its successor takes it over.
func testKept(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	// The platform has to allow Secrets that nothing owns.
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

// In a namespace that is not for applications the provider gets no token.
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
	// There is no event of it: the Secret cannot be written either, and an event says that.
	s.await(t, sync, "db", expectation{State: v1alpha1.StateForbidden, Words: []string{"has no label meta.p6m.dev/workloads=composed"}})

	must(t, world.API.CreateNamespace(t.Context(), ns.Name))
	app.AwaitData(t, goodData())
}

// A spec stays as it was written, also where Go would write it in other words.
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

// remove a sync, and wait until it is gone.
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

// Deletion takes the Secret along, and does not need Azure for that.
func testDeleted(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	// So rarely that whatever is asked for is because of the deletion.
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

// The use of provider configurations of both kinds is tracked and counted. One that is
// in use stays.
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

// expectUnused is that nobody uses a provider configuration of the same name that is in
// another namespace.
func expectUnused(t *testing.T, s *suite, used client.Object) {
	t.Helper()

	if used.GetNamespace() == "" {
		return // There is one of that name.
	}

	pc := &v1alpha1.ProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.app(t).Namespace, Name: used.GetName()},
		Spec:       v1alpha1.ProviderConfigSpec{Credentials: noCredentials()},
	}
	must(t, world.Kube.Create(t.Context(), pc))
	soon(t, func(ctx context.Context) error {
		if err := world.Kube.Get(ctx, client.ObjectKeyFromObject(pc), pc); err != nil || len(pc.Finalizers) == 0 {
			return fmt.Errorf("nobody has counted the users of %s: %w", pc.Name, err)
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
			return fmt.Errorf("%T %s is still there, and nobody uses it", pc, pc.GetName())
		}

		return client.IgnoreNotFound(err)
	})
}

func noCredentials() v1alpha1.ProviderCredentials {
	return v1alpha1.ProviderCredentials{Source: v1alpha1.CredentialsSourceNone}
}

// user is another sync of the application, which uses a provider configuration.
func (a *App) user(kind, config, name string) *v1alpha1.KeyVaultSecretSync {
	sync := a.Sync(v1alpha1.SyncedSecret{Name: "db"})
	sync.Name, sync.Spec.ForProvider.Target.Name = name, name
	sync.Spec.ProviderConfigReference = &xpv1.ProviderConfigReference{Kind: kind, Name: config}

	return sync
}

// inUse is what is said of a provider configuration that was deleted too early.
func inUse() xpv1.Condition {
	return providerconfig.Terminating().WithMessage("Blocking deletion while usages still exist")
}

// expectUsers of a provider configuration, and what is said about its deletion.
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

// collect the usage of a sync that is gone, as Kubernetes does: it is owned by it.
func collect(t *testing.T, sync *v1alpha1.KeyVaultSecretSync) {
	t.Helper()

	usages := &v1alpha1.ProviderConfigUsageList{}
	must(t, world.Kube.List(t.Context(), usages, client.InNamespace(sync.Namespace)))

	for _, u := range usages.Items {
		owner := metav1.GetControllerOf(&u)
		if owner == nil {
			t.Fatalf("the usage %s by %s has no owner: nobody will collect it", u.Name, u.ResourceReference.Name)
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
