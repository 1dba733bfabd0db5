// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	subscriptionID = "/subscriptions/" + subscription
	authorization  = "/providers/Microsoft.Authorization/"
	definitions    = subscriptionID + authorization + "roleDefinitions/"

	lockAPI         = "2020-05-01"
	subscriptionAPI = "2022-12-01"

	ownerRole       = definitions + "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	contributorRole = definitions + "b24988ac-6180-42a0-ab88-20f7382dd24c"
	rbacRole        = definitions + "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
	purgeRole       = definitions + "a68e7c17-0ab2-4c09-9a58-125dae29748c"
	officerRole     = definitions + azure.SecretsOfficer

	// onlySecrets is the condition of docs/how-to/set-up-a-platform.md.
	onlySecrets = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
		"(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" + azure.SecretsUser + ", " + azure.SecretsOfficer + "})) AND " +
		"((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR " +
		"(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" + azure.SecretsUser + ", " + azure.SecretsOfficer + "}))"
)

// assignmentID of an assignment on a scope, by a name of one word.
func assignmentID(scope, name string) string {
	return scope + authorization + "roleAssignments/" + uuid.NewSHA1(uuid.Nil, []byte(name)).String()
}

func conditionBody(role, principal, condition string) string {
	return fmt.Sprintf(`{"properties":{"roleDefinitionId":%q,"principalId":%q,"principalType":"ServicePrincipal","condition":%q,"conditionVersion":"2.0"}}`, role, principal, condition)
}

// as is the same manager with another caller's token.
func (m *manager) as(token string) *manager {
	return &manager{world: m.world, tb: m.tb, token: token}
}

