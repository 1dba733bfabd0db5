// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// TestGuide covers the promises of the guide, from an empty vault to a rotated value: keys of a
// structure are created empty, become data when all of them have values, and are removed with the
// version that has them.
func TestGuide(t *testing.T) {
	const name = "postgres-credentials"

	s := start(t)
	app := s.app(t)
	creator := world.Creator(t, app.Namespace, mark)
	creator.MayCreate(t, app)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: name, Keys: []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_PORT"}})
	sync.Spec.ProviderConfigReference = world.ClusterConfig(t, creator.Credentials())
	sync.Spec.ForProvider.CreateMissing = true
	world.Apply(t, sync)

	awaiting := expectation{State: v1alpha1.StateAwaitingValue, Words: []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_PORT", name}}
	s.expect(t, app, sync, name, awaiting)
	expectWrites(t, app, []azure.Write{{Secret: name, Operation: "set", Principal: creator.PrincipalID}})

	created, err := world.Azure.SecretValue(app.Vault, name, "")
	must(t, err)

	if diff := cmp.Diff(`{"POSTGRES_USER":"","POSTGRES_PASSWORD":"","POSTGRES_PORT":""}`, created); diff != "" {
		t.Errorf("structure in the vault: -want, +got:\n%s", diff)
	}

	// The provider does not change created secrets afterwards.
	s.polled(t, 3)
	s.expect(t, app, sync, name, awaiting)

	first := s.set(t, app, sync, name, `{"POSTGRES_USER":"hunter2-u","POSTGRES_PASSWORD":"hunter2-p","POSTGRES_PORT":5432,"POSTGRES_SSL":true}`, map[string]string{
		name + ".POSTGRES_USER": "hunter2-u", name + ".POSTGRES_PASSWORD": "hunter2-p", name + ".POSTGRES_PORT": "5432", name + ".POSTGRES_SSL": "true",
	})
	then := s.set(t, app, sync, name, `{"POSTGRES_USER":"hunter2-u","POSTGRES_PASSWORD":"hunter2-q","POSTGRES_PORT":5432}`, map[string]string{
		name + ".POSTGRES_USER": "hunter2-u", name + ".POSTGRES_PASSWORD": "hunter2-q", name + ".POSTGRES_PORT": "5432",
	})

	if first.Status.AtProvider.Target.Revision == then.Status.AtProvider.Target.Revision {
		t.Errorf("revision %s is the same after a new version", then.Status.AtProvider.Target.Revision)
	}
}

// set sets a value, and waits until the Secret has it and the status has its version and keys.
func (s *suite) set(t *testing.T, a *App, sync *v1alpha1.KeyVaultSecretSync, name, value string, data map[string]string) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	version := s.put(t, a, name, value)

	return s.arrived(t, a, sync, name, version, data)
}

func (s *suite) arrived(t *testing.T, a *App, sync *v1alpha1.KeyVaultSecretSync, name, version string, data map[string]string) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	got := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		o := observed(got, name)
		if o.State != v1alpha1.StateSynced || o.Version != version {
			return fmt.Errorf("%s is %s with version %q, want %s with version %q\n%s", name, o.State, o.Version, v1alpha1.StateSynced, version, messages(got))
		}

		return nil
	})
	// The status describes the content of the Secret, not a future one.
	s.expectData(t, a, expectation{State: "as its status says", Data: data})
	s.expectEvent(t, sync, name, v1alpha1.StateSynced)

	var keys []string
	for _, k := range observed(got, name).Keys {
		keys = append(keys, k.DataKey)
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(data)), keys); diff != "" {
		t.Errorf("data keys in the status: -want, +got:\n%s", diff)
	}

	want := v1alpha1.KeyVaultSecretSyncObservation{State: v1alpha1.StateSynced, SecretsSynced: "1/1"}
	if diff := cmp.Diff(want, got.Status.AtProvider, cmpopts.IgnoreFields(want, "Secrets", "Target", "LastChangeTime", "Polling")); diff != "" {
		t.Errorf("status: -want, +got:\n%s", diff)
	}

	return got
}

// expectWrites checks the writes to a vault that came through its data plane.
func expectWrites(t *testing.T, a *App, want []azure.Write) {
	t.Helper()

	got, err := world.Azure.Writes(a.Vault, "")
	must(t, err)

	got = slices.DeleteFunc(got, func(w azure.Write) bool { return w.Principal == "" })
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(azure.Write{}, "Version", "Time"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("writes to the vault: -want, +got:\n%s", diff)
	}
}
