// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
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
	// refusedRetry is when to try again to read what the identity may not read,
	// although it may list the vault.
	refusedRetry = 5 * time.Minute
	// failedRetry is when to read again what could not be read.
	failedRetry = 30 * time.Second
	// resolution of times in a list, and a second for clocks that differ.
	resolution = 2 * time.Second
	// readPace of secrets that are read one by one, on average.
	readPace = attention.ReadPace
	// readsAtOnce of a sync with many secrets, and how many secrets it takes to read
	// one more at once. Every read at once is a connection.
	readsAtOnce  = 4
	readsInOrder = 8
)

// A look at the secrets of a vault.
type look struct {
	sync    *v1alpha1.KeyVaultSecretSync
	current plan.Current
	// record of what is whole in the Secret.
	record   plan.Record
	snapshot watch.Snapshot
	memory   *memory
	now      time.Time
	interval time.Duration
	// polled is the interval in which the vault is polled now. Zero if that is not known.
	polled time.Duration
	// all is true if every secret is to be read, changed or not.
	all bool
	// drifted is true if somebody else has changed the Secret, or has asked to read all.
	drifted bool
	// read is true once any secret was read.
	read bool
	// refreshed is true if current has attributes of versions that the Secret does not
	// record yet.
	refreshed bool
	// owed are the iterations of secrets that are postponed.
	owed int
}

// oneByOne is true if the vault may not be listed, or is too large for that. A role
// with a condition on the names of secrets allows to read them nevertheless.
func (l *look) oneByOne() bool {
	r := keyvault.ReasonOf(l.snapshot.Err)

	return r == keyvault.Forbidden || r == keyvault.TooLarge
}

// hasList is true if the last list worked.
func (l *look) hasList() bool {
	return l.snapshot.Err == nil && !l.snapshot.TakenAt.IsZero()
}

// blind is true if nothing can be found out before the vault can be listed again, for
// which the watcher wakes the sync.
func (l *look) blind() bool {
	return l.snapshot.Err != nil && !l.oneByOne()
}

// known returns what can be said of a secret without reading it, or false.
func (l *look) known(s v1alpha1.SyncedSecret) (plan.Finding, bool) {
	if l.blind() {
		return l.failed(s, l.snapshot.Err), true
	}

	if l.oneByOne() || !l.snapshot.Covers(s.Name) {
		return plan.Finding{}, false // The list says nothing of it.
	}

	item, found := l.snapshot.Item(s.Name)
	if !found {
		return l.unlisted(s)
	}

	if !item.Enabled && s.Version == "" {
		return plan.Finding{State: v1alpha1.StateDisabled, Message: "The latest version is disabled. Enable it, or set a new value."}, true
	}

	return l.listed(s, item)
}

// unlisted returns what can be said of a secret that is not in a list that covers it.
func (l *look) unlisted(s v1alpha1.SyncedSecret) (plan.Finding, bool) {
	memo := l.memory.secrets[s.Name]

	switch {
	case memo.state == v1alpha1.StateAwaitingValue && memo.updated.After(l.snapshot.TakenAt.Add(-time.Second)):
		// We have created it since the vault was listed.
		return plan.Finding{State: memo.state, Message: memo.message}, true
	case l.snapshot.TakenAt.Before(l.memory.changed):
		// It was put on our list since the vault was listed.
		return plan.Finding{}, false
	}

	return l.missing(s, memo), true
}

// listed returns what can be said of a secret by its entry in the list.
func (l *look) listed(s v1alpha1.SyncedSecret, item watch.Item) (plan.Finding, bool) {
	content, have := l.record[s.Name]
	memo, remembered := l.memory.secrets[s.Name]

	if memo.absence != (absence{}) {
		memo.absence = absence{}
		l.memory.secrets[s.Name] = memo
	}

	asked := have && content.Format == s.Format && (s.Version == "" || content.Version == s.Version)
	latest := content.Updated == item.Updated.Unix() || s.Version != ""

	_, postponed := l.memory.postponed[s.Name]

	if asked && !latest && s.RefreshInterval != nil && !l.drifted && !postponed {
		if due := time.Unix(content.Synced, 0).Add(s.RefreshInterval.Duration); l.now.Before(due) {
			l.memory.lookAt(due)

			return plan.Finding{State: v1alpha1.StateSynced, Message: fmt.Sprintf(
				"It has changed. The change is taken at %s, as refreshInterval says.", due.UTC().Format(time.RFC3339))}, true
		}
	}

	switch {
	case l.all || postponed || s.Version == "" && l.memory.settling(s.Name, l.now):
		return plan.Finding{}, false
	case asked && latest:
		return plan.Finding{State: v1alpha1.StateSynced}, true
	case remembered && memo.updated.Equal(item.Updated):
		return plan.Finding{State: memo.state, Message: memo.message}, true
	}

	return plan.Finding{}, false
}

