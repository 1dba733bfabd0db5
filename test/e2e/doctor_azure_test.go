//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// These are principals in Azure besides the applications and the providers.
const (
	// doctorClient may only read the subscription.
	doctorClient   = "dddddddd-aaaa-4ddd-8ddd-dddddddddddd"
	doctorObject   = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
	doctorPassword = "password-of-the-doctor"

	// ownerClient sets up the platform.
	ownerClient   = "eeeeeeee-aaaa-4eee-8eee-eeeeeeeeeeee"
	ownerObject   = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee"
	ownerPassword = "password-of-the-owner"
)

const (
	azureIdentities = "/subscriptions/" + plane.Subscription + "/resourceGroups/rg-platform/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	azureCrossplane = azureIdentities + "crossplane"
	azureCreator    = azureIdentities + "secret-creator"
)

// An azureIdentity is an identity in the format of Azure Resource Manager.
type azureIdentity struct {
	Properties struct {
		ClientID    string `json:"clientId"`
		PrincipalID string `json:"principalId"`
	} `json:"properties"`
}

// prepareAzure does step 1 of the set-up page in Azure, with identities that the providers have while the test runs.
func prepareAzure(t *testing.T, p *plane.Plane) {
	t.Helper()

	roles := []azure.ScopedRoleAssignment{{PrincipalID: doctorObject, Role: "Reader"}, {PrincipalID: ownerObject, Role: "Owner"}}

	for _, a := range []azure.Application{
		{TenantID: plane.Tenant, ClientID: doctorClient, PrincipalID: doctorObject, ClientSecret: doctorPassword},
		{TenantID: plane.Tenant, ClientID: ownerClient, PrincipalID: ownerObject, ClientSecret: ownerPassword},
	} {
		must(t, w.azure.PutApplication(a))
	}

	// The officer in the settings has a role assignment.
	officers, _, err := unstructured.NestedSlice(p.Settings(), "keyVault", "officers")
	must(t, err)

	for _, o := range officers {
		roles = append(roles, azure.ScopedRoleAssignment{PrincipalID: field(o, "objectId"), Role: "Reader"})
	}

	for _, r := range roles {
		must(t, w.azure.PutScopedRoleAssignment(plane.Subscription, r))
		t.Cleanup(func() { w.azure.DeleteScopedRoleAssignment(plane.Subscription, r) })
	}

	must(t, w.azure.PutResourceGroup(plane.Subscription, azure.ResourceGroup{Name: "rg-platform", Location: plane.Location}))

	for id, account := range map[string]string{azureCrossplane: "provider-azure", azureCreator: "provider-keyvault-secretsync"} {
		manage(t, http.MethodPut, id, map[string]any{"location": plane.Location}, nil)
		trust(t, id, account, issuerOf(p))
	}

	for _, r := range plane.ProvisionerRoles(identityOf(t, azureCrossplane).Properties.PrincipalID, plane.ResourceGroup) {
		must(t, w.azure.PutScopedRoleAssignment(plane.Subscription, r))
		t.Cleanup(func() { w.azure.DeleteScopedRoleAssignment(plane.Subscription, r) })
	}

	change(azureConfig, func(o map[string]any) { set(o, identityOf(t, azureCrossplane).Properties.ClientID, "spec", "clientID") })(t, p)
}

// field returns a text field of an object.
func field(o any, name string) string {
	fields, _ := o.(map[string]any)

	return fmt.Sprint(fields[name])
}

func issuerOf(p *plane.Plane) string { return field(p.Settings(), "oidcIssuerUrl") }

func identityOf(t *testing.T, id string) azureIdentity {
	t.Helper()

	var out azureIdentity

	manage(t, http.MethodGet, id, nil, &out)

	return out
}

// trust makes an identity trust a ServiceAccount in Crossplane's namespace.
func trust(t *testing.T, id, account, issuer string) {
	t.Helper()

	manage(t, http.MethodPut, id+"/federatedIdentityCredentials/"+account, map[string]any{"properties": map[string]any{
		"issuer": issuer, "subject": "system:serviceaccount:" + plane.Namespace + ":" + account, "audiences": []string{"api://AzureADTokenExchange"},
	}}, nil)
}

// manage changes an identity or its credentials as the owner of the subscription.
func manage(t *testing.T, method, id string, body, into any) {
	t.Helper()

	// The cleanup calls it after the end of the test.
	ctx := context.WithoutCancel(t.Context())
	transport := &http.Client{Transport: w.azure.Transport()}

	credential, err := azidentity.NewClientSecretCredential(plane.Tenant, ownerClient, ownerPassword, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: policy.ClientOptions{Transport: transport},
	})
	must(t, err)

	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	must(t, err)

	content, err := json.Marshal(body)
	must(t, err)

	r, err := http.NewRequestWithContext(ctx, method, "https://management.azure.com"+id+"?api-version=2023-01-31", strings.NewReader(string(content)))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+token.Token)
	r.Header.Set("Content-Type", "application/json")

	rsp, err := transport.Do(r)
	must(t, err)
	defer rsp.Body.Close() //nolint:errcheck // It was only read.

	answer, err := io.ReadAll(rsp.Body)
	must(t, err)

	if rsp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("cannot %s %s: %s: %s", method, id, rsp.Status, answer)
	}

	if into != nil {
		must(t, json.Unmarshal(answer, into))
	}
}

func must(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

// azureFails makes Azure fail.
func azureFails(f azure.Fault) planter {
	return func(t *testing.T, _ *plane.Plane) {
		t.Helper()

		id, err := w.azure.AddFault(f)
		must(t, err)
		t.Cleanup(func() { w.azure.RemoveFault(id) })
	}
}
