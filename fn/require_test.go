// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// A caller runs the function like a version of Crossplane.
type caller struct {
	capabilities []fnv1.Capability
	// required and extra report which form the caller resolves.
	required, extra bool
}

func callers() map[string]caller {
	return map[string]caller{
		"Crossplane2.4":  {capabilities: []fnv1.Capability{fnv1.Capability_CAPABILITY_CAPABILITIES, fnv1.Capability_CAPABILITY_REQUIRED_RESOURCES}, required: true, extra: true},
		"Crossplane2.0":  {required: true, extra: true},
		"Crossplane1.20": {extra: true},
		"RequiredOnly":   {required: true},
		"Crossplane1.14": {},
	}
}

// maxCalls is Crossplane's maximum number of calls until two requirements are equal.
const maxCalls = 6

// converse calls the function until two responses have equal requirements. It returns the last
// response, and the calls.
func (c caller) converse(tb testing.TB, w *world) (*fnv1.RunFunctionResponse, []*fnv1.RunFunctionResponse) {
	tb.Helper()
	req := w.request()
	req.Meta = &fnv1.RequestMeta{Capabilities: c.capabilities}
	req.RequiredResources = nil

	var last []byte
	var calls []*fnv1.RunFunctionResponse
	for range maxCalls {
		rsp, err := NewFunction(nopLogger()).RunFunction(tb.Context(), req)
		if err != nil {
			tb.Fatalf("RunFunction(...): %v", err)
		}
		calls = append(calls, rsp)
		requires := c.reads(tb, rsp.GetRequirements())
		if fatal(rsp) != "" || last != nil && bytes.Equal(requires, last) || !c.required && !c.extra {
			return rsp, calls
		}
		last = requires
		req.RequiredResources, req.ExtraResources = nil, nil //nolint:staticcheck // Crossplane 1 knows no other.
		if c.required {
			req.RequiredResources = w.resolve(rsp.GetRequirements().GetResources())
		}
		if c.extra {
			req.ExtraResources = w.resolve(rsp.GetRequirements().GetExtraResources()) //nolint:staticcheck // Crossplane 1 knows no other.
		}
	}
	tb.Fatalf("requirements are not stable after %d calls", maxCalls)

	return nil, nil
}

// reads returns the values that the caller compares. For Crossplane 1, required resources are unknown bytes in the order of
// arrival.
func (c caller) reads(tb testing.TB, r *fnv1.Requirements) []byte {
	tb.Helper()
	known, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	if err != nil {
		tb.Fatal(err)
	}
	if c.required {
		return known
	}
	unknown, err := proto.MarshalOptions{}.Marshal(&fnv1.Requirements{Resources: r.GetResources()})
	if err != nil {
		tb.Fatal(err)
	}

	return append(known, unknown...)
}

// resolve returns required resources like Crossplane and tools that render. Missing ones are nil.
func (w *world) resolve(selectors map[string]*fnv1.ResourceSelector) map[string]*fnv1.Resources {
	w.tb.Helper()
	others := maps.Clone(w.others)
	if others == nil {
		others = map[string]map[string]any{}
	}
	if w.environment != nil {
		others["EnvironmentConfig"] = map[string]any{"data": w.environment}
	}
	out := map[string]*fnv1.Resources{}
	for name, selector := range selectors {
		out[name] = nil
		o := others[selector.GetKind()]
		if data := w.zones[selector.GetMatchName()]; data != nil {
			o = map[string]any{"data": data}
		}
		if o != nil {
			out[name] = &fnv1.Resources{Items: []*fnv1.Resource{{Resource: w.structure(o)}}}
		}
	}

	return out
}

// TestCallers checks that each version of Crossplane gets requirements in its form, and the same result.
func TestCallers(t *testing.T) {
	type want struct {
		composed        []string
		calls           int
		required, extra bool
	}
	composed := []string{"identity", "key-vault", "service-account"}
	cases := map[string]want{
		"Crossplane2.4":  {composed: composed, calls: 3, required: true},
		"Crossplane2.0":  {composed: composed, calls: 3, required: true},
		"Crossplane1.20": {composed: composed, calls: 3, extra: true},
		"RequiredOnly":   {composed: composed, calls: 3, required: true},
		"Crossplane1.14": {composed: []string{}, calls: 1, required: true, extra: true},
	}
	for name, c := range callers() {
		t.Run(name, func(t *testing.T) {
			w := provenWorld(t)
			rsp, calls := c.converse(t, w)
			got := want{
				composed: slices.Sorted(maps.Keys(rsp.GetDesired().GetResources())),
				calls:    len(calls),
				required: len(rsp.GetRequirements().GetResources()) > 0,
				extra:    len(rsp.GetRequirements().GetExtraResources()) > 0, //nolint:staticcheck // Crossplane 1 knows no other.
			}
			if got.composed == nil {
				got.composed = []string{}
			}
			if diff := cmp.Diff(cases[name], got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("RunFunction(...): -want, +got:\n%s", diff)
			}
		})
	}
}

