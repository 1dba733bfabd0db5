// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

func TestWork(t *testing.T) {
	steps := []struct {
		reason     string
		at         time.Duration
		iterations int
		want       time.Duration
	}{
		{reason: "A value without iterations is never postponed.", iterations: 0},
		{reason: "Many files of openssl fit into the budget at once.", iterations: 200 * 6000 / 2},
		{reason: "The rest of the budget can be used.", iterations: iterationsAtOnce - 600_000},
		{reason: "Without a budget left, work is postponed.", iterations: 100_000, want: time.Duration(100_000/iterationsPerSecond)*time.Second + time.Second},
		{reason: "A value without iterations is never postponed.", iterations: 0},
		{reason: "After a while, some of the budget is available again.", at: 2 * time.Minute, iterations: 100_000},
		{reason: "The whole budget recovers after a while.", at: time.Hour, iterations: iterationsAtOnce},
	}

	w := budget{}

	for i, s := range steps {
		now := noon().Add(s.at)

		if diff := cmp.Diff(s.want, w.spend(s.iterations, 0, now).Sub(now), approximately()); diff != "" {
			t.Errorf("\n%s\nspend(%d) of step %d: -want, +got:\n%s", s.reason, s.iterations, i, diff)
		}
	}
}

// approximately compares times to a second.
func approximately() cmp.Option {
	return cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= time.Second })
}

// A value is opened once to learn that it is invalid.
func TestVerdict(t *testing.T) {
	invalid := keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v1, ContentType: "application/json", Updated: noon()}, Value: "no object"}

	cases := map[string]struct {
		reason string
		change func(s *v1alpha1.SyncedSecret, secret *keyvault.Secret, m *memory)
		want   bool
	}{
		"Same": {reason: "The verdict on a version stays valid.", want: true},
		"Updated": {reason: "Changed attributes do not affect the verdict.", change: func(_ *v1alpha1.SyncedSecret, secret *keyvault.Secret, _ *memory) {
			secret.Updated = noon().Add(time.Hour)
		}, want: true},
		"Version":     {reason: "Another version needs a new verdict.", change: func(_ *v1alpha1.SyncedSecret, secret *keyvault.Secret, _ *memory) { secret.Version = v2 }},
		"ContentType": {reason: "Another content type needs a new verdict.", change: func(_ *v1alpha1.SyncedSecret, secret *keyvault.Secret, _ *memory) { secret.ContentType = "text/plain" }},
		"Format":      {reason: "Another format needs a new verdict.", change: func(s *v1alpha1.SyncedSecret, _ *keyvault.Secret, _ *memory) { s.Format = "Text" }},
		"OffList":     {reason: "Removing a secret from the list drops its verdict.", change: func(_ *v1alpha1.SyncedSecret, _ *keyvault.Secret, m *memory) { m.forgetVerdicts(nil) }},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, secret := v1alpha1.SyncedSecret{Name: "db"}, invalid

			l := &look{lookInput: lookInput{cr: newSync(s), now: noon(), snapshot: listed(noon(), true)}, memory: &memory{secrets: map[string]memo{}}}
			e, _ := externalOf(l)
			e.observed["db"], _ = l.examine(s, secret)
			e.remember(plan.Make(l.cr.Spec.ForProvider, l.cr.Status.AtProvider, l.current, e.observed, noon()))

			if tc.change != nil {
				tc.change(&s, &secret, l.memory)
			}

			f, postponed := l.examine(s, secret)
			if got := f.Secret == nil && f.State == v1alpha1.StateInvalid && strings.Contains(messageOf(l, f), "Cannot read secret"); got != tc.want || postponed {
				t.Errorf("\n%s\nexamine(...) = %+v", tc.reason, f)
			}
		})
	}

	t.Run("Valid", func(t *testing.T) {
		l := &look{lookInput: lookInput{cr: newSync(v1alpha1.SyncedSecret{Name: "db"}), now: noon(), snapshot: listed(noon(), true)}, memory: &memory{secrets: map[string]memo{}}}
		l.memory.rememberInvalid("db", invalid, "", verdict(v1alpha1.StateInvalid, "no"))

		e, _ := externalOf(l)
		e.observed["db"] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v2}, Value: `{"A":"x"}`}}
		e.remember(plan.Make(l.cr.Spec.ForProvider, l.cr.Status.AtProvider, l.current, e.observed, noon()))

		if len(l.memory.invalid) > 0 {
			t.Errorf("\nA new version is valid, so nothing is kept of the old one.\nremember(...): %v", l.memory.invalid)
		}
	})
}

