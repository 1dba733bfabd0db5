// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:thelper // A bubble is a test, no helper.
package watch

import (
	"context"
	"errors"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	interval   = 30 * time.Second
	fast       = 5 * time.Second
	fastWindow = 15 * time.Minute
)

func vaultA() Target { return Target{VaultURI: "https://a.vault.azure.net"} }
func vaultB() Target { return Target{VaultURI: "https://b.vault.azure.net"} }

func syncOf(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "team-a", Name: name}
}

// A world holds vaults, and records who lists them and who is woken.
type world struct {
	mu      sync.Mutex
	start   time.Time
	secrets map[Target][]keyvault.Properties
	err     error
	takes   time.Duration
	hang    chan struct{}
	// slow vaults have this many pages, each of which takes this long.
	slow map[Target]pages
	// down are the vaults that do not respond, and the time until a request fails.
	down map[Target]time.Duration

	lists   map[Target][]time.Duration
	drops   []Target
	woken   []string
	running int
	most    int
}

func newWorld() *world {
	return &world{start: time.Now(), secrets: map[Target][]keyvault.Properties{}, lists: map[Target][]time.Duration{}}
}

type pages struct {
	n     int
	takes time.Duration
}

func (w *world) List(ctx context.Context, t Target, l keyvault.Listing) ([]keyvault.Properties, error) {
	w.mu.Lock()
	w.lists[t] = append(w.lists[t], time.Since(w.start))
	w.running++
	w.most = max(w.most, w.running)

	secrets, err, takes, hang := slices.Clone(w.secrets[t]), w.err, w.takes, w.hang
	if d, down := w.down[t]; down {
		err, takes = &keyvault.Error{Reason: keyvault.Unreachable}, d
	}

	slow := w.slow[t]
	w.mu.Unlock()

	time.Sleep(takes + slow.takes)

	for page := 1; page < slow.n && err == nil; page++ {
		if page == keyvault.MaxPages {
			err = &keyvault.Error{Reason: keyvault.TooLarge}
		} else if err = l.Next(ctx, page); err == nil {
			time.Sleep(slow.takes)
		}
	}

	secrets = slices.DeleteFunc(secrets, func(p keyvault.Properties) bool { return !l.Keep(p.Name) })

	if hang != nil {
		<-hang
	}

	w.mu.Lock()
	w.running--
	w.mu.Unlock()

	return secrets, err
}

func (w *world) Drop(t Target) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.drops = append(w.drops, t)
}

func (w *world) watcher(atOnce int) *Watcher {
	return New(w, atOnce, fastWindow, NewMetrics(), func(key types.NamespacedName, unavailable bool) {
		w.mu.Lock()
		defer w.mu.Unlock()

		name := key.Name
		if unavailable {
			name += " (unavailable)"
		}

		w.woken = append(w.woken, name)
	})
}

// set updates a secret of a vault.
func (w *world) set(t Target, name string, updated int64, enabled bool) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.secrets[t] = slices.DeleteFunc(w.secrets[t], func(p keyvault.Properties) bool { return p.Name == name })
	w.secrets[t] = append(w.secrets[t], keyvault.Properties{Name: name, Updated: time.Unix(updated, 0), Enabled: enabled})
}

func (w *world) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.err = err
}

func (w *world) remove(t Target) {
	w.mu.Lock()
	defer w.mu.Unlock()

	delete(w.secrets, t)
}

func (w *world) listed(t Target) []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()

	return slices.Clone(w.lists[t])
}

// wakes returns the syncs woken since the last call, sorted.
func (w *world) wakes() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()

	woken := w.woken
	w.woken = nil
	slices.Sort(woken)

	return woken
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// gaps returns the durations between points in time.
func gaps(points []time.Duration) []time.Duration {
	var out []time.Duration
	for i := 1; i < len(points); i++ {
		out = append(out, points[i]-points[i-1])
	}

	return out
}

// bubble runs a test with a watcher, which stops at the end of the test without leaving goroutines.
func bubble(t *testing.T, atOnce int, test func(t *testing.T, w *world, watcher *Watcher)) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		watcher := w.watcher(atOnce)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error, 1)

		go func() { stopped <- watcher.Start(ctx) }()

		test(t, w, watcher)
		cancel()

		if err := <-stopped; err != nil {
			t.Errorf("\nStart(...): %v", err)
		}

		synctest.Wait()

		before := len(w.listed(vaultA())) + len(w.listed(vaultB()))

		pass(time.Hour)

		if after := len(w.listed(vaultA())) + len(w.listed(vaultB())); after != before {
			t.Errorf("\nNothing is listed after the end.\n%d lists more", after-before)
		}
	})
}

