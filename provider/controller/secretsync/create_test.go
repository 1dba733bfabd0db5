// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
	"github.com/p6m-dev/platform-application/provider/plan"
)

func TestStructure(t *testing.T) {
	cases := map[string]struct {
		reason string
		keys   []string
		want   string
	}{
		"None":   {reason: "An object to fill in.", want: `{}`},
		"Some":   {reason: "In the order in which they are listed.", keys: []string{"USER", "PASSWORD"}, want: `{"USER":"","PASSWORD":""}`},
		"Quoted": {reason: "Whatever they are called.", keys: []string{`a"b\c`}, want: `{"a\"b\\c":""}`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, structure(tc.keys)); diff != "" {
				t.Errorf("\n%s\nstructure(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Whatever the keys: the structure is JSON, has just them, and all of them await a
// value.
func TestStructureProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringN(1, 125, -1).Filter(utf8.ValidString), 0, 50, rapid.ID).Draw(t, "keys")
		text := structure(keys)

		got := map[string]string{}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("structure(%q) = %s: %v", keys, text, err)
		}

		want := map[string]string{}
		for _, key := range keys {
			want[key] = ""
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("structure(...): -want, +got:\n%s", diff)
		}

		p, err := payload.Parse(payload.Secret{Name: "db", ContentType: contentTypeJSON, Value: text}, payload.Auto)
		if err != nil {
			return // Two of them are the same to Kubernetes, or one is too long for it.
		}

		if missing := p.Awaiting(keys); len(missing) != len(keys) {
			t.Fatalf("Of %q only %q await a value", keys, missing)
		}
	})
}

