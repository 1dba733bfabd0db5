// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
)

func TestTokenFile(t *testing.T) {
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/azure/wi/token/azure-identity-token")

	cases := map[string]struct {
		reason string
		spec   v1beta1.ProviderConfigSpec
		want   string
	}{
		"Path": {
			reason: "The configuration says where the token is.",
			spec:   v1beta1.ProviderConfigSpec{OidcTokenFilePath: new("/var/run/secrets/p6m.dev/entra/token")},
			want:   "/var/run/secrets/p6m.dev/entra/token",
		},
		"Default": {
			reason: "The real provider does not look at the variable of the webhook.",
			want:   "/var/run/secrets/azure/tokens/azure-identity-token",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tokenFile(&tc.spec)); diff != "" {
				t.Errorf("\n%s\ntokenFile(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