func TestOneListPerInterval(t *testing.T) { //nolint:gocognit // One watcher, and all that has to be true of its polls.
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		for _, name := range []string{"one", "two", "three"} {
			watcher.Watch(t.Context(), syncOf(name), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		}

		if diff := cmp.Diff([]time.Duration{0}, w.listed(vaultA())); diff != "" {
			t.Errorf("\nThe first watcher lists the vault, and the others share the list.\nWatch(...): -want, +got:\n%s", diff)
		}

		for range 100 {
			pass(interval)
			watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		}

		lists := w.listed(vaultA())
		if len(lists) < 101 || len(lists) > 113 {
			t.Errorf("\nEach interval has one list, for any number of syncs.\n%d lists in 100 intervals", len(lists))
		}

		for _, gap := range gaps(lists) {
			if gap < interval*9/10 || gap > interval {
				t.Errorf("\nPolls drift apart by a tenth of the interval at most.\nA gap of %s", gap)
			}
		}

		if all := slices.Compact(slices.Sorted(slices.Values(gaps(lists)))); len(all) < 3 {
			t.Errorf("\nPolls drift apart.\nThere are only %d different gaps", len(all))
		}

		if woken := w.wakes(); len(woken) > 0 {
			t.Errorf("\nWithout a change, no sync is woken.\nwoken: %v", woken)
		}

		if diff := cmp.Diff(1, watcher.Counts().Watched); diff != "" {
			t.Errorf("\nCounts(): -want, +got:\n%s", diff)
		}
	})
}

func TestTogether(t *testing.T) {
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

	cases := map[string]struct {
		reason string
		now    time.Time
		after  time.Duration
		want   time.Duration
	}{
		"Between":  {reason: "A time between two ticks is rounded up to the next tick.", now: noon, after: 27200 * time.Millisecond, want: 28 * time.Second},
		"OnTick":   {reason: "A time on a tick is not rounded.", now: noon, after: 28 * time.Second, want: 28 * time.Second},
		"OtherNow": {reason: "Ticks do not depend on the current time.", now: noon.Add(300 * time.Millisecond), after: 27200 * time.Millisecond, want: 27700 * time.Millisecond},
		"JustOver": {reason: "A time is never rounded down, because it may be a Retry-After.", now: noon, after: 28*time.Second + 1, want: 29 * time.Second},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, untilTick(tc.now, tc.after, time.Second)); diff != "" {
				t.Errorf("\n%s\ntogether(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPollTogether(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		pass(interval / 7)
		watcher.Watch(t.Context(), syncOf("two"), vaultB(), Interest{Names: []string{"db"}, Interval: interval})
		pass(10 * interval)

		const tick = interval / ticks

		polls := slices.Concat(w.listed(vaultA())[1:], w.listed(vaultB())[1:])
		for _, at := range polls {
			if at%tick != polls[0]%tick {
				t.Errorf("\nPolls begin at common moments, whenever the vaults were first watched.\nThey are at %s", polls)

				break
			}
		}
	})
}

// because returns an error with this text.
func because(what string) finding.Finding {
	return finding.Finding{Reason: finding.ProviderConfigMissing, Object: what}
}

