// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	callerOfAzure  = "The client '99999999-9999-4999-8999-999999999901' with object id '99999999-9999-4999-8999-999999999902'"
	subscriptionID = "/subscriptions/22222222-2222-4222-8222-222222222222"
)

// asyncCreate wraps an error of Azure as azurerm and upjet do.
func asyncCreate(kind, group, name, status, failed string) string {
	return fmt.Sprintf("async create failed: failed to create the resource: [{0 creating %s (Subscription: \"22222222-2222-4222-8222-222222222222\"\nResource Group Name: %q\n"+
		"%s Name: %q): performing CreateOrUpdate: unexpected status %s with error: %s  []}]", kind, group, kind, name, status, failed)
}

// linked returns the error for a missing permission on a linked resource.
func linked(group, name, actions, scopes string) string {
	return asyncCreate("Private Endpoint", group, name, "403 (403 Forbidden)", fmt.Sprintf("LinkedAuthorizationFailed: %s has permission to perform action "+
		"'Microsoft.Network/privateEndpoints/write' on scope '%s/resourcegroups/%s/providers/Microsoft.Network/privateEndpoints/%s'; however, it does not have "+
		"permission to perform action(s) '%s' on the linked scope(s) '%s' (respectively) or the linked scope(s) are invalid.",
		callerOfAzure, subscriptionID, group, name, actions, scopes))
}

