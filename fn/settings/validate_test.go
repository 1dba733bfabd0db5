// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// A schema is the part of a schema that says which lists are sets and maps.
type schema struct {
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	ListType   string            `json:"x-kubernetes-list-type"`
	MapKeys    []string          `json:"x-kubernetes-list-map-keys"`
}

// duplicates returns settings with a duplicate in one set or map, by the path of the duplicate.
func (s schema) duplicates(path string, in func(any) any) map[string]any {
	out := map[string]any{}
	for name, p := range s.Properties {
		at := strings.TrimPrefix(path+"."+name, ".")
		with := func(v any) any { return in(map[string]any{name: v}) }
		switch p.ListType {
		case "set":
			out[at+"[1]"] = with([]any{"x", "x"})
		case "map":
			item := map[string]any{p.MapKeys[0]: "x"}
			out[at+"[1]."+p.MapKeys[0]] = with([]any{item, item})
		}
		maps.Copy(out, p.duplicates(at, with))
		if p.Items != nil {
			maps.Copy(out, p.Items.duplicates(at+"[0]", func(v any) any { return with([]any{v}) }))
		}
	}

	return out
}

// TestDuplicates checks that every set and every map of the schema has no duplicates. No API server checks the data of an
// EnvironmentConfig.
func TestDuplicates(t *testing.T) {
	data, err := os.ReadFile("../../package/function/input/platformapplication.fn.p6m.dev_platformconfigs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema map[string]schema `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(data, &crd); err != nil {
		t.Fatal(err)
	}

	settings := crd.Spec.Versions[0].Schema["openAPIV3Schema"].Properties["spec"].duplicates("", func(v any) any { return v })
	rejected := []string{}
	for path, duplicate := range settings {
		doc, err := json.Marshal(duplicate)
		if err != nil {
			t.Fatal(err)
		}
		var s v1alpha1.PlatformConfigSpec
		read(t, string(doc), &s)
		if slices.ContainsFunc(validate(&s), func(err *field.Error) bool { return err.Type == field.ErrorTypeDuplicate && err.Field == path }) {
			rejected = append(rejected, path)
		}
	}
	slices.Sort(rejected)

	if diff := cmp.Diff(slices.Sorted(maps.Keys(settings)), rejected); diff != "" {
		t.Errorf("duplicates that validate(...) rejects: -want, +got:\n%s", diff)
	}
	if !slices.Contains(rejected, "ingress.types[1].name") || !slices.Contains(rejected, "secrets.shared[0].namespaces[1]") {
		t.Errorf("want a map and a set in an item of a list among %v", rejected)
	}
}
