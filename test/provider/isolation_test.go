// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/uuid"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

// An application reaches no vault but its own, whatever its manifest contains, and cannot make
// others reach it.
func TestIsolation(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	start(t).group(t, map[string]func(*testing.T, *suite){
		"ReadAfterSync":       testForeignReadAfterSync,
		"ServiceAccountPath":  testServiceAccountPath,
		"ReadAndWrite":        testForeignWrite,
		"WriteWithoutRole":    testWriteWithoutRole,
		"WriteMeanwhile":      testWriteMeanwhile,
		"SecretOfOthers":      testForeignClientSecret,
		"SecretOfOwn":         testOwnClientSecret,
		"ConfigOfOthers":      testForeignConfig,
		"NoCreator":           testNoCreator,
		"TargetOfAnotherSync": testTargetOfAnotherSync,
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

// A path cannot name a ServiceAccount of another namespace either.
func testServiceAccountPath(t *testing.T, s *suite) {
	t.Helper()

	victim := s.victim(t)
	sync := s.app(t).Sync(v1alpha1.SyncedSecret{Name: "db"})
	sync.Spec.ForProvider.ServiceAccountName = "../../" + victim.Namespace + "/serviceaccounts/" + victim.Name

	if err := world.ApplySync(t.Context(), sync); !kerrors.IsInvalid(err) {
		t.Errorf("ApplySync(...): want that the name is refused, got %v", err)
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

// A value that is set at the moment in which the secret is created in advance is kept: Key Vault
// has no conditional write.
func testWriteMeanwhile(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	// Another client can write between the provider's read and its write.
	fault(t, azure.Fault{Vault: app.Vault, Operation: azure.OpSet, Effect: azure.EffectSlow, Duration: 3 * time.Second, Count: 1})

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db", Keys: []string{"USER"}})
	creator := creating(t, sync, app)
	world.Apply(t, sync)

	eventually(t, func(context.Context) error {
		if answers(app, azure.OpGet, http.StatusNotFound) == 0 {
			return errors.New("the provider has not checked whether the secret exists")
		}

		return nil
	})

	_, err := world.Azure.PutSecret(app.Vault, "db", azure.Secret{Value: `{"USER":"hunter2-other"}`})
	must(t, err)

	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})

	set := azure.Write{Secret: "db", Operation: "set", Principal: creator.PrincipalID}
	expectWrites(t, app, []azure.Write{set, set})
}

// A ProviderConfig cannot use a Secret of another namespace.
func testForeignClientSecret(t *testing.T, s *suite) {
	t.Helper()

	victim := s.victim(t)
	app := s.app(t)
	creator := world.Creator(t, victim.Namespace, mark)
	creator.MayCreate(t, app)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db", Keys: []string{"A"}})
	sync.Spec.ForProvider.CreateMissing = true
	sync.Spec.ProviderConfigReference = world.Config(t, app.Namespace, creator.Credentials())
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateMissing, Words: []string{"could not be created", "another namespace"}})
	expectWrites(t, app, nil)

	// The default namespace is that of the ProviderConfig.
	credentials := creator.Credentials()
	credentials.SecretRef.Namespace = ""
	sync.Spec.ProviderConfigReference = world.Config(t, app.Namespace, credentials)
	world.Apply(t, sync)
	s.await(t, sync, "db", expectation{State: v1alpha1.StateMissing, Words: []string{"could not be created", "which has the client secret"}})
	expectWrites(t, app, nil)
}

// A ProviderConfig can use a Secret of its own namespace.
func testOwnClientSecret(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	creator := world.Creator(t, app.Namespace, mark)
	creator.MayCreate(t, app)

	credentials := creator.Credentials()
	credentials.SecretRef.Namespace = "" // The default is the namespace of the ProviderConfig.

	s.expectCreation(t, app, creator, world.Config(t, app.Namespace, credentials))
}

// expectCreation checks that this identity creates a missing secret.
func (s *suite) expectCreation(t *testing.T, a *App, c *Creator, config *xpv1.ProviderConfigReference) {
	t.Helper()

	sync := a.Sync(v1alpha1.SyncedSecret{Name: "db", Keys: []string{"A"}})
	sync.Spec.ForProvider.CreateMissing = true
	sync.Spec.ProviderConfigReference = config
	world.Apply(t, sync)
	s.expect(t, a, sync, "db", expectation{State: v1alpha1.StateAwaitingValue})
	expectWrites(t, a, []azure.Write{{Secret: "db", Operation: "set", Principal: c.PrincipalID}})
}

// The identity that creates missing secrets can be the provider's: that of its pod, or that of its
// node. Both depend on where it runs, so each has its own provider.
func TestOwnIdentity(t *testing.T) {
	cases := map[string]struct {
		source v1alpha1.CredentialsSource
		// env is the environment of the provider, and token a text that it must not reveal.
		env func(*testing.T, *Creator) (env []string, token string)
	}{
		"WorkloadIdentity": {
			source: v1alpha1.CredentialsSourceWorkloadIdentity,
			env:    workloadIdentity,
		},
		"ManagedIdentity": {
			source: v1alpha1.CredentialsSourceManagedIdentity,
			// The metadata service of the node issues tokens to every caller.
			env: func(t *testing.T, c *Creator) (env []string, token string) {
				t.Helper()
				must(t, world.Azure.PutApplication(azure.Application{TenantID: Tenant, ClientID: c.ClientID, PrincipalID: c.PrincipalID, ManagedIdentity: true}))

				return nil, ""
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			// The identity has no client secret, and is removed from the node at the end.
			creator := &Creator{ClientID: uuid.NewString(), PrincipalID: uuid.NewString(), world: world}
			must(t, world.Azure.PutApplication(azure.Application{TenantID: Tenant, ClientID: creator.ClientID, PrincipalID: creator.PrincipalID}))
			t.Cleanup(func() { world.Azure.DeleteApplication(Tenant, creator.ClientID) })

			env, token := tc.env(t, creator)
			s := startIn(t, env)

			if token != "" {
				s.forbidden["a token"] = token
			}

			app := s.app(t)
			creator.MayCreate(t, app)
			s.expectCreation(t, app, creator, world.Config(t, "", v1alpha1.ProviderCredentials{Source: tc.source}))
		})
	}
}

// workloadIdentity does what the webhook of workload identity does to the provider's pod, with a
// token of its ServiceAccount.
func workloadIdentity(t *testing.T, c *Creator) (env []string, token string) {
	t.Helper()

	must(t, world.Azure.PutFederatedCredential(Tenant, c.ClientID, azure.FederatedCredential{
		Name: "provider", Issuer: world.API.Issuer(), Audiences: []string{audience},
		Subject: apiserver.ServiceAccountUser(apiserver.ProviderNamespace, apiserver.ProviderServiceAccount),
	}))

	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.ProviderNamespace, Name: apiserver.ProviderServiceAccount}}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}}}
	must(t, world.Kube.SubResource("token").Create(t.Context(), account, request))

	file := filepath.Join(t.TempDir(), "azure-identity-token")
	must(t, os.WriteFile(file, []byte(request.Status.Token), 0o600))

	return []string{
		"AZURE_CLIENT_ID=" + c.ClientID, "AZURE_TENANT_ID=" + Tenant, "AZURE_FEDERATED_TOKEN_FILE=" + file,
		"AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/",
	}, request.Status.Token
}

