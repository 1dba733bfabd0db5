// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package watch detects which secrets of which vaults have changed, with one request for each
// vault and interval.
//
// A vault is listed, which shows for every secret when it was last updated. Only
// the syncs that have a secret whose entry moved are woken, and also when listing
// begins to fail, fails in another way, or works again. An idle vault costs one
// list for each interval, however many syncs use it.
//
// Lists are bounded because teams control the number of secrets and vaults. A list keeps only
// the secrets that syncs name, and continues in a separate lane when it turns out to be slow;
// namespaces take turns in every lane. A short list that takes long, because Azure is slow,
// does not wait for long ones.
//
// While a team may be waiting for a change, its vault is listed faster. Package attention
// decides when, and how fast.
package watch

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	// earliest and latest are the parts of an interval after which the next poll begins,
	// unless it waits for others. Polls of vaults that were first listed together drift
	// apart.
	earliest = 0.9
	latest   = 1 - 1./ticks
	// Polls begin at ticks: so many in an interval, and more if they would be further
	// apart than longestTick. Otherwise all vaults with a long interval would be listed
	// at the same few moments.
	ticks       = 32
	longestTick = time.Second
	// The longest times between two polls of a vault that fails, unless Azure names
	// a longer one or the interval is longer: a team may be waiting for an identity
	// that was just made.
	maxBackoff         = 2 * time.Minute
	maxIdentityBackoff = time.Minute
	// maxLastingBackoff is for failures that last until the configuration changes.
	maxLastingBackoff = 5 * time.Minute
	// A list with more pages than slowPages is slow. 20 pages are 500 secrets.
	slowPages = 20
	// A list with fewer pages is sluggish if it takes longer than slowAfter. If it takes
	// longer than sluggishFor after its first page, it continues in the slow lane.
	slowAfter   = 2 * time.Second
	sluggishFor = 20 * time.Second
	// maxList is how long a list takes at most. With all slots of the slow lane taken,
	// MaxPages take less.
	maxList = 5 * time.Minute
	// pagesPerSecond of a vault, on average: one with many pages is listed less often.
	pagesPerSecond = 2
	// slowPagesPerSecond of all slow lists together. Pages cost CPU time.
	slowPagesPerSecond = 100
	// tooLargeRetry is how long a vault that is too large is not listed again.
	tooLargeRetry = 10 * time.Minute
	// maxMemory is how long the watcher remembers that a vault was throttled, or listed
	// out of turn.
	maxMemory = time.Hour
)

// A Target is a vault, read with one identity.
type Target struct {
	VaultURI string
	Identity keyvault.Identity
}

// An Interest has the secrets of a vault that a sync watches, and how often.
type Interest struct {
	// Names of secrets.
	Names []string
	// Interval of polls.
	Interval time.Duration
	// Fast is their interval while a team may be waiting. Zero: no fast polls.
	Fast time.Duration
	// Changes are times at which a team began to wait, in addition to the changes of
	// secrets that a list shows.
	Changes []time.Time
	// Updated are the times of change of secrets that were read: not every vault can be
	// listed.
	Updated []time.Time
	// Refused is true if the names may not be read one by one either.
	Refused bool
	// Created is when the provider last created a secret in the vault. Changes up to then
	// do not start fast polls.
	Created time.Time
}

// uri of the vault, the same however it is written.
func (t Target) uri() string { return strings.ToLower(strings.TrimSuffix(t.VaultURI, "/")) }

// A Lister lists vaults.
type Lister interface {
	// List the secrets of the target within bounds.
	List(ctx context.Context, t Target, l keyvault.Listing) ([]keyvault.Properties, error)
	// Drop the client of a target without subscribers.
	Drop(t Target)
}

// A Watcher lists vaults at intervals.
type Watcher struct {
	lister Lister
	wake   func(types.NamespacedName)
	// Lanes for polls under way. Vaults that do not answer, vaults with few pages that
	// take long, and vaults with slow lists have separate lanes, so that no other vault
	// waits for them.
	normal, unanswered, sluggish, slow *lane
	// pages of slow lists.
	pages *rate.Limiter

	metrics *Metrics
	// attentive is how long a vault is polled fast after a change.
	attentive time.Duration

	mu      sync.Mutex
	stopped bool
	vaults  map[Target]*vault
	syncs   map[types.NamespacedName]Target
	// budgets of fast polls.
	budgets attention.Budgets
	// throttled is when Azure last throttled a vault, by URI, and outOfTurn when a vault
	// was last listed out of turn. All identities share them.
	throttled map[string]time.Time
	outOfTurn map[attention.Vault]time.Time
}

