// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package arm

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// These are the types of resources, in their spelling.
const (
	typeVault      = "Microsoft.KeyVault/vaults"
	typeIdentity   = "Microsoft.ManagedIdentity/userAssignedIdentities"
	typeCredential = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
	typeAssignment = "Microsoft.Authorization/roleAssignments"
	typeDefinition = "Microsoft.Authorization/roleDefinitions"
	typeLock       = "Microsoft.Authorization/locks"
	typeCluster    = "Microsoft.ContainerService/managedClusters"
	typePolicies   = "Microsoft.PolicyInsights/checkPolicyRestrictions"

	typeEndpoint    = "Microsoft.Network/privateEndpoints"
	typeInterface   = "Microsoft.Network/networkInterfaces"
	typeZoneGroup   = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
	typeDiagnostics = "Microsoft.Insights/diagnosticSettings"
)

// An endpoint is an operation on a path.
type endpoint struct {
	// pattern is one of http.ServeMux, in lower case.
	pattern   string
	operation string

	// typ is the type of the resource.
	typ string

	// action that the caller needs permission for, below the type if it begins with a slash.
	action string

	do func(*call) wire.Answer
}

// A route is a request's endpoint and its object.
type route struct {
	endpoint

	subscription string
	group        string
	location     string

	// name of the vault, identity, cluster, role assignment, role definition, lock or resource provider.
	name string

	// child is the name of a federated credential, a DNS zone group or a diagnostic setting.
	child string

	// scope of a role assignment or a role definition, or the resource.
	scope string
}

