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
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

// Who there is in Azure besides the applications and the providers.
const (
	// doctorClient may read the subscription, and nothing else.
	doctorClient   = "dddddddd-aaaa-4ddd-8ddd-dddddddddddd"
	doctorObject   = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
	doctorPassword = "password-of-the-doctor"

	// ownerClient is who sets the platform up.
	ownerClient   = "eeeeeeee-aaaa-4eee-8eee-eeeeeeeeeeee"
	ownerObject   = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee"
	ownerPassword = "password-of-the-owner"

	nobody = "ffffffff-ffff-4fff-8fff-ffffffffffff"
)

const (
	azureSubscription = "/subscriptions/" + plane.Subscription
	azureGroup        = azureSubscription + "/resourceGroups/" + plane.ResourceGroup
	azureIdentities   = azureSubscription + "/resourceGroups/rg-platform/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	azureCrossplane   = azureIdentities + "crossplane"
	azureCreator      = azureIdentities + "secret-creator"
)

var (
	settingsConfig = key{"apiextensions.crossplane.io/v1beta1", "EnvironmentConfig", "", "platform-application"} //nolint:gochecknoglobals // A constant.
	creatorConfig  = key{"secrets.p6m.dev/v1alpha1", "ClusterProviderConfig", "", "default"}                     //nolint:gochecknoglobals // A constant.
)

// An azureIdentity is what the Resource Manager says of one.
type azureIdentity struct {
	Properties struct {
		ClientID    string `json:"clientId"`
		PrincipalID string `json:"principalId"`
	} `json:"properties"`
}

// prepareAzure makes of an Azure what step 1 of the set-up page does, with identities that are the providers' while the test runs.
func prepareAzure(t *testing.T, p *plane.Plane) {
	t.Helper()

	roles := []azure.ScopedRoleAssignment{{PrincipalID: doctorObject, Role: "Reader"}, {PrincipalID: ownerObject, Role: "Owner"}}

	for _, a := range []azure.Application{
		{TenantID: plane.Tenant, ClientID: doctorClient, PrincipalID: doctorObject, ClientSecret: doctorPassword},
		{TenantID: plane.Tenant, ClientID: ownerClient, PrincipalID: ownerObject, ClientSecret: ownerPassword},
	} {
		must(t, w.azure.PutApplication(a))
	}

	// The officer of the settings is somebody who has been seen.
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
		manage(t, http.MethodPut, id, "2023-01-31", map[string]any{"location": plane.Location}, nil)
		trust(t, id, account, issuerOf(p))
	}

	for _, r := range doctorRoles(t) {
		must(t, w.azure.PutScopedRoleAssignment(plane.Subscription, r))
		t.Cleanup(func() { w.azure.DeleteScopedRoleAssignment(plane.Subscription, r) })
	}

	change(azureConfig, func(o map[string]any) { set(o, identityOf(t, azureCrossplane).Properties.ClientID, "spec", "clientID") })(t, p)
}

// field of an object, which is text.
func field(o any, name string) string {
	fields, _ := o.(map[string]any)

	return fmt.Sprint(fields[name])
}

func issuerOf(p *plane.Plane) string { return field(p.Settings(), "oidcIssuerUrl") }

// rolesCondition lets roles be assigned, and no others.
func rolesCondition(roles ...string) string {
	const assignments = "Microsoft.Authorization/roleAssignments"

	these := "ForAnyOfAnyValues:GuidEquals {" + strings.Join(roles, ", ") + "}"

	return "((!(ActionMatches{'" + assignments + "/write'})) OR (@Request[" + assignments + ":RoleDefinitionId] " + these + ")) AND " +
		"((!(ActionMatches{'" + assignments + "/delete'})) OR (@Resource[" + assignments + ":RoleDefinitionId] " + these + "))"
}