// missing says what to do about a secret that the vault does not have.
func (l *look) missing(s v1alpha1.SyncedSecret, m memo) plan.Finding {
	vault := l.sync.Spec.ForProvider.VaultURI

	if _, found := l.snapshot.Item(s.Name); found && s.Version != "" {
		return plan.Finding{State: v1alpha1.StateMissing, Message: fmt.Sprintf(
			"Secret %s of %s has no version %s. Name another one or, to have the latest, none.", s.Name, vault, s.Version)}
	}

	switch m.moving {
	case keyvault.BeingDeleted:
		return plan.Finding{State: v1alpha1.StateSoftDeleted, Message: fmt.Sprintf(
			"Secret %s of %s is being deleted, which takes some seconds. Then you can recover it with az keyvault secret recover.", s.Name, vault)}
	case keyvault.BeingRecovered:
		return plan.Finding{State: v1alpha1.StateSoftDeleted, Message: fmt.Sprintf(
			"Secret %s of %s is being recovered, which takes some seconds. Nothing to do but wait.", s.Name, vault)}
	default:
	}

	if m.deleted {
		return plan.Finding{State: v1alpha1.StateSoftDeleted, Message: fmt.Sprintf(
			"Secret %s of %s is deleted, and its name is taken until it is purged. Recover it with az keyvault secret recover, or ask your platform team.", s.Name, vault)}
	}

	message := fmt.Sprintf("There is no secret %s in %s. Create it.", s.Name, vault)

	switch _, had := l.record[s.Name]; {
	case had:
		message = fmt.Sprintf("Secret %s of %s is gone, so somebody has deleted it. Recover it with az keyvault secret recover or, if that is refused, create it anew.", s.Name, vault)
	case s.Create != nil && !*s.Create:
		message = fmt.Sprintf("There is no secret %s in %s. Create it, or import a certificate of that name.", s.Name, vault)
	}

	if m.createMessage != "" {
		message += " " + m.createMessage
	}

	return plan.Finding{State: v1alpha1.StateMissing, Message: message}
}

// failed says what an error of Azure means for a secret.
func (l *look) failed(s v1alpha1.SyncedSecret, err error) plan.Finding {
	e, ok := errors.AsType[*keyvault.Error](err)
	if !ok {
		e = &keyvault.Error{Reason: keyvault.Unreachable, Detail: "there was no answer"}
	}

	switch e.Reason {
	case keyvault.NotFound:
		return l.missing(s, l.memory.secrets[s.Name])
	case keyvault.BeingDeleted, keyvault.BeingRecovered:
		return l.missing(s, memo{absence: absence{moving: e.Reason}})
	case keyvault.Disabled:
		return plan.Finding{State: v1alpha1.StateDisabled, Message: "It is disabled. Enable it, or set a new value."}
	case keyvault.Throttled:
		return plan.Finding{State: v1alpha1.StateThrottled, Message: fmt.Sprintf("It cannot be read for the moment: %s. It is tried again without your doing anything.", e.Detail)}
	case keyvault.Forbidden, keyvault.NoIdentity:
		return l.refused(s, e)
	default:
		return plan.Finding{State: v1alpha1.StateUnreachable, Message: fmt.Sprintf("It cannot be read: %s. It is tried again without your doing anything; if this lasts for 15 minutes, ask your platform team.", e.Detail)}
	}
}

// refused tells an identity that is not let in yet from one that is not let in.
func (l *look) refused(s v1alpha1.SyncedSecret, e *keyvault.Error) plan.Finding {
	p := l.sync.Spec.ForProvider

	if e.Kubernetes {
		return plan.Finding{State: v1alpha1.StateForbidden, Message: e.Detail + ". Your platform team can look at its ClusterRole and its admission policy."}
	}

	_, had := l.record[s.Name]
	until := l.memory.since.Add(propagation)

	if !e.Lasting() && !l.memory.allowed && !had && l.now.Before(until) && stateOf(l.sync, s.Name) != v1alpha1.StateForbidden {
		l.memory.lookAt(until)

		return plan.Finding{State: v1alpha1.StateAwaitingAccess, Message: fmt.Sprintf(
			"Azure does not let identity %s in yet: %s. This is normal for 10 minutes after it was created. Nothing to do but wait.", p.ClientID, e.Detail)}
	}

	what := "Your platform team can give it the role Key Vault Secrets User on the vault; that takes up to 10 minutes to have its effect."
	if e.Reason == keyvault.NoIdentity {
		what = cmp.Or(e.Remedy(), "Your platform team can look at its federated credential and ServiceAccount "+p.ServiceAccountName+".")
	}

	return plan.Finding{State: v1alpha1.StateForbidden, Message: fmt.Sprintf("Azure does not let identity %s read %s: %s. %s", p.ClientID, p.VaultURI, e.Detail, what)}
}

