// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

func TestStructure(t *testing.T) {
	cases := map[string]struct {
		reason string
		keys   []string
		want   string
	}{
		"None":   {reason: "Without keys, the structure is an empty object.", want: `{}`},
		"Some":   {reason: "Keys keep the order of the list.", keys: []string{"USER", "PASSWORD"}, want: `{"USER":"","PASSWORD":""}`},
		"Quoted": {reason: "Special characters in keys are escaped.", keys: []string{`a"b\c`}, want: `{"a\"b\\c":""}`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, structure(tc.keys)); diff != "" {
				t.Errorf("\n%s\nstructure(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// For any keys, the structure is JSON with exactly these keys, and all of them await a value.
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
			return // Kubernetes treats two of the keys as equal, or one is too long.
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
		"Off":       {reason: "Without createMissing, no secret is created.", state: v1alpha1.StateMissing, change: func(l *look) { l.cr.Spec.ForProvider.CreateMissing = false }},
		"NotThis":   {reason: "A secret with create: false is not created.", secret: v1alpha1.SyncedSecret{Create: new(false)}, state: v1alpha1.StateMissing},
		"Pinned":    {reason: "A pinned version cannot be created.", secret: v1alpha1.SyncedSecret{Version: v1}, state: v1alpha1.StateMissing},
		"Text":      {reason: "A secret of format Text is not created, because the structure would become its value.", secret: v1alpha1.SyncedSecret{Format: "Text"}, state: v1alpha1.StateMissing},
		"JSON":      {reason: "A secret of format JSON is created.", secret: v1alpha1.SyncedSecret{Format: "JSON"}, state: v1alpha1.StateMissing, want: want{Create: true}},
		"Deleted":   {reason: "A soft-deleted secret is retried, because its name may be free again.", state: v1alpha1.StateSoftDeleted, want: want{Create: true}},
		"Forbidden": {reason: "Without access, it is unknown whether the secret is missing.", state: v1alpha1.StateForbidden},
		"Waiting":   {reason: "While access is awaited, it is unknown whether the secret is missing.", state: v1alpha1.StateAwaitingAccess},
		"Unread":    {reason: "If the vault does not respond, it is unknown whether the secret is missing.", state: v1alpha1.StateUnreachable},
		"Later": {
			reason: "After a failure, the creation is delayed.", state: v1alpha1.StateMissing,
			change: func(l *look) { l.memory.secrets["db"] = memo{absence: absence{createAfter: noon().Add(time.Minute)}} }, want: want{Next: time.Minute},
		},
		"Now": {
			reason: "After the delay, the creation is retried.", state: v1alpha1.StateMissing,
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

// A value that arrives within the second of the secret's creation does not show in the list. The secret is read again, even if
// a list from before its creation was looked at in between.
func TestCreatedSettles(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db", Keys: []string{"A"}}
	l := lookAt(s)
	l.empty()
	l.cr.Spec.ForProvider.CreateMissing = true
	l.snapshot = watch.NewSnapshot(nil, []string{"db"}, before(time.Second))

	e, _ := externalOf(l)
	e.observed["db"] = l.missing(s, absence{})
	e.created(s, keyvault.Properties{Updated: noon()}, nil)

	if o, known := l.known(s); !known || o.State != v1alpha1.StateAwaitingValue {
		t.Errorf("\nThe list is from before the creation.\nknown(...) = %v, %t", o, known)
	}

	l.snapshot, l.now = listed(noon(), true), noon().Add(resolution)

	if o, known := l.known(s); known {
		t.Errorf("\nThe second of the creation is over.\nknown(...) = %v, want the secret to be read", o)
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
		"Created": {reason: "A created secret awaits its values, which may arrive within the same second.", want: want{State: v1alpha1.StateAwaitingValue, Next: resolution, Message: "Key A has no value yet. Set it in secret db of https://web.vault.azure.net."}},
		"Exists":  {reason: "If another client has created the secret first, the next list shows it.", err: &keyvault.Error{Reason: keyvault.Exists}, want: want{State: v1alpha1.StateMissing, Message: missing, Next: 30 * time.Second}},
		"Deleted": {
			reason: "A name that is taken by a deleted secret is reported.", err: &keyvault.Error{Reason: keyvault.Deleted},
			want: want{
				State: v1alpha1.StateSoftDeleted, Next: failedRetry,
				Message: "Secret db of https://web.vault.azure.net is deleted, and its name is taken until it is purged. Recover it with az keyvault secret recover, or ask your platform team.",
			},
		},
		"BeingDeleted": {
			reason: "A running deletion is checked again after seconds, not after ten minutes.", err: &keyvault.Error{Reason: keyvault.BeingDeleted},
			want: want{
				State: v1alpha1.StateSoftDeleted, Next: failedRetry,
				Message: "Secret db of https://web.vault.azure.net is being deleted. Recover it with az keyvault secret recover in a few seconds.",
			},
		},
		"BeingRecovered": {
			reason: "A running recovery is checked again after seconds, not after ten minutes.", err: &keyvault.Error{Reason: keyvault.BeingRecovered},
			want: want{
				State: v1alpha1.StateSoftDeleted, Next: failedRetry,
				Message: "Secret db of https://web.vault.azure.net is being recovered, which takes a few seconds. No action is needed.",
			},
		},
		"Forbidden": {reason: "A rejected creation is retried when the vault is read again.", err: &keyvault.Error{Reason: keyvault.Forbidden, Cause: said("no")}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: 30 * time.Second}},
		"Again":     {reason: "Further creations are retried with growing pauses.", waited: 30 * time.Second, err: &keyvault.Error{Reason: keyvault.Forbidden, Cause: said("no")}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: time.Minute}},
		"Always":    {reason: "The pause between creations has an upper limit.", waited: createRetry, err: &keyvault.Error{Reason: keyvault.Forbidden, Cause: said("no")}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: createRetry}},
		"Throttled": {reason: "A throttled creation is retried after the Retry-After.", err: &keyvault.Error{Reason: keyvault.Throttled, Cause: said("no"), RetryAfter: time.Hour}, want: want{State: v1alpha1.StateMissing, Message: missing + failed, Next: time.Hour}},
		"Unknown":   {reason: "The text of a foreign error is not repeated.", err: errors.New("hunter2"), want: want{State: v1alpha1.StateMissing, Message: missing + " It could not be created in advance: the reason is unknown. The provider retries.", Next: 30 * time.Second}},
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

// An unanswered request fails. Its host is recorded.
type unanswered []string

func (u *unanswered) RoundTrip(r *http.Request) (*http.Response, error) {
	*u = append(*u, r.URL.Host)

	return nil, errors.New("hunter2")
}

// A secret counts as created only if Azure has been asked to create it.
func TestCreateMissing(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db", Keys: []string{"A"}}
	l := lookAt(s)
	l.empty()
	l.cr.Spec.ForProvider.CreateMissing = true
	l.cr.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "own"})

	e, _ := externalOf(l)
	e.observed["db"] = l.missing(s, absence{})
	e.kube = kubeWith(t, &v1alpha1.ProviderConfig{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "own"},
		Spec: v1alpha1.ProviderConfigSpec{Credentials: v1alpha1.ProviderCredentials{
			Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "tenant", ClientID: "creator", SecretRef: &v1alpha1.SecretKeyReference{Name: "creator", Key: "secret"},
		}},
	}, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "creator"}, Data: map[string][]byte{"secret": []byte("hidden")}}).Build()

	asked := &unanswered{}
	e.pool = keyvault.NewPool(keyvault.Options{Transport: asked, Metrics: keyvault.NewMetrics(), Timeout: time.Minute})

	if !e.createMissing(t.Context(), l.cr) {
		t.Error("\nA missing secret is created.\ncreateMissing(...): want true")
	}

	if len(*asked) == 0 || e.observed["db"].State != v1alpha1.StateMissing {
		t.Errorf("\nWithout an answer, the secret is still missing.\ncreateMissing(...): asked %q, state %s", *asked, e.observed["db"].State)
	}
}