func endpoints() []endpoint {
	const (
		read, write, remove = "/read", "/write", "/delete"

		sub        = "/subscriptions/{subscription}"
		group      = sub + "/resourcegroups/{group}"
		vaults     = "/providers/microsoft.keyvault/vaults"
		identities = "/providers/microsoft.managedidentity/userassignedidentities"
		vault      = group + vaults + "/{resource}"
		identity   = group + identities + "/{resource}"
		credential = identity + "/federatedidentitycredentials"
		cluster    = group + "/providers/microsoft.containerservice/managedclusters/{resource}"
		private    = group + "/providers/microsoft.network/privateendpoints/{resource}"
		nic        = group + "/providers/microsoft.network/networkinterfaces/{name}"
		zones      = private + "/privatednszonegroups"
		logs       = vault + "/providers/microsoft.insights/diagnosticsettings/{child}"
		deleted    = sub + "/providers/microsoft.keyvault/locations/{location}/deletedvaults/{name}"

		subscriptions = "Microsoft.Resources/subscriptions"
		deletedVaults = "Microsoft.KeyVault/locations/deletedVaults"
	)

	out := []endpoint{
		{"GET " + sub, fault.GetSubscription, "", subscriptions + read, (*call).getSubscription},
		{"GET " + group, fault.GetResourceGroup, "", subscriptions + "/resourceGroups/read", (*call).getResourceGroup},
		{"PUT " + group, fault.PutResourceGroup, "", subscriptions + "/resourceGroups/write", (*call).putResourceGroup},
		{"GET " + sub + "/providers/{name}", fault.GetProvider, "", subscriptions + "/providers/read", (*call).getProvider},
		{"POST " + sub + "/providers/{name}/register", fault.RegisterProvider, "", "/register/action", (*call).registerProvider},

		{"GET " + sub + vaults, fault.ListVaults, typeVault, read, (*call).listVaults},
		{"GET " + group + vaults, fault.ListVaults, typeVault, read, (*call).listVaults},
		{"GET " + vault, fault.GetVault, typeVault, read, (*call).vault},
		{"PUT " + vault, fault.PutVault, typeVault, write, (*call).putVault},
		{"PATCH " + vault, fault.PatchVault, typeVault, write, (*call).putVault},
		{"DELETE " + vault, fault.DeleteVault, typeVault, remove, (*call).vault},
		{"GET " + deleted, fault.GetDeletedVault, typeVault, deletedVaults + read, (*call).getDeletedVault},
		{"POST " + deleted + "/purge", fault.PurgeVault, typeVault, deletedVaults + "/purge/action", (*call).purgeVault},
		{
			"POST " + sub + "/providers/microsoft.keyvault/checknameavailability", fault.CheckVaultName, typeVault,
			"Microsoft.KeyVault/checkNameAvailability/read", (*call).checkVaultName,
		},

		{"GET " + sub + identities, fault.ListIdentities, typeIdentity, read, (*call).listIdentities},
		{"GET " + group + identities, fault.ListIdentities, typeIdentity, read, (*call).listIdentities},
		{"GET " + identity, fault.GetIdentity, typeIdentity, read, (*call).identity},
		{"PUT " + identity, fault.PutIdentity, typeIdentity, write, (*call).identity},
		{"PATCH " + identity, fault.PatchIdentity, typeIdentity, write, (*call).identity},
		{"DELETE " + identity, fault.DeleteIdentity, typeIdentity, remove, (*call).identity},

		{"GET " + credential, fault.ListCredentials, typeCredential, read, (*call).credential},
		{"GET " + credential + "/{child}", fault.GetCredential, typeCredential, read, (*call).credential},
		{"PUT " + credential + "/{child}", fault.PutCredential, typeCredential, write, (*call).credential},
		{"DELETE " + credential + "/{child}", fault.DeleteCredential, typeCredential, remove, (*call).credential},

		{"GET " + cluster, fault.GetCluster, typeCluster, read, (*call).document},
		{"PUT " + cluster, fault.PutCluster, typeCluster, write, (*call).document},

		{"GET " + private, fault.GetEndpoint, typeEndpoint, read, (*call).document},
		{"PUT " + private, fault.PutEndpoint, typeEndpoint, write, (*call).document},
		{"DELETE " + private, fault.DeleteEndpoint, typeEndpoint, remove, (*call).document},
		{"GET " + nic, fault.GetInterface, typeInterface, read, (*call).networkInterface},
		{"GET " + zones, fault.ListZoneGroups, typeZoneGroup, read, (*call).documents},
		{"GET " + zones + "/{child}", fault.GetZoneGroup, typeZoneGroup, read, (*call).document},
		{"PUT " + zones + "/{child}", fault.PutZoneGroup, typeZoneGroup, write, (*call).document},
		{"DELETE " + zones + "/{child}", fault.DeleteZoneGroup, typeZoneGroup, remove, (*call).document},
		{"GET " + logs, fault.GetDiagnostics, typeDiagnostics, read, (*call).document},
		{"PUT " + logs, fault.PutDiagnostics, typeDiagnostics, write, (*call).document},
		{"DELETE " + logs, fault.DeleteDiagnostics, typeDiagnostics, remove, (*call).document},

		{"POST " + group + "/providers/microsoft.policyinsights/checkpolicyrestrictions", fault.CheckPolicies, typePolicies, read, (*call).checkPolicies},
	}

	for _, scope := range []string{"", sub, group, vault, identity, cluster} {
		on := scope + "/providers/microsoft.authorization/"

		out = append(out,
			endpoint{"GET " + on + "roledefinitions", fault.ListRoleDefinitions, typeDefinition, read, (*call).listDefinitions},
			endpoint{"GET " + on + "roledefinitions/{name}", fault.GetRoleDefinition, typeDefinition, read, (*call).getDefinition},
		)

		if scope == "" {
			continue
		}

		out = append(out,
			endpoint{"PUT " + on + "roledefinitions/{name}", fault.PutRoleDefinition, typeDefinition, write, (*call).putDefinition},
			endpoint{"GET " + on + "roleassignments", fault.ListRoleAssignments, typeAssignment, read, (*call).listAssignments},
			endpoint{"GET " + on + "roleassignments/{name}", fault.GetRoleAssignment, typeAssignment, read, (*call).assignment},
			endpoint{"PUT " + on + "roleassignments/{name}", fault.PutRoleAssignment, typeAssignment, write, (*call).assignment},
			endpoint{"DELETE " + on + "roleassignments/{name}", fault.DeleteRoleAssignment, typeAssignment, remove, (*call).assignment},
			endpoint{"GET " + on + "locks", fault.ListLocks, typeLock, read, (*call).documents},
			endpoint{"PUT " + on + "locks/{name}", fault.PutLock, typeLock, write, (*call).document},
		)
	}

	return out
}