func stateOf(sync *v1alpha1.KeyVaultSecretSync, name string) v1alpha1.State {
	for _, s := range sync.Status.AtProvider.Secrets {
		if s.Name == name {
			return s.State
		}
	}

	return ""
}

// take a look: find out about every secret, and read those that have to be.
func (l *look) take(ctx context.Context, vault vault) map[string]plan.Finding {
	findings := map[string]plan.Finding{}

	var ask []v1alpha1.SyncedSecret

	for _, s := range l.sync.Spec.ForProvider.Secrets {
		if f, ok := l.known(s); ok {
			findings[s.Name] = f
		} else {
			ask = append(ask, s)
		}
	}

	failed := l.conclude(ask, read(ctx, vault, ask), findings)

	if l.hasList() {
		l.memory.allowed = true
	}

	everything := l.all || len(ask) == len(l.sync.Spec.ForProvider.Secrets)
	if everything && !failed && (l.hasList() || l.read) {
		l.memory.read = l.now
	}

	if l.oneByOne() {
		l.again()
	}

	return findings
}

// conclude what the answers mean for the secrets that were asked for, and tell whether
// any could not be read. A postponed secret is not such a failure: it alone is read
// again.
func (l *look) conclude(ask []v1alpha1.SyncedSecret, answers map[string]answer, findings map[string]plan.Finding) (failed bool) {
	var skipped []v1alpha1.SyncedSecret

	for _, s := range l.byUrgency(ask, answers) {
		answer := answers[s.Name]
		if answer.err != nil {
			findings[s.Name] = l.failed(s, answer.err)
			failed = l.retry(s, answer.err) || failed

			continue
		}

		l.read, l.memory.allowed = true, true
		l.memory.settled(s.Name, answer.secret.Updated, l.now)

		f, postponed := l.judge(s, answer.secret)
		l.memory.postpone(s.Name, postponed, l.now)
		findings[s.Name] = f

		if f.Secret == nil && f.State == v1alpha1.StateSynced {
			skipped = append(skipped, s)
		}
	}

	l.verify(skipped, answers, findings)

	return failed
}

