// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/watch"
)

// interest returns the interest of a sync in its vault.
func (e *external) interest(cr *v1alpha1.KeyVaultSecretSync) watch.Interest {
	_, shared := listedBy(cr)
	i := watch.Interest{
		Names: names(cr.Spec.ForProvider), Interval: e.interval(cr), Fast: e.fastInterval(cr),
		Changes: []time.Time{cr.CreationTimestamp.Time},
		Refused: e.memory != nil && e.memory.refused > 0,
	}

	if shared {
		// Fast polls of a shared list cause no reads.
		i.Reader, i.Refused = sourceOf(cr), true
	}

	for _, s := range e.previous.Secrets {
		if s.UpdatedAt != nil {
			i.Updated = append(i.Updated, s.UpdatedAt.Time)
		}
	}

	p := e.memory.polling(e.previous.Polling)
	if p == nil {
		return i
	}

	for _, at := range []*metav1.Time{p.SecretAddedAt, p.SyncRequestedAt} {
		if at != nil {
			i.Changes = append(i.Changes, at.Time)
		}
	}

	if p.SecretCreatedAt != nil {
		i.Created = p.SecretCreatedAt.Time
	}

	return i
}

// takeRequest accepts a request to read all secrets now, or returns when its turn comes. A team
// can make requests all the time, so vaults take turns, and a sync with many secrets must wait
// longer between two requests. A waiting request is not reported.
func (e *external) takeRequest(cr *v1alpha1.KeyVaultSecretSync, now time.Time) (taken bool, turn time.Time) {
	m := e.memory

	if at := cr.Annotations[v1alpha1.SyncRequestedAtAnnotation]; at != "" && at != m.requested {
		if m.pendingSince.IsZero() {
			m.pendingSince = now
		}

		pace := m.requestedAt.Add(time.Duration(len(cr.Spec.ForProvider.Secrets)) * readPace)
		if turn := latest(e.watcher.Turn(client.ObjectKeyFromObject(cr), m.pendingSince), pace); turn.After(now) {
			return false, turn
		}
	}

	m.pendingSince = time.Time{}

	return m.request(cr, now), time.Time{}
}

// interval of the polls of a vault.
func (c *connector) interval(cr *v1alpha1.KeyVaultSecretSync) time.Duration {
	if d := cr.Spec.ForProvider.PollInterval; d != nil && d.Duration > 0 {
		return d.Duration
	}

	return c.pollInterval
}

// fastInterval of the polls of a vault while a team may be waiting. Zero: no fast polls.
func (c *connector) fastInterval(cr *v1alpha1.KeyVaultSecretSync) time.Duration {
	if d := cr.Spec.ForProvider.FastPollInterval; d != nil && d.Duration >= 0 {
		return d.Duration
	}

	return c.fastPollInterval
}

// lastYear of RFC 3339. A vault can return any time.
const lastYear = 9999

// polling returns the reported times, updated with later ones. A status has whole seconds.
func (m *memory) polling(before *v1alpha1.ObservedPolling) *v1alpha1.ObservedPolling {
	if m == nil {
		return before
	}

	p := v1alpha1.ObservedPolling{}
	if before != nil {
		p = *before.DeepCopy()
	}

	for at, happened := range map[**metav1.Time]time.Time{&p.SecretAddedAt: m.added, &p.SyncRequestedAt: m.requestedAt, &p.SecretCreatedAt: m.created} {
		if !happened.IsZero() && happened.UTC().Year() <= lastYear {
			*at = new(metav1.NewTime(happened.Truncate(time.Second)))
		}
	}

	if p == (v1alpha1.ObservedPolling{}) {
		return nil
	}

	return &p
}

// setNames stores the names of the secrets of a sync, and when one was added.
func (m *memory) setNames(cr *v1alpha1.KeyVaultSecretSync, now time.Time) {
	list := names(cr.Spec.ForProvider)
	if slices.ContainsFunc(list, func(name string) bool { return !slices.Contains(m.names, name) }) {
		m.added = now
	}

	m.names = list
}

// namesBefore returns the names of the secrets in the last status of a sync. Without a status,
// the sync itself is new, and no secret counts as added.
func namesBefore(cr *v1alpha1.KeyVaultSecretSync) []string {
	if cr.Status.AtProvider.SecretsSynced == "" {
		return names(cr.Spec.ForProvider)
	}

	var list []string
	for _, s := range cr.Status.AtProvider.Secrets {
		list = append(list, s.Name)
	}

	return list
}
