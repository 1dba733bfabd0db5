// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// garbage must not be repeated anywhere.
const garbage = "garbage-of-somebody"

// An outage is something that Azure does wrong.
type outage struct {
	reason string
	// faults of the vault, or of Entra ID for this application.
	faults []azure.Fault
	// entra says that the faults are those of Entra ID, which show when a token is
	// needed.
	entra bool
	// begin and end the outage in another way.
	begin, end func(*testing.T, *App)

	// want is expected of a secret that was synced, fresh of one that was not.
	want, fresh expectation
}

// An outage, whatever it is, is told, takes nothing away, and is over when it is over.
func TestFaults(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	s := start(t, "--request-timeout=1s")
	s.forbidden = append(s.forbidden, garbage)

	s.group(t, map[string]func(*testing.T, *suite){
		"ReadsOnly":  testReadsOnly, // The longest.
		"Passing":    testPassing,
		"Recreated":  testRecreated,
		"RetryAfter": testRetryAfter,
		"Bounded":    testBounded,
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
	want := o.fresh

	if after {
		world.Apply(t, sync)
		s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

		want = o.want
		want.Data = goodData()
	}

	end := o.start(t, app)

	if o.entra && after {
		world.Azure.RevokeTokens(app.PrincipalID)
	}

	world.Apply(t, sync)

	got := s.expect(t, app, sync, "db", want)
	expectReady(t, got, want, after)
	end()

	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: goodData()})

	if diff := cmp.Diff("", observed(s.await(t, sync, "db", expectation{State: v1alpha1.StateSynced}), "db").Message); diff != "" {
		t.Errorf("\n%s\nmessage when it is over: -want, +got:\n%s", o.reason, diff)
	}

	s.put(t, app, "db", otherValue)
	app.AwaitData(t, otherData())
}

// start the outage, and return what ends it.
func (o outage) start(t *testing.T, a *App) func() {
	t.Helper()

	if o.begin != nil {
		o.begin(t, a)
	}

	faults := make([]azure.Fault, 0, len(o.faults))

	for _, f := range o.faults {
		if o.entra {
			f.Operation, f.Identity = azure.OpToken, a.ClientID
		} else {
			f.Vault = a.Vault
		}

		faults = append(faults, f)
	}

	remove := fault(t, faults...)

	return func() {
		remove()

		if o.end != nil {
			o.end(t, a)
		}
	}
}

func status(code int, retryAfter time.Duration) azure.Fault {
	return azure.Fault{Effect: azure.EffectStatus, Status: code, RetryAfter: retryAfter}
}

