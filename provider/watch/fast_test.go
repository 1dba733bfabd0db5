// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:thelper // A bubble is a test, no helper.
package watch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// interested returns an interest in db that allows fast polls.
func interested(changes ...time.Time) Interest {
	return Interest{Names: []string{"db"}, Interval: interval, Fast: fast, Changes: changes}
}

// between counts points in time.
func between(points []time.Duration, from, to time.Duration) int {
	n := 0

	for _, at := range points {
		if at > from && at <= to {
			n++
		}
	}

	return n
}

// A change starts fast polls for a quarter of an hour, if a person may be waiting and the vault may
// be polled faster.
func TestFast(t *testing.T) { //nolint:gocognit // One watcher, and all that has to be true of its polls.
	now := func(ago time.Duration) int64 { return time.Now().Add(-ago).Unix() }

	cases := map[string]struct {
		reason string
		// change happens after the vault was watched for an hour.
		change func(t *testing.T, w *world, watcher *Watcher)
		// fast is the time with fast polls.
		fast time.Duration
		// longest is their longest gap. Default: the fast interval.
		longest time.Duration
		off     bool
	}{
		"Nothing": {reason: "Without a change, polls are not fast.", change: func(*testing.T, *world, *Watcher) {}},
		"Set":     {reason: "A new value starts fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) { w.set(vaultA(), "db", now(0), true) }, fast: fastWindow},
		"Disabled": {reason: "Disabling a secret moves its update time, which starts fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) {
			w.set(vaultA(), "db", now(0), false)
		}, fast: fastWindow},
		"Foreign":  {reason: "A change of a secret that no sync lists does not start fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) { w.set(vaultA(), "other", now(0), true) }},
		"Deleted":  {reason: "A deletion leaves no update time, so it starts no fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) { w.remove(vaultA()) }},
		"LongAgo":  {reason: "A secret with an old update time starts no fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) { w.set(vaultA(), "db", now(time.Hour), true) }},
		"Ago":      {reason: "A vault whose clock is behind still gets fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) { w.set(vaultA(), "db", now(10*time.Minute), true) }, fast: 5 * time.Minute},
		"Ahead":    {reason: "A vault whose clock is ahead still gets fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) { w.set(vaultA(), "db", now(-3*time.Minute), true) }, fast: fastWindow},
		"FarAhead": {reason: "A time far in the future is not the time of a change.", change: func(_ *testing.T, w *world, _ *Watcher) { w.set(vaultA(), "db", now(-24*time.Hour), true) }},
		"Asked": {reason: "A requested sync starts fast polls.", change: func(t *testing.T, _ *world, watcher *Watcher) {
			watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
		}, fast: fastWindow},
		"AskedAgain": {reason: "A repeated request does not extend the fast polls.", change: func(t *testing.T, _ *world, watcher *Watcher) {
			asked := interested(time.Now())
			for range 20 {
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), asked)
				pass(10 * time.Second)
			}
		}, fast: fastWindow},
		"Ours": {reason: "A secret created by the provider starts no fast polls.", change: func(_ *testing.T, w *world, watcher *Watcher) {
			w.set(vaultA(), "db", now(0), true)
			watcher.Created(syncOf("one"), time.Unix(now(0), 0))
		}},
		"OursPersisted": {reason: "A secret created by the provider before a restart starts no fast polls.", change: func(t *testing.T, w *world, watcher *Watcher) {
			i := interested()
			i.Created = time.Unix(now(0), 0)
			w.set(vaultA(), "db", now(0), true)
			watcher.Watch(t.Context(), syncOf("one"), vaultA(), i)
		}},
		"AfterOurs": {reason: "A value that a person sets after the provider created the secret starts fast polls.", change: func(_ *testing.T, w *world, watcher *Watcher) {
			watcher.Created(syncOf("one"), time.Unix(now(1), 0))
			w.set(vaultA(), "db", now(0), true)
		}, fast: fastWindow},
		"Off": {reason: "A fast interval of zero disables fast polls.", change: func(_ *testing.T, w *world, _ *Watcher) { w.set(vaultA(), "db", now(0), true) }, off: true},
		"Refused": {reason: "A vault that rejects lists is polled fast, because roles may be propagating.", change: func(t *testing.T, w *world, watcher *Watcher) {
			w.fail(&keyvault.Error{Reason: keyvault.Forbidden})
			pass(interval)
			watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
		}, fast: fastWindow},
		"Throttled": {reason: "A throttled vault is not polled fast.", change: func(t *testing.T, w *world, watcher *Watcher) {
			w.fail(throttled(finding.VaultThrottled))
			pass(interval)
			w.fail(nil)
			pass(interval)
			watcher.WatchAfresh(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
		}},
		"Unreachable": {reason: "A vault that does not respond is polled with growing pauses.", change: func(t *testing.T, w *world, watcher *Watcher) {
			w.fail(&keyvault.Error{Reason: keyvault.Unreachable})
			watcher.WatchAfresh(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
			pass(10 * time.Minute)

			if n := between(w.listed(vaultA()), time.Since(w.start)-10*time.Minute, time.Since(w.start)); n > 10 {
				t.Errorf("\n%d lists in 10 minutes", n)
			}

			pass(10 * time.Minute)
			w.fail(nil)
		}},
		"Slow": {reason: "A vault with many pages is not polled fast, because its lists are long anyway.", change: func(t *testing.T, w *world, watcher *Watcher) {
			w.slow = map[Target]pages{vaultA(): {n: slowPages + 1}}
			pass(2 * interval)
			watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
		}},
		"TooLarge": {reason: "A vault that is too large to be listed is not polled fast.", change: func(t *testing.T, w *world, watcher *Watcher) {
			w.slow = map[Target]pages{vaultA(): {n: keyvault.MaxPages + 1}}
			pass(20 * time.Minute)
			watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
		}},
		"Sluggish": {reason: "A vault with few but slow pages is not polled fast.", change: func(t *testing.T, w *world, watcher *Watcher) {
			w.slow = map[Target]pages{vaultA(): {n: 2, takes: 3 * time.Second}}
			pass(3 * interval)
			watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
		}},
		"Pages": {reason: "Ten pages are never read more often than every five seconds.", change: func(_ *testing.T, w *world, _ *Watcher) {
			w.slow = map[Target]pages{vaultA(): {n: 16}}
			w.set(vaultA(), "db", now(0), true)
		}, fast: fastWindow, longest: 8 * time.Second},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				first := interested()
				if tc.off {
					first.Fast = 0
				}

				w.set(vaultA(), "db", now(time.Hour), true)
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), first)
				pass(time.Hour)

				changed := time.Since(w.start)
				tc.change(t, w, watcher)
				pass(3 * time.Hour)

				var hurried time.Duration

				lists := w.listed(vaultA())
				for i, gap := range gaps(lists) {
					if lists[i] > changed && gap < interval*9/10-time.Second && tc.fast > 0 {
						hurried += gap

						if longest := max(tc.longest, fast); gap < longest*9/10 || gap > longest {
							t.Errorf("\n%s\nA gap of %s", tc.reason, gap)
						}
					}
				}

				if d := hurried - tc.fast; d.Abs() > interval+2*fast && tc.fast > 0 {
					t.Errorf("\n%s\n%s of fast polls, want %s", tc.reason, hurried, tc.fast)
				}

				if n := between(lists, changed+fastWindow+interval, changed+fastWindow+interval+time.Hour); n > 135 || tc.fast == 0 && between(lists, changed, changed+fastWindow) > 35 {
					t.Errorf("\n%s\n%d lists in the hour after that, and %d before", tc.reason, n, between(lists, changed, changed+fastWindow))
				}
			})
		})
	}
}