func TestWake(t *testing.T) {
	const noon = 1777636800

	unreachable := func(status int, detail string) error {
		return &keyvault.Error{Reason: keyvault.Unreachable, Status: status, Cause: because(detail), RequestID: time.Now().String()}
	}

	issuer := func(status int, detail string) error {
		return &keyvault.Error{Reason: keyvault.Unreachable, Status: status, Cause: because(detail), Meaning: keyvault.IssuerUnreachable}
	}

	// Before each change, the vault has db and api. Sync one lists db, two lists api, and three
	// lists both.
	cases := map[string]struct {
		reason string
		// before is the error of the first lists.
		before error
		change func(w *world)
		want   []string
	}{
		"Nothing":  {reason: "Without a change, no sync is woken.", change: func(*world) {}},
		"Updated":  {reason: "A new version of a secret wakes its syncs.", change: func(w *world) { w.set(vaultA(), "db", noon+1, true) }, want: []string{"one", "three"}},
		"Disabled": {reason: "A disabled secret wakes its syncs.", change: func(w *world) { w.set(vaultA(), "api", noon, false) }, want: []string{"three", "two"}},
		"Created":  {reason: "A new secret wakes the syncs that list it.", change: func(w *world) { w.set(vaultA(), "new", noon, true) }, want: []string{"two"}},
		"Foreign":  {reason: "A new secret that no sync lists wakes no sync.", change: func(w *world) { w.set(vaultA(), "foreign", noon, true) }},
		"Case": {reason: "Key Vault ignores case in names of secrets.", change: func(w *world) {
			w.remove(vaultA())
			w.set(vaultA(), "DB", noon, true)
			w.set(vaultA(), "API", noon, true)
		}},
		"Removed": {reason: "The deletion of all secrets wakes all syncs.", change: func(w *world) { w.remove(vaultA()) }, want: []string{"one", "three", "two"}},
		"Other":   {reason: "A change in another vault wakes no sync.", change: func(w *world) { w.set(vaultB(), "db", noon+1, true) }},
		"Fails":   {reason: "A failing list wakes all syncs, which can wait for others.", change: func(w *world) { w.fail(unreachable(403, "x")) }, want: []string{"one (unavailable)", "three (unavailable)", "two (unavailable)"}},
		"FailsSame": {
			reason: "The same failure again wakes no sync.", before: unreachable(403, "x"),
			change: func(w *world) { w.fail(unreachable(403, "x")) },
		},
		"FailsOther": {
			reason: "A vault that can no longer be listed wakes all syncs, which read their secrets one by one.", before: unreachable(403, "x"),
			change: func(w *world) { w.fail(&keyvault.Error{Reason: keyvault.Forbidden, Cause: because("x")}) }, want: []string{"one", "three", "two"},
		},
		"FailsElse": {
			reason: "A failure with another code wakes all syncs.", before: unreachable(403, "x"),
			change: func(w *world) { w.fail(unreachable(403, "y")) }, want: []string{"one (unavailable)", "three (unavailable)", "two (unavailable)"},
		},
		"FailsDown": {
			reason: "Varying errors of an unavailable vault wake no sync.", before: unreachable(500, "x"),
			change: func(w *world) { w.fail(unreachable(503, "y")) },
		},
		"FailsIssuer": {
			reason: "The codes of Entra ID for an unreachable issuer wake no sync.", before: issuer(400, "AADSTS50166"),
			change: func(w *world) { w.fail(issuer(504, "AADSTS90061")) },
		},
		"FailsIssuerThen": {
			reason: "An unreachable issuer after an unavailable vault wakes all syncs.", before: unreachable(500, "x"),
			change: func(w *world) { w.fail(issuer(400, "AADSTS50166")) }, want: []string{"one (unavailable)", "three (unavailable)", "two (unavailable)"},
		},
		"FailsEntra": {
			reason: "Varying errors of an unavailable Entra ID wake no sync.", before: unreachable(500, "x"),
			change: func(w *world) {
				w.fail(&keyvault.Error{Reason: keyvault.Unreachable, Status: 400, Cause: because("AADSTS90033"), Meaning: keyvault.EntraBroken})
			},
		},
		"FailsSilent": {
			reason: "A missing response after an error response wakes no sync.", before: unreachable(500, "x"),
			change: func(w *world) { w.fail(unreachable(0, "y")) },
		},
		"FailsRefused": {
			reason: "A rejection after an outage wakes all syncs.", before: unreachable(0, "x"),
			change: func(w *world) { w.fail(unreachable(403, "y")) }, want: []string{"one (unavailable)", "three (unavailable)", "two (unavailable)"},
		},
		"FailsUnknown": {
			reason: "Two foreign errors count as the same failure.", before: errors.New("x"),
			change: func(w *world) { w.fail(errors.New("y")) },
		},
		"Recovers": {
			reason: "A successful list after a failure wakes all syncs.", before: unreachable(403, "x"),
			change: func(w *world) { w.fail(nil) }, want: []string{"one", "three", "two"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				w.set(vaultA(), "db", noon, true)
				w.set(vaultA(), "api", noon, true)
				w.fail(tc.before)
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
				watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Names: []string{"api", "new"}, Interval: interval})
				watcher.Watch(t.Context(), syncOf("three"), vaultA(), Interest{Names: []string{"db", "Api"}, Interval: interval})

				pass(interval)

				if woken := w.wakes(); len(woken) > 0 {
					t.Errorf("\nNo sync is woken yet.\nwoken: %v", woken)
				}

				tc.change(w)
				pass(5 * interval)

				if diff := cmp.Diff(tc.want, w.wakes(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("\n%s\nwoken: -want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

// A request does not wait for the next poll, unless the vault is throttled.
func TestWatchAfresh(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		want   []time.Duration
	}{
		"Now":    {reason: "A requested vault is listed at once, and then after an interval.", want: []time.Duration{0, time.Second}},
		"Failed": {reason: "A failing vault is listed at once, because a retry costs nothing.", err: &keyvault.Error{Reason: keyvault.Unreachable}, want: []time.Duration{0, time.Second}},
		"Paused": {reason: "A throttled vault is not listed.", err: &keyvault.Error{Reason: keyvault.Throttled, RetryAfter: time.Minute}, want: []time.Duration{0}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				w.fail(tc.err)
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
				w.set(vaultA(), "db", 100, true)
				pass(time.Second)

				s := watcher.WatchAfresh(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
				if _, found := s.Item("db"); found != (tc.err == nil) {
					t.Errorf("\n%s\nWatchAfresh(...): found %t", tc.reason, found)
				}

				pass(interval / 2)

				if diff := cmp.Diff(tc.want, w.listed(vaultA())); diff != "" {
					t.Errorf("\n%s\nlists: -want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}
}

// A change during an outage is detected when the vault can be listed again, and earlier knowledge
// is kept.
func TestSnapshot(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.set(vaultA(), "db", 100, true)

		started := time.Now()
		s := watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})

		if item, ok := s.Item("DB"); !ok || item.Updated.Unix() != 100 || !item.Enabled || s.Err != nil || !s.TakenAt.Equal(started) {
			t.Errorf("\nThe vault was listed.\nWatch(...) = %+v", s)
		}

		w.fail(&keyvault.Error{Reason: keyvault.Forbidden})
		pass(interval)

		s = watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		if _, ok := s.Item("db"); !ok || keyvault.ReasonOf(s.Err) != keyvault.Forbidden || !s.TakenAt.Equal(started) {
			t.Errorf("\nThe vault can no longer be listed, and the earlier list keeps its time.\nWatch(...) = %+v", s)
		}

		if diff := cmp.Diff(started, watcher.LastList(syncOf("one"))); diff != "" {
			t.Errorf("\nLastList(...): -want, +got:\n%s", diff)
		}

		if at := watcher.LastList(syncOf("two")); !at.IsZero() {
			t.Errorf("\nNothing is known of an unknown sync.\nLastList(...) = %s", at)
		}
	})
}

func TestNeverListed(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.fail(errors.New("x"))

		s := watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		if _, ok := s.Item("db"); ok || s.Err == nil || !s.TakenAt.IsZero() {
			t.Errorf("\nNothing is known.\nWatch(...) = %+v", s)
		}

		if at := watcher.LastList(syncOf("one")); !at.IsZero() {
			t.Errorf("\nIt was never listed.\nLastList(...) = %s", at)
		}
	})
}

// The list is under way until all have arrived, in real time: a bubble cannot detect that a
// goroutine waits for a mutex.
func TestConcurrentFirst(t *testing.T) {
	w := newWorld()
	w.hang = make(chan struct{})
	w.set(vaultA(), "db", 100, true)

	watcher := w.watcher(1)
	names := []string{"one", "two", "three"}

	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() {
			if _, ok := watcher.Watch(t.Context(), syncOf(name), vaultA(), Interest{Names: []string{"db"}, Interval: time.Hour}).Item("db"); !ok {
				t.Error("\nEvery subscriber gets the result of the one list.\nWatch(...): has not")
			}
		})
	}

	for n := 0; n < len(names); runtime.Gosched() {
		watcher.mu.Lock()
		n = len(watcher.syncs)
		watcher.mu.Unlock()
	}

	close(w.hang)
	wg.Wait()

	if n := len(w.listed(vaultA())); n != 1 {
		t.Errorf("\nAll of them share one list.\n%d lists", n)
	}

	if len(w.woken) > 0 {
		t.Errorf("\nA list does not wake the syncs that wait for it.\nwoken: %v", w.woken)
	}

	for _, name := range names {
		watcher.Forget(syncOf(name))
	}
}

func TestBackoff(t *testing.T) {
	cases := map[string]struct {
		reason   string
		err      error
		interval time.Duration
		// want are the longest gaps between lists. They may be a tenth shorter.
		want []time.Duration
	}{
		"Unreachable": {
			reason: "An unreachable vault is polled with growing pauses of up to 2 minutes.",
			err:    &keyvault.Error{Reason: keyvault.Unreachable}, interval: interval,
			want: []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute},
		},
		"Unknown": {
			reason: "A foreign error is handled like an unreachable vault.",
			err:    errors.New("x"), interval: interval,
			want: []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 2 * time.Minute},
		},
		"NoIdentity": {
			reason: "A missing identity is retried soon, because a person may be waiting for a new one.",
			err:    &keyvault.Error{Reason: keyvault.NoIdentity}, interval: interval,
			want: []time.Duration{30 * time.Second, time.Minute, time.Minute, time.Minute},
		},
		"IssuerUnreachable": {
			reason: "A recovered issuer is detected soon.",
			err:    &keyvault.Error{Reason: keyvault.Unreachable, Meaning: keyvault.IssuerUnreachable, Status: 400}, interval: interval,
			want: []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute},
		},
		"FederationOff": {
			reason: "A lasting failure is not retried every minute by every application of the tenant.",
			err:    &keyvault.Error{Reason: keyvault.NoIdentity, Meaning: keyvault.FederationOff}, interval: interval,
			want: []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute},
		},
		"Often": {
			reason: "The shortest interval does not shorten the pauses.",
			err:    &keyvault.Error{Reason: keyvault.Unreachable}, interval: time.Second,
			want: []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, 64 * time.Second, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute, 2 * time.Minute},
		},
		"Seldom": {
			reason: "A longer interval remains in effect.",
			err:    &keyvault.Error{Reason: keyvault.Unreachable}, interval: 10 * time.Minute,
			want: []time.Duration{10 * time.Minute, 10 * time.Minute, 10 * time.Minute},
		},
		"Forbidden": {
			reason: "A rejected list is retried at the regular interval, because roles can be assigned at any time.",
			err:    &keyvault.Error{Reason: keyvault.Forbidden}, interval: interval,
			want: []time.Duration{30 * time.Second, 30 * time.Second, 30 * time.Second},
		},
		"RetryAfter": {
			reason: "A throttled vault is not polled before its Retry-After.",
			err:    &keyvault.Error{Reason: keyvault.Throttled, RetryAfter: 45 * time.Second}, interval: interval,
			want: []time.Duration{45 * time.Second, 45 * time.Second},
		},
		"RetryAfterLong": {
			reason: "A Retry-After may exceed the longest pause of the provider.",
			err:    &keyvault.Error{Reason: keyvault.Unreachable, RetryAfter: 10 * time.Minute}, interval: interval,
			want: []time.Duration{10 * time.Minute, 10 * time.Minute},
		},
		"RetryAfterShort": {
			reason: "A Retry-After below the interval does not cause an earlier poll.",
			err:    &keyvault.Error{Reason: keyvault.Throttled, RetryAfter: time.Second}, interval: interval,
			want: []time.Duration{30 * time.Second, 30 * time.Second},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				w.fail(tc.err)
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Interval: tc.interval})

				for _, longest := range tc.want {
					pass(longest)
				}

				got := gaps(w.listed(vaultA()))
				if len(got) < len(tc.want) {
					t.Fatalf("\n%s\ngaps: %v, want %v", tc.reason, got, tc.want)
				}

				for i, want := range tc.want {
					if got[i] > want || got[i] < want*9/10 {
						t.Errorf("\n%s\ngaps: %v, want %v", tc.reason, got, tc.want)
					}
				}
			})
		})
	}
}

