// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/test/azure"
)

// These are the platform's resources in Azure. Planes that share an Azure share them.
const (
	Tenant        = "11111111-1111-4111-8111-111111111111"
	Subscription  = "22222222-2222-4222-8222-222222222222"
	ResourceGroup = "rg-applications"
	Location      = "westeurope"
)

// These are the network of all clusters, which is a network of the stand-in in lower case, and what vaults can use in Azure.
const (
	VirtualNetwork = "/subscriptions/" + Subscription + "/resourcegroups/rg-network/providers/microsoft.network/virtualnetworks/cluster"
	Subnet         = networkGroup + "Microsoft.Network/virtualNetworks/cluster/subnets/endpoints"
	DNSZone        = networkGroup + "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	Workspace      = networkGroup + "Microsoft.OperationalInsights/workspaces/platform"

	networkGroup = "/subscriptions/" + Subscription + "/resourceGroups/rg-network/providers/"
)

// A principal has a password.
type principal struct{ clientID, principalID, password string }

// These are the principals besides the applications.
var (
	// provisioner is the principal of the Azure providers: it can create vaults, identities and
	// role assignments.
	provisioner = principal{"aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "99999999-9999-4999-8999-999999999999", "password-of-the-provisioner"} //nolint:gochecknoglobals // A constant.

	// creator is the principal with which provider-keyvault-secretsync creates missing secrets.
	creator = principal{"44444444-aaaa-4444-8444-444444444444", "44444444-4444-4444-8444-444444444444", "password-of-the-creator"} //nolint:gochecknoglobals // A constant.

	// officer can set values in every vault. People sign in with a browser; this is an app
	// registration.
	officer = principal{"55555555-aaaa-4555-8555-555555555555", "55555555-bbbb-4555-8555-555555555555", "password-of-the-officer"} //nolint:gochecknoglobals // A constant.
)

// openAccount registers all of these in Azure.
func (p *Plane) openAccount(context.Context) error {
	a := p.options.Azure
	if err := a.PutTenant(Tenant); err != nil {
		return err
	}

	for _, who := range []principal{provisioner, creator, officer} {
		err := a.PutApplication(azure.Application{
			TenantID: Tenant, ClientID: who.clientID, PrincipalID: who.principalID, ClientSecret: who.password,
		})
		if err != nil {
			return err
		}
	}

	// A token of a ServiceAccount of this cluster can replace the password.
	for serviceAccount, who := range map[string]principal{"provider-azure": provisioner, "provider-keyvault-secretsync": creator} {
		err := a.PutFederatedCredential(Tenant, who.clientID, azure.FederatedCredential{
			Name: p.options.Name, Issuer: p.issuer, Subject: "system:serviceaccount:" + Namespace + ":" + serviceAccount,
			Audiences: []string{"api://AzureADTokenExchange"},
		})
		if err != nil {
			return err
		}
	}

	return a.PutSubscription(azure.Subscription{
		ID: Subscription, TenantID: Tenant, RoleAssignments: ProvisionerRoles(provisioner.principalID, ResourceGroup),
		ResourceGroups: []azure.ResourceGroup{{Name: ResourceGroup, Location: Location}},
	})
}

// GrantGroup gives the Azure providers their roles in another resource group.
func GrantGroup(a *azure.Server, group string) error {
	return a.PutSubscription(azure.Subscription{ID: Subscription, TenantID: Tenant, RoleAssignments: ProvisionerRoles(provisioner.principalID, group)})
}

// GrantNetwork gives the Azure providers the roles of docs/how-to/private-vaults.md.
func GrantNetwork(a *azure.Server) error {
	var errs []error
	for scope, role := range map[string]string{
		Subnet: "Network Contributor", DNSZone: "Private DNS Zone Contributor", Workspace: "Log Analytics Contributor",
	} {
		errs = append(errs, a.PutScopedRoleAssignment(Subscription, azure.ScopedRoleAssignment{PrincipalID: provisioner.principalID, Role: role, Scope: scope}))
	}

	return errors.Join(errs...)
}

// ProvisionerRoles are the roles that docs/how-to/set-up-a-platform.md assigns to the principal of the Azure providers in that resource
// group.
func ProvisionerRoles(principal, name string) []azure.ScopedRoleAssignment {
	return provisionerRoles(Subscription, principal, name)
}

func provisionerRoles(subscriptionID, principal, name string) []azure.ScopedRoleAssignment {
	const (
		assignments = "Microsoft.Authorization/roleAssignments"
		roles       = "ForAnyOfAnyValues:GuidEquals {" + azure.SecretsUser + ", " + azure.SecretsOfficer + "}"
	)

	subscription := "/subscriptions/" + subscriptionID
	group := subscription + "/resourceGroups/" + name

	return []azure.ScopedRoleAssignment{
		{PrincipalID: principal, Role: "Contributor", Scope: group},
		{
			PrincipalID: principal, Role: "Role Based Access Control Administrator", Scope: group,
			Condition: "((!(ActionMatches{'" + assignments + "/write'})) OR (@Request[" + assignments + ":RoleDefinitionId] " + roles + ")) AND " +
				"((!(ActionMatches{'" + assignments + "/delete'})) OR (@Resource[" + assignments + ":RoleDefinitionId] " + roles + "))",
		},

		// It also sees deleted vaults.
		{PrincipalID: principal, Role: "Key Vault Purge Operator", Scope: subscription},
	}
}

// configure configures the providers and the function, as a platform team does.
func (p *Plane) configure(ctx context.Context) error {
	if err := p.Configure(ctx, p.Settings()); err != nil {
		return err
	}

	if err := p.configureAzure(ctx, "default", Subscription, provisioner, map[string]any{}); err != nil {
		return err
	}

	return p.API.Apply(
		ctx,
		secret("secret-creator", "clientSecret", creator.password),
		object("secrets.p6m.dev/v1alpha1", "ClusterProviderConfig", "default", map[string]any{"credentials": map[string]any{
			"source": "ClientSecret", "tenantId": Tenant, "clientId": creator.clientID,
			"secretRef": map[string]any{"namespace": Namespace, "name": "secret-creator", "key": "clientSecret"},
		}}),
	)
}

// configureAzure applies a provider configuration of the Azure providers, with the credentials of a principal.
func (p *Plane) configureAzure(ctx context.Context, name, subscription string, who principal, spec map[string]any) error {
	credentials, err := json.Marshal(map[string]string{
		"clientId": who.clientID, "clientSecret": who.password, "subscriptionId": subscription, "tenantId": Tenant,
	})
	if err != nil {
		return fmt.Errorf("cannot encode credentials: %w", err)
	}

	spec["credentials"] = map[string]any{
		"source":    "Secret",
		"secretRef": map[string]any{"namespace": Namespace, "name": "azure-credentials-" + name, "key": "credentials"},
	}

	return p.API.Apply(
		ctx, secret("azure-credentials-"+name, "credentials", string(credentials)), object("azure.m.upbound.io/v1beta1", "ClusterProviderConfig", name, spec),
	)
}

// Configure replaces the settings of the function.
func (p *Plane) Configure(ctx context.Context, settings map[string]any) error {
	return p.API.Apply(ctx, environmentConfig("platform-application", settings))
}

func environmentConfig(name string, data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.crossplane.io/v1beta1", "kind": "EnvironmentConfig", "metadata": map[string]any{"name": name}, "data": data,
	}}
}