func outages() map[string]outage {
	same := func(state v1alpha1.State, words ...string) (want, fresh expectation) {
		return expectation{State: state, Words: append([]string{"stay in use"}, words...)}, expectation{State: state, Words: words}
	}
	// What keeps an identity out is expected at first, and wrong later.
	out := func(words ...string) (want, fresh expectation) {
		want, fresh = same(v1alpha1.StateForbidden, words...)
		fresh.State = v1alpha1.StateAwaitingAccess

		return want, fresh
	}
	build := func(reason string, entra bool, want, fresh expectation, faults ...azure.Fault) outage {
		return outage{reason: reason, entra: entra, want: want, fresh: fresh, faults: faults}
	}
	vault := func(reason string, state v1alpha1.State, word string, faults ...azure.Fault) outage {
		want, fresh := same(state, word, "retries")
		return build(reason, false, want, fresh, faults...)
	}
	entra := func(reason string, state v1alpha1.State, word string, faults ...azure.Fault) outage {
		want, fresh := same(state, "Entra ID", word)
		return build(reason, true, want, fresh, faults...)
	}
	refused := func(reason string, isEntra bool, word string, faults ...azure.Fault) outage {
		want, fresh := out(word)
		return build(reason, isEntra, want, fresh, faults...)
	}

	all := map[string]outage{
		"429WithRetryAfter":    vault("The time that Key Vault names is waited for.", v1alpha1.StateThrottled, "throttles", status(http.StatusTooManyRequests, 2*time.Second)),
		"429WithoutRetryAfter": vault("A time of our own is waited for.", v1alpha1.StateThrottled, "throttles", status(http.StatusTooManyRequests, 0)),
		"500":                  vault("Key Vault is broken.", v1alpha1.StateUnreachable, "HTTP status 500", status(http.StatusInternalServerError, 0)),
		"503":                  vault("Key Vault is down.", v1alpha1.StateUnreachable, "HTTP status 503", status(http.StatusServiceUnavailable, 0)),
		"Hang":                 vault("Key Vault does not answer.", v1alpha1.StateUnreachable, "timed out", azure.Fault{Effect: azure.EffectHang}),
		"Slow":                 vault("Key Vault answers too late.", v1alpha1.StateUnreachable, "timed out", azure.Fault{Effect: azure.EffectSlow, Duration: 3 * time.Second}),
		"Reset":                vault("Connections break.", v1alpha1.StateUnreachable, "", azure.Fault{Effect: azure.EffectReset, Operation: azure.OpList}, azure.Fault{Effect: azure.EffectReset, Operation: azure.OpGet}),
		"Truncate":             vault("Answers are cut off.", v1alpha1.StateUnreachable, "", azure.Fault{Effect: azure.EffectTruncate, Operation: azure.OpList}, azure.Fault{Effect: azure.EffectTruncate, Operation: azure.OpGet}),
		"Garbage":              vault("Something between answers.", v1alpha1.StateUnreachable, "unexpected", azure.Fault{Effect: azure.EffectGarbage, Operation: azure.OpList, Text: garbage}, azure.Fault{Effect: azure.EffectGarbage, Operation: azure.OpGet, Text: garbage}),
		"Connect": vault(
			"There is no connection to be had.", v1alpha1.StateUnreachable, "",
			azure.Fault{Operation: azure.OpConnect, Effect: azure.EffectStatus, Status: http.StatusBadGateway},
			// The one that is open breaks.
			azure.Fault{Operation: azure.OpList, Effect: azure.EffectReset, Count: 1},
		),
		"ConnectReset": vault(
			"Connections break while they are made.", v1alpha1.StateUnreachable, "",
			azure.Fault{Operation: azure.OpConnect, Effect: azure.EffectReset},
			azure.Fault{Operation: azure.OpList, Effect: azure.EffectReset, Count: 1},
		),
		"ExpiredToken": refused("Every token has expired.", false, "rejects the token", azure.Fault{Effect: azure.EffectExpireToken}),
		"RevokedToken": refused("Every token is revoked.", false, "rejects the token", azure.Fault{Effect: azure.EffectRevokeToken}),

		"Entra429WithRetryAfter":    entra("The time that Entra ID names is waited for.", v1alpha1.StateThrottled, "throttles", status(http.StatusTooManyRequests, 2*time.Second)),
		"Entra429WithoutRetryAfter": entra("A time of our own is waited for.", v1alpha1.StateThrottled, "throttles", status(http.StatusTooManyRequests, 0)),
		"Entra500":                  entra("Entra ID is broken.", v1alpha1.StateUnreachable, "500", status(http.StatusInternalServerError, 0)),
		"EntraGarbage":              entra("Something between answers for Entra ID.", v1alpha1.StateUnreachable, "", azure.Fault{Effect: azure.EffectGarbage, Text: garbage}),
		"EntraHang": func() outage {
			want, fresh := same(v1alpha1.StateUnreachable, "timed out")
			return build("Entra ID does not answer.", true, want, fresh, azure.Fault{Effect: azure.EffectHang})
		}(),
		"EntraSlow": func() outage {
			want, fresh := same(v1alpha1.StateUnreachable, "Entra ID", "timed out")
			return build("Entra ID answers too late.", true, want, fresh, azure.Fault{Effect: azure.EffectSlow, Duration: 3 * time.Second})
		}(),
		"EntraReset": entra("Connections to Entra ID break.", v1alpha1.StateUnreachable, "", azure.Fault{Effect: azure.EffectReset}),
		"EntraNoCredential": refused(
			"A credential is known to some of Entra ID only.", true, "AADSTS700211",
			azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700211"},
		),
		"EntraNoCredentialYet": refused(
			"Or to none of it.", true, "AADSTS70025", azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "70025"},
		),
		"EntraUnknown": refused(
			"A code that nobody knows is passed on.", true, "AADSTS7002139", azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "7002139"},
		),
		"EntraIssuer": entra(
			"Entra ID does not reach the issuer, which is no fault of the identity, new or not.", v1alpha1.StateUnreachable,
			"Entra ID cannot reach the cluster's issuer (AADSTS50166)", azure.Fault{Effect: azure.EffectStatus, Status: http.StatusBadRequest, Error: "50166"},
		),
		"EntraFederationOff": entra(
			"What somebody has to change is not waited for, new or not.", v1alpha1.StateForbidden,
			"federation is disabled in the tenant (AADSTS700223)", azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700223"},
		),
	}

	deleted := vault("The vault is deleted, and recovered without its roles.", v1alpha1.StateUnreachable, "")
	deleted.begin = func(t *testing.T, a *App) { t.Helper(); must(t, world.Azure.DeleteVault(a.Vault)) }
	deleted.end = func(t *testing.T, a *App) {
		t.Helper()
		must(t, world.Azure.RecoverVault(a.Vault))
		assignRole(t, nil, a)
	}
	all["VaultDeleted"] = deleted

	return all
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

	once := func(f azure.Fault) func(*testing.T, *App) {
		return func(t *testing.T, a *App) {
			t.Helper()

			f.Vault, f.Count = a.Vault, 1
			fault(t, f)
		}
	}

	for name, tc := range map[string]struct {
		reason string
		begin  func(*testing.T, *App)
	}{
		"ExpiredToken": {reason: "One expired token is replaced.", begin: once(azure.Fault{Effect: azure.EffectExpireToken})},
		"RevokedToken": {reason: "One revoked token is replaced.", begin: once(azure.Fault{Effect: azure.EffectRevokeToken})},
		"Revoked": {
			reason: "All tokens of an identity are revoked, and it gets new ones.",
			begin:  func(_ *testing.T, a *App) { world.Azure.RevokeTokens(a.PrincipalID) },
		},
		"Expired": {
			reason: "All tokens of an identity are refused for ever, without claims, and it gets new ones.",
			begin:  func(_ *testing.T, a *App) { world.Azure.ExpireTokens(a.PrincipalID) },
		},
		"Slow": {reason: "Slow is not too slow.", begin: once(azure.Fault{Effect: azure.EffectSlow, Duration: 200 * time.Millisecond})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app, sync := s.synced(t, v1alpha1.SyncedSecret{})
			tc.begin(t, app)
			s.put(t, app, "db", otherValue)
			app.AwaitData(t, otherData())

			events, err := world.Events(t.Context(), sync)
			must(t, err)

			for _, e := range events {
				if e.Type == "Warning" {
					t.Errorf("\n%s\nthere is an event %s: %s", tc.reason, e.Reason, e.Message)
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

	assignRole(t, s, app)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateMissing, Data: goodData(), Words: []string{"stay in use"}})

	s.put(t, app, "db", otherValue)
	s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
}

// A vault that can be listed and not read is tried again, too, and the other secrets are synced.
func testReadsOnly(t *testing.T, s *suite) {
	t.Helper()

	for name, tc := range map[string]struct {
		reason string
		fault  azure.Fault
		want   v1alpha1.State
	}{
		"500":      {reason: "One secret cannot be read.", fault: status(http.StatusInternalServerError, 0), want: v1alpha1.StateUnreachable},
		"Truncate": {reason: "One secret is cut off.", fault: azure.Fault{Effect: azure.EffectTruncate}, want: v1alpha1.StateUnreachable},
		"Garbage":  {reason: "One secret is garbage.", fault: azure.Fault{Effect: azure.EffectGarbage, Text: garbage}, want: v1alpha1.StateUnreachable},
		"429":      {reason: "Reads are throttled.", fault: status(http.StatusTooManyRequests, 3*time.Second), want: v1alpha1.StateThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app, sync := s.synced(t, v1alpha1.SyncedSecret{})
			tc.fault.Vault, tc.fault.Operation, tc.fault.Secret = app.Vault, azure.OpGet, "db"
			end := fault(t, tc.fault)

			s.put(t, app, "db", otherValue)
			s.expect(t, app, sync, "db", expectation{State: tc.want, Data: goodData(), Words: []string{"stay in use"}})
			end()
			s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: otherData()})
		})
	}
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

