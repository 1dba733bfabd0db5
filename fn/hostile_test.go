// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// planted is part of every text that an attacker writes into an object, except its kind and name.
const planted = "victim"

// plant writes an attacker's words wherever the function reads.
func plant(o map[string]any) {
	const id = "/subscriptions/" + planted + "/resourceGroups/" + planted + "/providers/Microsoft.KeyVault/vaults/" + planted
	for _, a := range []string{"crossplane.io/external-name", "crossplane.io/external-create-succeeded", "link.argocd.argoproj.io/external-link", "azure.workload.identity/client-id"} {
		annotate(o, a, planted)
	}
	o["spec"] = map[string]any{
		"forProvider": map[string]any{
			"name": planted, "principalId": planted, "scope": id, "resourceGroupName": planted, "location": planted, "parentId": planted,
			"target": map[string]any{"name": planted, "inUse": []any{planted}},
		},
		"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"image": planted}}}},
	}
	o["status"] = map[string]any{"atProvider": map[string]any{
		"id": id, "vaultUri": "https://" + planted + ".vault.azure.net/", "clientId": planted, "principalId": planted, "tenantId": planted,
		"secrets": []any{map[string]any{"name": "postgres-credentials", "state": "Synced", "version": planted, "keys": []any{map[string]any{"key": planted, "dataKey": planted}}}},
	}}
	becomeReady(o)
}

// TestHostileObservation lets Crossplane observe objects that a team has listed in resourceRefs.
func TestHostileObservation(t *testing.T) {
	type decoy func(w *world, o map[string]any)
	owner := func(change func(w *world, owner map[string]any)) decoy {
		return func(w *world, o map[string]any) { change(w, list(at(o, "metadata", "ownerReferences"))[0]) }
	}
	orphan := func(_ *world, o map[string]any) { delete(nested(o, "metadata"), "ownerReferences") }

	cases := map[string]struct {
		reason string
		decoy  decoy
	}{
		"ConfigMap": {
			reason: "A team may have ConfigMaps, with any annotation.",
			decoy:  func(_ *world, o map[string]any) { o["apiVersion"], o["kind"] = "v1", "ConfigMap"; orphan(nil, o) },
		},
		"OwnedConfigMap": {
			reason: "The creator of an object also chooses its owner references.",
			decoy:  func(_ *world, o map[string]any) { o["apiVersion"], o["kind"] = "v1", "ConfigMap" },
		},
		"PausedApplication": {
			reason: "The status of the team's own application can look like a resource's.",
			decoy: func(_ *world, o map[string]any) {
				o["apiVersion"], o["kind"] = "meta.p6m.dev/v1alpha1", "PlatformApplication"
				orphan(nil, o)
			},
		},
		"OtherGroup":      {reason: "A kind of the same name in another group is foreign.", decoy: func(_ *world, o map[string]any) { o["apiVersion"] = "example.org/v1beta1" }},
		"OtherKind":       {reason: "Another kind of the same group is foreign.", decoy: func(_ *world, o map[string]any) { o["kind"] = "Other" }},
		"NoKind":          {reason: "An object without a kind is foreign.", decoy: func(_ *world, o map[string]any) { delete(o, "kind"); delete(o, "apiVersion") }},
		"Orphan":          {reason: "An annotation alone is no proof.", decoy: orphan},
		"NotController":   {reason: "An owner that is not the controller is no proof.", decoy: owner(func(_ *world, o map[string]any) { delete(o, "controller") })},
		"OtherUID":        {reason: "An object of an earlier application with the same name is foreign.", decoy: owner(func(_ *world, o map[string]any) { o["uid"] = "00000000-0000-4000-8000-000000000002" })},
		"NoUID":           {reason: "An owner reference without a UID is foreign.", decoy: owner(func(_ *world, o map[string]any) { delete(o, "uid") })},
		"OtherOwnerKind":  {reason: "An owner of another kind is no proof.", decoy: owner(func(_ *world, o map[string]any) { o["kind"] = "Other" })},
		"OtherOwnerGroup": {reason: "An owner of another group is no proof.", decoy: owner(func(_ *world, o map[string]any) { o["apiVersion"] = "example.org/v1alpha1" })},
		"OtherOwnerName":  {reason: "An owner of another name is no proof.", decoy: owner(func(_ *world, o map[string]any) { o["name"] = "other" })},
		"TwoControllers": {
			reason: "A second controller makes an object foreign.",
			decoy: func(_ *world, o map[string]any) {
				owners, _ := at(o, "metadata", "ownerReferences").([]any)
				nested(o, "metadata")["ownerReferences"] = append(owners, map[string]any{"apiVersion": "v1", "kind": "Other", "name": "o", "uid": "u", "controller": true})
			},
		},
		"OtherNamespace": {reason: "Composed resources of an application are in its namespace.", decoy: func(_ *world, o map[string]any) { nested(o, "metadata")["namespace"] = "payments" }},
	}

	for name, tc := range cases {
		for _, resource := range append(composedNames(), compose.PrefixRoleAssignmentOfficer+"88888888-8888-4888-8888-888888888888") {
			for _, claim := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/claim=%t", name, resource, claim), func(t *testing.T) {
					w := newWorld(t, twoSecrets)
					if claim {
						w.behindClaim()
					}
					w.azureAll()
					w.sync("postgres-credentials", "Synced", "POSTGRES_USER")
					w.reconcile()
					o := w.composedAs(resource)
					tc.decoy(w, o)
					plant(o)
					w.composed[resource] = o
					checkRefused(t, tc.reason, w.call(), o)
				})
			}
		}
	}
}

