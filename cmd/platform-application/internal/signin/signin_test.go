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

// TestCredential never takes the identity of the machine, whatever the variables of the pod are.
func TestCredential(t *testing.T) {
	var asked atomic.Int64

	machine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer machine.Close()

	cases := map[string]struct {
		reason string
		env    map[string]string
	}{
		"Nothing":    {reason: "A pod that nobody has given an identity has none."},
		"NoClient":   {reason: "The Job has a token before somebody names its identity.", env: map[string]string{tokenFile: "/var/run/secrets/p6m.dev/entra/token"}},
		"OnlyClient": {reason: "An id alone is that of a user-assigned identity of the node.", env: map[string]string{"AZURE_CLIENT_ID": "66666666-aaaa-4666-8666-666666666666"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, v := range []string{tokenFile, "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME"} {
				t.Setenv(v, tc.env[v])
			}

			// The SDK asks here for the identity of a machine, and finds no Azure CLI.
			t.Setenv("IDENTITY_ENDPOINT", machine.URL)
			t.Setenv("IDENTITY_HEADER", "header")
			t.Setenv("PATH", t.TempDir())

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()

			c, err := Credential(cloud.AzurePublic, "")
			if err == nil {
				_, err = c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
			}

			if err == nil || asked.Load() > 0 {
				t.Errorf("\n%s\nCredential(...): want an error and no question to the machine, got %v and %d questions", tc.reason, err, asked.Load())
			}
		})
	}
}