func TestBackoffEnds(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.fail(errors.New("x"))
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Interval: interval})
		pass(time.Hour)
		w.fail(nil)
		pass(2 * time.Minute)

		before := len(w.listed(vaultA()))

		pass(10 * interval)

		if n := len(w.listed(vaultA())) - before; n < 10 || n > 12 {
			t.Errorf("\nA vault that works again is listed as often as before.\n%d lists in 10 intervals", n)
		}
	})
}

// With any interval and any failures, polls continue, and no gap exceeds its limit.
func TestDelayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := time.Duration(rapid.Int64Range(int64(time.Second), math.MaxInt64).Draw(t, "interval"))
		reason := rapid.SampledFrom([]keyvault.Reason{"", keyvault.Unreachable, keyvault.NoIdentity, keyvault.Forbidden, keyvault.Throttled}).Draw(t, "reason")
		v := &vault{subscribers: map[types.NamespacedName]*subscriber{syncOf("one"): {Interest: Interest{Interval: wanted}}}}

		if reason != "" {
			v.snapshot.Err = &keyvault.Error{Reason: reason}
			v.failures = rapid.IntRange(1, 1<<40).Draw(t, "failures")
		}

		v.plan.Interval = v.backedOff(v.interval())

		d := v.delay()
		if d < wanted-wanted/10-time.Microsecond || d > max(wanted, maxBackoff) {
			t.Fatalf("delay() = %s", d)
		}
	})
}

