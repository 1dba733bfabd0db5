// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package watch detects which secrets of which vaults have changed, with one request for each
// vault and interval.
//
// The list of a vault shows when each secret was last updated. The watcher wakes a sync when
// the entry of one of its secrets has changed, and when listing begins to fail, fails in
// another way, or works again. An idle vault costs one list for each interval, however many
// syncs use it.
//
// Lists are bounded because teams control the number of secrets and vaults. A list keeps only
// the secrets that syncs name, and a slow list continues in a separate lane. Namespaces take
// turns in every lane. A short list that takes long because Azure is slow does not wait for
// long lists.
//
// While a team may be waiting for a change, its vault is listed more often. Package attention
// decides when, and how often.
package watch

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	// earliest and latest bound when the next poll begins, as a fraction of the interval. The
	// jitter separates the polls of vaults that were first listed at the same time.
	earliest = 0.9
	latest   = 1 - 1./ticks
	// Polls begin at ticks. An interval has this many ticks, or more if a tick would be longer
	// than longestTick: otherwise all vaults with a long interval would be listed at the same
	// few moments.
	ticks       = 32
	longestTick = time.Second
	// The longest pauses between two polls of a failing vault, unless its interval or, if it
	// throttles, its Retry-After is longer. They are short because a team may be waiting for a new identity.
	maxBackoff         = 2 * time.Minute
	maxIdentityBackoff = time.Minute
	// maxLastingBackoff is for failures that last until the configuration changes.
	maxLastingBackoff = 5 * time.Minute
	// A list with more pages than slowPages is slow. 20 pages are 500 secrets.
	slowPages = 20
	// A list with fewer pages is sluggish if it takes longer than slowAfter. It moves to the
	// slow lane if it takes longer than sluggishFor after its first page.
	slowAfter   = 2 * time.Second
	sluggishFor = 20 * time.Second
	// maxList is the longest time for a list. MaxPages take less, even when all slots of the
	// slow lane are in use.
	maxList = 5 * time.Minute
	// pagesPerSecond of a vault, on average: a vault with many pages is listed less often.
	pagesPerSecond = 2
	// slowPagesPerSecond limits all slow lists together, because pages cost CPU time.
	slowPagesPerSecond = 100
	// tooLargeRetry is the pause between two lists of a vault that is too large.
	tooLargeRetry = 10 * time.Minute
	// maxMemory is how long the watcher remembers that a vault was throttled, or listed
	// out of turn.
	maxMemory = time.Hour
)

// The list of a shared vault wakes its syncs at this pace, and at this pace they read without a
// list: at most a tenth of the 4,000 requests that a vault allows in 10 seconds, together with the
// full reads of 2,000 syncs of three secrets.
const (
	ReadsAtOnce    = 50
	ReadsPerSecond = 20
)

// A Lister lists vaults.
type Lister interface {
	// List the secrets of the target within bounds.
	List(ctx context.Context, t Target, l keyvault.Listing) ([]keyvault.Properties, error)
	// Drop the client of a target without subscribers.
	Drop(t Target)
}

// Wake a sync that must look at its secrets. It must not block. If its vault is unavailable, the sync has only that to
// report, and the changes of other vaults are more urgent.
type Wake func(key types.NamespacedName, unavailable bool)

// A Watcher lists vaults at intervals.
type Watcher struct {
	lister Lister
	wake   Wake
	// Lanes for running lists. Unresponsive vaults, sluggish vaults and vaults with slow lists
	// have separate lanes, so that no other vault waits for them.
	normal, unanswered, sluggish, slow *lane
	// pages of slow lists.
	pages *rate.Limiter

	metrics *Metrics
	// fastWindow is how long a vault is polled fast after a change.
	fastWindow time.Duration

	mu      sync.Mutex
	stopped bool
	vaults  map[Target]*vault
	syncs   map[types.NamespacedName]Target
	// budgets of fast polls.
	budgets attention.Budgets
	// throttled is when Azure last throttled a vault, by URI, and outOfTurn is when a vault
	// was last listed out of turn. All identities share both.
	throttled map[string]time.Time
	outOfTurn map[attention.Vault]time.Time
}

// New returns a watcher that polls up to atOnce vaults concurrently in each lane: normal,
// unresponsive, sluggish and slow. It polls a vault fast for fastWindow after a change. It
// calls wake for each sync that must look at its secrets.
func New(lister Lister, atOnce int, fastWindow time.Duration, metrics *Metrics, wake Wake) *Watcher {
	return &Watcher{
		lister: lister, wake: wake, metrics: metrics, fastWindow: fastWindow,
		normal: newLane(atOnce), unanswered: newLane(atOnce), sluggish: newLane(atOnce), slow: newLane(atOnce),
		pages:  rate.NewLimiter(slowPagesPerSecond, 1),
		vaults: map[Target]*vault{}, syncs: map[types.NamespacedName]Target{},
		throttled: map[string]time.Time{}, outOfTurn: map[attention.Vault]time.Time{},
	}
}

// Start stops all polls when the context ends. It implements manager.Runnable.
func (w *Watcher) Start(ctx context.Context) error {
	<-ctx.Done()

	w.mu.Lock()
	defer w.mu.Unlock()

	w.stopped = true
	for _, v := range w.vaults {
		v.stop()
	}

	return nil
}

// Watch makes a sync watch a target, instead of any other target, and returns the last
// snapshot. The first watcher blocks until the target has been listed. If the list is slow,
// it gets a snapshot that does not cover its names yet, and is woken when the list has ended.
func (w *Watcher) Watch(ctx context.Context, key types.NamespacedName, t Target, i Interest) Snapshot {
	return w.watch(ctx, key, t, &subscriber{Interest: i}, false)
}