// TestSeededRequirements checks that the function does not decide with what it required before. Crossplane 2.4 sends that in the first
// request of a reconcile, under the same names, and takes a fatal result without another call.
func TestSeededRequirements(t *testing.T) {
	cases := map[string]struct {
		reason string
		world  *world
		change func(w *world)
	}{
		"OtherConfig": {
			reason: "The Composition names another EnvironmentConfig, because the former one is invalid.",
			world:  runningWorld(t),
			change: func(w *world) {
				w.zones = map[string]map[string]any{"platform-application": {"tennantId": "x"}}
				w.input = map[string]any{"environmentConfigRef": map[string]any{"name": "platform"}}
			},
		},
		"RenamedConfig": {
			reason: "The EnvironmentConfig of an application without any object has another name.",
			world:  provenWorld(t),
			change: func(w *world) {
				w.tenant("")
				w.zones = map[string]map[string]any{"platform": w.environment}
				w.environment = nil
				w.input = map[string]any{"environmentConfigRef": map[string]any{"name": "platform"}}
			},
		},
		"OtherZone": {
			reason: "The Namespace of a new application has the label of another zone, because the settings of the former one are invalid.",
			world:  zonedWorld(t, "mars"),
			change: func(w *world) {
				w.zones["platform-application-mars"] = with(zoneSettings("eu"), "tennantId", "x")
				w.inZone("eu")
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			last, _ := callers()["Crossplane2.4"].converse(t, tc.world)
			tc.change(tc.world)
			req := tc.world.request()
			req.Meta = &fnv1.RequestMeta{Capabilities: callers()["Crossplane2.4"].capabilities}
			req.RequiredResources = tc.world.resolve(last.GetRequirements().GetResources())
			rsp, err := NewFunction(nopLogger()).RunFunction(t.Context(), req)
			if err != nil || fatal(rsp) != "" || proto.Equal(last.GetRequirements(), rsp.GetRequirements()) {
				t.Errorf("\n%s\nRunFunction(...): want other requirements, got %v, %q, %v", tc.reason, err, fatal(rsp), rsp.GetRequirements())
			}
		})
	}
}

// TestCallersAreTold checks that callers that stop too early get a warning with the remedy, and others get
// none.
func TestCallersAreTold(t *testing.T) {
	_, calls := callers()["Crossplane1.20"].converse(t, provenWorld(t))
	want := []string{
		"Crossplane has not yet read EnvironmentConfig platform-application, which holds the platform settings. " + finding.Say(finding.HowToRender),
		"Crossplane has not yet checked whether the names of new objects are free. To render, use Crossplane 1.15 or later.",
		"",
	}
	var warned, shown []string
	for _, rsp := range calls {
		var results []string
		for _, r := range rsp.GetResults() {
			results = append(results, r.GetMessage())
		}
		warned = append(warned, strings.Join(results, "\n"))
		message := condition(rsp, compose.TypeWorkloadReady).GetMessage()
		if !strings.HasPrefix(message, "Crossplane has not") {
			message = ""
		}
		shown = append(shown, message)
	}
	if diff := cmp.Diff(want, warned); diff != "" {
		t.Errorf("results of each call: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("condition of each call: -want, +got:\n%s", diff)
	}
}

// TestCallersWithoutFiles checks that callers without files learn which ones to pass.
func TestCallersWithoutFiles(t *testing.T) {
	const flags = "--required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20)"
	for name, c := range callers() {
		if !c.required && !c.extra {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := provenWorld(t)
			w.environment, w.others = nil, nil
			if rsp, _ := c.converse(t, w); !strings.Contains(fatal(rsp), flags) {
				t.Errorf("RunFunction(...) without EnvironmentConfig: want a fatal result that names %s, got %q", flags, fatal(rsp))
			}

			w = provenWorld(t)
			w.others = nil
			rsp, _ := c.converse(t, w)
			if got := condition(rsp, compose.TypeWorkloadReady).GetMessage(); !strings.Contains(got, flags) {
				t.Errorf("RunFunction(...) without Namespace: want a condition that names %s, got %q", flags, got)
			}
		})
	}
}