// After a restart, the provider remembers nothing. It polls vaults that changed long ago at the
// regular interval, and a vault that has just changed for the rest of its window.
func TestFastAfterRestart(t *testing.T) {
	const vaults = 100

	synctest.Test(t, func(t *testing.T) {
		w := newWorld()

		for i := range vaults {
			w.set(vaultOf("team", i), "db", time.Now().Add(-24*time.Hour).Unix(), true)
		}

		w.set(vaultOf("team", 0), "db", time.Now().Unix(), true)

		for range 12 { // An hour with a restart every five minutes.
			ctx, stop := context.WithCancel(t.Context())
			watcher := w.watcher(5)

			go func() { _ = watcher.Start(ctx) }()

			for i := range vaults {
				watcher.Watch(t.Context(), syncOf(strconv.Itoa(i)), vaultOf("team", i), interested(time.Now().Add(-30*24*time.Hour)))
			}

			pass(5 * time.Minute)
			stop()
			synctest.Wait()
		}

		// A list at every start, and one for each interval.
		const usual = 12 * (1 + 11 + 1)

		for i := range vaults {
			lists, most := len(w.listed(vaultOf("team", i))), usual
			if i == 0 {
				most += int(fastWindow / fast)
			}

			if lists > most {
				t.Errorf("\nvault %d was listed %d times in an hour", i, lists)
			}
		}

		if n := len(w.listed(vaultOf("team", 0))); n < int(fastWindow/fast) {
			t.Errorf("\nThe vault that has changed was listed only %d times in an hour", n)
		}
	})
}

