// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package signin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// TestCredential proves that no variables of a pod select the identity of the node.
func TestCredential(t *testing.T) {
	var asked atomic.Int64

	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer node.Close()

	cases := map[string]struct {
		reason string
		env    map[string]string
	}{
		"Nothing":    {reason: "A pod without an identity has none."},
		"NoClient":   {reason: "A Job can have a token without the id of an identity.", env: map[string]string{tokenFile: "/var/run/secrets/p6m.dev/entra/token"}},
		"OnlyClient": {reason: "An id alone could select a user-assigned identity of the node.", env: map[string]string{"AZURE_CLIENT_ID": "66666666-aaaa-4666-8666-666666666666"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, v := range []string{tokenFile, "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME"} {
				t.Setenv(v, tc.env[v])
			}

			// The SDK would ask this server for the identity of the node. There is no Azure CLI in this PATH.
			t.Setenv("IDENTITY_ENDPOINT", node.URL)
			t.Setenv("IDENTITY_HEADER", "header")
			t.Setenv("PATH", t.TempDir())

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()

			c, err := Credential(cloud.AzurePublic, "")
			if err == nil {
				_, err = c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
			}

			if err == nil || asked.Load() > 0 {
				t.Errorf("\n%s\nCredential(...): want an error and no request for the identity of the node, got %v and %d requests", tc.reason, err, asked.Load())
			}
		})
	}
}
