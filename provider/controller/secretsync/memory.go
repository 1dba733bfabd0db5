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
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// A memory of a sync saves requests. It can be lost: everything is then read again. Reconciles
// of one sync never overlap, so its memory needs no lock.
type memory struct {
	uid        types.UID
	generation int64
	// changed is when the generation was first seen.
	changed time.Time

	// requested is the last request to read all secrets now.
	requested string

	// names of the secrets that were last on the list.
	names []string
	// added is when one was added to them, requestedAt when a requested sync began, and
	// created when the provider created a secret in the vault. Zero if that has not happened
	// since the provider started.
	added, requestedAt, created time.Time

	// source is the vault that the sync reads, and since is when that began, as far as it is
	// known.
	source watch.Target
	since  time.Time
	// allowed is true once the application had access to the vault.
	allowed bool

	// lastFullRead is when all secrets were last read. Full reads are needed because lists have
	// a resolution of one second. Zero requests one.
	lastFullRead time.Time
	// resourceVersion of the Secret when it was last up to date. If it differs, another
	// client has changed the Secret.
	resourceVersion string
	secrets         map[string]memo
	// unsettled are secrets that were read within the second of their last change, and
	// when to read them again: another change in that second shows in no list.
	unsettled map[string]time.Time

	// invalid has versions whose values are known to be invalid, by name of the secret.
	invalid map[string]invalidVersion
	// opened are versions that this process has opened for the Secret as it is.
	opened map[string]version
	// postponed are secrets whose values wait to be opened, and since when.
	postponed map[string]time.Time
	// work of opening values.
	work work

	// next is the time of the next reconcile, even if nothing wakes the sync.
	next time.Time
	// refused is how often in a row no secret could be read one by one.
	refused int
	// pendingSince is since when a requested sync has waited for its turn.
	pendingSince time.Time
}

// A memo of one secret that is missing or whose value cannot be used.
type memo struct {
	absence
	plan.Verdict

	// updated is the entry of the list that the verdict is about.
	updated time.Time
}

// An absence is the memory of a missing secret until it is listed again.
type absence struct {
	// deleted is whether the secret can be recovered, and moving whether Key Vault is
	// deleting or recovering it: BeingDeleted, BeingRecovered, or empty.
	deleted bool
	moving  keyvault.Reason
	// checkedAt is when that was last checked, and checkWait the pause before the next check.
	checkedAt time.Time
	checkWait time.Duration
	// createAfter is when to try again to create it, createWait the pause until then,
	// and createFailure why it could not be created.
	createAfter   time.Time
	createWait    time.Duration
	createFailure *finding.Finding
}

// recordDeletedCheck records whether a missing secret is recoverable. A deleted secret is listed as such
// only some seconds after its deletion, and may be purged at any time, so the answer is
// checked again soon, with backoff.
func (a *absence) recordDeletedCheck(deleted bool, err error, now time.Time, every time.Duration) {
	if deleted != a.deleted {
		a.checkWait = 0
	}

	a.deleted, a.moving, a.checkedAt = deleted, "", now

	switch reason := keyvault.ReasonOf(err); reason {
	case keyvault.BeingDeleted, keyvault.BeingRecovered:
		a.moving, a.checkWait = reason, min(failedRetry, every)
	case "":
		a.checkWait = min(max(2*a.checkWait, failedRetry), every)
	default:
		a.checkWait = every
	}
}

// A version of a secret, as it is read in a format. It never changes.
type version struct{ version, contentType, format string }

// of reports whether it is the version of a secret, as it is read in a format.
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

// rememberInvalid notes that the value of a version is invalid.
func (m *memory) rememberInvalid(name string, s keyvault.Secret, format string, v plan.Verdict) {
	if m.invalid == nil {
		m.invalid = map[string]invalidVersion{}
	}

	m.invalid[name] = invalidVersion{version: versionOf(s, format), Verdict: v}
}

// clone of the memory: to change one of them does not change the other.
func (m *memory) clone() *memory {
	c := *m
	c.secrets, c.unsettled = maps.Clone(m.secrets), maps.Clone(m.unsettled)
	c.invalid, c.opened, c.postponed = maps.Clone(m.invalid), maps.Clone(m.opened), maps.Clone(m.postponed)

	if c.secrets == nil {
		c.secrets = map[string]memo{}
	}

	return &c
}

// noteSecret compares the Secret with the last one that was up to date. If another client has
// changed it, all secrets are read until that has succeeded.
func (m *memory) noteSecret(t target) {
	if t.secret != nil && m.resourceVersion != "" && t.secret.ResourceVersion != m.resourceVersion {
		m.lastFullRead = time.Time{}
	}

	if t.secret == nil || t.secret.ResourceVersion != m.resourceVersion {
		m.opened = nil // The values that were opened may not be in the Secret.
	}
}

