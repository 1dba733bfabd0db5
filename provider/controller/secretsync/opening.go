// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"cmp"
	"slices"
	"time"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
	"github.com/p6m-dev/platform-application/provider/plan"
)

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
		l.memory.secrets[s.Name] = memo{updated: l.entryTime(s, secret), Verdict: known.Verdict}

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
	at := l.memory.budget.spend(iterations, l.postponedIterations, l.now)
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

		if l.memory.budget.spend(iterationsOf(s, secret), l.postponedIterations+iterationsAtOnce/2, l.now).After(l.now) {
			continue
		}

		l.memory.open(s.Name, secret, s.Format)
		observed[s.Name] = plan.Observed{Secret: &secret, LookAgain: observed[s.Name].LookAgain}
	}
}

func iterationsOf(s v1alpha1.SyncedSecret, secret keyvault.Secret) int {
	return payload.Iterations(payload.Secret{Name: s.Name, ContentType: secret.ContentType, Value: secret.Value}, payload.Format(s.Format))
}
