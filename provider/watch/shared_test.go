// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:thelper // A bubble is a test, no helper.
package watch

import (
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

			woken, most := wakes(w)
			if woken != n || most > ReadsAtOnce+ReadsPerSecond {
				t.Errorf("\nEvery sync is woken once, at a pace.\nwoken: %d of %d, at most %d in a second", woken, n, most)
			}

			w.fail(&keyvault.Error{Reason: keyvault.Forbidden})
			pass(10 * interval)

			if got := watcher.Unlisted(); got != 1 {
				t.Errorf("\nA vault that the platform cannot list is counted.\nUnlisted() = %d", got)
			}

			for i := range n {
				watcher.Forget(syncOf(strconv.Itoa(i)))
			}

			if got := len(w.drops); got != n+1 {
				t.Errorf("\nThe clients of the readers are dropped, too.\ndrops: %d, want %d", got, n+1)
			}
		})
	}

	if diff := cmp.Diff(lists[3], lists[2000], cmpWithin(1)); diff != "" {
		t.Errorf("\nThe number of lists does not depend on the number of syncs.\nlists: -of 3, +of 2000:\n%s", diff)
	}
}

// wakes returns the number of syncs that are woken in five minutes, and the most in a second.
func wakes(w *world) (woken, most int) {
	for range 300 {
		pass(time.Second)

		now := len(w.wakes())
		woken, most = woken+now, max(most, now)
	}

	return woken, most
}

// cmpWithin ignores small differences, because polls have jitter.
func cmpWithin(d int) cmp.Option {
	return cmp.Comparer(func(a, b int) bool { return max(a-b, b-a) <= d })
}
