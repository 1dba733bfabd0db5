// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"time"

	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
)

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

// deleted reports whether a secret is deleted and recoverable. It prefers the identity that
// creates secrets, because applications normally lack the permission to ask.
func (v vault) deleted(ctx context.Context, name string) (bool, error) {
	if v.creator != nil {
		if c, err := v.creator(ctx); err == nil {
			deleted, err := c.Deleted(ctx, name)

			switch keyvault.ReasonOf(err) {
			case "", keyvault.BeingDeleted, keyvault.BeingRecovered:
				return deleted, err
			default:
			}
		}
	}

	c, err := v.client()
	if err != nil {
		return false, err
	}

	return c.Deleted(ctx, name)
}

// An absence is what is known about a missing secret. It ends when the secret is listed again.
type absence struct {
	// deleted is true if the secret is recoverable. Moving is BeingDeleted or BeingRecovered
	// while Key Vault deletes or recovers the secret, otherwise empty.
	deleted bool
	moving  keyvault.Reason
	// checkedAt is when that was last checked, and checkWait is the pause before the next check.
	checkedAt time.Time
	checkWait time.Duration
	// createAfter is when to try again to create the secret, createWait is the pause until then,
	// and createFailure is why the last attempt failed.
	createAfter   time.Time
	createWait    time.Duration
	createFailure *finding.Finding
}

// recordDeletedCheck records whether a missing secret is recoverable. The check is repeated
// with backoff, because a secret becomes recoverable only some seconds after its deletion, and
// can be purged at any time.
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
