// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The provider's own limits for one vault and identity are far below the limit of Azure (4,000
// operations in 10 s), which all clients of the vault share. See
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

// A limiter of requests to one service. While the service throttles, nothing is sent.
//
// Identities share the pauses of a vault, because the vault throttles all of them. They do not
// share the rate: an identity that sends many requests, perhaps to a vault that is not its
// own, must not delay others.
type limiter struct {
	*pauses

	rate *rate.Limiter
}

// pauses of a service that throttles requests.
type pauses struct {
	now func() time.Time

	mu    sync.Mutex
	until time.Time
	pause time.Duration
}

func newLimiter(now func() time.Time) *limiter {
	return newRate(&pauses{now: now})
}

// newRate returns a limiter that has its own rate and shares these pauses.
func newRate(p *pauses) *limiter {
	return &limiter{rate: rate.NewLimiter(requestsPerSecond, requestsAtOnce), pauses: p}
}

// wait until a request may be sent. During a pause, it returns the rest of the pause
// immediately.
func (l *limiter) wait(ctx context.Context) (paused time.Duration, err error) {
	if d := l.paused(); d > 0 {
		return d, nil
	}

	return 0, l.rate.Wait(ctx)
}

// paused returns the rest of a pause, or zero.
func (l *pauses) paused() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()

	return max(0, l.until.Sub(l.now()))
}

// throttled starts a pause and returns its length: the service's Retry-After or, without one,
// twice the last pause.
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

// answered resets the backoff of the pauses.
func (l *pauses) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.pause = 0
}