func TestCreations(t *testing.T) {
	type want struct {
		Create bool
		Next   time.Duration
	}

	cases := map[string]struct {
		reason string
		secret v1alpha1.SyncedSecret
		change func(l *look)
		state  v1alpha1.State
		want   want
	}{
		"Missing":   {reason: "A missing secret is created.", state: v1alpha1.StateMissing, want: want{Create: true}},
		"Wanted":    {reason: "A secret with create: true is created.", secret: v1alpha1.SyncedSecret{Create: new(true)}, state: v1alpha1.StateMissing, want: want{Create: true}},
		"Off":       {reason: "If that is wanted at all.", state: v1alpha1.StateMissing, change: func(l *look) { l.cr.Spec.ForProvider.CreateMissing = false }},
		"NotThis":   {reason: "A secret with create: false is not created.", secret: v1alpha1.SyncedSecret{Create: new(false)}, state: v1alpha1.StateMissing},
		"Pinned":    {reason: "A version cannot be created.", secret: v1alpha1.SyncedSecret{Version: v1}, state: v1alpha1.StateMissing},
		"Text":      {reason: "The created object would be the text.", secret: v1alpha1.SyncedSecret{Format: "Text"}, state: v1alpha1.StateMissing},
		"JSON":      {reason: "It is an object.", secret: v1alpha1.SyncedSecret{Format: "JSON"}, state: v1alpha1.StateMissing, want: want{Create: true}},
		"Deleted":   {reason: "A name that was taken may be free again.", state: v1alpha1.StateSoftDeleted, want: want{Create: true}},
		"Forbidden": {reason: "Without access, nothing is known.", state: v1alpha1.StateForbidden},
		"Waiting":   {reason: "Nobody knows yet.", state: v1alpha1.StateAwaitingAccess},
		"Unread":    {reason: "The vault does not answer.", state: v1alpha1.StateUnreachable},
		"Later": {
			reason: "It could not be created a moment ago.", state: v1alpha1.StateMissing,
			change: func(l *look) { l.memory.secrets["db"] = memo{absence: absence{createAfter: noon().Add(time.Minute)}} }, want: want{Next: time.Minute},
		},
		"Now": {
			reason: "Now it is tried again.", state: v1alpha1.StateMissing,
			change: func(l *look) { l.memory.secrets["db"] = memo{absence: absence{createAfter: noon()}} }, want: want{Create: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.secret.Name = "db"
			l := lookAt(tc.secret)
			l.empty()
			l.cr.Spec.ForProvider.CreateMissing = true

			if tc.change != nil {
				tc.change(l)
			}

			e, _ := externalOf(l)
			e.observed["db"] = plan.Observed{Verdict: plan.NewVerdict(tc.state)}

			got := want{Create: len(e.creations()) > 0, Next: afterNoon(e.nextCreation())}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncreations(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCreated(t *testing.T) {
	type want struct {
		State   v1alpha1.State
		Message string
		Next    time.Duration
	}

	const (
		missing = "There is no secret db in https://web.vault.azure.net. Create it."
		failed  = " It could not be created in advance: no does not exist. The provider retries."
	)

	cases := map[string]struct {
		reason string
		waited time.Duration
		err    error
		want   want
	}{
		"Created": {reason: "It awaits its values, which may come within the same second.", want: want{State: v1alpha1.StateAwaitingValue, Next: resolution, Message: "Key A has no value yet. Set it in secret db of https://web.vault.azure.net."}},
		"Exists":  {reason: "Somebody else was faster, which the next list shows.", err: &keyvault.Error{Reason: keyvault.Exists}, want: want{State: v1alpha1.StateMissing, Message: missing, Next: 30 * time.Second}},
		"Deleted": {
			reason: "The name is taken.", err: &keyvault.Error{Reason: keyvault.Deleted},
			want: want{
				State: v1alpha1.StateSoftDeleted, Next: failedRetry,
				Message: "Secret db of https://web.vault.azure.net is deleted, and its name is taken until it is purged. Recover it with az keyvault secret recover, or ask your platform team.",
			},
		},
		"BeingDeleted": {
			reason: "The deletion ends in some seconds, not in ten minutes.", err: &keyvault.Error{Reason: keyvault.BeingDeleted},
			want: want{
				State: v1alpha1.StateSoftDeleted, Next: failedRetry,
				Message: "Secret db of https://web.vault.azure.net is being deleted. Recover it with az keyvault secret recover in a few seconds.",
			},
		},
		"BeingRecovered": {
			reason: "The same.", err: &keyvault.Error{Reason: keyvault.BeingRecovered},
			want: want{
				State: v1alpha1.StateSoftDeleted, Next: failedRetry,
				Message: "Secret db of https://web.vault.azure.net is being recovered, which takes a few seconds. No action is needed.",
			},
		},
		"Forbidden": {reason: "It is tried again when the vault is looked at again.", err: &keyvault.Error{Reason: keyvault.Forbidden, Cause: said("no")}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: 30 * time.Second}},
		"Again":     {reason: "It is tried less and less often.", waited: 30 * time.Second, err: &keyvault.Error{Reason: keyvault.Forbidden, Cause: said("no")}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: time.Minute}},
		"Always":    {reason: "It is tried for ever.", waited: createRetry, err: &keyvault.Error{Reason: keyvault.Forbidden, Cause: said("no")}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: createRetry}},
		"Throttled": {reason: "When Azure says.", err: &keyvault.Error{Reason: keyvault.Throttled, Cause: said("no"), RetryAfter: time.Hour}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: time.Hour}},
		"Unknown":   {reason: "Errors of others are not repeated.", err: errors.New("hunter2"), want: want{State: v1alpha1.StateMissing, Message: missing + " It could not be created in advance: the reason is unknown. The provider retries.", Next: 30 * time.Second}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := v1alpha1.SyncedSecret{Name: "db", Keys: []string{"A"}}
			l := lookAt(s)
			l.empty()
			l.cr.Spec.ForProvider.CreateMissing = true

			e, _ := externalOf(l)
			e.observed["db"] = l.missing(s, absence{})
			l.memory.secrets["db"] = memo{absence: absence{createWait: tc.waited}}
			e.created(s, keyvault.Properties{Updated: noon()}, tc.err)

			got := want{State: e.observed["db"].State, Message: messageOf(l, e.observed["db"]), Next: afterNoon(e.nextLook())}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncreated(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A name that was taken may be purged. It is tried again soon, then less and less often,
// and at once if somebody asks for it.
func TestCreatedPurged(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}
	l := lookAt(s)
	l.empty()
	l.cr.Spec.ForProvider.CreateMissing = true
	e, _ := externalOf(l)

	var got []time.Duration

	for range 7 {
		e.created(s, keyvault.Properties{}, &keyvault.Error{Reason: keyvault.Deleted})
		got = append(got, l.memory.secrets["db"].createAfter.Sub(noon()))
	}

	want := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, fullRead, fullRead}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("\nIt is tried less and less often.\ncreated(...): waits: -want, +got:\n%s", diff)
	}

	if len(e.creations()) > 0 {
		t.Error("\nThe name is taken.\ncreations(): want none")
	}

	asked(l.cr, "now")

	if !l.memory.request(l.cr, noon()) || len(e.creations()) != 1 {
		t.Error("\nSomebody has purged it and asks for a sync.\ncreations(): want it")
	}

	if m := l.memory.secrets["db"]; m.absence != (absence{}) {
		t.Errorf("\nNothing is known of it any more.\nrequest(...): %+v", m)
	}
}

// For seconds after a deletion a secret is nowhere. That is not remembered for ten minutes.
func TestTold(t *testing.T) {
	const every = 10 * time.Minute

	fails := func(r keyvault.Reason) error { return &keyvault.Error{Reason: r} }

	type answer struct {
		deleted bool
		err     error
	}

	cases := map[string]struct {
		reason string
		told   []answer
		every  time.Duration
		want   absence
	}{
		"Deleted":    {reason: "It may be purged soon.", told: []answer{{deleted: true}}, want: absence{deleted: true, checkWait: failedRetry}},
		"Kept":       {reason: "Less and less likely.", told: []answer{{deleted: true}, {deleted: true}}, want: absence{deleted: true, checkWait: 2 * failedRetry}},
		"KeptLong":   {reason: "Most are kept for months.", told: slices.Repeat([]answer{{deleted: true}}, 7), want: absence{deleted: true, checkWait: every}},
		"Purged":     {reason: "It is gone for good, or on its way.", told: []answer{{deleted: true}, {deleted: true}, {}}, want: absence{checkWait: failedRetry}},
		"Nowhere":    {reason: "It may be on its way.", told: []answer{{}}, want: absence{checkWait: failedRetry}},
		"Still":      {reason: "Less and less likely.", told: []answer{{}, {}}, want: absence{checkWait: 2 * failedRetry}},
		"Never":      {reason: "It never was.", told: []answer{{}, {}, {}, {}, {}, {}, {}}, want: absence{checkWait: every}},
		"Arrived":    {reason: "It was on its way.", told: []answer{{}, {}, {deleted: true}}, want: absence{deleted: true, checkWait: failedRetry}},
		"Deleting":   {reason: "It is on its way.", told: []answer{{err: fails(keyvault.BeingDeleted)}}, want: absence{moving: keyvault.BeingDeleted, checkWait: failedRetry}},
		"Recovering": {reason: "It comes back.", told: []answer{{deleted: true}, {err: fails(keyvault.BeingRecovered)}}, want: absence{moving: keyvault.BeingRecovered, checkWait: failedRetry}},
		"Forbidden":  {reason: "Without the permission, it is not checked more often.", told: []answer{{err: fails(keyvault.Forbidden)}}, want: absence{checkWait: every}},
		"Often":      {reason: "With more frequent full reads, it is checked more often.", told: []answer{{err: fails(keyvault.BeingDeleted)}}, every: time.Second, want: absence{moving: keyvault.BeingDeleted, checkWait: time.Second}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.checkedAt = noon()
			if tc.every == 0 {
				tc.every = every
			}

			got := absence{}
			for _, a := range tc.told {
				got.recordDeletedCheck(a.deleted, a.err, noon(), tc.every)
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(absence{})); diff != "" {
				t.Errorf("\n%s\nrecordDeletedCheck(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
