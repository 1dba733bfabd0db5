// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

const contentTypePFX = "application/x-pkcs12"

// A shelf is a vault full of PFX files, and a Secret with their contents.
type shelf struct {
	list    []v1alpha1.SyncedSecret
	answers map[string]answer
	current plan.Current
	memory  *memory
	now     time.Time
}

func newShelf(n int, file string) *shelf {
	s := &shelf{
		answers: map[string]answer{}, now: noon(),
		current: plan.Current{Data: map[string][]byte{}, Record: plan.Record{}},
		memory:  &memory{secrets: map[string]memo{}},
	}

	for i := range n {
		name := fmt.Sprintf("cert-%02d", i)
		s.list = append(s.list, v1alpha1.SyncedSecret{Name: name})
		s.put(name, v1, file)
		s.write(name)
	}

	return s
}

// put adds a version to the vault.
func (s *shelf) put(name, version, file string) {
	s.answers[name] = answer{secret: keyvault.Secret{
		Properties: keyvault.Properties{Name: name, Version: version, ContentType: contentTypePFX, Updated: before(time.Hour)}, Value: file,
	}}
}

// write copies the contents of the vault to the Secret.
func (s *shelf) write(name string) {
	secret := s.answers[name].secret
	s.current.Record[name] = plan.Content{Version: secret.Version, ContentType: secret.ContentType, Updated: secret.Updated.Unix(), Keys: []string{"tls.crt"}}
	s.current.Data[name+".tls.crt"] = []byte("x")
}

// look looks at the list once, writes the opened contents, and returns their names.
func (s *shelf) look(distrusted bool) []string {
	l := &look{lookInput: lookInput{cr: newSync(s.list...), current: s.current, record: s.current.Intact(), now: s.now, distrusted: distrusted, snapshot: watch.NewSnapshot(nil, nil, s.now)}, memory: s.memory}
	findings := map[string]plan.Observed{}
	l.conclude(s.list, s.answers, findings)

	var opened []string

	s.memory.next = time.Time{}

	for name, f := range findings {
		s.memory.next = earliest(s.memory.next, f.LookAgain)

		if f.Secret != nil {
			opened = append(opened, name)
			s.write(name)
		}
	}

	slices.Sort(opened)

	return opened
}

// wait lets time pass until the next look.
func (s *shelf) wait() {
	s.now = s.now.Add(30 * time.Second)
	if s.memory.next.After(s.now) {
		s.now = s.memory.next
	}
}

