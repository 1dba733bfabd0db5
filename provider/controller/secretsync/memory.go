// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// A memory is what is remembered of a sync to spare requests. Nothing in it is
// needed to be right: without it everything is looked at again. Only the
// reconciler of the sync uses it, except for what is in reported.
type memory struct {
	uid        types.UID
	generation int64
	// changed is when the generation was first seen.
	changed time.Time

	// requested is the last request to read all secrets now.
	requested string

	// names of the secrets that were last on the list.
	names []string
	// added is when one was added to them, asked when a sync was requested, and created
	// when we created a secret in the vault. Zero if none of that has happened since the
	// provider has started.
	added, asked, created time.Time

	target watch.Target
	// since is when the target became what it is, as far as that is known.
	since time.Time
	// allowed is true once the target has let the application in.
	allowed bool

	// read is when all secrets were last read. Lists have a resolution of one
	// second, so this is done every now and then.
	read time.Time
	// resourceVersion of the Secret when it was last as it should be. Another one:
	// somebody else has changed it.
	resourceVersion string
	secrets         map[string]memo
	// unsettled are secrets that were read within the second of their last change, and
	// when to read them again: another change in that second shows in no list.
	unsettled map[string]time.Time

	// invalid has versions whose values are known to be invalid, by name of the secret.
	invalid map[string]verdict
	// opened are versions that this process has opened for the Secret as it is.
	opened map[string]version
	// postponed are secrets whose values wait to be opened, and since when.
	postponed map[string]time.Time
	// work of opening values.
	work work

	// next is when the sync has to be looked at even if nothing wakes it.
	next time.Time
	// refused is how often in a row no secret could be read one by one.
	refused int
	// pending is since when a requested sync waits for its turn.
	pending time.Time
}

// A memo is what is remembered of one secret whose value is of no use, or that is
// missing.
type memo struct {
	absence

	// updated is the entry of the list that this is about.
	updated time.Time
	state   v1alpha1.State
	message string
}

// absence is what is remembered of a secret that is missing, until it is listed again.
type absence struct {
	// deleted is whether the secret can be recovered, and moving what Key Vault is doing
	// with it, BeingDeleted or BeingRecovered, or nothing.
	deleted bool
	moving  keyvault.Reason
	// asked is when that was asked, and askWait how long later to ask again.
	asked   time.Time
	askWait time.Duration
	// createAfter is when to try again to create it, createWait how long that was to
	// wait, and createMessage why it could not be created.
	createAfter   time.Time
	createWait    time.Duration
	createMessage string
}

// told records whether a missing secret is recoverable. A secret appears among the deleted
// ones only some seconds after its deletion, and may be purged at any time, so the answer
// is checked again soon, with backoff.
func (a *absence) told(deleted bool, err error, now time.Time, every time.Duration) {
	if deleted != a.deleted {
		a.askWait = 0
	}

	a.deleted, a.moving, a.asked = deleted, "", now

	switch reason := keyvault.ReasonOf(err); reason {
	case keyvault.BeingDeleted, keyvault.BeingRecovered:
		a.moving, a.askWait = reason, min(failedRetry, every)
	case "":
		a.askWait = min(max(2*a.askWait, failedRetry), every)
	default:
		a.askWait = every
	}
}

// A version of a secret, as it is read in a format. It never changes.
type version struct{ version, contentType, format string }

// of tells whether it is the version of a secret, as it is read in a format.
func (v version) of(s keyvault.Secret, format string) bool {
	return v.version != "" && v == versionOf(s, format)
}

func versionOf(s keyvault.Secret, format string) version {
	return version{version: s.Version, contentType: s.ContentType, format: format}
}

// A verdict is that the value of a version is invalid.
type verdict struct {
	version

	message string
}

// judged notes that the value of a version is invalid.
func (m *memory) judged(name string, s keyvault.Secret, format, message string) {
	if m.invalid == nil {
		m.invalid = map[string]verdict{}
	}

	m.invalid[name] = verdict{version: versionOf(s, format), message: message}
}

// open notes that the value of a version is opened.
func (m *memory) open(name string, s keyvault.Secret, format string) {
	if m.opened == nil {
		m.opened = map[string]version{}
	}

	m.opened[name] = versionOf(s, format)
}

// postpone a secret, or note that it does not wait any longer.
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