// TestManyIgnoredFields checks a manifest with more ignored fields than a status can hold.
func TestManyIgnoredFields(t *testing.T) {
	w := newWorld(t, `{"networking": {"ingress": {"oidc": {"enabled": false}}}}`)
	for i := range 20_000 {
		name := fmt.Sprintf("%05d-%s", i, strings.Repeat("x", 500))
		nested(w.xr, "spec", "networking", "ingress", "oidc")[name] = true
		nested(w.xr, "spec", "deployment")[name] = true
	}
	nested(w.xr, "spec")["secrets"] = []any{map[string]any{"name": strings.Repeat("n", 100), "nam": strings.Repeat("x", 1<<20), strings.Repeat("y", 1<<20): 1}}
	nested(w.xr, "spec")["deployment"].(map[string]any)["image"] = "a" //nolint:forcetypeassert // It is one.
	for _, c := range w.call().GetConditions() {
		if got := len(c.GetMessage()); got > 20_000 {
			t.Errorf("RunFunction(...): the message of %s has %d bytes", c.GetType(), got)
		}
	}
}

// TestAdopt checks that an application takes over lost objects only if the platform lists it.
func TestAdopt(t *testing.T) {
	cases := map[string]struct {
		reason  string
		adopt   []any
		foreign bool
		want    bool
	}{
		"NotListed":        {reason: "An application that is not listed gets nothing, because labels and annotations prove no ownership."},
		"Listed":           {reason: "A listed application takes over lost objects.", adopt: []any{map[string]any{"namespace": "shop", "name": "shop-api"}}, want: true},
		"AnotherListed":    {reason: "An application in the list has no effect on others in its namespace.", adopt: []any{map[string]any{"namespace": "shop", "name": "other"}}},
		"AnotherNamespace": {reason: "An application in the list has no effect on others of its name.", adopt: []any{map[string]any{"namespace": "payments", "name": "shop-api"}}},
		"Foreign":          {reason: "An object with another controller is never taken over.", adopt: []any{map[string]any{"namespace": "shop", "name": "shop-api"}}, foreign: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			vault := at(w.composed[compose.NameKeyVault], "metadata", "annotations", "crossplane.io/external-name")
			for _, o := range w.composed {
				delete(nested(o, "metadata"), "ownerReferences")
			}
			if tc.foreign {
				w.composed[compose.NameIdentity]["kind"] = "ConfigMap"
			}
			if tc.adopt != nil {
				w.environment["adopt"] = tc.adopt
			}
			rsp := w.call()
			if got := fatal(rsp) == ""; got != tc.want {
				t.Fatalf("\n%s\nRunFunction(...): want it adopted: %t, got %q", tc.reason, tc.want, fatal(rsp))
			}
			if tc.want && at(desired(rsp, compose.NameKeyVault), "metadata", "annotations", "crossplane.io/external-name") != vault {
				t.Errorf("\n%s\nRunFunction(...): want vault %v, got %v", tc.reason, vault, desired(rsp, compose.NameKeyVault))
			}
		})
	}
}

