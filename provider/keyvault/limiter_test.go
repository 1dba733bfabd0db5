// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLimiterThrottled(t *testing.T) {
	// A step is one thing that happens to a limiter, some time after the one before.
	type step struct {
		after time.Duration
		// answered, or throttled with this Retry-After.
		answered   bool
		retryAfter time.Duration
		// want is how long the pause is then.
		want time.Duration
	}

	cases := map[string]struct {
		reason string
		steps  []step
	}{
		"First":    {reason: "A service that does not say for how long is left alone for a while.", steps: []step{{want: firstPause}}},
		"Named":    {reason: "A service that says for how long is believed.", steps: []step{{retryAfter: 42 * time.Second, want: 42 * time.Second}}},
		"NamedFew": {reason: "Even if that is less than the first pause of our own.", steps: []step{{retryAfter: time.Second, want: time.Second}}},
		"Doubled": {
			reason: "Every pause of a row is twice as long as the one before, up to a limit.",
			steps: []step{
				{want: 10 * time.Second},
				{after: 10 * time.Second, want: 20 * time.Second},
				{after: 20 * time.Second, want: 40 * time.Second},
				{after: 40 * time.Second, want: 80 * time.Second},
				{after: 80 * time.Second, want: 160 * time.Second},
				{after: 160 * time.Second, want: maxPause},
				{after: maxPause, want: maxPause},
			},
		},
		"Answered": {
			reason: "An answer ends the row.",
			steps:  []step{{want: 10 * time.Second}, {after: 10 * time.Second, want: 20 * time.Second}, {after: 20 * time.Second, answered: true}, {want: 10 * time.Second}},
		},
		"AnsweredInPause": {
			reason: "An answer to what was sent before the pause does not end the pause.",
			steps:  []step{{want: 10 * time.Second}, {after: time.Second, answered: true, want: 9 * time.Second}},
		},
		"OnTheirWay": {
			reason: "Requests that were on their way when the pause began do not make it longer.",
			steps:  []step{{want: 10 * time.Second}, {after: time.Second, want: 9 * time.Second}, {after: time.Second, retryAfter: 5 * time.Second, want: 8 * time.Second}, {after: 8 * time.Second, want: 20 * time.Second}},
		},
		"Longer": {
			reason: "But if they name a later time, that one counts.",
			steps:  []step{{want: 10 * time.Second}, {after: time.Second, retryAfter: 30 * time.Second, want: 30 * time.Second}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			l := newLimiter(func() time.Time { return now })

			for i, s := range tc.steps {
				now = now.Add(s.after)

				got := l.paused()
				if s.answered {
					l.answered()
				} else {
					got = l.throttled(s.retryAfter)
				}

				if diff := cmp.Diff(s.want, got); diff != "" {
					t.Errorf("\n%s\nthrottled(...) of step %d: -want, +got:\n%s", tc.reason, i, diff)
				}

				if diff := cmp.Diff(s.want, l.paused()); diff != "" {
					t.Errorf("\n%s\npaused() after step %d: -want, +got:\n%s", tc.reason, i, diff)
				}
			}
		})
	}
}

// Whatever a service answers: a pause is never shorter than the service asks for,
// and never ends earlier than it was said to.
func TestLimiterProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1, 0)
		l := newLimiter(func() time.Time { return now })
		until := now

		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "passed")) * time.Second)

			if rapid.Bool().Draw(t, "answered") {
				l.answered()
			} else {
				asked := time.Duration(rapid.IntRange(0, 900).Draw(t, "retry after")) * time.Second
				pause := l.throttled(asked)

				if pause < asked || pause <= 0 || asked == 0 && pause > max(maxPause, until.Sub(now)) {
					t.Fatalf("asked for %s, and pauses for %s", asked, pause)
				}

				until = now.Add(pause)
			}

			if got, want := l.paused(), max(0, until.Sub(now)); got != want {
				t.Fatalf("paused() = %s, want %s", got, want)
			}
		}
	})
}

func TestLimiterWait(t *testing.T) {
	type want struct {
		Paused time.Duration
		Failed bool
		// Waited is how long the call took.
		Waited time.Duration
	}

	cases := map[string]struct {
		reason  string
		before  func(l *limiter)
		timeout time.Duration
		want    want
	}{
		"Free":   {reason: "Nobody has to wait as long as there is room.", timeout: time.Second, want: want{}},
		"Paused": {reason: "Nobody waits for a pause to end.", before: func(l *limiter) { l.throttled(time.Minute) }, timeout: time.Hour, want: want{Paused: time.Minute}},
		"Full": {
			reason: "One request too many waits for the next turn.", timeout: time.Second,
			before: func(l *limiter) { l.rate.AllowN(time.Now(), requestsAtOnce) },
			want:   want{Waited: time.Second / requestsPerSecond},
		},
		"NoTime": {
			reason: "A request without a turn before its deadline does not wait at all.", timeout: time.Millisecond,
			before: func(l *limiter) { l.rate.AllowN(time.Now(), requestsAtOnce) },
			want:   want{Failed: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(time.Now)
				if tc.before != nil {
					tc.before(l)
				}

				ctx, cancel := context.WithTimeout(t.Context(), tc.timeout)
				defer cancel()

				start := time.Now()
				paused, err := l.wait(ctx)

				if diff := cmp.Diff(tc.want, want{Paused: paused, Failed: err != nil, Waited: time.Since(start)}); diff != "" {
					t.Errorf("\n%s\nwait(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		})
	}

	t.Run("GivenUp", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(time.Now)
			l.rate.AllowN(time.Now(), requestsAtOnce)

			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)

			if _, err := l.wait(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("\nA canceled request stops waiting.\nwait(...): %v", err)
			}
		})
	})
}
