// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package role

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Definitions is the table of custom roles, which the resource manager writes and all services enforce. Its zero value is ready for
// concurrent use.
type Definitions struct {
	mu   sync.RWMutex
	byID map[string]Definition
}

// Get returns a custom or built-in role by its id.
func (t *Definitions) Get(id string) (Definition, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()

	if d, ok := t.byID[strings.ToLower(id)]; ok {
		return d, true
	}

	return Named(id)
}

// Put stores a custom role, and reports whether it is new.
func (t *Definitions) Put(d Definition) bool {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.byID == nil {
		t.byID = map[string]Definition{}
	}

	d.ID = strings.ToLower(d.ID)
	_, known := t.byID[d.ID]
	t.byID[d.ID] = d

	return !known
}

// All returns the custom roles, by id.
func (t *Definitions) All() []Definition {
	t.mu.RLock()
	defer t.mu.RUnlock()

	out := make([]Definition, 0, len(t.byID))
	for _, id := range slices.Sorted(maps.Keys(t.byID)) {
		out = append(out, t.byID[id])
	}

	return out
}
