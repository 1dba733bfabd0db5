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

// TestProviderColumns checks that every column in kubectl shows a field: kubectl shows nothing, and no error, for a field that was
// renamed.
func TestProviderColumns(t *testing.T) {
	for _, kind := range []string{"keyvaultsecretsyncs", "providerconfigs", "clusterproviderconfigs", "providerconfigusages"} {
		version := load(t, LoadCRD, providerCRDs+"secrets.p6m.dev_"+kind+".yaml").CRD().Spec.Versions[0]
		if len(version.AdditionalPrinterColumns) < 3 {
			t.Errorf("%s: want at least 3 columns, got %d", kind, len(version.AdditionalPrinterColumns))
		}

		for _, c := range version.AdditionalPrinterColumns {
			if !has(version.Schema.OpenAPIV3Schema, c.JSONPath) {
				t.Errorf("%s: column %s: there is no field %s", kind, c.Name, c.JSONPath)
			}
		}
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