// TestCallersMeetNamesakes checks that foreign objects are safe with each version.
func TestCallersMeetNamesakes(t *testing.T) {
	cases := map[string]struct {
		reason    string
		namespace string
		taken     bool
	}{
		"Here":      {reason: "An existing object in the namespace blocks the application.", namespace: "shop"},
		"Nowhere":   {reason: "An object without a namespace, for example from a file, may be in this namespace.", namespace: ""},
		"Elsewhere": {reason: "Tools that render compare only names, so the namespace is checked here.", namespace: "other", taken: true},
	}
	for name, tc := range cases {
		for version, c := range callers() {
			if !c.required && !c.extra {
				continue
			}
			t.Run(name+"/"+version, func(t *testing.T) {
				w := provenWorld(t)
				w.others["ServiceAccount"] = map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": "shop-api", "namespace": tc.namespace}}
				want := ""
				if !tc.taken {
					want = "cannot compose application shop/shop-api: cannot create ServiceAccount shop-api: it already exists"
				}
				rsp, _ := c.converse(t, w)
				checkTaken(t, tc.reason, rsp, want)
			})
		}
	}
}

// TestCallersProperties runs applications of every age with every caller. All get the same result, within Crossplane's number of
// calls.
func TestCallersProperties(t *testing.T) {
	all := callers()
	delete(all, "Crossplane1.14")
	names := slices.Sorted(maps.Keys(all))
	rapid.Check(t, func(rt *rapid.T) {
		w := runningWorld(t)
		for _, name := range rapid.SliceOf(rapid.SampledFrom(slices.Sorted(maps.Keys(w.composed)))).Draw(rt, "missing") {
			delete(w.composed, name)
		}
		if rapid.Bool().Draw(rt, "tenant") {
			w.environment["tenantLabel"] = tenantLabel
			w.tenant("acme")
		}
		got, _ := all[rapid.SampledFrom(names).Draw(rt, "caller")].converse(t, w)
		if diff := cmp.Diff(w.call(), got, protocmp.Transform(), protocmp.IgnoreFields(&fnv1.RunFunctionResponse{}, "requirements", "meta")); diff != "" {
			rt.Errorf("RunFunction(...): -want, +got:\n%s", diff)
		}
	})
}

// TestRequired reads the resources that the caller has found.
func TestRequired(t *testing.T) {
	named := func(names ...string) *fnv1.Resources {
		r := &fnv1.Resources{}
		for _, n := range names {
			r.Items = append(r.Items, &fnv1.Resource{Resource: resource.MustStructJSON(`{"metadata": {"name": "` + n + `"}}`)})
		}

		return r
	}
	cases := map[string]struct {
		reason          string
		required, extra map[string]*fnv1.Resources
		items           []string
		state           resolution
	}{
		"Neither":      {reason: "Crossplane has not looked for the resource.", required: map[string]*fnv1.Resources{"other": named("o")}, extra: map[string]*fnv1.Resources{}},
		"Required":     {reason: "The current form is read.", required: map[string]*fnv1.Resources{"it": named("new")}, items: []string{"new"}, state: found},
		"Extra":        {reason: "The deprecated form is read.", extra: map[string]*fnv1.Resources{"it": named("old")}, items: []string{"old"}, state: found},
		"Both":         {reason: "The current form comes first.", required: map[string]*fnv1.Resources{"it": named("new")}, extra: map[string]*fnv1.Resources{"it": named("old")}, items: []string{"new"}, state: found},
		"BothEmpty":    {reason: "The current form takes precedence even if it has no objects.", required: map[string]*fnv1.Resources{"it": nil}, extra: map[string]*fnv1.Resources{"it": named("old")}, state: notFound},
		"ExtraEmpty":   {reason: "Crossplane has looked and found nothing.", extra: map[string]*fnv1.Resources{"it": nil}, state: notFound},
		"OneOfEach":    {reason: "Each name has its own answer.", required: map[string]*fnv1.Resources{"other": named("o")}, extra: map[string]*fnv1.Resources{"it": named("old")}, items: []string{"old"}, state: found},
		"RequiredNone": {reason: "An empty list counts as an answer.", required: map[string]*fnv1.Resources{"it": named()}, state: notFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			req := &fnv1.RunFunctionRequest{RequiredResources: tc.required, ExtraResources: tc.extra} //nolint:staticcheck // Crossplane 1 knows no other.
			items, state := required(req, "it")
			var names []string
			for _, item := range items {
				names = append(names, item.Resource.GetName())
			}
			if diff := cmp.Diff(tc.items, names); diff != "" {
				t.Errorf("\n%s\nrequired(...): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.state, state); diff != "" {
				t.Errorf("\n%s\nrequired(...): state: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