// TestHostileProperties mixes composed resources with an attacker's versions of them, at every stage of an application's life.
func TestHostileProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, `{}`)
		w.xr["spec"] = specs().Draw(rt, "spec")
		if rapid.Bool().Draw(rt, "claim") {
			w.behindClaim()
		}
		for range rapid.IntRange(0, 4).Draw(rt, "steps") {
			disturb(rt, w)
			w.reconcile()
		}
		disturb(rt, w)
		resource := rapid.SampledFrom(composedNames()).Draw(rt, "resource")
		o := w.composedAs(resource)
		wrong := spoil(rt, resource, o)
		plant(o)
		w.composed[resource] = o
		rsp := w.call()
		if text := protojson.Format(rsp); strings.Contains(text, planted) {
			rt.Fatalf("something of a %s that is wrong in %v is passed on: %s", resource, wrong, text)
		}
		if w.environment != nil && !w.unresolved && fatal(rsp) == "" {
			rt.Fatalf("a %s that is wrong in %v is used", resource, wrong)
		}
	})
}

// TestMessageProperties checks that messages about names and values of any length are bounded.
func TestMessageProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		long := strings.Repeat(rapid.StringN(1, 5, -1).Draw(rt, "text"), rapid.SampledFrom([]int{1, 3_000, 100_000}).Draw(rt, "times"))
		w := newWorld(t, twoSecrets)
		w.azureAll()
		for range rapid.IntRange(0, 2).Draw(rt, "passes") {
			w.reconcile()
		}
		nested(w.xr, "spec", "networking")["ingress"] = map[string]any{"enabled": true}
		nested(w.xr, "spec", "deployment")["ports"] = []any{map[string]any{"port": 80}}
		places := map[string]func(){
			"variable":    func() { nested(w.xr, "spec", "config")["x"+long] = "a" },
			"reference":   func() { nested(w.xr, "spec", "config")["X"] = "$(" + long + ")" },
			"quantity":    func() { nested(w.xr, "spec", "deployment", "resources", "requests")["cpu"] = long },
			"resource":    func() { nested(w.xr, "spec", "deployment", "resources", "requests")[long] = "x" },
			"annotation":  func() { nested(w.xr, "spec", "networking", "ingress", "annotations")["x/auth"+long] = "1" },
			"hostname":    func() { nested(w.xr, "spec", "networking", "ingress")["hostnames"] = []any{long, long} },
			"type":        func() { nested(w.xr, "spec", "networking", "ingress")["type"] = long },
			"image":       func() { nested(w.xr, "spec", "deployment")["image"] = long },
			"secret":      func() { nested(w.xr, "spec")["secrets"] = []any{map[string]any{"name": long}} },
			"vault":       func() { nested(w.xr, "spec", "keyVault")["name"] = long },
			"selector":    func() { nested(w.xr, "spec", "workloadSelectors")[long] = 1 },
			"inbound":     func() { nested(w.xr, "spec", "networking", "inbound")[long] = 1 },
			"field":       func() { nested(w.xr, "spec", "deployment")[long] = 1 },
			"wrong type":  func() { nested(w.xr, "spec")["config"] = long },
			"application": func() { nested(w.xr, "metadata")["name"] = long },
		}
		for _, place := range rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(places))), 1, 3, rapid.ID).Draw(rt, "places") {
			places[place]()
		}
		rsp := w.call()
		var messages []string
		for _, c := range rsp.GetConditions() {
			messages = append(messages, c.GetMessage())
		}
		for _, r := range rsp.GetResults() {
			messages = append(messages, r.GetMessage())
		}
		for _, m := range messages {
			if len(m) > maxMessage || !utf8.ValidString(m) || strings.ContainsFunc(m, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				rt.Fatalf("a message has %d bytes, valid: %t, printable: %+q", len(m), utf8.ValidString(m), m)
			}
		}
	})
}

