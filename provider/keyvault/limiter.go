// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The provider's own limits for one vault and identity are far below those of Azure (4,000
// operations in 10 s), which all users of the vault share. See
// https://learn.microsoft.com/azure/key-vault/general/service-limits
const (
	requestsPerSecond = 50
	requestsAtOnce    = 200
)

// Pauses after a service has throttled a request without a Retry-After.
const (
	firstPause = 10 * time.Second
	maxPause   = 5 * time.Minute
)

// A limiter of requests to one service. When the service throttles, nothing is sent until
// the time that it names has passed.
//
// Identities share the pauses of a vault, which throttles all of them, and not the rate:
// an identity that sends many requests, perhaps to a vault that is not its own, delays no
// other.
type limiter struct {
	*pauses

	rate *rate.Limiter
}

// pauses that a throttling service imposes.
type pauses struct {
	now func() time.Time

	mu    sync.Mutex
	until time.Time
	pause time.Duration
}

func newLimiter(now func() time.Time) *limiter {
	return newRate(&pauses{now: now})
}

// newRate returns a limiter with a rate of its own that observes these pauses.
func newRate(p *pauses) *limiter {
	return &limiter{rate: rate.NewLimiter(requestsPerSecond, requestsAtOnce), pauses: p}
}

// wait for a request's turn. During a pause it returns at once how long that
// still lasts.
func (l *limiter) wait(ctx context.Context) (paused time.Duration, err error) {
	if d := l.paused(); d > 0 {
		return d, nil
	}

	return 0, l.rate.Wait(ctx)
}

// paused returns how long a pause still lasts.
func (l *pauses) paused() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()

	return max(0, l.until.Sub(l.now()))
}

// throttled starts a pause: as long as the service said or, if it did not, twice
// as long as the last one. It returns how long.
func (l *pauses) throttled(retryAfter time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()

	// The request was sent before the pause began.
	if remaining := l.until.Sub(l.now()); remaining > 0 && retryAfter <= remaining {
		return remaining
	}

	if retryAfter <= 0 {
		l.pause = min(max(firstPause, 2*l.pause), maxPause)
		retryAfter = l.pause
	}

	l.until = l.now().Add(retryAfter)

	return retryAfter
}

// answered ends a series of pauses.
func (l *pauses) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.pause = 0
}
