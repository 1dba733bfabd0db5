// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of our own for one vault and identity, far below those of Azure (4,000 operations in
// 10 s), which are shared with everybody else who uses it. See
// https://learn.microsoft.com/azure/key-vault/general/service-limits
const (
	requestsPerSecond = 50
	requestsAtOnce    = 200
)

// Pauses of a service that asks to slow down without saying for how long.
const (
	firstPause = 10 * time.Second
	maxPause   = 5 * time.Minute
)

// A limiter of requests to one service. When the service asks to slow down,
// nothing is sent until the time it names has passed.
//
// Identities share the pauses of a vault, which throttles all of them, and not the
// rate: one that sends a lot, to a vault that may not even be its own, keeps nobody
// else waiting.
type limiter struct {
	*pauses

	rate *rate.Limiter
}

// pauses that a service asks for.
type pauses struct {
	now func() time.Time

	mu    sync.Mutex
	until time.Time
	pause time.Duration
}

func newLimiter(now func() time.Time) *limiter {
	return newRate(&pauses{now: now})
}

// newRate returns a limiter with a rate of its own that heeds these pauses.
func newRate(p *pauses) *limiter {
	return &limiter{rate: rate.NewLimiter(requestsPerSecond, requestsAtOnce), pauses: p}
}

// wait for a request's turn. During a pause it returns at once how long that
// still lasts.
func (l *limiter) wait(ctx context.Context) (paused time.Duration, err error) {
	if d := l.paused(); d > 0 {
		return d, nil
	}

	return 0, l.rate.Wait(ctx) //nolint:wrapcheck // The caller says what was waited for.
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

	// Answers to requests that were on their way when the pause began.
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

// answered ends a row of pauses.
func (l *pauses) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.pause = 0
}
