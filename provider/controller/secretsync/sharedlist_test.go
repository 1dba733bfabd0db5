// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

func TestUnmoved(t *testing.T) {
	hour := entry{updated: before(time.Hour).Unix(), enabled: true}
	marked := func(e entry, state v1alpha1.State) func(*look) {
		return func(l *look) {
			l.empty()
			l.memory.marks = map[string]mark{"db": {entry: e, Verdict: plan.NewVerdict(state)}}
		}
	}
	fails := func(r keyvault.Reason) func(*look) {
		return func(l *look) { l.snapshot.Err = &keyvault.Error{Reason: r} }
	}

	type want struct {
		State v1alpha1.State
		// Answered is true if nothing is read until the secret moves.
		Answered bool
	}

	cases := map[string]struct {
		reason string
		change func(*look)
		want   want
	}{
		"Latest":        {reason: "The Secret has the content of that time.", want: want{State: v1alpha1.StateSynced, Answered: true}},
		"Moved":         {reason: "A secret that moved is read.", change: func(l *look) { l.snapshot = listed(before(time.Minute), true) }},
		"Disabled":      {reason: "Only a read shows that a secret is disabled.", change: func(l *look) { l.snapshot = listed(before(time.Hour), false) }},
		"Gone":          {reason: "Only a read shows that a secret is missing.", change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon()) }},
		"Uncovered":     {reason: "The list does not say anything about the secret yet.", change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, nil, noon()) }},
		"Empty":         {reason: "A secret that is not in the Secret is read.", change: (*look).empty},
		"FullRead":      {reason: "Full reads read every secret.", change: func(l *look) { l.readAll = true }},
		"Postponed":     {reason: "A value that waits to be opened is read.", change: func(l *look) { l.memory.postponed = map[string]time.Time{"db": noon()} }},
		"Settling":      {reason: "A list does not show a second change in the same second.", change: func(l *look) { l.memory.unsettled = map[string]time.Time{"db": noon()} }},
		"Invalid":       {reason: "An invalid value is not read again.", change: marked(hour, v1alpha1.StateInvalid), want: want{State: v1alpha1.StateInvalid, Answered: true}},
		"InvalidMoved":  {reason: "It is read when it moves.", change: marked(entry{updated: 1, enabled: true}, v1alpha1.StateInvalid)},
		"Lost":          {reason: "A synced secret that is no longer in the Secret is read.", change: marked(hour, v1alpha1.StateSynced)},
		"Contradiction": {reason: "A missing secret that the list has is read again.", change: marked(hour, v1alpha1.StateMissing), want: want{State: v1alpha1.StateMissing}},
		"Forbidden":     {reason: "Without permission to list, every secret is read.", change: fails(keyvault.Forbidden)},
		"NoIdentity":    {reason: "Without an identity, every secret is read.", change: fails(keyvault.NoIdentity)},
		"Unreachable":   {reason: "If the vault is unreachable, the read shows it.", change: fails(keyvault.Unreachable)},
		"Throttled":     {reason: "A vault that throttles lists gets no reads instead.", change: fails(keyvault.Throttled), want: want{State: v1alpha1.StateSynced, Answered: true}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
			if tc.change != nil {
				tc.change(l)
			}

			l.sight = l.sight.shared()

			o, _ := l.known(l.cr.Spec.ForProvider.Secrets[0])
			got := want{State: o.State, Answered: l.answered(map[string]plan.Observed{"db": o})}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nunmoved(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Whatever a list of another identity shows, a state is one that the application's own read had, or
// that the Secret has.
func TestUnmovedProperties(t *testing.T) {
	states := []v1alpha1.State{v1alpha1.StateSynced, v1alpha1.StateAwaitingValue, v1alpha1.StateInvalid, v1alpha1.StateMissing, v1alpha1.StateDisabled}
	snapshots := rapid.Custom(func(t *rapid.T) watch.Snapshot {
		s := watch.NewSnapshot(nil, []string{"db"}, noon())
		if rapid.Bool().Draw(t, "exists") {
			s = listed(before(time.Duration(rapid.IntRange(0, 2).Draw(t, "hours"))*time.Hour), rapid.Bool().Draw(t, "enabled"))
		}

		return s
	})

	rapid.Check(t, func(t *rapid.T) {
		l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
		if rapid.Bool().Draw(t, "empty") {
			l.empty()
		}

		// A read, marked with the list of that time.
		read := plan.NewVerdict(rapid.SampledFrom(states).Draw(t, "read"))
		l.snapshot = snapshots.Draw(t, "then")
		l.sight = l.sight.shared()
		l.memory.marks = l.mark(map[string]plan.Observed{"db": {Verdict: read}}, plan.Plan{})

		l.snapshot = snapshots.Draw(t, "now")
		l.sight = l.sight.shared()

		o, known := l.known(l.cr.Spec.ForProvider.Secrets[0])
		_, have := l.record["db"]

		if known && o.State != read.State && (o.State != v1alpha1.StateSynced || !have) {
			t.Fatalf("the application has read %s, and shows %s", read.State, o.State)
		}
	})
}

func TestListedBy(t *testing.T) {
	cluster, own := &xpv1.ProviderConfigReference{Kind: v1alpha1.ClusterProviderConfigKind, Name: "default"}, &xpv1.ProviderConfigReference{Kind: v1alpha1.ProviderConfigKind, Name: "own"}
	shared := watch.Target{VaultURI: "https://web.vault.azure.net", ProviderConfig: watch.ProviderConfig{Kind: v1alpha1.ClusterProviderConfigKind, Name: "default"}}

	cases := map[string]struct {
		reason   string
		listWith string
		ref      *xpv1.ProviderConfigReference
		uri      string
		want     watch.Target
	}{
		"Default":     {reason: "By default, the application lists.", ref: cluster, uri: testVault, want: sourceOf(newSync())},
		"Application": {reason: "The application lists.", listWith: v1alpha1.ListWithApplication, ref: cluster, uri: testVault, want: sourceOf(newSync())},
		"NoConfig":    {reason: "Without a provider configuration, the application lists.", listWith: v1alpha1.ListWithProviderConfig, uri: testVault, want: sourceOf(newSync())},
		"Cluster":     {reason: "All namespaces share a list.", listWith: v1alpha1.ListWithProviderConfig, ref: cluster, uri: testVault, want: shared},
		"Spelling":    {reason: "The spelling of the vault does not matter.", listWith: v1alpha1.ListWithProviderConfig, ref: cluster, uri: "https://WEB.vault.azure.net", want: shared},
		"Namespaced": {
			reason: "A namespace has its own list with a ProviderConfig.", listWith: v1alpha1.ListWithProviderConfig, ref: own, uri: testVault,
			want: watch.Target{VaultURI: "https://web.vault.azure.net", ProviderConfig: watch.ProviderConfig{Kind: v1alpha1.ProviderConfigKind, Name: "own", Namespace: "team-a"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cr := newSync()
			cr.Spec.ForProvider.VaultURI, cr.Spec.ForProvider.ListWith = tc.uri, tc.listWith
			cr.SetProviderConfigReference(tc.ref)

			got, _ := listedBy(cr)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nlistedBy(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
