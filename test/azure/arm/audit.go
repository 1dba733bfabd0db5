// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"maps"
	"slices"
	"strings"
)

// A Resource counts the changes of a resource through the resource manager, which may be deleted.
type Resource struct {
	ID        string `json:"id"`
	Created   int    `json:"created,omitempty"`
	Updated   int    `json:"updated,omitempty"`
	Deleted   int    `json:"deleted,omitempty"`
	Recovered int    `json:"recovered,omitempty"`
	Purged    int    `json:"purged,omitempty"`
}

// note returns the counts of a resource that is being changed.
func (c *call) note(resourceID string) *Resource {
	key := strings.ToLower(resourceID)
	if c.service.changed[key] == nil {
		c.service.changed[key] = &Resource{ID: resourceID}
	}

	return c.service.changed[key]
}

// ARMResources returns every resource that was changed through the resource manager, deleted or not, by
// id.
func (s *Manager) ARMResources() []Resource {
	s.mu.Lock()
	defer s.mu.Unlock()

	out := make([]Resource, 0, len(s.changed))
	for _, key := range slices.Sorted(maps.Keys(s.changed)) {
		out = append(out, *s.changed[key])
	}

	return out
}
