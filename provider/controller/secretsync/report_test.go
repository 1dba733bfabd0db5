// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

func observation(state v1alpha1.State, secrets ...v1alpha1.ObservedSecret) v1alpha1.KeyVaultSecretSyncObservation {
	return v1alpha1.KeyVaultSecretSyncObservation{State: state, Secrets: secrets}
}

func TestReady(t *testing.T) {
	type want struct {
		Status  corev1.ConditionStatus
		Reason  xpv1.ConditionReason
		Message string
	}

	db := func(state v1alpha1.State, version string) v1alpha1.ObservedSecret {
		return v1alpha1.ObservedSecret{Name: "db", State: state, Version: version, Message: "Do this."}
	}
	many := make([]v1alpha1.ObservedSecret, 0, 5)
	list := []v1alpha1.SyncedSecret{{Name: "db"}, {Name: "nice", Optional: true}}

	for i := range 5 {
		name := fmt.Sprintf("s%d", i)
		list = append(list, v1alpha1.SyncedSecret{Name: name})
		many = append(many, v1alpha1.ObservedSecret{Name: name, State: v1alpha1.StateMissing})
	}

	cases := map[string]struct {
		reason  string
		o       v1alpha1.KeyVaultSecretSyncObservation
		problem *plan.Problem
		want    want
	}{
		"Synced":   {reason: "A synced sync is ready.", o: observation("", db(v1alpha1.StateSynced, v1)), want: want{Status: corev1.ConditionTrue, Reason: xpv1.ReasonAvailable}},
		"Failing":  {reason: "A failing sync is ready if the pods have all values.", o: observation("", db(v1alpha1.StateForbidden, v1)), want: want{Status: corev1.ConditionTrue, Reason: xpv1.ReasonAvailable}},
		"Never":    {reason: "A sync whose secret was never synced is not ready.", o: observation("", db(v1alpha1.StateMissing, "")), want: want{Status: corev1.ConditionFalse, Reason: reasonNotSynced, Message: "db: Missing. Do this."}},
		"Optional": {reason: "A missing optional secret does not block readiness.", o: observation("", v1alpha1.ObservedSecret{Name: "nice", State: v1alpha1.StateMissing}), want: want{Status: corev1.ConditionTrue, Reason: xpv1.ReasonAvailable}},
		"Many":     {reason: "A long list of secrets is shortened.", o: observation("", many...), want: want{Status: corev1.ConditionFalse, Reason: reasonNotSynced, Message: "s0: Missing. s1: Missing. s2: Missing. And 2 more."}},
		"Problem": {
			reason: "A problem of the whole Secret is reported.", o: observation("", db(v1alpha1.StateMissing, "")), problem: &plan.Problem{State: v1alpha1.StateTargetConflict, Finding: said("owner")},
			want: want{Status: corev1.ConditionFalse, Reason: "TargetConflict", Message: "owner does not exist"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cr := newSync(list...)
			cr.Generation = 7

			c := ready(cr, tc.o, tc.problem)
			if diff := cmp.Diff(tc.want, want{Status: c.Status, Reason: c.Reason, Message: c.Message}); diff != "" {
				t.Errorf("\n%s\nready(...): -want, +got:\n%s", tc.reason, diff)
			}

			if c.Type != xpv1.TypeReady || c.ObservedGeneration != 7 {
				t.Errorf("\n%s\nready(...): type %s of generation %d", tc.reason, c.Type, c.ObservedGeneration)
			}
		})
	}
}