// A ProviderConfig of another namespace cannot be named.
func testForeignConfig(t *testing.T, s *suite) {
	t.Helper()

	victim := s.victim(t)
	app := s.app(t)
	creator := world.Creator(t, victim.Namespace, mark)
	creator.MayCreate(t, app)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db", Keys: []string{"A"}})
	sync.Spec.ForProvider.CreateMissing = true
	sync.Spec.ProviderConfigReference = world.Config(t, victim.Namespace, creator.Credentials())
	world.Apply(t, sync)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateMissing, Words: []string{"could not be created", "ProviderConfig", "does not exist"}})
	expectWrites(t, app, nil)
}

// Without a usable creator, existing values are still synced, and missing ones have the reason:
// here, the identity is in another tenant than the vault.
func testNoCreator(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	credentials := world.Creator(t, app.Namespace, mark).Credentials()
	credentials.TenantID = "22222222-2222-4222-8222-222222222222"

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"}, v1alpha1.SyncedSecret{Name: "missing"})
	sync.Spec.ForProvider.CreateMissing = true
	sync.Spec.ProviderConfigReference = world.Config(t, "", credentials)
	world.Apply(t, sync)
	s.expect(t, app, sync, "missing", expectation{State: v1alpha1.StateMissing, Data: goodData(), Words: []string{"could not be created", "another tenant"}})
	s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced})
	expectWrites(t, app, nil)
}

// Two syncs of a namespace cannot share a Secret.
func testTargetOfAnotherSync(t *testing.T, s *suite) {
	t.Helper()

	app, _ := s.synced(t, v1alpha1.SyncedSecret{})
	s.put(t, app, "other", mark)

	second := app.Sync(v1alpha1.SyncedSecret{Name: "other"})
	second.Name = "second"
	world.Apply(t, second)
	world.Await(t, second, func(got *v1alpha1.KeyVaultSecretSync) error {
		return readyIs(got, corev1.ConditionFalse, string(v1alpha1.StateTargetConflict))
	})
	s.polled(t, 2)
	s.expectData(t, app, expectation{State: "shared", Data: goodData()})
}