// A name that is taken may be purged. The creation is retried soon, then with growing pauses, and
// at once on request.
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
		t.Errorf("\nRetries have growing pauses.\ncreated(...): waits: -want, +got:\n%s", diff)
	}

	if len(e.creations()) > 0 {
		t.Error("\nThe name is taken.\ncreations(): want none")
	}

	asked(l.cr, "now")

	if !l.memory.request(l.cr, noon()) || len(e.creations()) != 1 {
		t.Error("\nA requested sync after a purge retries at once.\ncreations(): want it")
	}

	if m := l.memory.secrets["db"]; m.absence != (absence{}) {
		t.Errorf("\nThe absence is forgotten.\nrequest(...): %+v", m)
	}
}

// A secret that is being deleted does not exist for some seconds. That result is not cached for ten
// minutes.
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
		"Deleted":    {reason: "A deleted secret is checked again soon, because it may be purged.", told: []answer{{deleted: true}}, want: absence{deleted: true, checkWait: failedRetry}},
		"Kept":       {reason: "While a secret stays deleted, the pauses grow.", told: []answer{{deleted: true}, {deleted: true}}, want: absence{deleted: true, checkWait: 2 * failedRetry}},
		"KeptLong":   {reason: "A secret that has been deleted for long is rarely checked.", told: slices.Repeat([]answer{{deleted: true}}, 7), want: absence{deleted: true, checkWait: every}},
		"Purged":     {reason: "A secret that is neither deleted nor active was purged, or is being recovered.", told: []answer{{deleted: true}, {deleted: true}, {}}, want: absence{checkWait: failedRetry}},
		"Nowhere":    {reason: "A missing secret may be in a deletion or recovery.", told: []answer{{}}, want: absence{checkWait: failedRetry}},
		"Still":      {reason: "While a secret stays missing, the pauses grow.", told: []answer{{}, {}}, want: absence{checkWait: 2 * failedRetry}},
		"Never":      {reason: "A secret that never existed is rarely checked.", told: []answer{{}, {}, {}, {}, {}, {}, {}}, want: absence{checkWait: every}},
		"Arrived":    {reason: "A deletion that has ended is noticed.", told: []answer{{}, {}, {deleted: true}}, want: absence{deleted: true, checkWait: failedRetry}},
		"Deleting":   {reason: "A running deletion is checked again soon.", told: []answer{{err: fails(keyvault.BeingDeleted)}}, want: absence{moving: keyvault.BeingDeleted, checkWait: failedRetry}},
		"Recovering": {reason: "A running recovery is checked again soon.", told: []answer{{deleted: true}, {err: fails(keyvault.BeingRecovered)}}, want: absence{moving: keyvault.BeingRecovered, checkWait: failedRetry}},
		"Forbidden":  {reason: "Without permission, deleted secrets are rarely checked.", told: []answer{{err: fails(keyvault.Forbidden)}}, want: absence{checkWait: every}},
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
