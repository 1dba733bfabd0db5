// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package watch finds out which secrets of which vaults have changed, with one
// request for each vault and interval.
//
// A vault is listed, which shows for every secret when it was last updated. Only
// the syncs that have a secret whose entry moved are woken, and also when listing
// begins to fail, fails in another way, or works again. An idle vault costs one
// list, whoever and however many want to know.
package watch

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	// earliest and latest are how much of an interval passes before the next poll, but
	// for what it waits for others. Polls of vaults that were first listed together
	// drift apart.
	earliest = 0.9
	latest   = 1 - 1./ticks
	// Polls begin at ticks: so many in an interval, and more if they would be further
	// apart than longestTick. Else all vaults with a long interval would be listed at
	// the same few moments.
	ticks       = 32
	longestTick = time.Second
	// The longest times between two polls of a vault that fails, unless Azure names
	// a longer one or the interval is longer: somebody may be waiting for an identity
	// that was just made.
	maxBackoff         = 2 * time.Minute
	maxIdentityBackoff = time.Minute
)

// A Target is a vault, read with one identity.
type Target struct {
	VaultURI string
	Identity keyvault.Identity
}

// A Lister lists vaults.
type Lister interface {
	// List the secrets of the target.
	List(ctx context.Context, t Target) ([]keyvault.Properties, error)
	// Drop what is kept for a target that nobody watches any more.
	Drop(t Target)
}

// An Item is what a list tells of one secret.
type Item struct {
	Updated time.Time
	Enabled bool
}

// A Snapshot is what is known of a vault.
type Snapshot struct {
	// TakenAt is when the last list that worked began. Zero if none did.
	TakenAt time.Time
	// Err is why the last list failed. Nil if it worked.
	Err error

	// items by name, as of the last list that worked.
	items map[string]Item
}

// NewSnapshot of a list.
func NewSnapshot(list []keyvault.Properties, takenAt time.Time) Snapshot {
	s := Snapshot{TakenAt: takenAt, items: make(map[string]Item, len(list))}
	for _, p := range list {
		s.items[strings.ToLower(p.Name)] = Item{Updated: p.Updated, Enabled: p.Enabled}
	}

	return s
}

// Item of that name. Key Vault does not tell names apart by case.
func (s Snapshot) Item(name string) (Item, bool) {
	i, ok := s.items[strings.ToLower(name)]
	return i, ok
}

// differs tells whether one who has these secrets has to look at them again.
func (s Snapshot) differs(old Snapshot, names []string) bool {
	if !sameFailure(s.Err, old.Err) {
		return true
	}

	for _, name := range names {
		now, is := s.Item(name)
		before, was := old.Item(name)

		if is != was || now.Enabled != before.Enabled || !now.Updated.Equal(before.Updated) {
			return true
		}
	}

	return false
}

func sameFailure(a, b error) bool {
	if keyvault.ReasonOf(a) != keyvault.ReasonOf(b) {
		return false
	}

	return words(a) == words(b)
}

// words that tell one failure from another of the same reason. Who is down fails in
// ever other ways, about which there is nothing else to do.
func words(err error) string {
	e, ok := errors.AsType[*keyvault.Error](err)
	if !ok || e.Reason == keyvault.Unreachable && (e.Status == 0 || e.Status >= http.StatusInternalServerError) {
		return ""
	}

	return e.Detail
}

// A Watcher lists vaults at intervals.
type Watcher struct {
	lister Lister
	wake   func(types.NamespacedName)
	// slots are for polls under way. Vaults that do not answer take theirs for long, and
	// have some of their own: they keep nobody else waiting.
	slots, unanswered chan struct{}

	metrics *Metrics

	mu      sync.Mutex
	stopped bool
	vaults  map[Target]*vault
	syncs   map[types.NamespacedName]Target
}

// A vault that is watched.
type vault struct {
	target Target

	// poll is held while the vault is listed.
	poll sync.Mutex

	// All of these are guarded by the watcher's mutex.
	subscribers map[types.NamespacedName]subscriber
	snapshot    Snapshot
	listed      bool
	failures    int
	due         time.Time
	timer       *time.Timer
}

type subscriber struct {
	names    []string
	interval time.Duration
}

