// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"maps"
	"time"

	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// takeTurn reports whether a vault may be listed out of turn, and spends its budget for that,
// with the mutex held.
func (w *Watcher) takeTurn(v *vault) bool {
	now := time.Now()

	switch key := v.budgetKey(); {
	case now.Sub(w.outOfTurn[key]) < v.outOfTurnInterval():
		return false
	case w.budgets.Spend(now, key, v.outOfTurnInterval()) != "":
		return false
	default:
		remember(w.outOfTurn, key, now)

		return true
	}
}

// remember records when something happened, and drops times that are too old to matter.
func remember[K comparable](times map[K]time.Time, key K, now time.Time) {
	maps.DeleteFunc(times, func(_ K, at time.Time) bool { return now.Sub(at) > maxMemory })

	times[key] = now
}

// plan the next poll with the mutex held.
func (w *Watcher) plan(v *vault) {
	now := time.Now()
	v.noteChanges(now)

	v.plan = w.budgets.Plan(now, attention.Poll{
		Vault: v.budgetKey(), Requests: max(v.pages, 1), Reads: v.reads(),
		Regular: v.backedOff(max(v.interval(), v.pace())), Fast: v.backedOff(max(v.fastInterval(), v.pace())), Waiting: w.mayPollFast(v, now),
	}, v.plan)

	if v.plan.Exhausted != "" {
		w.metrics.limited(v.plan.Exhausted)
	}
}

// mayPollFast reports whether a team may be waiting for the vault, and the vault is neither
// slow nor throttled.
func (w *Watcher) mayPollFast(v *vault, now time.Time) bool {
	return v.fastInterval() > 0 && v.waiting.Open(now, w.fastWindow) &&
		!v.slow && !v.sluggish && now.Sub(w.throttled[v.target.uri()]) >= w.fastWindow
}

// schedule the next poll with the mutex held.
func (w *Watcher) schedule(v *vault, after time.Duration) {
	v.stop()

	if w.unwatched(v) {
		return
	}

	now := time.Now()
	after = untilTick(now, max(after, keyvault.RetryAfterOf(v.snapshot.Err)), min(v.plan.Interval/ticks, longestTick))
	v.due = now.Add(after)
	v.timer = time.AfterFunc(after, func() { w.poll(v) })
}

// untilTick rounds up to the next tick, so that polls of many vaults begin together: an idle
// provider needs as much CPU time to wake up as to list a vault.
func untilTick(now time.Time, after, tick time.Duration) time.Duration {
	at := now.Add(after)

	if at.Truncate(tick).Equal(at) {
		return after
	}

	return after + at.Truncate(tick).Add(tick).Sub(at)
}

// poll a vault when it is due.
func (w *Watcher) poll(v *vault) {
	w.mu.Lock()
	l, queued := w.laneOf(v), v.queued
	v.queued = true
	w.mu.Unlock()

	if queued {
		return
	}

	l.enter(v.target.namespace())

	w.mu.Lock()

	v.queued = false
	late := time.Since(v.due)

	if w.unwatched(v) || late < 0 || v.run != nil {
		// This poll is obsolete: the vault is being listed, or was rescheduled or dropped.
		l.leave(v.target.namespace())
		w.mu.Unlock()

		return
	}

	r := w.begin(v, l)
	w.mu.Unlock()

	if l == w.normal {
		w.metrics.late(late)
	}

	w.list(r)
}
