// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import "time"

const (
	// A sync may use iterationsAtOnce iterations of key derivations at once, and on average the same
	// number in 10 minutes. They take some seconds of CPU time. PFX files of openssl and Azure
	// need a few thousand iterations, and those of Java 8 to 11 need 200,000.
	iterationsAtOnce    = 4_000_000
	iterationsPerSecond = iterationsAtOnce / 600
)

// A budget of iterations recovers with time.
type budget struct {
	// recovered is when the whole budget is available again.
	recovered time.Time
}

// spend iterations now and return now, if the budget then still has the reserved iterations.
// Otherwise spend nothing, and return when to try again.
func (b *budget) spend(iterations, reserved int, now time.Time) time.Time {
	if iterations == 0 {
		return now
	}

	spent := max(0, b.recovered.Sub(now))
	if wait := spent + recovery(iterations+reserved) - recovery(iterationsAtOnce); wait > 0 {
		return now.Add(wait + time.Second)
	}

	b.recovered = now.Add(spent + recovery(iterations))

	return now
}

// recovery is the time until a number of iterations is available again.
func recovery(iterations int) time.Duration {
	return time.Duration(iterations) * time.Second / iterationsPerSecond
}
