// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// A sharedVault has secrets of many applications, each with a role on the secrets that it lists, and
// an identity of the platform that may list them and not read.
type sharedVault struct {
	*App

	platform *Creator
	apps     []*App
	syncs    []*v1alpha1.KeyVaultSecretSync
}

// share makes a vault that n applications share.
func (s *suite) share(t *testing.T, n int) *sharedVault {
	t.Helper()

	v := &sharedVault{App: s.app(t, WithoutRole())}
	v.platform = world.Creator(t, v.Namespace, mark)
	v.mayList(t)

	s.put(t, v.App, "common-a", goodValue)
	s.put(t, v.App, "common-b", goodValue)
	s.put(t, v.App, hidden, goodValue)

	config := world.Config(t, "", v.platform.Credentials())

	for i := range n {
		app := world.App(t, v.Namespace, fmt.Sprintf("web-%d", i))
		for _, secret := range []string{"common-a", "common-b"} {
			must(t, world.Azure.PutRoleAssignment(v.Vault, azure.RoleAssignment{
				ID: app.Name + "-" + secret, PrincipalID: app.PrincipalID, Role: azure.SecretsUser, Secret: secret,
			}))
		}

		sync := app.Sync(v1alpha1.SyncedSecret{Name: "common-b"})
		if i%2 == 0 {
			sync = app.Sync(v1alpha1.SyncedSecret{Name: "common-a"}, v1alpha1.SyncedSecret{Name: "common-b"})
		}

		sync.Spec.ForProvider.VaultURI, sync.Spec.ForProvider.ListWith = v.URI(), v1alpha1.ListWithProviderConfig
		sync.Spec.ProviderConfigReference = config
		v.apps, v.syncs = append(v.apps, app), append(v.syncs, sync)
		world.Apply(t, sync)
	}

	v.states(t, v1alpha1.StateSynced)

	return v
}

// hidden is a secret that no application lists.
const hidden = "hidden-of-others"

func (v *sharedVault) mayList(t *testing.T) {
	t.Helper()
	must(t, world.Azure.PutRoleAssignment(v.Vault, azure.RoleAssignment{
		ID: "lists", PrincipalID: v.platform.PrincipalID, DataActions: []string{"Microsoft.KeyVault/vaults/secrets/readMetadata/action"},
	}))
}

func (v *sharedVault) count(operation string, status int) int {
	return world.Azure.Counts().Of(azure.CountKey{Vault: v.Vault, Operation: operation, Status: status})
}

// await waits for the value of a secret in all applications that list it, and returns their number.
func (v *sharedVault) await(t *testing.T, secret, user string) (n int) {
	t.Helper()

	for i, app := range v.apps {
		if secret == "common-a" && i%2 != 0 {
			continue
		}

		n++

		eventually(t, func(ctx context.Context) error {
			data, err := app.Data(ctx)
			if got := data[secret+".USER"]; err == nil && got != user {
				err = errors.New("the Secret of " + app.Name + " does not have the value")
			}

			return err
		})
	}

	return n
}

// states waits until the secrets of all applications have a state.
func (v *sharedVault) states(t *testing.T, state v1alpha1.State) {
	t.Helper()

	for _, sync := range v.syncs {
		want := map[string]v1alpha1.State{}
		for _, secret := range sync.Spec.ForProvider.Secrets {
			want[secret.Name] = state
		}

		world.AwaitStates(t, sync, want)
	}
}

// The list of a shared vault is one request for all applications, and only its changes cause reads.
func TestSharedList(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	s := start(t, "--full-read-interval=24h")
	s.forbidden["a secret of others"] = hidden

	for _, n := range []int{3, 30} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			testSharedList(t, s, n)
		})
	}

	t.Run("OwnReadsDecide", func(t *testing.T) {
		t.Parallel()
		testOwnReadsDecide(t, s)
	})
}

