// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// TestDefinitionHasTheSameSentences checks that a rule has one wording: the API server returns the
// message of the definition, and the function the sentence of its table.
func TestDefinitionHasTheSameSentences(t *testing.T) {
	shared := []Reason{
		ApplicationNameInvalid, ApplicationNameDefault, ConfigNameInvalid, VariableNameInvalid, VariablePrefixInvalid,
		SecretNameInvalid, RefreshIntervalInvalid, PrefixWithEnv, EnvKeyMissing, EnvKeyUnknown, KeyInvalid,
		PortNameInvalid, MinAboveMaxReplicas, OfficerInvalid, QuantityInvalid, ResourceNameInvalid, HostnameRule, MustBeSubdomain,
	}
	// The function has no sentence for these, or a more detailed one.
	own := []string{
		"keyVault.name cannot be set, changed or removed after creation: the application would lose the secrets of its current vault",
		"keyVault.deletionPolicy cannot become Purge after creation: the vault has purge protection, which Azure never turns off",
		"must be letters, digits and single hyphens, begin with a letter and not end with a hyphen",
		"names must not differ only in case: Key Vault ignores case in names of secrets",
		"must be the last part of the secret's identifier in Key Vault: 32 digits and letters from a to f",
		"must not contain blanks",
		"must begin with /",
		"must begin with / and must not contain blanks",
		"ports must not be listed twice; all protocols except udp count as tcp",
		"names of ports must not be used twice",
		"requests of cpu and memory must not exceed their limits",
		"must be 1: Kubernetes allows no other value for a livenessProbe",
		"must be 1: Kubernetes allows no other value for a startupProbe",
	}
	want := map[string]bool{}
	for _, reason := range shared {
		want[Say(reason)] = true
	}
	for _, message := range own {
		want[message] = true
	}
	got := map[string]bool{}
	collect(definition(t), got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("messages of the definition: -want, +got:\n%s", diff)
	}
}

// definition returns the schema of the API.
func definition(t *testing.T) extv1.JSONSchemaProps {
	t.Helper()
	b, err := os.ReadFile("../../../apis/platformapplication/definition.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var xrd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema extv1.JSONSchemaProps `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(b, &xrd); err != nil || len(xrd.Spec.Versions) != 1 {
		t.Fatalf("cannot read definition with one version: %v", err)
	}

	return xrd.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// collect adds the messages of all rules of a schema.
func collect(s extv1.JSONSchemaProps, messages map[string]bool) {
	for _, rule := range s.XValidations {
		messages[rule.Message] = true
	}
	for _, property := range s.Properties {
		collect(property, messages)
	}
	if s.Items != nil && s.Items.Schema != nil {
		collect(*s.Items.Schema, messages)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		collect(*s.AdditionalProperties.Schema, messages)
	}
}
