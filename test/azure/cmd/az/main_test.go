// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	tenant       = "11111111-1111-4111-8111-111111111111"
	subscription = "22222222-2222-4222-8222-222222222222"
	owner        = "33333333-3333-4333-8333-333333333333"
	secret       = "of-the-owner"
	issuer       = "https://oidc.example.com/az"
)

// TestCommands runs the commands in order.
func TestCommands(t *testing.T) {
	s, err := azure.Start(t.Context(), azure.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})

	err = s.Apply(azure.State{
		Tenants: []azure.TenantState{{ID: tenant, Applications: []azure.ApplicationState{
			{Application: azure.Application{ClientID: owner, PrincipalID: owner, ClientSecret: secret}},
		}}},
		Subscriptions: []azure.Subscription{{
			ID: subscription, TenantID: tenant, RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: owner, Role: "Owner"}},
			ResourceGroups: []azure.ResourceGroup{{Name: "rg", Location: "westeurope"}},
			Registrations:  map[string]string{"Microsoft.ManagedIdentity": "NotRegistered"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}

	if err := s.PutCluster(azure.Cluster{SubscriptionID: subscription, ResourceGroup: "rg", Name: "aks", Issuer: issuer}); err != nil {
		t.Fatal(err)
	}

	config := t.TempDir()
	getenv := func(name string) string {
		return map[string]string{
			"AZURE_STAND_IN_ADMIN": s.AdminURL(), "AZURE_TENANT_ID": tenant, "AZURE_CONFIG_DIR": config,
			"AZURE_CLIENT_ID": owner, "AZURE_CLIENT_SECRET": secret,
		}[name]
	}

	group := "/subscriptions/" + subscription + "/resourceGroups/rg"
	assign := "role assignment create --role Reader --assignee-principal-type ServicePrincipal --scope " + group + " --assignee-object-id " + owner

	for _, tc := range []struct {
		reason  string
		command string
		want    string
		refused string
	}{
		{"Unknown commands are rejected.", "vm list", "", "unexpected argument vm"},
		{"Unknown options are rejected.", "identity create --name it --resource-group rg --location here", "", "unknown flag --location"},
		{"Without a subscription, commands fail.", "group create --name more --location westeurope", "", "could not be found"},
		{"The user signs in.", "login", "", ""},
		{"Other subscriptions are invisible.", "account set --subscription " + owner, "", "SubscriptionNotFound"},
		{"The subscription is set.", "account set --subscription " + subscription, "", ""},
		{"Unsupported queries are rejected.", "provider show --namespace Microsoft.KeyVault --query [].id", "", "cannot print"},
		{"A group is created.", "group create --name more --location westeurope --query name --output tsv", "more\n", ""},
		{"Creating the group again succeeds.", "group create --name more --location westeurope --output none", "", ""},
		{"The group cannot be created in another location.", "group create --name more --location northeurope", "", "InvalidResourceGroupLocation"},
		{"The issuer does not exist before it is enabled.", "aks show --name aks --resource-group rg --query oidcIssuerProfile.issuerUrl --output tsv", "\n", ""},
		{"The issuer is enabled.", "aks update --name aks --resource-group rg --enable-oidc-issuer --enable-workload-identity --output none", "", ""},
		{"The enabled issuer exists.", "aks show --name aks --resource-group rg --query oidcIssuerProfile.issuerUrl --output tsv", issuer + "\n", ""},
		{"An identity needs a registered resource provider.", "identity create --name app --resource-group rg", "", "MissingSubscriptionRegistration"},
		{"The resource provider is registered.", "provider register --namespace Microsoft.ManagedIdentity --wait", "", ""},
		{"The registration is visible.", "provider show --namespace Microsoft.ManagedIdentity --query registrationState --output tsv", "Registered\n", ""},
		{"An identity can be created.", "identity create --name app --resource-group rg --query {name:name} --output table", "Name\n----\napp\n", ""},
		{
			"It trusts a ServiceAccount.", "identity federated-credential create --name accounts --identity-name app --resource-group rg --issuer " + issuer +
				" --subject system:serviceaccount:a:b --audiences api://AzureADTokenExchange --query subject --output tsv",
			"system:serviceaccount:a:b\n", "",
		},
		{"The role must exist.", strings.Replace(assign, "Reader", "Nobody", 1), "", "role 'Nobody' doesn't exist"},
		{"A role is assigned.", assign + " --query principalId --output tsv", owner + "\n", ""},
		{"Assigning the role again succeeds.", assign, "", ""},
		{"A custom role is created.", `role definition create --role-definition {"Name":"Mine","Actions":["*/read"],"AssignableScopes":["` + group + `"]} --query roleName --output tsv`, "Mine\n", ""},
		{"A custom role cannot be created again.", `role definition create --role-definition {"Name":"Mine","Actions":["*/read"],"AssignableScopes":["` + group + `"]}`, "", "exists"},
		{"Unknown fields of a custom role are rejected.", `role definition create --role-definition {"Name":"Mine","Acts":[]}`, "", "unknown field"},
		{"The data actions of a custom role must exist.", `role definition create --role-definition {"Name":"Data","DataActions":["Microsoft.KeyVault/vaults/secrets/list"],"AssignableScopes":["` + group + `"]}`, "", "InvalidDataActionOrNotDataAction"},
		{"A custom role can be assigned.", strings.Replace(assign, "Reader", "Mine", 1) + " --query principalType --output tsv", "ServicePrincipal\n", ""},
		{"A role can be assigned with a condition.", strings.Replace(assign, "Reader", "Contributor", 1) + " --condition-version 2.0 --condition ActionMatches{'*'} --query condition --output tsv", "ActionMatches{'*'}\n", ""},
		{"An invalid condition is rejected.", strings.Replace(strings.Replace(assign, "Reader", "Owner", 1), owner, uuid.NewString(), 1) + " --condition-version 2.0 --condition none", "", "InvalidConditionOrConditionVersion"},
	} {
		var out bytes.Buffer

		err := run(t.Context(), strings.Fields(tc.command), getenv, &out)

		switch {
		case tc.refused != "":
			if err == nil || !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("\n%s\naz %s: want an error with %q, got %v", tc.reason, tc.command, tc.refused, err)
			}
		case err != nil:
			t.Errorf("\n%s\naz %s: %v", tc.reason, tc.command, err)
		default:
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("\n%s\naz %s: -want, +got:\n%s", tc.reason, tc.command, diff)
			}
		}
	}
}