// forgetVerdicts about secrets that are not on the list any more, and all else that is
// known of their values.
func (m *memory) forgetVerdicts(list []v1alpha1.SyncedSecret) {
	gone := func(name string) bool {
		return !slices.ContainsFunc(list, func(s v1alpha1.SyncedSecret) bool { return s.Name == name })
	}

	maps.DeleteFunc(m.invalid, func(name string, _ verdict) bool { return gone(name) })
	maps.DeleteFunc(m.opened, func(name string, _ version) bool { return gone(name) })
	maps.DeleteFunc(m.postponed, func(name string, _ time.Time) bool { return gone(name) })
}

const (
	// workAtOnce are iterations of key derivations that a sync may cost at once, and
	// workPerSecond those that it may cost for long: as many in 10 minutes. They take a
	// processor some seconds. PFX files of openssl and Azure have some thousand, and
	// those of Java 8 to 11 have 200,000.
	workAtOnce    = 4_000_000
	workPerSecond = workAtOnce / 600
)

// work that a sync has cost.
type work struct{ limit *rate.Limiter }

// spend iterations now if so many others are left then, or say when that is.
func (w *work) spend(iterations, left int, now time.Time) time.Time {
	if iterations == 0 {
		return now
	}

	if w.limit == nil {
		w.limit = rate.NewLimiter(workPerSecond, workAtOnce)
	}

	lacking := float64(iterations+left) - w.limit.TokensAt(now)
	if lacking <= 0 && w.limit.AllowN(now, iterations) {
		return now
	}

	return now.Add(time.Duration(lacking/workPerSecond*float64(time.Second)) + time.Second)
}

// memories of all syncs.
type memories struct {
	mu   sync.Mutex
	list map[types.NamespacedName]*memory
}

// of a sync, which looks at the target from now on.
func (m *memories) of(sync *v1alpha1.KeyVaultSecretSync, target watch.Target, now time.Time, fullRead time.Duration) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()

	key := types.NamespacedName{Namespace: sync.Namespace, Name: sync.Name}

	mem, ok := m.list[key]
	if !ok || mem.uid != sync.UID {
		mem = &memory{
			uid: sync.UID, generation: sync.Generation, changed: now, target: target, since: sync.CreationTimestamp.Time,
			requested: sync.Annotations[v1alpha1.SyncRequestedAtAnnotation],
			// After a start, not everything is read at once.
			read:    now.Add(-rand.N(fullRead)), //nolint:gosec // It is no secret.
			secrets: map[string]memo{},
			names:   namesBefore(sync),
		}
		m.list[key] = mem
		mem.list(sync, now)
	}

	if mem.target != target {
		mem.target, mem.since, mem.allowed = target, now, false
		mem.read, mem.secrets, mem.unsettled = time.Time{}, map[string]memo{}, nil
		mem.invalid, mem.opened, mem.postponed = nil, nil, nil
	}

	if mem.generation != sync.Generation {
		mem.generation, mem.changed, mem.secrets = sync.Generation, now, map[string]memo{}
		mem.forgetVerdicts(sync.Spec.ForProvider.Secrets)
		mem.list(sync, now)
	}

	return mem
}

// request tells whether somebody has asked to read all secrets now who did not
// before. Then all is read, until that has worked.
func (m *memory) request(sync *v1alpha1.KeyVaultSecretSync, now time.Time) bool {
	at := sync.Annotations[v1alpha1.SyncRequestedAtAnnotation]
	if at == "" || at == m.requested {
		return false
	}

	m.requested, m.read, m.opened = at, time.Time{}, nil
	m.asked = now

	for name, memo := range m.secrets {
		memo.absence = absence{} // Somebody may have purged it.
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

// next returns how long after now a sync has to be looked at again.
func (m *memories) next(o metav1.Object, now time.Time) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()

	mem, ok := m.list[types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}]
	if !ok || mem.next.IsZero() {
		return 0, false
	}

	return max(mem.next.Sub(now), time.Second), true
}

// settled notes that a secret was read, or written, and when it had changed last.
func (m *memory) settled(name string, updated, now time.Time) {
	again := updated.Add(resolution)
	if !now.Before(again) {
		delete(m.unsettled, name)

		return
	}

	if m.unsettled == nil {
		m.unsettled = map[string]time.Time{}
	}

	m.unsettled[name] = again
	m.lookAt(again)
}

// settling tells whether a secret is to be read again although the list shows no
// change.
func (m *memory) settling(name string, now time.Time) bool {
	again, ok := m.unsettled[name]
	if ok && now.Before(again) {
		m.lookAt(again)

		return false
	}

	return ok
}

// lookAt makes sure that the sync is looked at by then.
func (m *memory) lookAt(at time.Time) {
	if m.next.IsZero() || at.Before(m.next) {
		m.next = at
	}
}
