// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// An Item is the entry of one secret in a list.
type Item struct {
	Updated time.Time
	Enabled bool
}

// A Snapshot is the last known state of a vault.
type Snapshot struct {
	// TakenAt is when the last successful list began, or zero.
	TakenAt time.Time
	// Err is the failure of the last list. It is nil if the list succeeded, or before the
	// first list.
	Err error

	// items of the last successful list, by name in lower case. It has an entry for each name
	// that was requested, which is nil if the vault has no such secret.
	items map[string]*Item
}

// NewSnapshot returns the snapshot of a list that was requested for these names.
func NewSnapshot(list []keyvault.Properties, names []string, takenAt time.Time) Snapshot {
	s := Snapshot{TakenAt: takenAt, items: make(map[string]*Item, len(names))}
	for _, name := range names {
		s.items[strings.ToLower(name)] = nil
	}

	s.fill(list)

	return s
}

// Covers reports whether the list was requested for a name. Whether the vault has secrets of
// other names is unknown.
func (s Snapshot) Covers(name string) bool {
	_, ok := s.items[strings.ToLower(name)]

	return ok
}

// Unlistable reports whether secrets can be read one by one only, because the identity has no
// permission to list the vault or the vault is too large. A role with a condition on the names
// of secrets allows reading them without listing them.
func (s Snapshot) Unlistable() bool {
	r := keyvault.ReasonOf(s.Err)

	return r == keyvault.Forbidden || r == keyvault.TooLarge
}

// Unavailable reports whether nothing can be read until the vault can be listed again.
func (s Snapshot) Unavailable() bool { return s.Err != nil && !s.Unlistable() }

// Item returns the entry of a name, if the list has one. Key Vault ignores case in names.
func (s Snapshot) Item(name string) (Item, bool) {
	i := s.items[strings.ToLower(name)]
	if i == nil {
		return Item{}, false
	}

	return *i, true
}

// fill in the entries of a list that the snapshot covers.
func (s Snapshot) fill(list []keyvault.Properties) {
	for _, p := range list {
		if s.Covers(p.Name) {
			s.items[strings.ToLower(p.Name)] = &Item{Updated: p.Updated, Enabled: p.Enabled}
		}
	}
}

func (s Snapshot) coversAll(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !s.Covers(name) })
}

// changes returns how many of these secrets of a sync must be looked at again.
func (s Snapshot) changes(old Snapshot, names []string) (n int) {
	if !sameFailure(s.Err, old.Err) {
		return max(len(names), 1)
	}

	for _, name := range names {
		now, is := s.Item(name)
		before, was := old.Item(name)

		if s.Covers(name) != old.Covers(name) || is != was || now.Enabled != before.Enabled || !now.Updated.Equal(before.Updated) {
			n++
		}
	}

	return n
}

// A failure is the part of an error that a sync reports. Two errors with equal failures are
// the same to a sync.
type failure struct {
	reason  keyvault.Reason
	meaning keyvault.Meaning
	cause   finding.Finding
}

func sameFailure(a, b error) bool {
	x, y := failureOf(a), failureOf(b)

	return x.reason == y.reason && x.meaning == y.meaning && x.cause.Equal(y.cause)
}

// failureOf an error. A failing service returns different errors each time, so only the
// reason counts.
func failureOf(err error) failure {
	f := failure{reason: keyvault.ReasonOf(err)}
	e, ok := errors.AsType[*keyvault.Error](err)

	switch {
	case !ok, e.Meaning == keyvault.EntraBroken:
	case e.Meaning != "":
		f.meaning = e.Meaning // The code may differ each time.
	case e.Reason == keyvault.Unreachable && (e.Status == 0 || e.Status >= http.StatusInternalServerError):
	default:
		f.cause = e.Cause
	}

	return f
}
