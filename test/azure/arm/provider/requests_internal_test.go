// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	upjet "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	tf "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/limits"
)

const (
	tenant       = "11111111-1111-4111-8111-111111111111"
	subscription = "22222222-2222-4222-8222-222222222222"
	clientID     = "99999999-9999-4999-8999-999999999901"
	principalID  = "99999999-9999-4999-8999-999999999902"
	secret       = "of-the-platform"

	groupID    = "/subscriptions/" + subscription + "/resourceGroups/rg"
	vaultID    = groupID + "/providers/Microsoft.KeyVault/vaults/kv-requests"
	identityID = groupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-requests"

	// hurried waits as often as the real provider, but almost no time.
	hurried Pace = 1e-4
)

// An account is an Azure with a subscription that the provider owns, and a ProviderConfig for it.
type account struct {
	*azure.Server

	through *http.Transport
	kube    kube.Client
}

func newAccount(t *testing.T) *account {
	t.Helper()

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

	return &account{Server: s, through: through, kube: fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "azure"}, Data: map[string][]byte{
			"c": []byte(`{"clientId":"` + clientID + `","clientSecret":"` + secret + `","tenantId":"` + tenant + `","subscriptionId":"` + subscription + `"}`),
		}},
		&v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default"}, Spec: v1beta1.ProviderConfigSpec{
			Credentials: v1beta1.ProviderCredentials{Source: xpv1.CredentialsSourceSecret, CommonCredentialSelectors: xpv1.CommonCredentialSelectors{
				SecretRef: &xpv1.SecretKeySelector{SecretReference: xpv1.SecretReference{Name: "azure"}, Key: "c"},
			}},
		}},
	).Build()}
}

// apply lets Terraform create or change a resource, and returns the new state and the error.
func (a *account) apply(t *testing.T, k kind, was *terraform.InstanceState, arguments object) (*terraform.InstanceState, string) {
	t.Helper()

	c := a.client()
	r := k.resource.TerraformResource

	if was == nil {
		d := tf.TestResourceDataRaw(t, r.Schema, arguments)
		d.MarkNewResource()

		diags := r.CreateContext(t.Context(), d, c)
		if diags.HasError() {
			return nil, diags[0].Summary
		}

		return d.State(), ""
	}

	diff, err := r.Diff(t.Context(), was, terraform.NewResourceConfigRaw(arguments), c)
	must(t, err)

	is, diags := r.Apply(t.Context(), was, diff, c)
	if diags.HasError() {
		return is, diags[0].Summary
	}

	return is, ""
}

// observe observes a managed resource, like a poll.
func (a *account) observe(t *testing.T, k kind, name string, arguments object) (managed.ExternalObservation, error) {
	t.Helper()

	mg := managedResource(t, k, name, arguments)

	external, err := connector(a.kube, k, upjet.NewOperationStore(logging.NewNopLogger()), a.through,
		upjet.WithTerraformPluginSDKAsyncLogger(logging.NewNopLogger())).Connect(t.Context(), mg)
	must(t, err)

	return external.Observe(t.Context(), mg) //nolint:wrapcheck // It is what is tested.
}

func vaultArguments(more object) object {
	out := object{
		"name": "kv-requests", "location": "westeurope", "resource_group_name": "rg", "sku_name": "standard", "tenant_id": tenant,
		"rbac_authorization_enabled": true, "purge_protection_enabled": true, "tags": object{"application": "shop"},
	}
	maps.Copy(out, more)

	return out
}

func credentialArguments(name string) object {
	return object{
		"name": name, "resource_group_name": "rg", "parent_id": identityID, "issuer": "https://oidc.example.org",
		"subject": "system:serviceaccount:shop:" + name, "audience": []any{"api://AzureADTokenExchange"},
	}
}

func endpointArguments(name string) object {
	return object{
		"name": name, "resource_group_name": "rg", "location": "westeurope", "subnet_id": subnetID,
		"private_service_connection": []any{object{
			"name": "vault", "is_manual_connection": false, "private_connection_resource_id": vaultID, "subresource_names": []any{"vault"},
		}},
		"private_dns_zone_group": []any{object{"name": "vault", "private_dns_zone_ids": []any{zoneID}}},
	}
}

func identityArguments() object {
	return object{"name": "id-requests", "location": "West Europe", "resource_group_name": "rg"}
}

// requests returns the requests by operation.
type requests map[string]int

// reads returns the number of reads of Resource Manager.
func (r requests) reads() int {
	n := 0

	for operation, count := range r {
		if !slices.Contains([]string{fault.Token, fault.Challenge, fault.GetContacts}, operation) && !strings.HasPrefix(operation, "put") {
			n += count
		}
	}

	return n
}

