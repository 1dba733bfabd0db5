// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:thelper // A bubble is a test, no helper.
package watch

import (
	stdcmp "cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// vaultOf returns a vault of a namespace.
func vaultOf(namespace string, n int) Target {
	return Target{VaultURI: fmt.Sprintf("https://%s-%d.vault.azure.net", namespace, n), Identity: keyvault.Identity{Namespace: namespace}}
}

// Hostile vaults, even before the watcher knows them, neither delay the lists of a vault in another
// namespace nor block its syncs.
func TestSlowVaults(t *testing.T) { //nolint:gocognit // One watcher, and all that has to be true of it.
	cases := map[string]struct {
		reason string
		slow   pages
		vaults int
		spread bool // over namespaces
		lists  int  // of each, if not 2
	}{
		"Endless":     {reason: "A list without an end does not delay others.", slow: pages{n: 1 << 30, takes: 20 * time.Millisecond}, vaults: 20},
		"SlowPages":   {reason: "Pages that take almost the maximum time do not delay others.", slow: pages{n: 1 << 30, takes: 9 * time.Second}, vaults: 20},
		"Long":        {reason: "A list of the maximum length does not delay others.", slow: pages{n: keyvault.MaxPages, takes: 20 * time.Millisecond}, vaults: 20},
		"OnePage":     {reason: "A single slow page does not delay others.", slow: pages{n: 1, takes: 9 * time.Second}, vaults: 20},
		"Many":        {reason: "Many slow vaults in one namespace do not delay others.", slow: pages{n: 1 << 30, takes: time.Second}, vaults: 300, lists: 1},
		"ManyOwners":  {reason: "Slow vaults in many namespaces do not delay others.", slow: pages{n: 1 << 30, takes: time.Second}, vaults: 40, spread: true},
		"SlowAndFew":  {reason: "A few slow pages do not delay others.", slow: pages{n: 5, takes: 5 * time.Second}, vaults: 100},
		"Neighbourly": {reason: "Vaults just below the limit of fast lists do not delay others.", slow: pages{n: slowPages, takes: 50 * time.Millisecond}, vaults: 100},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 4, func(t *testing.T, w *world, watcher *Watcher) {
				w.slow = map[Target]pages{}
				w.set(vaultA(), "db", 100, true)
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})

				var wg sync.WaitGroup

				for i := range tc.vaults {
					namespace := "hostile"
					if tc.spread {
						namespace = fmt.Sprintf("hostile-%d", i)
					}

					target := vaultOf(namespace, i)
					w.mu.Lock()
					w.slow[target] = tc.slow
					w.mu.Unlock()
					wg.Go(func() {
						start := time.Now()
						watcher.Watch(t.Context(), syncOf(target.VaultURI), target, Interest{Names: []string{"db"}, Interval: interval})

						// Two requests take at most 10 s, plus the slow pages in between.
						if waited := time.Since(start); waited > 20*time.Second+slowAfter {
							t.Errorf("\n%s\nWatch(...) takes %s", tc.reason, waited)
						}
					})
				}

				pass(2 * time.Hour)
				wg.Wait()

				for _, gap := range gaps(w.listed(vaultA())) {
					if gap > interval+tc.slow.takes/2 {
						t.Errorf("\n%s\nA gap of %s", tc.reason, gap)
					}
				}

				for target := range w.slow {
					if n := len(w.listed(target)); n < stdcmp.Or(tc.lists, 2) {
						t.Errorf("\nEach has its turn.\n%d lists of %s", n, target.VaultURI)
					}

					watcher.Forget(syncOf(target.VaultURI))
				}

				pass(3 * time.Hour)
			})
		})
	}
}

