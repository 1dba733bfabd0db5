// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// These are annotations of Deployments.
const (
	podsAskedFor = "meta.p6m.dev/pods-asked-for"
	podIdentity  = "meta.p6m.dev/pod-identity"
)

// newClientID is the client id of a recreated identity.
const newClientID = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"

// container returns the container of the running application.
func (w *world) container() map[string]any {
	return list(at(w.composed[compose.NameDeployment], "spec", "template", "spec", "containers"))[0]
}

// mutations are changes of a Deployment by admission policies and other controllers.
func mutations() map[string]func(w *world) {
	env := func(change func([]any) []any) func(w *world) {
		return func(w *world) {
			env, _ := w.container()["env"].([]any)
			w.container()["env"] = change(slices.Clone(env))
		}
	}
	image := func(pinned string) func(w *world) { return func(w *world) { w.container()["image"] = pinned } }
	template := func(w *world) map[string]any {
		return nested(w.composed[compose.NameDeployment], "spec", "template")
	}

	return map[string]func(w *world){
		"Nothing":       func(*world) {},
		"VariableAdded": env(func(l []any) []any { return append(l, map[string]any{"name": "HTTP_PROXY", "value": "http://proxy"}) }),
		"VariableFirst": env(func(l []any) []any {
			return append([]any{map[string]any{"name": "HTTP_PROXY", "value": "http://proxy"}}, l...)
		}),
		"VariableRemoved":  env(func(l []any) []any { return l[:len(l)-1] }),
		"VariableChanged":  env(func(l []any) []any { return append(l[:len(l)-1], map[string]any{"name": "LOG_LEVEL", "value": "warn"}) }),
		"NoVariables":      func(w *world) { delete(w.container(), "env") },
		"Pinned":           image("shop-api:1@sha256:" + strings.Repeat("a", 64)),
		"PinnedWithoutTag": image("shop-api@sha256:" + strings.Repeat("a", 64)),
		"Mirrored":         image("mirror.example.com/library/shop-api:1"),
		"Sidecar": func(w *world) {
			pod := nested(template(w), "spec")
			pod["containers"] = []any{map[string]any{"name": "proxy", "image": "proxy:1"}, w.container()}
		},
		"InitContainer": func(w *world) {
			nested(template(w), "spec")["initContainers"] = []any{map[string]any{"name": "init", "image": "init:1"}}
		},
		"Resources": func(w *world) { w.container()["resources"] = map[string]any{"requests": map[string]any{"cpu": "3"}} },
		"Annotations": func(w *world) {
			nested(template(w), "metadata", "annotations")["kubectl.kubernetes.io/restartedAt"] = "now"
			annotate(w.composed[compose.NameDeployment], "policy.example.com/checked", "yes")
		},
		"OurAnnotationRemoved": func(w *world) {
			delete(nested(template(w), "metadata", "annotations"), "meta.p6m.dev/secrets-revision")
		},
		"NothingIsLeft": func(w *world) { template(w)["spec"] = nil },
	}
}

// TestMutatedPods lets others write to a Deployment, always in the same way.
func TestMutatedPods(t *testing.T) {
	type want struct {
		Reason string
		Ready  fnv1.Ready
	}
	available := want{compose.ReasonAvailable, fnv1.Ready_READY_TRUE}
	rollingOut := want{compose.ReasonRollingOut, fnv1.Ready_READY_FALSE}
	for name, mutate := range mutations() {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			// apply applies the change, as the API server does with each write.
			apply := func() {
				t.Helper()
				w.reconcile()
				mutate(w)
			}
			check := func(reason string, want want) {
				t.Helper()
				rsp := w.call()
				got := struct {
					Reason string
					Ready  fnv1.Ready
				}{condition(rsp, compose.TypeWorkloadReady).GetReason(), rsp.GetDesired().GetResources()[compose.NameDeployment].GetReady()}
				if got.Reason != want.Reason || got.Ready != want.Ready {
					t.Errorf("\n%s\nRunFunction(...): want %v, got %v: %s", reason, want, got, condition(rsp, compose.TypeWorkloadReady).GetMessage())
				}
			}

			apply()
			w.rollout()
			check("What was asked for is rolled out, whatever others made of it.", available)

			nested(w.xr, "spec", "deployment")["image"] = "shop-api:2"
			check("Another image rolls out at once.", rollingOut)
			apply()
			check("It does so until the pods are there.", rollingOut)
			if name == "Pinned" || name == "PinnedWithoutTag" || name == "Mirrored" {
				// The policy of this test knows only one image.
				w.container()["image"] = "shop-api:2@sha256:" + strings.Repeat("b", 64)
			}
			w.rollout()
			check("Then it is over.", available)

			delete(nested(w.xr, "spec"), "config")
			check("A variable that goes is a change, too.", rollingOut)
		})
	}
}