func TestShorten(t *testing.T) {
	const (
		join  = "Microsoft.Network/virtualNetworks/subnets/join/action"
		zones = "Microsoft.Network/privateDnsZones/join/action"
	)
	group, subnet := strings.Repeat("g", 90), subscriptionID+"/resourceGroups/"+strings.Repeat("g", 90)+"/providers/Microsoft.Network/virtualNetworks/"+strings.Repeat("v", 64)+"/subnets/"+strings.Repeat("s", 80)
	cases := map[string]struct {
		reason string
		text   string
		want   []string // parts of the result
		not    []string
	}{
		"Linked": {
			reason: "An error of usual length stays whole.",
			text:   linked("rg-network", "shop-api-neo2l762vue6jqa", join, subscriptionID+"/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/cluster/subnets/endpoints"),
			want:   []string{"LinkedAuthorizationFailed", "'" + join + "'", "/subnets/endpoints'", "are invalid. []}]"}, not: []string{"…"},
		},
		"LinkedLongNames": {
			reason: "The missing actions and the end stay if all names have their maximal length.",
			text:   linked(group, strings.Repeat("e", 80), join+","+zones, subnet+","+subnet),
			want:   []string{"LinkedAuthorizationFailed", "'" + join + "," + zones + "'", " … ", strings.Repeat("s", 80) + "' (respectively)"},
		},
		"Authorization": {
			reason: "The missing action of a single scope stays.",
			text: asyncCreate("Key Vault", group, "shop-api-mmmm", "403 (403 Forbidden)", "AuthorizationFailed: "+callerOfAzure+" does not have authorization to perform action "+
				"'Microsoft.KeyVault/vaults/write' over scope '"+subscriptionID+"/resourceGroups/"+group+"/providers/Microsoft.KeyVault/vaults/shop-api-mmmm' or the scope is invalid. "+
				"If access was recently granted, please refresh your credentials."),
			want: []string{"'Microsoft.KeyVault/vaults/write'", "vaults/shop-api-mmmm'"}, not: []string{"…"},
		},
		"Autorest": {
			reason: "The older clients of azurerm write the same error in another way.",
			text: `keyvault.VaultsClient#CreateOrUpdate: Failure sending request: StatusCode=403 -- Original Error: Code="AuthorizationFailed" Message="` + callerOfAzure +
				" does not have authorization to perform action 'Microsoft.KeyVault/vaults/write' over scope '" + subscriptionID + `/resourceGroups/rg' or the scope is invalid."`,
			want: []string{"'Microsoft.KeyVault/vaults/write'"},
		},
		"Locked": {
			reason: "The scope with the lock comes last.",
			text: asyncCreate("Private Endpoint", group, "pe", "409 (409 Conflict)", "ScopeLocked: The scope '"+subscriptionID+"/resourceGroups/"+group+"/providers/Microsoft.Network/privateEndpoints/pe' "+
				"cannot perform write operation because following scope(s) are locked: '"+subscriptionID+"/resourceGroups/"+group+"'. Please remove the lock and try again."),
			want: []string{"are locked: '" + subscriptionID},
		},
		"Policy": {
			reason: "The name of the policy stays.",
			text: asyncCreate("Key Vault", "rg", "shop-api-mmmm", "403 (403 Forbidden)", `RequestDisallowedByPolicy: Resource 'shop-api-mmmm' was disallowed by policy. Policy identifiers: `+
				`'[{"policyAssignment":{"name":"Vaults are private","id":"`+subscriptionID+`/providers/Microsoft.Authorization/policyAssignments/0123456789abcdef01234567"},`+
				`"policyDefinition":{"name":"Azure Key Vaults should disable public network access","id":"/providers/Microsoft.Authorization/policyDefinitions/405c5871-3e91-4644-8a63-58e19d68ff5b"}}]'.`),
			want: []string{"Vaults are private", "should disable public network access"},
		},
		"Entra": {
			reason: "A retry of the same request does not change a condition.",
			text: `clientAssertionToken: received HTTP status 401 with response: {"error":"invalid_client","error_description":"AADSTS700213: No matching federated identity record found. ` +
				`Trace ID: 0e5f43a2-4d6b-4c3a-9d4a-5d1c1f8a0b00 Correlation ID: 5f1d2a55-7a3b-4b7e-8d35-0a4a5c0d7e11 Timestamp: 2026-01-31 11:31:11Z","timestamp":"2026-01-31 11:31:11Z",` +
				`"trace_id":"0e5f43a2-4d6b-4c3a-9d4a-5d1c1f8a0b00","correlation_id":"5f1d2a55-7a3b-4b7e-8d35-0a4a5c0d7e11"}`,
			want: []string{"AADSTS700213", "Trace ID: … Correlation ID: … Timestamp: …\"", `"correlation_id":"…"`}, not: []string{"0e5f43a2", "5f1d2a55", "11:31:11"},
		},
		"Request": {
			reason: "Services write the id of a request, and the time, in several ways.",
			text: "Failed (RequestId:0e5f43a2-4d6b-4c3a-9d4a-5d1c1f8a0b00\nTime:2026-01-31T11:31:11.1234567Z) tracking id '0e5f43a2-4d6b-4c3a-9d4a-5d1c1f8a0b00', " +
				"activityId: 0e5f43a2-4d6b-4c3a-9d4a-5d1c1f8a0b00: x509: certificate has expired: current time 2026-01-31T11:31:11+01:00 is after 2026-01-30T00:00:00Z",
			want: []string{"RequestId:… Time:…) tracking id '…', activityId: …: x509", "is after 2026-01-30T00:00:00Z"}, not: []string{"0e5f43a2", "11:31:11"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := shorten(tc.text)
			for _, part := range tc.want {
				if !strings.Contains(got, part) {
					t.Errorf("\n%s\nshorten(...): want %q in\n%s", tc.reason, part, got)
				}
			}
			for _, part := range tc.not {
				if strings.Contains(got, part) {
					t.Errorf("\n%s\nshorten(...): want no %q in\n%s", tc.reason, part, got)
				}
			}
		})
	}
}

// TestShortenProperties checks that any text becomes one short line, and that the result is stable.
func TestShortenProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Repeat(rapid.String().Draw(rt, "text"), rapid.SampledFrom([]int{1, 100, 3_000}).Draw(rt, "times"))
		got := shorten(text)
		if len(got) > 1500 || strings.ContainsAny(got, "\n\x1b") {
			rt.Errorf("shorten(...): want one line of at most 1500 bytes, got %d bytes: %q", len(got), got)
		}
		if diff := cmp.Diff(strings.ToValidUTF8(got, ""), got); diff != "" {
			rt.Errorf("shorten(...): invalid UTF-8: %s", diff)
		}
	})
}
