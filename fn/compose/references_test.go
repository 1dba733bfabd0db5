// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUnresolved shows the references in config that are reported: those that Kubernetes leaves unexpanded.
func TestUnresolved(t *testing.T) {
	synced := azureSeen()
	synced[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{"atProvider": map[string]any{"secrets": []any{
		map[string]any{"name": "database", "state": "Synced", "version": "1", "keys": []any{map[string]any{"key": "DB_HOST", "dataKey": "database.DB_HOST"}}},
	}}}}
	cases := map[string]struct {
		reason string
		spec   string
		want   string
	}{
		"Resolved": {
			reason: "Variables of secrets come before those of config, which are sorted.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "database"}], "config": {"A": "$(DB_HOST) $$(X)", "B": "$(A)"}}`,
		},
		"Nothing": {
			reason: "The name does not exist.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "database"}], "config": {"ConnectionStrings__Main": "Host=$(DB_HSOT)"}}`,
			want:   "$(DB_HSOT) in spec.config.ConnectionStrings__Main (there is no variable of this name)",
		},
		"OtherCase": {
			reason: "Names of variables differ in case.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "database"}], "config": {"A": "$(db_host)"}}`,
			want:   "$(db_host) in spec.config.A (did you mean $(DB_HOST)?)",
		},
		"Later": {
			reason: "A later variable has no value yet, and neither has the variable itself.",
			spec:   `{"deployment": {"image": "a"}, "config": {"PATH": "$(PATH):/x"}}`,
			want:   "$(PATH) in spec.config.PATH (can refer only to variables of secrets, and to variables of config that come earlier in the alphabet)",
		},
		"Value": {
			reason: "Text that is not a name may be part of a confidential value.",
			spec:   `{"deployment": {"image": "a"}, "config": {"A": "p$(ass word)"}}`,
			want:   "$(…) in spec.config.A (there is no variable of this name)",
		},
		"NotSynced": {
			reason: "The variables of an optional secret without value are unknown.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "other", "optional": true}], "config": {"A": "$(X)"}}`,
		},
		"Mapped": {
			reason: "Names in env are known.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "other", "optional": true, "env": [{"name": "X", "key": "x"}]}], "config": {"A": "$(X) $(Y)"}}`,
			want:   "$(Y) in spec.config.A (there is no variable of this name)",
		},
		"Services": {
			reason: "Variables of Kubernetes are known.",
			spec:   `{"deployment": {"image": "a"}, "config": {"A": "$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT_HTTPS)"}}`,
		},
		"NoDeployment": {
			reason: "Without pods, nothing is expanded.",
			spec:   `{"config": {"A": "$(X)"}}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, ignored(compose(t, tc.spec, ``, synced))); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestManyUnresolved checks that the work for a value full of references is bounded.
func TestManyUnresolved(t *testing.T) {
	var value strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&value, "$(a%05d)", i)
	}
	r := compose(t, `{"deployment": {"image": "a"}, "config": {"X": "`+value.String()+`"}}`, ``, azureSeen())
	got := r.condition(TypeFieldsIgnored).Message
	for _, want := range []string{"$(a00000) in spec.config.X (there is no variable of this name)", "$(a00049) in", "and 1 more"} {
		if !strings.Contains(got, want) {
			t.Errorf("Compose(...): want %q, got: %s", want, got)
		}
	}
}