// doctorRoles are those that the set-up page gives to the identity of the Azure providers.
func doctorRoles(t *testing.T) []azure.ScopedRoleAssignment {
	t.Helper()

	who := identityOf(t, azureCrossplane).Properties.PrincipalID

	return []azure.ScopedRoleAssignment{
		{PrincipalID: who, Role: "Contributor", Scope: azureGroup},
		{PrincipalID: who, Role: "Role Based Access Control Administrator", Scope: azureGroup, Condition: rolesCondition(azure.SecretsUser, azure.SecretsOfficer)},
		{PrincipalID: who, Role: "Key Vault Purge Operator"},
	}
}

func identityOf(t *testing.T, id string) azureIdentity {
	t.Helper()

	var out azureIdentity

	manage(t, http.MethodGet, id, "2023-01-31", nil, &out)

	return out
}

// trust has an identity trust a ServiceAccount of Crossplane's namespace.
func trust(t *testing.T, id, account, issuer string) {
	t.Helper()

	manage(t, http.MethodPut, id+"/federatedIdentityCredentials/"+account, "2023-01-31", map[string]any{"properties": map[string]any{
		"issuer": issuer, "subject": "system:serviceaccount:" + plane.Namespace + ":" + account, "audiences": []string{"api://AzureADTokenExchange"},
	}}, nil)
}

// manage asks the Resource Manager as the owner of the subscription.
func manage(t *testing.T, method, id, version string, body, into any) {
	t.Helper()

	// What takes a fault away asks for it after the test.
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

	r, err := http.NewRequestWithContext(ctx, method, "https://management.azure.com"+id+"?api-version="+version, strings.NewReader(string(content)))
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

// A planter plants a fault.
type planter = func(*testing.T, *plane.Plane)

// together plants several faults.
func together(all ...planter) planter {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		for _, plant := range all {
			plant(t, p)
		}
	}
}

// officers changes those of the settings.
func officers(edit func(officers []any) []any) planter {
	return change(settingsConfig, func(o map[string]any) {
		fields := []string{"data", "keyVault", "officers"}

		before, _, err := unstructured.NestedSlice(o, fields...)
		if err != nil {
			panic(err)
		}

		set(o, edit(before), fields...)
	})
}

// refused has the Resource Manager refuse to tell the doctor something.
func refused(operation string, status int, code string) planter {
	return faulty(azure.Fault{Operation: operation, Effect: azure.EffectStatus, Status: status, Error: code})
}

func faulty(f azure.Fault) planter {
	return func(t *testing.T, _ *plane.Plane) {
		t.Helper()

		f.Identity = doctorClient
		id, err := w.azure.AddFault(f)
		must(t, err)
		t.Cleanup(func() { w.azure.RemoveFault(id) })
	}
}

// subscribed changes the subscription.
func subscribed(s azure.Subscription) planter {
	return func(t *testing.T, _ *plane.Plane) {
		t.Helper()

		well := azure.Subscription{ID: plane.Subscription, TenantID: plane.Tenant}
		s.ID, s.TenantID = well.ID, well.TenantID
		must(t, w.azure.PutSubscription(s))
		t.Cleanup(func() { must(t, w.azure.PutSubscription(well)) })
	}
}

// assigned gives a role to the identity of the Azure providers.
func assigned(a azure.ScopedRoleAssignment) planter {
	return func(t *testing.T, _ *plane.Plane) {
		t.Helper()

		a.PrincipalID = identityOf(t, azureCrossplane).Properties.PrincipalID
		must(t, w.azure.PutScopedRoleAssignment(plane.Subscription, a))
		t.Cleanup(func() { w.azure.DeleteScopedRoleAssignment(plane.Subscription, a) })
	}
}

// unassigned takes one of the roles of the set-up page away.
func unassigned(role string) planter {
	return func(t *testing.T, _ *plane.Plane) {
		t.Helper()

		all := doctorRoles(t)
		i := slices.IndexFunc(all, func(a azure.ScopedRoleAssignment) bool { return a.Role == role })

		w.azure.DeleteScopedRoleAssignment(plane.Subscription, all[i])
		t.Cleanup(func() { must(t, w.azure.PutScopedRoleAssignment(plane.Subscription, all[i])) })
	}
}

