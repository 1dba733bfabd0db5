// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"

	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	networkID   = "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/Cluster"
	subnetID    = networkID + "/subnets/endpoints"
	zoneID      = groupID + "/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	workspaceID = groupID + "/providers/Microsoft.OperationalInsights/workspaces/logs"
)

// TestPrivateVault follows a vault that is closed, gets a private endpoint, and sends its logs. Clients in the network of the
// endpoint are rejected until it has a record.
func TestPrivateVault(t *testing.T) {
	a := newAccount(t)
	vault, endpoint, diagnostics := vaultKind(hurried), endpointKind(), diagnosticsKind(hurried)

	rules := object{"network_acls": []any{object{"default_action": "Deny", "bypass": "AzureServices", "ip_rules": []any{"20.50.1.2"}}}}
	withZone := endpointArguments("pe")
	connect := maps.Clone(withZone)
	delete(connect, "private_dns_zone_group")

	log := object{
		"name": "platform-application", "target_resource_id": vaultID, "log_analytics_workspace_id": workspaceID,
		"enabled_log": []any{object{"category_group": "audit"}},
	}

	// from asks the vault from a network. A client that is let in has no role.
	from := func(network string) string { return a.ask(t, network) }
	observe := func(k kind, name string, arguments object) string {
		o, err := a.observe(t, k, name, embedded(arguments))
		if err != nil {
			return err.Error()
		}

		return fmt.Sprintf("exists: %t, up to date: %t", o.ResourceExists, o.ResourceUpToDate)
	}
	create := func(k kind, arguments object) string {
		_, failed := a.apply(t, k, nil, arguments)

		return failed
	}

	var was *terraform.InstanceState

	for _, step := range []struct {
		reason string
		do     func() string
		want   string
	}{
		{"The vault is created with its rules.", func() string { return create(vault, vaultArguments(rules)) }, ""},
		{"The rules are observed.", func() string { return observe(vault, "kv-requests", vaultArguments(rules)) }, "exists: true, up to date: true"},
		{"Other rules are a change.", func() string {
			return observe(vault, "kv-requests", vaultArguments(object{"network_acls": []any{object{"default_action": "Allow", "bypass": "None"}}}))
		}, "exists: true, up to date: false"},
		{"Other networks are rejected.", func() string { return from("") }, "ForbiddenByFirewall"},
		{"The network of the cluster is rejected, too.", func() string { return from(strings.ToLower(networkID)) }, "ForbiddenByFirewall"},
		{"An address with a rule is let in.", func() string { return from("20.50.1.2") }, "ForbiddenByRbac"},
		{"An endpoint is created.", func() (failed string) { was, failed = a.apply(t, endpoint, nil, connect); return failed }, ""},
		{"Without a record, clients still use the public address.", func() string { return from(strings.ToLower(networkID)) }, "ForbiddenByFirewall"},
		{"A zone group is a change.", func() string { return observe(endpoint, "pe", withZone) }, "exists: true, up to date: false"},
		{"A zone group is created.", func() (failed string) {
			was, failed = a.apply(t, endpoint, was, withZone)

			return failed
		}, ""},
		{"An endpoint with its zone group is observed.", func() string { return observe(endpoint, "pe", withZone) }, "exists: true, up to date: true"},
		{"Clients in the network use the endpoint.", func() string { return from(strings.ToLower(networkID)) }, "ForbiddenByRbac"},
		{"Others do not.", func() string { return from("") }, "ForbiddenByFirewall"},
		{"Logs are sent.", func() string { return create(diagnostics, log) }, ""},
		{"A diagnostic setting is observed.", func() string { return observe(diagnostics, vaultID+"|platform-application", log) }, "exists: true, up to date: true"},
		{"A diagnostic setting exists once.", func() string { return create(diagnostics, log) }, "already exists"},
		{"Without its endpoint, the vault is closed again.", func() string {
			diags := endpoint.resource.TerraformResource.DeleteContext(t.Context(), endpoint.resource.TerraformResource.Data(was), a.client())
			if diags.HasError() {
				return diags[0].Summary
			}

			return from(strings.ToLower(networkID))
		}, "ForbiddenByFirewall"},
	} {
		if got := step.do(); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("\n%s\nwant %q, got %q", step.reason, step.want, got)
		}
	}
}