// open notes that the value of a version is opened.
func (m *memory) open(name string, s keyvault.Secret, format string) {
	if m.opened == nil {
		m.opened = map[string]version{}
	}

	m.opened[name] = versionOf(s, format)
}

// postpone a secret, or clear that.
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

// forgetVerdicts on secrets that are no longer listed, and everything else about their
// values.
func (m *memory) forgetVerdicts(list []v1alpha1.SyncedSecret) {
	unlisted := func(name string) bool {
		return !slices.ContainsFunc(list, func(s v1alpha1.SyncedSecret) bool { return s.Name == name })
	}

	maps.DeleteFunc(m.invalid, func(name string, _ invalidVersion) bool { return unlisted(name) })
	maps.DeleteFunc(m.opened, func(name string, _ version) bool { return unlisted(name) })
	maps.DeleteFunc(m.postponed, func(name string, _ time.Time) bool { return unlisted(name) })
}

const (
	// workAtOnce is how many iterations of key derivations a sync may cost at once, and
	// workPerSecond how many in the long run: as many in 10 minutes. They take a processor
	// some seconds. PFX files of openssl and Azure have a few thousand, and those of Java 8
	// to 11 have 200,000.
	workAtOnce    = 4_000_000
	workPerSecond = workAtOnce / 600
)

// work that a sync has cost, as a budget that recovers with time.
type work struct {
	// recovered is when all of the budget is available again.
	recovered time.Time
}

// spend iterations now if so many others are left then, or say when that is.
func (w *work) spend(iterations, left int, now time.Time) time.Time {
	if iterations == 0 {
		return now
	}

	spent := max(0, w.recovered.Sub(now))
	if wait := spent + recovery(iterations+left) - recovery(workAtOnce); wait > 0 {
		return now.Add(wait + time.Second)
	}

	w.recovered = now.Add(spent + recovery(iterations))

	return now
}

// recovery is how long it takes until so many iterations are available again.
func recovery(iterations int) time.Duration {
	return time.Duration(iterations) * time.Second / workPerSecond
}

// memories of all syncs.
type memories struct {
	mu   sync.Mutex
	list map[types.NamespacedName]*memory
}

// of a sync, which looks at the source from now on.
func (m *memories) of(cr *v1alpha1.KeyVaultSecretSync, source watch.Target, now time.Time, fullRead time.Duration) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()

	key := types.NamespacedName{Namespace: cr.Namespace, Name: cr.Name}

	mem, ok := m.list[key]
	if !ok || mem.uid != cr.UID {
		mem = &memory{
			uid: cr.UID, generation: cr.Generation, changed: now, source: source, since: cr.CreationTimestamp.Time,
			requested: cr.Annotations[v1alpha1.SyncRequestedAtAnnotation],
			// After a start, not everything is read at once.
			lastFullRead: now.Add(-rand.N(fullRead)), //nolint:gosec // It is no secret.
			secrets:      map[string]memo{},
			names:        namesBefore(cr),
		}
		m.list[key] = mem
		mem.setNames(cr, now)
	}

	if mem.source != source {
		mem.source, mem.since, mem.allowed = source, now, false
		mem.lastFullRead, mem.secrets, mem.unsettled = time.Time{}, map[string]memo{}, nil
		mem.invalid, mem.opened, mem.postponed = nil, nil, nil
	}

	if mem.generation != cr.Generation {
		mem.generation, mem.changed, mem.secrets = cr.Generation, now, map[string]memo{}
		mem.forgetVerdicts(cr.Spec.ForProvider.Secrets)
		mem.setNames(cr, now)
	}

	return mem
}

// request takes a new request to read all secrets, if there is one. Then all secrets are
// read until that has worked.
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

// next returns how long after now to reconcile a sync again.
func (m *memories) next(o metav1.Object, now time.Time) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()

	mem, ok := m.list[types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}]
	if !ok || mem.next.IsZero() {
		return 0, false
	}

	return max(mem.next.Sub(now), time.Second), true
}

// settled notes that a secret was read or written, and its time of change. It returns when to
// read the secret again, if that is needed.
func (m *memory) settled(name string, updated, now time.Time) time.Time {
	readAgain := updated.Add(resolution)
	if !now.Before(readAgain) {
		delete(m.unsettled, name)

		return time.Time{}
	}

	if m.unsettled == nil {
		m.unsettled = map[string]time.Time{}
	}

	m.unsettled[name] = readAgain

	return readAgain
}

// settling reports whether to read a secret again now although the list shows no change
// or, if it is too early for that, when to do so.
func (m *memory) settling(name string, now time.Time) (due bool, at time.Time) {
	at, ok := m.unsettled[name]
	if ok && now.Before(at) {
		return false, at
	}

	return ok, time.Time{}
}

// earliest of the times that are not zero.
func earliest(times ...time.Time) time.Time {
	var out time.Time

	for _, t := range times {
		if out.IsZero() || !t.IsZero() && t.Before(out) {
			out = t
		}
	}

	return out
}

// latest of two times.
func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}

	return a
}