func TestChangeOfTarget(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.set(vaultB(), "db", 100, true)
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		pass(10 * time.Second)

		if _, ok := watcher.Watch(t.Context(), syncOf("one"), vaultB(), Interest{Names: []string{"db"}, Interval: interval}).Item("db"); !ok {
			t.Error("\nThe other vault is listed at once.\nWatch(...): it is not")
		}

		pass(10 * interval)

		if n := len(w.listed(vaultA())); n != 1 {
			t.Errorf("\nA vault without watchers is no longer listed.\n%d lists", n)
		}

		if n := len(w.listed(vaultB())); n < 10 {
			t.Errorf("\nThe other one is.\n%d lists", n)
		}

		if diff := cmp.Diff([]Target{vaultA()}, w.drops); diff != "" {
			t.Errorf("\nThe data of the vault is dropped.\nDrop(...): -want, +got:\n%s", diff)
		}

		if diff := cmp.Diff(1, watcher.Counts().Watched); diff != "" {
			t.Errorf("\nCounts(): -want, +got:\n%s", diff)
		}
	})
}

func TestForget(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		watcher.Forget(syncOf("nobody"))
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		watcher.Forget(syncOf("one"))
		w.set(vaultA(), "db", 100, true)
		pass(interval)

		if diff := cmp.Diff([]string{"two"}, w.wakes()); diff != "" {
			t.Errorf("\nA forgotten sync is not woken.\nwoken: -want, +got:\n%s", diff)
		}

		if len(w.drops) > 0 {
			t.Errorf("\nThe vault is still watched.\nDrop(...): %v", w.drops)
		}

		watcher.Forget(syncOf("two"))
		watcher.Forget(syncOf("two"))

		before := len(w.listed(vaultA()))

		pass(10 * interval)

		if n := len(w.listed(vaultA())) - before; n > 0 {
			t.Errorf("\nA vault without watchers is not listed.\n%d lists", n)
		}

		if diff := cmp.Diff([]Target{vaultA()}, w.drops); diff != "" {
			t.Errorf("\nThe data of the vault is dropped, once.\nDrop(...): -want, +got:\n%s", diff)
		}

		if n := len(watcher.vaults) + len(watcher.syncs); n > 0 {
			t.Errorf("\nNothing is left behind.\n%d things are", n)
		}
	})
}

