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

// A schema is the part of a schema that says which lists are sets and maps, and how long lists are.
type schema struct {
	Type       string            `json:"type"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	MaxItems   int               `json:"maxItems"`
	ListType   string            `json:"x-kubernetes-list-type"`
	MapKeys    []string          `json:"x-kubernetes-list-map-keys"`
}

// settingsSchema returns the schema of the settings. No API server checks the data of an EnvironmentConfig.
func settingsSchema(t *testing.T) schema {
	t.Helper()
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

	return crd.Spec.Versions[0].Schema["openAPIV3Schema"].Properties["spec"]
}

// expectRejected checks that validate returns an error of a type about the path of each of the settings, among which are the
// known paths.
func expectRejected(t *testing.T, settings map[string]any, fault field.ErrorType, known ...string) {
	t.Helper()
	paths := []string{}
	for path, content := range settings {
		doc, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		var s v1alpha1.PlatformConfigSpec
		read(t, string(doc), &s)
		if slices.ContainsFunc(validate(&s), func(err *field.Error) bool { return err.Type == fault && err.Field == path }) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(settings)), paths); diff != "" {
		t.Errorf("paths with %s of validate(...): -want, +got:\n%s", fault, diff)
	}
	for _, path := range known {
		if !slices.Contains(paths, path) {
			t.Errorf("want %s among %v", path, paths)
		}
	}
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

// tooLong returns settings with one list that is longer than its limit, by the path of the list.
func (s schema) tooLong(path string, in func(any) any) map[string]any {
	out := map[string]any{}
	for name, p := range s.Properties {
		at := strings.TrimPrefix(path+"."+name, ".")
		with := func(v any) any { return in(map[string]any{name: v}) }
		if p.MaxItems > 0 {
			item := any("x")
			if p.Items.Type == "object" {
				item = map[string]any{}
			}
			out[at] = with(slices.Repeat([]any{item}, p.MaxItems+1))
		}
		maps.Copy(out, p.tooLong(at, with))
		if p.Items != nil {
			maps.Copy(out, p.Items.tooLong(at+"[0]", func(v any) any { return with([]any{v}) }))
		}
	}

	return out
}

// TestDuplicates checks that every set and every map of the schema has no duplicates.
func TestDuplicates(t *testing.T) {
	expectRejected(t, settingsSchema(t).duplicates("", func(v any) any { return v }), field.ErrorTypeDuplicate,
		"ingress.types[1].name", "secrets.shared[0].namespaces[1]")
}

// TestTooMany checks that every list has the limit of the schema.
func TestTooMany(t *testing.T) {
	expectRejected(t, settingsSchema(t).tooLong("", func(v any) any { return v }), field.ErrorTypeTooMany,
		"adopt", "secrets.shared[0].names")
}
