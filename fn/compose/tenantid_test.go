// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTenantID shows which Entra ID tenant an application uses when the settings name another one.
func TestTenantID(t *testing.T) {
	const (
		inSettings = "11111111-1111-4111-8111-111111111111"
		inAzure    = "aaaaaaaa-1111-4111-8111-111111111111"
	)
	type want struct {
		vault, sync, pods any
		note              bool
	}
	kept := want{vault: inAzure, sync: inAzure, pods: inAzure, note: true}
	cases := map[string]struct {
		reason string
		change func(Observed)
		want   want
	}{
		"Settings": {
			reason: "Without another source, the settings decide.",
			change: func(Observed) {}, want: want{vault: inSettings, sync: inSettings, pods: inSettings},
		},
		"Identity": {
			reason: "Pods need the tenant of their identity, and its vault has the same. Case is no difference.",
			change: func(seen Observed) {
				seen[NameIdentity].object("status", "atProvider")["tenantId"] = strings.ToUpper(inAzure)
			}, want: kept,
		},
		"Vault": {
			reason: "The vault shows the tenant, too.",
			change: func(seen Observed) { seen[NameKeyVault].object("status", "atProvider")["tenantId"] = inAzure }, want: kept,
		},
		"Requested": {
			reason: "The requested tenant is that of a vault that Azure has.",
			change: func(seen Observed) {
				seen[NameKeyVault]["spec"] = map[string]any{"forProvider": map[string]any{"tenantId": inAzure}}
			}, want: kept,
		},
		"Sync": {
			reason: "The sync records the tenant.",
			change: func(seen Observed) {
				seen[NameSecretSync] = Object{"spec": map[string]any{"forProvider": map[string]any{"tenantId": inAzure}}}
			},
			want: kept,
		},
		"Pods": {
			reason: "So does a ServiceAccount with an identity.",
			change: func(seen Observed) {
				seen[NameServiceAccount] = Object{"metadata": map[string]any{"annotations": map[string]any{annotationTenantID: inAzure, annotationClientID: "i"}}}
			},
			want: kept,
		},
		"NotCreated": {
			reason: "A tenant that has prevented the creation of the vault can be corrected.",
			change: func(seen Observed) {
				seen[NameKeyVault] = Object{"kind": "Vault", "spec": map[string]any{"forProvider": map[string]any{"tenantId": inAzure}}}
				delete(seen, NameIdentity)
				seen[NameServiceAccount] = Object{"metadata": map[string]any{"annotations": map[string]any{annotationTenantID: inAzure}}}
			},
			want: want{vault: inSettings, pods: inSettings},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			seen := azureSeen()
			tc.change(seen)
			r := compose(t, `{"secrets": [{"name": "a"}]}`, ``, seen)
			at := func(name string, path ...string) any {
				if s := Object(r.Resources[name].Object).str(path...); s != "" {
					return s
				}

				return nil
			}
			got := want{
				vault: at(NameKeyVault, "spec", "forProvider", "tenantId"), sync: at(NameSecretSync, "spec", "forProvider", "tenantId"),
				pods: at(NameServiceAccount, "metadata", "annotations", annotationTenantID),
				note: strings.Contains(r.condition(TypeKeyVaultReady).Message, "stays in Entra ID tenant "+inAzure+", although the platform settings now name "+inSettings),
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
