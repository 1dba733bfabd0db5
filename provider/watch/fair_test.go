// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:thelper // A bubble is a test, no helper.
package watch

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// A crowd holds vaults that fail in one way, and counts their lists.
type crowd struct {
	mu    sync.Mutex
	err   error
	fails map[Target]bool
	lists map[Target]int
}

func (c *crowd) List(_ context.Context, t Target, _ keyvault.Listing) ([]keyvault.Properties, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.lists[t]++
	if c.fails[t] {
		return nil, c.err
	}

	return []keyvault.Properties{{Name: "db", Enabled: true, Updated: time.Now().Add(-time.Hour)}}, nil
}

func (c *crowd) Drop(Target) {}

func (c *crowd) listed(t Target) int {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.lists[t]
}

// A waiting namespace has fast polls, whatever the vaults of another namespace do.
func TestFastNeighbours(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		vaults int
	}{
		"Refused":     {reason: "Vaults that reject lists have their secrets read one by one.", err: &keyvault.Error{Reason: keyvault.Forbidden}, vaults: 6},
		"Unreachable": {reason: "Vaults that do not respond are rarely polled.", err: &keyvault.Error{Reason: keyvault.Unreachable}, vaults: 40},
		"NoIdentity":  {reason: "Vaults that reject all identities do not delay the waiting namespace.", err: &keyvault.Error{Reason: keyvault.NoIdentity}, vaults: 40},
		"Many":        {reason: "Many working vaults request more fast polls than the budget allows.", vaults: 100},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &crowd{err: tc.err, fails: map[Target]bool{}, lists: map[Target]int{}}
				w := New(c, 50, fastWindow, NewMetrics(), func(types.NamespacedName, bool) {})
				ctx, stop := context.WithCancel(t.Context())

				go func() { _ = w.Start(ctx) }()

				names := make([]string, 200)
				for i := range names {
					names[i] = "n" + strconv.Itoa(i)
				}

				hostile := func(i int) Target { return vaultOf("hostile", 1000+i) }

				for range 4 { // The vaults change for an hour.
					for i := range tc.vaults {
						c.fails[hostile(i)] = tc.err != nil
						w.Watch(t.Context(), syncOf("h"+strconv.Itoa(i)), hostile(i), Interest{Names: names, Interval: interval, Fast: fast, Changes: []time.Time{time.Now()}})
					}

					pass(fastWindow)
				}

				victim := vaultOf("victim", 0)
				w.Watch(t.Context(), syncOf("victim"), victim, interested(time.Now()))

				before := c.listed(victim)
				pass(10 * time.Minute)

				if n := c.listed(victim) - before; n < 119 {
					t.Errorf("\n%s\n%d lists in 10 minutes", tc.reason, n)
				}

				stop()
				synctest.Wait()
			})
		})
	}
}

// Vaults in backoff are planned with the requests that are really sent.
func TestPlannedIsSent(t *testing.T) {
	for name, err := range map[string]error{
		"Unreachable": &keyvault.Error{Reason: keyvault.Unreachable},
		"NoIdentity":  &keyvault.Error{Reason: keyvault.NoIdentity},
		"Throttled":   &keyvault.Error{Reason: keyvault.Throttled, RetryAfter: time.Minute},
		"TooLarge":    &keyvault.Error{Reason: keyvault.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				w.fail(err)
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested(time.Now()))
				pass(fastWindow * 9 / 10)

				for n := len(w.listed(vaultA())); len(w.listed(vaultA())) == n; {
					pass(time.Second)
				}

				planned := watcher.Interval(syncOf("one"))
				lists := w.listed(vaultA())

				for n := len(lists); len(w.listed(vaultA())) == n; {
					pass(time.Second)
				}

				lists = w.listed(vaultA())
				if sent := lists[len(lists)-1] - lists[len(lists)-2]; planned < sent-2*time.Second {
					t.Errorf("\nA poll was planned every %s, and sent after %s", planned, sent)
				}
			})
		})
	}
}

// Secrets that are read one by one cost requests, too, so that fast polls of them become slower.
func TestReadsAreRequests(t *testing.T) {
	cases := map[string]struct {
		reason  string
		err     error
		refused bool
		slower  bool
	}{
		"Listed":  {reason: "A list is one request, for any number of secrets."},
		"Read":    {reason: "Without permission to list, each secret is a request.", err: &keyvault.Error{Reason: keyvault.Forbidden}, slower: true},
		"Refused": {reason: "Without permission to read, no secret is read.", err: &keyvault.Error{Reason: keyvault.Forbidden}, refused: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 50, func(t *testing.T, w *world, watcher *Watcher) {
				w.fail(tc.err)

				for n := range 5 {
					i := interested(time.Now())
					i.Names, i.Refused = []string{"a", "b", "c", "d", "e"}, tc.refused
					watcher.Watch(t.Context(), syncOf(strconv.Itoa(n)), vaultOf("team-a", n), i)
				}

				pass(interval)

				if got := watcher.Interval(syncOf("0")); (got > fast) != tc.slower {
					t.Errorf("\n%s\nThe vaults are polled every %s", tc.reason, got)
				}
			})
		})
	}
}

