// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

const providerCRDs = root + "/package/provider/crds/"

// syncSpec is a valid forProvider of a KeyVaultSecretSync.
const syncSpec = `vaultUri: "https://web-application-ab12.vault.azure.net/", tenantId: t, clientId: c, serviceAccountName: s, target: {name: target}`

// TestProviderRefused shows accepted and rejected objects of the provider's kinds.
func TestProviderRefused(t *testing.T) {
	for name, tc := range examples(t, "provider.yaml") {
		t.Run(name, func(t *testing.T) {
			v := load(t, LoadCRD, providerCRDs+"secrets.p6m.dev_"+strings.ToLower(tc.Kind)+"s.yaml")

			if diff := cmp.Diff(tc.Want, v.Validate(providerObject(t, tc.Kind, string(tc.Spec)))); diff != "" {
				t.Errorf("\n%s\nValidate(...): -want, +got:\n%s", tc.Reason, diff)
			}
		})
	}
}

// TestTargetIsFixed shows that the Secret of a sync cannot be renamed.
func TestTargetIsFixed(t *testing.T) {
	v := load(t, LoadCRD, providerCRDs+"secrets.p6m.dev_keyvaultsecretsyncs.yaml")
	before := providerObject(t, "KeyVaultSecretSync", `{forProvider: {`+syncSpec+`}}`)
	after := providerObject(t, "KeyVaultSecretSync",
		`{forProvider: {vaultUri: "https://abc.vault.azure.net", tenantId: t, clientId: c, serviceAccountName: s, target: {name: other}}}`)

	want := []string{`spec.forProvider.target.name: Invalid value: "other": cannot be changed, because pods refer to this Secret; make another KeyVaultSecretSync instead`}
	if diff := cmp.Diff(want, v.ValidateUpdate(after, before)); diff != "" {
		t.Errorf("ValidateUpdate(...): -want, +got:\n%s", diff)
	}
}

// TestProviderNames checks the names of the provider's kinds and their columns in kubectl: people type the names, and pages of the
// documentation show the columns.
func TestProviderNames(t *testing.T) {
	type names struct {
		Scope      string
		ShortNames []string
		Categories []string
		Columns    []string // Columns of the wide output are in parentheses.
	}

	config := []string{"SOURCE .spec.credentials.source", "USERS .status.users", "AGE .metadata.creationTimestamp"}

	cases := map[string]struct {
		reason string
		crd    string
		want   names
	}{
		"KeyVaultSecretSync": {
			reason: "A sync is a managed resource, with state, count and last change.",
			crd:    "secrets.p6m.dev_keyvaultsecretsyncs.yaml",
			want: names{
				Scope: "Namespaced", ShortNames: []string{"kvsync"}, Categories: []string{"crossplane", "managed", "azure"},
				Columns: []string{
					"SYNCED .status.conditions[?(@.type=='Synced')].status",
					"READY .status.conditions[?(@.type=='Ready')].status",
					"STATE .status.atProvider.state",
					"SECRETS .status.atProvider.secretsSynced",
					"(TARGET) .spec.forProvider.target.name",
					"LAST-CHANGE .status.atProvider.lastChangeTime",
					"AGE .metadata.creationTimestamp",
				},
			},
		},
		"ProviderConfig": {
			reason: "The columns show the source of the identity and the number of users.",
			crd:    "secrets.p6m.dev_providerconfigs.yaml",
			want:   names{Scope: "Namespaced", Categories: []string{"crossplane", "provider", "azure"}, Columns: config},
		},
		"ClusterProviderConfig": {
			reason: "The cluster-scoped kind has the same columns.",
			crd:    "secrets.p6m.dev_clusterproviderconfigs.yaml",
			want:   names{Scope: "Cluster", Categories: []string{"crossplane", "provider", "azure"}, Columns: config},
		},
		"ProviderConfigUsage": {
			reason: "The columns show which resource uses which configuration.",
			crd:    "secrets.p6m.dev_providerconfigusages.yaml",
			want: names{
				Scope: "Namespaced", Categories: []string{"crossplane", "provider", "azure"},
				Columns: []string{
					"CONFIG-KIND .providerConfigRef.kind", "CONFIG-NAME .providerConfigRef.name",
					"RESOURCE-KIND .resourceRef.kind", "RESOURCE-NAME .resourceRef.name", "AGE .metadata.creationTimestamp",
				},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			crd := load(t, LoadCRD, providerCRDs+tc.crd).CRD()
			version := crd.Spec.Versions[0]
			got := names{Scope: string(crd.Spec.Scope), ShortNames: crd.Spec.Names.ShortNames, Categories: crd.Spec.Names.Categories}

			for _, c := range version.AdditionalPrinterColumns {
				title := c.Name
				if c.Priority > 0 {
					title = "(" + title + ")"
				}

				got.Columns = append(got.Columns, title+" "+c.JSONPath)

				// kubectl shows nothing, and no error, for a field that was renamed.
				if !has(version.Schema.OpenAPIV3Schema, c.JSONPath) {
					t.Errorf("\n%s\ncolumn %s: there is no field %s", tc.reason, c.Name, c.JSONPath)
				}
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	for path, want := range map[string]bool{".status.users": true, ".status.conditions[?(@.type=='Ready')].status": true, ".status.user": false} {
		v := load(t, LoadCRD, providerCRDs+"secrets.p6m.dev_providerconfigs.yaml")
		if got := has(v.CRD().Spec.Versions[0].Schema.OpenAPIV3Schema, path); got != want {
			t.Errorf("has(..., %q): want %t, got %t", path, want, got)
		}
	}
}

var filter = regexp.MustCompile(`\[[^]]*\]`)

// has reports whether a schema has the field of a column's path.
func has(s *extv1.JSONSchemaProps, path string) bool {
	if strings.HasPrefix(path, ".metadata.") {
		return true // The field is the same for all kinds, and not in the schema.
	}

	for field := range strings.SplitSeq(filter.ReplaceAllString(path[1:], ""), ".") {
		if s.Items != nil {
			s = s.Items.Schema
		}

		next, ok := s.Properties[field]
		if !ok {
			return false
		}

		s = &next
	}

	return true
}

func providerObject(tb testing.TB, kind, spec string) map[string]any {
	tb.Helper()

	metadata := "{name: web-application, namespace: shop}"
	if strings.HasPrefix(kind, "Cluster") {
		metadata = "{name: default}"
	}

	out := map[string]any{}
	check.Must(tb, yaml.Unmarshal([]byte("apiVersion: secrets.p6m.dev/v1alpha1\nkind: "+kind+"\nmetadata: "+metadata+"\nspec: "+spec), &out))

	return out
}