// Azure is slow for a moment, and so is a short list. The vault still does not queue behind the
// long lists of other namespaces.
func TestSluggishNeighbour(t *testing.T) {
	const (
		atOnce  = 16
		hostile = 100
	)

	cases := map[string]struct {
		reason  string
		hostile pages
		lag     pages
		// longest gap between two lists of the neighbour.
		longest time.Duration
	}{
		"LongLists": {
			reason:  "A list of one page does not wait for lists of many pages.",
			hostile: pages{n: keyvault.MaxPages, takes: 700 * time.Millisecond}, lag: pages{n: 1, takes: 3 * time.Second}, longest: 2 * interval,
		},
		"FewPages": {
			reason:  "A list of a few pages does not wait either, even if it takes longer.",
			hostile: pages{n: keyvault.MaxPages, takes: 700 * time.Millisecond}, lag: pages{n: 3, takes: 5 * time.Second}, longest: 2 * interval,
		},
		"SlowPages": {
			reason:  "Other sluggish vaults occupy a slot of the lane for one page and sluggishFor.",
			hostile: pages{n: slowPages, takes: 9 * time.Second}, lag: pages{n: 1, takes: 3 * time.Second},
			longest: 2*interval + hostile/atOnce*(2*9*time.Second+sluggishFor),
		},
		"OnePage": {
			reason:  "Slow lists occupy a slot of the lane for one page.",
			hostile: pages{n: 1, takes: 9 * time.Second}, lag: pages{n: 1, takes: 3 * time.Second}, longest: 2*interval + (1+hostile/atOnce)*9*time.Second,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, atOnce, func(t *testing.T, w *world, watcher *Watcher) {
				w.slow = map[Target]pages{}
				w.set(vaultA(), "db", 100, true)
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})

				slow := func(target Target, p pages) {
					w.mu.Lock()
					defer w.mu.Unlock()

					w.slow[target] = p
				}

				var wg sync.WaitGroup

				for i := range hostile {
					target := vaultOf(fmt.Sprintf("hostile-%d", i), i)
					slow(target, tc.hostile)
					wg.Go(func() {
						watcher.Watch(t.Context(), syncOf(target.VaultURI), target, Interest{Names: []string{"db"}, Interval: interval})
					})
				}

				pass(30 * time.Minute)
				slow(vaultA(), tc.lag)
				pass(90 * time.Second)
				slow(vaultA(), pages{})
				pass(time.Hour)
				wg.Wait()

				if longest := slices.Max(gaps(w.listed(vaultA()))); longest > tc.longest {
					t.Errorf("\n%s\nA gap of %s, which is more than %s", tc.reason, longest, tc.longest)
				}

				// Afterwards the vault is listed as before.
				for i := range hostile {
					target := vaultOf(fmt.Sprintf("hostile-%d", i), i)
					watcher.Forget(syncOf(target.VaultURI))
				}

				pass(3 * time.Hour)

				if diff := cmp.Diff([]int{0, 0}, sizes(watcher)); diff != "" {
					t.Errorf("\nThe vault is no longer slow.\nCounts(): -want, +got:\n%s", diff)
				}
			})
		})
	}
}

// A sync of a vault with a long list first learns that nothing is known, and is woken when the list
// has arrived.
func TestWatchSlow(t *testing.T) { //nolint:gocognit // One watcher, and all that has to be true of it.
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.set(vaultA(), "db", 100, true)
		w.slow = map[Target]pages{vaultA(): {n: 100, takes: 100 * time.Millisecond}}

		s := watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		if s.Covers("db") || s.Err != nil || !s.TakenAt.IsZero() {
			t.Errorf("\nNothing is known yet, not even that something is missing.\nWatch(...) = %+v", s)
		}

		// Other syncs do not wait either.
		start := time.Now()
		if s := watcher.WatchAfresh(t.Context(), syncOf("two"), vaultA(), Interest{Names: []string{"api"}, Interval: interval}); s.Covers("api") || time.Since(start) > 0 {
			t.Errorf("\nThe list under way was not taken for this.\nWatchAfresh(...) = %+v after %s", s, time.Since(start))
		}

		pass(time.Minute)

		if diff := cmp.Diff([]string{"one"}, w.wakes()); diff != "" {
			t.Errorf("\nA sync with news is woken.\nwoken: -want, +got:\n%s", diff)
		}

		if _, ok := watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval}).Item("db"); !ok {
			t.Error("\nThe list has arrived.\nWatch(...): it is not")
		}

		if diff := cmp.Diff([]int{1, 0}, sizes(watcher)); diff != "" {
			t.Errorf("\nCounts(): -want, +got:\n%s", diff)
		}

		// 100 pages take 50 s at two pages a second.
		pass(10 * time.Minute)

		for _, gap := range gaps(w.listed(vaultA())) {
			if gap < 45*time.Second {
				t.Errorf("\nWith many pages it is listed less often.\nA gap of %s", gap)
			}
		}

		if diff := cmp.Diff([]string{"two"}, w.wakes()); diff != "" {
			t.Errorf("\nThe next list was taken for the other, too.\nwoken: -want, +got:\n%s", diff)
		}

		w.mu.Lock()
		w.slow = nil
		w.mu.Unlock()
		pass(2 * time.Minute)

		if diff := cmp.Diff([]int{0, 0}, sizes(watcher)); diff != "" {
			t.Errorf("\nThe vault is no longer slow.\nCounts(): -want, +got:\n%s", diff)
		}
	})
}