// A team that requests lists continuously gets at most the fast polls, and after the daily budget
// is used up, only regular polls.
func TestOutOfTurn(t *testing.T) {
	cases := map[string]struct {
		reason string
		ask    func(t *testing.T, watcher *Watcher, second int)
	}{
		"Requested": {reason: "A request for a sync every second is limited.", ask: func(t *testing.T, watcher *Watcher, _ int) {
			watcher.WatchAfresh(t.Context(), syncOf("one"), vaultA(), interested())
		}},
		"Edited": {reason: "An edit of the list of secrets every second is limited.", ask: func(t *testing.T, watcher *Watcher, second int) {
			i := interested()
			i.Names = []string{"n" + strconv.Itoa(second)}
			watcher.Watch(t.Context(), syncOf("one"), vaultA(), i)
		}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				const hours = 4

				for second := range hours * 3600 {
					tc.ask(t, watcher, second)
					pass(time.Second)
				}

				lists := w.listed(vaultA())
				if n, most := len(lists), 2*3600/int(fast/time.Second)+hours*3600*12/10/int(interval/time.Second); n > most {
					t.Errorf("\n%s\n%d lists in %d hours, want %d at most", tc.reason, n, hours, most)
				}

				if longest := slices.Max(gaps(lists)); longest > interval {
					t.Errorf("\n%s\nA gap of %s", tc.reason, longest)
				}
			})
		})
	}
}

// A request that cannot be answered at once is answered by the next poll.
func TestTurn(t *testing.T) {
	bubble(t, 5, func(t *testing.T, _ *world, watcher *Watcher) {
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested())
		pass(time.Second)
		watcher.WatchAfresh(t.Context(), syncOf("one"), vaultA(), interested())
		pass(time.Second)

		asked := time.Now()

		at := watcher.Turn(syncOf("one"), asked)
		if d := at.Sub(asked); d != fast-time.Second {
			t.Errorf("\nTurn(...): after %s", d)
		}

		pass(interval)

		if at := watcher.Turn(syncOf("one"), asked); !at.IsZero() {
			t.Errorf("\nTurn(...): %s, but the vault was listed", at)
		}
	})
}

func throttled(by finding.Reason) error {
	return &keyvault.Error{Reason: keyvault.Throttled, RetryAfter: 10 * time.Second, Cause: finding.Finding{Reason: by}}
}

func TestThrottledIdentities(t *testing.T) {
	cases := map[string]struct {
		reason string
		by     finding.Reason
		fast   int
	}{
		"Vault":    {reason: "A throttled vault is throttled for all identities.", by: finding.VaultThrottled},
		"Entra":    {reason: "Entra ID throttles one identity only.", by: finding.ServiceThrottled, fast: 1},
		"Provider": {reason: "The limit of one identity does not slow down others.", by: finding.TooManyRequests, fast: 1},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 5, func(t *testing.T, w *world, watcher *Watcher) {
				w.fail(throttled(tc.by))
				watcher.Watch(t.Context(), syncOf("one"), vaultA(), interested())
				w.fail(nil)

				other := vaultA()
				other.VaultURI, other.Identity.ClientID = other.VaultURI+"/", "other"
				watcher.Watch(t.Context(), syncOf("one"), other, interested(time.Now()))

				if n := watcher.Counts().Fast; n != tc.fast {
					t.Errorf("\n%s\n%d vaults are polled fast, want %d", tc.reason, n, tc.fast)
				}
			})
		})
	}
}

// A secret that the provider has created starts no fast polls, read or listed.
func TestOursRead(t *testing.T) {
	bubble(t, 5, func(t *testing.T, _ *world, watcher *Watcher) {
		i := interested()
		i.Updated, i.Created = []time.Time{time.Now()}, time.Now()
		watcher.Watch(t.Context(), syncOf("one"), vaultA(), i)

		if n := watcher.Counts().Fast; n != 0 {
			t.Errorf("\nCounts().Fast = %d", n)
		}

		pass(time.Second)

		i.Updated = []time.Time{time.Now()}
		watcher.Watch(t.Context(), syncOf("two"), vaultA(), i)

		if n := watcher.Counts().Fast; n != 1 {
			t.Errorf("\nA change by another client starts fast polls.\nCounts().Fast = %d", n)
		}
	})
}
