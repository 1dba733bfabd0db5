// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// A run is a list under way.
type run struct {
	vault *vault
	// snapshot that is being taken.
	snapshot Snapshot
	// released is closed when callers stop waiting: the list has ended, or continues
	// in a separate lane.
	released chan struct{}

	// Only the list uses these.
	started time.Time
	// since is when the first page came or, if that is later, when the list entered its
	// lane.
	since time.Time
	// paused is how long the list has waited for others since then.
	paused time.Duration
	pages  int
	// tookLong is true once it has taken long, and slow in the slow lane.
	tookLong, slow bool

	// These are guarded by the watcher's mutex.
	lane *lane
	// detached is true if no caller waits for it.
	detached bool
}

// begin a list for all current subscribers, with the mutex held. It is in no lane if a
// subscriber waits for it.
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
	// A list that takes long gives its place to others.
	patience := time.AfterFunc(slowAfter, func() { w.leave(r, w.normal) })

	// Every request has a deadline of its own.
	list, err := w.lister.List(context.Background(), r.vault.target, keyvault.Listing{
		Keep: r.snapshot.Covers,
		Next: func(ctx context.Context, pages int) error { return w.next(ctx, r, pages) },
	})

	patience.Stop()
	w.finish(r, list, err)
}

// finish a list: keep its result, wake the syncs that it concerns, and schedule the next one.
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

	if keyvault.ReasonOf(err) == keyvault.Throttled {
		remember(w.throttled, v.target.uri(), time.Now())
	}

	tooLarge := keyvault.ReasonOf(err) == keyvault.TooLarge
	if err == nil || tooLarge {
		v.slow = tooLarge || r.pages > slowPages
		// A single list that took long may be an exception.
		v.sluggish = !v.slow && tookLong && v.tookLong
		v.pages, v.tookLong = r.pages, tookLong
	}

	for sync, s := range v.subscribers {
		if s.hasSnapshot && next.differs(v.snapshot, s.Names) {
			w.wake(sync)
		}
	}

	v.snapshot, v.listed, v.run = next, true, nil

	if !r.detached {
		close(r.released)
	}

	if w.vaults[v.target] == nil {
		w.lister.Drop(v.target) // It was forgotten while it was listed.
	}

	if !w.gone(v) {
		w.plan(v)
		w.schedule(v, v.delay())
	}
}

// took tells how long a list has taken, without its waits for others.
func (r *run) took(now time.Time) time.Duration { return now.Sub(r.since) - r.paused }

// next is called before each page of a list but the first. A list that turns out to be
// sluggish or slow continues in that lane.
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
	gone := w.gone(r.vault)
	w.mu.Unlock()

	if gone {
		return errGone
	}

	if !r.slow {
		return nil
	}

	now = time.Now()
	err := w.pages.Wait(ctx)
	r.paused += time.Since(now)

	return err //nolint:wrapcheck // The context has no end.
}

// errGone ends a list without subscribers.
var errGone = errors.New("the vault is no longer watched")

// gone reports whether a vault is no longer watched, with the mutex held.
func (w *Watcher) gone(v *vault) bool { return w.stopped || w.vaults[v.target] != v }

// move a list to another lane. Callers stop waiting for it.
func (w *Watcher) move(r *run, to *lane) {
	w.mu.Lock()
	w.leaveLocked(r, r.lane)

	if !r.detached {
		r.detached = true
		close(r.released)
	}
	w.mu.Unlock()

	to.enter(r.vault.target.Identity.Namespace)

	r.since, r.paused = time.Now(), 0

	w.mu.Lock()
	defer w.mu.Unlock()

	r.lane = to
}

// leave a lane, if the list is in that one.
func (w *Watcher) leave(r *run, l *lane) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.leaveLocked(r, l)
}

func (w *Watcher) leaveLocked(r *run, l *lane) {
	if l == nil || r.lane != l {
		return
	}

	l.leave(r.vault.target.Identity.Namespace)

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
