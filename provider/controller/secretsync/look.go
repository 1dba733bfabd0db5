// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/attention"
	"github.com/p6m-dev/platform-application/provider/finding"
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

// A sight is the input of a look at the secrets of a vault, which does not change it.
type sight struct {
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

// A looked is the result of a look.
type looked struct {
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
	sight

	memory *memory
	// read is true once any secret was read.
	read bool
	// postponedIterations is the sum of all postponed secrets.
	postponedIterations int
}

// look at every secret, and read those that the list and the memory do not answer.
func (s sight) look(ctx context.Context, v vault, m *memory) looked {
	l := &look{sight: s, memory: m.clone()}
	l.takeTurn()

	observed := l.observe(ctx, v)

	again := l.nextFullRead()
	if l.oneByOne() && !l.answered(observed) {
		again = earliest(again, l.nextRead())
	}

	return looked{observed: observed, memory: l.memory, again: again, read: l.read}
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

	failed := l.conclude(unknown, readSecrets(ctx, v, unknown), observed)

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

// oneByOne reports whether secrets are read without a list, because the identity has no
// permission to list the vault or the vault is too large. A role with a condition on the names
// of secrets allows reading them without listing them.
func (s sight) oneByOne() bool {
	r := keyvault.ReasonOf(s.snapshot.Err)

	return s.movements != nil || r == keyvault.Forbidden || r == keyvault.TooLarge
}

// hasList reports whether the last list succeeded.
func (s sight) hasList() bool {
	return s.snapshot.Err == nil && !s.snapshot.TakenAt.IsZero()
}

// unavailable reports whether nothing can be read until the vault can be listed again. The
// watcher wakes the sync then.
func (s sight) unavailable() bool {
	return s.snapshot.Err != nil && !s.oneByOne()
}

// known returns the findings on a secret without reading it, or false if it must be read.
func (l *look) known(s v1alpha1.SyncedSecret) (plan.Observed, bool) {
	if l.unavailable() {
		return l.failed(s, l.snapshot.Err), true
	}

	if l.movements != nil {
		return l.unmoved(s)
	}

	if l.oneByOne() || !l.snapshot.Covers(s.Name) {
		return plan.Observed{}, false // The list does not contain it.
	}

	item, found := l.snapshot.Item(s.Name)
	if !found {
		return l.unlisted(s)
	}

	if !item.Enabled && s.Version == "" {
		return because(v1alpha1.StateDisabled, finding.LatestVersionDisabled), true
	}

	return l.listed(s, item)
}

// because returns a state with a reason that has no parameters.
func because(state v1alpha1.State, r finding.Reason) plan.Observed {
	return plan.Observed{Verdict: plan.NewVerdict(state, finding.Finding{Reason: r})}
}

// unlisted returns the findings on a secret that the list does not contain.
func (l *look) unlisted(s v1alpha1.SyncedSecret) (plan.Observed, bool) {
	memo := l.memory.secrets[s.Name]

	switch {
	case memo.State == v1alpha1.StateAwaitingValue && memo.updated.After(l.snapshot.TakenAt.Add(-time.Second)):
		// The provider has created it since the vault was listed.
		return plan.Observed{Verdict: memo.Verdict}, true
	case l.snapshot.TakenAt.Before(l.memory.changed):
		// The secret was added to the sync after the vault was listed.
		return plan.Observed{}, false
	}

	return l.missing(s, memo.absence), true
}

// listed returns the findings on a secret by its entry in the list.
func (l *look) listed(s v1alpha1.SyncedSecret, item watch.Item) (plan.Observed, bool) {
	content, have := l.record[s.Name]
	memo, remembered := l.memory.secrets[s.Name]

	if memo.absence != (absence{}) {
		memo.absence = absence{}
		l.memory.secrets[s.Name] = memo
	}

	requested := have && content.Format == s.Format && (s.Version == "" || content.Version == s.Version)
	latest := content.Updated == item.Updated.Unix() || s.Version != ""

	_, postponed := l.memory.postponed[s.Name]

	if requested && !latest {
		if o, held := l.held(s, content); held {
			return o, true
		}
	}

	if l.readAll || postponed {
		return plan.Observed{}, false
	}

	var readAgain time.Time

	if s.Version == "" {
		due, at := l.memory.settling(s.Name, l.now)
		if due {
			return plan.Observed{}, false
		}

		readAgain = at
	}

	switch {
	case requested && latest:
		return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateSynced), LookAgain: readAgain}, true
	case remembered && memo.updated.Equal(item.Updated):
		return plan.Observed{Verdict: memo.Verdict, LookAgain: readAgain}, true
	}

	return plan.Observed{}, false
}