// conditioned changes the condition on which the Azure providers assign roles.
func conditioned(condition string) planter {
	const role = "Role Based Access Control Administrator"

	return together(unassigned(role), assigned(azure.ScopedRoleAssignment{Role: role, Scope: azureGroup, Condition: condition}))
}

// trusted changes the federated credential of the Azure providers.
func trusted(edit func(t *testing.T, issuer string)) planter {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		issuer := issuerOf(p)
		edit(t, issuer)
		t.Cleanup(func() { trust(t, azureCrossplane, "provider-azure", issuer) })
	}
}

// locked puts a lock on the resource group.
func locked(level string) planter {
	return func(t *testing.T, _ *plane.Plane) {
		t.Helper()

		id := azureGroup + "/providers/Microsoft.Authorization/locks/keep"
		manage(t, http.MethodPut, id, "2020-05-01", map[string]any{"properties": map[string]any{"level": level}}, nil)
		t.Cleanup(func() { manage(t, http.MethodDelete, id, "2020-05-01", nil, nil) })
	}
}

// named has a vault of the name that the vault of an application would get.
func named(v azure.Vault, deleted bool) planter {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		v.Name = azurename.Scope{
			SubscriptionID: plane.Subscription, Issuer: issuerOf(p), Namespace: "default", Name: "acceptance",
		}.Vault()
		if deleted {
			v.ResourceID = azureGroup + "/providers/Microsoft.KeyVault/vaults/" + v.Name
		}

		must(t, w.azure.PutTenant(v.TenantID))
		must(t, w.azure.PutVault(v))
		t.Cleanup(func() {
			if !deleted {
				must(t, w.azure.DeleteVault(v.Name))
			}

			must(t, w.azure.PurgeVault(v.Name))
		})

		if deleted {
			must(t, w.azure.DeleteVault(v.Name))
		}
	}
}

// createdBy is who creates missing secrets: an identity instead of an application.
func createdBy(t *testing.T, p *plane.Plane) {
	t.Helper()

	change(creatorConfig, func(o map[string]any) {
		set(o, map[string]any{
			"source": "WorkloadIdentity", "tenantId": plane.Tenant, "clientId": identityOf(t, azureCreator).Properties.ClientID,
		}, "spec", "credentials")
	})(t, p)
}