// TestManagerRoles gives the reader the roles that the set-up page gives to the Azure providers, one after the other.
func TestManagerRoles(t *testing.T) {
	t.Parallel()

	const put, get, del, post = http.MethodPut, http.MethodGet, http.MethodDelete, http.MethodPost

	owner := newManager(t)
	provider := owner.as(managementToken(t, owner.reader(t)))

	assign := func(scope, role string) step {
		return step{"An owner assigns any role.", put, assignmentID(scope, role), assignmentBody(role, readerPrincipal, "ServicePrincipal"), 201, ""}
	}
	denied := func(s ...step) []step {
		for i := range s {
			s[i].status, s[i].code = 403, "AuthorizationFailed"
		}

		return s
	}

	kv := vaults + "kv-new"
	mine := assignmentID(kv, "mine")
	user := assignmentBody(secretsUser, officerPrincipal, "ServicePrincipal")

	provider.steps(subscriptionAPI, denied(step{reason: "Without a role in it a subscription is not seen.", method: get, id: subscriptionID}))
	provider.steps(vaultAPI, denied(
		step{reason: "Nothing can be made without a role.", method: put, id: kv, body: vaultBody("")},
		step{reason: "Nor read.", method: get, id: kv},
		step{reason: "Nor found to be free.", method: post, id: subscriptionID + "/providers/Microsoft.KeyVault/checkNameAvailability", body: "{}"},
	))

	owner.steps(assignmentAPI, []step{assign(groupID, contributorRole)})
	provider.steps(subscriptionAPI, []step{{"With one it is.", get, subscriptionID, "", 200, ""}})
	provider.steps(vaultAPI, []step{
		{"A Contributor makes vaults.", put, kv, vaultBody(""), 201, ""},
		{"And lists those of the group.", get, strings.TrimSuffix(vaults, "/"), "", 200, ""},
	})
	provider.steps(vaultAPI, denied(
		step{reason: "But not those of the subscription.", method: get, id: subscriptionID + "/providers/Microsoft.KeyVault/vaults"},
		step{reason: "Deleted vaults are of the subscription.", method: get, id: deleted + "kv-new"},
	))
	provider.steps(assignmentAPI, denied(
		step{reason: "A Contributor assigns no role.", method: put, id: mine, body: user},
	))
	provider.steps(assignmentAPI, []step{{"But sees what a built-in role is.", get, ownerRole, "", 200, ""}})
	provider.steps(assignmentAPI, []step{{"And who has which.", get, groupID + authorization + "roleAssignments", "", 200, ""}})

	owner.steps(assignmentAPI, []step{
		{"A condition is verified.", put, assignmentID(groupID, "rbac"), conditionBody(rbacRole, readerPrincipal, "("), 400, "InvalidConditionOrConditionVersion"},
		{"A condition of a role of vaults would not be heeded.", put, assignmentID(groupID, "rbac"), conditionBody(secretsUser, readerPrincipal, onlySecrets), 400, "BadRequest"},
		{"One about roles is.", put, assignmentID(groupID, "rbac"), conditionBody(rbacRole, readerPrincipal, onlySecrets), 201, ""},
	})
	provider.steps(assignmentAPI, []step{
		{"A role that the condition lists can be assigned.", put, mine, user, 201, ""},
		{"The other one, too.", put, assignmentID(kv, "officer"), assignmentBody(officerRole, officerPrincipal, "ServicePrincipal"), 201, ""},
		{"And taken away.", del, mine, "", 200, ""},
	})
	provider.steps(assignmentAPI, denied(
		step{reason: "Others cannot: not Owner.", method: put, id: assignmentID(kv, "owner"), body: assignmentBody(ownerRole, readerPrincipal, "ServicePrincipal")},
		step{reason: "A body that says it twice is read in one way.", method: put, id: assignmentID(kv, "twice"), body: strings.Replace(
			assignmentBody(ownerRole, readerPrincipal, "ServicePrincipal"), `{"properties":{`, `{"properties":{"roleDefinitionId":"`+secretsUser+`",`, 1)},
		step{reason: "Nor can what an owner has assigned be taken away.", method: del, id: assignmentID(groupID, contributorRole)},
		step{reason: "Nor the own condition.", method: put, id: assignmentID(groupID, "rbac"), body: assignmentBody(rbacRole, readerPrincipal, "ServicePrincipal")},
		step{reason: "Nor anything beyond the group.", method: put, id: assignmentID(subscriptionID, "beyond"), body: user},
	))

	owner.steps(assignmentAPI, []step{assign(subscriptionID, purgeRole)})
	provider.steps(vaultAPI, []step{
		{"The vault is deleted.", del, kv, "", 200, ""},
		{"It can be seen.", get, deleted + "kv-new", "", 200, ""},
		{"And purged.", post, deleted + "kv-new/purge", "", 200, ""},
	})

	owner.steps(assignmentAPI, []step{{"A role is taken away.", del, assignmentID(groupID, contributorRole), "", 200, ""}})
	provider.steps(vaultAPI, denied(step{reason: "Then it is gone.", method: put, id: kv, body: vaultBody("")}))
}

func TestManagerRoleDefinitions(t *testing.T) {
	t.Parallel()

	const put, get, del = http.MethodPut, http.MethodGet, http.MethodDelete

	m := newManager(t)
	reader := m.as(managementToken(t, m.reader(t)))
	body := func(name, scope string) string {
		return fmt.Sprintf(`{"properties":{"roleName":%q,"type":"CustomRole","assignableScopes":[%q],"permissions":[`+
			`{"actions":["Microsoft.KeyVault/locations/deletedVaults/read"],"notActions":[]}]}}`, name, scope)
	}
	one, two := definitions+uuid.NewString(), definitions+uuid.NewString()
	onSubscription := assignmentID(subscriptionID, "custom")

	m.steps(assignmentAPI, []step{
		{"Ids are GUIDs.", put, definitions + "it", body("Deleted Vaults Reader", subscriptionID), 400, "InvalidRoleDefinitionId"},
		{"A scope is needed.", put, one, `{"properties":{"roleName":"It","permissions":[{}]}}`, 400, "BadRequest"},
		{"Of which the caller may say who has which role.", put, one, strings.Replace(body("It", subscriptionID), `"],"perm`, `","/subscriptions/`+foreign+`"],"perm`, 1), 403, "LinkedAuthorizationFailed"},
		{"A role is made.", put, one, body("Deleted Vaults Reader", subscriptionID), 201, ""},
		{"It can be looked up.", get, one, "", 200, ""},
		{"Its name is taken in the whole tenant.", put, two, body("deleted vaults reader", subscriptionID), 409, "RoleDefinitionWithSameNameExists"},
		{"As are those of Azure.", put, two, body("Owner", subscriptionID), 409, "RoleDefinitionWithSameNameExists"},
		{"It can be assigned.", put, onSubscription, assignmentBody(one, readerPrincipal, "ServicePrincipal"), 201, ""},
		{"And stays then.", del, one, "", 400, "RoleDefinitionHasAssignments"},
	})

	_, _, list := m.do(get, strings.TrimSuffix(definitions, "/"), assignmentAPI+"&$filter=roleName+eq+'Deleted+Vaults+Reader'", "")
	if found, _ := list["value"].([]any); len(found) != 1 {
		t.Errorf("the role is found by its name: got %v", list)
	}

	reader.steps(vaultAPI, []step{{"The role lets the reader see deleted vaults.", get, deleted + "none", "", 404, "DeletedVaultNotFound"}})
	reader.steps(assignmentAPI, []step{{"And may do nothing else.", put, two, body("Mine", subscriptionID), 403, "AuthorizationFailed"}})
	m.steps(assignmentAPI, []step{
		{"It is taken away.", del, onSubscription, "", 200, ""},
		{"So the role can go.", del, one, "", 200, ""},
		{"And cannot be assigned.", put, onSubscription, assignmentBody(one, readerPrincipal, "ServicePrincipal"), 400, "RoleDefinitionDoesNotExist"},
	})
}