// A vault with too many secrets is reported once.
// The Secret has a version of the same second as a later one that is invalid. Only the later one counts, whatever the list showed
// when it was read.
func TestVerdictOfSecond(t *testing.T) {
	type want struct {
		Known bool
		State v1alpha1.State
	}

	second := before(time.Hour)
	invalid := want{Known: true, State: v1alpha1.StateInvalid}

	cases := map[string]struct {
		reason string
		// then and now are the lists of the read and of the next look, and read is the update time of what was read.
		then, now watch.Snapshot
		read      time.Time
		want      want
	}{
		"Same":   {reason: "The list has not changed.", then: listed(second, true), now: listed(second, true), read: second, want: invalid},
		"Empty":  {reason: "The list was older than the secret.", then: watch.NewSnapshot(nil, []string{"db"}, noon()), now: listed(second, true), read: second, want: invalid},
		"Older":  {reason: "The list was older than the version.", then: listed(before(2*time.Hour), true), now: listed(second, true), read: second, want: invalid},
		"Behind": {reason: "A read that is older than the list is repeated.", then: listed(noon(), true), now: listed(noon(), true), read: second},
		"Change": {reason: "Another change is read.", then: listed(second, true), now: listed(noon(), true), read: second},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
			l.snapshot = tc.then
			e, _ := externalOf(l)
			e.observed["db"] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v2, Updated: tc.read}, Value: "{"}}
			e.remember(plan.Make(l.cr.Spec.ForProvider, l.cr.Status.AtProvider, l.current, e.observed, noon()))

			l.snapshot = tc.now

			o, known := l.known(v1alpha1.SyncedSecret{Name: "db"})
			if diff := cmp.Diff(tc.want, want{Known: known, State: o.State}); diff != "" {
				t.Errorf("\n%s\nknown(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReportSize(t *testing.T) {
	l := &look{lookInput: lookInput{cr: newSync(v1alpha1.SyncedSecret{Name: "db"}), now: noon(), interval: time.Minute}, memory: &memory{}}
	e, recorded := externalOf(l)

	steps := []struct {
		reason   string
		snapshot watch.Snapshot
		want     corev1.ConditionStatus
		message  string
		events   int
	}{
		{reason: "A listed vault gets no condition.", snapshot: listed(noon(), true), want: corev1.ConditionUnknown},
		{reason: "An unavailable vault is reported in the state only.", snapshot: watch.Snapshot{Err: errors.New("x")}, want: corev1.ConditionUnknown},
		{
			reason: "A vault with too many secrets gets a condition and an event.", snapshot: watch.Snapshot{Err: &keyvault.Error{Reason: keyvault.TooLarge, Cause: said("page 2")}}, want: corev1.ConditionFalse, events: 1,
			message: "The vault is too large to be listed: page 2 does not exist. Each secret is read separately instead, every 1m0s; everything else works as usual. Delete unused secrets, or give the application a vault of its own.",
		},
		{
			reason: "A vault that still has too many secrets gets no further event.", snapshot: watch.Snapshot{Err: &keyvault.Error{Reason: keyvault.TooLarge, Cause: said("page 2")}}, want: corev1.ConditionFalse, events: 1,
			message: "The vault is too large to be listed: page 2 does not exist. Each secret is read separately instead, every 1m0s; everything else works as usual. Delete unused secrets, or give the application a vault of its own.",
		},
		{reason: "A vault that can be listed again gets an event.", snapshot: listed(noon(), true), want: corev1.ConditionTrue, events: 1},
	}

	for _, s := range steps {
		e.input.snapshot = s.snapshot
		e.reportSize(l.cr)

		c := l.cr.GetCondition(conditionListed)
		if c.Status != s.want || c.Message != s.message || len(*recorded) != s.events {
			t.Errorf("\n%s\nreportSize(...): %+v and %d events", s.reason, c, len(*recorded))
		}
	}
}

// pfx is base64 that takes three times this many iterations to open.
func pfx(t *testing.T, iterations int) string {
	t.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon()}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}

	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}

	file, err := pkcs12.Modern.WithIterations(iterations).Encode(key, certificate, nil, "")
	if err != nil {
		t.Fatal(err)
	}

	return base64.StdEncoding.EncodeToString(file)
}

// A file that exceeds the remaining budget is opened later, and content that was opened before
// stays.
func TestPostpone(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}
	secret := keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v1, ContentType: "application/x-pkcs12"}, Value: pfx(t, 80_000)}

	type want struct {
		State     v1alpha1.State
		Read      bool
		Postponed bool
		Next      bool
	}

	cases := map[string]struct {
		reason string
		spent  int
		change func(l *look, secret *keyvault.Secret)
		want   want
	}{
		"Enough":  {reason: "A file within the budget is opened.", spent: iterationsAtOnce - 240_000, want: want{Read: true}},
		"TooMuch": {reason: "A file beyond the budget is postponed.", spent: iterationsAtOnce, want: want{State: v1alpha1.StateThrottled, Postponed: true, Next: true}},
		"Text":    {reason: "Text needs no budget.", spent: iterationsAtOnce, change: func(_ *look, secret *keyvault.Secret) { secret.ContentType = "text/plain" }, want: want{Read: true}},
		"Same": {
			reason: "A version that is already in the Secret needs no budget.", spent: iterationsAtOnce, want: want{State: v1alpha1.StateSynced},
			change: func(l *look, _ *keyvault.Secret) {
				l.record = plan.Record{"db": plan.Content{Version: v1, ContentType: "application/x-pkcs12"}}
			},
		},
		"Drifted": {
			reason: "A Secret that was changed by another client needs budget again.", spent: iterationsAtOnce, want: want{State: v1alpha1.StateThrottled, Postponed: true, Next: true},
			change: func(l *look, _ *keyvault.Secret) {
				l.distrusted, l.record = true, plan.Record{"db": plan.Content{Version: v1, ContentType: "application/x-pkcs12"}}
			},
		},
		"Other": {
			reason: "Another version needs budget.", spent: iterationsAtOnce, want: want{State: v1alpha1.StateThrottled, Postponed: true, Next: true},
			change: func(l *look, _ *keyvault.Secret) {
				l.record = plan.Record{"db": plan.Content{Version: v2, ContentType: "application/x-pkcs12"}}
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l, secret := lookAt(s), secret
			l.empty()
			l.memory.budget.spend(tc.spent, 0, noon())

			if tc.change != nil {
				tc.change(l, &secret)
			}

			f, postponed := l.examine(s, secret)
			if diff := cmp.Diff(tc.want, want{State: f.State, Read: f.Secret != nil, Postponed: postponed, Next: f.LookAgain.After(noon())}); diff != "" {
				t.Errorf("\n%s\nexamine(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
