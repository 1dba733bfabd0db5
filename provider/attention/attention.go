// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package attention decides how often a vault is polled while somebody may be waiting
// for it.
//
// A person who has just changed something looks at the screen, so for a while the vault
// is polled fast. Teams and officers cause that, and could do so all day. So fast polls
// have a budget for each vault and each namespace, and share what all of them together
// may add to the polls of the platform. The package is pure: it
// has no clock and does no I/O.
package attention

import "time"

const (
	// Skew is how far clocks may differ. A time that is further in the future is no
	// reason for anything.
	Skew = 5 * time.Minute
	// VaultBudget is how long a vault may be polled fast in a day.
	VaultBudget = 2 * time.Hour
	// NamespaceBudget is how long all vaults of a namespace together may be polled fast in
	// a day.
	NamespaceBudget = 12 * time.Hour

	day = 24 * time.Hour
	// share of the regular polls that fast polls of all vaults together may add. With what
	// jitter adds to both, all polls are a fifth more than one for each regular interval.
	share = 0.12
	// They may always add two polls a second, so that a small platform has no limit of its
	// own.
	least = int64(2 * day / time.Second)
)

// A Span is the time in which somebody may be waiting. It begins when something changed
// or, if the clock that says so is ahead, when that was first seen.
type Span struct {
	// changed is the latest change that was seen.
	changed time.Time
	// since is when the span began.
	since time.Time
}

// See when something changed. What was seen before changes nothing.
func (s *Span) See(now time.Time, changes ...time.Time) {
	for _, at := range changes {
		if !at.After(s.changed) || at.After(now.Add(Skew)) {
			continue
		}

		s.changed, s.since = at, at
		if at.After(now) {
			s.since = now
		}
	}
}

// Open tells whether a span of that length has not ended.
func (s *Span) Open(now time.Time, length time.Duration) bool { return now.Before(s.since.Add(length)) }

// A Vault as one namespace polls it, with whatever identities. What another namespace
// does with the same vault is charged to that one.
type Vault struct{ Namespace, URI string }

// A Budget that fast polls can use up.
type Budget string

// The budgets.
const (
	BudgetVault     Budget = "vault"
	BudgetNamespace Budget = "namespace"
	// BudgetProvider is shared by all vaults. Using it up makes fast polls slower.
	BudgetProvider Budget = "provider"
)

// A Poll to be planned.
type Poll struct {
	Vault Vault
	// Requests that it takes.
	Requests int
	// Regular is the interval of polls, and Fast their interval while somebody may be
	// waiting.
	Regular, Fast time.Duration
	// Waiting is true if somebody may be waiting.
	Waiting bool
}

// A Plan says when to poll again.
type Plan struct {
	Interval time.Duration
	// Exhausted is the budget, if any, that keeps the vault from being polled faster.
	Exhausted Budget

	load load
}

// Fast tells whether the vault is polled faster than usual.
func (p Plan) Fast() bool { return p.load.fast > 0 }

// Budgets of all vaults: what they have spent today, and what their polls cost. A day ends
// at midnight UTC.
type Budgets struct {
	load       load
	day        int64
	vaults     map[Vault]time.Duration
	namespaces map[string]time.Duration
}

// Plan the next poll of a vault. The plan before, if any, does not count any more.
func (b *Budgets) Plan(now time.Time, p Poll, before Plan) Plan {
	b.Forget(before)

	regular := loadOf(p.Requests, p.Regular)
	plan := Plan{Interval: p.Regular, load: load{regular: regular}}

	if p.Waiting && p.Fast < p.Regular {
		plan.load.fast = loadOf(p.Requests, p.Fast) - regular

		interval := b.load.plus(plan.load).interval(p.Regular, p.Fast)
		if plan.Exhausted = b.spend(now, p.Vault, interval); plan.Exhausted != "" {
			plan.load.fast = 0
		} else if plan.Interval = interval; interval > p.Fast {
			plan.Exhausted = BudgetProvider
		}
	}

	b.load = b.load.plus(plan.load)

	return plan
}

// Forget a plan: the vault is not polled any more.
func (b *Budgets) Forget(p Plan) {
	b.load = b.load.plus(load{regular: -p.load.regular, fast: -p.load.fast})
}

// spend time for fast polls of a vault, unless a budget has not that much left.
func (b *Budgets) spend(now time.Time, v Vault, d time.Duration) (exhausted Budget) {
	if today := now.Unix() / int64(day/time.Second); b.vaults == nil || b.day != today {
		b.day, b.vaults, b.namespaces = today, map[Vault]time.Duration{}, map[string]time.Duration{}
	}

	switch {
	case b.namespaces[v.Namespace]+d > NamespaceBudget:
		return BudgetNamespace
	case b.vaults[v]+d > VaultBudget:
		return BudgetVault
	}

	b.vaults[v] += d
	b.namespaces[v.Namespace] += d

	return ""
}

// A load is what polls cost, in requests a day: the regular ones, and what fast ones would
// add to them if there were no limit.
type load struct{ regular, fast int64 }

func loadOf(requests int, interval time.Duration) int64 {
	return int64(float64(requests) * float64(day) / float64(interval))
}

func (l load) plus(o load) load { return load{regular: l.regular + o.regular, fast: l.fast + o.fast} }

// interval of fast polls if all that are fast share what is allowed: each gets the same
// part of what it would add to its regular polls.
func (l load) interval(regular, fast time.Duration) time.Duration {
	allowed := max(least, int64(share*float64(l.regular)))
	if l.fast <= allowed {
		return fast
	}

	part := float64(allowed) / float64(l.fast)
	polls := (1-part)/float64(regular) + part/float64(fast)

	return min(max(time.Duration(1/polls), fast), regular)
}
