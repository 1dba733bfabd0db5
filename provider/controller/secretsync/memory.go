// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// A memory of a sync saves requests. If it is lost, everything is read again. Reconciles of
// one sync never overlap, so its memory needs no lock.
type memory struct {
	uid        types.UID
	generation int64
	// changed is when the generation was first seen.
	changed time.Time

	// requested is the last request to read all secrets now.
	requested string

	// names of the secrets in the spec.
	names []string
	// added is when a name was last added, requestedAt is when a requested sync last began, and
	// created is when the provider last created a secret in the vault. The last two are zero until
	// they happen after the provider has started.
	added, requestedAt, created time.Time

	// source is the vault and the identity that reads it, and since is when the sync is known to
	// have begun to use them.
	source watch.Target
	since  time.Time
	// allowed is true once the identity has had access to the vault.
	allowed bool

	// lastFullRead is when all secrets were last read. Full reads are needed because lists have
	// a resolution of one second. Zero requests one.
	lastFullRead time.Time
	// resourceVersion of the Secret when it was last up to date. If the Secret has another one,
	// another client has changed it.
	resourceVersion string
	secrets         map[string]memo
	// marks are the findings on secrets by their entries in a list of another identity.
	marks map[string]mark
	// readsAt is when the secrets of a shared vault are read again while it is not listed.
	readsAt time.Time
	// unsettled are secrets to read again although the list shows no change.
	unsettled map[string]unsettled

	// invalid are the versions with invalid values, by name of the secret.
	invalid map[string]invalidVersion
	// opened are the versions in the Secret whose values this process has opened.
	opened map[string]version
	// postponed is since when the values of secrets have waited to be opened.
	postponed map[string]time.Time
	budget    budget

	// next is the time of the next reconcile, even if nothing wakes the sync.
	next time.Time
	// refused counts consecutive attempts to read secrets one by one that all failed.
	refused int
	// pendingSince is since when a requested sync has waited for its turn.
	pendingSince time.Time
}

// A memo of one secret that is missing or whose value cannot be used.
type memo struct {
	absence
	plan.Verdict

	// updated is the update time in the list to which the verdict applies.
	updated time.Time
}

// An unsettled secret was read within the second of its last change, of which a list shows no other
// change, or could not be read. It has the verdict until it is read again.
type unsettled struct {
	plan.Verdict

	at time.Time
}

// A version of a secret, read in a format. Its content never changes.
type version struct{ version, contentType, format string }

// of reports whether a secret, read in a format, has this version.
func (v version) of(s keyvault.Secret, format string) bool {
	return v.version != "" && v == versionOf(s, format)
}

func versionOf(s keyvault.Secret, format string) version {
	return version{version: s.Version, contentType: s.ContentType, format: format}
}

// An invalidVersion has an invalid value.
type invalidVersion struct {
	version
	plan.Verdict
}

// rememberInvalid records that the value of a version is invalid.
func (m *memory) rememberInvalid(name string, s keyvault.Secret, format string, v plan.Verdict) {
	if m.invalid == nil {
		m.invalid = map[string]invalidVersion{}
	}

	m.invalid[name] = invalidVersion{version: versionOf(s, format), Verdict: v}
}

// forgetVerdict drops the verdict on a secret that is read again, but not what is known about its
// absence.
func (m *memory) forgetVerdict(name string) {
	if known, ok := m.secrets[name]; ok {
		m.secrets[name] = memo{absence: known.absence}
	}
}

// clone returns a copy of the memory that can be changed independently.
func (m *memory) clone() *memory {
	c := *m
	c.secrets, c.unsettled = maps.Clone(m.secrets), maps.Clone(m.unsettled)
	c.invalid, c.opened, c.postponed = maps.Clone(m.invalid), maps.Clone(m.opened), maps.Clone(m.postponed)

	if c.secrets == nil {
		c.secrets = map[string]memo{}
	}

	return &c
}

// noteSecret requests a full read if another client has changed the Secret since it was last up
// to date.
func (m *memory) noteSecret(t target) {
	if t.secret != nil && m.resourceVersion != "" && t.secret.ResourceVersion != m.resourceVersion {
		m.lastFullRead = time.Time{}
	}

	if t.secret == nil || t.secret.ResourceVersion != m.resourceVersion {
		m.opened = nil // The values that were opened may not be in the Secret.
	}
}

// open records that the value of a version is opened.
func (m *memory) open(name string, s keyvault.Secret, format string) {
	if m.opened == nil {
		m.opened = map[string]version{}
	}

	m.opened[name] = versionOf(s, format)
}

// postpone records whether opening the value of a secret is postponed.
func (m *memory) postpone(name string, postponed bool, now time.Time) {
	if !postponed {
		delete(m.postponed, name)

		return
	}

	if m.postponed == nil {
		m.postponed = map[string]time.Time{}
	}

	if _, waits := m.postponed[name]; !waits {
		m.postponed[name] = now
	}
}

// forgetVerdicts drops the verdicts on secrets that are no longer in the spec, and everything
// else about their values. Unsettled secrets are read at once.
func (m *memory) forgetVerdicts(list []v1alpha1.SyncedSecret) {
	unlisted := func(name string) bool {
		return !slices.ContainsFunc(list, func(s v1alpha1.SyncedSecret) bool { return s.Name == name })
	}

	maps.DeleteFunc(m.invalid, func(name string, _ invalidVersion) bool { return unlisted(name) })
	maps.DeleteFunc(m.opened, func(name string, _ version) bool { return unlisted(name) })
	maps.DeleteFunc(m.postponed, func(name string, _ time.Time) bool { return unlisted(name) })
	maps.DeleteFunc(m.unsettled, func(name string, _ unsettled) bool { return unlisted(name) })

	for name, u := range m.unsettled {
		m.unsettled[name] = unsettled{Verdict: u.Verdict} // It may be about another version.
	}
}

