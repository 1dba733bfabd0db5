// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// garbage is a text that must not be repeated anywhere.
const garbage = "garbage-of-somebody"

// An outage is a failure of Azure.
type outage struct {
	reason string
	// begin begins the outage, and returns a function that ends it.
	begin func(*testing.T, *App) (end func())

	// state is the state of a secret that was synced before, and fresh of one that was not, if it
	// differs.
	state, fresh v1alpha1.State
	words        []string

	// vault, entra and connect are the maximum numbers of requests to the vault and to Entra ID,
	// and of connections to the vault, while other vaults are polled. Connections are only limited
	// if they fail.
	vault, entra, connect int
}

// polls is the number of polls of other vaults while the requests of an outage are counted.
const polls = 10

// Any outage is reported, loses no data, and ends without a trace.
func TestFaults(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	s := start(t, "--request-timeout=1s")
	s.forbidden["garbage"] = garbage

	s.group(t, map[string]func(*testing.T, *suite){
		"ReadsOnly": testReadsOnly,
		"Passing":   testPassing,
		"Recreated": testRecreated,
	})

	for name, o := range outages() {
		for when, after := range map[string]bool{"Before": false, "After": true} {
			t.Run(name+"/"+when, func(t *testing.T) {
				t.Parallel()
				o.run(t, s, after)
			})
		}
	}
}

func (o outage) run(t *testing.T, s *suite, after bool) {
	t.Helper()

	app, sync := s.unsynced(t)
	want := expectation{State: o.state, Words: o.words}

	switch {
	case after:
		world.Apply(t, sync)
		s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

		want.Words, want.Data = append([]string{"stay in use"}, o.words...), goodData()
	case o.fresh != "":
		want.State = o.fresh
	}

	end := o.begin(t, app)
	world.Apply(t, sync)

	got := s.expect(t, app, sync, "db", want)
	expectReady(t, got, want, after)

	if after {
		o.expectFewRequests(t, s, app)
		s.expectData(t, app, want)
	}

	end()

	got = s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
	if diff := cmp.Diff("", observed(got, "db").Message); diff != "" {
		t.Errorf("\n%s\nmessage when it is over: -want, +got:\n%s", o.reason, diff)
	}

	s.expectNoMore(t, sync, want.State)
	s.put(t, app, "db", otherValue)
	app.AwaitData(t, otherData())
}

// expectFewRequests checks that failing requests back off, and that rejected requests are sent at
// most once per poll.
func (o outage) expectFewRequests(t *testing.T, s *suite, a *App) {
	t.Helper()

	connects := func(a *App) int {
		return world.Azure.Counts().Of(azure.CountKey{Vault: a.Vault, Operation: azure.OpConnect})
	}
	atVault, atEntra, atConnect := requests(a), tokens(a), connects(a)

	s.polled(t, polls)

	if n := requests(a) - atVault; n > o.vault {
		t.Errorf("\n%s\n%d requests to the vault while others were polled %d times, want at most %d", o.reason, n, polls, o.vault)
	}

	if n := tokens(a) - atEntra; n > o.entra {
		t.Errorf("\n%s\n%d requests to Entra ID while others were polled %d times, want at most %d", o.reason, n, polls, o.entra)
	}

	if n := connects(a) - atConnect; n > o.connect && o.connect > 0 {
		t.Errorf("\n%s\n%d connections to the vault while others were polled %d times, want at most %d", o.reason, n, polls, o.connect)
	}
}

func status(code int) azure.Fault {
	return azure.Fault{Effect: azure.EffectStatus, Status: code}
}

// atVault makes the vault fail.
func atVault(faults ...azure.Fault) func(*testing.T, *App) func() {
	return func(t *testing.T, a *App) func() {
		t.Helper()

		faults := slices.Clone(faults)
		for i := range faults {
			faults[i].Vault = a.Vault
		}

		return fault(t, faults...)
	}
}

// atEntra makes Entra ID fail, which only gets requests for missing tokens.
func atEntra(f azure.Fault) func(*testing.T, *App) func() {
	return func(t *testing.T, a *App) func() {
		t.Helper()

		f.Operation, f.Identity = azure.OpToken, a.ClientID
		end := fault(t, f)
		world.Azure.RevokeTokens(a.PrincipalID)

		return end
	}
}

// readsAndLists makes reads and lists fail, but not connections.
func readsAndLists(f azure.Fault) func(*testing.T, *App) func() {
	list, get := f, f
	list.Operation, get.Operation = azure.OpList, azure.OpGet

	return atVault(list, get)
}

// firewall closes a vault.
func firewall(f azure.Firewall) func(*testing.T, *App) func() {
	return func(t *testing.T, a *App) func() {
		t.Helper()
		must(t, world.Azure.SetFirewall(a.Vault, func(to *azure.Firewall) { *to = f }))

		return func() { must(t, world.Azure.SetFirewall(a.Vault, func(to *azure.Firewall) { *to = azure.Firewall{} })) }
	}
}

