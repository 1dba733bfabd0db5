// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:thelper // A bubble is a test, no helper.
package watch

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// Many syncs share the list of a platform's identity: the number of lists does not depend on
// theirs, and a change wakes them at a pace that leaves room in the vault's limit.
func TestSharedTarget(t *testing.T) {
	target := Target{VaultURI: vaultA().VaultURI, ProviderConfig: ProviderConfig{Kind: "ClusterProviderConfig", Name: "default"}}
	reader := func(i int) Target {
		return Target{VaultURI: vaultA().VaultURI, Identity: keyvault.Identity{ClientID: strconv.Itoa(i)}}
	}
	lists := map[int]int{}

	for _, n := range []int{3, 2000} {
		bubble(t, 4, func(t *testing.T, w *world, watcher *Watcher) {
			w.set(target, "db", 1, true)

			for i := range n {
				watcher.Watch(t.Context(), syncOf(strconv.Itoa(i)), target, Interest{Names: []string{"db"}, Interval: interval, Fast: fast, Reader: reader(i)})
			}

			pass(10 * interval)

			lists[n] = len(w.listed(target))

			w.set(target, "db", 2, true)

			woken, most := w.wakesOf(300)
			if woken != n || most > ReadsAtOnce+ReadsPerSecond {
				t.Errorf("\nEvery sync is woken once, at a pace.\nwoken: %d of %d, at most %d in a second", woken, n, most)
			}

			w.fail(&keyvault.Error{Reason: keyvault.Forbidden})
			pass(10 * interval)

			if got := watcher.Counts().Unlisted; got != 1 {
				t.Errorf("\nA vault that the platform cannot list is counted.\nCounts().Unlisted = %d", got)
			}

			forget(watcher, n)

			if got := len(w.drops); got != n+1 {
				t.Errorf("\nThe clients of the readers are dropped, too.\ndrops: %d, want %d", got, n+1)
			}
		})
	}

	if diff := cmp.Diff(lists[3], lists[2000], cmpWithin(1)); diff != "" {
		t.Errorf("\nThe number of lists does not depend on the number of syncs.\nlists: -of 3, +of 2000:\n%s", diff)
	}
}

// Whatever an officer of a shared vault does to its secrets, and however often, its syncs are woken at the pace.
func TestSharedPace(t *testing.T) {
	target := Target{VaultURI: vaultA().VaultURI, ProviderConfig: ProviderConfig{Kind: "ClusterProviderConfig", Name: "default"}}

	const (
		n     = 1000
		polls = 60
	)

	cases := map[string]struct {
		reason string
		change func(w *world, poll int)
	}{
		"Rotating": {"A secret that changes before each poll.", func(w *world, poll int) { w.set(target, "db", int64(poll), true) }},
		"Flapping": {"A list that fails every other time.", func(w *world, poll int) {
			if w.fail(nil); poll%2 == 0 {
				w.fail(&keyvault.Error{Reason: keyvault.Forbidden})
			}
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 4, func(t *testing.T, w *world, watcher *Watcher) {
				w.set(target, "db", 1, true)

				watchAll(t, watcher, target, n)

				if got, want := watcher.Pace(syncOf("0")), time.Duration(n)*time.Second/ReadsPerSecond; got != want {
					t.Errorf("\n%s\nPace(...): %s, want %s", tc.reason, got, want)
				}

				pass(interval)
				w.wakes()

				turns, most := w.turns(polls, tc.change)
				if want := ReadsAtOnce + ReadsPerSecond*int(fast/time.Second); most > want {
					t.Errorf("\n%s\nwoken in %s: %d, want at most %d", tc.reason, fast, most, want)
				}

				// Each has its turn after the same time.
				fewest := slices.Min(slices.Collect(maps.Values(turns)))
				if want := int((polls*fast-interval).Seconds())*ReadsPerSecond/n - 1; len(turns) != n || fewest < want {
					t.Errorf("\n%s\n%d of %d syncs were woken, each at least %d times, want %d", tc.reason, len(turns), n, fewest, want)
				}

				w.fail(nil)

				forget(watcher, n)
				pass(time.Hour)

				if got := w.wakes(); len(got) > 0 {
					t.Errorf("\n%s\nSyncs that no longer exist are woken.\nwoken: %d", tc.reason, len(got))
				}
			})
		})
	}
}

// The syncs of a shared vault do not wait for a list that hangs: they would occupy the provider.
func TestSharedHangs(t *testing.T) {
	target := Target{VaultURI: vaultA().VaultURI, ProviderConfig: ProviderConfig{Kind: "ClusterProviderConfig", Name: "default"}}
	interest := Interest{Names: []string{"db"}, Interval: interval}

	bubble(t, 4, func(t *testing.T, w *world, watcher *Watcher) {
		w.set(target, "db", 1, true)
		watcher.Watch(t.Context(), syncOf("a"), target, interest)

		w.mu.Lock()
		w.takes = 10 * time.Second
		w.mu.Unlock()

		pass(interval) // The next list is running.

		began := time.Now()
		for i := range 100 {
			watcher.Watch(t.Context(), syncOf(strconv.Itoa(i)), target, interest)
		}

		if waited := time.Since(began); waited > 0 {
			t.Errorf("\nA sync that has a list does not wait for the next one.\nWatch(...) took %s", waited)
		}

		pass(time.Minute)
	})
}

// If a shared vault can no longer be listed, its syncs read their secrets themselves. This is not less urgent than what others do.
func TestSharedFails(t *testing.T) {
	target := Target{VaultURI: vaultA().VaultURI, ProviderConfig: ProviderConfig{Kind: "ClusterProviderConfig", Name: "default"}}

	bubble(t, 4, func(t *testing.T, w *world, watcher *Watcher) {
		w.set(target, "db", 1, true)
		watcher.Watch(t.Context(), syncOf("a"), target, Interest{Names: []string{"db"}, Interval: interval})

		w.fail(&keyvault.Error{Reason: keyvault.NoIdentity})
		pass(2 * interval)

		if diff := cmp.Diff([]string{"a"}, w.wakes()); diff != "" {
			t.Errorf("\nThe sync is woken as if its vault had changed.\nwoken: -want, +got:\n%s", diff)
		}
	})
}

// wakesOf returns the number of syncs that are woken in that many seconds, and the most in one of them.
func (w *world) wakesOf(seconds int) (woken, most int) {
	for range seconds {
		pass(time.Second)

		now := len(w.wakes())
		woken, most = woken+now, max(most, now)
	}

	return woken, most
}

// watchAll watches a target for the syncs 0 to n-1.
func watchAll(t *testing.T, watcher *Watcher, target Target, n int) {
	t.Helper()

	for i := range n {
		watcher.Watch(t.Context(), syncOf(strconv.Itoa(i)), target, Interest{Names: []string{"db"}, Interval: fast})
	}
}

// turns returns how often each sync is woken while something changes before each poll, and the most syncs of one poll.
func (w *world) turns(polls int, change func(w *world, poll int)) (turns map[string]int, most int) {
	turns = map[string]int{}

	for poll := range polls {
		change(w, poll+2)
		pass(fast)

		woken := w.wakes()
		most = max(most, len(woken))

		for _, name := range woken {
			turns[name]++
		}
	}

	return turns, most
}

// forget the syncs 0 to n-1.
func forget(watcher *Watcher, n int) {
	for i := range n {
		watcher.Forget(syncOf(strconv.Itoa(i)))
	}
}

// cmpWithin ignores small differences, because polls have jitter.
func cmpWithin(d int) cmp.Option {
	return cmp.Comparer(func(a, b int) bool { return max(a-b, b-a) <= d })
}
