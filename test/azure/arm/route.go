package arm

import (
	"net/http"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// The types of resources, as they are spelled.
const (
	typeVault      = "Microsoft.KeyVault/vaults"
	typeIdentity   = "Microsoft.ManagedIdentity/userAssignedIdentities"
	typeCredential = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
	typeAssignment = "Microsoft.Authorization/roleAssignments"
	typeDefinition = "Microsoft.Authorization/roleDefinitions"
	typeLock       = "Microsoft.Authorization/locks"
	typePermission = "Microsoft.Authorization/permissions"
	typeCluster    = "Microsoft.ContainerService/managedClusters"
	typePolicies   = "Microsoft.PolicyInsights/checkPolicyRestrictions"
)

// A route is what a request is for.
type route struct {
	// operation is fault.Unknown if there is none for the path and method.
	operation string

	// allow are the methods that the path has, or empty if there is no such path.
	allow string

	// typ of the resource.
	typ string

	subscription string
	group        string
	location     string

	// name of the vault, identity, cluster, role assignment, role definition, lock or resource provider.
	name string

	// child is the name of a federated credential.
	child string

	// scope of a role assignment or a role definition.
	scope string
}

// parseRoute reads the method and the path of a request. As in Azure the case of all but names does not matter, and nor does that
// of names.
func parseRoute(method, path string) route {
	r, rest := parseScope(segments(path))

	switch {
	case r.typ == "unknown":
		return route{operation: fault.Unknown}
	case len(rest) == 0 && r.typ == "subscription":
		return choose(method, r, map[string]string{http.MethodGet: fault.GetSubscription})
	case len(rest) == 0 && r.typ == "group":
		return choose(method, r, map[string]string{http.MethodGet: fault.GetResourceGroup, http.MethodPut: fault.PutResourceGroup})
	case len(rest) == 0 && r.name == "":
		return choose(method, r, map[string]string{
			http.MethodGet: map[string]string{typeVault: fault.ListVaults, typeIdentity: fault.ListIdentities}[r.typ],
		})
	case len(rest) == 0 && r.typ == typeVault:
		return choose(method, r, map[string]string{
			http.MethodGet: fault.GetVault, http.MethodPut: fault.PutVault, http.MethodPatch: fault.PatchVault,
			http.MethodDelete: fault.DeleteVault,
		})
	case len(rest) == 0 && r.typ == typeIdentity:
		return choose(method, r, map[string]string{
			http.MethodGet: fault.GetIdentity, http.MethodPut: fault.PutIdentity, http.MethodPatch: fault.PatchIdentity,
			http.MethodDelete: fault.DeleteIdentity,
		})
	case len(rest) == 0 && r.typ == typeCluster:
		return choose(method, r, map[string]string{http.MethodGet: fault.GetCluster, http.MethodPut: fault.PutCluster})
	case r.typ == typeIdentity && len(rest) <= 2 && is(rest, "federatedIdentityCredentials"):
		return credentialRoute(method, r, rest[1:])
	case len(rest) >= 3 && is(rest, "providers", "Microsoft.Authorization") && !strings.HasSuffix(r.scope, "/"):
		return authorizationRoute(method, r, rest[2:])
	case r.typ == "subscription" && len(rest) >= 6 && is(rest, "providers", "Microsoft.KeyVault", "locations") && strings.EqualFold(rest[4], "deletedVaults"):
		return deletedVaultRoute(method, r, rest[3:])
	case r.typ == "subscription" && len(rest) == 3 && is(rest, "providers", "Microsoft.KeyVault", "checkNameAvailability"):
		r.typ = typeVault

		return choose(method, r, map[string]string{http.MethodPost: fault.CheckVaultName})
	case r.typ == "group" && len(rest) == 3 && is(rest, "providers", "Microsoft.PolicyInsights", "checkPolicyRestrictions"):
		r.typ = typePolicies

		return choose(method, r, map[string]string{http.MethodPost: fault.CheckPolicies})
	case r.typ == "subscription" && len(rest) == 2 && is(rest, "providers"):
		r.name = rest[1]

		return choose(method, r, map[string]string{http.MethodGet: fault.GetProvider})
	case r.typ == "subscription" && len(rest) == 3 && is(rest, "providers", rest[1], "register"):
		r.name = rest[1]

		return choose(method, r, map[string]string{http.MethodPost: fault.RegisterProvider})
	default:
		return route{operation: fault.Unknown}
	}
}

// parseScope reads as much of a path as names something that roles can be assigned on, and returns the rest.
func parseScope(s []string) (route, []string) {
	switch {
	case len(s) >= 2 && is(s, "subscriptions"):
	case len(s) >= 2 && is(s, "providers"):
		return route{typ: "tenant"}, s
	default:
		return route{typ: "unknown"}, nil
	}

	r, rest := route{typ: "subscription", subscription: s[1]}, s[2:]
	r.scope = "/subscriptions/" + r.subscription

	if len(rest) >= 2 && is(rest, "resourceGroups") {
		r.typ, r.group, rest = "group", rest[1], rest[2:]
		r.scope += "/resourceGroups/" + r.group
	}

	for _, typ := range []string{typeVault, typeIdentity, typeCluster} {
		namespace, kind, _ := strings.Cut(typ, "/")
		if len(rest) < 3 || !is(rest, "providers", namespace, kind) {
			continue
		}

		switch {
		case len(rest) == 3:
			r.typ = typ

			return r, nil
		case r.group != "":
			r.typ, r.name = typ, rest[3]
			r.scope += "/providers/" + typ + "/" + r.name

			return r, rest[4:]
		}
	}

	return r, rest
}

// credentialRoute reads what follows …/federatedIdentityCredentials.
func credentialRoute(method string, r route, rest []string) route {
	r.typ = typeCredential

	if len(rest) == 0 {
		return choose(method, r, map[string]string{http.MethodGet: fault.ListCredentials})
	}

	r.child = rest[0]

	return choose(method, r, map[string]string{
		http.MethodGet: fault.GetCredential, http.MethodPut: fault.PutCredential, http.MethodDelete: fault.DeleteCredential,
	})
}

// authorizationRoute reads what follows …/providers/Microsoft.Authorization.
func authorizationRoute(method string, r route, rest []string) route {
	all, one := "", map[string]string{}

	switch {
	case len(rest) > 2 || r.subscription == "" && !is(rest, "roleDefinitions"):
	case is(rest, "roleDefinitions"):
		r.typ, all = typeDefinition, fault.ListRoleDefinitions

		one[http.MethodGet] = fault.GetRoleDefinition
		if r.subscription != "" {
			one[http.MethodPut], one[http.MethodDelete] = fault.PutRoleDefinition, fault.DeleteRoleDefinition
		}
	case is(rest, "roleAssignments"):
		r.typ, all = typeAssignment, fault.ListRoleAssignments
		one = map[string]string{
			http.MethodGet: fault.GetRoleAssignment, http.MethodPut: fault.PutRoleAssignment, http.MethodDelete: fault.DeleteRoleAssignment,
		}
	case is(rest, "locks"):
		r.typ, all = typeLock, fault.ListLocks
		one = map[string]string{http.MethodPut: fault.PutLock, http.MethodDelete: fault.DeleteLock}
	case is(rest, "permissions"):
		r.typ, all = typePermission, fault.ListPermissions
	}

	switch {
	case all == "":
		return route{operation: fault.Unknown}
	case len(rest) == 1:
		r.name = ""

		return choose(method, r, map[string]string{http.MethodGet: all})
	default:
		r.name = rest[1]

		return choose(method, r, one)
	}
}

// deletedVaultRoute reads what follows …/Microsoft.KeyVault/locations.
func deletedVaultRoute(method string, r route, rest []string) route {
	r.typ, r.location, r.name = typeVault, rest[0], rest[2]

	switch {
	case len(rest) == 3:
		return choose(method, r, map[string]string{http.MethodGet: fault.GetDeletedVault})
	case len(rest) == 4 && strings.EqualFold(rest[3], "purge"):
		return choose(method, r, map[string]string{http.MethodPost: fault.PurgeVault})
	default:
		return route{operation: fault.Unknown}
	}
}

// choose completes a route with the operation that a path has for a method.
func choose(method string, r route, operations map[string]string) route {
	r.operation = operations[method]
	if r.operation != "" {
		return r
	}

	r.operation = fault.Unknown

	var allow []string

	for _, m := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if operations[m] != "" {
			allow = append(allow, m)
		}
	}

	r.allow = strings.Join(allow, ", ")

	return r
}

