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
	// A step is one event of a limiter, some time after the previous one.
	type step struct {
		after time.Duration
		// answered is a success; otherwise the service throttles, with this Retry-After.
		answered   bool
		retryAfter time.Duration
		// want is the length of the pause afterwards.
		want time.Duration
	}

	cases := map[string]struct {
		reason string
		steps  []step
	}{
		"First":    {reason: "Without a Retry-After, the pause has a default length.", steps: []step{{want: firstPause}}},
		"Named":    {reason: "A Retry-After sets the length of the pause.", steps: []step{{retryAfter: 42 * time.Second, want: 42 * time.Second}}},
		"NamedFew": {reason: "A Retry-After below the default length shortens the pause.", steps: []step{{retryAfter: time.Second, want: time.Second}}},
		"Doubled": {
			reason: "Consecutive pauses double, up to a limit.",
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
			reason: "A successful answer resets the length of pauses.",
			steps:  []step{{want: 10 * time.Second}, {after: 10 * time.Second, want: 20 * time.Second}, {after: 20 * time.Second, answered: true}, {want: 10 * time.Second}},
		},
		"AnsweredInPause": {
			reason: "An answer to a request from before the pause does not end the pause.",
			steps:  []step{{want: 10 * time.Second}, {after: time.Second, answered: true, want: 9 * time.Second}},
		},
		"OnTheirWay": {
			reason: "A throttled request from before the pause does not extend it.",
			steps:  []step{{want: 10 * time.Second}, {after: time.Second, want: 9 * time.Second}, {after: time.Second, retryAfter: 5 * time.Second, want: 8 * time.Second}, {after: 8 * time.Second, want: 20 * time.Second}},
		},
		"Longer": {
			reason: "A later Retry-After extends the pause.",
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

// For any answers, a pause is never shorter than the Retry-After, and never ends early.
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
		// Waited is the duration of the call.
		Waited time.Duration
	}

	cases := map[string]struct {
		reason  string
		before  func(l *limiter)
		timeout time.Duration
		want    want
	}{
		"Free":   {reason: "With free capacity, a request does not wait.", timeout: time.Second, want: want{}},
		"Paused": {reason: "During a pause, a request fails instead of waiting.", before: func(l *limiter) { l.throttled(time.Minute) }, timeout: time.Hour, want: want{Paused: time.Minute}},
		"Full": {
			reason: "A request above the limit waits for its turn.", timeout: time.Second,
			before: func(l *limiter) { l.rate.AllowN(time.Now(), requestsAtOnce) },
			want:   want{Waited: time.Second / requestsPerSecond},
		},
		"NoTime": {
			reason: "A request whose turn comes after its deadline fails at once.", timeout: time.Millisecond,
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
