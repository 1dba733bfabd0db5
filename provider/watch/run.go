// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// A run is one list of a vault, from its start to its end.
type run struct {
	vault *vault
	// snapshot that is being taken.
	snapshot Snapshot
	// released is closed when callers stop waiting, because the list has ended or continues
	// in a separate lane.
	released chan struct{}

	// Only the goroutine of the list uses these.
	started time.Time
	// since is when the first page arrived or, if later, when the list entered its lane.
	since time.Time
	// paused is how long the list has waited for other lists since then.
	paused time.Duration
	pages  int
	// tookLong is true once the list has taken longer than slowAfter, and slow once it is in
	// the slow lane.
	tookLong, slow bool

	// These are guarded by the watcher's mutex.
	lane *lane
	// detached is true if no caller waits for the list.
	detached bool
}

// begin a list for all current subscribers, with the mutex held. A list that a subscriber
// waits for has no lane.
func (w *Watcher) begin(v *vault, l *lane) *run {
	var names []string
	for s := range maps.Values(v.subscribers) {
		names = append(names, s.Names...)
	}

	now := time.Now()
	v.began = now
	v.run = &run{vault: v, snapshot: NewSnapshot(nil, names, now), released: make(chan struct{}), started: now, since: now, pages: 1, lane: l, slow: l == w.slow, detached: l == w.slow || l == w.sluggish}

	if v.run.detached {
		close(v.run.released)
	}

	return v.run
}

// list a vault and schedule the next list.
func (w *Watcher) list(r *run) {
	// A list that takes long makes room in the normal lane.
	patience := time.AfterFunc(slowAfter, func() { w.leave(r, w.normal) })

	// Each request has its own deadline.
	list, err := w.lister.List(context.Background(), r.vault.target, keyvault.Listing{
		Keep: r.snapshot.Covers,
		Next: func(ctx context.Context, pages int) error { return w.next(ctx, r, pages) },
	})

	patience.Stop()
	w.finish(r, list, err)
}

// finish a list: store its result, wake the syncs that it affects, and schedule the next list.
func (w *Watcher) finish(r *run, list []keyvault.Properties, err error) {
	v := r.vault
	r.snapshot.fill(list)

	tookLong := r.tookLong || r.took(time.Now()) > slowAfter

	w.mu.Lock()
	defer w.mu.Unlock()

	w.leaveLocked(r, r.lane)

	next := r.snapshot
	if err != nil {
		next = Snapshot{TakenAt: v.snapshot.TakenAt, items: v.snapshot.items, Err: err}
		v.failures++
	} else {
		v.failures = 0
	}

	if throttledByVault(err) {
		remember(w.throttled, v.target.uri(), time.Now())
	}

	tooLarge := keyvault.ReasonOf(err) == keyvault.TooLarge
	if err == nil || tooLarge {
		v.slow = tooLarge || r.pages > slowPages
		// A single list that took long may be an exception.
		v.sluggish = !v.slow && tookLong && v.tookLong
		v.pages, v.tookLong = r.pages, tookLong
	}

	last := v.snapshot
	v.snapshot, v.listed, v.run = next, true, nil

	for key, s := range v.subscribers {
		if !s.hasSnapshot {
			continue
		}

		if n := next.changes(last, s.Names); n > 0 {
			w.wakeAtPace(v, key, n)
		}
	}

	if !r.detached {
		close(r.released)
	}

	if w.vaults[v.target] == nil {
		w.lister.Drop(v.target) // The last subscriber left during the list.
	}

	if !w.unwatched(v) {
		w.plan(v)
		w.schedule(v, v.delay())
	}
}

// throttledByVault reports whether the vault itself throttles, which is the same for all identities. Entra ID and the
// provider's own limiter throttle a single one.
func throttledByVault(err error) bool {
	e, ok := errors.AsType[*keyvault.Error](err)

	return ok && e.Reason == keyvault.Throttled && e.Cause.Reason == finding.VaultThrottled
}