// Requests that a day costs, for the table in the documentation.
func TestRequestsOfADay(t *testing.T) {
	cases := map[string]struct {
		reason string
		// every is how often a secret is set.
		every time.Duration
		fast  time.Duration
		// least and most lists.
		least, most int
	}{
		"Idle":     {reason: "An idle application costs no more than without fast polls.", fast: fast, least: 2880, most: 3150},
		"Off":      {reason: "Without fast polls, each interval costs one list.", least: 2880, most: 3150},
		"Once":     {reason: "A value that is rotated once costs 150 lists.", every: 24 * time.Hour, fast: fast, least: 3030, most: 3330},
		"Always":   {reason: "A team that sets a value every minute has two hours of fast polls.", every: time.Minute, fast: fast, least: 4080, most: 4480},
		"Slowly":   {reason: "A platform may choose a longer interval.", every: 24 * time.Hour, fast: 15 * time.Second, least: 2910, most: 3200},
		"NoFaster": {reason: "A fast interval that is not shorter than the regular one has no effect.", every: time.Minute, fast: interval, least: 2880, most: 3150},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				i := interested(time.Now().Add(-24 * time.Hour))
				i.Fast = tc.fast
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), i)

				for start := time.Now(); time.Since(start) < 24*time.Hour; {
					if tc.every > 0 {
						w.set(vaultA(), "db", time.Now().Unix(), true)
						pass(tc.every)
					} else {
						pass(time.Hour)
					}
				}

				n := len(w.listed(vaultA())) - 1
				if n < tc.least || n > tc.most {
					t.Errorf("\n%s\n%d lists in a day, want %d to %d", tc.reason, n, tc.least, tc.most)
				}

				t.Logf("%s %d lists in a day", tc.reason, n)
			})
		})
	}
}

// A fleet holds vaults and only counts lists.
type fleet struct {
	mu      sync.Mutex
	updated map[Target]time.Time
	lists   int
	// arrivals are the times from a change to the first list that shows it.
	arrivals []time.Duration
	pending  map[Target]time.Time
}

func (f *fleet) List(_ context.Context, t Target, _ keyvault.Listing) ([]keyvault.Properties, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.lists++

	if at, ok := f.pending[t]; ok {
		f.arrivals = append(f.arrivals, time.Since(at))
		delete(f.pending, t)
	}

	return []keyvault.Properties{{Name: "db", Enabled: true, Updated: f.updated[t]}}, nil
}

func (f *fleet) Drop(Target) {}

func (f *fleet) set(t Target) {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.updated[t], f.pending[t] = time.Now(), time.Now()
}

func (f *fleet) reset() (lists int, arrivals []time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()

	lists, arrivals = f.lists, f.arrivals
	f.lists, f.arrivals = 0, nil

	return lists, arrivals
}