// held returns the findings on a secret that has changed before its refreshInterval is over.
func (l *look) held(s v1alpha1.SyncedSecret, content plan.Content) (plan.Observed, bool) {
	_, postponed := l.memory.postponed[s.Name]
	if s.RefreshInterval == nil || l.distrusted || postponed {
		return plan.Observed{}, false
	}

	due := time.Unix(content.Synced, 0).Add(s.RefreshInterval.Duration)

	return plan.Observed{
		Verdict:   plan.NewVerdict(v1alpha1.StateSynced, finding.Finding{Reason: finding.ChangeHeld, At: due}),
		LookAgain: due,
	}, l.now.Before(due)
}

// missing returns the findings on a secret that the vault does not have.
func (s sight) missing(secret v1alpha1.SyncedSecret, a absence) plan.Observed {
	if _, found := s.snapshot.Item(secret.Name); found && secret.Version != "" {
		return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateMissing, finding.Finding{Reason: finding.VersionMissing, Version: secret.Version})}
	}

	switch {
	case a.moving == keyvault.BeingDeleted:
		return because(v1alpha1.StateSoftDeleted, finding.BeingDeleted)
	case a.moving == keyvault.BeingRecovered:
		return because(v1alpha1.StateSoftDeleted, finding.BeingRecovered)
	case a.deleted:
		return because(v1alpha1.StateSoftDeleted, finding.SoftDeleted)
	}

	o := because(v1alpha1.StateMissing, finding.Missing)

	switch _, had := s.record[secret.Name]; {
	case had:
		o = because(v1alpha1.StateMissing, finding.Gone)
	case secret.Create != nil && !*secret.Create:
		o = because(v1alpha1.StateMissing, finding.MissingCertificate)
	}

	if a.createFailure != nil {
		o.Findings = append(o.Findings, *a.createFailure)
	}

	return o
}

// errorOf returns an error of Azure. An error of another type means that Azure is unreachable.
func errorOf(err error) *keyvault.Error {
	if e, ok := errors.AsType[*keyvault.Error](err); ok {
		return e
	}

	return &keyvault.Error{Reason: keyvault.Unreachable, Cause: finding.Finding{Reason: finding.NoResponse}}
}

// failed returns the findings on a secret after an error of Azure.
func (l *look) failed(s v1alpha1.SyncedSecret, err error) plan.Observed {
	e := errorOf(err)

	switch e.Reason {
	case keyvault.NotFound:
		return l.missing(s, l.memory.secrets[s.Name].absence)
	case keyvault.BeingDeleted, keyvault.BeingRecovered:
		return l.missing(s, absence{moving: e.Reason})
	case keyvault.Disabled:
		return because(v1alpha1.StateDisabled, finding.Disabled)
	case keyvault.Throttled:
		return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateThrottled, finding.Because(finding.Throttled, e.Cause))}
	case keyvault.Forbidden, keyvault.NoIdentity:
		return l.refused(s, e)
	default:
		reason := finding.Unreachable
		if e.ByNetwork() {
			reason = finding.NetworkBlocked
		}

		return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateUnreachable, finding.Because(reason, e.Cause))}
	}
}

// refused distinguishes pending access from missing access.
func (l *look) refused(s v1alpha1.SyncedSecret, e *keyvault.Error) plan.Observed {
	if e.Kubernetes {
		return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateForbidden, finding.Because(finding.TokenRequestForbidden, e.Cause))}
	}

	_, had := l.record[s.Name]
	until := l.memory.since.Add(propagation)

	if !e.Lasting() && !l.memory.allowed && !had && l.now.Before(until) && plan.StateBefore(l.cr.Status.AtProvider, s.Name) != v1alpha1.StateForbidden {
		return plan.Observed{
			Verdict:   plan.NewVerdict(v1alpha1.StateAwaitingAccess, finding.Because(finding.AwaitingAccess, e.Cause)),
			LookAgain: until,
		}
	}

	remedy := finding.Finding{Reason: finding.GrantRole}
	if e.Reason == keyvault.NoIdentity {
		remedy = finding.Finding{
			Reason:         cmp.Or(e.Remedy(), finding.CheckCredential),
			ServiceAccount: l.cr.Spec.ForProvider.ServiceAccountName,
		}
	}

	return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateForbidden, finding.Because(finding.AccessDenied, e.Cause), remedy)}
}