// outages returns failures of the vault, of Entra ID and of the network: no answer, an error, and
// half of an answer. The tests of keyvault cover the meaning of each answer.
func outages() map[string]outage {
	const unreachable, throttled, forbidden, awaiting = v1alpha1.StateUnreachable, v1alpha1.StateThrottled, v1alpha1.StateForbidden, v1alpha1.StateAwaitingAccess

	return map[string]outage{
		"503": {
			reason: "Key Vault is unavailable.", begin: atVault(status(http.StatusServiceUnavailable)),
			state: unreachable, words: []string{"HTTP status 503", "retries"}, vault: 6,
		},
		"429": {
			reason: "Key Vault sends no Retry-After, so the provider waits for ten seconds or more.", begin: atVault(status(http.StatusTooManyRequests)),
			state: throttled, words: []string{"throttles", "retries"}, vault: 3,
		},
		"Hang": {
			reason: "Key Vault does not respond.", begin: atVault(azure.Fault{Effect: azure.EffectHang}),
			state: unreachable, words: []string{"timed out", "retries"}, vault: 6,
		},
		"Truncate": {
			reason: "Answers are cut off.", begin: readsAndLists(azure.Fault{Effect: azure.EffectTruncate}),
			state: unreachable, words: []string{"retries"}, vault: 6,
		},
		"Garbage": {
			reason: "A proxy answers for the vault.", begin: readsAndLists(azure.Fault{Effect: azure.EffectGarbage, Text: garbage}),
			state: unreachable, words: []string{"unexpected", "retries"}, vault: 6,
		},
		"Connect": {
			reason: "New connections fail, and the open one breaks.",
			begin: atVault(
				azure.Fault{Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: http.StatusBadGateway},
				azure.Fault{Operation: azure.OpList, Effect: azure.EffectReset, Count: 1},
			),
			state: unreachable, words: []string{"retries"}, connect: 6,
		},
		"ConnectReset": {
			reason: "Connections break during their handshake.",
			begin: atVault(
				azure.Fault{Operation: azure.OpConnect, Effect: azure.EffectReset},
				azure.Fault{Operation: azure.OpList, Effect: azure.EffectReset, Count: 1},
			),
			state: unreachable, words: []string{"retries"}, connect: 6,
		},
		"VaultDeleted": {
			reason: "The vault is deleted, and recovered without its roles.",
			begin: func(t *testing.T, a *App) func() {
				t.Helper()
				must(t, world.Azure.DeleteVault(a.Vault))

				return func() {
					must(t, world.Azure.RecoverVault(a.Vault))
					assignRole(t, a)
				}
			},
			state: unreachable, words: []string{"retries"}, vault: 6,
		},
		"NoRole": {
			reason: "A vault without roles is listed as usual, and rarely read.",
			begin: func(t *testing.T, a *App) func() {
				t.Helper()
				must(t, world.Azure.DeleteRoleAssignment(a.Vault, "app"))

				return func() { assignRole(t, a) }
			},
			state: forbidden, fresh: awaiting, words: []string{"no role"}, vault: polls + 2 + 6,
		},
		"Firewall": {
			reason: "The firewall of the vault rejects the network of the cluster. That is not a missing role.",
			begin:  firewall(azure.Firewall{Deny: true}), state: unreachable, words: []string{"firewall", "Roles are not the cause"}, vault: 6,
		},
		"PrivateEndpoint": {
			reason: "The vault can be reached through its private endpoint only.",
			begin:  firewall(azure.Firewall{Private: true}), state: unreachable, words: []string{"private endpoint", "Roles are not the cause"}, vault: 6,
		},
		"ExpiredToken": {
			reason: "Every token has expired. Each attempt requests one new token.", begin: atVault(azure.Fault{Effect: azure.EffectExpireToken}),
			state: forbidden, fresh: awaiting, words: []string{"rejects the token"}, vault: 16, entra: 8,
		},
		"RevokedToken": {
			reason: "Every token is revoked. Each attempt requests one new token.", begin: atVault(azure.Fault{Effect: azure.EffectRevokeToken}),
			state: forbidden, fresh: awaiting, words: []string{"rejects the token"}, vault: 16, entra: 8,
		},
		"Entra500": {
			reason: "Entra ID fails. It gets no more requests than Key Vault.", begin: atEntra(status(http.StatusInternalServerError)),
			state: unreachable, words: []string{"Entra ID", "500"}, vault: 8, entra: 8,
		},
		"Entra429": {
			reason: "Entra ID sends no Retry-After, so the provider waits for it, too.", begin: atEntra(status(http.StatusTooManyRequests)),
			state: throttled, words: []string{"Entra ID", "throttles"}, vault: polls + 2, entra: 3,
		},
		"EntraHang": {
			reason: "Entra ID does not respond.", begin: atEntra(azure.Fault{Effect: azure.EffectHang}),
			state: unreachable, words: []string{"timed out"}, vault: 8, entra: 8,
		},
		"EntraReset": {
			reason: "Connections to Entra ID break.", begin: atEntra(azure.Fault{Effect: azure.EffectReset}),
			state: unreachable, words: []string{"Entra ID"}, vault: 8, entra: 8,
		},
		"EntraGarbage": {
			reason: "A proxy answers for Entra ID.", begin: atEntra(azure.Fault{Effect: azure.EffectGarbage, Text: garbage}),
			state: unreachable, words: []string{"Entra ID"}, vault: 8, entra: 8,
		},
		"EntraNoCredential": {
			reason: "A missing credential is normal for a new identity, and a fault later.",
			begin:  atEntra(azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700211"}),
			state:  forbidden, fresh: awaiting, words: []string{"AADSTS700211"}, vault: 8, entra: 8,
		},
		"EntraFederationOff": {
			reason: "A fault that needs a change in the tenant is reported at once, and retried with growing pauses.",
			begin:  atEntra(azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700223"}),
			state:  forbidden, words: []string{"federation is disabled in the tenant (AADSTS700223)"}, vault: 8, entra: 6,
		},
	}
}

// A reconcile ends in time even if a request does not, and does not block others: here all share
// one worker.
func TestReconcileTimeout(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	s := start(t, "--reconcile-timeout=2s", "--request-timeout=1h", "--max-reconcile-rate=1")

	for name, after := range map[string]bool{"Before": false, "After": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app, sync := s.unsynced(t)
			want := expectation{State: v1alpha1.StateUnreachable, Words: []string{"timed out", "retries"}}

			if after {
				world.Apply(t, sync)
				s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

				want.Data = goodData()
			}

			end := fault(t, azure.Fault{Vault: app.Vault, Operation: azure.OpGet, Effect: azure.EffectHang})

			s.put(t, app, "db", otherValue)
			world.Apply(t, sync)
			s.await(t, sync, "db", want)
			s.expectData(t, app, want)

			// Other syncs get their turn in the meantime.
			s.synced(t, v1alpha1.SyncedSecret{})

			end()
			s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
		})
	}

	t.Run("Rest", func(t *testing.T) {
		t.Parallel()

		app, sync := s.unsynced(t)
		s.put(t, app, "slow", otherValue)
		fault(t, azure.Fault{Vault: app.Vault, Operation: azure.OpGet, Secret: "slow", Effect: azure.EffectHang})

		sync.Spec.ForProvider.Secrets = append(sync.Spec.ForProvider.Secrets, v1alpha1.SyncedSecret{Name: "slow"})
		world.Apply(t, sync)

		// What was read in time is written.
		app.AwaitData(t, goodData())
	})
}

