// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import "time"

// Azure's limits for a vault in a region, within window.
const (
	window        = 10 * time.Second
	maxCreations  = 300
	maxOperations = 4000
)

// A limiter lets so many requests through in a window that slides.
type limiter struct {
	// times of the last requests that were let through, as a ring that grows until it has max of them.
	times []time.Time
	next  int
	max   int
}

// take lets a request through, or says when the next one will be.
func (l *limiter) take(now time.Time) (time.Duration, bool) {
	if len(l.times) < l.max {
		l.times = append(l.times, now)

		return 0, true
	}

	if free := l.times[l.next].Add(window).Sub(now); free > 0 {
		return free, false
	}

	l.times[l.next] = now
	l.next = (l.next + 1) % l.max

	return 0, true
}
