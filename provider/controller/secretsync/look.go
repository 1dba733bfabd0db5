// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"cmp"
	"context"
	"time"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

const (
	// propagation is how long roles and credentials normally take to reach all of
	// Azure. See
	// https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
	propagation = 10 * time.Minute
	// refusedRetry is the pause before a retry if the identity has permission to list the
	// vault, but not to read a secret.
	refusedRetry = 5 * time.Minute
	// failedRetry is the pause before a retry of any other read.
	failedRetry = 30 * time.Second
	// resolution of times in a list, plus one second for the difference between clocks.
	resolution = 2 * time.Second
	// readPace is the average time for each secret that is read one by one.
	readPace = attention.ReadPace
	// A sync reads up to readsAtOnce secrets concurrently, one more for every readsInOrder
	// secrets. Each concurrent read needs a connection.
	readsAtOnce  = 4
	readsInOrder = 8
)

// A lookInput is what a look at the secrets of a vault starts from. The look does not change it.
type lookInput struct {
	cr      *v1alpha1.KeyVaultSecretSync
	current plan.Current
	// record of the secrets whose data is complete.
	record   plan.Record
	snapshot watch.Snapshot
	// movements is the list of another identity. The snapshot is then empty. See sharedlist.go.
	movements *watch.Snapshot
	// pace is the shortest interval in which all syncs of a shared vault may read all of their
	// secrets, or zero.
	pace     time.Duration
	now      time.Time
	interval time.Duration
	fullRead time.Duration
	// watchInterval is the current poll interval of the watcher, or zero before the first list.
	watchInterval time.Duration
	// readAll is true if every secret is read, changed or not.
	readAll bool
	// distrusted is true if the content of the Secret may not be what the provider wrote:
	// another client has changed the Secret, or a full read was requested.
	distrusted bool
}

// A lookResult is the result of a look.
type lookResult struct {
	// observed has the findings on each secret.
	observed map[string]plan.Observed
	// memory of the sync after the look.
	memory *memory
	// again is when to look at the vault as a whole again.
	again time.Time
	// read is true if any secret was read.
	read bool
}

// A look is in progress: it reads a vault, and writes nothing but its own copy of the memory.
type look struct {
	lookInput

	memory *memory
	// read is true once any secret was read.
	read bool
	// postponedIterations is the sum of all postponed secrets.
	postponedIterations int
}

// look at every secret, and read those that the list and the memory do not answer.
func (s lookInput) look(ctx context.Context, v vault, m *memory) lookResult {
	l := &look{lookInput: s, memory: m.clone()}
	l.takeTurn()

	observed := l.observe(ctx, v)

	again := l.nextFullRead()
	if l.oneByOne() && !l.answered(observed) {
		again = earliest(again, l.nextRead())
	}

	return lookResult{observed: observed, memory: l.memory, again: again, read: l.read}
}

// observe every secret.
func (l *look) observe(ctx context.Context, v vault) map[string]plan.Observed {
	observed := map[string]plan.Observed{}

	var unknown []v1alpha1.SyncedSecret

	for _, s := range l.cr.Spec.ForProvider.Secrets {
		if o, ok := l.known(s); ok {
			observed[s.Name] = o
		} else {
			unknown = append(unknown, s)
		}
	}

	failed := l.conclude(unknown, readSecrets(ctx, v.get, unknown), observed)

	if l.hasList() {
		l.memory.allowed = true
	}

	everything := l.readAll || len(unknown) == len(l.cr.Spec.ForProvider.Secrets)
	if everything && !failed && (l.hasList() || l.read || l.answered(observed)) {
		l.memory.lastFullRead = l.now
	}

	l.findDeleted(ctx, v, observed)

	return observed
}

// oneByOne reports whether secrets are read without a list.
func (s lookInput) oneByOne() bool {
	return s.movements != nil || s.snapshot.Unlistable()
}

// hasList reports whether the last list succeeded.
func (s lookInput) hasList() bool {
	return s.snapshot.Err == nil && !s.snapshot.TakenAt.IsZero()
}

// unavailable reports whether nothing can be read until the vault can be listed again. The
// watcher wakes the sync then.
func (s lookInput) unavailable() bool {
	return s.snapshot.Err != nil && !s.oneByOne()
}