// TestPodsNotRecorded checks a Deployment of a function version that did not record its pods: no pods
// roll, and fields of other authors do not count as changes.
func TestPodsNotRecorded(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(w *world)
		want   string
	}{
		"Same":             {"Nothing has changed.", mutations()["Nothing"], compose.ReasonAvailable},
		"VariableAdded":    {"Other authors can add variables.", mutations()["VariableAdded"], compose.ReasonAvailable},
		"Pinned":           {"A policy can pin an image.", mutations()["Pinned"], compose.ReasonAvailable},
		"PinnedWithoutTag": {"A policy can pin an image and drop its tag.", mutations()["PinnedWithoutTag"], compose.ReasonAvailable},
		"Image":            {"Another image is a change.", func(w *world) { w.container()["image"] = "shop-api:0" }, compose.ReasonRollingOut},
		"PinnedImage":      {"Another pinned image is a change.", func(w *world) { w.container()["image"] = "shop-api:0@sha256:aa" }, compose.ReasonRollingOut},
		"Repository":       {"Another repository is a change.", func(w *world) { w.container()["image"] = "shop-apis@sha256:aa" }, compose.ReasonRollingOut},
		"Variable":         {"Another value is a change.", mutations()["VariableChanged"], compose.ReasonRollingOut},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			delete(nested(w.composed[compose.NameDeployment], "metadata", "annotations"), podsAskedFor)
			delete(nested(w.composed[compose.NameDeployment], "metadata", "annotations"), podIdentity)
			template := at(desired(w.call(), compose.NameDeployment), "spec", "template")
			tc.change(w)

			rsp := w.call()
			if diff := cmp.Diff(tc.want, condition(rsp, compose.TypeWorkloadReady).GetReason()); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want reason, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(template, at(desired(rsp, compose.NameDeployment), "spec", "template")); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): pods: -want, +got:\n%s", tc.reason, diff)
			}
			got := slices.Sorted(maps.Keys(nested(desired(rsp, compose.NameDeployment), "metadata", "annotations")))
			if diff := cmp.Diff([]string{podIdentity, podsAskedFor}, got); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want annotations, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestHeldPodsStayRecorded checks that a held Deployment keeps its record.
func TestHeldPodsStayRecorded(t *testing.T) {
	w := runningWorld(t)
	want := at(desired(w.call(), compose.NameDeployment), "metadata", "annotations")
	w.list(map[string]any{"name": "webhook-tokens"})
	for reason, environment := range map[string]map[string]any{"A new secret has no value.": w.environment, "The settings are gone.": nil} {
		w.environment = environment
		if diff := cmp.Diff(want, at(desired(w.call(), compose.NameDeployment), "metadata", "annotations")); diff != "" {
			t.Errorf("\n%s\nRunFunction(...): annotations: -want, +got:\n%s", reason, diff)
		}
	}
}

// renew recreates the identity, as after its deletion in Azure.
func (w *world) renew(clientID string) {
	status := nested(w.composed[compose.NameIdentity], "status", "atProvider")
	status["clientId"], status["principalId"] = clientID, strings.Replace(clientID, "b", "c", 1)
}

