// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"slices"
	"testing"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// An application reaches no vault but its own, whatever its manifest contains, and cannot make
// others reach it.
func TestIsolation(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	start(t).group(t, map[string]func(*testing.T, *suite){
		"ReadAfterSync":    testForeignReadAfterSync,
		"ReadAndWrite":     testForeignWrite,
		"WriteWithoutRole": testWriteWithoutRole,
	})
}

// victim is a synced application with a value.
func (s *suite) victim(t *testing.T) *App {
	t.Helper()

	victim, _ := s.synced(t, v1alpha1.SyncedSecret{})

	return victim
}

// An intrusion is the claim of a sync that tries to read a foreign vault.
type intrusion struct {
	reason string
	// prepare prepares the victim, and intrude makes the claim.
	prepare func(*testing.T, *App)
	intrude func(victim *App, p *v1alpha1.KeyVaultSecretSyncParameters)
	// words are parts of the message.
	words []string
}

func intrusions() map[string]intrusion {
	both := func(v *App, p *v1alpha1.KeyVaultSecretSyncParameters) { p.VaultURI, p.ClientID = v.URI(), v.ClientID }

	return map[string]intrusion{
		"Vault": {
			reason:  "The identity of the application has no role on a foreign vault.",
			intrude: func(v *App, p *v1alpha1.KeyVaultSecretSyncParameters) { p.VaultURI = v.URI() },
			words:   []string{"no role"},
		},
		"Identity": {
			reason:  "A foreign identity has no credential for the ServiceAccount of the application.",
			intrude: func(v *App, p *v1alpha1.KeyVaultSecretSyncParameters) { p.ClientID = v.ClientID },
			words:   []string{"federated credential"},
		},
		"VaultAndIdentity": {
			reason:  "The same name of the ServiceAccount does not help: the namespace is part of the subject.",
			intrude: both,
			words:   []string{"federated credential"},
		},
		"ServiceAccount": {
			reason: "A ServiceAccount of another namespace cannot be named.",
			prepare: func(t *testing.T, v *App) {
				t.Helper()
				must(t, world.API.CreateServiceAccount(t.Context(), v.Namespace, "only-there"))
				must(t, world.Azure.PutFederatedCredential(Tenant, v.ClientID, azure.FederatedCredential{
					Name: "second", Issuer: world.API.Issuer(), Subject: "system:serviceaccount:" + v.Namespace + ":only-there", Audiences: []string{audience},
				}))
			},
			intrude: func(v *App, p *v1alpha1.KeyVaultSecretSyncParameters) {
				both(v, p)

				p.ServiceAccountName = "only-there"
			},
			words: []string{`no ServiceAccount "only-there"`},
		},
		"OtherTenant": {
			reason: "A vault rejects identities of another tenant.",
			intrude: func(v *App, p *v1alpha1.KeyVaultSecretSyncParameters) {
				both(v, p)

				p.TenantID = "22222222-2222-4222-8222-222222222222"
			},
			words: []string{"another tenant"},
		},
	}
}

// refused checks that the sync gets nothing: no value, and no information whether one exists.
func (s *suite) refused(t *testing.T, app *App, sync *v1alpha1.KeyVaultSecretSync, data map[string]string, i intrusion) {
	t.Helper()

	check := func() {
		t.Helper()

		got := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
			o := observed(got, "db")
			if o.State == v1alpha1.StateSynced || o.State == "" {
				return fmt.Errorf("state of db is %q, want that it is refused\n%s", o.State, messages(got))
			}

			return nil
		})

		o := observed(got, "db")
		want := []v1alpha1.State{v1alpha1.StateAwaitingAccess, v1alpha1.StateForbidden}

		if !slices.Contains(want, o.State) {
			t.Errorf("\n%s\nstate is %s, want one of %v: %s", i.reason, o.State, want, o.Message)
		}

		s.await(t, sync, "db", expectation{State: o.State, Words: i.words})
		s.expectData(t, app, expectation{State: o.State, Data: data})
	}

	check()
	s.polled(t, 3)
	check()
}

// A synced application that then names a foreign vault keeps its values, and gets nothing else.
func testForeignReadAfterSync(t *testing.T, s *suite) {
	t.Helper()

	for name, tc := range intrusions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			victim := s.victim(t)
			s.put(t, victim, "db", `{"USER":"hunter2-of-the-victim"}`)

			app, sync := s.synced(t, v1alpha1.SyncedSecret{})

			if tc.prepare != nil {
				tc.prepare(t, victim)
			}

			own := sync.DeepCopy()

			tc.intrude(victim, &sync.Spec.ForProvider)
			world.Apply(t, sync)
			s.refused(t, app, sync, goodData(), tc)

			own.ResourceVersion = ""
			world.Apply(t, own)
			s.await(t, own, "db", expectation{State: v1alpha1.StateSynced})
			s.put(t, app, "db", otherValue)
			app.AwaitData(t, otherData())
		})
	}
}

// A new application reads no foreign vault. The identity that creates secrets has a role on all vaults, and no application can
// direct it to a vault that the application cannot read itself.
func testForeignWrite(t *testing.T, s *suite) {
	t.Helper()

	for name, tc := range intrusions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			victim := s.victim(t)
			app := s.app(t)
			sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"}, v1alpha1.SyncedSecret{Name: "planted", Keys: []string{"A"}})
			creator := creating(t, sync, victim)

			if tc.prepare != nil {
				tc.prepare(t, victim)
			}

			tc.intrude(victim, &sync.Spec.ForProvider)
			world.Apply(t, sync)
			s.refused(t, app, sync, nil, tc)
			expectWrites(t, victim, nil)

			asked := world.Azure.Counts().Of(azure.CountKey{ClientID: creator.ClientID, Operation: azure.OpToken})
			if asked != 0 {
				t.Errorf("\n%s\nthe identity that creates secrets was used %d times", tc.reason, asked)
			}
		})
	}
}

// creating lets a sync create secrets in a vault with an identity of its own.
func creating(t *testing.T, sync *v1alpha1.KeyVaultSecretSync, vault *App) *Creator {
	t.Helper()

	creator := world.Creator(t, sync.Namespace, mark)
	creator.MayCreate(t, vault)

	sync.Spec.ForProvider.CreateMissing = true
	sync.Spec.ProviderConfigReference = world.Config(t, "", creator.Credentials())

	return creator
}

// It does not even create secrets in the application's own vault while the application cannot read
// that vault.
func testWriteWithoutRole(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t, WithoutRole())
	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db", Keys: []string{"A"}})
	creator := creating(t, sync, app)
	world.Apply(t, sync)
	s.refused(t, app, sync, nil, intrusion{words: []string{"no role"}})
	expectWrites(t, app, nil)

	assignRole(t, app)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateAwaitingValue})
	expectWrites(t, app, []azure.Write{{Secret: "db", Operation: "set", Principal: creator.PrincipalID}})
}