// conclude turns responses into findings on the requested secrets, and reports whether a read
// failed. A postponed secret does not count as a failure, because only that secret is read
// again.
func (l *look) conclude(asked []v1alpha1.SyncedSecret, answers map[string]answer, observed map[string]plan.Observed) (failed bool) {
	var skipped []v1alpha1.SyncedSecret

	for _, s := range l.byUrgency(asked, answers) {
		answer := answers[s.Name]
		if answer.err != nil {
			o := l.failed(s, answer.err)
			retried, at := l.retry(s, answer.err)
			o.LookAgain = earliest(o.LookAgain, at)
			observed[s.Name], failed = o, failed || retried

			continue
		}

		l.read, l.memory.allowed = true, true
		readAgain := l.memory.settled(s.Name, answer.secret.Updated, l.now)

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

// byUrgency sorts secrets by the urgency of opening them: first the postponed ones, with the
// longest wait first, then those that are missing in the Secret, then those with a new version.
func (l *look) byUrgency(ask []v1alpha1.SyncedSecret, answers map[string]answer) []v1alpha1.SyncedSecret {
	rank := func(s v1alpha1.SyncedSecret) (int, time.Time) {
		since, postponed := l.memory.postponed[s.Name]
		content, have := l.record[s.Name]

		switch {
		case postponed:
			return 0, since
		case !have:
			return 1, time.Time{}
		case !sameVersion(content, s, answers[s.Name].secret):
			return 2, time.Time{}
		default:
			return 3, time.Time{}
		}
	}

	return slices.SortedStableFunc(slices.Values(ask), func(a, b v1alpha1.SyncedSecret) int {
		rankA, sinceA := rank(a)
		rankB, sinceB := rank(b)

		return cmp.Or(cmp.Compare(rankA, rankB), sinceA.Compare(sinceB))
	})
}

// sameVersion reports whether content was made from this version, in the format of the sync.
// Versions are immutable except for their attributes.
func sameVersion(c plan.Content, s v1alpha1.SyncedSecret, secret keyvault.Secret) bool {
	return c.Version == secret.Version && c.ContentType == secret.ContentType && c.Format == s.Format
}

// examine a secret that was read, and report whether opening its value is postponed. Opening
// is limited because the author of a value decides how much work it takes.
func (l *look) examine(s v1alpha1.SyncedSecret, secret keyvault.Secret) (o plan.Observed, postponed bool) {
	if known := l.memory.invalid[s.Name]; known.of(secret, s.Format) {
		// The verdict holds until the list shows another change.
		if item, found := l.snapshot.Item(s.Name); found {
			l.memory.secrets[s.Name] = memo{updated: item.Updated, Verdict: known.Verdict}
		}

		return plan.Observed{Verdict: known.Verdict}, false
	}

	if l.has(s, secret) {
		return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateSynced), Attributes: &secret.Properties}, false
	}

	if content, have := l.record[s.Name]; have && s.Version == "" && content.Format == s.Format {
		if o, held := l.held(s, content); held {
			return o, false // No list of this identity has shown the change before.
		}
	}

	iterations := iterationsOf(s, secret)

	// A later secret must not use up the budget that an earlier one waits for.
	at := l.memory.work.spend(iterations, l.postponedIterations, l.now)
	if !at.After(l.now) {
		l.memory.open(s.Name, secret, s.Format)

		return plan.Observed{Secret: &secret}, false
	}

	l.postponedIterations += iterations

	return plan.Observed{
		Verdict:   plan.NewVerdict(v1alpha1.StateThrottled, finding.Finding{Reason: finding.ValuePostponed, At: at}),
		LookAgain: at,
	}, true
}

// has reports whether the Secret already has the content of a version, so that its value need
// not be opened. A Secret that another client has changed may have all keys, but other values.
func (l *look) has(s v1alpha1.SyncedSecret, secret keyvault.Secret) bool {
	content, have := l.record[s.Name]
	_, postponed := l.memory.postponed[s.Name]

	return have && sameVersion(content, s, secret) && (!l.distrusted && !postponed || l.memory.opened[s.Name].of(secret, s.Format))
}

// verify the data of versions that this process has not opened yet: the Secret may have changed
// while the provider was not running, and an earlier release may have parsed values
// differently. Half of the budget is reserved for new values.
func (l *look) verify(list []v1alpha1.SyncedSecret, answers map[string]answer, observed map[string]plan.Observed) {
	for _, s := range list {
		secret := answers[s.Name].secret
		if l.memory.opened[s.Name].of(secret, s.Format) {
			continue
		}

		if l.memory.work.spend(iterationsOf(s, secret), l.postponedIterations+workAtOnce/2, l.now).After(l.now) {
			continue
		}

		l.memory.open(s.Name, secret, s.Format)
		observed[s.Name] = plan.Observed{Secret: &secret, LookAgain: observed[s.Name].LookAgain}
	}
}