// spoil makes an object foreign in at least one way, and returns these ways.
func spoil(rt *rapid.T, resource string, o map[string]any) []string {
	kind, _ := compose.GroupKindOf(resource)
	owners := list(at(o, "metadata", "ownerReferences"))
	ways := map[string]func(){
		"kind": func() {
			o["kind"] = rapid.StringMatching(`[A-Z][A-Za-z]{0,20}`).Filter(func(s string) bool { return s != kind.Kind }).Draw(rt, "kind")
		},
		"group": func() {
			o["apiVersion"] = rapid.SampledFrom([]string{"", "example.org/v1", kind.Group + ".example.org/v1beta1", "/", "a/b/c"}).Draw(rt, "apiVersion")
		},
		"namespace": func() {
			nested(o, "metadata")["namespace"] = rapid.SampledFrom([]any{"", "payments", nil, 1.0}).Draw(rt, "namespace")
		},
		"controller": func() {
			owners[0]["controller"] = rapid.SampledFrom([]any{false, nil, "true"}).Draw(rt, "controller")
		},
		"uid": func() {
			owners[0]["uid"] = rapid.SampledFrom([]any{"", nil, "00000000-0000-4000-8000-000000000002", []any{testUID}}).Draw(rt, "uid")
		},
		"owners": func() {
			nested(o, "metadata")["ownerReferences"] = rapid.SampledFrom([]any{nil, "none", []any{}, []any{nil}, map[string]any{"uid": testUID, "controller": true}}).Draw(rt, "owners")
		},
	}
	wrong := rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(ways))), 1, len(ways), rapid.ID).Draw(rt, "wrong")
	for _, way := range wrong {
		ways[way]()
	}

	return wrong
}

// composedNames are the names of all resources with a fixed name.
func composedNames() []string {
	return []string{
		compose.NameKeyVault, compose.NameIdentity, compose.NameFederatedCredential, compose.NameRoleAssignmentApp, compose.NameRoleAssignmentCreator,
		compose.NameServiceAccount, compose.NameSecretSync, compose.NameDeployment, compose.NameService, compose.NameAutoscaler, compose.NameIngress,
		compose.NameScaledObject, compose.NameNetworkPolicy, compose.NamePodDisruptionBudget,
	}
}

// composedAs returns an object as Crossplane would have composed it by that name.
func (w *world) composedAs(name string) map[string]any {
	kind, _ := compose.GroupKindOf(name)
	o := map[string]any{
		"apiVersion": strings.TrimPrefix(kind.Group+"/v1beta1", "/"), "kind": kind.Kind,
		"metadata": map[string]any{"name": "decoy", "namespace": "shop"},
	}
	w.own(name, o)

	return o
}

// checkRefused checks that nothing is composed, that the message names the object, and that nothing
// else of it is used.
func checkRefused(t *testing.T, reason string, rsp *fnv1.RunFunctionResponse, o map[string]any) {
	t.Helper()
	got := fatal(rsp)
	if got == "" {
		t.Fatalf("\n%s\nRunFunction(...): want a fatal result, got none", reason)
	}
	if kind := fmt.Sprint(o["kind"]); o["kind"] != nil && !strings.Contains(got, kind) || !strings.Contains(got, fmt.Sprint(at(o, "metadata", "name"))) {
		t.Errorf("\n%s\nRunFunction(...): the fatal result does not name %v %v: %s", reason, o["kind"], at(o, "metadata", "name"), got)
	}
	if names := slices.Collect(maps.Keys(rsp.GetDesired().GetResources())); len(names) > 0 {
		t.Errorf("\n%s\nRunFunction(...): want nothing desired, got %v", reason, names)
	}
	if text := protojson.Format(rsp); strings.Contains(text, planted) {
		t.Errorf("\n%s\nRunFunction(...): something of the object is passed on: %s", reason, text)
	}
}