// TestRequests creates a resource of each kind, observes it like a poll, and counts the requests to Azure. The cost of a poll
// limits the number of applications in a subscription.
func TestRequests(t *testing.T) {
	const assigned = "33333333-3333-4333-8333-333333333333"

	a := newAccount(t)

	// The order matters: each resource needs the previous one.
	cases := []struct {
		reason    string
		kind      kind
		name      string
		arguments object
		create    requests
		observe   requests
	}{
		{
			reason: "A vault's address gets ten requests, and its contacts one at every observation, both first without a token.",
			kind:   vaultKind(hurried), name: "kv-requests", arguments: vaultArguments(nil),
			create: requests{
				fault.Token: 2, fault.GetVault: 3, fault.GetDeletedVault: 1, fault.PutVault: 1, fault.Challenge: 11, fault.GetContacts: 1,
			},
			observe: requests{fault.Token: 3, fault.GetVault: 1, fault.Challenge: 1, fault.GetContacts: 1},
		},
		{
			reason: "An identity is read once.",
			kind:   identityKind(), name: identityID, arguments: identityArguments(),
			create:  requests{fault.Token: 1, fault.GetIdentity: 2, fault.PutIdentity: 1},
			observe: requests{fault.Token: 2, fault.GetIdentity: 1},
		},
		{
			reason: "A credential is read once.",
			kind:   credentialKind(), name: "fic-requests", arguments: credentialArguments("fic-requests"),
			create:  requests{fault.Token: 1, fault.GetCredential: 2, fault.PutCredential: 1},
			observe: requests{fault.Token: 2, fault.GetCredential: 1},
		},
		{
			reason: "An assignment must be found five times, and its role is read each time.",
			kind:   assignmentKind(hurried), name: vaultID + "/providers/Microsoft.Authorization/roleAssignments/" + assigned,
			arguments: object{
				"name": assigned, "scope": vaultID, "principal_id": principalID, "role_definition_name": "Key Vault Secrets User",
			},
			create: requests{
				fault.Token: 1, fault.ListRoleDefinitions: 1, fault.GetRoleAssignment: 7, fault.PutRoleAssignment: 1, fault.GetRoleDefinition: 1,
			},
			observe: requests{fault.Token: 2, fault.GetRoleAssignment: 1, fault.GetRoleDefinition: 1},
		},
		{
			reason: "A private endpoint is read with its network interface, the list of its DNS zone groups, and the only one of them.",
			kind:   endpointKind(), name: "pe-requests", arguments: endpointArguments("pe-requests"),
			create: requests{
				fault.Token: 1, fault.GetEndpoint: 2, fault.PutEndpoint: 1, fault.PutZoneGroup: 1,
				fault.GetInterface: 1, fault.ListZoneGroups: 1, fault.GetZoneGroup: 1,
			},
			observe: requests{fault.Token: 2, fault.GetEndpoint: 1, fault.GetInterface: 1, fault.ListZoneGroups: 1, fault.GetZoneGroup: 1},
		},
		{
			reason: "A diagnostic setting must be found three times.",
			kind:   diagnosticsKind(hurried), name: vaultID + "|logs", arguments: object{
				"name": "logs", "target_resource_id": vaultID, "log_analytics_workspace_id": workspaceID, "enabled_log": []any{object{"category_group": "audit"}},
			},
			create:  requests{fault.Token: 1, fault.GetDiagnostics: 5, fault.PutDiagnostics: 1},
			observe: requests{fault.Token: 2, fault.GetDiagnostics: 1},
		},
	}

	// The page about limits uses these numbers. The first observation of a missing resource is one read.
	type costs struct{ Reads, FirstReads, Tokens int }

	want, got := map[string]costs{}, map[string]costs{}

	for _, tc := range cases {
		kind := tc.kind.gvk.Kind
		want[kind] = costs{limits.Reads()[kind], limits.FirstReads()[kind], limits.Tokens()[kind]}
		got[kind] = costs{tc.observe.reads(), 1 + tc.create.reads() + tc.observe.reads(), tc.observe[fault.Token]}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reads of Resource Manager and tokens: -page, +counted:\n%s", diff)
	}

	for _, tc := range cases {
		t.Run(tc.kind.gvk.Kind, func(t *testing.T) {
			if _, failed := a.apply(t, tc.kind, nil, tc.arguments); failed != "" {
				t.Fatal(failed)
			}

			if diff := cmp.Diff(tc.create, counted(a.Server)); diff != "" {
				t.Errorf("\n%s\nCreate: -want, +got:\n%s", tc.reason, diff)
			}

			o, err := a.observe(t, tc.kind, tc.name, embedded(tc.arguments))
			must(t, err)

			if diff := cmp.Diff([]bool{true, true}, []bool{o.ResourceExists, o.ResourceUpToDate}); diff != "" {
				t.Errorf("\nWhat was just created is there, and as it was asked for.\nObserve(...): -want, +got:\n%s", diff)
			}

			if diff := cmp.Diff(tc.observe, counted(a.Server)); diff != "" {
				t.Errorf("\n%s\nObserve: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestVaults covers an existing vault, a deleted one, and a foreign one, in this order.
func TestVaults(t *testing.T) {
	a, k := newAccount(t), vaultKind(hurried)

	create := func() string {
		_, failed := a.apply(t, k, nil, vaultArguments(nil))

		return failed
	}
	observe := func(more object) string {
		o, err := a.observe(t, k, "kv-requests", vaultArguments(more))
		if err != nil {
			return err.Error()
		}

		return fmt.Sprintf("exists: %t, up to date: %t", o.ResourceExists, o.ResourceUpToDate)
	}
	outage := azure.Fault{Operation: fault.GetVault, Effect: azure.EffectStatus, Status: http.StatusServiceUnavailable, Count: 1}

	var state *terraform.InstanceState

	for _, step := range []struct {
		reason string
		do     func() string
		want   string
	}{
		{"The vault does not exist.", func() string { return observe(nil) }, "exists: false"},
		{"The name is taken by another vault.", func() string {
			must(t, a.PutVault(azure.Vault{Name: "kv-requests", TenantID: tenant}))

			return create()
		}, "VaultAlreadyExists"},
		{"The name is free after a purge.", func() (failed string) {
			must(t, a.DeleteVault("kv-requests"))
			must(t, a.PurgeVault("kv-requests"))
			state, failed = a.apply(t, k, nil, vaultArguments(nil))

			return failed
		}, ""},
		{"Creating the vault again fails.", create, "already exists - to be managed via Terraform this resource needs to be imported into the State"},
		{"An outage does not make the vault look deleted.", func() string {
			_, err := a.AddFault(outage)
			must(t, err)

			return observe(nil)
		}, `vaults.VaultsClient#Get: Failure responding to request: StatusCode=503 -- Original Error: autorest/azure: Service returned an error. Status=503 Code="ServerTimeout"`},
		{"A change in Azure is observed.", func() string { return observe(object{"sku_name": "premium"}) }, "exists: true, up to date: false"},
		{"Another location requires a replacement, which upjet rejects.", func() string {
			diff, err := k.resource.TerraformResource.Diff(t.Context(), state, terraform.NewResourceConfigRaw(vaultArguments(object{"location": "northeurope"})), nil)
			must(t, err)

			return fmt.Sprintf("replaced: %t", diff.RequiresNew())
		}, "replaced: true"},
		{"A changed argument is sent.", func() (failed string) {
			state, failed = a.apply(t, k, state, vaultArguments(object{"sku_name": "premium"}))

			return failed
		}, ""},
		{"Purge protection stays.", func() string {
			_, failed := a.apply(t, k, state, vaultArguments(object{"sku_name": "premium", "purge_protection_enabled": false}))

			return failed
		}, "once Purge Protection has been Enabled it's not possible to disable it"},
		{"Another client deletes the vault.", func() string {
			must(t, a.DeleteVault("kv-requests"))

			return observe(nil)
		}, "exists: false"},
		{"A deleted vault is recovered.", create, ""},
	} {
		if got := step.do(); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("\n%s\nwant %q, got %q", step.reason, step.want, got)
		}
	}

	if diff := cmp.Diff([]azure.ARMResource{{ID: vaultID, Created: 1, Updated: 2, Recovered: 1}}, a.ARMResources()); diff != "" {
		t.Errorf("changes in Azure: -want, +got:\n%s", diff)
	}
}

// TestUnknownPrincipal checks that an unknown principal is treated as a new one until the provider
// gives up.
func TestUnknownPrincipal(t *testing.T) {
	a := newAccount(t)

	_, failed := a.apply(t, assignmentKind(10*hurried), nil, object{"scope": groupID, "principal_id": subscription, "role_definition_name": "Reader"})
	if !strings.HasPrefix(failed, "unexpected status 400 (400 Bad Request) with error: PrincipalNotFound: Principal ") {
		t.Errorf("want PrincipalNotFound, got %q", failed)
	}

	if n := a.Counts().Of(azure.CountKey{Operation: fault.PutRoleAssignment, Error: "PrincipalNotFound"}); n < 2 {
		t.Errorf("want it to be asked for again, was asked for %d times", n)
	}
}

// TestCredentialsOfOneIdentity checks that credentials are written one after the other, because Azure
// rejects concurrent writes.
func TestCredentialsOfOneIdentity(t *testing.T) {
	a, k := newAccount(t), credentialKind()

	if _, failed := a.apply(t, identityKind(), nil, identityArguments()); failed != "" {
		t.Fatal(failed)
	}

	var writing sync.WaitGroup

	for _, name := range []string{"one", "two", "three", "four"} {
		writing.Go(func() {
			if _, failed := a.apply(t, k, nil, credentialArguments(name)); failed != "" {
				t.Error(failed)
			}
		})
	}

	writing.Wait()
}

// counted returns the requests since the last call, except connections.
func counted(s *azure.Server) requests {
	out := requests{}

	for _, c := range s.Counts() {
		if c.Operation != fault.Connect {
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

// managedResource returns a resource of a kind, with Terraform arguments.
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