func sizes(w *Watcher) []int {
	c := w.Counts()

	return []int{c.Slow, c.TooLarge}
}

// After an endless list, the vault is not listed for a while.
func TestTooLarge(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.set(vaultA(), "db", 100, true)
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})

		w.mu.Lock()
		w.slow = map[Target]pages{vaultA(): {n: 1 << 30, takes: 10 * time.Millisecond}}
		w.mu.Unlock()
		pass(2 * time.Minute)

		s := watcher.WatchAfresh(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		if _, ok := s.Item("db"); !ok || keyvault.ReasonOf(s.Err) != keyvault.TooLarge {
			t.Errorf("\nThe vault has become too large, and its earlier list is kept.\nWatch(...) = %+v", s)
		}

		if diff := cmp.Diff([]string{"one"}, w.wakes()); diff != "" {
			t.Errorf("\nThe sync has to read its secrets itself.\nwoken: -want, +got:\n%s", diff)
		}

		if diff := cmp.Diff([]int{1, 1}, sizes(watcher)); diff != "" {
			t.Errorf("\nCounts(): -want, +got:\n%s", diff)
		}

		before := len(w.listed(vaultA()))

		pass(time.Hour)

		if n := len(w.listed(vaultA())) - before; n < 4 || n > 6 {
			t.Errorf("\nThe list is retried every ten minutes.\n%d lists in an hour", n)
		}

		w.mu.Lock()
		w.slow = nil
		w.mu.Unlock()
		pass(12 * time.Minute)

		if s := watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval}); s.Err != nil {
			t.Errorf("\nThe vault can be listed again.\nWatch(...) = %+v", s)
		}
	})
}

// A list says nothing about names that it was not requested for.
func TestNewNames(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
		w.set(vaultA(), "Db", 100, true)
		w.set(vaultA(), "api", 100, true)

		s := watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})
		if s.Covers("api") || !s.Covers("DB") {
			t.Errorf("\nOnly watched names are kept.\nWatch(...) = %+v", s)
		}

		s = watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Names: []string{"API", "web"}, Interval: interval})
		if _, ok := s.Item("api"); !ok || !s.Covers("web") || !s.Covers("db") {
			t.Errorf("\nA vault is listed again for names that are new, and for the others.\nWatch(...) = %+v", s)
		}

		watcher.Watch(t.Context(), syncOf("two"), vaultA(), Interest{Names: []string{"api"}, Interval: interval})
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval})

		if diff := cmp.Diff([]time.Duration{0, 0}, w.listed(vaultA())); diff != "" {
			t.Errorf("\nThe vault is listed once.\nlists: -want, +got:\n%s", diff)
		}

		pass(2 * interval)

		if woken := w.wakes(); len(woken) > 0 {
			t.Errorf("\nNo sync is woken twice.\nwoken: %v", woken)
		}

		if s = watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db"}, Interval: interval}); s.Covers("web") {
			t.Errorf("\nA name without subscribers is not kept.\nWatch(...) = %+v", s)
		}

		// New names are requested from a vault during its Retry-After.
		w.fail(&keyvault.Error{Reason: keyvault.Throttled, RetryAfter: time.Hour})
		pass(interval)

		before := len(w.listed(vaultA()))
		if s = watcher.Watch(t.Context(), syncOf("one"), vaultA(), Interest{Names: []string{"db", "new"}, Interval: interval}); s.Covers("new") || len(w.listed(vaultA())) != before {
			t.Errorf("\nA throttled vault is not listed.\nWatch(...) = %+v", s)
		}
	})
}