// TestManagerAssignmentFilters lists role assignments on several scopes.
func TestManagerAssignmentFilters(t *testing.T) { //nolint:tparallel // What comes after the cases changes what they are about.
	t.Parallel()

	const group = "88888888-8888-4888-8888-888888888888"

	m := newManager(t)
	m.PutGroup(group, readerPrincipal)

	for _, a := range []azure.ScopedRoleAssignment{
		{Scope: "/providers/Microsoft.Management/managementGroups/all", PrincipalID: stranger, Role: "Reader"},
		{Scope: groupID, PrincipalID: readerPrincipal, Role: "Contributor"},
		{Scope: groupID, PrincipalID: group, PrincipalType: "Group", Role: "Reader"},
	} {
		must(t, m.PutScopedRoleAssignment(subscription, a))
	}

	cases := map[string]struct {
		reason string
		scope  string
		filter string
		want   []string
	}{
		"All":       {"Those above are listed, too.", subscriptionID, "", []string{"Contributor", "Owner", "Reader", "Reader"}},
		"AtScope":   {"Those below can be left out.", subscriptionID, "atScope()", []string{"Owner", "Reader"}},
		"Inherited": {"A scope inherits from the scopes above it.", groupID, "atScope()", []string{"Contributor", "Owner", "Reader", "Reader"}},
		"Principal": {"Those of one.", subscriptionID, "principalId eq '" + readerPrincipal + "'", []string{"Contributor"}},
		"Assigned":  {"And of the groups that it is in.", subscriptionID, "assignedTo('" + readerPrincipal + "')", []string{"Contributor", "Reader"}},
		"Both":      {"Filters can be combined.", subscriptionID, "atScope() and assignedTo('" + stranger + "')", []string{"Reader"}},
	}

	names := map[string]string{}
	_, _, all := m.do(http.MethodGet, strings.TrimSuffix(definitions, "/"), assignmentAPI, "")

	for _, d := range elements(all) {
		names[fmt.Sprint(d["id"])] = fmt.Sprint(properties(d)["roleName"])
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			query := assignmentAPI
			if tc.filter != "" {
				query += "&$filter=" + strings.ReplaceAll(tc.filter, " ", "+")
			}

			_, _, list := m.do(http.MethodGet, tc.scope+authorization+"roleAssignments", query, "")

			var got []string
			for _, a := range elements(list) {
				got = append(got, names[fmt.Sprint(properties(a)["roleDefinitionId"])])
			}

			if diff := cmp.Diff(tc.want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	reader := m.as(managementToken(t, m.reader(t)))
	m.DeleteScopedRoleAssignment(subscription, azure.ScopedRoleAssignment{Scope: groupID, PrincipalID: readerPrincipal, Role: "Contributor"})
	reader.steps(vaultAPI, []step{{"A member of a group has its roles.", http.MethodGet, strings.TrimSuffix(vaults, "/"), "", 200, ""}})
}

// TestManagerPages follows the links of a list that is longer than a page.
func TestManagerPages(t *testing.T) {
	t.Parallel()

	m := newManager(t)
	must(t, m.PutSubscription(azure.Subscription{ID: subscription, TenantID: tenant, Padding: azure.Padding{RoleAssignments: 3998, Identities: 100}}))

	got := map[string]int{}

	for _, path := range []string{subscriptionID + authorization + "roleAssignments", subscriptionID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"} {
		version := map[bool]string{true: assignmentAPI, false: identityAPI}[strings.Contains(path, authorization)]

		next := "https://management.azure.com" + path + "?api-version=" + version
		for pages := 0; next != "" && pages < 100; pages++ {
			var list map[string]any

			must(t, json.Unmarshal(m.send(t, request{method: http.MethodGet, url: next, token: m.token}).Body, &list))

			got[path] += len(elements(list))
			next, _ = list["nextLink"].(string)
		}
	}

	want := map[string]int{
		subscriptionID + authorization + "roleAssignments":                             3999,
		subscriptionID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities": 100,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}

	m.steps(assignmentAPI, []step{
		{"One more can be made.", http.MethodPut, assignmentID(groupID, "last"), assignmentBody(contributorRole, readerPrincipal, ""), 201, ""},
		{"But not two.", http.MethodPut, assignmentID(groupID, "more"), assignmentBody(rbacRole, readerPrincipal, ""), 400, "BadRequest"},
	})
}

func TestManagerLocks(t *testing.T) {
	t.Parallel()

	const put, get, del = http.MethodPut, http.MethodGet, http.MethodDelete

	m := newManager(t)
	kv := vaults + "kv-new"
	lock := groupID + authorization + "locks/keep"

	m.steps(vaultAPI, []step{{"A vault is made.", put, kv, vaultBody(""), 201, ""}})
	m.steps(lockAPI, []step{
		{"Levels are two.", put, lock, `{"properties":{"level":"No"}}`, 400, "LockLevelNotSupported"},
		{"One keeps what there is.", put, lock, `{"properties":{"level":"CanNotDelete"}}`, 201, ""},
	})
	m.steps(vaultAPI, []step{
		{"It can be changed.", put, kv, vaultBody(""), 200, ""},
		{"But not deleted.", del, kv, "", 409, "ScopeLocked"},
	})
	m.steps(lockAPI, []step{{"The other lets nothing change.", put, lock, `{"properties":{"level":"ReadOnly"}}`, 201, ""}})
	m.steps(vaultAPI, []step{
		{"It cannot be changed.", put, kv, vaultBody(""), 409, "ScopeLocked"},
		{"It can be looked up.", get, kv, "", 200, ""},
	})

	if _, _, list := m.do(get, subscriptionID+authorization+"locks", lockAPI, ""); len(elements(list)) != 1 {
		t.Errorf("the lock is listed: got %v", list)
	}

	m.steps(lockAPI, []step{{"The lock is removed.", del, lock, "", 200, ""}})
	m.steps(vaultAPI, []step{{"And so is the vault.", del, kv, "", 200, ""}})
}

func TestManagerRegistration(t *testing.T) {
	t.Parallel()

	const put, get, post = http.MethodPut, http.MethodGet, http.MethodPost

	m := newManager(t)
	must(t, m.PutSubscription(azure.Subscription{ID: subscription, TenantID: tenant, State: "Warned", Registrations: map[string]string{"Microsoft.KeyVault": "NotRegistered"}}))

	keyvault := subscriptionID + "/providers/microsoft.keyvault"
	state := func() string {
		_, _, got := m.do(get, keyvault, subscriptionAPI, "")

		return fmt.Sprint(got["registrationState"])
	}

	m.steps(vaultAPI, []step{{"Nothing can be made.", put, vaults + "kv-new", vaultBody(""), 409, "MissingSubscriptionRegistration"}})
	m.steps(subscriptionAPI, []step{{"There are not all.", get, subscriptionID + "/providers/Microsoft.Unknown", "", 404, "InvalidResourceNamespace"}})

	got := []string{state()}

	m.steps(subscriptionAPI, []step{{"It is registered.", post, keyvault + "/register", "", 200, ""}})

	got = append(got, state())

	if diff := cmp.Diff([]string{"NotRegistered", "Registered"}, got); diff != "" {
		t.Errorf("states: -want, +got:\n%s", diff)
	}

	m.steps(vaultAPI, []step{{"Now it can.", put, vaults + "kv-new", vaultBody(""), 201, ""}})

	if _, _, sub := m.do(get, subscriptionID, subscriptionAPI, ""); sub["state"] != "Warned" {
		t.Errorf("state of the subscription: want Warned, got %v", sub["state"])
	}
}

func TestManagerVaultNames(t *testing.T) {
	t.Parallel()

	m := newManager(t)
	must(t, m.PutVault(azure.Vault{Name: "kv-theirs", TenantID: otherTenant}))
	m.do(http.MethodPut, vaults+"kv-gone", vaultAPI, vaultBody(""))
	m.do(http.MethodDelete, vaults+"kv-gone", vaultAPI, "")

	got := map[string]string{}

	for _, name := range []string{"kv-free", "kv--bad", "kv-theirs", "kv-gone"} {
		_, _, answer := m.do(http.MethodPost, subscriptionID+"/providers/Microsoft.KeyVault/checkNameAvailability", vaultAPI, `{"name":"`+name+`","type":"Microsoft.KeyVault/vaults"}`)
		got[name] = fmt.Sprint(answer["nameAvailable"], answer["reason"])
	}

	want := map[string]string{"kv-free": "true <nil>", "kv--bad": "falseAccountNameInvalid", "kv-theirs": "falseAlreadyExists", "kv-gone": "falseAlreadyExists"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names: -want, +got:\n%s", diff)
	}
}

func TestManagerCluster(t *testing.T) {
	t.Parallel()

	const clusterAPI = "2025-05-01"

	m := newManager(t)
	must(t, m.PutCluster(azure.Cluster{SubscriptionID: subscription, ResourceGroup: "rg", Name: "aks", Issuer: issuer}))

	id := groupID + "/providers/Microsoft.ContainerService/managedClusters/aks"
	url := func() any {
		_, _, got := m.do(http.MethodGet, id, clusterAPI, "")
		profile, _ := properties(got)["oidcIssuerProfile"].(map[string]any)

		return profile["issuerURL"]
	}

	before := url()

	m.steps(clusterAPI, []step{
		{"The issuer is enabled.", http.MethodPut, id, `{"location":"westeurope","properties":{"oidcIssuerProfile":{"enabled":true}}}`, 200, ""},
		{"For good.", http.MethodPut, id, `{"location":"westeurope","properties":{"oidcIssuerProfile":{"enabled":false}}}`, 400, "BadRequest"},
		{"Others are not made.", http.MethodPut, id + "2", `{}`, 400, "BadRequest"},
	})

	if diff := cmp.Diff([]any{nil, issuer}, []any{before, url()}); diff != "" {
		t.Errorf("issuer before and after: -want, +got:\n%s", diff)
	}
}

// TestManagerPermissions lists the permissions of the caller.
func TestManagerPermissions(t *testing.T) {
	t.Parallel()

	m := newManager(t)
	must(t, m.PutScopedRoleAssignment(subscription, azure.ScopedRoleAssignment{Scope: groupID, PrincipalID: readerPrincipal, Role: "Reader"}))

	_, _, got := m.as(managementToken(t, m.reader(t))).do(http.MethodGet, groupID+authorization+"permissions", assignmentAPI, "")

	want := []map[string]any{{"actions": []any{"*/read"}, "notActions": []any{}, "dataActions": []any{}, "notDataActions": []any{}}}
	if diff := cmp.Diff(want, elements(got)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// elements of a list.
func elements(list map[string]any) []map[string]any {
	values, _ := list["value"].([]any)

	var out []map[string]any

	for _, v := range values {
		if o, ok := v.(map[string]any); ok {
			out = append(out, o)
		}
	}

	return out
}

func properties(resource map[string]any) map[string]any {
	p, _ := resource["properties"].(map[string]any)

	return p
}
