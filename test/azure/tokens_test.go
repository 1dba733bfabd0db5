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
)

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
