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
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// TestIgnoredProperties adds ignored fields with any value at any place to applications. Only the
// condition FieldsIgnored may change.
//
//nolint:gocognit // One story.
func TestIgnoredProperties(t *testing.T) {
	const value = "hunter2"
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, `{}`)
		w.xr["spec"] = specs().Draw(rt, "spec")
		if rapid.Bool().Draw(rt, "claim") {
			w.behindClaim()
		}
		for range rapid.IntRange(0, 8).Draw(rt, "steps") {
			disturb(rt, w)
			w.reconcile()
		}
		without := w.call()

		spec := nested(w.xr, "spec")
		for range rapid.IntRange(1, 5).Draw(rt, "fields") {
			o := rapid.SampledFrom(objectsIn(spec)).Draw(rt, "object")
			name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
				"secrets", "SECRETS", "keyvault", "env", "Image", "image", "claimRef", "crossplane", "resourceRefs", "resources", "ENABLED", "oidc",
				"resourceRequirements", "outbound", "cdn", "rollouts", "managedResources", "metadata", "status", "name", "value", "__proto__",
			})).Draw(rt, "name")
			before, had := o[name]
			if had {
				continue
			}
			listed := len(known.Unknown(w.structure(spec).AsMap()))
			o[name] = value
			if len(known.Unknown(w.structure(spec).AsMap())) == listed || w.xr["kind"] == "XPlatformApplication" && slices.Contains(fieldsOfCrossplane(true), name) || name == "crossplane" {
				o[name] = before
				delete(o, name)

				continue
			}
			o[name] = jsonValues(value).Draw(rt, "value")
		}

		with := w.call()
		for _, c := range with.GetConditions() {
			if strings.Contains(c.GetMessage(), value) {
				rt.Fatalf("condition %s shows a value: %s", c.GetType(), c.GetMessage())
			}
		}
		for _, rsp := range []*fnv1.RunFunctionResponse{without, with} {
			rsp.Conditions = slices.DeleteFunc(rsp.GetConditions(), func(c *fnv1.Condition) bool { return c.GetType() == compose.TypeFieldsIgnored })
		}
		if diff := cmp.Diff(without, with, protocmp.Transform()); diff != "" {
			rt.Fatalf("RunFunction(...): -without, +with fields that nothing acts on:\n%s", diff)
		}
	})
}

// objectsIn returns all objects in a value, including itself, in a fixed order.
func objectsIn(v any) (objects []map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		objects = append(objects, v)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			objects = append(objects, objectsIn(v[name])...)
		}
	case []any:
		for _, e := range v {
			objects = append(objects, objectsIn(e)...)
		}
	}

	return objects
}

// jsonValues are all types of values in a manifest, each with a text.
func jsonValues(text string) *rapid.Generator[any] {
	leaf := rapid.SampledFrom([]any{nil, text, true, false, 0.0, -1.5, 1e300, "", map[string]any{}, []any{}})
	return rapid.OneOf(leaf, rapid.Custom(func(rt *rapid.T) any {
		return []any{leaf.Draw(rt, "entry"), map[string]any{"name": text}}
	}), rapid.Custom(func(rt *rapid.T) any {
		return map[string]any{"name": text, text: leaf.Draw(rt, "value"), "nested": map[string]any{"list": []any{text, 1.0}}}
	}))
}

// TestLacksNamespace checks that a manifest without a namespace can be rendered before Argo CD adds
// it.
func TestLacksNamespace(t *testing.T) {
	w := newWorld(t, `{"deployment": {"image": "a"}}`)
	in := func(namespace string) *fnv1.RunFunctionResponse {
		metadata := nested(w.xr, "metadata")
		metadata["namespace"] = namespace
		if namespace == "" {
			delete(metadata, "namespace")
		}

		return w.call()
	}
	with, without := in("default"), in("")
	if len(with.GetResults()) != 0 {
		t.Errorf("RunFunction(...): want no result for a manifest with a namespace, got %v", with.GetResults())
	}
	if got := without.GetResults(); len(got) != 1 || got[0].GetSeverity() != fnv1.Severity_SEVERITY_WARNING || !strings.Contains(got[0].GetMessage(), "namespace default") {
		t.Errorf("RunFunction(...): want a warning that names the namespace, got %v", got)
	}
	if diff := cmp.Diff(with.GetDesired(), without.GetDesired(), protocmp.Transform()); diff != "" {
		t.Errorf("RunFunction(...): -in namespace default, +without namespace:\n%s", diff)
	}
}

// TestOverlays checks that empty values of overlays count as absent.
func TestOverlays(t *testing.T) {
	with := func(spec string) *fnv1.RunFunctionResponse { return newWorld(t, spec).call() }
	want := with(`{"deployment": {"image": "a"}, "networking": {"ingress": {"enabled": false}}}`)
	got := with(`{"config": {}, "secrets": [], "resources": {}, "resourceRequirements": [], "autoscaling": {}, "keyVault": {}, "rollouts": null,
		"deployment": {"image": "a", "ports": [], "resources": {}, "volumes": [], "command": null},
		"networking": {"ingress": {"enabled": false, "hostnames": [], "annotations": {}, "oidc": null}, "outbound": {}, "cdn": null}}`)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("RunFunction(...): -without, +with empty fields:\n%s", diff)
	}
}
