// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

func TestVaultLifecycle(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))
	put(t, c, "a", "1")

	level := func() string {
		got, err := c.GetSecret(t.Context(), "a", "", nil)
		must(t, err)

		return *got.Attributes.RecoveryLevel
	}

	got := []string{level()}

	must(t, w.PutVault(azure.Vault{Name: vault, TenantID: tenant, PurgeProtection: true}))

	got = append(got, level())

	if diff := cmp.Diff([]string{"Recoverable+Purgeable", "Recoverable"}, got); diff != "" {
		t.Errorf("PutVault(...) with purge protection: how a secret can be recovered: -want, +got:\n%s", diff)
	}

	must(t, w.DeleteVault(vault))

	for reason, err := range map[string]error{
		"a deleted vault keeps its name":         w.PutVault(azure.Vault{Name: vault, TenantID: tenant, PurgeProtection: true}),
		"a protected vault cannot be purged":     w.PurgeVault(vault),
		"a deleted vault has no roles to assign": w.PutRoleAssignment(vault, azure.RoleAssignment{ID: "a", PrincipalID: officerPrincipal, Role: azure.SecretsUser}),
		"what is deleted is not deleted again":   w.DeleteVault(vault),
	} {
		if err == nil {
			t.Errorf("%s: want an error", reason)
		}
	}

	must(t, w.PutVault(azure.Vault{Name: "kv-gone", TenantID: tenant}))
	must(t, w.DeleteVault("kv-gone"))
	must(t, w.PurgeVault("kv-gone"))
	must(t, w.PutVault(azure.Vault{Name: "kv-gone", TenantID: otherTenant}))
}

func TestAccessTokensAreSigned(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	rsp := w.send(t, request{method: http.MethodGet, url: login + tenant + "/discovery/v2.0/keys"})

	var keys jose.JSONWebKeySet
	must(t, json.Unmarshal(rsp.Body, &keys))

	parsed, err := jwt.ParseSigned(token(t, w.officer(t)), []jose.SignatureAlgorithm{jose.ES256})
	must(t, err)

	var claims map[string]any
	must(t, parsed.Claims(keys, &claims))

	want := map[string]any{
		"aud": "https://vault.azure.net", "iss": "https://sts.windows.net/" + tenant + "/", "tid": tenant,
		"oid": officerPrincipal, "sub": officerPrincipal, "appid": officer, "appidacr": "2", "idtyp": "app", "ver": "1.0",
		"iat": float64(w.clock.Now().Unix()), "nbf": float64(w.clock.Now().Unix()), "exp": float64(w.clock.Now().Unix() + 86400),
		"uti": claims["uti"],
	}

	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims of an access token: -want, +got:\n%s", diff)
	}
}