// byUrgency sorts secrets by who needs the work of opening most: those postponed
// before, longest first, then those the Secret lacks, then those with a new version.
func (l *look) byUrgency(ask []v1alpha1.SyncedSecret, answers map[string]answer) []v1alpha1.SyncedSecret {
	rank := func(s v1alpha1.SyncedSecret) (int, time.Time) {
		since, postponed := l.memory.postponed[s.Name]
		content, have := l.record[s.Name]

		switch {
		case postponed:
			return 0, since
		case !have:
			return 1, time.Time{}
		case !isOf(content, s, answers[s.Name].secret):
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

// isOf tells whether content is that of a secret, as the sync reads it. A version never
// changes, but for its attributes.
func isOf(c plan.Content, s v1alpha1.SyncedSecret, secret keyvault.Secret) bool {
	return c.Version == secret.Version && c.ContentType == secret.ContentType && c.Format == s.Format
}

// judge a secret that was read: whether its value has to be opened, which can be a lot
// of work that whoever wrote it chose, and whether that has to wait.
func (l *look) judge(s v1alpha1.SyncedSecret, secret keyvault.Secret) (f plan.Finding, postponed bool) {
	if known := l.memory.invalid[s.Name]; known.of(secret, s.Format) {
		// The list shows the same until the secret changes again.
		if item, found := l.snapshot.Item(s.Name); found {
			l.memory.secrets[s.Name] = memo{updated: item.Updated, state: v1alpha1.StateInvalid, message: known.message}
		}

		return plan.Finding{State: v1alpha1.StateInvalid, Message: known.message}, false
	}

	if l.has(s, secret) {
		l.refresh(s.Name, secret)

		return plan.Finding{State: v1alpha1.StateSynced}, false
	}

	iterations := iterationsOf(s, secret)

	// A later secret does not take what an earlier one waits for.
	at := l.memory.work.spend(iterations, l.owed, l.now)
	if !at.After(l.now) {
		l.memory.open(s.Name, secret, s.Format)

		return plan.Finding{Secret: &secret}, false
	}

	l.owed += iterations
	l.memory.lookAt(at)

	return plan.Finding{State: v1alpha1.StateThrottled, Message: fmt.Sprintf(
		"It is opened at %s: the PFX files of this application took too many iterations lately. Export them with some thousand, such as the 2048 that openssl has by default.",
		at.UTC().Format(time.RFC3339))}, true
}

// has tells whether the Secret has the content of a version, so that its value need not
// be opened. A Secret that somebody else has changed may have all keys, but other values.
func (l *look) has(s v1alpha1.SyncedSecret, secret keyvault.Secret) bool {
	content, have := l.record[s.Name]
	_, postponed := l.memory.postponed[s.Name]

	return have && isOf(content, s, secret) && (!l.drifted && !postponed || l.memory.opened[s.Name].of(secret, s.Format))
}

// refresh the attributes of a version that the Secret has.
func (l *look) refresh(name string, secret keyvault.Secret) {
	old, have := l.current.Record[name]
	if !have {
		return
	}

	content := old
	content.Created, content.Updated = unix(secret.Created), unix(secret.Updated)
	content.NotBefore, content.Expires = unix(secret.NotBefore), unix(secret.Expires)

	if content.Created == old.Created && content.Updated == old.Updated && content.NotBefore == old.NotBefore && content.Expires == old.Expires {
		return
	}

	l.current.Record = maps.Clone(l.current.Record)
	l.current.Record[name] = content
	l.refreshed = true
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}

	return t.Unix()
}

// verify what the Secret has of versions that this process has not opened yet: somebody
// may have changed it while no provider ran, and another release may read values in
// another way. Half of the work is left for values that arrive.
func (l *look) verify(list []v1alpha1.SyncedSecret, answers map[string]answer, findings map[string]plan.Finding) {
	for _, s := range list {
		secret := answers[s.Name].secret
		if l.memory.opened[s.Name].of(secret, s.Format) {
			continue
		}

		if l.memory.work.spend(iterationsOf(s, secret), l.owed+workAtOnce/2, l.now).After(l.now) {
			continue
		}

		l.memory.open(s.Name, secret, s.Format)
		findings[s.Name] = plan.Finding{Secret: &secret}
	}
}

func iterationsOf(s v1alpha1.SyncedSecret, secret keyvault.Secret) int {
	return payload.Iterations(payload.Secret{Name: s.Name, ContentType: secret.ContentType, Value: secret.Value}, payload.Format(s.Format))
}

// retry says when to read again what could not be read, and whether that is
// needed at all.
func (l *look) retry(s v1alpha1.SyncedSecret, err error) bool {
	e, ok := errors.AsType[*keyvault.Error](err)
	if !ok {
		e = &keyvault.Error{Reason: keyvault.Unreachable}
	}

	_, listed := l.snapshot.Item(s.Name)

	switch {
	case e.Reason == keyvault.NotFound && listed && s.Version == "":
		// It was just deleted, or recovered: the list and the secret do not agree yet.
		l.memory.lookAt(l.now.Add(failedRetry))
		return false
	case e.Reason == keyvault.NotFound, e.Reason == keyvault.Disabled:
		return false
	case e.Reason == keyvault.Forbidden:
		l.memory.lookAt(l.now.Add(refusedRetry))
		return false
	default:
		l.memory.lookAt(l.now.Add(max(failedRetry, e.RetryAfter)))
		return true
	}
}

// readAll says when to read all secrets again, if that is of any use.
func (l *look) readAll(every time.Duration) {
	if !l.blind() {
		l.memory.lookAt(later(l.memory.read.Add(every), l.now.Add(failedRetry)))
	}
}

// again says when to read one by one again.
func (l *look) again() {
	interval := l.readInterval()

	if l.read {
		l.memory.refused = 0
		l.memory.lookAt(l.now.Add(interval))

		return
	}

	l.memory.lookAt(l.now.Add(min(interval<<min(l.memory.refused, 8), max(refusedRetry, interval))))
	l.memory.refused++
}

// readInterval is how often secrets are read one by one: each is a request.
func (l *look) readInterval() time.Duration {
	interval := l.interval
	if l.polled > 0 {
		interval = min(interval, l.polled)
	}

	return max(interval, time.Duration(len(l.sync.Spec.ForProvider.Secrets))*readPace)
}

// An answer of a vault to a request for one secret.
type answer struct {
	secret keyvault.Secret
	err    error
}

// read secrets, a few at once. When the vault cannot be reached, the rest is not
// asked for.
func read(ctx context.Context, vault vault, list []v1alpha1.SyncedSecret) map[string]answer {
	if len(list) == 0 {
		return nil
	}

	client, err := vault.client()
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
