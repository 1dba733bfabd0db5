// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

const fullRead = 10 * time.Minute

func newMemories() *memories { return &memories{list: map[types.NamespacedName]*memory{}} }

func TestMemories(t *testing.T) {
	type want struct {
		Secrets int
		// Again are secrets to read again although the list shows no change.
		Again   int
		Allowed bool
		Since   time.Time
		// All is true if the next look reads everything.
		All bool
		// Drifted is true if a change of the Secret would be noticed.
		Drifted bool
	}

	created := newSync().CreationTimestamp.Time
	one, two := watch.Target{VaultURI: testVault}, watch.Target{VaultURI: "https://other.vault.azure.net/"}

	cases := map[string]struct {
		reason string
		change func(s *v1alpha1.KeyVaultSecretSync)
		target watch.Target
		want   want
	}{
		"Same":       {reason: "The memory is kept while the target stays the same.", target: one, want: want{Secrets: 1, Allowed: true, Since: created, Drifted: true}},
		"Generation": {reason: "A new spec may make an unusable value usable, so verdicts are dropped.", change: func(s *v1alpha1.KeyVaultSecretSync) { s.Generation++ }, target: one, want: want{Again: 1, Allowed: true, Since: created, Drifted: true}},
		"Target":     {reason: "Another vault starts without a memory.", target: two, want: want{Since: noon(), All: true, Drifted: true}},
		"Recreated":  {reason: "A new object with the same name starts without a memory.", change: func(s *v1alpha1.KeyVaultSecretSync) { s.UID = "other" }, target: one, want: want{Since: created}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, m := newSync(v1alpha1.SyncedSecret{Name: "db"}), newMemories()

			first := m.of(s, one, noon(), fullRead)
			if first.lastFullRead.After(noon()) || noon().Sub(first.lastFullRead) >= fullRead {
				t.Errorf("\nAfter a start, not everything is read at once.\nof(...): read at %s", first.lastFullRead)
			}

			first.secrets["db"] = memo{Verdict: plan.NewVerdict(v1alpha1.StateInvalid)}
			first.allowed, first.resourceVersion = true, "7"

			if tc.change != nil {
				tc.change(s)
			}

			second := m.of(s, tc.target, noon(), fullRead)

			got := want{
				Secrets: len(second.secrets), Again: len(second.unsettled), Allowed: second.allowed, Since: second.since,
				All: noon().Sub(second.lastFullRead) >= fullRead, Drifted: second.resourceVersion != "",
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nof(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A list does not show that a secret cannot be read. After a restart, only a read may say that it is synced.
func TestRestart(t *testing.T) {
	type want struct {
		Known bool
		State v1alpha1.State
	}

	synced, read := want{Known: true, State: v1alpha1.StateSynced}, want{}

	cases := map[string]struct {
		reason string
		secret v1alpha1.SyncedSecret
		before v1alpha1.State
		want   want
	}{
		"New":         {reason: "A secret without a status is not read if the Secret has its latest version.", want: synced},
		"Synced":      {reason: "A secret that was synced is not read again.", before: v1alpha1.StateSynced, want: synced},
		"Unreachable": {reason: "A vault that responds again is not read as a whole.", before: v1alpha1.StateUnreachable, want: synced},
		"Forbidden":   {reason: "A secret that the identity could not read is read again.", before: v1alpha1.StateForbidden, want: read},
		"Invalid":     {reason: "A list does not show that a later version of the same second is invalid.", before: v1alpha1.StateInvalid, want: read},
		"Awaiting":    {reason: "A list does not show that a later version of the same second has no value.", before: v1alpha1.StateAwaitingValue, want: read},
		"Disabled":    {reason: "A list shows the latest version, and not that the pinned one is disabled.", secret: v1alpha1.SyncedSecret{Version: v1}, before: v1alpha1.StateDisabled, want: read},
	}

	for name, tc := range cases {
		for kind, input := range map[string]func(lookInput) lookInput{
			"Own":    func(s lookInput) lookInput { return s },
			"Shared": func(s lookInput) lookInput { return s.shared(0) },
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				tc.secret.Name = "db"
				l := lookAt(tc.secret)
				l.cr.Status.AtProvider.Secrets = []v1alpha1.ObservedSecret{{Name: "db", State: tc.before, Version: v1}}
				l.memory = newMemories().of(l.cr, sourceOf(l.cr), noon(), fullRead)

				l.lookInput = input(l.lookInput)

				o, known := l.known(tc.secret)
				if diff := cmp.Diff(tc.want, want{Known: known, State: o.State}); diff != "" {
					t.Errorf("\n%s\nknown(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		}
	}
}

func TestMemoriesNext(t *testing.T) {
	s, m := newSync(), newMemories()

	if d, ok := m.next(s, noon()); ok {
		t.Errorf("\nNothing is known of a sync.\nnext(...) = %s", d)
	}

	mem := m.of(s, watch.Target{}, noon(), fullRead)

	if d, ok := m.next(s, noon()); ok {
		t.Errorf("\nThere is no reason to look at it.\nnext(...) = %s", d)
	}

	steps := []struct {
		reason string
		at     time.Duration
		want   time.Duration
	}{
		{reason: "The first reminder is kept.", at: time.Hour, want: time.Hour},
		{reason: "An earlier reminder replaces a later one.", at: time.Minute, want: time.Minute},
		{reason: "A later reminder does not replace an earlier one.", at: time.Hour, want: time.Minute},
		{reason: "A reminder in the past is due in a second.", at: -time.Hour, want: time.Second},
	}

	for _, step := range steps {
		mem.next = earliest(mem.next, noon().Add(step.at))

		if d, ok := m.next(s, noon()); !ok || d != step.want {
			t.Errorf("\n%s\nnext(...) = %s, want %s", step.reason, d, step.want)
		}
	}

	m.forget(types.NamespacedName{Namespace: "team-a", Name: "web"})

	if _, ok := m.next(s, noon()); ok || len(m.list) > 0 {
		t.Error("\nA sync that is gone is forgotten.\nnext(...): it is not")
	}
}

func TestSettled(t *testing.T) {
	type want struct {
		Settling bool
		Next     time.Duration
	}

	cases := map[string]struct {
		reason string
		// updated is the secret's time of change when it was read at noon.
		updated time.Time
		// later is the time after noon of the look.
		later time.Duration
		want  want
	}{
		"LongAgo":    {reason: "A later change will show in the list.", updated: before(time.Hour), later: time.Minute},
		"Same":       {reason: "A change in the same second does not show in the list, so the secret is read again when that second is over.", updated: noon(), later: resolution, want: want{Settling: true}},
		"TooSoon":    {reason: "Before that second is over, another read is useless.", updated: noon(), later: time.Second, want: want{Next: resolution}},
		"AheadOfUs":  {reason: "Azure's clock may be ahead.", updated: noon().Add(time.Second), later: 3 * time.Second, want: want{Settling: true}},
		"JustBefore": {reason: "Azure's clock may be behind.", updated: before(time.Second), later: time.Second, want: want{Settling: true}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m := &memory{}
			m.settled("db", tc.updated, noon())

			due, at := m.settling("db", noon().Add(tc.later))

			got := want{Settling: due, Next: afterNoon(at)}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nsettling(...): -want, +got:\n%s", tc.reason, diff)
			}

			m.settled("db", tc.updated, noon().Add(time.Hour))

			if due, _ := m.settling("db", noon().Add(2*time.Hour)); due {
				t.Errorf("\n%s\nsettling(...): a secret is read again once", tc.reason)
			}
		})
	}
}

func TestRequest(t *testing.T) {
	type want struct {
		Requested bool
		// All is true if everything is read until a read succeeds.
		All bool
	}

	cases := map[string]struct {
		reason  string
		initial string
		request string
		want    want
	}{
		"None":      {reason: "Without the annotation, nothing is requested."},
		"New":       {reason: "A new annotation is a request.", request: "monday", want: want{Requested: true, All: true}},
		"Other":     {reason: "Another value of the annotation is another request.", initial: "monday", request: "tuesday", want: want{Requested: true, All: true}},
		"Same":      {reason: "An annotation that exists at the start is an old request.", initial: "monday", request: "monday"},
		"Withdrawn": {reason: "Removing the annotation is not a request.", initial: "monday"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSync()
			s.Annotations = map[string]string{v1alpha1.SyncRequestedAtAnnotation: tc.initial}
			m := newMemories().of(s, watch.Target{}, noon(), fullRead)
			s.Annotations[v1alpha1.SyncRequestedAtAnnotation] = tc.request

			got := want{Requested: m.request(s, noon()), All: m.lastFullRead.IsZero()}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nrequest(...): -want, +got:\n%s", tc.reason, diff)
			}

			if m.request(s, noon()) {
				t.Errorf("\n%s\nrequest(...): it is granted twice", tc.reason)
			}
		})
	}
}
