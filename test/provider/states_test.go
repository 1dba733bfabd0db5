// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	goodValue  = `{"USER":"hunter2-good"}`
	otherValue = `{"USER":"hunter2-other"}`

	secretsUser = "Key Vault Secrets User"
)

func goodData() map[string]string { return map[string]string{"db.USER": "hunter2-good"} }

func otherData() map[string]string { return map[string]string{"db.USER": "hunter2-other"} }

// A trouble is a fault of a secret and its cure.
type trouble struct {
	reason string
	// secret is a synced secret named db.
	secret v1alpha1.SyncedSecret
	// create enables the creation of missing secrets.
	create bool
	// cause causes the trouble, and returns its cure. It lasts until then, however busy the machine
	// is.
	cause func(*testing.T, *suite, *App) (cure func())

	want expectation
	// fresh is the expectation for a secret that was never synced, if it differs.
	fresh *expectation
	// cured is the data at the end: otherData, if the cure set a new value.
	cured map[string]string
}

// run runs a trouble before or after the first sync of a secret.
func (tr trouble) run(t *testing.T, s *suite, after bool) {
	t.Helper()

	app := s.app(t)
	tr.secret.Name = "db"
	sync := app.Sync(tr.secret)

	if tr.create {
		creating(t, sync, app)
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

	cure := tr.cause(t, s, app)

	world.Apply(t, sync)

	got := s.expect(t, app, sync, "db", want)
	expectReady(t, got, want, after)
	cure()

	cured := tr.cured
	if cured == nil {
		cured = goodData()
	}

	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: cured})
	s.expectNoMore(t, sync, want.State)
}

// expectReady waits until the sync is ready, as soon as there was a value once.
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

// expectNoMore waits until a state is gone from the metrics.
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

func assignRole(t *testing.T, a *App) {
	t.Helper()
	must(t, world.Azure.PutRoleAssignment(a.Vault, azure.RoleAssignment{ID: "app", PrincipalID: a.PrincipalID, Role: secretsUser}))
}

func deleteSecret(t *testing.T, a *App) {
	t.Helper()
	must(t, world.Azure.DeleteSecret(a.Vault, "db"))
}

// TestStates covers one sync without failures of Azure.
func TestStates(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	start(t).group(t, map[string]func(*testing.T, *suite){
		"Trouble": testTroubles,
		"Target":  testTarget,
		"Life":    testLife,
	})
}

// testTroubles covers each way to detect a state: its report, that the last good value stays, and
// that the state ends by itself. The unit tests of plan and secretsync cover which finding leads to
// which state and message.
func testTroubles(t *testing.T, s *suite) {
	t.Helper()

	for name, tr := range troubles() {
		for when, after := range map[string]bool{"Before": false, "After": true} {
			t.Run(name+"/"+when, func(t *testing.T) {
				t.Parallel()
				tr.run(t, s, after)
			})
		}
	}
}

func troubles() map[string]trouble {
	// value sets an unusable value, which the cure replaces.
	value := func(v string) func(*testing.T, *suite, *App) func() {
		return func(t *testing.T, s *suite, a *App) func() {
			t.Helper()
			s.put(t, a, "db", v)

			return func() { s.put(t, a, "db", otherValue) }
		}
	}
	recovered := func(t *testing.T, _ *suite, a *App) func() {
		t.Helper()
		deleteSecret(t, a)

		return func() { must(t, world.Azure.RecoverSecret(a.Vault, "db")) }
	}

	return map[string]trouble{
		"EmptyKey": {
			reason: "A key of the structure without a value blocks everything else of that version.",
			secret: v1alpha1.SyncedSecret{Keys: []string{"USER"}},
			cause:  value(`{"USER":"","PASSWORD":"hunter2"}`), cured: otherData(),
			want: expectation{State: v1alpha1.StateAwaitingValue, Words: []string{"USER", "has no value yet"}},
		},
		"CollidingKeys": {
			reason: "The positions of two keys that collide are reported, and neither is used.",
			secret: v1alpha1.SyncedSecret{Format: "JSON"},
			cause:  value(`{"a/b":"hunter2","a:b":"hunter2"}`), cured: otherData(),
			want: expectation{State: v1alpha1.StateInvalid, Words: []string{"line 1, column 2", "line 1, column 18", "collide"}},
		},
		"Missing": {
			reason: "A secret that was purged is missing, and can be set again.",
			cause: func(t *testing.T, s *suite, a *App) func() {
				t.Helper()
				deleteSecret(t, a)
				must(t, world.Azure.PurgeSecret(a.Vault, "db"))

				return func() { s.put(t, a, "db", otherValue) }
			},
			cured: otherData(),
			want:  expectation{State: v1alpha1.StateMissing, Words: []string{"deleted", "create it again"}},
			fresh: &expectation{State: v1alpha1.StateMissing, Words: []string{"no secret db", "Create it"}},
		},
		"SoftDeletedSeenByCreation": {
			reason: "A deleted secret that blocks its name is detected by the attempt to create it.",
			create: true, cause: recovered,
			want: expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"deleted", "az keyvault secret recover"}},
		},
		"SoftDeletedSeenByCreator": {
			reason: "The identity that creates secrets can read deleted ones. After a purge, the secret can be set again.",
			create: true, secret: v1alpha1.SyncedSecret{Create: new(false)},
			cause: func(t *testing.T, s *suite, a *App) func() {
				t.Helper()
				deleteSecret(t, a)

				return func() {
					must(t, world.Azure.PurgeSecret(a.Vault, "db"))
					s.put(t, a, "db", otherValue)
				}
			},
			cured: otherData(),
			want:  expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"deleted", "recover"}},
		},
		"BeingDeleted": {
			reason: "During a deletion, which takes seconds, a secret is neither active nor deleted.",
			create: true, cause: func(t *testing.T, s *suite, a *App) func() {
				t.Helper()
				must(t, world.Azure.SetTransitionTime(a.Vault, time.Hour))

				cure := recovered(t, s, a)

				return func() {
					must(t, world.Azure.SetTransitionTime(a.Vault, 0))
					cure()
				}
			},
			want: expectation{State: v1alpha1.StateSoftDeleted, Words: []string{"is being deleted", "az keyvault secret recover"}},
		},
		"Disabled": {
			reason: "A disabled secret keeps its last value.",
			cause: func(t *testing.T, _ *suite, a *App) func() {
				t.Helper()
				must(t, world.Azure.DisableSecret(a.Vault, "db", true))

				return func() { must(t, world.Azure.DisableSecret(a.Vault, "db", false)) }
			},
			want: expectation{State: v1alpha1.StateDisabled, Words: []string{"disabled", "Enable it"}},
		},
	}
}
