// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"maps"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// A vault that is watched.
type vault struct {
	target Target

	// All of these are guarded by the watcher's mutex.
	subscribers map[types.NamespacedName]*subscriber
	snapshot    Snapshot
	listed      bool
	failures    int
	due         time.Time
	timer       *time.Timer
	// queued is true while a poll waits for its turn, and run is the running list.
	queued bool
	run    *run
	// pages of the last list, whether it took long, and whether the next list is expected
	// to be sluggish or slow.
	pages          int
	tookLong       bool
	sluggish, slow bool

	// began is when the last list began, and waiting is since when a team may be waiting.
	began   time.Time
	waiting attention.Span
	plan    attention.Plan

	// waking has the subscribers that wait for their turn to be woken, and turn is when the next one comes.
	waking map[types.NamespacedName]bool
	turn   time.Time
}

type subscriber struct {
	Interest

	// hasSnapshot is false until the subscriber gets its first snapshot.
	hasSnapshot bool
}

// outOfTurnInterval is the shortest time between two lists out of turn.
func (v *vault) outOfTurnInterval() time.Duration {
	d := v.fastInterval()
	if d == 0 {
		d = v.interval()
	}

	return max(d, v.pace())
}

// noteChanges of the vault that a team may be waiting for, with the mutex held.
func (v *vault) noteChanges(now time.Time) {
	var created time.Time

	for s := range maps.Values(v.subscribers) {
		if s.Created.After(created) {
			created = s.Created
		}
	}

	for item := range maps.Values(v.snapshot.items) {
		if item != nil && item.Updated.After(created) {
			v.waiting.See(now, item.Updated)
		}
	}

	for s := range maps.Values(v.subscribers) {
		for _, at := range s.Updated {
			if at.After(created) {
				v.waiting.See(now, at)
			}
		}
	}
}

// interval is the shortest that a subscriber wants.
func (v *vault) interval() time.Duration {
	shortest := time.Duration(1<<63 - 1)
	for s := range maps.Values(v.subscribers) {
		shortest = min(shortest, s.Interval)
	}

	return shortest
}

// fastInterval is the shortest interval that a subscriber wants while a team may be waiting,
// or zero.
func (v *vault) fastInterval() time.Duration {
	shortest := time.Duration(0)

	for s := range maps.Values(v.subscribers) {
		if s.Fast > 0 && (shortest == 0 || s.Fast < shortest) {
			shortest = s.Fast
		}
	}

	return shortest
}

// awaited reports whether a subscriber waits for a list that is running. If the list hangs, the many syncs of a
// shared vault would occupy the provider. The list wakes them if it shows changes.
func (v *vault) awaited(s *subscriber, afresh bool) bool {
	return !v.target.shared() || !v.listed || afresh || v.snapshot.Err == nil && !v.snapshot.coversAll(s.Names)
}

// reads returns, for each sync, how many secrets it reads one by one because the identity has
// no permission to list the vault.
func (v *vault) reads() []int {
	if keyvault.ReasonOf(v.snapshot.Err) != keyvault.Forbidden {
		return nil
	}

	var list []int

	for s := range maps.Values(v.subscribers) {
		if !s.Refused {
			list = append(list, len(s.Names))
		}
	}

	return list
}

// budgetKey identifies a vault in the budgets.
func (v *vault) budgetKey() attention.Vault {
	return attention.Vault{Namespace: v.target.namespace(), URI: v.target.uri()}
}

// delay until the next poll.
func (v *vault) delay() time.Duration {
	return time.Duration(float64(v.plan.Interval) * (earliest + (latest-earliest)*rand.Float64())) //nolint:gosec // It is no secret.
}

// backedOff returns the poll interval with backoff while the vault fails.
func (v *vault) backedOff(interval time.Duration) time.Duration {
	longest := interval

	switch keyvault.ReasonOf(v.snapshot.Err) {
	case keyvault.NoIdentity:
		longest = max(longest, maxIdentityBackoff)

		if e, ok := errors.AsType[*keyvault.Error](v.snapshot.Err); ok && e.Lasting() {
			longest = max(longest, maxLastingBackoff)
		}
	case keyvault.Unreachable:
		longest = max(longest, maxBackoff)
	case keyvault.TooLarge:
		// Jitter takes a tenth of it.
		return max(interval, tooLargeRetry*10/9)
	default:
		// Such a failure costs no more than a successful list.
	}

	if interval < longest { // A long interval would overflow.
		interval = min(interval<<min(max(v.failures-1, 0), 8), longest)
	}

	return max(interval, keyvault.RetryAfterOf(v.snapshot.Err))
}

// pace is the shortest average interval that pagesPerSecond allows.
func (v *vault) pace() time.Duration {
	return time.Duration(v.pages) * time.Second / pagesPerSecond
}

func (v *vault) stop() {
	if v.timer != nil {
		v.timer.Stop()
	}
}