func segments(path string) []string {
	return strings.Split(strings.Trim(path, "/"), "/")
}

// is says whether segments begin with these words, whatever their case, and none is empty.
func is(s []string, words ...string) bool {
	if len(s) < len(words) || slices.Contains(s, "") {
		return false
	}

	for i, word := range words {
		if !strings.EqualFold(s[i], word) {
			return false
		}
	}

	return true
}

// writesCredential returns the identity whose credentials the request changes.
func (r route) writesCredential() (string, bool) {
	return r.scope, r.operation == fault.PutCredential || r.operation == fault.DeleteCredential
}

// versions that are served of a type, newest last.
func versions(typ string) []string {
	switch typ {
	case typeVault:
		return []string{"2022-07-01", "2023-02-01", "2023-07-01", "2024-11-01"}
	case typeIdentity, typeCredential:
		return []string{"2022-01-31-preview", "2023-01-31", "2024-11-30"}
	case typeLock:
		return []string{"2016-09-01", "2020-05-01"}
	case typePolicies:
		return []string{"2023-03-01", "2024-10-01"}
	case typeCluster:
		return []string{"2024-09-01", "2025-05-01"}
	case typeAssignment, typePermission:
		return []string{"2020-10-01-preview", "2022-04-01"}
	case typeDefinition:
		return []string{"2020-10-01-preview", "2022-04-01", "2022-05-01-preview"}
	default:
		return []string{"2020-01-01", "2021-04-01", "2022-09-01", "2022-12-01"}
	}
}

func (c *call) checkVersion() *wire.Answer {
	version := c.request.URL.Query().Get("api-version")

	switch known := versions(c.typ); {
	case version == "":
		return new(refuse(http.StatusBadRequest, "MissingApiVersionParameter",
			"The api-version query parameter (?api-version=) is required for all requests."))
	case !slices.Contains(known, version):
		return new(refuse(http.StatusBadRequest, "InvalidApiVersionParameter",
			"The api-version '%s' is invalid. The supported versions are '%s'.", version, strings.Join(known, ",")))
	default:
		return nil
	}
}
