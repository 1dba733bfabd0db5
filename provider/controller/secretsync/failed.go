// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"cmp"
	"errors"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
)

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
	since, allowed := l.memory.since, l.memory.allowed

	if e.Reason == keyvault.Forbidden && l.oneByOne() {
		// The identity may have a role on each secret, and that of a listed secret is as new as its entry.
		since, allowed = latest(since, l.memory.added), false
	}

	until := since.Add(propagation)

	if !e.Lasting() && !allowed && !had && l.now.Before(until) && plan.StateBefore(l.cr.Status.AtProvider, s.Name) != v1alpha1.StateForbidden {
		return plan.Observed{
			Verdict:   plan.NewVerdict(v1alpha1.StateAwaitingAccess, finding.Because(finding.AwaitingAccess, e.Cause)),
			LookAgain: until,
		}
	}

	usual := finding.GrantRole
	if e.Reason == keyvault.NoIdentity {
		usual = finding.CheckCredential
	}

	remedy := finding.Finding{Reason: cmp.Or(e.Remedy(), usual), ServiceAccount: l.cr.Spec.ForProvider.ServiceAccountName}

	return plan.Observed{Verdict: plan.NewVerdict(v1alpha1.StateForbidden, finding.Because(finding.AccessDenied, e.Cause), remedy)}
}
