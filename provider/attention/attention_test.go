// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package attention

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	window  = 15 * time.Minute
	regular = 30 * time.Second
	fast    = 5 * time.Second
)

func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func TestSpan(t *testing.T) {
	// A look is the time and the changes it saw, as durations since noon.
	type look struct {
		at      time.Duration
		changes []time.Duration
	}

	cases := map[string]struct {
		reason string
		looks  []look
		// until is the end of the window, since noon. It is negative if there is no window.
		until time.Duration
	}{
		"Never":    {reason: "Without a change, there is no window.", until: -1},
		"Now":      {reason: "A change starts a window of full length.", looks: []look{{0, []time.Duration{0}}}, until: window},
		"Noticed":  {reason: "A window begins with the change, not when the provider notices it.", looks: []look{{10 * time.Minute, []time.Duration{0}}}, until: window},
		"Restart":  {reason: "An old change starts no window.", looks: []look{{0, []time.Duration{-window}}}, until: -1},
		"Again":    {reason: "A change that was seen before does not extend the window.", looks: []look{{0, []time.Duration{0}}, {10 * time.Minute, []time.Duration{0}}}, until: window},
		"Another":  {reason: "Another change extends the window.", looks: []look{{0, []time.Duration{0}}, {10 * time.Minute, []time.Duration{0, 9 * time.Minute}}}, until: 9*time.Minute + window},
		"Any":      {reason: "The latest change counts, in any order.", looks: []look{{0, []time.Duration{-time.Minute, -time.Hour, -2 * time.Minute}}}, until: window - time.Minute},
		"Ahead":    {reason: "A change with a time in the future counts from when it was seen.", looks: []look{{0, []time.Duration{3 * time.Minute}}, {time.Minute, []time.Duration{3 * time.Minute}}}, until: window},
		"FarAhead": {reason: "A vault cannot extend its window forever.", looks: []look{{0, []time.Duration{time.Hour}}}, until: -1},
		"Masked":   {reason: "A change in the far future does not hide other changes.", looks: []look{{0, []time.Duration{1000 * time.Hour, 0}}}, until: window},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, last := Span{}, time.Duration(0)

			for _, l := range tc.looks {
				var changes []time.Time
				for _, c := range l.changes {
					changes = append(changes, noon().Add(c))
				}

				s.See(noon().Add(l.at), changes...)
				last = l.at
			}

			type open struct{ Before, Then bool }

			got := open{Before: tc.until > last && s.Open(noon().Add(tc.until-1), window), Then: s.Open(noon().Add(max(tc.until, last)), window)}
			if diff := cmp.Diff(open{Before: tc.until > 0}, got); diff != "" {
				t.Errorf("\n%s\nOpen(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func vaultOf(namespace, n int) Vault {
	return Vault{Namespace: fmt.Sprintf("team-%d", namespace), URI: fmt.Sprintf("https://v%d.vault.azure.net", n)}
}

func poll(v Vault) Poll {
	return Poll{Vault: v, Requests: 1, Regular: regular, Fast: fast, Waiting: true}
}

func TestPlan(t *testing.T) {
	cases := map[string]struct {
		reason string
		poll   Poll
		// others is the number of vaults that are polled the same way.
		others int
		// crowd is true if they are all in one namespace.
		crowd bool
		want  Plan
	}{
		"Fast":      {reason: "A waiting vault is polled at the fast interval.", poll: poll(vaultOf(0, 0)), want: Plan{Interval: fast}},
		"Few":       {reason: "A small platform has no effective limit.", poll: poll(vaultOf(0, 0)), others: 11, want: Plan{Interval: fast}},
		"NobodyHas": {reason: "Without a waiting person, polls are regular.", poll: Poll{Requests: 1, Regular: regular, Fast: fast}, want: Plan{Interval: regular}},
		"Off":       {reason: "A fast interval that equals the regular one has no effect.", poll: Poll{Requests: 1, Regular: regular, Fast: regular, Waiting: true}, want: Plan{Interval: regular}},
		"Slower":    {reason: "A fast interval above the regular one does not slow polls down.", poll: Poll{Requests: 1, Regular: fast, Fast: regular, Waiting: true}, want: Plan{Interval: fast}},
		"Neighbour": {reason: "A namespace with many vaults does not slow down others.", poll: poll(vaultOf(0, 0)), others: 9999, crowd: true, want: Plan{Interval: fast}},
		"Many":      {reason: "Many share what may be added: 12 % of what they cost, so 33.6 polls in 15 minutes instead of 30, as of the last one in a hundred.", poll: poll(vaultOf(0, 0)), others: 9999, want: Plan{Interval: 26790 * time.Millisecond, Exhausted: BudgetProvider}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := &Budgets{}

			for i := range tc.others {
				namespace := i + 1
				if tc.crowd {
					namespace = 1
				}

				b.Plan(noon(), poll(vaultOf(namespace, i+1)), Plan{})
			}

			got := b.Plan(noon(), tc.poll, Plan{})

			got.load, got.namespace, got.Interval = load{}, "", got.Interval.Truncate(time.Millisecond)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(Plan{}, load{})); diff != "" {
				t.Errorf("\n%s\nPlan(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// gain returns the benefit of a poll, as time at the fast interval.
func gain(interval time.Duration) time.Duration {
	return time.Duration(float64(regular-interval) / float64(regular-fast) * float64(fast))
}

// A fleet of vaults is polled as planned.
type fleet struct {
	now     time.Time
	budgets Budgets
	vaults  []*member
	// spent is the number of requests for fast polls, by day.
	vault     map[account[Vault]]time.Duration
	namespace map[account[string]]time.Duration
}

type account[T any] struct {
	day int64
	of  T
}

type member struct {
	vault   Vault
	span    Span
	plan    Plan
	due     time.Time
	changes []time.Time
}

// run lets the fleet run for some time.
func (f *fleet) run(d time.Duration, check func(m *member)) {
	for end := f.now.Add(d); ; {
		var next *member
		for _, m := range f.vaults {
			if next == nil || m.due.Before(next.due) {
				next = m
			}
		}

		if next == nil || next.due.After(end) {
			f.now = end

			return
		}

		f.now = next.due
		next.span.See(f.now, next.changes...)
		p := poll(next.vault)
		p.Waiting = next.span.Open(f.now, window)
		next.plan = f.budgets.Plan(f.now, p, next.plan)
		next.due = f.now.Add(next.plan.Interval)

		if next.plan.Fast() {
			day := f.now.Unix() / 86400
			f.vault[account[Vault]{day, next.vault}] += gain(next.plan.Interval)
			f.namespace[account[string]{day, next.vault.Namespace}] += gain(next.plan.Interval)
		}

		check(next)
	}
}

// restart restarts the provider, which loses everything in memory.
func (f *fleet) restart() {
	f.budgets = Budgets{}
	for _, m := range f.vaults {
		m.span, m.plan, m.due = Span{}, Plan{}, f.now
	}
}

func newFleet(namespaces, vaults int) *fleet {
	f := &fleet{now: noon(), vault: map[account[Vault]]time.Duration{}, namespace: map[account[string]]time.Duration{}}
	for i := range vaults {
		f.vaults = append(f.vaults, &member{vault: vaultOf(i%namespaces, i), due: f.now})
	}

	return f
}

// For any changes and restarts, no poll comes earlier than a fast one or later than a regular one,
// and none is fast without a change within the last window. A clock that is ahead may extend that a
// little.
func TestPollsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(rapid.IntRange(1, 3).Draw(t, "namespaces"), rapid.IntRange(1, 6).Draw(t, "vaults"))

		check := func(m *member) {
			if m.plan.Interval < fast || m.plan.Interval > regular {
				t.Fatalf("an interval of %s", m.plan.Interval)
			}

			if !m.plan.Fast() {
				return
			}

			for _, at := range m.changes {
				if age := f.now.Sub(at); age < window && age >= -Skew {
					return
				}
			}

			t.Fatalf("a fast poll at %s after changes at %s", f.now, m.changes)
		}

		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			m := rapid.SampledFrom(f.vaults).Draw(t, "vault")

			switch rapid.SampledFrom([]string{"change", "pass", "restart"}).Draw(t, "step") {
			case "change":
				m.changes = append(m.changes, f.now.Add(rapid.SampledFrom([]time.Duration{0, -time.Minute, time.Minute, Skew, -time.Hour, time.Hour, 1 << 60}).Draw(t, "offset")))
			case "pass":
				f.run(time.Duration(rapid.IntRange(0, 3600).Draw(t, "seconds"))*time.Second, check)
			case "restart":
				f.restart()
			}
		}
	})
}

// However often the provider restarts, a change starts only one window.
func TestRestartProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(1, 1)
		ahead := time.Duration(rapid.Int64Range(0, int64(Skew)).Draw(t, "ahead"))
		f.vaults[0].changes = []time.Time{f.now.Add(ahead)}

		var took time.Duration

		for range rapid.IntRange(1, 200).Draw(t, "restarts") {
			up := time.Duration(rapid.IntRange(5, 600).Draw(t, "seconds")) * time.Second
			end := f.now.Add(up)
			f.run(up, func(m *member) {
				if m.plan.Fast() {
					took += min(m.plan.Interval, end.Sub(f.now))
				}
			})
			f.restart()
		}

		if limit := window + ahead + fast; took > limit {
			t.Fatalf("%s of fast polls", took)
		}
	})
}

