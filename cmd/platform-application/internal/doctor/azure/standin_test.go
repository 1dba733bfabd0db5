// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/fn/azurename"
	standin "github.com/p6m-dev/platform-application/test/azure"
)

const (
	readerClient = "dddddddd-aaaa-4ddd-8ddd-dddddddddddd"
	readerObject = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
	ownerClient  = "eeeeeeee-aaaa-4eee-8eee-eeeeeeeeeeee"
	ownerObject  = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee"
	password     = "password"
)

// An account is an Azure as the page sets it up, with an owner and a reader.
type account struct {
	*standin.Server

	t             *testing.T
	owner, reader azcore.TokenCredential
}

func newAccount(t *testing.T) *account {
	t.Helper()

	server, err := standin.Start(t.Context(), standin.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = server.Close() })

	a := &account{Server: server, t: t}
	a.must(server.PutTenant(tenant))
	a.must(server.PutSubscription(standin.Subscription{
		ID: subscription, TenantID: tenant,
		RoleAssignments: []standin.ScopedRoleAssignment{{PrincipalID: readerObject, Role: "Reader"}, {PrincipalID: ownerObject, Role: "Owner"}},
		ResourceGroups:  []standin.ResourceGroup{{Name: "rg-applications", Location: "westeurope"}, {Name: "rg-platform", Location: "westeurope"}},
	}))

	a.reader, a.owner = a.signIn(readerClient, readerObject), a.signIn(ownerClient, ownerObject)

	return a
}

func (a *account) must(err error) {
	a.t.Helper()

	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) signIn(clientID, objectID string) azcore.TokenCredential {
	a.t.Helper()
	a.must(a.PutApplication(standin.Application{TenantID: tenant, ClientID: clientID, PrincipalID: objectID, ClientSecret: password}))

	out, err := azidentity.NewClientSecretCredential(tenant, clientID, password, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: policy.ClientOptions{Transport: &http.Client{Transport: a.Transport()}},
	})
	a.must(err)

	return out
}

// put creates a resource as the owner.
func (a *account) put(id, version, body string) {
	a.t.Helper()

	token, err := a.owner.GetToken(a.t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	a.must(err)

	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPut, "https://management.azure.com"+id+"?api-version="+version, strings.NewReader(body))
	a.must(err)
	r.Header.Set("Authorization", "Bearer "+token.Token)
	r.Header.Set("Content-Type", "application/json")

	rsp, err := (&http.Client{Transport: a.Transport()}).Do(r)
	a.must(err)

	answer, _ := io.ReadAll(rsp.Body)
	a.must(rsp.Body.Close())

	if rsp.StatusCode >= http.StatusBadRequest {
		a.t.Fatalf("cannot put %s: %s: %s", id, rsp.Status, answer)
	}
}

// identity creates an identity of the platform, which trusts a ServiceAccount.
func (a *account) identity(name, account string) Identity {
	a.t.Helper()

	id := platformGroupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
	a.put(id, identities, `{"location":"westeurope"}`)
	a.put(id+"/federatedIdentityCredentials/"+account, identities, `{"properties":{"issuer":"`+issuer+`","subject":"system:serviceaccount:crossplane-system:`+account+`","audiences":["`+audience+`"]}}`)

	out, err := get[Resource[Identity]](a.t.Context(), a.client(), id, identities)
	a.must(err)

	return out.Properties
}

func (a *account) client() client {
	a.t.Helper()

	out, err := newClient(cloud.AzurePublic, a.reader, bounded{client: &http.Client{Transport: a.Transport()}})
	a.must(err)

	return out
}

// TestStandIn proves that a reader of an Azure as the page sets it up has no findings.
func TestStandIn(t *testing.T) {
	a, w := newAccount(t), well()

	provider, creator := a.identity("crossplane", "provider-azure"), a.identity("secret-creator", "provider-keyvault-secretsync")
	w.platform.Azure.ClientID, w.platform.Creator.ClientID = provider.ClientID, creator.ClientID
	w.platform.Settings.SecretCreatorPrincipalID = creator.PrincipalID

	for _, r := range []standin.ScopedRoleAssignment{
		{PrincipalID: provider.PrincipalID, Role: "Contributor", Scope: groupID},
		{PrincipalID: provider.PrincipalID, Role: "Role Based Access Control Administrator", Scope: groupID, Condition: condition(secretsUser, secretsOfficer).Expression},
		{PrincipalID: provider.PrincipalID, Role: "Key Vault Purge Operator"},
	} {
		a.must(a.PutScopedRoleAssignment(subscription, r))
	}

	found := func() []finding.Code {
		facts, err := newReader(a.client(), w.platform, Options{Namespace: "default", Application: "acceptance"}).read(t.Context())
		a.must(err)

		out := []finding.Code{}
		for _, f := range decide(place{w.platform, facts}) {
			out = append(out, f.Code)
		}

		return slices.Compact(slices.Sorted(slices.Values(out)))
	}

	if diff := cmp.Diff([]finding.Code(nil), found()); diff != "" {
		t.Errorf("a healthy platform: -want, +got:\n%s", diff)
	}

	// An earlier application had this vault.
	name := azurename.Scope{SubscriptionID: subscription, Issuer: issuer, Namespace: "default", Name: "acceptance"}.Vault()
	a.must(a.PutVault(standin.Vault{Name: name, TenantID: tenant, Location: "westeurope", ResourceID: groupID + "/providers/Microsoft.KeyVault/vaults/" + name}))
	a.must(a.DeleteVault(name))

	if diff := cmp.Diff([]finding.Code{VaultDeleted}, found()); diff != "" {
		t.Errorf("a vault that was deleted: -want, +got:\n%s", diff)
	}

	// Another tenant takes the name.
	a.must(a.PurgeVault(name))
	a.must(a.PutTenant(subscription))
	a.must(a.PutVault(standin.Vault{Name: name, TenantID: subscription}))

	// Many faults at once: pages, a group, a lock, a policy, and a provider that owns the subscription.
	a.must(a.PutResourceGroup(subscription, standin.ResourceGroup{Name: "rg-applications", Location: "northeurope"}))
	a.must(a.PutSubscription(standin.Subscription{
		ID: subscription, TenantID: tenant, State: "PastDue", Padding: standin.Padding{RoleAssignments: 3500, Vaults: 801},
		Policies: map[string]string{"no-vaults": "Microsoft.KeyVault/vaults"}, Registrations: map[string]string{"Microsoft.KeyVault": "NotRegistered"},
	}))
	a.PutGroup(officerObject, provider.PrincipalID)
	a.must(a.PutScopedRoleAssignment(subscription, standin.ScopedRoleAssignment{PrincipalID: officerObject, PrincipalType: "Group", Role: "Owner"}))
	a.put(groupID+"/providers/Microsoft.Authorization/locks/keep", locks, `{"properties":{"level":"CanNotDelete"}}`)

	want := []finding.Code{
		RoomLow, RoomNone, LockedForDeletion, PolicyDenies, NotRegistered, MayAssignOthers, RightsElsewhere, SubscriptionPastDue, GroupElsewhere, VaultNameTaken,
	}
	slices.Sort(want)

	if diff := cmp.Diff(want, found()); diff != "" {
		t.Errorf("a faulty platform: -want, +got:\n%s", diff)
	}
}