// What fails is tried less and less often, and what is refused no more often than
// it would be polled.
func testBounded(t *testing.T, s *suite) {
	t.Helper()

	const polls = 10

	atVault := func(f azure.Fault) func(*testing.T, *App) {
		return func(t *testing.T, a *App) {
			t.Helper()

			f.Vault = a.Vault
			fault(t, f)
		}
	}

	// Only who has no token asks Entra ID for one.
	atEntra := func(f azure.Fault) func(*testing.T, *App) {
		return func(t *testing.T, a *App) {
			t.Helper()

			f.Operation, f.Identity = azure.OpToken, a.ClientID
			fault(t, f)
			world.Azure.RevokeTokens(a.PrincipalID)
		}
	}

	// When the one connection that is open breaks, there is no other.
	atConnect := func(f azure.Fault) func(*testing.T, *App) {
		return func(t *testing.T, a *App) {
			t.Helper()

			f.Operation, f.Vault = azure.OpConnect, a.Vault
			fault(t, f, azure.Fault{Vault: a.Vault, Operation: azure.OpList, Effect: azure.EffectReset, Count: 1})
		}
	}

	const throttled = http.StatusTooManyRequests

	cases := map[string]struct {
		reason string
		begin  func(*testing.T, *App)
		state  v1alpha1.State
		// most requests to the vault and to Entra ID, and connections to the vault,
		// while others are polled. None is only asked for if connections fail.
		vault, entra, connect int
	}{
		"500": {
			reason: "The time between tries doubles.",
			begin:  atVault(status(http.StatusInternalServerError, 0)), state: v1alpha1.StateUnreachable, vault: 6,
		},
		"Reset": {
			reason: "The time between tries doubles.",
			begin:  atVault(azure.Fault{Effect: azure.EffectReset, Operation: azure.OpList}), state: v1alpha1.StateUnreachable, vault: 6,
		},
		"ExpiredToken": {
			reason: "A token that is not accepted is replaced once per try.",
			begin:  atVault(azure.Fault{Effect: azure.EffectExpireToken}), state: v1alpha1.StateForbidden, vault: 16, entra: 8,
		},
		"RevokedToken": {
			reason: "So is one that is revoked.",
			begin:  atVault(azure.Fault{Effect: azure.EffectRevokeToken}), state: v1alpha1.StateForbidden, vault: 16, entra: 8,
		},
		"429": {
			reason: "Who is told to slow down without a time takes one of ten seconds or more.",
			begin:  atVault(status(throttled, 0)), state: v1alpha1.StateThrottled, vault: 3,
		},
		"503": {
			reason: "The time between tries doubles.",
			begin:  atVault(status(http.StatusServiceUnavailable, 0)), state: v1alpha1.StateUnreachable, vault: 6,
		},
		"Hang": {
			reason: "The time between tries doubles.",
			begin:  atVault(azure.Fault{Effect: azure.EffectHang}), state: v1alpha1.StateUnreachable, vault: 6,
		},
		"Slow": {
			reason: "What comes too late has come in vain.",
			begin:  atVault(azure.Fault{Effect: azure.EffectSlow, Duration: 3 * time.Second}), state: v1alpha1.StateUnreachable, vault: 6,
		},
		"Truncate": {
			reason: "The time between tries doubles.",
			begin:  atVault(azure.Fault{Effect: azure.EffectTruncate, Operation: azure.OpList}), state: v1alpha1.StateUnreachable, vault: 6,
		},
		"Garbage": {
			reason: "The time between tries doubles.",
			begin:  atVault(azure.Fault{Effect: azure.EffectGarbage, Operation: azure.OpList, Text: garbage}), state: v1alpha1.StateUnreachable, vault: 6,
		},
		"Connect": {
			reason: "To open a connection is a try.",
			begin:  atConnect(azure.Fault{Effect: azure.EffectStatus, Status: http.StatusBadGateway}), state: v1alpha1.StateUnreachable, connect: 6,
		},
		"ConnectReset": {
			reason: "Even if it breaks at once.",
			begin:  atConnect(azure.Fault{Effect: azure.EffectReset}), state: v1alpha1.StateUnreachable, connect: 6,
		},
		"Entra500": {
			reason: "Entra ID is asked no more often than Key Vault.",
			begin:  atEntra(status(http.StatusInternalServerError, 0)), state: v1alpha1.StateUnreachable, vault: 8, entra: 8,
		},
		"EntraHang": {
			reason: "Nor if it does not answer.",
			begin:  atEntra(azure.Fault{Effect: azure.EffectHang}), state: v1alpha1.StateUnreachable, vault: 8, entra: 8,
		},
		"Entra429": {
			reason: "Entra ID is left alone, too.",
			begin:  atEntra(status(throttled, 0)), state: v1alpha1.StateThrottled, vault: polls + 2, entra: 3,
		},
		"Entra429WithRetryAfter": {
			reason: "For as long as it says.",
			begin:  atEntra(status(throttled, 5*time.Minute)), state: v1alpha1.StateThrottled, vault: polls + 2,
		},
		"EntraNoCredential": {
			reason: "The time between tries doubles.",
			begin:  atEntra(azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700211"}), state: v1alpha1.StateForbidden, vault: 8, entra: 8,
		},
		"EntraFederationOff": {
			reason: "What does not pass is tried less and less often.",
			begin:  atEntra(azure.Fault{Effect: azure.EffectStatus, Status: http.StatusUnauthorized, Error: "700223"}), state: v1alpha1.StateForbidden, vault: 8, entra: 6,
		},
		"Forbidden": {
			reason: "A vault that lets nobody in is listed as always, and hardly read.",
			begin: func(t *testing.T, a *App) {
				t.Helper()
				must(t, world.Azure.DeleteRoleAssignment(a.Vault, "app"))
			},
			state: v1alpha1.StateForbidden, vault: polls + 2 + 6,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app, sync := s.synced(t, v1alpha1.SyncedSecret{})
			tc.begin(t, app)
			s.await(t, sync, "db", expectation{State: tc.state})

			connects := func() int {
				return world.Azure.Counts().Of(azure.CountKey{Vault: app.Vault, Operation: azure.OpConnect})
			}
			atVault, atEntra, atConnect := requests(app), tokens(app), connects()

			s.polled(t, polls)

			if n := requests(app) - atVault; n > tc.vault {
				t.Errorf("\n%s\n%d requests to the vault while others were polled %d times, want at most %d", tc.reason, n, polls, tc.vault)
			}

			if n := tokens(app) - atEntra; n > tc.entra {
				t.Errorf("\n%s\n%d requests to Entra ID while others were polled %d times, want at most %d", tc.reason, n, polls, tc.entra)
			}

			if n := connects() - atConnect; n > tc.connect && tc.connect > 0 {
				t.Errorf("\n%s\n%d connections to the vault while others were polled %d times, want at most %d", tc.reason, n, polls, tc.connect)
			}

			s.expectData(t, app, expectation{State: tc.state, Data: goodData()})
		})
	}
}
