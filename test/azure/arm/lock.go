// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/role"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

const (
	cannotDelete = "CanNotDelete"
	readOnly     = "ReadOnly"
)

// A lock forbids deletions in a scope, or all changes.
type lock struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Properties lockProperties `json:"properties"`

	scope string
}

type lockProperties struct {
	Level string `json:"level"`
	Notes string `json:"notes,omitempty"`
}

// listLocks lists locks on the scope, above and below.
func (c *call) listLocks() wire.Answer {
	out := []any{}

	for _, id := range slices.Sorted(maps.Keys(c.service.locks)) {
		if l := c.service.locks[id]; role.Covers(l.scope, c.scope) || role.Covers(c.scope, l.scope) {
			out = append(out, l)
		}
	}

	return c.page(out)
}

func (c *call) putLock() wire.Answer {
	made := lock{}
	if answer := c.read(&made); answer != nil {
		return *answer
	}

	if level := made.Properties.Level; level != cannotDelete && level != readOnly {
		return refuse(http.StatusBadRequest, "LockLevelNotSupported", "The lock level '%s' is not supported.", level)
	}

	made.ID, made.Name, made.Type, made.scope = c.scope+"/providers/"+typeLock+"/"+c.name, c.name, typeLock, c.scope
	c.service.locks[strings.ToLower(made.ID)] = made
	c.note(made.ID).Created++

	return wire.JSON(http.StatusCreated, made)
}

// checkLocks rejects changes in a locked scope, except of locks.
func (c *call) checkLocks() *wire.Answer {
	write, remove := c.changes()
	if !write || c.typ == typeLock {
		return nil
	}

	for _, l := range c.service.locks {
		if role.Covers(l.scope, c.scope) && (remove || l.Properties.Level == readOnly) {
			return new(refuse(http.StatusConflict, "ScopeLocked", "The scope '%s' cannot perform %s operation because following scope(s) are "+
				"locked: '%s'. Please remove the lock and try again.", c.scope, map[bool]string{true: "delete", false: "write"}[remove], l.scope))
		}
	}

	return nil
}
