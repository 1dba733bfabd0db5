// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

func at(d time.Duration) *metav1.Time { return new(metav1.NewTime(noon().Add(d))) }

// reported returns a sync that lists these secrets, and whose status was reported with others.
func reported(before []string, now ...string) *v1alpha1.KeyVaultSecretSync {
	s := newSync()
	for _, name := range now {
		s.Spec.ForProvider.Secrets = append(s.Spec.ForProvider.Secrets, v1alpha1.SyncedSecret{Name: name})
	}

	if before != nil {
		s.Status.AtProvider.SecretsSynced = "0/0"
	}

	for _, name := range before {
		s.Status.AtProvider.Secrets = append(s.Status.AtProvider.Secrets, v1alpha1.ObservedSecret{Name: name})
	}

	return s
}

func TestPolling(t *testing.T) {
	none := []string{}

	cases := map[string]struct {
		reason string
		cr     *v1alpha1.KeyVaultSecretSync
		// then is the change a minute after the first look.
		then func(s *v1alpha1.KeyVaultSecretSync, m *memory)
		want *v1alpha1.ObservedPolling
	}{
		"New":       {reason: "A new sync has the time of its creation in its metadata.", cr: reported(nil, "db")},
		"Restart":   {reason: "A restart without changes reports no new times.", cr: reported([]string{"db"}, "db")},
		"Upgrade":   {reason: "A request from before an upgrade is not a new request.", cr: asked(reported([]string{"db"}, "db"), "monday")},
		"WhileDown": {reason: "A secret that was added while the provider was down is noticed.", cr: reported([]string{"db"}, "db", "api"), want: &v1alpha1.ObservedPolling{SecretAddedAt: at(0)}},
		"First":     {reason: "A secret that is added to an empty list is noticed.", cr: reported(none, "db"), want: &v1alpha1.ObservedPolling{SecretAddedAt: at(0)}},
		"Added": {reason: "A secret that is added to the list is noticed.", cr: reported([]string{"db"}, "db"), then: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			s.Generation++
			s.Spec.ForProvider.Secrets = reported(nil, "db", "api").Spec.ForProvider.Secrets
		}, want: &v1alpha1.ObservedPolling{SecretAddedAt: at(time.Minute)}},
		"Removed": {reason: "Removing a secret from the list starts no fast polls.", cr: reported([]string{"db", "api"}, "db", "api"), then: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			s.Generation++
			s.Spec.ForProvider.Secrets = reported(nil, "api").Spec.ForProvider.Secrets
		}},
		"OtherSpec": {reason: "Another change of the spec adds no secret.", cr: reported([]string{"db"}, "db"), then: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			s.Generation++
			s.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Minute}
		}},
		"Requested": {reason: "A requested sync is noticed.", cr: asked(reported([]string{"db"}, "db"), "monday"), then: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			asked(s, "tuesday")
		}, want: &v1alpha1.ObservedPolling{SyncRequestedAt: at(time.Minute)}},
		"Created": {reason: "The creation of a secret by the provider is noticed.", cr: reported([]string{"db"}, "db"), then: func(_ *v1alpha1.KeyVaultSecretSync, m *memory) {
			m.created = noon()
		}, want: &v1alpha1.ObservedPolling{SecretCreatedAt: at(0)}},
		"Year10000": {reason: "A time that the status cannot hold is ignored.", cr: reported([]string{"db"}, "db"), then: func(_ *v1alpha1.KeyVaultSecretSync, m *memory) {
			m.created = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
		}},
		"Persisted": {
			reason: "Reported times stay.",
			cr: func() *v1alpha1.KeyVaultSecretSync {
				s := reported([]string{"db"}, "db", "api")
				s.Status.AtProvider.Polling = &v1alpha1.ObservedPolling{SecretAddedAt: at(-time.Hour), SyncRequestedAt: at(-2 * time.Hour)}

				return s
			}(),
			want: &v1alpha1.ObservedPolling{SecretAddedAt: at(0), SyncRequestedAt: at(-2 * time.Hour)},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			memories := newMemories()
			look := func(now time.Time) *memory {
				m := memories.of(tc.cr, watch.Target{}, now, fullRead)
				m.request(tc.cr, now)

				return m
			}

			// The time is in no status.
			m := look(noon().Add(300 * time.Millisecond))
			if tc.then != nil {
				tc.then(tc.cr, m)
			}

			m = look(noon().Add(time.Minute))

			got := m.polling(tc.cr.Status.AtProvider.Polling)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\npolling(...): -want, +got:\n%s", tc.reason, diff)
			}

			// With that status, the next process finds nothing new.
			tc.cr.Status.AtProvider = reported(names(tc.cr.Spec.ForProvider)).Status.AtProvider
			tc.cr.Status.AtProvider.Polling = got
			memories = newMemories()

			if diff := cmp.Diff(got, look(noon().Add(time.Hour)).polling(got)); diff != "" {
				t.Errorf("\n%s\npolling(...) after a restart: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func asked(s *v1alpha1.KeyVaultSecretSync, at string) *v1alpha1.KeyVaultSecretSync {
	s.Annotations = map[string]string{v1alpha1.SyncRequestedAtAnnotation: at}

	return s
}

// For any status and any number of restarts, the reported times stay the same until a person
// changes the sync, so the status is not written again.
func TestPollingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		s := reported(rapid.SliceOfDistinct(name, rapid.ID[string]).Draw(t, "before"), rapid.SliceOfDistinct(name, rapid.ID[string]).Draw(t, "now")...)
		asked(s, rapid.StringN(0, 3, 3).Draw(t, "request"))

		if rapid.Bool().Draw(t, "reported") {
			s.Status.AtProvider.Polling = &v1alpha1.ObservedPolling{SecretAddedAt: at(time.Duration(rapid.Int64().Draw(t, "added")))}
		}

		now, m := noon(), newMemories()

		report := func() *v1alpha1.ObservedPolling {
			mem := m.of(s, watch.Target{}, now, fullRead)
			mem.request(s, now)
			p := mem.polling(s.Status.AtProvider.Polling)
			s.Status.AtProvider = reported(names(s.Spec.ForProvider)).Status.AtProvider
			s.Status.AtProvider.Polling = p

			return p
		}

		first := report()

		for range rapid.IntRange(1, 10).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "later")))

			if rapid.Bool().Draw(t, "restart") {
				m = newMemories()
			}

			if diff := cmp.Diff(first, report()); diff != "" {
				t.Fatalf("polling(...): -first, +later:\n%s", diff)
			}
		}
	})
}