// conclude turns responses into findings on the requested secrets, and reports whether a read
// failed. A postponed secret does not count as a failure, because only that secret is read
// again.
func (l *look) conclude(asked []v1alpha1.SyncedSecret, answers map[string]answer, observed map[string]plan.Observed) (failed bool) {
	var skipped []v1alpha1.SyncedSecret

	for _, s := range l.byUrgency(asked, answers) {
		l.memory.forgetVerdict(s.Name)

		answer := answers[s.Name]
		if answer.err != nil {
			o := l.failed(s, answer.err)
			retried, at := l.retry(s, answer.err)
			o.LookAgain = earliest(o.LookAgain, at)
			observed[s.Name], failed = o, failed || retried

			if l.lists(s.Name) {
				// The list does not show that the secret could not be read.
				l.memory.readLater(s.Name, cmp.Or(at, l.now.Add(l.fullRead)), o.Verdict)
			} else {
				delete(l.memory.unsettled, s.Name)
			}

			continue
		}

		l.read, l.memory.allowed = true, true
		readAgain := l.memory.settled(s.Name, lastChange(s, answer.secret), l.now)

		o, postponed := l.examine(s, answer.secret)
		o.LookAgain = earliest(o.LookAgain, readAgain)
		l.memory.postpone(s.Name, postponed, l.now)
		observed[s.Name] = o

		if o.Secret == nil && o.State == v1alpha1.StateSynced {
			skipped = append(skipped, s)
		}
	}

	l.verify(skipped, answers, observed)

	return failed
}

// lastChange of a secret that the sync would see, or zero for a pinned version.
func lastChange(s v1alpha1.SyncedSecret, secret keyvault.Secret) time.Time {
	if s.Version != "" {
		return time.Time{}
	}

	return secret.Updated
}

// entryTime returns the update time in the list to which the verdict on a version applies that was read. The list may be older,
// or newer, than the read. It shows nothing about a pinned version.
func (s lookInput) entryTime(secret v1alpha1.SyncedSecret, read keyvault.Secret) time.Time {
	item, _ := s.snapshot.Item(secret.Name)

	return cmp.Or(lastChange(secret, read), item.Updated)
}

// retry reports whether a failed read makes the full read incomplete, and when to retry it. Only the
// secrets that failed are read again, unless all must be: a full read that began anew each time
// would never get through a vault that throttles.
func (l *look) retry(s v1alpha1.SyncedSecret, err error) (failed bool, at time.Time) {
	e := errorOf(err)

	switch {
	case e.Reason == keyvault.NotFound && s.Version == "" && l.lists(s.Name):
		// The secret was just deleted or recovered, and the list is not up to date yet.
		return false, l.now.Add(failedRetry)
	case e.Reason == keyvault.NotFound, e.Reason == keyvault.Disabled:
		return false, time.Time{}
	case e.Reason == keyvault.Forbidden:
		return false, l.now.Add(refusedRetry)
	case e.Reason == keyvault.Throttled:
		return l.distrusted, l.apart(l.now.Add(max(failedRetry, e.RetryAfter)))
	default:
		return l.distrusted, l.now.Add(max(failedRetry, e.RetryAfter))
	}
}

// nextFullRead returns when to read all secrets again, or zero while the vault is unavailable.
func (l *look) nextFullRead() time.Time {
	if l.unavailable() {
		return time.Time{}
	}

	return latest(l.memory.lastFullRead.Add(l.fullRead), l.now.Add(failedRetry))
}

// nextRead returns when to read secrets one by one again, with backoff while every read fails.
func (l *look) nextRead() time.Time {
	if l.lost() && l.now.Before(l.memory.readsAt) {
		return l.memory.readsAt
	}

	interval := l.readInterval()

	if l.read {
		l.memory.refused = 0
		if l.lost() {
			l.memory.readsAt = l.now.Add(interval)
		}

		return l.now.Add(interval)
	}

	if interval < refusedRetry { // A long interval would overflow.
		interval = min(interval<<min(l.memory.refused, 8), refusedRetry)
	}

	l.memory.refused++

	return l.now.Add(interval)
}

// readInterval is the interval of reading secrets one by one, which takes a request for each.
func (s lookInput) readInterval() time.Duration {
	interval := s.interval
	if s.watchInterval > 0 {
		interval = min(interval, s.watchInterval)
	}

	if s.lost() {
		interval = max(interval, s.pace)
	}

	return max(interval, time.Duration(len(s.cr.Spec.ForProvider.Secrets))*readPace)
}

// mayCreate reports whether a secret may be created in advance if it is missing.
func (s lookInput) mayCreate(secret v1alpha1.SyncedSecret) bool {
	return s.cr.Spec.ForProvider.CreateMissing && secret.Version == "" && (secret.Create == nil || *secret.Create) && isObject(payload.Format(secret.Format))
}