// An officer who writes a secret every minute, a team that edits its list as often, a team with
// many applications, and a vault with a new time in every list: none of them exceeds its budget.
func TestBudgetProperties(t *testing.T) { //nolint:gocognit // Days of changes, and what has to be true after them.
	cases := map[string]struct {
		reason     string
		namespaces int
		vaults     int
		// change reports whether something changes before a poll, or at a minute.
		change func(poll bool, minute int) bool
		// vault and namespace are the most that any of them spent in a day, with a tolerance of
		// some minutes.
		vault, namespace time.Duration
	}{
		"Officer": {
			reason: "A secret that is written every minute is limited.", namespaces: 1, vaults: 1,
			change: func(poll bool, _ int) bool { return !poll }, vault: VaultBudget, namespace: VaultBudget,
		},
		"Liar": {
			reason: "A vault whose every list shows another time is limited.", namespaces: 1, vaults: 1,
			change: func(poll bool, _ int) bool { return poll }, vault: VaultBudget, namespace: VaultBudget,
		},
		"Seldom": {
			reason: "Four changes in a day cost a quarter of an hour each.", namespaces: 1, vaults: 1,
			change: func(poll bool, minute int) bool { return !poll && minute%360 == 0 }, vault: 4 * window, namespace: 4 * window,
		},
		"ManyApps": {
			reason: "A namespace with many applications, whose lists change continuously, is limited.", namespaces: 1, vaults: 200,
			change: func(poll bool, _ int) bool { return !poll }, vault: NamespaceBudget / 200, namespace: NamespaceBudget,
		},
		"Neighbours": {
			reason: "Every namespace has a budget of its own.", namespaces: 4, vaults: 40,
			change: func(poll bool, _ int) bool { return !poll }, vault: NamespaceBudget / 10, namespace: NamespaceBudget,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFleet(tc.namespaces, tc.vaults)

			const days = 2

			for minute := range days * 24 * 60 {
				for _, m := range f.vaults {
					if tc.change(false, minute) {
						m.changes = []time.Time{f.now}
					}
				}

				f.run(time.Minute, func(m *member) {
					if tc.change(true, minute) {
						m.changes = []time.Time{f.now}
					}
				})
			}

			type most struct{ Vault, Namespace time.Duration }

			got := most{slices.Max(slices.Collect(maps.Values(f.vault))), slices.Max(slices.Collect(maps.Values(f.namespace)))}
			near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= 3*time.Minute })

			if got.Vault > VaultBudget || got.Namespace > NamespaceBudget {
				t.Errorf("\n%s\nA budget is exceeded: %v", tc.reason, got)
			}

			if diff := cmp.Diff(most{tc.vault, tc.namespace}, got, near); diff != "" {
				t.Errorf("\n%s\nMost that was spent of a day: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// For any number of fast-polled vaults, intervals and pages, all vaults together add no more than
// the limit once each has been planned again.
func TestShareProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			b     Budgets
			polls []Poll
			plans []Plan
		)

		for i := range rapid.IntRange(1, 2000).Draw(t, "vaults") {
			p := poll(vaultOf(i, i))
			p.Waiting = i%10 < rapid.IntRange(0, 10).Draw(t, "waiting")
			p.Requests = 1 + i%rapid.IntRange(1, 20).Draw(t, "requests")
			p.Reads = []int{i % rapid.IntRange(1, 200).Draw(t, "reads")}
			p.Vault.Namespace = vaultOf(i%rapid.IntRange(1, 20).Draw(t, "namespaces"), 0).Namespace
			p.Regular = time.Duration(1+i%rapid.IntRange(1, 3600).Draw(t, "regular")) * time.Second
			polls, plans = append(polls, p), append(plans, b.Plan(noon(), p, Plan{}))
		}

		var usual, added float64

		for i, p := range polls {
			plan := b.Plan(noon(), p, plans[i])
			a := p.requests(1 / float64(p.Regular))
			usual += a
			added += p.requests(1/float64(plan.Interval)) - a
		}

		if allowed := max(float64(least), usual/5); added > allowed+float64(len(polls)) {
			t.Fatalf("%.0f requests more in a day, besides %.0f", added, usual)
		}
	})
}

// For any requests of others, a namespace gets the interval that it requests, or the same share as
// the largest, up to the precision.
func TestFairProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SliceOfN(rapid.Int64Range(1, 1<<40), 1, 50).Draw(t, "wanted")
		allowed := rapid.Int64Range(1, 1<<42).Draw(t, "allowed")
		slices.Sort(wanted)
		level := levelOf(wanted, allowed)

		var sum, all int64
		for _, w := range wanted {
			sum += min(w, level)
			all += w
		}

		if unused := min(all, allowed) - sum; unused < 0 || unused > int64(len(wanted)) {
			t.Fatalf("%d of %d are not used: %v at %d", unused, allowed, wanted, level)
		}
	})
}

// After all plans are forgotten, nothing of them is kept.
func TestForget(t *testing.T) {
	b := &Budgets{}

	var plans []Plan
	for i := range 100 {
		plans = append(plans, b.Plan(noon(), poll(vaultOf(i, i)), Plan{}))
	}

	for _, p := range plans {
		b.Forget(p)
	}

	if diff := cmp.Diff(load{}, b.load, cmp.AllowUnexported(load{})); diff != "" {
		t.Errorf("\nForget(...): -want, +got:\n%s", diff)
	}
}