// WatchAfresh is like Watch, but lists the target now instead of at the next poll, unless
// Azure throttles the vault, its lists are slow, or it is not its Turn.
func (w *Watcher) WatchAfresh(ctx context.Context, key types.NamespacedName, t Target, i Interest) Snapshot {
	return w.watch(ctx, key, t, &subscriber{Interest: i}, true)
}

// Turn returns when the vault of a sync may be listed for a request that was made at
// requested. It is zero if the vault has been listed since.
func (w *Watcher) Turn(key types.NamespacedName, requested time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()

	v, ok := w.vaults[w.syncs[key]]
	if !ok || !v.began.Before(requested) {
		return time.Time{}
	}

	now := time.Now()
	if w.budgets.Left(now, v.budgetKey(), v.outOfTurnInterval()) {
		if next := w.outOfTurn[v.budgetKey()].Add(v.outOfTurnInterval()); next.Before(v.due) {
			return next
		}
	}

	return v.due
}

// Forget stops watching the vault of a sync.
func (w *Watcher) Forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.unsubscribe(key)
}

// Created records that the provider has created a secret in the vault of a sync.
func (w *Watcher) Created(key types.NamespacedName, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[key]]; ok {
		if s := v.subscribers[key]; at.After(s.Created) {
			s.Created = at
		}
	}
}

// Interval returns the current poll interval of a sync's vault, or zero before its first list.
func (w *Watcher) Interval(key types.NamespacedName) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[key]]; ok {
		return v.plan.Interval
	}

	return 0
}

// Pace returns the shortest interval in which all syncs of a shared vault may read all of their
// secrets, or zero for any other vault.
func (w *Watcher) Pace(key types.NamespacedName) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()

	v, ok := w.vaults[w.syncs[key]]
	if !ok || !v.target.shared() {
		return 0
	}

	reads := 0
	for _, s := range v.subscribers {
		reads += len(s.Names)
	}

	return pace(reads)
}

func (w *Watcher) watch(ctx context.Context, key types.NamespacedName, t Target, s *subscriber, afresh bool) Snapshot {
	v := w.subscribe(key, t, s)

	for own := (*run)(nil); ; {
		w.mu.Lock()

		r := v.run
		if r == nil && own == nil && w.needsList(v, s, afresh) {
			r = w.begin(v, nil)
			own = r

			go w.list(r) //nolint:contextcheck,gosec // The list continues after the call: it may be slow, and others may wait for it.
		}

		waits := r != nil && !r.detached && ctx.Err() == nil && (r == own || own == nil && v.awaited(s, afresh))
		if !waits {
			s.hasSnapshot = true
			snapshot := v.snapshot
			w.mu.Unlock()

			return snapshot
		}

		w.mu.Unlock()

		select {
		case <-r.released:
		case <-ctx.Done():
		}
	}
}

// needsList reports whether a subscriber needs a list now. A vault with slow lists is not
// listed for every new subscriber, and no vault is listed continuously, because secrets can
// also be read without a list.
func (w *Watcher) needsList(v *vault, s *subscriber, afresh bool) bool {
	due := !time.Now().Before(v.due)
	paused := keyvault.RetryAfterOf(v.snapshot.Err) > 0 && !due

	switch {
	case !v.listed:
		return true
	case paused || v.slow || v.sluggish:
		return false
	case !afresh && (v.snapshot.Err != nil || v.snapshot.coversAll(s.Names)):
		return false
	default:
		return due || w.takeTurn(v)
	}
}

func (w *Watcher) subscribe(key types.NamespacedName, t Target, s *subscriber) *vault {
	w.mu.Lock()
	defer w.mu.Unlock()

	if old, ok := w.syncs[key]; ok && old != t {
		w.unsubscribe(key)
	}

	v, ok := w.vaults[t]
	if !ok {
		v = &vault{target: t, subscribers: map[types.NamespacedName]*subscriber{}, waking: map[types.NamespacedName]bool{}}
		w.vaults[t] = v
	}

	now := time.Now()
	before, waited := v.interval(), w.mayPollFast(v, now)
	if was, ok := v.subscribers[key]; ok && was.Reader != s.Reader {
		w.dropReader(was)
	}

	v.subscribers[key] = s
	w.syncs[key] = t
	v.waiting.See(now, s.Changes...)
	v.noteChanges(now)
	s.Changes = nil // The vault remembers the latest of them.

	if !v.listed || v.failures > 0 {
		return v
	}

	if v.interval() < before || !waited && w.mayPollFast(v, now) {
		// Keep an earlier due time, which other subscribers want.
		w.plan(v)
		w.schedule(v, max(0, min(time.Until(v.due), time.Duration(float64(v.plan.Interval)*latest))))
	}

	return v
}

// unsubscribe a sync, with the mutex held.
func (w *Watcher) unsubscribe(key types.NamespacedName) {
	t, ok := w.syncs[key]
	if !ok {
		return
	}

	delete(w.syncs, key)

	v := w.vaults[t]
	w.dropReader(v.subscribers[key])
	delete(v.subscribers, key)

	if len(v.subscribers) > 0 {
		return
	}

	v.stop()
	w.budgets.Forget(v.plan)
	delete(w.vaults, t)
	w.lister.Drop(t)
}

// dropReader drops the client that a subscriber reads with, if it is not the client of a watched
// vault.
func (w *Watcher) dropReader(s *subscriber) {
	if s.Reader != (Target{}) && w.vaults[s.Reader] == nil {
		w.lister.Drop(s.Reader)
	}
}