func TestAnnounce(t *testing.T) {
	secret := func(name string, state v1alpha1.State, version string) v1alpha1.ObservedSecret {
		return v1alpha1.ObservedSecret{Name: name, State: state, Version: version, Message: "M of " + name + "."}
	}

	synced := secret("db", v1alpha1.StateSynced, v1)
	synced.Message = ""

	cases := map[string]struct {
		reason  string
		before  v1alpha1.KeyVaultSecretSyncObservation
		after   v1alpha1.KeyVaultSecretSyncObservation
		problem *plan.Problem
		want    []string
	}{
		"Same":    {reason: "Without a change, there is no event.", before: observation("", synced), after: observation("", synced)},
		"Message": {reason: "A changed message alone causes no event.", before: observation("", secret("db", v1alpha1.StateSynced, v1)), after: observation("", synced)},
		"First":   {reason: "A first sync causes an event.", after: observation("", synced), want: []string{"Normal Synced db: version " + v1 + " is in Secret web-secrets."}},
		"Version": {reason: "A new version causes an event.", before: observation("", secret("db", v1alpha1.StateSynced, v2)), after: observation("", synced), want: []string{"Normal Synced db: version " + v1 + " is in Secret web-secrets."}},
		"Failed":  {reason: "A failure causes a warning.", before: observation("", synced), after: observation("", secret("db", v1alpha1.StateForbidden, v1)), want: []string{"Warning Forbidden db: M of db."}},
		"Waits":   {reason: "Waiting for access causes a normal event.", after: observation("", secret("db", v1alpha1.StateAwaitingAccess, "")), want: []string{"Normal AwaitingAccess db: M of db."}},
		"Unknown": {reason: "An unknown state is not announced.", before: observation("", synced), after: observation("", secret("db", "", ""))},
		"Together": {
			reason: "Secrets with the same state share an event.", after: observation("", secret("a", v1alpha1.StateMissing, ""), secret("b", v1alpha1.StateForbidden, ""), secret("c", v1alpha1.StateMissing, "")),
			want: []string{"Warning Forbidden b: M of b.", "Warning Missing a: M of a. c: M of c."},
		},
		"Problem":     {reason: "A problem of the whole Secret causes an event.", problem: &plan.Problem{State: v1alpha1.StateTargetConflict, Finding: said("owner")}, want: []string{"Warning TargetConflict owner does not exist"}},
		"SameProblem": {reason: "A repeated problem causes no event.", before: observation(v1alpha1.StateTargetConflict), problem: &plan.Problem{State: v1alpha1.StateTargetConflict, Finding: said("owner")}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e, events := externalOf(lookAt(v1alpha1.SyncedSecret{Name: "db"}))
			e.announce(newSync(), tc.before, tc.after, tc.problem)

			if diff := cmp.Diff(tc.want, []string(*events), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nannounce(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReport(t *testing.T) {
	e, events := externalOf(lookAt(v1alpha1.SyncedSecret{Name: "db"}))
	cr := newSync(v1alpha1.SyncedSecret{Name: "db"})
	o := observation(v1alpha1.StateForbidden, v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateForbidden})

	status := plan.Status{KeyVaultSecretSyncObservation: o}
	e.report(cr, status, nil)
	e.report(newSync(v1alpha1.SyncedSecret{Name: "db"}), status, nil)

	if diff := cmp.Diff(1, len(*events)); diff != "" {
		t.Errorf("\nAn announced state is not announced again, even if the status was not written.\nreport(...): -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(o, cr.Status.AtProvider); diff != "" {
		t.Errorf("\nThe status says so.\nreport(...): -want, +got:\n%s", diff)
	}
}

// A condition of an earlier version keeps its time, even if the sentence has changed.
func TestSetConditionUpgrade(t *testing.T) {
	const old, secret = "Old sentence.", "db"

	cases := map[string]struct {
		reason string
		before xpv1.Condition
		want   bool
	}{
		"Sentence": {reason: "A changed sentence alone keeps the time.", before: xpv1.Unavailable().WithMessage(old), want: true},
		"Status":   {reason: "A changed status sets the time.", before: xpv1.Available()},
		"Reason":   {reason: "A changed reason sets the time.", before: func() xpv1.Condition { c := xpv1.Unavailable(); c.Reason = "TargetConflict"; return c }()},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSync(v1alpha1.SyncedSecret{Name: secret})

			if tc.before.Reason == xpv1.ReasonUnavailable {
				tc.before.Reason = reasonNotSynced
			}

			tc.before.LastTransitionTime = metav1.NewTime(noon())
			s.SetConditions(tc.before)
			setCondition(s, ready(s, observation("", v1alpha1.ObservedSecret{Name: secret, State: v1alpha1.StateMissing, Message: "New sentence."}), nil))

			c := s.GetCondition(xpv1.TypeReady)
			if got := c.LastTransitionTime.Time.Equal(noon()); got != tc.want || c.Message == old {
				t.Errorf("\n%s\nsetCondition(...): want the time kept: %t, got %+v", tc.reason, tc.want, c)
			}
		})
	}
}

func TestShorten(t *testing.T) {
	long := strings.Repeat("x", 600)

	cases := map[string]struct {
		reason string
		parts  []string
		want   string
	}{
		"One":  {reason: "A single part stays unchanged.", parts: []string{"a"}, want: "a"},
		"Two":  {reason: "Two parts that fit are joined.", parts: []string{"a", "b"}, want: "a b"},
		"Long": {reason: "A single part is cut, too.", parts: []string{long + long, "a"}, want: (long + long)[:1000] + " … And 1 more."},
		"Many": {reason: "A message that is too long is shortened.", parts: []string{long, long, "a"}, want: long + " And 2 more."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, shorten(tc.parts)); diff != "" {
				t.Errorf("\n%s\nshorten(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	web, api, gone := types.NamespacedName{Namespace: "team-a", Name: "web"}, types.NamespacedName{Namespace: "team-a", Name: "api"}, types.NamespacedName{Namespace: "team-b", Name: "gone"}

	m.follow(func(key types.NamespacedName) time.Time {
		if key == web {
			return time.Unix(1000, 0)
		}

		return time.Time{}
	}, func() watch.Counts { return watch.Counts{Watched: 2, Fast: 4, Slow: 3, TooLarge: 1, Unlisted: 5} })
	m.observe(web, observation(v1alpha1.StateMissing,
		v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateSynced, ExpiresAt: new(metav1.Unix(2000, 0))},
		v1alpha1.ObservedSecret{Name: "x", State: v1alpha1.StateMissing}, v1alpha1.ObservedSecret{Name: "y"}))
	m.observe(api, observation(v1alpha1.StateSynced, v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateSynced}))
	m.noteRead(api, time.Unix(3000, 0))
	m.observe(gone, observation(v1alpha1.StateSynced))
	m.noteRead(gone, time.Unix(1, 0))
	m.forget(gone)
	m.written(nil)
	m.written(errors.New("x"))
	m.place(types.NamespacedName{Namespace: "team-a", Name: "web"}, "eu")
	m.place(types.NamespacedName{Namespace: "team-a", Name: "api"}, "eu")
	m.place(types.NamespacedName{Namespace: "team-a", Name: "api"}, "")
	m.created(nil)
	m.created(&keyvault.Error{Reason: keyvault.Forbidden})

	want := map[string]string{
		"secret_expiry_timestamp_seconds": `{name="web",namespace="team-a",secret="db"} 2000`,
		"sync_landing_zone":               `{landing_zone="eu",name="web",namespace="team-a"} 1`,
		"watched_vaults":                  ` 2`,
		"fast_polled_vaults":              ` 4`,
		"slow_vaults":                     ` 3`,
		"too_large_vaults":                ` 1`,
	}
	for name, line := range want {
		checkMetric(t, m, name, "gauge", line)
	}

	checkMetric(t, m, "last_success_timestamp_seconds", "gauge", `{name="api",namespace="team-a"} 3000`, `{name="web",namespace="team-a"} 1000`)
	checkMetric(t, m, "sync_state", "gauge", `{name="api",namespace="team-a",state="Synced"} 1`, `{name="web",namespace="team-a",state="Missing"} 1`)
	checkMetric(t, m, "secrets", "gauge", `{namespace="team-a",state="Missing"} 1`, `{namespace="team-a",state="Synced"} 2`)
	checkMetric(t, m, "secret_writes_total", "counter", `{result="error"} 1`, `{result="ok"} 1`)
	checkMetric(t, m, "vault_secrets_created_total", "counter", `{result="Forbidden"} 1`, `{result="ok"} 1`)

	if problems, err := testutil.CollectAndLint(m); err != nil || len(problems) > 0 {
		t.Errorf("\nMetrics are named as Prometheus wants.\n%v %v", problems, err)
	}
}

func checkMetric(t *testing.T, m *Metrics, name, kind string, lines ...string) {
	t.Helper()

	full := "keyvault_secretsync_" + name

	r := prometheus.NewPedanticRegistry()
	r.MustRegister(m)

	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))

	text := w.Body.String()

	var want, got []string
	for _, line := range lines {
		want = append(want, full+line)
	}

	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, full+"{") || strings.HasPrefix(line, full+" ") {
			got = append(got, strings.TrimSpace(line))
		}
	}

	if diff := cmp.Diff(want, got); diff != "" || !strings.Contains(text, "# TYPE "+full+" "+kind) {
		t.Errorf("\nMetric %s, a %s: -want, +got:\n%s", name, kind, diff)
	}
}
