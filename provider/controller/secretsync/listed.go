// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"time"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

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

	delete(l.memory.unsettled, s.Name) // It may come back with the same time.

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

	due, readAgain := l.memory.settling(s.Name, l.now)
	if due {
		return plan.Observed{}, false
	}

	switch {
	case remembered && memo.updated.Equal(item.Updated):
		// The content in the Secret may be of the same second.
		return plan.Observed{Verdict: memo.Verdict, LookAgain: readAgain}, true
	case requested && latest:
		return plan.Observed{Verdict: l.memory.unchanged(s.Name), LookAgain: readAgain}, true
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
func (s lookInput) missing(secret v1alpha1.SyncedSecret, a absence) plan.Observed {
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