// If a vault is forgotten during a list, the list's client is dropped as well, and the list wakes
// no sync.
func TestForgetDuringList(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})

		hang := make(chan struct{})

		w.mu.Lock()
		w.hang = hang
		w.mu.Unlock()

		w.set(vaultA(), "db", 100, true)
		pass(interval)
		watcher.Forget(syncOf("one"))
		close(hang)
		pass(10 * interval)

		if diff := cmp.Diff([]Target{vaultA(), vaultA()}, w.drops); diff != "" {
			t.Errorf("\nThe data of the list is dropped after it.\nDrop(...): -want, +got:\n%s", diff)
		}

		if woken := w.wakes(); len(woken) > 0 {
			t.Errorf("\nThere is no sync to wake.\nwoken: %v", woken)
		}

		if n := len(w.listed(vaultA())); n != 2 {
			t.Errorf("\nThe vault is not listed again.\n%d lists", n)
		}
	})
}

// If the vault is watched again during that list, it gets a list of its own, and nothing in use is
// dropped.
func TestWatchAgainDuringList(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})

		hang := make(chan struct{})

		w.mu.Lock()
		w.hang = hang
		w.mu.Unlock()

		pass(interval)
		watcher.Forget(syncOf("one"))

		w.mu.Lock()
		w.hang = nil
		w.mu.Unlock()

		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		close(hang)
		pass(0)

		if diff := cmp.Diff([]Target{vaultA()}, w.drops); diff != "" {
			t.Errorf("\nOnly unused data was dropped.\nDrop(...): -want, +got:\n%s", diff)
		}

		before := len(w.listed(vaultA()))

		pass(10 * interval)

		if n := len(w.listed(vaultA())) - before; n < 10 || n > 12 {
			t.Errorf("\nThe vault is listed once for each interval.\n%d lists in 10 intervals", n)
		}
	})
}