// wakeAtPace wakes a sync that then reads up to n secrets, with the mutex held. A shared vault has many: they are woken at
// the pace of ReadsPerSecond after ReadsAtOnce, however often its secrets change. A sync that waits for its turn gets no
// other one: it reads the latest values then.
func (w *Watcher) wakeAtPace(v *vault, key types.NamespacedName, n int) {
	if !v.target.shared() {
		w.wake(key, v.snapshot.Unavailable())

		return
	}

	if v.waking[key] {
		return
	}

	now := time.Now()
	pause := latestOf(v.turn, now.Add(-pace(ReadsAtOnce))).Sub(now)
	v.turn = now.Add(pause + pace(n))

	// Without the list, its syncs read their secrets themselves.
	const unavailable = false

	if pause <= 0 {
		w.wake(key, unavailable)

		return
	}

	v.waking[key] = true

	time.AfterFunc(pause, func() {
		w.mu.Lock()
		defer w.mu.Unlock()

		delete(v.waking, key)

		if !w.unwatched(v) && v.subscribers[key] != nil {
			w.wake(key, unavailable)
		}
	})
}

// pace is the time in which a shared vault gets that many reads.
func pace(reads int) time.Duration { return time.Duration(reads) * time.Second / ReadsPerSecond }

func latestOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}

// took returns how long a list has taken, without the time that it waited for other lists.
func (r *run) took(now time.Time) time.Duration { return now.Sub(r.since) - r.paused }

// next runs before each page of a list except the first. It moves a list that has become
// sluggish or slow to the lane of such lists.
func (w *Watcher) next(ctx context.Context, r *run, pages int) error {
	now := time.Now()
	r.tookLong = r.tookLong || r.took(now) > slowAfter

	if pages == 1 {
		r.since = now
	}

	r.pages = pages + 1

	switch {
	case now.Sub(r.since) > maxList:
		return &keyvault.Error{Reason: keyvault.TooLarge, Cause: finding.Finding{Reason: finding.ListTooSlow, Every: maxList}}
	case r.slow:
	case pages >= slowPages, r.took(now) > sluggishFor:
		r.slow = true
		w.move(r, w.slow)
	case !r.detached && r.took(now) > slowAfter:
		w.move(r, w.sluggish)
	}

	w.mu.Lock()
	unwatched := w.unwatched(r.vault)
	w.mu.Unlock()

	if unwatched {
		return errUnwatched
	}

	if !r.slow {
		return nil
	}

	now = time.Now()
	err := w.pages.Wait(ctx)
	r.paused += time.Since(now)

	return err
}

// errUnwatched ends a list that has lost its last subscriber.
var errUnwatched = errors.New("the vault is no longer watched")

// unwatched reports whether a vault is no longer watched, with the mutex held.
func (w *Watcher) unwatched(v *vault) bool { return w.stopped || w.vaults[v.target] != v }

// move a list to another lane. Callers stop waiting for it.
func (w *Watcher) move(r *run, to *lane) {
	w.mu.Lock()
	w.leaveLocked(r, r.lane)

	if !r.detached {
		r.detached = true
		close(r.released)
	}
	w.mu.Unlock()

	to.enter(r.vault.target.namespace())

	r.since, r.paused = time.Now(), 0

	w.mu.Lock()
	defer w.mu.Unlock()

	r.lane = to
}

// leave a lane, if the list is in it.
func (w *Watcher) leave(r *run, l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.leaveLocked(r, l)
}

func (w *Watcher) leaveLocked(r *run, l *lane) {
	if l == nil || r.lane != l {
		return
	}

	l.leave(r.vault.target.namespace())

	r.lane = nil
}

// laneOf a vault, with the mutex held. A single failure may be an exception.
func (w *Watcher) laneOf(v *vault) *lane {
	switch {
	case v.slow:
		return w.slow
	case v.failures > 1 && keyvault.ReasonOf(v.snapshot.Err) == keyvault.Unreachable:
		return w.unanswered
	case v.sluggish:
		return w.sluggish
	default:
		return w.normal
	}
}