// New returns a watcher that polls so many vaults at once, and as many that have not
// answered lately. It calls wake, which must not block, for a sync that has to look
// at its secrets.
func New(lister Lister, atOnce int, metrics *Metrics, wake func(types.NamespacedName)) *Watcher {
	return &Watcher{
		lister: lister, wake: wake, metrics: metrics,
		slots: make(chan struct{}, atOnce), unanswered: make(chan struct{}, atOnce),
		vaults: map[Target]*vault{}, syncs: map[types.NamespacedName]Target{},
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
// known of it. Who is the first to watch it waits for it to be listed.
func (w *Watcher) Watch(ctx context.Context, sync types.NamespacedName, t Target, names []string, interval time.Duration) Snapshot {
	return w.watch(ctx, sync, t, subscriber{names: names, interval: interval}, false)
}

// WatchAfresh is Watch that does not wait for the next poll: the target is listed
// now, unless it has asked for a pause.
func (w *Watcher) WatchAfresh(ctx context.Context, sync types.NamespacedName, t Target, names []string, interval time.Duration) Snapshot {
	return w.watch(ctx, sync, t, subscriber{names: names, interval: interval}, true)
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

func (w *Watcher) watch(ctx context.Context, sync types.NamespacedName, t Target, s subscriber, afresh bool) Snapshot {
	v := w.subscribe(sync, t, s) //nolint:contextcheck // Polls go on after the call.

	v.poll.Lock()
	defer v.poll.Unlock()

	w.mu.Lock()
	snapshot, listed := v.snapshot, v.listed
	paused := retryAfter(snapshot.Err) > 0 && time.Now().Before(v.due)
	w.mu.Unlock()

	if listed && (!afresh || paused) {
		return snapshot
	}

	return w.list(ctx, v)
}

func (w *Watcher) subscribe(sync types.NamespacedName, t Target, s subscriber) *vault {
	w.mu.Lock()
	defer w.mu.Unlock()

	if old, ok := w.syncs[sync]; ok && old != t {
		w.unsubscribe(sync)
	}

	v, ok := w.vaults[t]
	if !ok {
		v = &vault{target: t, subscribers: map[types.NamespacedName]subscriber{}}
		w.vaults[t] = v
	}

	before := v.interval()
	v.subscribers[sync] = s
	w.syncs[sync] = t

	if after := v.interval(); v.listed && v.failures == 0 && after < before {
		// Unless it is due sooner, as others want it.
		w.schedule(v, max(0, min(time.Until(v.due), time.Duration(float64(after)*latest))))
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
	delete(w.vaults, t)
	w.lister.Drop(t)
}

// list a vault and say when to do so again. The vault's poll mutex is held.
func (w *Watcher) list(ctx context.Context, v *vault) Snapshot {
	start := time.Now()
	list, err := w.lister.List(ctx, v.target)

	w.mu.Lock()
	defer w.mu.Unlock()

	next := NewSnapshot(list, start)
	if err != nil {
		next = Snapshot{TakenAt: v.snapshot.TakenAt, items: v.snapshot.items, Err: err}
		v.failures++
	} else {
		v.failures = 0
	}

	if v.listed {
		for sync, s := range v.subscribers {
			if next.differs(v.snapshot, s.names) {
				w.wake(sync)
			}
		}
	}

	v.snapshot, v.listed = next, true

	if w.vaults[v.target] == nil {
		w.lister.Drop(v.target) // It was forgotten while it was listed.
	}

	w.schedule(v, v.delay()) //nolint:contextcheck // Polls go on after the call.

	return next
}

// schedule the next poll with the mutex held.
func (w *Watcher) schedule(v *vault, after time.Duration) {
	v.stop()

	if w.stopped || w.vaults[v.target] != v {
		return
	}

	now := time.Now()
	after = together(now, max(after, retryAfter(v.snapshot.Err)), min(v.interval()/ticks, longestTick))
	v.due = now.Add(after)
	v.timer = time.AfterFunc(after, func() { w.poll(v) })
}

// together waits a little longer than after, so that polls of many vaults begin
// at the same moments: for an idle provider, to wake up costs as much as to list a
// vault.
func together(now time.Time, after, tick time.Duration) time.Duration {
	at := now.Add(after)

	if at.Truncate(tick).Equal(at) {
		return after
	}

	return after + at.Truncate(tick).Add(tick).Sub(at)
}

// poll a vault when it is due.
func (w *Watcher) poll(v *vault) {
	slots := w.slotsFor(v)

	slots <- struct{}{}
	defer func() { <-slots }()

	v.poll.Lock()
	defer v.poll.Unlock()

	w.mu.Lock()
	due, gone := v.due, w.stopped || w.vaults[v.target] != v
	w.mu.Unlock()

	late := time.Since(due)
	if gone || late < 0 {
		return // Meanwhile another poll was scheduled, or none.
	}

	if slots == w.slots {
		w.metrics.late(late)
	}

	// Every request has a deadline of its own.
	w.list(context.Background(), v)
}

// slotsFor a poll of a vault. One failure may pass by.
func (w *Watcher) slotsFor(v *vault) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()

	if v.failures > 1 && keyvault.ReasonOf(v.snapshot.Err) == keyvault.Unreachable {
		return w.unanswered
	}

	return w.slots
}

// interval is the shortest that a subscriber wants.
func (v *vault) interval() time.Duration {
	shortest := time.Duration(1<<63 - 1)
	for s := range maps.Values(v.subscribers) {
		shortest = min(shortest, s.interval)
	}

	return shortest
}

// delay until the next poll.
func (v *vault) delay() time.Duration {
	interval := v.interval()
	jittered := time.Duration(float64(interval) * (earliest + (latest-earliest)*rand.Float64())) //nolint:gosec // It is no secret.

	longest := interval

	switch keyvault.ReasonOf(v.snapshot.Err) {
	case keyvault.NoIdentity:
		longest = maxIdentityBackoff
	case keyvault.Unreachable:
		longest = maxBackoff
	default:
		// It costs no more than when all is well.
	}

	return max(jittered, min(jittered<<min(max(v.failures-1, 0), 8), longest))
}

func (v *vault) stop() {
	if v.timer != nil {
		v.timer.Stop()
	}
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*keyvault.Error](err); ok {
		return e.RetryAfter
	}

	return 0
}