// A brief failure is not even visible: no state changes, and no value is delayed.
func testPassing(t *testing.T, s *suite) {
	t.Helper()

	for name, refuse := range map[string]func(principalID string){
		"Revoked": world.Azure.RevokeTokens,
		"Expired": world.Azure.ExpireTokens, // The tokens stay expired, without claims.
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app, sync := s.synced(t, v1alpha1.SyncedSecret{})
			refuse(app.PrincipalID)
			s.put(t, app, "db", otherValue)
			app.AwaitData(t, otherData())

			events, err := world.Events(t.Context(), sync)
			must(t, err)

			for _, e := range events {
				if e.Type == corev1.EventTypeWarning {
					t.Errorf("An identity whose tokens are refused gets new ones, but there is an event %s: %s", e.Reason, e.Message)
				}
			}
		})
	}
}

// A recreated vault is empty and rejects all identities. The last good values stay until there are new ones.
func testRecreated(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})

	must(t, world.Azure.DeleteVault(app.Vault))
	must(t, world.Azure.PurgeVault(app.Vault))
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateUnreachable, Data: goodData()})

	must(t, world.Azure.PutVault(azure.Vault{Name: app.Vault, TenantID: Tenant}))
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateForbidden, Data: goodData(), Words: []string{secretsUser}})

	assignRole(t, app)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateMissing, Data: goodData(), Words: []string{"stay in use"}})

	s.put(t, app, "db", otherValue)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
}

// A secret that is listed but cannot be read is retried, too.
func testReadsOnly(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	end := fault(t, azure.Fault{Vault: app.Vault, Operation: azure.OpGet, Secret: "db", Effect: azure.EffectGarbage, Text: garbage})

	s.put(t, app, "db", otherValue)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateUnreachable, Data: goodData(), Words: []string{"stay in use"}})
	end()
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
}

// answers returns the responses of a vault to an operation.
func answers(a *App, operation string, status int) int {
	return world.Azure.Counts().Of(azure.CountKey{Vault: a.Vault, Operation: operation, Status: status})
}

// tokens returns the token requests of an application to Entra ID.
func tokens(a *App) int {
	return world.Azure.Counts().Of(azure.CountKey{ClientID: a.ClientID, Operation: azure.OpToken})
}