func TestShorterInterval(t *testing.T) {
	cases := map[string]struct {
		reason   string
		interval time.Duration
		// want is the latest time of the next list.
		want time.Duration
	}{
		"Shorter": {reason: "A sync with a shorter interval is woken sooner.", interval: 10 * time.Second, want: 10 * time.Second},
		"Longer":  {reason: "A sync with a longer interval does not delay the vault.", interval: time.Hour, want: 10 * time.Minute},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Interval: 10 * time.Minute})
				watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Interval: tc.interval})
				pass(tc.want)

				if n := len(w.listed(vaultA())); n != 2 {
					t.Errorf("\n%s\n%d lists within %s", tc.reason, n, tc.want)
				}

				pass(10 * tc.want)

				for _, gap := range gaps(w.listed(vaultA())) {
					if gap > tc.want || gap < tc.want*9/10 {
						t.Errorf("\n%s\nA gap of %s", tc.reason, gap)
					}
				}

				watcher.Forget(syncOf("two"))
				pass(tc.want)

				before := len(w.listed(vaultA()))

				pass(10 * time.Minute)

				if n := len(w.listed(vaultA())) - before; n < 1 || n > 2 {
					t.Errorf("\nWithout that sync, the interval is as before.\n%d lists in 10 minutes", n)
				}
			})
		})
	}
}

// A sync with a shorter interval does not delay others.
func TestShorterIntervalWhenDue(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		pass(interval * 8 / 10)
		watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Names: []string{"db"}, Interval: interval / 2})
		pass(interval * 2 / 10)

		if n := len(w.listed(vaultA())); n < 2 {
			t.Errorf("\nThe vault is listed at its earlier time.\nthere were %d lists after an interval", n)
		}
	})
}

// With long intervals, polls are spread over many moments.
func TestLongInterval(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: time.Hour})
		pass(100 * time.Hour)

		if all := slices.Compact(slices.Sorted(slices.Values(gaps(w.listed(vaultA()))))); len(all) < 50 {
			t.Errorf("\nThe gaps are of many lengths.\nThere are only %d different gaps", len(all))
		}
	})
}

// A shorter interval does not end a backoff or a Retry-After.
func TestShorterIntervalOfFailed(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.fail(&keyvault.Error{Reason: keyvault.Throttled, RetryAfter: time.Hour})
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Interval: 10 * time.Minute})
		watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Interval: time.Second})
		pass(59 * time.Minute)

		if n := len(w.listed(vaultA())); n != 1 {
			t.Errorf("\nA Retry-After of an hour is respected.\n%d lists", n)
		}
	})
}

func TestSlots(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world, watcher *Watcher) {
		const vaults = 6

		targets := make([]Target, vaults)
		for i := range targets {
			targets[i] = vaultOf([]string{"team-a", "team-b"}[i%2], i)
			watcher.Watch(t.Context(), syncOf(targets[i].VaultURI), targets[i], Interest{Interval: interval})
		}

		w.mu.Lock()
		w.takes, w.most = slowAfter-time.Millisecond, 0
		w.mu.Unlock()

		pass(10 * time.Minute)

		if diff := cmp.Diff(2, w.most); diff != "" {
			t.Errorf("\nSo many vaults are listed at once.\n-want, +got:\n%s", diff)
		}

		for _, target := range targets {
			if n := len(w.listed(target)); n < 5 {
				t.Errorf("\nEvery vault has its turn.\n%d lists of %s", n, target.VaultURI)
			}
		}

		if n := testutil.CollectAndCount(watcher.metrics, "keyvault_secretsync_poll_lateness_seconds"); n != 1 {
			t.Errorf("\nThe delay of polls is a metric.\n%d metrics", n)
		}

		for _, target := range targets {
			watcher.Forget(syncOf(target.VaultURI))
		}

		pass(time.Minute)
	})
}