// Settings returns the settings of the platform, as in the EnvironmentConfig.
func (p *Plane) Settings() map[string]any {
	settings := map[string]any{
		"tenantId":                 Tenant,
		"subscriptionId":           Subscription,
		"resourceGroupName":        ResourceGroup,
		"location":                 Location,
		"oidcIssuerUrl":            p.issuer,
		"secretCreatorPrincipalId": creator.principalID,
		"keyVault": map[string]any{
			// Nobody has granted roles on the resource group of a plane.
			"roleAssignments": "Vault",

			"officers": []any{map[string]any{"objectId": officer.principalID, "principalType": "ServicePrincipal"}},
			"allow":    map[string]any{"officers": "Any", "purge": true, "premium": true},
		},
	}

	if p.options.PollInterval > 0 {
		settings["secrets"] = map[string]any{"pollInterval": p.options.PollInterval.String()}
	}

	return settings
}

func secret(name, key, value string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: name},
		StringData: map[string]string{key: value},
	}
}

// Officer returns the client id and the password of the officer.
func Officer() (clientID, password string) { return officer.clientID, officer.password }

// SetSecret puts a value into a vault as an officer does, with the real client.
func SetSecret(ctx context.Context, a *azure.Server, vaultURI, name, value string) error {
	return SetSecretFrom(ctx, a, "", vaultURI, name, value)
}

// SetSecretFrom sets a secret as an officer in a network.
func SetSecretFrom(ctx context.Context, a *azure.Server, network, vaultURI, name, value string) error {
	options := policy.ClientOptions{Transport: &http.Client{Transport: a.TransportFrom(network)}}

	credential, err := azidentity.NewClientSecretCredential(Tenant, officer.clientID, officer.password, &azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	if err != nil {
		return fmt.Errorf("cannot sign in as %s: %w", officer.clientID, err)
	}

	client, err := azsecrets.NewClient(vaultURI, credential, &azsecrets.ClientOptions{ClientOptions: options})
	if err != nil {
		return fmt.Errorf("cannot make client of vault %s: %w", vaultURI, err)
	}

	if _, err := client.SetSecret(ctx, name, azsecrets.SetSecretParameters{Value: &value}, nil); err != nil {
		return fmt.Errorf("cannot set secret %q in vault %s: %w", name, vaultURI, err)
	}

	return nil
}