func testSharedList(t *testing.T, s *suite, n int) {
	t.Helper()

	v := s.share(t, n)
	listed(t, v.App, 3)

	type requests struct{ Lists, Reads, Refused int }

	during := func(do func()) requests {
		lists, reads, refused := v.count(azure.OpList, 200), v.count(azure.OpGet, 0), v.count("", 403)

		do()

		return requests{v.count(azure.OpList, 200) - lists, v.count(azure.OpGet, 0) - reads, v.count("", 403) - refused}
	}

	// The idle application's own vault has the same interval.
	const polls = 6

	got := during(func() { s.polled(t, polls) })
	if got.Lists < polls/2 || got.Lists > 2*polls {
		t.Errorf("%d applications, idle for %d polls: the vault was listed %d times", n, polls, got.Lists)
	}

	got.Lists = 0
	if diff := cmp.Diff(requests{}, got); diff != "" {
		t.Errorf("%d applications, idle: -want requests, +got:\n%s", n, diff)
	}

	for _, secret := range []string{"common-a", "common-b"} {
		readers := 0
		got = during(func() {
			s.put(t, v.App, hidden, otherValue)
			s.put(t, v.App, secret, otherValue)
			readers = v.await(t, secret, "hunter2-other")
			listed(t, v.App, 3)
		})

		got.Lists = 0
		if diff := cmp.Diff(requests{Reads: readers}, got); diff != "" {
			t.Errorf("%d applications, after %s was rotated: -want requests, +got:\n%s", n, secret, diff)
		}
	}

	t.Logf("%d applications: %d polls have one list each, and a rotated secret one read for each application", n, polls)

	// If the vault does not respond, no application reads, and none needs to when it responds again: otherwise those reads would
	// occupy the provider.
	end := atVault(status(http.StatusServiceUnavailable))(t, v.App)

	v.states(t, v1alpha1.StateUnreachable)

	got = during(func() {
		s.polled(t, polls)
		end()
		v.states(t, v1alpha1.StateSynced)
	})
	got.Lists = 0
	if diff := cmp.Diff(requests{}, got); diff != "" {
		t.Errorf("%d applications, while the vault does not respond: -want requests, +got:\n%s", n, diff)
	}

	// Without the permission to list, secrets are read as without the field.
	must(t, world.Azure.DeleteRoleAssignment(v.Vault, "lists"))
	eventually(t, func(ctx context.Context) error {
		unlisted, err := s.Metric(ctx, "keyvault_secretsync_unlisted_vaults")
		if err == nil && unlisted < 1 {
			err = errors.New("no vault counts as unlisted")
		}

		return err
	})
	s.put(t, v.App, "common-b", goodValue)
	v.await(t, "common-b", "hunter2-good")

	for _, sync := range v.syncs {
		if got := world.Await(t, sync, func(*v1alpha1.KeyVaultSecretSync) error { return nil }); observed(got, "common-b").State != v1alpha1.StateSynced {
			t.Errorf("without a list, the state of common-b is %s", observed(got, "common-b").State)
		}
	}

	// With it, the reads end.
	v.mayList(t)
	listed(t, v.App, 2)
	eventually(t, func(context.Context) error {
		if got := during(func() { s.polled(t, 3) }); got.Reads > 0 { //nolint:contextcheck // The test's context bounds both.
			return fmt.Errorf("%d reads after the permission to list came back", got.Reads)
		}

		return nil
	})
}

// A secret that an application may not read can change in the list: that changes nothing that the
// application shows.
func testOwnReadsDecide(t *testing.T, s *suite) {
	t.Helper()

	v := s.share(t, 1)

	stranger := world.App(t, v.Namespace, "stranger")
	sync := stranger.Sync(v1alpha1.SyncedSecret{Name: "common-b"}, v1alpha1.SyncedSecret{Name: "missing"})
	sync.Spec.ForProvider.VaultURI, sync.Spec.ForProvider.ListWith = v.URI(), v1alpha1.ListWithProviderConfig
	sync.Spec.ProviderConfigReference = v.syncs[0].Spec.ProviderConfigReference
	world.Apply(t, sync)

	refused := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		if observed(got, "common-b").State == "" {
			return errors.New("it was not read yet")
		}

		return nil
	})

	existing, missing := observed(refused, "common-b"), observed(refused, "missing")
	if existing.State != missing.State {
		t.Errorf("without a role, the state of a secret that exists is %s, and of one that does not %s", existing.State, missing.State)
	}

	must(t, world.Azure.DisableSecret(v.Vault, "common-b", true))
	listed(t, v.App, 2)
	must(t, world.Azure.DeleteSecret(v.Vault, "common-b"))
	listed(t, v.App, 3)

	after, err := world.Get(t.Context(), sync)
	must(t, err)

	if diff := cmp.Diff(refused.Status.AtProvider, after.Status.AtProvider); diff != "" {
		t.Errorf("a secret without a role was disabled and deleted: -before, +after:\n%s", diff)
	}
}
