// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestSettingsAreShown compares the example on the page about platform settings with the existing fields, and lets the function resolve it.
func TestSettingsAreShown(t *testing.T) {
	blocks := pages(t)["docs/how-to/platform-settings.md"]

	i := slices.IndexFunc(blocks, func(b Block) bool { return strings.Contains(b.Text, "kind: EnvironmentConfig") })
	if i < 0 {
		t.Fatal("the page has no EnvironmentConfig")
	}

	var example struct {
		Data map[string]any `json:"data"`
	}

	check.Must(t, yaml.Unmarshal([]byte(blocks[i].Text), &example))

	want, got := map[string]bool{}, map[string]bool{}
	fieldsOf(reflect.TypeFor[v1alpha1.PlatformConfigSpec](), example.Data, "", want, got)

	// An EnvironmentConfig cannot name another one, and the platform's own is for all namespaces.
	maps.DeleteFunc(want, func(path string, _ bool) bool {
		return strings.HasPrefix(path, ".environmentConfigRef") || strings.HasPrefix(path, ".landingZone")
	})

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields of the settings: -exist, +shown:\n%s", diff)
	}

	if _, err := settings.Resolve(&v1alpha1.PlatformConfig{}, example.Data); err != nil {
		t.Errorf("Resolve(...): %v", err)
	}
}

// fieldsOf returns the fields of a type, and those of a value, by path.
func fieldsOf(in reflect.Type, value any, path string, exist, shown map[string]bool) {
	if list, ok := value.([]any); ok {
		for _, v := range list {
			fieldsOf(in, v, path, exist, shown)
		}

		return
	}

	for in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice {
		in = in.Elem()
	}

	if in.Kind() != reflect.Struct {
		return
	}

	fields, _ := value.(map[string]any)
	for name := range fields {
		shown[path+"."+name] = true
	}

	for field := range in.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		exist[path+"."+name] = true
		fieldsOf(field.Type, fields[name], path+"."+name, exist, shown)
	}
}
