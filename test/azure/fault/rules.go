// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Rules is a list of rules. Its zero value is ready for concurrent use.
type Rules struct {
	// some reports whether there are rules, so that a request takes no lock without any.
	some atomic.Bool

	mu     sync.Mutex
	rules  []Rule
	serial int
}

// AddFault adds a rule and returns its id.
func (r *Rules) AddFault(rule Rule) (string, error) {
	if err := rule.Validate(); err != nil {
		return "", fmt.Errorf("cannot add fault: %w", err)
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	if rule.ID == "" {
		r.serial++
		rule.ID = fmt.Sprintf("fault-%d", r.serial)
	}

	if slices.ContainsFunc(r.rules, func(other Rule) bool { return other.ID == rule.ID }) {
		return "", fmt.Errorf("cannot add fault: there is one with id %q", rule.ID)
	}

	r.rules = append(r.rules, rule)
	r.some.Store(true)

	return rule.ID, nil
}

// RemoveFault removes a rule, and reports whether a rule had that id.
func (r *Rules) RemoveFault(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()

	before := len(r.rules)
	r.rules = slices.DeleteFunc(r.rules, func(rule Rule) bool { return rule.ID == id })
	r.some.Store(len(r.rules) > 0)

	return len(r.rules) < before
}

// ClearFaults removes every rule.
func (r *Rules) ClearFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.rules = nil
	r.some.Store(false)
}

// Faults returns the active rules, with their remaining counts.
func (r *Rules) Faults() []Rule {
	r.mu.Lock()
	defer r.mu.Unlock()

	return slices.Clone(r.rules)
}

// MatchFault returns the delay of the request, and the rule that decides about it, if there is one.
func (r *Rules) MatchFault(q Request) (delay time.Duration, decides *Rule) {
	if !r.some.Load() {
		return 0, nil
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	used := map[string]bool{}

	for _, rule := range r.rules {
		if !rule.matches(q) {
			continue
		}

		used[rule.ID] = true

		if rule.Effect != Slow {
			decides = &rule

			break
		}

		delay += rule.Duration
	}

	for i := range r.rules {
		if used[r.rules[i].ID] && r.rules[i].Count > 0 {
			r.rules[i].Count--
			if r.rules[i].Count == 0 {
				r.rules[i].Count = -1
			}
		}
	}

	r.rules = slices.DeleteFunc(r.rules, func(rule Rule) bool { return rule.Count < 0 })
	r.some.Store(len(r.rules) > 0)

	return delay, decides
}