// A secret that was read without a list may have changed before the first list.
func TestWakeUncovered(t *testing.T) {
	old, next := NewSnapshot(nil, []string{"db"}, time.Unix(1, 0)), NewSnapshot(nil, []string{"db", "api"}, time.Unix(2, 0))

	if next.changes(old, []string{"api"}) != 1 || next.changes(old, []string{"db"}) != 0 {
		t.Error("\nA missing secret is news to a sync that did not know.\nchanges(...): wrong")
	}
}

// Namespaces share a lane: none gets more than half of it, none waits while there is room, and each
// gets its turn regardless of the queues of others.
func TestLaneProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		slots := rapid.IntRange(1, 6).Draw(rt, "slots")
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"+a", "+a", "+a", "+b", "+c", "-a", "-b", "-c"}), 0, 60).Draw(rt, "steps")

		var problem string

		synctest.Test(t, func(*testing.T) { problem = tryLane(slots, steps) })

		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// tryLane makes namespaces enter (+) and leave (-) a lane.
func tryLane(slots int, steps []string) (problem string) { //nolint:gocognit // Steps, and what has to be true after each.
	var (
		l       = newLane(slots)
		share   = (slots + 1) / 2
		entered = make(chan string, len(steps))
		inside  = map[string]int{}
		waiting []string
	)

	settle := func() {
		synctest.Wait()

		for len(entered) > 0 {
			namespace := <-entered
			inside[namespace]++
			i := slices.Index(waiting, namespace)
			waiting = slices.Delete(waiting, i, i+1)
		}

		total := 0
		for namespace, n := range inside {
			total += n

			if n > share {
				problem = fmt.Sprintf("%d of %s are inside, of %d", n, namespace, slots)
			}
		}

		for _, namespace := range waiting {
			if total < slots && inside[namespace] < share || total > slots {
				problem = fmt.Sprintf("%s waits, and inside are %v", namespace, inside)
			}
		}
	}

	for _, step := range steps {
		namespace := step[1:]

		if step[0] == '+' {
			waiting = append(waiting, namespace)

			go func() {
				l.enter(namespace)
				entered <- namespace
			}()
		} else if inside[namespace] > 0 {
			inside[namespace]--
			l.leave(namespace)
		}

		settle()
	}

	for len(waiting) > 0 && problem == "" {
		before := len(waiting)

		for namespace := range inside {
			for ; inside[namespace] > 0; inside[namespace]-- {
				l.leave(namespace)
			}
		}

		if settle(); len(waiting) == before {
			problem = fmt.Sprintf("%v wait for ever", waiting)
		}
	}

	return problem
}

// A namespace with a long queue delays another one by at most one list.
func TestLaneTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(2)

		var (
			mu    sync.Mutex
			order []string
		)

		enter := func(namespace string) {
			go func() {
				l.enter(namespace)
				mu.Lock()
				defer mu.Unlock()

				order = append(order, namespace)
			}()
			synctest.Wait()
		}

		for range 1000 {
			enter("hostile")
		}

		enter("one")

		for range 3 {
			enter("two")
		}

		if diff := cmp.Diff([]string{"hostile", "one"}, order); diff != "" {
			t.Errorf("\nHalf of the lane is for others.\nenter(...): -want, +got:\n%s", diff)
		}

		for _, namespace := range []string{"one", "two", "hostile", "hostile", "two"} {
			l.leave(namespace)
			synctest.Wait()
		}

		if diff := cmp.Diff([]string{"hostile", "one", "two", "two", "hostile", "hostile", "two"}, order); diff != "" {
			t.Errorf("\nNamespaces take turns.\nenter(...): -want, +got:\n%s", diff)
		}

		for range 997 {
			l.leave("hostile")
			synctest.Wait()
		}
	})
}
