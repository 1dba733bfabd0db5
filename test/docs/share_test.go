// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// Values of the pages.
const (
	shareTenant       = "11111111-1111-4111-8111-111111111111"
	shareSubscription = "22222222-2222-4222-8222-222222222222"
	shareVault        = "shared-ab12"
)

// TestShare runs the commands that share a vault, after those that set up a platform, against the stand-in for Azure. Then the identity
// of the platform can list the secrets of the vault, and cannot read them.
func TestShare(t *testing.T) {
	s, env := shareAccount(t)

	r := reader(t.TempDir(), shareTools(t))
	r.Env = append(r.Env, env...)

	all := pages(t)
	blocks := slices.DeleteFunc(
		slices.Concat(all["docs/how-to/set-up-a-platform.md"], all["docs/how-to/platform-settings.md"]),
		func(b Block) bool { return b.Mark != Azure || strings.Contains(b.Text, "az acr ") },
	)

	said := &strings.Builder{}
	r.Said = said

	// The last command of the pages would not show it.
	blocks = append(blocks, Block{Language: "sh", Mark: Azure, Text: "printf 'lister %s\\n' \"$CREATOR_OBJECT_ID\"\n"})

	check.Must(t, r.Follow(t.Context(), blocks, func(Block) bool { return true }))

	_, lister, _ := strings.Cut(said.String(), "\nlister ")

	got := map[string]int{}
	for name, path := range map[string]string{"list": "/secrets", "get": "/secrets/common-a"} {
		got[name] = shareStatus(t, s, strings.TrimSpace(lister), path)
	}

	if diff := cmp.Diff(map[string]int{"list": http.StatusOK, "get": http.StatusForbidden}, got); diff != "" {
		t.Errorf("the identity of the platform on the shared vault: -want status, +got:\n%s", diff)
	}
}

// shareAccount returns an Azure with a subscription, a cluster and a shared vault, and the variables of a login as its owner.
func shareAccount(t *testing.T) (*azure.Server, []string) {
	t.Helper()

	const (
		owner    = "33333333-aaaa-4333-8333-333333333333"
		password = "password"
		group    = "/subscriptions/" + shareSubscription + "/resourceGroups/rg-shared"
	)

	s, err := azure.Start(t.Context(), azure.Options{})
	check.Must(t, err)
	check.Close(t, s)

	err = errors.Join(
		s.PutTenant(shareTenant),
		s.PutApplication(azure.Application{TenantID: shareTenant, ClientID: owner, PrincipalID: owner, ClientSecret: password}),
		s.PutSubscription(azure.Subscription{
			ID: shareSubscription, TenantID: shareTenant,
			RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: owner, Role: "Owner"}},
			ResourceGroups:  []azure.ResourceGroup{{Name: "rg-aks", Location: "westeurope"}, {Name: "rg-shared", Location: "westeurope"}},
		}),
		s.PutCluster(azure.Cluster{SubscriptionID: shareSubscription, ResourceGroup: "rg-aks", Name: "aks-platform", Issuer: "https://oidc.example.com/"}),
		s.PutVault(azure.Vault{Name: shareVault, TenantID: shareTenant, Location: "westeurope", ResourceID: group + "/providers/Microsoft.KeyVault/vaults/" + shareVault}),
	)
	check.Must(t, err)

	_, err = s.PutSecret(shareVault, "common-a", azure.Secret{Value: "value"})
	check.Must(t, err)

	return s, append(
		s.Env(), "AZURE_STAND_IN_ADMIN="+s.AdminURL(), "AZURE_TENANT_ID="+shareTenant, "AZURE_CLIENT_ID="+owner, "AZURE_CLIENT_SECRET="+password,
		"AZURE_CONFIG_DIR="+t.TempDir(),
	)
}

// shareTools returns a directory with az.
func shareTools(t *testing.T) string {
	t.Helper()

	dir := t.TempDir()

	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", filepath.Join(dir, "az"), "./test/azure/cmd/az")
	build.Dir = check.File(t)

	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build az: %v\n%s", err, out)
	}

	return dir
}

// shareStatus returns the status of a request of a principal to the shared vault.
func shareStatus(t *testing.T, s *azure.Server, principalID, path string) int {
	t.Helper()

	token, err := s.Issue(entra.Caller{TenantID: shareTenant, PrincipalID: principalID, ClientID: principalID}, "https://vault.azure.net", time.Hour)
	check.Must(t, err)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+shareVault+".vault.azure.net"+path+"?api-version=2025-07-01", nil)
	check.Must(t, err)

	r.Header.Set("Authorization", "Bearer "+token)

	rsp, err := s.Transport().RoundTrip(r)
	check.Must(t, err)

	check.Must(t, rsp.Body.Close())

	return rsp.StatusCode
}