// With ten thousand vaults, one percent of which is rotated each minute, fast polls add at most a
// fifth to the lists, and the second of two values set in a row does not wait as long.
func TestFastFleet(t *testing.T) { //nolint:gocognit // It is told from the beginning to the end.
	const (
		vaults = 10_000
		minute = 100 // rotations
	)

	measure := func(t *testing.T, fast, before time.Duration) (lists int, again time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			f := &fleet{updated: map[Target]time.Time{}, pending: map[Target]time.Time{}}
			watcher := New(f, 20, fastWindow, NewMetrics(), func(types.NamespacedName, bool) {})
			ctx, stop := context.WithCancel(t.Context())

			go func() { _ = watcher.Start(ctx) }()

			target := func(i int) Target { return vaultOf(fmt.Sprintf("team-%d", i%500), i) }

			for i := range vaults {
				f.updated[target(i)] = time.Now().Add(-time.Hour)
				watcher.Watch(t.Context(), syncOf(strconv.Itoa(i)), target(i), Interest{Names: []string{"db"}, Interval: interval, Fast: fast})

				if i%100 == 0 {
					pass(interval / (vaults / 100)) // This spreads their starts.
				}
			}

			rotations := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // It is no secret, and the same in every run.

			rotate := func(minutes int) {
				for range minutes * minute {
					f.set(target(rotations.IntN(vaults)))
					pass(time.Minute / minute)
				}
			}

			rotate(int(before / time.Minute))
			f.reset()

			const minutes = 3

			rotate(minutes)

			lists, _ = f.reset()
			lists /= minutes

			// Vaults that changed recently change again.
			for i := range vaults {
				if time.Since(f.updated[target(i)]) < fastWindow/2 {
					f.set(target(i))
				}
			}

			pass(interval)

			_, arrivals := f.reset()
			again = mean(arrivals)

			stop()
			synctest.Wait()
		})

		return lists, again
	}

	usual, late := measure(t, 0, 5*time.Minute)
	lists, soon := measure(t, fast, fastWindow+time.Minute)

	t.Logf("%d lists in a minute and %s for a second value, %d and %s without fast polls", lists, soon, usual, late)

	if exact := vaults * int(time.Minute/interval); lists > exact*12/10 || lists > usual*12/10 || lists < usual*11/10 {
		t.Errorf("\n%d lists in a minute, %d without fast polls, and %d without jitter", lists, usual, exact)
	}

	if soon > late*2/3 {
		t.Errorf("\nA second value is seen after %s, and after %s without fast polls", soon, late)
	}
}

func mean(list []time.Duration) time.Duration {
	var sum time.Duration
	for _, d := range list {
		sum += d
	}

	return sum / time.Duration(max(len(list), 1))
}

// The metrics show the number of fast-polled vaults, and the budget that delays fast polls.
func TestFastMetrics(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
		watcher.Watch(t.Context(), syncOf("two"), vaultB(), interested())

		if diff := cmp.Diff(1, watcher.Counts().Fast); diff != "" {
			t.Errorf("\nCounts(): -want, +got:\n%s", diff)
		}

		for range 3 * 60 {
			w.set(vaultA(), "db", time.Now().Unix(), true)
			pass(time.Minute)
		}

		if diff := cmp.Diff(0, watcher.Counts().Fast); diff != "" {
			t.Errorf("\nIts budget is used up.\nCounts(): -want, +got:\n%s", diff)
		}

		var budgets []string

		for _, b := range []attention.Budget{attention.BudgetNamespace, attention.BudgetProvider, attention.BudgetVault} {
			if testutil.ToFloat64(watcher.metrics.limits.WithLabelValues(string(b))) > 0 {
				budgets = append(budgets, string(b))
			}
		}

		if diff := cmp.Diff([]string{"vault"}, budgets); diff != "" {
			t.Errorf("\nBudgets: -want, +got:\n%s", diff)
		}
	})
}

// Another identity or another spelling does not make another vault.
func TestFastIdentities(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		spellings := []string{"https://a.vault.azure.net", "https://a.vault.azure.net/", "https://A.vault.azure.net"}

		for hour := range 10 {
			target := Target{VaultURI: spellings[hour%len(spellings)], Identity: keyvault.Identity{Namespace: "team", ClientID: strings.Repeat("x", hour)}}
			for range 4 {
				watcher.WatchAfresh(t.Context(), syncOf("one"), target, interested(time.Now()))
				pass(fastWindow)
			}
		}

		n := 0
		for _, lists := range w.lists {
			n += len(lists)
		}

		if most := 10*60*25/10 + int(attention.VaultBudget/fast); n > most {
			t.Errorf("\n%d lists in ten hours, want %d at most", n, most)
		}

		watcher.Forget(syncOf("one"))
	})
}