// A router finds the endpoints of requests.
type router struct {
	mux       *http.ServeMux
	endpoints map[string]endpoint
}

func newRouter() router {
	r := router{mux: http.NewServeMux(), endpoints: map[string]endpoint{}}

	for _, e := range endpoints() {
		r.mux.Handle(e.pattern, http.NotFoundHandler())
		r.endpoints[e.pattern] = e
	}

	return r
}

// route reads the method and the path of a request. As in Azure the case of a path does not matter: the mux gets it in lower case, and the
// values are read from the path as it is spelled.
func (r router) route(method, path string) route {
	path = "/" + strings.Trim(path, "/")
	lower := &http.Request{Method: method, URL: &url.URL{Path: strings.ToLower(path)}}
	_, pattern := r.mux.Handler(lower) // Empty for another method, too.

	_, template, _ := strings.Cut(pattern, " ")
	names, values := strings.Split(template, "/"), strings.Split(path, "/")

	if pattern == "" || len(names) != len(values) {
		return route{endpoint: endpoint{operation: fault.Unknown}}
	}

	value := map[string]string{}

	for i, name := range names {
		if strings.HasPrefix(name, "{") {
			value[strings.Trim(name, "{}")] = values[i]
		}
	}

	out := route{
		endpoint: r.endpoints[pattern], subscription: value["subscription"], group: value["group"], location: value["location"],
		name: cmp.Or(value["name"], value["resource"]), child: value["child"],
	}

	if out.subscription != "" {
		out.scope = "/subscriptions/" + out.subscription
	}

	if out.group != "" {
		out.scope += "/resourceGroups/" + out.group
	}

	for _, typ := range []string{typeVault, typeIdentity, typeCluster, typeEndpoint} {
		if strings.Contains(template, "/"+strings.ToLower(typ)+"/{resource}") {
			out.scope += "/providers/" + typ + "/" + value["resource"]
		}
	}

	return out
}

// id returns the id of the request's resource.
func (r route) id() string {
	switch {
	case r.typ == typeCredential, r.typ == typeZoneGroup:
		return r.scope + "/" + last(r.typ) + "/" + r.child
	case r.child != "":
		return r.scope + "/providers/" + r.typ + "/" + r.child
	case r.typ == typeLock, r.typ == typeAssignment:
		return r.scope + "/providers/" + r.typ + "/" + r.name
	default:
		return r.scope
	}
}

// right is the action that the caller needs permission for.
func (r route) right() string {
	if strings.HasPrefix(r.action, "/") {
		return cmp.Or(r.typ, r.name) + r.action
	}

	return r.action
}

// versions returns the served versions of a type.
func versions(typ string) []string {
	for prefix, served := range map[string][]string{
		typeVault:                    {"2022-07-01", "2023-02-01", "2023-07-01", "2024-11-01"},
		"Microsoft.ManagedIdentity/": {"2022-01-31-preview", "2023-01-31", "2024-11-30"},
		"Microsoft.Network/":         {"2023-11-01", "2024-05-01"},
		typeLock:                     {"2016-09-01", "2020-05-01"},
		typePolicies:                 {"2023-03-01", "2024-10-01"},
		typeCluster:                  {"2024-09-01", "2025-05-01"},
		typeDiagnostics:              {"2021-05-01-preview"},
		typeAssignment:               {"2020-10-01-preview", "2022-04-01"},
		typeDefinition:               {"2020-10-01-preview", "2022-04-01", "2022-05-01-preview"},
	} {
		if strings.HasPrefix(typ, prefix) {
			return served
		}
	}

	return []string{"2020-01-01", "2021-04-01", "2022-09-01", "2022-12-01"}
}

func (c *call) checkVersion() *wire.Answer {
	if version := c.request.URL.Query().Get("api-version"); !slices.Contains(versions(c.typ), version) {
		return new(refuse(http.StatusBadRequest, "InvalidApiVersionParameter",
			"The api-version '%s' is invalid. The supported versions are '%s'.", version, strings.Join(versions(c.typ), ",")))
	}

	return nil
}