func TestInterest(t *testing.T) {
	created := newSync().CreationTimestamp.Time

	cases := map[string]struct {
		reason string
		change func(s *v1alpha1.KeyVaultSecretSync, m *memory)
		want   watch.Interest
	}{
		"Defaults": {
			reason: "The default intervals are the provider's.", change: func(*v1alpha1.KeyVaultSecretSync, *memory) {},
			want: watch.Interest{Interval: 30 * time.Second, Fast: 5 * time.Second, Changes: []time.Time{created}},
		},
		"Intervals": {reason: "A sync can have its own intervals.", change: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			s.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: time.Hour}
			s.Spec.ForProvider.FastPollInterval = &metav1.Duration{Duration: time.Minute}
		}, want: watch.Interest{Interval: time.Hour, Fast: time.Minute, Changes: []time.Time{created}}},
		"Off": {reason: "A sync can disable fast polls.", change: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			s.Spec.ForProvider.FastPollInterval = &metav1.Duration{}
		}, want: watch.Interest{Interval: 30 * time.Second, Changes: []time.Time{created}}},
		"Negative": {reason: "Values that the schema rejects are ignored.", change: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			s.Spec.ForProvider.PollInterval = &metav1.Duration{Duration: -1}
			s.Spec.ForProvider.FastPollInterval = &metav1.Duration{Duration: -1}
		}, want: watch.Interest{Interval: 30 * time.Second, Fast: 5 * time.Second, Changes: []time.Time{created}}},
		"Times": {reason: "All times of the status are used.", change: func(s *v1alpha1.KeyVaultSecretSync, _ *memory) {
			s.Status.AtProvider.Secrets = []v1alpha1.ObservedSecret{{Name: "db", UpdatedAt: at(-1)}, {Name: "api"}}
			s.Status.AtProvider.Polling = &v1alpha1.ObservedPolling{SecretAddedAt: at(-2), SyncRequestedAt: at(-3), SecretCreatedAt: at(-4)}
		}, want: watch.Interest{
			Interval: 30 * time.Second, Fast: 5 * time.Second, Created: at(-4).Time,
			Changes: []time.Time{created, at(-2).Time, at(-3).Time}, Updated: []time.Time{at(-1).Time},
		}},
		"Refused": {reason: "Rejected reads back off.", change: func(_ *v1alpha1.KeyVaultSecretSync, m *memory) { m.refused = 1 }, want: watch.Interest{
			Interval: 30 * time.Second, Fast: 5 * time.Second, Changes: []time.Time{created}, Refused: true,
		}},
		"Remembered": {reason: "Times that are not in the status yet are used, too.", change: func(_ *v1alpha1.KeyVaultSecretSync, m *memory) {
			m.added, m.requestedAt, m.created = noon(), noon().Add(time.Second), noon().Add(2*time.Second)
		}, want: watch.Interest{
			Interval: 30 * time.Second, Fast: 5 * time.Second, Created: at(2 * time.Second).Time,
			Changes: []time.Time{created, at(0).Time, at(time.Second).Time},
		}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSync(v1alpha1.SyncedSecret{Name: "db"})
			e, _ := externalOf(nil)
			e.pollInterval, e.fastPollInterval, e.memory = 30*time.Second, 5*time.Second, &memory{}
			tc.change(s, e.memory)
			e.previous = s.Status.AtProvider
			tc.want.Names = []string{"db"}

			if diff := cmp.Diff(tc.want, e.interest(s)); diff != "" {
				t.Errorf("\n%s\ninterest(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Writes of the provider start no fast polls.
func TestCreatedByUs(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}
	e, _ := externalOf(lookAt(s))
	e.created(s, keyvault.Properties{Updated: noon()}, nil)
	e.created(s, keyvault.Properties{Updated: before(time.Hour)}, nil)
	e.created(s, keyvault.Properties{}, &keyvault.Error{Reason: keyvault.Exists})

	cr := newSync(s)
	e.report(cr, plan.NewStatus(), nil)

	if diff := cmp.Diff(&v1alpha1.ObservedPolling{SecretCreatedAt: at(0)}, cr.Status.AtProvider.Polling); diff != "" {
		t.Errorf("\nreport(...): -want, +got:\n%s", diff)
	}
}

// A vault that rejects lists is read as often as it is polled, except for many secrets.
func TestReadInterval(t *testing.T) {
	cases := map[string]struct {
		reason   string
		polled   time.Duration
		interval time.Duration
		secrets  int
		want     time.Duration
	}{
		"Unknown": {reason: "Without a poll, the regular interval is used.", interval: 30 * time.Second, secrets: 1, want: 30 * time.Second},
		"Fast":    {reason: "During fast polls, the fast interval is used.", polled: 5 * time.Second, interval: 30 * time.Second, secrets: 1, want: 5 * time.Second},
		"Many":    {reason: "Many secrets are read at one per second.", polled: 5 * time.Second, interval: 30 * time.Second, secrets: 20, want: 20 * time.Second},
		"Slow":    {reason: "A slow list does not delay reads.", polled: time.Minute, interval: 30 * time.Second, secrets: 1, want: 30 * time.Second},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := &look{lookInput: lookInput{cr: newSync(make([]v1alpha1.SyncedSecret, tc.secrets)...), interval: tc.interval, watchInterval: tc.polled}}
			if diff := cmp.Diff(tc.want, l.readInterval()); diff != "" {
				t.Errorf("\n%s\nreadInterval(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Repeated requests to read many secrets are accepted, but limited.
func TestTakeRequest(t *testing.T) {
	const secrets = 20

	s := asked(newSync(make([]v1alpha1.SyncedSecret, secrets)...), "first")
	e, _ := externalOf(nil)
	e.watcher, e.memory = watch.New(nil, 1, time.Minute, watch.NewMetrics(), nil), &memory{}

	var answered []time.Duration

	for second := range 2*secrets + 1 {
		asked(s, noon().Add(time.Duration(second)).String())

		if taken, turn := e.takeRequest(s, noon().Add(time.Duration(second)*time.Second)); taken {
			answered = append(answered, time.Duration(second)*time.Second)
		} else if turn.IsZero() {
			t.Error("No look is scheduled for the waiting secrets.")
		}
	}

	if diff := cmp.Diff([]time.Duration{0, secrets * readPace, 2 * secrets * readPace}, answered); diff != "" {
		t.Errorf("\ntakeRequest(...): -want, +got:\n%s", diff)
	}
}
