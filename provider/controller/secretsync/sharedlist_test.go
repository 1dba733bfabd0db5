// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
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

	moved := entry{updated: before(time.Minute).Unix(), enabled: true}
	was := func(state v1alpha1.State) func(*look) {
		return func(l *look) {
			l.cr.Status.AtProvider.Secrets = []v1alpha1.ObservedSecret{{Name: "db", State: state}}
			l.memory.readsAt = noon().Add(time.Second)
			fails(keyvault.Forbidden)(l)
		}
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
		"Latest":       {reason: "The Secret has the content of that time.", want: want{State: v1alpha1.StateSynced, Answered: true}},
		"Moved":        {reason: "A secret that moved is read.", change: func(l *look) { l.snapshot = listed(before(time.Minute), true) }},
		"Disabled":     {reason: "Only a read shows that a secret is disabled.", change: func(l *look) { l.snapshot = listed(before(time.Hour), false) }},
		"Gone":         {reason: "Only a read shows that a secret is missing.", change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon()) }},
		"Uncovered":    {reason: "The list does not say anything about the secret yet.", change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, nil, noon()) }},
		"Empty":        {reason: "A secret that is not in the Secret is read.", change: (*look).empty},
		"FullRead":     {reason: "Full reads read every secret.", change: func(l *look) { l.readAll = true }},
		"Postponed":    {reason: "A value that waits to be opened is read.", change: func(l *look) { l.memory.postponed = map[string]time.Time{"db": noon()} }},
		"Settling":     {reason: "A list does not show a second change in the same second.", change: func(l *look) { l.memory.unsettled = map[string]unsettled{"db": {at: noon()}} }},
		"Invalid":      {reason: "An invalid value is not read again.", change: marked(hour, v1alpha1.StateInvalid), want: want{State: v1alpha1.StateInvalid, Answered: true}},
		"InvalidMoved": {reason: "It is read when it moves.", change: marked(entry{updated: 1, enabled: true}, v1alpha1.StateInvalid)},
		"Lost":         {reason: "A synced secret that is no longer in the Secret is read.", change: marked(hour, v1alpha1.StateSynced)},
		"NotWritten": {reason: "A new value that was read, but could not be written, is read again.", change: func(l *look) {
			l.snapshot = listed(before(time.Minute), true)
			l.memory.marks = map[string]mark{"db": {entry: moved, Verdict: plan.NewVerdict(v1alpha1.StateSynced)}}
		}},
		"Behind": {reason: "A value that is newer than the list is not read again.", change: func(l *look) {
			l.snapshot = listed(before(2*time.Hour), true)
			l.memory.marks = map[string]mark{"db": {entry: entry{updated: before(2 * time.Hour).Unix(), enabled: true}, Verdict: plan.NewVerdict(v1alpha1.StateSynced)}}
		}, want: want{State: v1alpha1.StateSynced, Answered: true}},
		"Contradiction": {reason: "A missing secret that the list has is read again.", change: marked(hour, v1alpha1.StateMissing), want: want{State: v1alpha1.StateMissing}},
		"Forbidden":     {reason: "Without permission to list, every secret is read.", change: fails(keyvault.Forbidden)},
		"NoIdentity":    {reason: "Without an identity, every secret is read.", change: fails(keyvault.NoIdentity)},
		"Unreachable":   {reason: "If the vault does not respond, the reads of all syncs would hang.", change: fails(keyvault.Unreachable), want: want{State: v1alpha1.StateUnreachable}},
		"NoToken": {reason: "If Entra ID does not respond to the platform, the application may still have a token.", change: func(l *look) {
			l.snapshot.Err = &keyvault.Error{Reason: keyvault.Unreachable, Cause: finding.Finding{Reason: finding.ServiceSilent, Service: finding.EntraID}}
		}},
		"Turn": {reason: "Without a list, syncs take turns.", change: func(l *look) {
			l.memory.readsAt = noon().Add(time.Second)
			fails(keyvault.Forbidden)(l)
		}, want: want{State: v1alpha1.StateSynced}},
		"TurnSynced":  {reason: "A secret that was Synced waits for its turn.", change: was(v1alpha1.StateSynced), want: want{State: v1alpha1.StateSynced}},
		"TurnRefused": {reason: "A secret that could not be read is not Synced before its turn.", change: was(v1alpha1.StateForbidden)},
		"TurnInvalid": {reason: "A secret whose latest version is invalid is not Synced before its turn.", change: was(v1alpha1.StateInvalid)},
		"TurnEmpty": {reason: "A secret without a value does not wait for its turn.", change: func(l *look) {
			l.memory.readsAt = noon().Add(time.Second)
			l.empty()
			fails(keyvault.Forbidden)(l)
		}},
		"TurnListed": {reason: "With a list, changes do not wait for a turn.", change: func(l *look) {
			l.memory.readsAt = noon().Add(time.Second)
			l.snapshot = listed(before(time.Minute), true)
		}},
		"Throttled": {reason: "A vault that throttles lists gets no reads instead.", change: fails(keyvault.Throttled), want: want{State: v1alpha1.StateSynced, Answered: true}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
			if tc.change != nil {
				tc.change(l)
			}

			l.lookInput = l.shared(0)

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
		l.lookInput = l.shared(0)
		l.memory.marks = l.mark(map[string]plan.Observed{"db": {Verdict: read}}, plan.Plan{})

		l.snapshot = snapshots.Draw(t, "now")
		l.lookInput = l.shared(0)

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

// While a shared vault is not listed, its syncs read at its pace, also after a restart. With a list, a sync that waits for
// its role does not wait for the others.
func TestSharedTurns(t *testing.T) {
	const pace = 5 * time.Minute

	cases := map[string]struct {
		reason    string
		err       error
		restarted bool
		read      bool
		// The next reads come between these times.
		from, to time.Duration
	}{
		"Listed":    {reason: "With a list, there is no pace.", read: true, from: 30 * time.Second, to: 30 * time.Second},
		"Lost":      {reason: "Without a list, all secrets of all syncs are read once in the pace.", err: &keyvault.Error{Reason: keyvault.Forbidden}, read: true, from: pace, to: pace},
		"Restarted": {reason: "After a restart, the first reads are spread.", err: &keyvault.Error{Reason: keyvault.TooLarge}, restarted: true, to: pace},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
			l.read, l.snapshot.Err = tc.read, tc.err

			if !tc.restarted {
				l.memory.next = noon()
			}

			l.lookInput = l.shared(pace)
			l.takeTurn()

			if got := l.nextRead().Sub(noon()); got < tc.from || got > tc.to {
				t.Errorf("\n%s\nnextRead(): after %s, want %s to %s", tc.reason, got, tc.from, tc.to)
			}

			o, known := l.known(l.cr.Spec.ForProvider.Secrets[0])
			if !known || o.State != v1alpha1.StateSynced {
				t.Errorf("\n%s\nknown(...): %v, want Synced without a read", tc.reason, o.State)
			}
		})
	}
}

// A change that a read finds waits for refreshInterval, like one that a list shows.
func TestHeldWithoutList(t *testing.T) {
	l := lookAt(v1alpha1.SyncedSecret{Name: "db", RefreshInterval: &metav1.Duration{Duration: time.Hour}})
	l.snapshot = listed(before(time.Minute), true)
	l.lookInput = l.shared(0)

	s := l.cr.Spec.ForProvider.Secrets[0]
	o, _ := l.examine(s, keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: "other", Updated: before(time.Minute)}, Value: "{}"})

	if o.State != v1alpha1.StateSynced || o.Secret != nil || !o.LookAgain.Equal(noon().Add(30*time.Minute)) {
		t.Errorf("\nThe value is not used before.\nexamine(...): %s, look again at %s", o.State, o.LookAgain)
	}

	if marks := l.mark(map[string]plan.Observed{"db": o}, plan.Plan{}); len(marks) > 0 {
		t.Errorf("\nThe value is read when the time is over.\nmark(...): %v", marks)
	}

	l.now = noon().Add(31 * time.Minute)
	if o, _ := l.examine(s, keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: "other"}, Value: "{}"}); o.Secret == nil {
		t.Error("\nThe value is used afterwards.\nexamine(...): it is not")
	}
}