// TestPodsGetNewIdentity follows the client id of a recreated identity to the pods. A pod gets the id at its creation, so
// pods are replaced once, as soon as the ServiceAccount has the new id.
func TestPodsGetNewIdentity(t *testing.T) {
	const tenant = "11111111-1111-4111-8111-111111111111/"
	cases := map[string]struct {
		reason  string
		prepare func(w *world)
		// waiting is the reason of WorkloadReady until then.
		waiting string
	}{
		"Running": {reason: "Running pods are replaced.", prepare: func(*world) {}, waiting: compose.ReasonAvailable},
		"NotRecorded": {reason: "Pods of an earlier version of the function are replaced.", waiting: compose.ReasonAvailable, prepare: func(w *world) {
			delete(nested(w.composed[compose.NameDeployment], "metadata"), "annotations")
			w.own(compose.NameDeployment, w.composed[compose.NameDeployment])
		}},
		"NoRestarts": {reason: "Pods are replaced even if they do not restart for a new value.", waiting: compose.ReasonAvailable, prepare: func(w *world) {
			nested(w.xr, "spec", "deployment")["restartOnSecretChange"] = false
			w.reconcile()
			w.rollout()
		}},
		"Held": {reason: "Held pods are replaced, with no other change.", waiting: compose.ReasonHeld, prepare: func(w *world) {
			w.list(map[string]any{"name": "webhook-tokens"})
			nested(w.xr, "spec", "deployment")["image"] = "shop-api:2"
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			same := func(what string, want, got any) {
				t.Helper()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("\n%s\nRunFunction(...): %s: -want, +got:\n%s", tc.reason, what, diff)
				}
			}
			w := runningWorld(t)
			tc.prepare(w)
			pods := func() map[string]any { return nested(w.composed[compose.NameDeployment], "spec", "template") }
			before := pods()
			nested(before, "metadata", "annotations") // The former identity may be empty.
			w.renew(newClientID)

			rsp := w.reconcile()
			nested(pods(), "metadata", "annotations")
			same("pods before the ServiceAccount has the new id", before, pods())
			same("reason of IdentityReady", compose.ReasonReplacing, condition(rsp, compose.TypeIdentityReady).GetReason())
			for _, id := range []string{newClientID, "66666666-6666-4666-8666-666666666666"} {
				if m := condition(rsp, compose.TypeIdentityReady).GetMessage(); !strings.Contains(m, id) {
					t.Errorf("\n%s\nRunFunction(...): want IdentityReady to name client id %s, got: %s", tc.reason, id, m)
				}
			}
			same("reason of WorkloadReady", tc.waiting, condition(rsp, compose.TypeWorkloadReady).GetReason())

			w.reconcile()
			nested(before, "metadata", "annotations")[podIdentity] = tenant + newClientID
			same("pods when the ServiceAccount has the new id", before, pods())

			w.rollout()
			rsp = w.reconcile()
			same("pods later", before, pods())
			same("reason of WorkloadReady later", tc.waiting, condition(rsp, compose.TypeWorkloadReady).GetReason())
			same("identity of the sync", newClientID, at(w.composed[compose.NameSecretSync], "spec", "forProvider", "clientId"))
		})
	}
}

// TestFirstPodsHaveIdentity shows that no pod is created before its ServiceAccount has the client id.
func TestFirstPodsHaveIdentity(t *testing.T) {
	w := newWorld(t, `{"deployment": {"image": "shop-api:1"}}`)
	w.reconcile()
	w.azure(compose.NameIdentity)
	rsp := w.reconcile()
	if _, ok := w.composed[compose.NameDeployment]; ok || condition(rsp, compose.TypeWorkloadReady).GetReason() != compose.ReasonWaitingForIdentity {
		t.Errorf("RunFunction(...): want pods to wait for the ServiceAccount, got %v: %v", desiredNames(rsp), condition(rsp, compose.TypeWorkloadReady))
	}
	w.reconcile()
	if _, ok := w.composed[compose.NameDeployment]; !ok {
		t.Error("RunFunction(...): want pods when the ServiceAccount has the client id")
	}
}

