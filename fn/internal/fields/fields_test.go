// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package fields

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crossplane/function-sdk-go/resource"
	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
)

func spec(inert ...string) *Schema {
	return Of("spec", reflect.TypeFor[v1alpha1.PlatformApplicationSpec](), inert...)
}

func TestUnknown(t *testing.T) {
	cases := map[string]struct {
		reason string
		spec   string
		inert  []string
		want   []compose.IgnoredField
	}{
		"Known": {
			reason: "Names in a map are the team's, and what is kept as JSON may be anything.",
			spec: `{"config": {"ConnectionStrings__DefaultConnection": "a", "lower": "b"}, "deployment": {"image": "a", "readOnlyRootFilesystem": [{"x": 1}]},
				"networking": {"ingress": {"annotations": {"x/y": "z"}, "oidc": {"provider": "x"}}, "inbound": {"x": 1}}, "resources": {"x": 1}}`,
		},
		"Inert": {
			reason: "An inert field is never suggested, and another field of its name only if it has the same fields.",
			spec:   `{"resources": {"limits": {"cpu": 1}}, "networking": {"cdn": {"enabled": true}, "ingress": {"cdn": {"enabled": false}}}}`,
			inert:  []string{"spec.resources", "spec.networking.cdn"},
			want: []compose.IgnoredField{
				{Path: "spec.networking.cdn"},
				{Path: "spec.networking.ingress.cdn"},
				{Path: "spec.resources", Meant: "spec.deployment.resources"},
			},
		},
		"InertOfAnotherKind": {
			reason: "A container cannot have these resources.",
			spec:   `{"resources": {"postgres": [{"name": "main"}]}, "networking": {"cdn": {}}}`,
			inert:  []string{"spec.resources", "spec.networking.cdn"},
			want:   []compose.IgnoredField{{Path: "spec.resources"}},
		},
		"Empty": {
			reason: "An empty field asks for nothing.",
			spec:   `{"a": null, "b": {}, "c": [], "deployment": {"volumes": []}}`,
		},
		"Falsy": {
			reason: "A value that is false, zero or an empty string counts as set.",
			spec:   `{"a": false, "b": 0, "c": ""}`,
			want:   []compose.IgnoredField{{Path: "spec.a"}, {Path: "spec.b"}, {Path: "spec.c"}},
		},
		"Misplaced": {
			reason: "A name that exists in one place only is suggested there, but not for an entry of a list.",
			spec:   `{"deployment": {"secrets": [{"name": "x"}], "autoscaling": {"enabled": true}}, "image": "x", "prefix": "y", "ingress": {"enabled": true}}`,
			want: []compose.IgnoredField{
				{Path: "spec.deployment.autoscaling", Meant: "spec.autoscaling"},
				{Path: "spec.deployment.secrets", Meant: "spec.secrets"},
				{Path: "spec.image", Meant: "spec.deployment.image"},
				{Path: "spec.ingress", Meant: "spec.networking.ingress"},
				{Path: "spec.prefix"},
			},
		},
		"MisplacedOfAnotherKind": {
			reason: "A value that the field could not have is not meant for it.",
			spec:   `{"deployment": {"autoscaling": true, "officers": "x", "sku": 1}, "image": {"name": "x"}, "replicas": "2", "Ingress": ["x"]}`,
			want: []compose.IgnoredField{
				{Path: "spec.Ingress"},
				{Path: "spec.deployment.autoscaling"},
				{Path: "spec.deployment.officers"},
				{Path: "spec.deployment.sku"},
				{Path: "spec.image"},
				{Path: "spec.replicas"},
			},
		},
		"Generic": {
			reason: "Generic names have a different meaning in each place.",
			spec: `{"version": "1.2.3", "type": "backend", "inbound": {"services": []}, "cdn": {"enabled": true}, "outbound": {"x": 1},
				"secrets": [{"name": "a", "type": "pem", "key": "x"}],
				"deployment": {"annotations": {"a": "b"}, "type": "x", "version": "2", "format": "x", "prefix": "y", "optional": true, "path": "/", "enabled": true, "port": "8080"}}`,
			inert: []string{"spec.networking.cdn", "spec.networking.outbound"},
			want: []compose.IgnoredField{
				{Path: "spec.cdn"},
				{Path: "spec.deployment.annotations"},
				{Path: "spec.deployment.enabled"},
				{Path: "spec.deployment.format"},
				{Path: "spec.deployment.optional"},
				{Path: "spec.deployment.path"},
				{Path: "spec.deployment.port", Meant: "spec.deployment.ports"},
				{Path: "spec.deployment.prefix"},
				{Path: "spec.deployment.type"},
				{Path: "spec.deployment.version"},
				{Path: "spec.inbound", Meant: "spec.networking.inbound"},
				{Path: "spec.outbound"},
				{Path: "spec.secrets[a].key", Meant: "spec.secrets[a].keys"},
				{Path: "spec.secrets[a].type"},
				{Path: "spec.type"},
				{Path: "spec.version"},
			},
		},
		"Ambiguous": {
			reason: "A name that exists in several places, or in none, is not guessed.",
			spec:   `{"name": "x", "port": 1, "affinity": {"x": 1}, "volumes": [1]}`,
			want:   []compose.IgnoredField{{Path: "spec.affinity"}, {Path: "spec.name"}, {Path: "spec.port"}, {Path: "spec.volumes"}},
		},
		"Misspelt": {
			reason: "A similar name of a sibling is suggested: by case, by letters, by number.",
			spec: `{"secret": [{"name": "x"}], "keyvault": {"sku": "x"}, "autoScaling": {"enabled": true}, "networkin": {"ingress": 1},
				"deployment": {"read-only-root-filesystem": true, "livenesProbe": {"port": 1}, "port": [1]}}`,
			want: []compose.IgnoredField{
				{Path: "spec.autoScaling", Meant: "spec.autoscaling"},
				{Path: "spec.deployment.livenesProbe", Meant: "spec.deployment.livenessProbe"},
				{Path: "spec.deployment.port", Meant: "spec.deployment.ports"},
				{Path: "spec.deployment.read-only-root-filesystem", Meant: "spec.deployment.readOnlyRootFilesystem"},
				{Path: "spec.keyvault", Meant: "spec.keyVault"},
				{Path: "spec.networkin", Meant: "spec.networking"},
				{Path: "spec.secret", Meant: "spec.secrets"},
			},
		},
		"ManyLetters": {
			reason: "Two letters of a name may be wrong, but only one of a name with up to four letters. Swapped letters are one, at the start, too. Three are too many, wherever they are.",
			spec:   `{"deployment": {"adinessProbx": "x", "imges": "x", "imgs": "x"}, "keyVault": {"ksu": "x"}}`,
			want: []compose.IgnoredField{
				{Path: "spec.deployment.adinessProbx"},
				{Path: "spec.deployment.imges", Meant: "spec.deployment.image"},
				{Path: "spec.deployment.imgs"},
				{Path: "spec.keyVault.ksu", Meant: "spec.keyVault.sku"},
			},
		},
		"BesideItself": {
			reason: "A field that is already set is not suggested.",
			spec:   `{"secrets": [{"name": "x"}], "secretss": [{"name": "y"}]}`,
			want:   []compose.IgnoredField{{Path: "spec.secretss"}},
		},
		"Habits": {
			reason: "Kubernetes and charts have other names for some things.",
			spec:   `{"deployment": {"env": [{"name": "A", "value": "b"}], "envFrom": [1], "replicaCount": 2, "nodeSelector": {"a": "b"}}, "hpa": {"enabled": true}, "networking": {"ingress": {"hosts": ["a"]}}}`,
			want: []compose.IgnoredField{
				{Path: "spec.deployment.env", Meant: "spec.config"},
				{Path: "spec.deployment.envFrom", Meant: "spec.secrets"},
				{Path: "spec.deployment.nodeSelector", Meant: "spec.workloadSelectors"},
				{Path: "spec.deployment.replicaCount", Meant: "spec.deployment.replicas"},
				{Path: "spec.hpa", Meant: "spec.autoscaling"},
				{Path: "spec.networking.ingress.hosts", Meant: "spec.networking.ingress.hostnames"},
			},
		},
		"Entries": {
			reason: "An entry of a list has its name, else its position.",
			spec: `{"secrets": [{"name": "database", "kyes": ["a"], "env": [{"name": "A", "kye": "a"}]}, {"nam": "b"}, {"name": "7", "x": 1}],
				"deployment": {"ports": [{"port": 1, "hostPort": 2}], "resources": {"claims": [1]}}, "keyVault": {"officers": [{"objectId": "a-b", "mail": "x"}]}}`,
			want: []compose.IgnoredField{
				{Path: "spec.deployment.ports[0].hostPort"},
				{Path: "spec.deployment.resources.claims"},
				{Path: "spec.keyVault.officers[a-b].mail"},
				{Path: "spec.secrets[database].env[A].kye", Meant: "spec.secrets[database].env[A].key"},
				{Path: "spec.secrets[database].kyes", Meant: "spec.secrets[database].keys"},
				{Path: "spec.secrets[1].nam", Meant: "spec.secrets[1].name"},
				{Path: "spec.secrets[2].x"},
			},
		},
		"Hostile": {
			reason: "A name cannot break a line, end the list, reverse the text or look like another name.",
			spec:   `{"a, spec.b": 1, "c\nd": 1, "e\u202ef": 1, "s\u0435crets": 1, "": 1, "x.y/z": 1, "secrets": [{"name": "a]\n", "x": 1}]}`,
			want: []compose.IgnoredField{
				{Path: `spec[""]`},
				{Path: `spec["a, spec.b"]`},
				{Path: `spec["c\nd"]`},
				{Path: `spec["e\u202ef"]`},
				{Path: `spec.secrets["a]\n"].x`},
				{Path: `spec["s\u0435crets"]`},
				{Path: `spec[x.y/z]`},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := spec(tc.inert...).Unknown(resource.MustStructJSON(tc.spec).AsMap())
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nUnknown(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestUnknownInLists checks that a name is ambiguous if entries of a list have it, too.
func TestUnknownInLists(t *testing.T) {
	type container struct {
		Image string `json:"image"`
	}
	type pod struct {
		Main     container   `json:"main"`
		Sidecars []container `json:"sidecars"`
	}
	got := Of("spec", reflect.TypeFor[pod]()).Unknown(map[string]any{"image": "x"})
	if diff := cmp.Diff([]compose.IgnoredField{{Path: "spec.image"}}, got); diff != "" {
		t.Errorf("Unknown(...): -want, +got:\n%s", diff)
	}
}

// TestKnown fills every field of the definition that an API server has: none is unknown.
func TestKnown(t *testing.T) {
	b, err := os.ReadFile("../../../apis/platformapplication/definition.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Spec struct {
			Versions []struct {
				Schema extv1.CustomResourceValidation `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	for _, v := range d.Spec.Versions {
		s := v.Schema.OpenAPIV3Schema.Properties["spec"]
		object, _ := filled(&s).(map[string]any)
		if len(object) < 5 {
			t.Fatalf("there are only %d fields", len(object))
		}
		if got := spec().Unknown(decoded(t, object)); len(got) > 0 {
			t.Errorf("Unknown(...): want nothing, got %v", got)
		}
	}
}

// filled returns a value with everything that a schema has.
func filled(s *extv1.JSONSchemaProps) any {
	switch {
	case s.Items != nil && s.Items.Schema != nil:
		return []any{filled(s.Items.Schema)}
	case s.AdditionalProperties != nil:
		return map[string]any{"x": filled(s.AdditionalProperties.Schema)}
	case len(s.Properties) > 0:
		object := map[string]any{}
		for name, p := range s.Properties {
			object[name] = filled(&p)
		}

		return object
	case s.Type == "":
		return map[string]any{"anything": map[string]any{"x": 1}}
	}

	return "x"
}

// TestUnknownProperties puts one unknown field into an object with every field, wherever
// that can be: it is reported once, nothing else is, and its value is not shown.
func TestUnknownProperties(t *testing.T) {
	const value = "hunter2"
	s := spec()
	rapid.Check(t, func(rt *rapid.T) {
		object, places := example(s.node)
		place := places[rapid.IntRange(0, len(places)-1).Draw(rt, "place")]
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom(slices.Sorted(maps.Keys(s.places))), rapid.SampledFrom(slices.Sorted(maps.Keys(synonyms)))).Draw(rt, "name")
		if place.node.fields[name] != nil {
			rt.Skip("known")
		}
		place.object[name] = rapid.SampledFrom([]any{value, []any{value}, map[string]any{value: value}, 7, false}).Draw(rt, "value")
		got := s.Unknown(decoded(rt, object))
		if len(got) != 1 {
			rt.Fatalf("Unknown(...): want %q once, got %v", name, got)
		}
		text := got[0].Finding().String()
		if strings.Contains(text, value) && !strings.Contains(name, value) {
			rt.Fatalf("Unknown(...): shows a value: %s", text)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return (r < ' ' || r > '~') && r != '…' }) || len(text) > 400 {
			rt.Fatalf("Unknown(...): cannot be shown: %q", text)
		}
		if meant := got[0].Meant; meant == got[0].Path {
			rt.Fatalf("Unknown(...): means itself: %s", meant)
		}
	})
}

// A spot is where an object may have more fields.
type spot struct {
	node   *node
	object map[string]any
}

// example returns a value with every field of a node, and all spots in it.
func example(n *node) (object map[string]any, spots []spot) {
	object = map[string]any{}
	spots = append(spots, spot{node: n, object: object})
	for _, name := range slices.Sorted(maps.Keys(n.fields)) {
		child := n.fields[name]
		for child.entry != nil && child.fields == nil && child.entry.fields != nil {
			child = child.entry
			nested, more := example(child)
			object[name] = []any{nested}
			spots = append(spots, more...)
		}
		if _, done := object[name]; done || child.fields == nil {
			continue
		}
		nested, more := example(child)
		object[name] = nested
		spots = append(spots, more...)
	}

	return object, spots
}

// decoded object, as it comes from JSON.
func decoded(tb interface {
	Fatal(args ...any)
	Helper()
}, object map[string]any,
) map[string]any {
	tb.Helper()
	b, err := json.Marshal(object)
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(b, &out); err != nil {
		tb.Fatal(err)
	}

	return out
}
