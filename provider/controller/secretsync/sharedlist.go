// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// A vault whose applications may not list it can be listed with an identity of the platform, once
// for all of them. An application might have no access to what such a list shows. So the list
// only says which secrets have moved: every finding comes from a read with the identity of the
// application. The list must not be used in any other file.

// A mark is the finding of the application's own read of a secret, and the entry that the list
// had then.
type mark struct {
	plan.Verdict

	entry entry
}

// An entry of a secret in a list. It is zero if the list does not have the secret.
type entry struct {
	updated int64
	enabled bool
}

// shared returns the input that uses the snapshot of another identity for movements only. Pace is the
// shortest interval in which all syncs of the vault may read all of their secrets.
func (s lookInput) shared(pace time.Duration) lookInput {
	// Somebody else may be waiting for the vault, which must not multiply the reads.
	s.watchInterval, s.pace = 0, pace

	if down(s.snapshot.Err) {
		return s // The reads of all syncs would hang, too, and occupy the provider.
	}

	movements := s.snapshot
	s.movements, s.snapshot = &movements, watch.Snapshot{}

	return s
}

// down reports whether a vault itself does not respond or lets nobody in. That is the same for all
// identities, and says nothing about secrets.
func down(err error) bool {
	return keyvault.ReasonOf(err) == keyvault.Unreachable && errorOf(err).Cause.Service == ""
}

// lost reports whether a shared vault is not listed, so that its secrets are read without a list.
// While the vault throttles lists, it would throttle reads, too.
func (s lookInput) lost() bool {
	l := s.movements

	return l != nil && (l.TakenAt.IsZero() || l.Err != nil && keyvault.ReasonOf(l.Err) != keyvault.Throttled)
}

// entryOf returns the entry of a secret, or false if the list does not say whether it moved.
func (s lookInput) entryOf(name string) (entry, bool) {
	if s.movements == nil || s.lost() || !s.movements.Covers(name) {
		return entry{}, false
	}

	item, found := s.movements.Item(name)
	if !found {
		return entry{}, true
	}

	return entry{updated: item.Updated.Unix(), enabled: item.Enabled}, true
}

// lists reports whether there is a list, of whichever identity, and it has a secret.
func (s lookInput) lists(name string) bool {
	if s.movements != nil {
		e, ok := s.entryOf(name)

		return ok && e != entry{}
	}

	_, found := s.snapshot.Item(name)

	return found && s.snapshot.Err == nil
}

// unmoved returns the findings of the last read of a secret, or false if it must be read.
func (l *look) unmoved(s v1alpha1.SyncedSecret) (plan.Observed, bool) {
	if _, postponed := l.memory.postponed[s.Name]; l.readAll || postponed {
		return plan.Observed{}, false
	}

	due, readAgain := l.memory.settling(s.Name, l.now)
	if due {
		return plan.Observed{}, false
	}

	content, have := l.record[s.Name]
	requested := have && content.Format == s.Format && (s.Version == "" || content.Version == s.Version)
	marked, has := l.memory.marks[s.Name]
	now, ok := l.entryOf(s.Name)

	// If the content is older than the list, what was read then could not be written.
	written := requested && (s.Version != "" || content.Updated >= now.updated)

	switch {
	case l.lost() && requested && l.wasSynced(s.Name) && l.now.Before(l.memory.readsAt):
		// The syncs of the vault take turns.
		return plan.Observed{Verdict: l.memory.unchanged(s.Name), LookAgain: earliest(readAgain, l.memory.readsAt)}, true
	case !ok:
		return plan.Observed{}, false
	case has && marked.entry == now && (written || marked.State != v1alpha1.StateSynced):
		return plan.Observed{Verdict: marked.Verdict, LookAgain: readAgain}, true
	case requested && now.enabled && s.Version == "" && content.Updated == now.updated:
		// The list is older than the read, or the provider has restarted.
		return plan.Observed{Verdict: l.memory.unchanged(s.Name), LookAgain: readAgain}, true
	}

	return plan.Observed{}, false
}

// wasSynced reports whether the last read of a secret found nothing else, as far as is known. Without
// a list, nothing else keeps what it found.
func (s lookInput) wasSynced(name string) bool {
	state := plan.StateBefore(s.cr.Status.AtProvider, name)

	return state == "" || state == v1alpha1.StateSynced
}

// explains reports whether a state can change only if the entry of the secret does. A read that
// contradicts the list is repeated.
func (e entry) explains(state v1alpha1.State) bool {
	switch state {
	case v1alpha1.StateSynced, v1alpha1.StateAwaitingValue, v1alpha1.StateInvalid:
		return true
	case v1alpha1.StateMissing, v1alpha1.StateSoftDeleted:
		return e == entry{}
	case v1alpha1.StateDisabled:
		return !e.enabled
	default:
		return false
	}
}

// answered reports whether the list will show when a secret must be read again.
func (s lookInput) answered(observed map[string]plan.Observed) bool {
	if s.movements == nil {
		return false
	}

	for name, o := range observed {
		if e, ok := s.entryOf(name); !ok || o.Secret == nil && !e.explains(o.State) {
			return false
		}
	}

	return true
}

// mark the findings of reads. If the Secret cannot be written, all secrets are read again.
func (s lookInput) mark(observed map[string]plan.Observed, p plan.Plan) map[string]mark {
	if s.movements == nil || p.Problem != nil {
		return nil
	}

	marks := make(map[string]mark, len(observed))

	for name, o := range observed {
		verdict := o.Verdict
		if v, read := p.Verdicts[name]; read {
			verdict = v
		}

		held := slices.ContainsFunc(verdict.Findings, func(f finding.Finding) bool { return f.Reason == finding.ChangeHeld })
		if e, ok := s.entryOf(name); ok && !held && e.explains(verdict.State) {
			marks[name] = mark{entry: e, Verdict: verdict}
		}
	}

	return marks
}

// takeTurn schedules the first reads without a list. After a restart, all syncs would read at once.
func (l *look) takeTurn() {
	if l.lost() && l.pace > 0 && l.memory.next.IsZero() && l.memory.readsAt.IsZero() {
		l.memory.readsAt = l.now.Add(rand.N(l.pace)) //nolint:gosec // Jitter is not security-sensitive.
	}
}

// apart returns a later time: the syncs of a shared vault must not all retry when a pause ends.
func (s lookInput) apart(at time.Time) time.Time {
	if s.pace <= 0 {
		return at
	}

	return at.Add(rand.N(s.pace)) //nolint:gosec // Jitter is not security-sensitive.
}