// New returns a watcher that polls atOnce vaults at the same time and, in addition, as
// many each that do not answer, that take long, and whose lists are slow. For a time of
// attentive after a change, it polls a vault fast. It calls wake, which must not block,
// for a sync that has to look at its secrets.
func New(lister Lister, atOnce int, attentive time.Duration, metrics *Metrics, wake func(types.NamespacedName)) *Watcher {
	return &Watcher{
		lister: lister, wake: wake, metrics: metrics, attentive: attentive,
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

// Watch a target for a sync from now on, and no other target, and return what is
// known of it. The first watcher blocks until the target has been listed, or until
// the list turns out to be slow: then the snapshot does not cover the names yet, and
// the sync is woken when one does.
func (w *Watcher) Watch(ctx context.Context, sync types.NamespacedName, t Target, i Interest) Snapshot {
	return w.watch(ctx, sync, t, &subscriber{Interest: i}, false)
}

// WatchAfresh is Watch without waiting for the next poll: the target is listed now,
// unless Azure throttles it, its lists are slow, or it is not its Turn.
func (w *Watcher) WatchAfresh(ctx context.Context, sync types.NamespacedName, t Target, i Interest) Snapshot {
	return w.watch(ctx, sync, t, &subscriber{Interest: i}, true)
}

// Turn returns when the vault of a sync can be listed on a request that was made at that
// time. It is zero if the vault was listed since.
func (w *Watcher) Turn(sync types.NamespacedName, asked time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()

	v, ok := w.vaults[w.syncs[sync]]
	if !ok || !v.began.Before(asked) {
		return time.Time{}
	}

	now := time.Now()
	if w.budgets.Left(now, v.key(), v.turn()) {
		return earlier(v.due, w.outOfTurn[v.key()].Add(v.turn()))
	}

	return v.due
}

// Forget a sync.
func (w *Watcher) Forget(sync types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.unsubscribe(sync)
}

// LastList returns when the vault of a sync was last listed with success. Zero if
// it never was.
func (w *Watcher) LastList(sync types.NamespacedName) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[sync]]; ok {
		return v.snapshot.TakenAt
	}

	return time.Time{}
}

// Targets returns how many vaults are watched, each counted once for every
// identity it is read with.
func (w *Watcher) Targets() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	return len(w.vaults)
}

// Slow returns how many vaults have lists that are slow, and how many of those are
// too large to be listed.
func (w *Watcher) Slow() (slow, tooLarge int) {
	w.mu.Lock()
	defer w.mu.Unlock()

	for _, v := range w.vaults {
		if v.slow || v.sluggish {
			slow++
		}

		if keyvault.ReasonOf(v.snapshot.Err) == keyvault.TooLarge {
			tooLarge++
		}
	}

	return slow, tooLarge
}

// Created notes that we have created a secret in the vault of a sync.
func (w *Watcher) Created(sync types.NamespacedName, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[sync]]; ok {
		if s := v.subscribers[sync]; at.After(s.Created) {
			s.Created = at
		}
	}
}

// Interval in which the vault of a sync is polled now. Zero if it was not listed yet.
func (w *Watcher) Interval(sync types.NamespacedName) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v, ok := w.vaults[w.syncs[sync]]; ok {
		return v.plan.Interval
	}

	return 0
}

// Fast returns how many vaults are polled fast.
func (w *Watcher) Fast() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	n := 0

	for _, v := range w.vaults {
		if v.plan.Fast() {
			n++
		}
	}

	return n
}

func (w *Watcher) watch(ctx context.Context, sync types.NamespacedName, t Target, s *subscriber, afresh bool) Snapshot {
	v := w.subscribe(sync, t, s) //nolint:contextcheck // Polls go on after the call.

	for own := (*run)(nil); ; {
		w.mu.Lock()

		r := v.run
		if r == nil && own == nil && w.needsList(v, s, afresh) {
			r = w.begin(v, nil)
			own = r

			go w.list(r) //nolint:contextcheck,gosec // It goes on after the call, for others and if it is slow.
		}

		if r == nil || own != nil && own != r || r.detached || ctx.Err() != nil {
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

// needsList reports whether a subscriber needs a list now. A vault whose lists are slow is
// not listed for every new subscriber, and no vault is listed all the time: secrets can be
// read without a list.
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

func (w *Watcher) subscribe(sync types.NamespacedName, t Target, s *subscriber) *vault {
	w.mu.Lock()
	defer w.mu.Unlock()

	if old, ok := w.syncs[sync]; ok && old != t {
		w.unsubscribe(sync)
	}

	v, ok := w.vaults[t]
	if !ok {
		v = &vault{target: t, subscribers: map[types.NamespacedName]*subscriber{}}
		w.vaults[t] = v
	}

	now := time.Now()
	before, waited := v.interval(), w.mayPollFast(v, now)
	v.subscribers[sync] = s
	w.syncs[sync] = t
	v.waiting.See(now, s.Changes...)
	v.see(now)
	s.Changes = nil // The vault remembers the latest of them.

	if !v.listed || v.failures > 0 {
		return v
	}

	if v.interval() < before || !waited && w.mayPollFast(v, now) {
		// Unless it is due sooner, as others want it.
		w.plan(v)
		w.schedule(v, max(0, min(time.Until(v.due), time.Duration(float64(v.plan.Interval)*latest))))
	}

	return v
}

// unsubscribe with the mutex held.
func (w *Watcher) unsubscribe(sync types.NamespacedName) {
	t, ok := w.syncs[sync]
	if !ok {
		return
	}

	delete(w.syncs, sync)

	v := w.vaults[t]
	delete(v.subscribers, sync)

	if len(v.subscribers) > 0 {
		return
	}

	v.stop()
	w.budgets.Forget(v.plan)
	delete(w.vaults, t)
	w.lister.Drop(t)
}
