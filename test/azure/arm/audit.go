// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Changes of a resource.
const (
	ActionCreated   = "created"
	ActionUpdated   = "updated"
	ActionDeleted   = "deleted"
	ActionRecovered = "recovered"
	ActionPurged    = "purged"
)

// An Event is a change through the resource manager.
type Event struct {
	// Method of HTTP.
	Method string `json:"method"`

	// Action is one of the constants of this package.
	Action string `json:"action"`

	// ResourceID is spelled as it was when the resource was created.
	ResourceID string `json:"resourceId"`

	// PrincipalID of the caller.
	PrincipalID string    `json:"principalId"`
	Time        time.Time `json:"time"`
}

// A Resource counts the changes of a resource, which may be gone.
type Resource struct {
	ID        string `json:"id"`
	Created   int    `json:"created,omitempty"`
	Updated   int    `json:"updated,omitempty"`
	Deleted   int    `json:"deleted,omitempty"`
	Recovered int    `json:"recovered,omitempty"`
	Purged    int    `json:"purged,omitempty"`
}

// audit has all changes, in order.
type audit struct {
	mu     sync.Mutex
	events []Event
}

// note a change.
func (c *call) note(action, resourceID string) {
	c.service.log.mu.Lock()
	defer c.service.log.mu.Unlock()

	c.service.log.events = append(c.service.log.events, Event{
		Method: c.request.Method, Action: action, ResourceID: resourceID, PrincipalID: c.caller.PrincipalID, Time: c.now,
	})
}

// ARMEvents returns all changes through the resource manager, in order.
func (s *Manager) ARMEvents() []Event {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()

	return slices.Clone(s.log.events)
}

// ARMResources returns every resource that was changed through the resource manager, gone or not, by id.
func (s *Manager) ARMResources() []Resource {
	resources := map[string]*Resource{}

	for _, e := range s.ARMEvents() {
		key := strings.ToLower(e.ResourceID)
		if resources[key] == nil {
			resources[key] = &Resource{ID: e.ResourceID}
		}

		resources[key].count(e.Action)
	}

	out := make([]Resource, 0, len(resources))
	for _, key := range slices.Sorted(maps.Keys(resources)) {
		out = append(out, *resources[key])
	}

	return out
}

func (r *Resource) count(action string) {
	switch action {
	case ActionCreated:
		r.Created++
	case ActionUpdated:
		r.Updated++
	case ActionDeleted:
		r.Deleted++
	case ActionRecovered:
		r.Recovered++
	case ActionPurged:
		r.Purged++
	}
}