// azureFaults are those of the area azure.
func azureFaults() map[string]fault {
	const notSeen = "AzureSecretCreatorNotSeen"

	return map[string]fault{
		"Well": {
			reason: "The creator of secrets is an application here, which Entra ID alone knows.",
			want:   []string{notSeen},
		},

		"SignIn": {
			reason: "Entra ID does not know who runs the doctor.", want: []string{"AzureSignInFailed"}, alone: true,
			plant: func(t *testing.T, _ *plane.Plane) {
				t.Helper()
				w.azure.DeleteApplication(plane.Tenant, doctorClient)
				t.Cleanup(func() {
					must(t, w.azure.PutApplication(azure.Application{TenantID: plane.Tenant, ClientID: doctorClient, PrincipalID: doctorObject, ClientSecret: doctorPassword}))
				})
			},
		},
		"Unreachable": {
			reason: "The Resource Manager does not answer to the end.", want: []string{"AzureUnreachable"}, alone: true,
			plant: faulty(azure.Fault{Operation: azure.OpGetSubscription, Effect: azure.EffectTruncate}),
		},
		"Forbidden": {reason: "The doctor may not see locks.", plant: refused(azure.OpListLocks, http.StatusForbidden, ""), want: []string{"AzureMayNotRead"}},
		"Garbage":   {reason: "The answer is none.", plant: faulty(azure.Fault{Operation: azure.OpListLocks, Effect: azure.EffectGarbage}), want: []string{"AzureNoAnswer"}},

		"SubscriptionMissing": {
			reason: "There is no such subscription.", want: []string{"AzureSubscriptionMissing"}, alone: true,
			plant: refused(azure.OpGetSubscription, http.StatusNotFound, "SubscriptionNotFound"),
		},
		"SubscriptionOfOtherTenant": {
			reason: "It belongs to somebody else.", want: []string{"AzureSubscriptionOfOtherTenant"}, alone: true,
			plant: refused(azure.OpGetSubscription, http.StatusUnauthorized, "InvalidAuthenticationTokenTenant"),
		},
		"SubscriptionDisabled": {reason: "Nothing can be created.", plant: subscribed(azure.Subscription{State: "Disabled"}), want: []string{"AzureSubscriptionDisabled"}},
		"SubscriptionPastDue":  {reason: "Soon nothing can be.", plant: subscribed(azure.Subscription{State: "PastDue"}), want: []string{"AzureSubscriptionPastDue"}},
		"GroupMissing":         {reason: "There is no such group.", plant: refused(azure.OpGetResourceGroup, http.StatusNotFound, "ResourceGroupNotFound"), want: []string{"AzureResourceGroupMissing"}},
		"GroupDeleting": {
			reason: "The group is on its way out.", want: []string{"AzureResourceGroupDeleting"},
			plant: faulty(azure.Fault{
				Operation: azure.OpGetResourceGroup, Effect: azure.EffectGarbage, Text: `{"location": "westeurope", "properties": {"provisioningState": "Deleting"}}`,
			}),
		},
		"GroupElsewhere": {
			reason: "Vaults are elsewhere than their group.", want: []string{"AzureResourceGroupElsewhere"},
			plant: func(t *testing.T, _ *plane.Plane) {
				t.Helper()
				must(t, w.azure.PutResourceGroup(plane.Subscription, azure.ResourceGroup{Name: plane.ResourceGroup, Location: "northeurope"}))
				t.Cleanup(func() {
					must(t, w.azure.PutResourceGroup(plane.Subscription, azure.ResourceGroup{Name: plane.ResourceGroup, Location: plane.Location}))
				})
			},
		},
		"NotRegistered": {
			reason: "Azure would make no identity.", want: []string{"AzureResourceProviderNotRegistered"},
			plant: subscribed(azure.Subscription{Registrations: map[string]string{"Microsoft.ManagedIdentity": "NotRegistered"}}),
		},

		"IdentityNotFound": {
			reason: "Nobody has this client id.", want: []string{"AzureIdentityNotFound"},
			plant: change(azureConfig, func(o map[string]any) { set(o, nobody, "spec", "clientID") }),
		},
		"CredentialMissing": {
			reason: "The identity trusts nobody.", want: []string{"AzureFederatedCredentialMissing"},
			plant: trusted(func(t *testing.T, _ string) {
				t.Helper()
				manage(t, http.MethodDelete, azureCrossplane+"/federatedIdentityCredentials/provider-azure", "2023-01-31", nil, nil)
			}),
		},
		"CredentialWithSlash": {
			reason: "Entra ID compares the slash at the end of the issuer.", want: []string{"AzureFederatedCredentialDiffers"},
			plant: trusted(func(t *testing.T, issuer string) {
				t.Helper()
				trust(t, azureCrossplane, "provider-azure", issuer+"/")
			}),
		},
		"CreatorDiffers": {
			reason: "The settings name another identity.", plant: createdBy, want: []string{"AzureSecretCreatorDiffers"}, alone: true,
		},
		"CreatorMayNotWrite": {
			reason: "Nobody gives it a role.", want: []string{"AzureSecretCreatorMayNotWrite"}, alone: true,
			plant: together(createdBy, change(settingsConfig, func(o map[string]any) { unstructured.RemoveNestedField(o, "data", "secretCreatorPrincipalId") })),
		},

		"NoContributor":   {reason: "Nothing can be created.", plant: unassigned("Contributor"), want: []string{"AzureProviderMayNotWrite"}},
		"NoAdministrator": {reason: "No role can be assigned.", plant: unassigned("Role Based Access Control Administrator"), want: []string{"AzureProviderMayNotAssignRoles"}},
		"NoPurge":         {reason: "No deleted vault can be seen or purged.", plant: unassigned("Key Vault Purge Operator"), want: []string{"AzureProviderMayNotPurge", "AzureProviderMayNotSeeDeletedVaults"}},
		"OneRole":         {reason: "Officers get no role.", plant: conditioned(rolesCondition(azure.SecretsUser)), want: []string{"AzureConditionRefusesRoles"}},
		"NoCondition":     {reason: "Every role can be assigned.", plant: conditioned(""), want: []string{"AzureProviderMayAssignOtherRoles"}},
		"StrangeCondition": {
			reason: "What is not understood is not assumed to be right.", want: []string{"AzureRightsUnknown"},
			plant: conditioned("(" + rolesCondition(azure.SecretsUser, azure.SecretsOfficer) + ") AND (@Principal[department] StringEquals 'platform')"),
		},
		"Elsewhere": {reason: "The providers may change other groups.", plant: assigned(azure.ScopedRoleAssignment{Role: "Key Vault Contributor"}), want: []string{"AzureProviderHasRightsElsewhere"}},
		"Secrets":   {reason: "The providers have no business with secrets.", plant: assigned(azure.ScopedRoleAssignment{Role: "Key Vault Secrets User", Scope: azureGroup}), want: []string{"AzureProviderMayReadSecrets"}},

		"RoomLow":  {reason: "There is room for few applications.", plant: subscribed(azure.Subscription{Padding: azure.Padding{RoleAssignments: 3300}}), want: []string{"AzureRoomLow"}},
		"RoomNone": {reason: "There is room for none.", plant: subscribed(azure.Subscription{Padding: azure.Padding{Vaults: 800}}), want: []string{"AzureRoomNone"}},

		"OfficerNotSeen": {
			reason: "Somebody has mistyped an id.", want: []string{"AzureOfficerNotSeen"},
			plant: officers(func(all []any) []any { return append(all, map[string]any{"objectId": nobody}) }),
		},
		"OfficerType": {
			reason: "Azure refuses another type.", want: []string{"AzureOfficerTypeDiffers"},
			plant: officers(func(all []any) []any {
				return []any{map[string]any{"objectId": field(all[0], "objectId"), "principalType": "Group"}}
			}),
		},

		"CanNotDelete": {reason: "Applications cannot be deleted.", plant: locked("CanNotDelete"), want: []string{"AzureLockedForDeletion"}},
		"ReadOnly":     {reason: "Nothing can be changed.", plant: locked("ReadOnly"), want: []string{"AzureLockedForWriting"}},
		"Policy": {
			reason: "A policy refuses vaults.", want: []string{"AzurePolicyDenies"},
			plant: subscribed(azure.Subscription{Policies: map[string]string{"no-vaults": "Microsoft.KeyVault/vaults"}}),
		},

		"NameTaken":   {reason: "Somebody else has the name.", plant: named(azure.Vault{TenantID: nobody}, false), want: []string{"AzureVaultNameTaken"}},
		"NameDeleted": {reason: "The application was there before.", plant: named(azure.Vault{TenantID: plane.Tenant, Location: plane.Location}, true), want: []string{"AzureVaultSoftDeleted"}},
	}
}

// azureUnplanted are codes of the area azure that cannot be planted here.
func azureUnplanted() map[string]string {
	return map[string]string{"AzureInitiativeDenies": "Definitions of the stand-in are in no initiative. TestDecide of the area azure"}
}