func iterationsOf(s v1alpha1.SyncedSecret, secret keyvault.Secret) int {
	return payload.Iterations(payload.Secret{Name: s.Name, ContentType: secret.ContentType, Value: secret.Value}, payload.Format(s.Format))
}

// retry reports whether a failed read makes the full read incomplete, and when to retry it.
func (l *look) retry(s v1alpha1.SyncedSecret, err error) (failed bool, at time.Time) {
	e := errorOf(err)
	_, listed := l.snapshot.Item(s.Name)

	switch {
	case e.Reason == keyvault.NotFound && listed && s.Version == "":
		// The secret was just deleted or recovered, and the list is not up to date yet.
		return false, l.now.Add(failedRetry)
	case e.Reason == keyvault.NotFound, e.Reason == keyvault.Disabled:
		return false, time.Time{}
	case e.Reason == keyvault.Forbidden:
		return false, l.now.Add(refusedRetry)
	case e.Reason == keyvault.Throttled:
		return true, l.apart(l.now.Add(max(failedRetry, e.RetryAfter)))
	default:
		return true, l.now.Add(max(failedRetry, e.RetryAfter))
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

	backoff := min(interval<<min(l.memory.refused, 8), max(refusedRetry, interval))
	l.memory.refused++

	return l.now.Add(backoff)
}

// readInterval is the interval of reading secrets one by one, which takes a request for each.
func (s sight) readInterval() time.Duration {
	interval := s.interval
	if s.watchInterval > 0 {
		interval = min(interval, s.watchInterval)
	}

	if s.lost() {
		interval = max(interval, s.pace)
	}

	return max(interval, time.Duration(len(s.cr.Spec.ForProvider.Secrets))*readPace)
}

// findDeleted determines which missing secrets are recoverable. It skips secrets that are
// created in advance, because the attempt to create them shows that.
func (l *look) findDeleted(ctx context.Context, v vault, observed map[string]plan.Observed) {
	for _, s := range l.cr.Spec.ForProvider.Secrets {
		if !isMissing(observed[s.Name].State) || l.mayCreate(s) {
			continue
		}

		if _, found := l.snapshot.Item(s.Name); found {
			continue // Only the version is missing.
		}

		memo, o := l.memory.secrets[s.Name], observed[s.Name]

		if due := memo.checkedAt.Add(memo.checkWait); memo.checkedAt.IsZero() || !l.now.Before(due) {
			deleted, err := v.deleted(ctx, s.Name)
			memo.recordDeletedCheck(deleted, err, l.now, l.fullRead)
			l.memory.secrets[s.Name] = memo

			lookAgain := o.LookAgain
			o = l.missing(s, memo.absence)
			o.LookAgain = lookAgain
		}

		o.LookAgain = earliest(o.LookAgain, memo.checkedAt.Add(memo.checkWait))
		observed[s.Name] = o
	}
}

// mayCreate reports whether a secret may be created in advance if it is missing.
func (s sight) mayCreate(secret v1alpha1.SyncedSecret) bool {
	return s.cr.Spec.ForProvider.CreateMissing && secret.Version == "" && (secret.Create == nil || *secret.Create) && isObject(payload.Format(secret.Format))
}

// An answer is the response of a vault to a request for one secret.
type answer struct {
	secret keyvault.Secret
	err    error
}

// readSecrets reads a few secrets concurrently. When the vault is unreachable, the rest is not
// requested.
func readSecrets(ctx context.Context, v vault, list []v1alpha1.SyncedSecret) map[string]answer {
	if len(list) == 0 {
		return nil
	}

	client, err := v.client()
	answers := make(map[string]answer, len(list))

	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		slots = make(chan struct{}, min(1+len(list)/readsInOrder, readsAtOnce))
		stop  = err
	)

	for _, s := range list {
		slots <- struct{}{}

		mu.Lock()

		failed := stop
		if failed != nil {
			answers[s.Name] = answer{err: failed}
		}

		mu.Unlock()

		if failed != nil {
			<-slots
			continue
		}

		wg.Go(func() {
			defer func() { <-slots }()

			secret, err := client.Get(ctx, s.Name, s.Version)

			mu.Lock()
			defer mu.Unlock()

			answers[s.Name] = answer{secret: secret, err: err}

			if r := keyvault.ReasonOf(err); r == keyvault.Unreachable || r == keyvault.Throttled || r == keyvault.NoIdentity {
				stop = err
			}
		})
	}

	wg.Wait()

	return answers
}
