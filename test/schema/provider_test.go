// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const providerCRDs = root + "/package/provider/crds/"

// syncSpec is forProvider of a KeyVaultSecretSync that is accepted.
const syncSpec = `vaultUri: "https://web-application-ab12.vault.azure.net/", tenantId: t, clientId: c, serviceAccountName: s, target: {name: target}`

// TestProviderRefused shows what is refused of the provider's own kinds.
func TestProviderRefused(t *testing.T) {
	const (
		syncs   = "secrets.p6m.dev_keyvaultsecretsyncs.yaml"
		configs = "secrets.p6m.dev_clusterproviderconfigs.yaml"
	)

	cases := map[string]struct {
		reason string
		crd    string
		kind   string
		spec   string
		want   []string
	}{
		"Accepted": {
			reason: "What the function composes is accepted.",
			crd:    syncs, kind: "KeyVaultSecretSync",
			spec: `{forProvider: {` + syncSpec + `, pollInterval: 30s, secrets: [{name: a, refreshInterval: 1h}]}}`,
		},
		"China": {
			reason: "Vaults of other clouds are accepted.",
			crd:    syncs, kind: "KeyVaultSecretSync",
			spec: `{forProvider: {vaultUri: "https://abc.vault.azure.cn", tenantId: t, clientId: c, serviceAccountName: s, target: {name: target}}}`,
		},
		"OtherHost": {
			reason: "Tokens of applications go to vaults only.",
			crd:    syncs, kind: "KeyVaultSecretSync",
			spec: `{forProvider: {vaultUri: "https://abc.vault.azure.net.example.com/", tenantId: t, clientId: c, serviceAccountName: s, target: {name: target}}}`,
			want: []string{`spec.forProvider.vaultUri: Invalid value: "https://abc.vault.azure.net.example.com/": spec.forProvider.vaultUri in body should match '^https://[a-zA-Z][0-9a-zA-Z-]{1,22}[0-9a-zA-Z]\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)/?$'`},
		},
		"PollTooOften": {
			reason: "A vault is polled every second at most.",
			crd:    syncs, kind: "KeyVaultSecretSync",
			spec: `{forProvider: {` + syncSpec + `, pollInterval: 10ms}}`,
			want: []string{`spec.forProvider.pollInterval: Invalid value: "10ms": must be at least 1s`},
		},
		"NegativeRefresh": {
			reason: "An interval cannot be negative.",
			crd:    syncs, kind: "KeyVaultSecretSync",
			spec: `{forProvider: {` + syncSpec + `, secrets: [{name: a, refreshInterval: -1h}]}}`,
			want: []string{`spec.forProvider.secrets[0].refreshInterval: Invalid value: "-1h": must not be negative`},
		},
		"ConnectionSecret": {
			reason: "There is one Secret, and it is named elsewhere.",
			crd:    syncs, kind: "KeyVaultSecretSync",
			spec: `{writeConnectionSecretToRef: {name: x}, forProvider: {` + syncSpec + `}}`,
			want: []string{"spec: Invalid value: there are no connection details: forProvider.target is the Secret that is written"},
		},
		"NoCredentials": {
			reason: "No identity is needed to read.",
			crd:    configs, kind: "ClusterProviderConfig",
			spec: `{credentials: {source: None}}`,
		},
		"ClientSecretIncomplete": {
			reason: "A client secret is for an application of a tenant.",
			crd:    configs, kind: "ClusterProviderConfig",
			spec: `{credentials: {source: ClientSecret, clientId: c}}`,
			want: []string{"spec.credentials: Invalid value: source ClientSecret needs tenantId, clientId and secretRef"},
		},
		"SecretOfNoUse": {
			reason: "A reference that is not used is a mistake.",
			crd:    configs, kind: "ClusterProviderConfig",
			spec: `{credentials: {source: WorkloadIdentity, secretRef: {name: creator, key: secret}}}`,
			want: []string{"spec.credentials: Invalid value: secretRef is for source ClientSecret only"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			v := load(t, LoadCRD, providerCRDs+tc.crd)

			if diff := cmp.Diff(tc.want, v.Validate(providerObject(t, tc.kind, tc.spec))); diff != "" {
				t.Errorf("\n%s\nValidate(...): -want, +got:\n%s", tc.reason, diff)
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

func providerObject(tb testing.TB, kind, spec string) map[string]any {
	tb.Helper()

	metadata := "{name: web-application, namespace: shop}"
	if strings.HasPrefix(kind, "Cluster") {
		metadata = "{name: default}"
	}

	out := map[string]any{}
	if err := yaml.Unmarshal([]byte("apiVersion: secrets.p6m.dev/v1alpha1\nkind: "+kind+"\nmetadata: "+metadata+"\nspec: "+spec), &out); err != nil {
		tb.Fatal(err)
	}

	return out
}
