// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package attention decides how often a vault is polled while a team may be waiting for it.
//
// After a change, the vault is polled fast for a while, because a person is probably waiting for
// the result. Teams and officers can cause changes all day. So fast polls have a budget for each
// vault and each namespace, and all namespaces share the load that fast polls may add to the
// regular polls. The package is pure: it has no clock and does no I/O.
package attention

import (
	"maps"
	"math"
	"slices"
	"time"
)

const (
	// Skew is how far clocks may differ. Times further in the future are ignored.
	Skew = 5 * time.Minute
	// VaultBudget is how long a vault may be polled fast in a day.
	VaultBudget = 2 * time.Hour
	// NamespaceBudget is how long all vaults of a namespace together may be polled fast in
	// a day.
	NamespaceBudget = 12 * time.Hour
	// ReadPace is the average time for each secret that a sync reads one by one.
	ReadPace = time.Second

	day = 24 * time.Hour
	// share of the regular load that fast polls of all vaults together may add. With jitter,
	// the total is a fifth more than one poll for each regular interval.
	share = 0.12
	// least load that fast polls may always add, two polls a second, so that a small platform
	// has no shared limit.
	least = int64(2 * day / time.Second)
	// precision of shares. They are recomputed when this fraction of the load has changed.
	precision = 0.01
)

// A Span is the time in which a team may be waiting. It begins at the time of a change or, if
// that is in the future, when the change was first seen.
type Span struct {
	// changed is the time of the latest change.
	changed time.Time
	// since is when the span began.
	since time.Time
}

// See records the times of changes. A change that was seen before has no effect.
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

// Open reports whether a span of this length has not ended yet.
func (s *Span) Open(now time.Time, length time.Duration) bool { return now.Before(s.since.Add(length)) }

// A Vault as one namespace polls it, with any of its identities. Each namespace pays for
// its own polls of a vault.
type Vault struct{ Namespace, URI string }

// A Budget of fast polls.
type Budget string

// Budgets of fast polls.
const (
	BudgetVault     Budget = "vault"
	BudgetNamespace Budget = "namespace"
	// BudgetProvider is shared by all vaults. When it is exhausted, fast polls get slower.
	BudgetProvider Budget = "provider"
)

// A Poll to be planned.
type Poll struct {
	Vault Vault
	// Requests of the list, and how many secrets each sync then reads one by one.
	Requests int
	Reads    []int
	// Regular is the interval of polls, and Fast their interval while a team may be
	// waiting.
	Regular, Fast time.Duration
	// Waiting is true if a team may be waiting.
	Waiting bool
}

// A Plan has the interval until the next poll.
type Plan struct {
	Interval time.Duration
	// Exhausted is the budget that prevents faster polls, if any.
	Exhausted Budget

	namespace string
	load      load
}

// Fast reports whether the vault is polled faster than usual.
func (p Plan) Fast() bool { return p.load.fast > 0 }

// Budgets of all vaults: the time they have spent today, and the load of their polls. A day ends
// at midnight UTC.
type Budgets struct {
	load       load
	day        int64
	vaults     map[Vault]time.Duration
	namespaces map[string]time.Duration

	// fast is the load that each namespace would add without a limit. Level is the most that one
	// namespace may add, and changed is how much the load has changed since it was computed.
	fast    map[string]int64
	level   int64
	changed float64
}

// Plan the next poll of a vault. It replaces the plan before, if any.
func (b *Budgets) Plan(now time.Time, p Poll, before Plan) Plan {
	regular := p.load(p.Regular)
	plan := Plan{Interval: p.Regular, namespace: p.Vault.Namespace, load: load{regular: regular}}

	if !p.Waiting || p.Fast >= p.Regular {
		b.replace(before, plan)

		return plan
	}

	plan.load.fast = p.load(p.Fast) - regular
	b.replace(before, plan)

	part := b.part(plan.namespace)
	interval := p.interval(part)
	// The budget pays only for the time that is gained.
	gain := time.Duration(part * float64(interval))

	if plan.Exhausted = b.Spend(now, p.Vault, gain); plan.Exhausted != "" {
		slow := plan
		slow.load.fast = 0
		b.replace(plan, slow)

		return slow
	}

	if plan.Interval = interval; interval > p.Fast {
		plan.Exhausted = BudgetProvider
	}

	return plan
}