// TestLinkedResources checks that the provider needs rights on what an endpoint and a diagnostic setting link, as
// docs/how-to/private-vaults.md lists them.
func TestLinkedResources(t *testing.T) {
	a := newAccount(t)
	if _, failed := a.apply(t, vaultKind(hurried), nil, vaultArguments(nil)); failed != "" {
		t.Fatal(failed)
	}

	elsewhere := strings.NewReplacer("/resourceGroups/rg/", "/resourceGroups/rg-network/")
	subnet, zone, workspace := elsewhere.Replace(subnetID), elsewhere.Replace(zoneID), elsewhere.Replace(workspaceID)

	a.DeleteScopedRoleAssignment(subscription, azure.ScopedRoleAssignment{PrincipalID: principalID, Role: "Owner"})
	must(t, a.PutScopedRoleAssignment(subscription, azure.ScopedRoleAssignment{PrincipalID: principalID, Role: "Contributor", Scope: groupID}))

	endpoint := endpointArguments("pe")
	endpoint["subnet_id"], endpoint["private_dns_zone_group"] = subnet, []any{object{"name": "vault", "private_dns_zone_ids": []any{zone}}}
	log := object{"name": "l", "target_resource_id": vaultID, "log_analytics_workspace_id": workspace, "enabled_log": []any{object{"category_group": "audit"}}}

	for _, step := range []struct {
		kind        kind
		arguments   object
		scope, role string
		denied      string
	}{
		{endpointKind(), endpoint, subnet, "Network Contributor", "virtualNetworks/subnets/join/action"},
		{endpointKind(), endpoint, zone, "Private DNS Zone Contributor", "privateDnsZones/join/action"},
		{diagnosticsKind(hurried), log, workspace, "Log Analytics Contributor", "workspaces/sharedKeys/action"},
	} {
		if _, failed := a.apply(t, step.kind, nil, step.arguments); !strings.Contains(failed, "LinkedAuthorizationFailed") || !strings.Contains(failed, step.denied) {
			t.Errorf("want LinkedAuthorizationFailed for %s, got %q", step.denied, failed)
		}

		must(t, a.PutScopedRoleAssignment(subscription, azure.ScopedRoleAssignment{PrincipalID: principalID, Role: step.role, Scope: step.scope}))

		// The endpoint exists without its zone group.
		if id := groupID + "/providers/Microsoft.Network/privateEndpoints/pe"; step.scope != subnet {
			_, err := a.client().send(t.Context(), http.MethodDelete, id, endpointVersion, nil)
			must(t, err)
		}
	}

	if _, failed := a.apply(t, endpointKind(), nil, endpoint); failed != "" {
		t.Errorf("want an endpoint with all roles, got %q", failed)
	}

	if _, failed := a.apply(t, diagnosticsKind(hurried), nil, log); failed != "" {
		t.Errorf("want logs with all roles, got %q", failed)
	}
}

// client returns a client of the account.
func (a *account) client() *client {
	return &client{http: &http.Client{Transport: a.through}, who: servicePrincipal{
		ClientID: clientID, ClientSecret: secret, TenantID: tenant, SubscriptionID: subscription,
	}}
}

// ask lists the secrets of the vault from a network, and returns the error.
func (a *account) ask(t *testing.T, network string) string {
	t.Helper()

	token, err := a.client().token(t.Context(), vaultResource)
	must(t, err)

	through := a.TransportFrom(network)
	defer through.CloseIdleConnections()

	c := &client{http: &http.Client{Transport: through}}
	answer, err := c.do(t.Context(), http.MethodGet, "https://kv-requests.vault.azure.net/secrets?api-version=7.4", token, nil)
	must(t, err)

	return string(answer.body)
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