// New values do not wait for values that the Secret already has.
func TestArrives(t *testing.T) {
	file := pfx(t, 66_600) // 20 of these are all that can be opened at once.

	cases := map[string]struct {
		reason     string
		change     func(s *shelf)
		distrusted bool
		// looks is the number until the last value is present.
		looks int
		// opened is the number of opened files until each of the 24 was opened.
		opened int
	}{
		"Renewed": {
			reason: "A new value is opened at once, while half of the budget verifies the others.", looks: 1, opened: 10,
			change: func(s *shelf) { s.put("cert-23", v2, file) },
		},
		"RenewedAfterStart": {
			reason: "Without a budget left, a new value is opened as soon as there is enough.", looks: 2, opened: 1,
			change: func(s *shelf) {
				s.put("cert-23", v2, file)
				s.memory.budget.spend(iterationsAtOnce, 0, noon())
			},
		},
		"Deleted": {
			reason: "If all data is lost, each file is opened once.", looks: 5, opened: 24,
			change: func(s *shelf) { s.current = plan.Current{Data: map[string][]byte{}, Record: plan.Record{}} },
		},
		"Drifted": {
			reason: "If another client changed the Secret, each file is opened once.", distrusted: true, looks: 5, opened: 24,
		},
		"DriftedAndLost": {
			reason: "Lost data comes first.", distrusted: true, looks: 1, opened: 20,
			change: func(s *shelf) { delete(s.current.Data, "cert-23.tls.crt") },
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newShelf(24, file)
			if tc.change != nil {
				tc.change(s)
			}

			looks, opened := 0, 0

			for range 60 {
				list := s.look(tc.distrusted)
				looks++
				opened += len(list)

				if slices.Contains(list, "cert-23") {
					break
				}

				s.wait()
			}

			if diff := cmp.Diff([]int{tc.looks, tc.opened}, []int{looks, opened}); diff != "" {
				t.Errorf("\n%s\nlooks, opened: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A postponed secret is read again by name, without reading others.
func TestPostponedKnown(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}

	l := lookAt(s)
	l.memory.postpone("db", true, noon())

	if f, known := l.known(s); known {
		t.Errorf("\nThe secret is read.\nknown(...) = %+v", f)
	}

	l.memory.postpone("db", false, noon())

	if _, known := l.known(s); !known {
		t.Error("\nThe version was opened.\nknown(...): it is not known")
	}

	shelf := newShelf(24, pfx(t, 66_600))
	shelf.current = plan.Current{Data: map[string][]byte{}, Record: plan.Record{}}

	l = &look{lookInput: lookInput{cr: newSync(shelf.list...), now: noon(), snapshot: watch.NewSnapshot(nil, nil, noon()), readAll: true}, memory: shelf.memory}
	if failed := l.conclude(shelf.list, shelf.answers, map[string]plan.Observed{}); failed {
		t.Error("\nNothing failed.\nconclude(...): everything is read again")
	}

	if diff := cmp.Diff([]string{"cert-20", "cert-21", "cert-22", "cert-23"}, slices.Sorted(maps.Keys(shelf.memory.postponed))); diff != "" {
		t.Errorf("\npostponed: -want, +got:\n%s", diff)
	}
}

// For any arrivals, no secret waits for one that was postponed later.
func TestPostponedProperties(t *testing.T) { //nolint:gocognit // Steps, and what has to be true after each.
	files := []string{pfx(t, 1000), pfx(t, 20_000), pfx(t, 83_000)}

	rapid.Check(t, func(rt *rapid.T) {
		s := newShelf(30, files[2])
		versions := 0

		for range rapid.IntRange(1, 40).Draw(rt, "looks") {
			for range rapid.IntRange(0, 30).Draw(rt, "arrivals") {
				versions++
				name := rapid.SampledFrom(s.list).Draw(rt, "secret").Name
				s.put(name, fmt.Sprintf("%032d", versions), rapid.SampledFrom(files).Draw(rt, "file"))
			}

			waited := maps.Clone(s.memory.postponed)
			opened := s.look(rapid.Bool().Draw(rt, "distrusted"))

			for name := range s.memory.postponed {
				since, before := waited[name]
				for _, other := range opened {
					if otherSince, otherBefore := waited[other]; before && (!otherBefore || since.Before(otherSince)) {
						rt.Fatalf("%s waits since %s, and %s was opened", name, since, other)
					}
				}
			}

			if len(s.memory.postponed) > 0 && !s.memory.next.After(s.now) {
				rt.Fatal("no look is scheduled for the waiting secrets")
			}

			s.now = s.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(rt, "seconds")) * time.Second)
		}

		// In the end, all values are present.
		for range 60 {
			s.look(false)
			s.wait()
		}

		for name, a := range s.answers {
			if s.current.Record[name].Version != a.secret.Version {
				rt.Fatalf("%s never arrives", name)
			}
		}
	})
}

// A version is opened once, even if its attributes change. The attributes are recorded.
func TestRefresh(t *testing.T) {
	expires := noon().Add(24 * time.Hour)
	secret := keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v1, Updated: before(time.Minute), Expires: expires}, Value: "not opened"}

	cases := map[string]struct {
		reason string
		change func(l *look, secret *keyvault.Secret)
		want   bool
	}{
		"Updated":     {reason: "Changed attributes do not open a version again.", want: true},
		"Version":     {reason: "Another version is opened.", change: func(_ *look, secret *keyvault.Secret) { secret.Version = v2 }},
		"ContentType": {reason: "Another content type opens the version again.", change: func(_ *look, secret *keyvault.Secret) { secret.ContentType = "application/json" }},
		"DataLost":    {reason: "Missing data opens the version again.", change: func(l *look, _ *keyvault.Secret) { l.record = plan.Record{} }},
		"Drifted":     {reason: "Data that may have been changed opens the version again.", change: func(l *look, _ *keyvault.Secret) { l.distrusted = true }},
		"DriftedOpened": {reason: "A version that was opened since then is not opened again.", want: true, change: func(l *look, secret *keyvault.Secret) {
			l.distrusted = true
			l.memory.open("db", *secret, "")
		}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, secret := v1alpha1.SyncedSecret{Name: "db"}, secret

			l := lookAt(s)
			if tc.change != nil {
				tc.change(l, &secret)
			}

			e, _ := externalOf(l)

			e.observed["db"], _ = l.examine(s, secret)
			if got := e.observed["db"].Secret == nil; got != tc.want {
				t.Fatalf("\n%s\nexamine(...) = %+v", tc.reason, e.observed["db"])
			}

			if !tc.want {
				return
			}

			e.makePlan(l.cr)

			content := e.plan.Record["db"]
			if !e.plan.Changed || content.Updated != secret.Updated.Unix() || content.Expires != expires.Unix() || content.Synced != before(30*time.Minute).Unix() {
				t.Errorf("\n%s\nmakePlan(...): changed %t, %+v", tc.reason, e.plan.Changed, content)
			}

			if diff := cmp.Diff(map[string][]byte{"db.A": []byte("a")}, e.plan.Data); diff != "" {
				t.Errorf("\n%s\nmakePlan(...): data: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The contents of the Secret are verified once after each start, because they may have been changed
// before.
func TestVerify(t *testing.T) {
	s := newShelf(2, `{"A":"x"}`)
	for name, a := range s.answers {
		a.secret.ContentType = "application/json"
		s.answers[name] = a
		s.write(name)
	}

	var got []int
	for range 2 {
		got = append(got, len(s.look(false)))
	}

	if diff := cmp.Diff([]int{2, 0}, got); diff != "" {
		t.Errorf("\nconclude(...): opened by each look: -want, +got:\n%s", diff)
	}
}

// An invalid version is read once after a change of the spec, and its verdict contains nothing
// about the values of the Secret at that time.
func TestVerdictMemo(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}
	secret := keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v2, ContentType: "application/json", Updated: noon()}, Value: "no object"}

	l := lookAt(s)
	l.snapshot = listed(noon(), true)

	e, _ := externalOf(l)
	e.observed["db"], _ = l.examine(s, secret)
	e.makePlan(l.cr)

	const stays = "stay in use"
	if message := e.plan.After.Observation(l.cr.Spec.ForProvider).Secrets[0].Message; !strings.Contains(message, stays) {
		t.Fatalf("\nThe Secret has another version.\nmakePlan(...): %s", message)
	}

	if message := messageOf(l, plan.Observed{Verdict: l.memory.secrets["db"].Verdict}); message == "" || strings.Contains(message, stays) {
		t.Errorf("\nThe Secret may lose that version.\nremember(...): %s", message)
	}

	l.memory.secrets = map[string]memo{} // The generation is different.
	l.empty()
	e.input = l.lookInput

	if _, known := l.known(s); known {
		t.Error("\nThe version is read once.\nknown(...): it is known")
	}

	e.observed["db"], _ = l.examine(s, secret)
	e.makePlan(l.cr)

	if f, known := l.known(s); !known || f.State != v1alpha1.StateInvalid || messageOf(l, f) == "" || strings.Contains(messageOf(l, f)+e.plan.After.Observation(l.cr.Spec.ForProvider).Secrets[0].Message, stays) {
		t.Errorf("\nThe list shows no change.\nknown(...) = %+v, %t", f, known)
	}
}