// Vaults that do not respond occupy slots for long, but delay only each other.
func TestSlotsOfUnanswered(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world, watcher *Watcher) {
		const vaults = 20

		w.down = map[Target]time.Duration{}

		var targets []Target

		for i := range vaults {
			target := Target{VaultURI: strings.Repeat("v", i+1)}
			targets = append(targets, target)
			w.down[target] = 10 * time.Second

			watcher.Watch(t.Context(), syncOf(target.VaultURI), target, Interest{Interval: interval})
		}

		// This takes until all of them are known to be down.
		pass(10 * time.Minute)
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Interval: interval})
		pass(time.Hour)

		for _, gap := range gaps(w.listed(vaultA())) {
			if gap > interval {
				t.Errorf("\nA vault that answers is listed as if there was no other.\nA gap of %s", gap)
			}
		}

		for _, target := range targets {
			if n := len(w.listed(target)); n < 20 {
				t.Errorf("\nAll others have their turn.\n%d lists of %s", n, target.VaultURI)
			}
		}

		w.mu.Lock()
		w.down = nil
		w.mu.Unlock()

		pass(10 * time.Minute)

		if woken := w.wakes(); len(woken) != vaults {
			t.Errorf("\nA waiting sync learns that its vault answers again.\nwoken: %v", woken)
		}

		for _, target := range targets {
			watcher.Forget(syncOf(target.VaultURI))
		}
	})
}

// A vault that has failed once does not wait for vaults of its namespace that are down.
func TestSingleFailure(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		const vaults = 100

		w.down = map[Target]time.Duration{}

		for i := range vaults {
			target := vaultOf("team-a", i)
			w.down[target] = 10 * time.Second

			watcher.Watch(t.Context(), syncOf(strconv.Itoa(i)), target, Interest{Interval: interval})
		}

		one := vaultOf("team-a", vaults)

		pass(10 * time.Minute)
		watcher.Watch(t.Context(), syncOf("one"), one, Interest{Interval: interval})
		w.fail(&keyvault.Error{Reason: keyvault.Unreachable})

		for len(w.listed(one)) == 1 {
			pass(time.Second)
		}

		w.fail(nil)
		pass(time.Hour)

		for _, gap := range gaps(w.listed(one)) {
			if gap > interval {
				t.Errorf("\nA vault that has failed once is listed as if it had not.\nA gap of %s", gap)
			}
		}

		for i := range vaults {
			watcher.Forget(syncOf(strconv.Itoa(i)))
		}
	})
}

func TestSnapshotItem(t *testing.T) {
	list := []keyvault.Properties{{Name: "Db", Enabled: true, Updated: time.Unix(1, 0)}, {Name: "api"}, {Name: "foreign"}}
	s := NewSnapshot(list, []string{"db", "API", "web"}, time.Unix(2, 0))

	cases := map[string]struct {
		reason string
		name   string
		covers bool
		want   *Item
	}{
		"Found":   {reason: "A listed secret is found by its name.", name: "api", covers: true, want: &Item{}},
		"Case":    {reason: "Key Vault does not tell names apart by case.", name: "dB", covers: true, want: &Item{Enabled: true, Updated: time.Unix(1, 0)}},
		"Absent":  {reason: "A missing secret is known to be missing.", name: "web", covers: true},
		"Unknown": {reason: "A name that no sync watches is unknown.", name: "other"},
		"Foreign": {reason: "A secret that no sync watches is not kept.", name: "foreign"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got *Item
			if item, ok := s.Item(tc.name); ok {
				got = &item
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nItem(%q): -want, +got:\n%s", tc.reason, tc.name, diff)
			}

			if diff := cmp.Diff(tc.covers, s.Covers(tc.name)); diff != "" {
				t.Errorf("\n%s\nCovers(%q): -want, +got:\n%s", tc.reason, tc.name, diff)
			}
		})
	}

	if names := slices.Sorted(maps.Keys(s.items)); !cmp.Equal([]string{"api", "db", "web"}, names) {
		t.Errorf("\nNewSnapshot(...) has %v", names)
	}
}