// TestPodIdentityProperties adds and removes observed values of an application that was composed by this function or an
// earlier one. Pods are replaced once for each new identity, and for nothing else.
//
//nolint:gocognit // A list of events, each of which is simple.
func TestPodIdentityProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := runningWorld(t)
		if rapid.Bool().Draw(rt, "behind a claim") {
			w.behindClaim()
			for name, o := range w.composed {
				w.own(name, o)
			}
		}
		if rapid.Bool().Draw(rt, "composed earlier") {
			for _, a := range []string{podsAskedFor, podIdentity} {
				delete(nested(w.composed[compose.NameDeployment], "metadata", "annotations"), a)
			}
		}
		w.reconcile() // In each case, this function has seen the application before.

		id, ids := "66666666-6666-4666-8666-666666666666", 0
		template := func() any { return at(w.composed[compose.NameDeployment], "spec", "template") }
		rolls, before := 0, template()
		events := map[string]func(){
			"IdentityStatusGone": func() { delete(w.composed[compose.NameIdentity], "status") },
			"IdentityStatusOdd": func() {
				w.composed[compose.NameIdentity]["status"] = map[string]any{"atProvider": rapid.SampledFrom([]any{nil, "x", map[string]any{"clientId": 7.0}}).Draw(rt, "odd")}
			},
			"IdentityGone":         func() { delete(w.composed, compose.NameIdentity) },
			"IdentityInCapitals":   func() { w.azure(compose.NameIdentity); w.renew(strings.ToUpper(id)) },
			"IdentityBack":         func() { w.azure(compose.NameIdentity); w.renew(id) },
			"ServiceAccountGone":   func() { delete(w.composed, compose.NameServiceAccount) },
			"SyncStatusGone":       func() { delete(w.composed[compose.NameSecretSync], "status") },
			"DeploymentStatusGone": func() { delete(w.composed[compose.NameDeployment], "status") },
			"SettingsUnresolved":   func() { w.unresolved = true },
			"RolledOut":            w.rollout,
			"NewIdentity": func() {
				ids++
				id = "bbbbbbb" + string(rune('0'+ids%10)) + newClientID[8:]
				w.azure(compose.NameIdentity)
				w.renew(id)
			},
		}
		names := slices.Sorted(maps.Keys(events))
		count := func() {
			w.reconcile()
			w.unresolved = false
			if now := template(); !cmp.Equal(before, now) {
				rolls, before = rolls+1, now
			}
		}
		for range rapid.IntRange(0, 12).Draw(rt, "steps") {
			events[rapid.SampledFrom(names).Draw(rt, "event")]()
			count()
			if rolls > ids {
				rt.Fatalf("pods were replaced %d times, for %d new identities", rolls, ids)
			}
		}

		events["IdentityBack"]()
		for range 3 {
			count()
		}
		if want := min(ids, 1); rolls < want || rolls > ids {
			rt.Fatalf("pods were replaced %d times, for %d new identities", rolls, ids)
		}
		if got := at(w.composed[compose.NameDeployment], "spec", "template", "metadata", "annotations", podIdentity); ids > 0 && got != "11111111-1111-4111-8111-111111111111/"+id {
			rt.Fatalf("pods have identity %v, want %s", got, id)
		}
	})
}

// TestServiceLinksHeld lets the pods of an earlier function wait for a secret while their identity is recreated: only the new
// identity replaces pods, before and after they are released.
func TestServiceLinksHeld(t *testing.T) {
	w := runningWorld(t)
	template := func() map[string]any { return nested(w.composed[compose.NameDeployment], "spec", "template") }
	delete(nested(template(), "spec"), "enableServiceLinks")
	secrets := at(w.xr, "spec", "secrets")
	w.list(map[string]any{"name": "webhook-tokens"})
	w.reconcile()
	if got := at(template(), "spec", "enableServiceLinks"); got != nil {
		t.Fatalf("RunFunction(...): want pods that are held left as they are, got enableServiceLinks: %v", got)
	}
	w.renew(newClientID)
	for range 3 {
		w.reconcile()
		w.rollout()
	}
	want := template()
	if at(want, "metadata", "annotations", podIdentity) == nil || at(want, "spec", "enableServiceLinks") != false {
		t.Errorf("RunFunction(...): want pods with the new identity and without the variables of Services, got %v", want)
	}
	nested(w.xr, "spec")["secrets"] = secrets
	w.reconcile()
	if diff := cmp.Diff(want, template()); diff != "" {
		t.Errorf("RunFunction(...): pods that are released: -want, +got:\n%s", diff)
	}
}

// TestServiceAccountGone deletes the ServiceAccount of an earlier function's pods while the identity is recreated.
func TestServiceAccountGone(t *testing.T) {
	w := runningWorld(t)
	for _, a := range []string{podsAskedFor, podIdentity} {
		delete(nested(w.composed[compose.NameDeployment], "metadata", "annotations"), a)
	}
	delete(w.composed, compose.NameServiceAccount)
	w.renew(newClientID)
	for range 3 {
		w.reconcile()
		w.rollout()
	}
	want := "11111111-1111-4111-8111-111111111111/" + newClientID
	if diff := cmp.Diff(any(want), at(w.composed[compose.NameDeployment], "spec", "template", "metadata", "annotations", podIdentity)); diff != "" {
		t.Errorf("RunFunction(...): -want identity of the pods, +got:\n%s", diff)
	}
}