// Forget a plan, because the vault is no longer polled.
func (b *Budgets) Forget(p Plan) { b.replace(p, Plan{}) }

// Spend time for fast polls of a vault, unless a budget has less than that left.
func (b *Budgets) Spend(now time.Time, v Vault, d time.Duration) (exhausted Budget) {
	if exhausted = b.lacks(now, v, d); exhausted == "" {
		b.vaults[v] += d
		b.namespaces[v.Namespace] += d
	}

	return exhausted
}

// Left reports whether the budgets allow spending d.
func (b *Budgets) Left(now time.Time, v Vault, d time.Duration) bool { return b.lacks(now, v, d) == "" }

// replace a plan by another one, and update the loads.
func (b *Budgets) replace(before, after Plan) {
	if b.fast == nil {
		b.fast = map[string]int64{}
	}

	for _, p := range []struct {
		Plan

		sign int64
	}{{before, -1}, {after, 1}} {
		b.load = b.load.plus(load{regular: p.sign * p.load.regular, fast: p.sign * p.load.fast})

		if b.fast[p.namespace] += p.sign * p.load.fast; b.fast[p.namespace] == 0 {
			delete(b.fast, p.namespace)
		}
	}

	if before.namespace == after.namespace {
		b.changed += math.Abs(float64(after.load.fast-before.load.fast)) + share*math.Abs(float64(after.load.regular-before.load.regular))
	} else {
		b.changed += float64(after.load.fast+before.load.fast) + share*float64(after.load.regular+before.load.regular)
	}
}

// part is the fraction of its additional load that a namespace may add. A namespace that
// needs less than its share is not limited by one that needs more.
func (b *Budgets) part(namespace string) float64 {
	allowed := max(least, int64(share*float64(b.load.regular)))
	if b.load.fast <= allowed {
		return 1
	}

	if b.changed > precision*float64(min(allowed, b.load.fast)) {
		b.level, b.changed = levelOf(slices.Sorted(maps.Values(b.fast)), allowed), 0
	}

	return min(1, float64(b.level)/float64(b.fast[namespace]))
}

// lacks returns the budget that does not allow spending d, if any.
func (b *Budgets) lacks(now time.Time, v Vault, d time.Duration) Budget {
	if today := now.Unix() / int64(day/time.Second); b.vaults == nil || b.day != today {
		b.day, b.vaults, b.namespaces = today, map[Vault]time.Duration{}, map[string]time.Duration{}
	}

	switch {
	case b.namespaces[v.Namespace]+d > NamespaceBudget:
		return BudgetNamespace
	case b.vaults[v]+d > VaultBudget:
		return BudgetVault
	default:
		return ""
	}
}

// levelOf returns the level at which the wanted loads, each limited to the level, add up to the
// allowed load. Wanted is sorted.
func levelOf(wanted []int64, allowed int64) int64 {
	for i, w := range wanted {
		if level := allowed / int64(len(wanted)-i); w > level {
			return level
		}

		allowed -= w
	}

	return math.MaxInt64
}

// A load is the cost of polls in requests a day: regular polls, and what fast polls would add to
// them without a limit.
type load struct{ regular, fast int64 }

func (l load) plus(o load) load { return load{regular: l.regular + o.regular, fast: l.fast + o.fast} }

// load of polls at an interval.
func (p Poll) load(interval time.Duration) int64 { return int64(p.requests(1 / float64(interval))) }

// requests in a day, for a number of polls in a nanosecond.
func (p Poll) requests(polls float64) float64 {
	n := float64(p.Requests) * polls
	for _, reads := range p.Reads {
		n += min(float64(reads)*polls, 1/float64(ReadPace))
	}

	return n * float64(day)
}

// interval of polls that add this part of the load that fast polls would add without a limit.
func (p Poll) interval(part float64) time.Duration {
	if part >= 1 {
		return p.Fast
	}

	// Each additional poll costs as much as the previous one, or less if reads are limited by
	// ReadPace.
	few, many := 1/float64(p.Regular), 1/float64(p.Fast)
	most := p.requests(few) + part*(p.requests(many)-p.requests(few))

	for range 30 {
		if polls := (few + many) / 2; p.requests(polls) > most {
			many = polls
		} else {
			few = polls
		}
	}

	return min(max(time.Duration(1/few), p.Fast), p.Regular)
}
