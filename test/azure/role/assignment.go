// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package role

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/arm/condition"
)

// An Assignment gives a principal a role on a scope.
type Assignment struct {
	// Name is unique on its scope.
	Name          string
	Scope         string
	PrincipalID   string
	PrincipalType string

	// RoleID of the role's definition.
	RoleID string

	// From is when the assignment takes effect.
	From time.Time

	// Secrets are the names that a condition allows. Empty allows all, and lists.
	Secrets []string

	// Subscription is the one that counts the assignment, if the resource manager shows it. Counts is its scope in there, which is the
	// subscription itself if Scope is above it.
	Subscription string
	Counts       string

	// Condition is the original text, and Allows the parsed condition.
	Condition string
	Allows    condition.Condition

	Description string
	Created     time.Time
	CreatedBy   string
}

// ID returns the id of the assignment as a resource.
func (a Assignment) ID() string {
	return strings.TrimSuffix(a.Scope, "/") + "/providers/Microsoft.Authorization/roleAssignments/" + a.Name
}

// Same reports whether another assignment gives the same role.
func (a Assignment) Same(other Assignment) bool {
	return a.PrincipalID == other.PrincipalID && a.RoleID == other.RoleID && strings.EqualFold(a.Scope, other.Scope)
}

// Assignments is the table of all role assignments, sorted by id. Its zero value is ready for concurrent use.
type Assignments struct {
	// Definitions are the roles to assign.
	Definitions Definitions

	mu   sync.RWMutex
	list []Assignment
}

// Get returns the assignment with an id.
func (t *Assignments) Get(id string) (Assignment, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()

	i, ok := t.search(id)
	if !ok {
		return Assignment{}, false
	}

	return t.list[i], true
}

// Put stores an assignment, or replaces the one with its id.
func (t *Assignments) Put(a Assignment) {
	t.mu.Lock()
	defer t.mu.Unlock()

	i, ok := t.search(a.ID())
	if ok {
		t.list[i] = a
	} else {
		t.list = slices.Insert(t.list, i, a)
	}
}

// Delete deletes assignments, and reports whether there were any.
func (t *Assignments) Delete(doomed func(Assignment) bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()

	before := len(t.list)
	t.list = slices.DeleteFunc(t.list, doomed)

	return len(t.list) < before
}

// Any reports whether a wanted assignment exists.
func (t *Assignments) Any(wanted func(Assignment) bool) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()

	return slices.ContainsFunc(t.list, wanted)
}

// Select returns the wanted assignments, by id.
func (t *Assignments) Select(wanted func(Assignment) bool) []Assignment {
	t.mu.RLock()
	defer t.mu.RUnlock()

	var out []Assignment

	for _, a := range t.list {
		if wanted(a) {
			out = append(out, a)
		}
	}

	return out
}

// The lock must be held.
func (t *Assignments) search(id string) (int, bool) {
	return slices.BinarySearchFunc(t.list, id, func(a Assignment, id string) int {
		return strings.Compare(strings.ToLower(a.ID()), strings.ToLower(id))
	})
}