// memories of all syncs.
type memories struct {
	mu   sync.Mutex
	list map[types.NamespacedName]*memory
}

// of returns the memory of a sync, updated for the current source and generation.
func (m *memories) of(cr *v1alpha1.KeyVaultSecretSync, source watch.Target, now time.Time, fullRead time.Duration) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()

	key := types.NamespacedName{Namespace: cr.Namespace, Name: cr.Name}

	mem, ok := m.list[key]
	if !ok || mem.uid != cr.UID {
		mem = &memory{
			uid: cr.UID, generation: cr.Generation, changed: now, source: source, since: cr.CreationTimestamp.Time,
			requested: cr.Annotations[v1alpha1.SyncRequestedAtAnnotation],
			// The full reads of all syncs are spread after a start.
			lastFullRead: now.Add(-rand.N(fullRead)), //nolint:gosec // Jitter is not security-sensitive.
			secrets:      map[string]memo{},
			names:        namesBefore(cr),
		}
		if p := cr.Status.AtProvider.Polling; p != nil && p.SecretAddedAt != nil {
			mem.added = p.SecretAddedAt.Time
		}

		m.list[key] = mem
		mem.setNames(cr, now)
		mem.recall(cr.Status.AtProvider)
	}

	if mem.source != source {
		mem.source, mem.since, mem.allowed = source, now, false
		mem.lastFullRead, mem.secrets, mem.unsettled = time.Time{}, map[string]memo{}, nil
		mem.invalid, mem.opened, mem.postponed, mem.marks, mem.readsAt = nil, nil, nil, nil, time.Time{}
	}

	if mem.generation != cr.Generation {
		for name, unusable := range mem.secrets {
			if unusable.State != "" {
				mem.readLater(name, now, unusable.Verdict) // The Secret may have content of the same second.
			}
		}

		mem.generation, mem.changed, mem.secrets, mem.marks = cr.Generation, now, map[string]memo{}, nil
		mem.forgetVerdicts(cr.Spec.ForProvider.Secrets)
		mem.setNames(cr, now)
	}

	return mem
}

// recall which secrets could not be read or used before the provider started. A list does not show that, so they would seem to
// be synced until the next full read. Outages are not recalled: all secrets of all vaults would be read at once.
func (m *memory) recall(before v1alpha1.KeyVaultSecretSyncObservation) {
	refused := []v1alpha1.State{v1alpha1.StateForbidden, v1alpha1.StateDisabled, v1alpha1.StateInvalid, v1alpha1.StateAwaitingValue}

	for _, s := range before.Secrets {
		if slices.Contains(refused, s.State) {
			m.readLater(s.Name, time.Time{}, plan.NewVerdict(s.State))
		}
	}
}

// request accepts a new request to read all secrets, and reports whether there was one. All
// secrets are then read until a full read succeeds.
func (m *memory) request(cr *v1alpha1.KeyVaultSecretSync, now time.Time) bool {
	at := cr.Annotations[v1alpha1.SyncRequestedAtAnnotation]
	if at == "" || at == m.requested {
		return false
	}

	m.requested, m.lastFullRead, m.opened = at, time.Time{}, nil
	m.requestedAt = now

	for name, memo := range m.secrets {
		memo.absence = absence{} // The secret may have been purged.
		m.secrets[name] = memo
	}

	return true
}

// forget a sync.
func (m *memories) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()

	delete(m.list, key)
}

// next returns the time until the next reconcile of a sync, if one is scheduled.
func (m *memories) next(o metav1.Object, now time.Time) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()

	mem, ok := m.list[types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}]
	if !ok || mem.next.IsZero() {
		return 0, false
	}

	return max(mem.next.Sub(now), time.Second), true
}

// settled records that a secret was read or written, with its update time. It returns when to
// read the secret again, or zero.
func (m *memory) settled(name string, updated, now time.Time) time.Time {
	readAgain := updated.Add(resolution)
	if !now.Before(readAgain) {
		delete(m.unsettled, name)

		return time.Time{}
	}

	m.readLater(name, readAgain, plan.NewVerdict(v1alpha1.StateSynced))

	return readAgain
}

// readLater records when to read a secret again although the list shows no change, and the verdict
// until then.
func (m *memory) readLater(name string, at time.Time, v plan.Verdict) {
	if m.unsettled == nil {
		m.unsettled = map[string]unsettled{}
	}

	m.unsettled[name] = unsettled{Verdict: v, at: at}
}

// unchanged returns the verdict on a secret whose content in the Secret is that of the list.
func (m *memory) unchanged(name string) plan.Verdict {
	if u, ok := m.unsettled[name]; ok {
		return u.Verdict
	}

	return plan.NewVerdict(v1alpha1.StateSynced)
}

// settling reports whether to read a secret again now although the list shows no change or, if
// it is too early, returns when to read it.
func (m *memory) settling(name string, now time.Time) (due bool, at time.Time) {
	u, ok := m.unsettled[name]
	if ok && now.Before(u.at) {
		return false, u.at
	}

	return ok, time.Time{}
}

// earliest returns the earliest time that is not zero.
func earliest(times ...time.Time) time.Time {
	var out time.Time

	for _, t := range times {
		if out.IsZero() || !t.IsZero() && t.Before(out) {
			out = t
		}
	}

	return out
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}

	return a
}
