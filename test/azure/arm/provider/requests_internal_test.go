// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net/http"
	"slices"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	upjet "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/limits"
)

// requests by operation.
type requests map[string]int

// TestRequests has a resource of each kind created, and then looked at as at every poll, and counts what Azure is asked for. What a
// poll costs decides how many applications a subscription can have.
func TestRequests(t *testing.T) {
	const (
		tenant       = "11111111-1111-4111-8111-111111111111"
		subscription = "22222222-2222-4222-8222-222222222222"
		clientID     = "99999999-9999-4999-8999-999999999901"
		principalID  = "99999999-9999-4999-8999-999999999902"
		secret       = "of-the-platform"

		vaultID    = "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-requests"
		identityID = "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-requests"
		assigned   = "33333333-3333-4333-8333-333333333333"

		// hurried waits as often as the real provider does, for next to no time.
		hurried Pace = 1e-4
	)

	s, err := azure.Start(t.Context(), azure.Options{})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })

	must(t, s.Apply(azure.State{
		Tenants: []azure.TenantState{{ID: tenant, Applications: []azure.ApplicationState{
			{Application: azure.Application{ClientID: clientID, PrincipalID: principalID, ClientSecret: secret}},
		}}},
		Subscriptions: []azure.Subscription{{
			ID: subscription, TenantID: tenant, RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: principalID, Role: "Owner"}},
			ResourceGroups: []azure.ResourceGroup{{Name: "rg", Location: "westeurope"}},
		}},
	}))

	through := s.Transport()
	t.Cleanup(through.CloseIdleConnections)

	scheme := runtime.NewScheme()
	must(t, corev1.AddToScheme(scheme))
	must(t, AddToScheme(scheme))

	kc := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "azure"}, Data: map[string][]byte{
			"c": []byte(`{"clientId":"` + clientID + `","clientSecret":"` + secret + `","tenantId":"` + tenant + `","subscriptionId":"` + subscription + `"}`),
		}},
		&v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default"}, Spec: v1beta1.ProviderConfigSpec{
			Credentials: v1beta1.ProviderCredentials{Source: xpv1.CredentialsSourceSecret, CommonCredentialSelectors: xpv1.CommonCredentialSelectors{
				SecretRef: &xpv1.SecretKeySelector{SecretReference: xpv1.SecretReference{Name: "azure"}, Key: "c"},
			}},
		}},
	).Build()

	identity := object{"name": "id-requests", "location": "West Europe", "resource_group_name": "rg"}
	vault := object{
		"name": "kv-requests", "location": "westeurope", "resource_group_name": "rg", "sku_name": "standard", "tenant_id": tenant,
		"rbac_authorization_enabled": true, "purge_protection_enabled": true, "tags": object{"application": "shop"},
	}

	// In this order: each needs the one before.
	cases := []struct {
		reason    string
		kind      kind
		name      string
		arguments object
		create    requests
		observe   requests
	}{
		{
			reason: "A vault's address is asked ten times, and its contacts at every look, both times first without a token.",
			kind:   vaultKind(hurried), name: "kv-requests", arguments: vault,
			create: requests{
				azure.OpToken: 2, azure.OpGetVault: 3, azure.OpGetDeletedVault: 1, azure.OpPutVault: 1, azure.OpChallenge: 11, azure.OpGetContacts: 1,
			},
			observe: requests{azure.OpToken: 3, azure.OpGetVault: 1, azure.OpChallenge: 1, azure.OpGetContacts: 1},
		},
		{
			reason: "An identity is read once.",
			kind:   identityKind(), name: identityID, arguments: identity,
			create:  requests{azure.OpToken: 1, azure.OpGetIdentity: 2, azure.OpPutIdentity: 1},
			observe: requests{azure.OpToken: 2, azure.OpGetIdentity: 1},
		},
		{
			reason: "So is a credential.",
			kind:   credentialKind(), name: "fic-requests",
			arguments: object{
				"name": "fic-requests", "resource_group_name": "rg", "parent_id": identityID, "issuer": "https://oidc.example.org",
				"subject": "system:serviceaccount:shop:api", "audience": []any{"api://AzureADTokenExchange"},
			},
			create:  requests{azure.OpToken: 1, azure.OpGetCredential: 2, azure.OpPutCredential: 1},
			observe: requests{azure.OpToken: 2, azure.OpGetCredential: 1},
		},
		{
			reason: "An assignment is found five times before it is believed, and its role is read whenever it is.",
			kind:   assignmentKind(hurried), name: vaultID + "/providers/Microsoft.Authorization/roleAssignments/" + assigned,
			arguments: object{
				"name": assigned, "scope": vaultID, "principal_id": principalID, "role_definition_name": "Key Vault Secrets User",
			},
			create: requests{
				azure.OpToken: 1, azure.OpListRoleDefinitions: 1, azure.OpGetRoleAssignment: 7, azure.OpPutRoleAssignment: 1, azure.OpGetRoleDefinition: 1,
			},
			observe: requests{azure.OpToken: 2, azure.OpGetRoleAssignment: 1, azure.OpGetRoleDefinition: 1},
		},
	}

	// What the page about limits computes with: a look at a resource, but for tokens and for what vaults are asked themselves.
	reads := map[string]int{}

	for _, tc := range cases {
		for operation, n := range tc.observe {
			if !slices.Contains([]string{azure.OpToken, azure.OpChallenge, azure.OpGetContacts}, operation) {
				reads[tc.kind.gvk.Kind] += n
			}
		}
	}

	if diff := cmp.Diff(limits.Reads(), reads); diff != "" {
		t.Errorf("reads of the resource manager with each look at a resource: -want, +got:\n%s", diff)
	}

	for _, tc := range cases {
		t.Run(tc.kind.gvk.Kind, func(t *testing.T) {
			c := &client{http: &http.Client{Transport: through}, who: servicePrincipal{
				ClientID: clientID, ClientSecret: secret, TenantID: tenant, SubscriptionID: subscription,
			}}
			r := tc.kind.resource.TerraformResource

			d := tf.TestResourceDataRaw(t, r.Schema, tc.arguments)
			d.MarkNewResource()

			if diags := r.CreateContext(t.Context(), d, c); diags.HasError() {
				t.Fatal(diags)
			}

			if diff := cmp.Diff(tc.create, counted(s)); diff != "" {
				t.Errorf("\n%s\nCreate: -want, +got:\n%s", tc.reason, diff)
			}

			mg := managedResource(t, tc.kind, tc.name, tc.arguments)

			external, err := connector(kc, tc.kind, upjet.NewOperationStore(logging.NewNopLogger()), through,
				upjet.WithTerraformPluginSDKAsyncLogger(logging.NewNopLogger())).Connect(t.Context(), mg)
			must(t, err)

			o, err := external.Observe(t.Context(), mg)
			must(t, err)

			if diff := cmp.Diff([]bool{true, true}, []bool{o.ResourceExists, o.ResourceUpToDate}); diff != "" {
				t.Errorf("\nWhat was just created is there, and as it was asked for.\nObserve(...): -want, +got:\n%s", diff)
			}

			if diff := cmp.Diff(tc.observe, counted(s)); diff != "" {
				t.Errorf("\n%s\nObserve: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// counted requests since it was called last, but for connections.
func counted(s *azure.Server) requests {
	out := requests{}

	for _, c := range s.Counts() {
		if c.Operation != azure.OpConnect {
			out[c.Operation] += c.Count
		}
	}

	s.ResetCounts()

	return out
}

func must(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

// managedResource of a kind, with arguments of Terraform.
func managedResource(t *testing.T, k kind, externalName string, arguments object) xpresource.Managed {
	t.Helper()

	mg, ok := k.object.DeepCopyObject().(interface {
		resource.Terraformed
		xpresource.ModernManaged
	})
	if !ok {
		t.Fatalf("%s is not of Terraform", k.gvk.Kind)
	}

	must(t, mg.SetParameters(arguments))

	mg.SetNamespace("shop")
	mg.SetName("api")
	mg.SetUID(types.UID(k.gvk.Kind))
	mg.GetObjectKind().SetGroupVersionKind(k.gvk)
	meta.SetExternalName(mg, externalName)
	mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: "default"})

	return mg
}
