// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/internal/check"
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

	subnetID    = groupID + "/providers/Microsoft.Network/virtualNetworks/cluster/subnets/endpoints"
	zoneID      = groupID + "/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	workspaceID = groupID + "/providers/Microsoft.OperationalInsights/workspaces/logs"

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
	check.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })

	check.Must(t, s.Apply(azure.State{
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
	check.Must(t, corev1.AddToScheme(scheme))
	check.Must(t, AddToScheme(scheme))

	return &account{Server: s, through: through, kube: fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "azure"}, Data: map[string][]byte{
			"c": []byte(`{"clientId":"` + clientID + `","clientSecret":"` + secret + `","tenantId":"` + tenant + `","subscriptionId":"` + subscription + `"}`),
		}},
		&v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "default"}, Spec: v1beta1.ProviderConfigSpec{
			Credentials: v1beta1.ProviderCredentials{Source: xpv1.CredentialsSourceSecret, CommonCredentialSelectors: xpv1.CommonCredentialSelectors{
				SecretRef: &xpv1.SecretKeySelector{SecretReference: xpv1.SecretReference{Namespace: "shop", Name: "azure"}, Key: "c"},
			}},
		}},
	).Build()}
}

// create lets Terraform create a resource.
func (a *account) create(t *testing.T, k kind, arguments object) {
	t.Helper()

	r := k.resource.TerraformResource
	d := tf.TestResourceDataRaw(t, r.Schema, arguments)
	d.MarkNewResource()

	diags := r.CreateContext(t.Context(), d, &client{pace: hurried, http: &http.Client{Transport: a.through}, who: servicePrincipal{
		ClientID: clientID, ClientSecret: secret, TenantID: tenant, SubscriptionID: subscription,
	}})
	if diags.HasError() {
		t.Fatal(diags[0].Summary)
	}
}

// observe observes a managed resource, like a poll.
func (a *account) observe(t *testing.T, k kind, name string, arguments object) (managed.ExternalObservation, error) {
	t.Helper()

	mg := managedResource(t, k, name, arguments)

	external, err := connector(a.kube, k, upjet.NewOperationStore(logging.NewNopLogger()), a.through, hurried,
		upjet.WithTerraformPluginSDKAsyncLogger(logging.NewNopLogger())).Connect(t.Context(), mg)
	check.Must(t, err)

	return external.Observe(t.Context(), mg) //nolint:wrapcheck // It is what is tested.
}

func vaultArguments() object {
	return object{
		"name": "kv-requests", "location": "westeurope", "resource_group_name": "rg", "sku_name": "standard", "tenant_id": tenant,
		"rbac_authorization_enabled": true, "purge_protection_enabled": true, "tags": object{"application": "shop"},
		"network_acls": []any{object{"default_action": "Deny", "bypass": "AzureServices", "ip_rules": []any{"20.50.1.2"}}},
	}
}

func credentialArguments() object {
	return object{
		"name": "fic-requests", "resource_group_name": "rg", "parent_id": identityID, "issuer": "https://oidc.example.org",
		"subject": "system:serviceaccount:shop:web", "audience": []any{"api://AzureADTokenExchange"},
	}
}

func endpointArguments() object {
	return object{
		"name": "pe-requests", "resource_group_name": "rg", "location": "westeurope", "subnet_id": subnetID,
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
			kind:   vaultKind(), name: "kv-requests", arguments: vaultArguments(),
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
			kind:   credentialKind(), name: "fic-requests", arguments: credentialArguments(),
			create:  requests{fault.Token: 1, fault.GetCredential: 2, fault.PutCredential: 1},
			observe: requests{fault.Token: 2, fault.GetCredential: 1},
		},
		{
			reason: "An assignment must be found five times, and its role is read each time.",
			kind:   assignmentKind(), name: vaultID + "/providers/Microsoft.Authorization/roleAssignments/" + assigned,
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
			kind:   endpointKind(), name: "pe-requests", arguments: endpointArguments(),
			create: requests{
				fault.Token: 1, fault.GetEndpoint: 2, fault.PutEndpoint: 1, fault.PutZoneGroup: 1,
				fault.GetInterface: 1, fault.ListZoneGroups: 1, fault.GetZoneGroup: 1,
			},
			observe: requests{fault.Token: 2, fault.GetEndpoint: 1, fault.GetInterface: 1, fault.ListZoneGroups: 1, fault.GetZoneGroup: 1},
		},
		{
			reason: "A diagnostic setting must be found three times.",
			kind:   diagnosticsKind(), name: vaultID + "|logs", arguments: object{
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
			a.create(t, tc.kind, tc.arguments)

			if diff := cmp.Diff(tc.create, counted(a.Server)); diff != "" {
				t.Errorf("\n%s\nCreate: -want, +got:\n%s", tc.reason, diff)
			}

			o, err := a.observe(t, tc.kind, tc.name, embedded(tc.arguments))
			check.Must(t, err)

			if diff := cmp.Diff([]bool{true, true}, []bool{o.ResourceExists, o.ResourceUpToDate}); diff != "" {
				t.Errorf("\nWhat was just created is there, and as it was asked for.\nObserve(...): -want, +got:\n%s", diff)
			}

			if diff := cmp.Diff(tc.observe, counted(a.Server)); diff != "" {
				t.Errorf("\n%s\nObserve: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
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

	check.Must(t, mg.SetParameters(arguments))

	mg.SetNamespace("shop")
	mg.SetName("api")
	mg.SetUID(types.UID(k.gvk.Kind))
	mg.GetObjectKind().SetGroupVersionKind(k.gvk)
	meta.SetExternalName(mg, externalName)
	mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ClusterProviderConfigKind, Name: "default"})

	return mg
}

// embedded returns arguments as a managed resource has them: a block that can occur once is an object.
func embedded(arguments object) object {
	out := object{}

	for name, value := range arguments {
		if list, ok := value.([]any); ok && name != "enabled_log" {
			if block, ok := list[0].(object); ok {
				value = block
			}
		}

		out[name] = value
	}

	return out
}

// TestExternalNames compares the conversion of external names to ids with the real provider's
// configuration.
func TestExternalNames(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	check.Must(t, err)

	config, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "config", "externalname.go"))
	check.Must(t, err)

	templated := func(template string) string {
		return "config.TemplatedStringAsIdentifier(\"name\", " + strconv.Quote(template) + "),\n"
	}

	for typ, want := range map[string]string{
		vaultType: templated(vaultTemplate), identityType: "config.IdentifierFromProvider,\n",
		credentialType: templated(credentialTemplate), assignmentType: "config.IdentifierFromProvider,\n",
	} {
		_, got, _ := strings.Cut(string(config), "\n\t"+strconv.Quote(typ)+":")
		if got = strings.TrimLeft(got, " "); !strings.HasPrefix(got, want) {
			got, _, _ = strings.Cut(got, "\n")
			t.Errorf("%s: want %s, the real provider has %s", typ, want, got)
		}
	}
}
