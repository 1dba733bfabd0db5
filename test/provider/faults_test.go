// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// garbage must not be repeated anywhere.
const garbage = "garbage-of-somebody"

// An outage is something that Azure does wrong.
type outage struct {
	reason string
	// begin the outage, and return what ends it.
	begin func(*testing.T, *App) (end func())

	// state of a secret that was synced, and that of one that was not, if it is another.
	state, fresh v1alpha1.State
	words        []string

	// most requests to the vault and to Entra ID, and connections to the vault, while
	// others are polled. Connections are only limited if these fail.
	vault, entra, connect int
}

// polls of others while the requests of an outage are counted.
const polls = 10

// An outage, whatever it is, is told, takes nothing away, and is over when it is over.
func TestFaults(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	s := start(t, "--request-timeout=1s")
	s.forbidden["garbage"] = garbage

	s.group(t, map[string]func(*testing.T, *suite){
		"ReadsOnly":  testReadsOnly,
		"Passing":    testPassing,
		"Recreated":  testRecreated,
		"RetryAfter": testRetryAfter,
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

	app := s.app(t)
	s.put(t, app, "db", goodValue)

	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
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

// expectFewRequests: what fails is tried less and less often, and what is refused no more
// often than it would be polled.
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

// atEntra makes Entra ID fail, which is only asked for tokens that are missing.
func atEntra(f azure.Fault) func(*testing.T, *App) func() {
	return func(t *testing.T, a *App) func() {
		t.Helper()

		f.Operation, f.Identity = azure.OpToken, a.ClientID
		end := fault(t, f)
		world.Azure.RevokeTokens(a.PrincipalID)

		return end
	}
}

// readsAndLists fail, and connections do not.
func readsAndLists(f azure.Fault) func(*testing.T, *App) func() {
	list, get := f, f
	list.Operation, get.Operation = azure.OpList, azure.OpGet

	return atVault(list, get)
}

// outages of the vault, of Entra ID and of what is between: no answer, an answer that
// says so, and half of one. How each answer is understood is proven in keyvault.
func outages() map[string]outage {
	const unreachable, throttled, forbidden, awaiting = v1alpha1.StateUnreachable, v1alpha1.StateThrottled, v1alpha1.StateForbidden, v1alpha1.StateAwaitingAccess

	return map[string]outage{
		"503": {
			reason: "Key Vault is down.", begin: atVault(status(http.StatusServiceUnavailable)),
			state: unreachable, words: []string{"HTTP status 503", "retries"}, vault: 6,
		},
		"429": {
			reason: "Key Vault names no time to wait, so one of ten seconds or more is taken.", begin: atVault(status(http.StatusTooManyRequests)),
			state: throttled, words: []string{"throttles", "retries"}, vault: 3,
		},
		"Hang": {
			reason: "Key Vault does not answer.", begin: atVault(azure.Fault{Effect: azure.EffectHang}),
			state: unreachable, words: []string{"timed out", "retries"}, vault: 6,
		},
		"Truncate": {
			reason: "Answers are cut off.", begin: readsAndLists(azure.Fault{Effect: azure.EffectTruncate}),
			state: unreachable, words: []string{"retries"}, vault: 6,
		},
		"Garbage": {
			reason: "Something between answers.", begin: readsAndLists(azure.Fault{Effect: azure.EffectGarbage, Text: garbage}),
			state: unreachable, words: []string{"unexpected", "retries"}, vault: 6,
		},
		"Connect": {
			reason: "There is no connection to be had, and the one that is open breaks.",
			begin: atVault(
				azure.Fault{Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: http.StatusBadGateway},
				azure.Fault{Operation: azure.OpList, Effect: azure.EffectReset, Count: 1},
			),
			state: unreachable, words: []string{"retries"}, connect: 6,
		},
		"ConnectReset": {
			reason: "Connections break while they are made.",
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
			reason: "A vault that lets nobody in is listed as always, and hardly read.",
			begin: func(t *testing.T, a *App) func() {
				t.Helper()
				must(t, world.Azure.DeleteRoleAssignment(a.Vault, "app"))

				return func() { assignRole(t, a) }
			},
			state: forbidden, fresh: awaiting, words: []string{"no role"}, vault: polls + 2 + 6,
		},
		"ExpiredToken": {
			reason: "Every token has expired. It is replaced once per try.", begin: atVault(azure.Fault{Effect: azure.EffectExpireToken}),
			state: forbidden, fresh: awaiting, words: []string{"rejects the token"}, vault: 16, entra: 8,
		},
		"RevokedToken": {
			reason: "So is one that is revoked.", begin: atVault(azure.Fault{Effect: azure.EffectRevokeToken}),
			state: forbidden, fresh: awaiting, words: []string{"rejects the token"}, vault: 16, entra: 8,
		},
		"Entra500": {
			reason: "Entra ID is broken. It is asked no more often than Key Vault.", begin: atEntra(status(http.StatusInternalServerError)),
			state: unreachable, words: []string{"Entra ID", "500"}, vault: 8, entra: 8,
		},
		"Entra429": {
			reason: "Entra ID names no time to wait, and is left alone, too.", begin: atEntra(status(http.StatusTooManyRequests)),
			state: throttled, words: []string{"Entra ID", "throttles"}, vault: polls + 2, entra: 3,
		},
		"EntraHang": {
			reason: "Entra ID does not answer.", begin: atEntra(azure.Fault{Effect: azure.EffectHang}),
			state: unreachable, words: []string{"timed out"}, vault: 8, entra: 8,
		},
		"EntraReset": {
			reason: "Connections to Entra ID break.", begin: atEntra(azure.Fault{Effect: azure.EffectReset}),
			state: unreachable, words: []string{"Entra ID"}, vault: 8, entra: 8,
		},
		"EntraGarbage": {
			reason: "Something between answers for Entra ID.", begin: atEntra(azure.Fault{Effect: azure.EffectGarbage, Text: garbage}),
			state: unreachable, words: []string{"Entra ID"}, vault: 8, entra: 8,
		},
		"EntraNoCredential": {
			reason: "What keeps an identity out is expected at first, and wrong later.",
			begin:  atEntra(azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700211"}),
			state:  forbidden, fresh: awaiting, words: []string{"AADSTS700211"}, vault: 8, entra: 8,
		},
		"EntraFederationOff": {
			reason: "What somebody has to change is not waited for, new or not, and is tried less and less often.",
			begin:  atEntra(azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700223"}),
			state:  forbidden, words: []string{"federation is disabled in the tenant (AADSTS700223)"}, vault: 8, entra: 6,
		},
	}
}

// A reconcile ends in time even if a request does not, and keeps nobody waiting: here
// there is one worker for all.
func TestReconcileTimeout(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	s := start(t, "--reconcile-timeout=2s", "--request-timeout=1h", "--max-reconcile-rate=1")

	for name, after := range map[string]bool{"Before": false, "After": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app := s.app(t)
			s.put(t, app, "db", goodValue)

			sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
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

			// Whoever comes meanwhile has their turn.
			s.synced(t, v1alpha1.SyncedSecret{})

			end()
			s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
		})
	}
}

// What passes by is not even seen: no state changes, and no value waits.
func testPassing(t *testing.T, s *suite) {
	t.Helper()

	for name, refuse := range map[string]func(principalID string){
		"Revoked": world.Azure.RevokeTokens,
		"Expired": world.Azure.ExpireTokens, // For ever, and without claims that say so.
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

// A vault that is made anew is empty and lets nobody in. The last good values stay until there are new ones.
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

// A secret that is listed and cannot be read is tried again, too.
func testReadsOnly(t *testing.T, s *suite) {
	t.Helper()

	app, sync := s.synced(t, v1alpha1.SyncedSecret{})
	end := fault(t, azure.Fault{Vault: app.Vault, Operation: azure.OpGet, Secret: "db", Effect: azure.EffectGarbage, Text: garbage})

	s.put(t, app, "db", otherValue)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateUnreachable, Data: goodData(), Words: []string{"stay in use"}})
	end()
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
}

// answers of a vault to an operation.
func answers(a *App, operation string, status int) int {
	return world.Azure.Counts().Of(azure.CountKey{Vault: a.Vault, Operation: operation, Status: status})
}

// tokens that an application has asked Entra ID for.
func tokens(a *App) int {
	return world.Azure.Counts().Of(azure.CountKey{ClientID: a.ClientID, Operation: azure.OpToken})
}

// Who is told to come back in five minutes does not come back before.
func testRetryAfter(t *testing.T, s *suite) { //nolint:gocognit // One table, and what is counted for each of its rows.
	t.Helper()

	const code = http.StatusTooManyRequests

	cases := map[string]struct {
		reason    string
		operation string
		after     bool
	}{
		"ListBefore": {reason: "The first list is refused.", operation: azure.OpList},
		"ListAfter":  {reason: "A later list is refused.", operation: azure.OpList, after: true},
		"GetBefore":  {reason: "The first read is refused.", operation: azure.OpGet},
		"GetAfter":   {reason: "A later read is refused.", operation: azure.OpGet, after: true},

		"EntraBefore": {reason: "The first token is refused.", operation: azure.OpToken},
		"EntraAfter":  {reason: "A later token is refused.", operation: azure.OpToken, after: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app := s.app(t)
			s.put(t, app, "db", goodValue)

			sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
			want := expectation{State: v1alpha1.StateThrottled}

			if tc.after {
				world.Apply(t, sync)
				s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})
				s.put(t, app, "db", otherValue)

				want.Data = goodData()
			}

			if tc.after && tc.operation == azure.OpGet {
				app.AwaitData(t, otherData())

				want.Data = otherData()
			}

			f := azure.Fault{Vault: app.Vault, Operation: tc.operation, Effect: azure.EffectStatus, Status: code, RetryAfter: 5 * time.Minute}
			asked, service := requests, "service=vault"

			if tc.operation == azure.OpToken {
				f.Vault, f.Identity = "", app.ClientID
				asked, service = tokens, "service=entra"
			}

			refusals := func() int {
				return world.Azure.Counts().Of(azure.CountKey{Vault: f.Vault, ClientID: f.Identity, Operation: tc.operation, Status: code})
			}

			end := fault(t, f)

			if tc.after && tc.operation == azure.OpToken {
				world.Azure.RevokeTokens(app.PrincipalID)
			}

			if tc.after {
				s.put(t, app, "db", `{"USER":"hunter2-third"}`)
			}

			world.Apply(t, sync)
			s.await(t, sync, "db", want)

			before := asked(app)

			// Neither time nor somebody who touches the sync makes a difference.
			s.polled(t, 4)

			sync.Annotations = map[string]string{"example.com/touched": "1"}
			world.Apply(t, sync)
			s.polled(t, 2)
			end()
			s.polled(t, 2)

			if diff := cmp.Diff(before, asked(app)); diff != "" {
				t.Errorf("\n%s\nrequests: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(1, refusals()); diff != "" {
				t.Errorf("\n%s\nrequests that were refused: -want, +got:\n%s", tc.reason, diff)
			}

			throttled, err := s.Metric(t.Context(), "keyvault_secretsync_azure_throttled_total", service)
			must(t, err)

			if throttled < 1 {
				t.Errorf("\n%s\nmetric keyvault_secretsync_azure_throttled_total is %v, want at least 1", tc.reason, throttled)
			}
		})
	}
}
