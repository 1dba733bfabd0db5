// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	subscription = "55555555-5555-4555-8555-555555555555"
	foreign      = "66666666-6666-4666-8666-666666666666"
	stranger     = "77777777-7777-4777-8777-777777777777"

	subscriptionID = "/subscriptions/" + subscription
	groupID        = subscriptionID + "/resourceGroups/rg"
	vaults         = groupID + "/providers/Microsoft.KeyVault/vaults/"
	identities     = groupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	deleted        = subscriptionID + "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/"

	authorization   = "/providers/Microsoft.Authorization/"
	definitions     = subscriptionID + authorization + "roleDefinitions/"
	ownerRole       = definitions + "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	contributorRole = definitions + "b24988ac-6180-42a0-ab88-20f7382dd24c"
	rbacRole        = definitions + "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
	purgeRole       = definitions + "a68e7c17-0ab2-4c09-9a58-125dae29748c"
	secretsUser     = definitions + azure.SecretsUser
	officerRole     = definitions + azure.SecretsOfficer

	// onlySecrets is the condition in docs/how-to/set-up-a-platform.md.
	onlySecrets = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
		"(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" + azure.SecretsUser + ", " + azure.SecretsOfficer + "})) AND " +
		"((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR " +
		"(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {" + azure.SecretsUser + ", " + azure.SecretsOfficer + "}))"
)

// A manager is a world with a subscription that the officer owns, and one of its callers.
type manager struct {
	*world

	tb    testing.TB
	token string
}

func newManager(tb testing.TB) *manager {
	tb.Helper()

	w := newWorld(tb)
	for _, sub := range []azure.Subscription{
		{ID: subscription, TenantID: tenant, RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: officerPrincipal, Role: "Owner"}}},
		{ID: foreign, TenantID: otherTenant},
	} {
		sub.ResourceGroups = []azure.ResourceGroup{{Name: "rg", Location: "westeurope"}}
		check.Must(tb, w.PutSubscription(sub))
	}

	return &manager{world: w, tb: tb, token: w.officer(tb, forManagement)}
}

// do sends a request for a resource, with the API version of its type.
func (m *manager) do(line, body string) response {
	m.tb.Helper()

	version := "2022-12-01"

	for _, v := range []struct{ typ, version string }{
		{"microsoft.keyvault/", "2023-07-01"},
		{"microsoft.managedidentity/", "2023-01-31"},
		{"/roleassignments/", "2022-04-01"},
		{"/roledefinitions/", "2022-04-01"},
	} {
		if strings.Contains(strings.ToLower(line), v.typ) {
			version = v.version
		}
	}

	method, id, _ := strings.Cut(line, " ")

	return m.send(m.tb, method+" https://management.azure.com"+strings.TrimSuffix(id, "/")+"?api-version="+version, m.token, body)
}

// A step is a request and its answer.
type step struct {
	reason string
	line   string
	body   string
	want   string
}

func (m *manager) steps(steps ...step) {
	m.tb.Helper()

	for _, s := range steps {
		if rsp := m.do(s.line, s.body); rsp.String() != s.want {
			m.tb.Errorf("\n%s\n%s: want %s, got %s: %s", s.reason, s.line, s.want, rsp, rsp.body)
		}
	}
}

// denied runs steps without permission.
func (m *manager) denied(steps ...step) {
	m.tb.Helper()

	for _, s := range steps {
		s.want = "403 AuthorizationFailed"
		m.steps(s)
	}
}

// vaultBody is the body of a request for a vault, with more properties.
func vaultBody(more string) string {
	return `{"location":"westeurope","properties":{"tenantId":"` + tenant + `","sku":{"family":"A","name":"standard"},"enableRbacAuthorization":true` + more + `}}`
}

func credentialBody(issuer, subject string, audiences ...string) string {
	return fmt.Sprintf(`{"properties":{"issuer":%q,"subject":%q,"audiences":["%s"]}}`, issuer, subject, strings.Join(audiences, `","`))
}

func assignmentBody(role, principal, principalType string) string {
	return fmt.Sprintf(`{"properties":{"roleDefinitionId":%q,"principalId":%q,"principalType":%q}}`, role, principal, principalType)
}

func conditionBody(role, principal, condition string) string {
	return fmt.Sprintf(`{"properties":{"roleDefinitionId":%q,"principalId":%q,"principalType":"ServicePrincipal","condition":%q,"conditionVersion":"2.0"}}`, role, principal, condition)
}

// assignmentID returns the id of an assignment on a scope, from a name of one word.
func assignmentID(scope, name string) string {
	return strings.TrimSuffix(scope, "/") + authorization + "roleAssignments/" + uuid.NewSHA1(uuid.Nil, []byte(name)).String()
}

func TestManagerAdmission(t *testing.T) {
	m := newManager(t)

	const a, version = vaults + "a", "?api-version=2023-07-01"

	for name, tc := range map[string]struct {
		reason string
		token  string
		path   string
		want   string
	}{
		"NoToken":        {"A token is required.", "", a + version, "401 AuthenticationFailed"},
		"Garbage":        {"A token is verified.", "x.y.z", a + version, "401 InvalidAuthenticationToken"},
		"WrongAudience":  {"A token for vaults is not valid for the resource manager.", m.officer(t, forVaults), a + version, "401 InvalidAuthenticationTokenAudience"},
		"OtherTenant":    {"The caller must be in the subscription's tenant.", m.token, strings.ReplaceAll(a, subscription, foreign) + version, "401 InvalidAuthenticationTokenTenant"},
		"NoAdmin":        {"A caller needs a role.", m.reader(t, forManagement), a + version, "403 AuthorizationFailed"},
		"NoVersion":      {"A version is required.", m.token, a, "400 InvalidApiVersionParameter"},
		"OtherVersion":   {"The version must exist.", m.token, a + "?api-version=1999-01-01", "400 InvalidApiVersionParameter"},
		"NoSubscription": {"The subscription must exist.", m.token, strings.ReplaceAll(a, subscription, stranger) + version, "404 SubscriptionNotFound"},
		"NoGroup":        {"The resource group must exist.", m.token, strings.ReplaceAll(a, "/rg/", "/other/") + version, "404 ResourceGroupNotFound"},
		"NoVault":        {"The vault must exist.", m.token, a + version, "404 ResourceNotFound"},
		"NoType":         {"Other types do not exist.", m.token, groupID + "/providers/Microsoft.Web/sites/a" + version, "404 InvalidResourceType"},
		"Case":           {"The case of a path is ignored.", m.token, strings.ToUpper(groupID) + "?api-version=2021-04-01", "200"},
	} {
		t.Run(name, func(t *testing.T) {
			rsp := m.send(t, "GET https://management.azure.com"+tc.path, tc.token, "")
			if rsp.String() != tc.want {
				t.Errorf("\n%s\nwant %s, got %s: %s", tc.reason, tc.want, rsp, rsp.body)
			}
		})
	}
}

func TestManagerVaults(t *testing.T) {
	const kv, safe = vaults + "kv-new", vaults + "kv-safe"

	m := newManager(t)
	m.steps(
		step{"A name has at least three characters.", "PUT " + vaults + "ab", vaultBody(""), "400 VaultNameNotValid"},
		step{"The name is taken anywhere in Azure.", "PUT " + vaults + vault, vaultBody(""), "409 VaultAlreadyExists"},
		step{"The location is required.", "PUT " + kv, `{"properties":{}}`, "400 LocationRequired"},
		step{"Retention is 7 to 90 days.", "PUT " + kv, vaultBody(`,"softDeleteRetentionInDays":6`), "400 BadRequest"},
		step{"Only a deleted vault can be recovered.", "PUT " + kv, vaultBody(`,"createMode":"recover"`), "404 DeletedVaultNotFound"},
		step{"A vault is created.", "PUT " + kv, vaultBody(`,"softDeleteRetentionInDays":7`), "201"},
		step{"The same request again changes nothing.", "PUT " + vaults + "KV-New", vaultBody(`,"softDeleteRetentionInDays":7`), "200"},
		step{"A vault cannot move.", "PUT " + kv, strings.Replace(vaultBody(""), "westeurope", "northeurope", 1), "409 InvalidResourceLocation"},
		step{"The retention cannot change.", "PATCH " + kv, `{"properties":{"softDeleteRetentionInDays":8}}`, "400 BadRequest"},
		step{"Tags can change.", "PATCH " + kv, `{"tags":{"a":"b"}}`, "200"},
		step{"The vault is deleted.", "DELETE " + kv, "", "200"},
		step{"A second deletion succeeds.", "DELETE " + kv, "", "204"},
		step{"The deleted vault is not found.", "GET " + kv, "", "404 ResourceNotFound"},
		step{"The deleted vault can be recovered.", "GET " + deleted + "kv-new", "", "200"},
		step{"The name of a deleted vault is taken.", "PUT " + kv, vaultBody(""), "409 ConflictError"},
		step{"The vault is recovered.", "PUT " + kv, vaultBody(`,"createMode":"recover"`), "200"},
		step{"The vault is deleted again.", "DELETE " + kv, "", "200"},
		step{"The vault is purged.", "POST " + deleted + "kv-new/purge", "", "200"},
		step{"The purged vault is not found.", "GET " + deleted + "kv-new", "", "404 DeletedVaultNotFound"},
		step{"A vault with purge protection is created.", "PUT " + safe, vaultBody(`,"enablePurgeProtection":true`), "201"},
		step{"Purge protection cannot be disabled.", "PATCH " + safe, `{"properties":{"enablePurgeProtection":false}}`, "400 BadRequest"},
		step{"The protected vault is deleted.", "DELETE " + safe, "", "200"},
		step{"The protected vault cannot be purged.", "POST " + deleted + "kv-safe/purge", "", "400 DeletedVaultPurge"},
	)

	want := []azure.ARMResource{{ID: kv, Created: 1, Updated: 3, Deleted: 2, Recovered: 1, Purged: 1}, {ID: safe, Created: 1, Deleted: 1}}
	if diff := cmp.Diff(want, m.ARMResources()); diff != "" {
		t.Errorf("ARMResources(): -want, +got:\n%s", diff)
	}
}

func TestManagerIdentities(t *testing.T) {
	const app, credentials = identities + "app", identities + "app/federatedIdentityCredentials/"

	sound := credentialBody(issuer, subject, audience)

	m := newManager(t)
	m.steps(
		step{"A credential needs an identity.", "PUT " + credentials + "one", sound, "404 ParentResourceNotFound"},
		step{"A location is required.", "PUT " + app, `{}`, "400 LocationRequired"},
		step{"A name has at least three characters.", "PUT " + identities + "ab", `{"location":"westeurope"}`, "400 InvalidResourceName"},
		step{"An identity is created.", "PUT " + app, `{"location":"West Europe","tags":{"a":"b"}}`, "201"},
		step{"An identity cannot move.", "PUT " + app, `{"location":"northeurope"}`, "409 InvalidResourceLocation"},
		step{"A credential has exactly one audience.", "PUT " + credentials + "one", credentialBody(issuer, subject, audience, "another"), "400 BadRequest"},
		step{"A credential is created.", "PUT " + credentials + "one", sound, "201"},
		step{"The same request again changes nothing.", "PUT " + credentials + "one", sound, "200"},
		step{"Issuer and subject must be unique.", "PUT " + credentials + "two", sound, "400 BadRequest"},
		step{"The credential is deleted.", "DELETE " + credentials + "one", "", "200"},
		step{"A second deletion succeeds.", "DELETE " + credentials + "one", "", "204"},
		step{"The deleted credential is not found.", "GET " + credentials + "one", "", "404 ResourceNotFound"},
	)

	before := m.do("GET "+app, "")
	m.steps(step{"The same request again keeps the ids.", "PUT " + app, `{"location":"westeurope","tags":{"a":"b"}}`, "200"})

	if diff := cmp.Diff(string(before.body), string(m.do("GET "+app, "").body)); diff != "" {
		t.Errorf("the same identity: -before, +after:\n%s", diff)
	}

	m.steps(
		step{"The identity is deleted.", "DELETE " + app, "", "200"},
		step{"A new identity of that name is created.", "PUT " + app, `{"location":"westeurope","tags":{"a":"b"}}`, "201"},
	)

	if string(before.body) == string(m.do("GET "+app, "").body) {
		t.Error("a new identity has the ids of the old one")
	}
}

func TestManagerRoleAssignments(t *testing.T) {
	const kv = vaults + "kv-new"

	m := newManager(t)
	m.SetDelays(azure.Delays{Role: time.Minute})
	m.do("PUT "+kv, vaultBody(""))

	var made struct {
		Properties struct {
			PrincipalID string `json:"principalId"`
		} `json:"properties"`
	}
	check.Must(t, json.Unmarshal(m.do("PUT "+identities+"app", `{"location":"westeurope"}`).body, &made))

	one, two, onGroup, principal := assignmentID(kv, "1"), assignmentID(kv, "2"), assignmentID(groupID, "3"), made.Properties.PrincipalID
	typed := assignmentBody(secretsUser, principal, "ServicePrincipal")

	m.steps(
		step{"Names must be GUIDs.", "PUT " + kv + authorization + "roleAssignments/app", typed, "400 InvalidRoleAssignmentId"},
		step{"The role must exist.", "PUT " + one, assignmentBody(definitions+stranger, principal, "ServicePrincipal"), "400 RoleDefinitionDoesNotExist"},
		step{"The scope must exist.", "PUT " + strings.Replace(one, "kv-new", "kv-none", 1), typed, "404 ResourceNotFound"},
		step{"A missing principal is unknown.", "PUT " + one, assignmentBody(secretsUser, stranger, ""), "400 PrincipalNotFound"},
		step{"The type of a known principal must match.", "PUT " + one, assignmentBody(secretsUser, readerPrincipal, "User"), "400 UnmatchedPrincipalType"},
		step{"The type in a request replaces the lookup.", "PUT " + one, typed, "201"},
		step{"The same request again is accepted.", "PUT " + one, typed, "200"},
		step{"An assignment cannot change.", "PUT " + one, assignmentBody(secretsUser, stranger, "Group"), "400 RoleAssignmentUpdateNotPermitted"},
		step{"An assignment must be unique under any name.", "PUT " + two, typed, "409 RoleAssignmentExists"},
		step{"A role can be assigned on a group.", "PUT " + onGroup, assignmentBody(secretsUser, readerPrincipal, ""), "201"},
	)

	_, err := m.PutSecret("kv-new", "a", azure.Secret{Value: "v"})
	check.Must(t, err)

	reads := func(reason, want string) {
		t.Helper()

		if rsp := m.send(t, "GET https://kv-new.vault.azure.net/secrets/a?api-version=7.4", m.reader(t, forVaults), ""); rsp.String() != want {
			t.Errorf("\n%s\nwant %s, got %s", reason, want, rsp)
		}
	}

	reads("A role on the group takes a minute.", "403 Forbidden ForbiddenByRbac")
	m.move(time.Minute)
	reads("It is inherited by the vaults.", "200")

	m.steps(
		step{"The vault is deleted.", "DELETE " + kv, "", "200"},
		step{"The vault is recovered.", "PUT " + kv, vaultBody(`,"createMode":"recover"`), "200"},
		step{"The role assignments of the vault are lost.", "GET " + one, "", "404 ResourceNotFound"},
		step{"The role assignments can be created again.", "PUT " + two, typed, "201"},
		step{"A role assignment is deleted.", "DELETE " + two, "", "200"},
		step{"A second deletion succeeds.", "DELETE " + two, "", "204"},
		step{"The assignment on the group still exists.", "DELETE " + onGroup, "", "200"},
	)
	reads("A role that is taken away is gone.", "403 Forbidden ForbiddenByRbac")
}

// TestManagerRoles gives the reader the Azure providers' roles from the set-up page, one after the other.
func TestManagerRoles(t *testing.T) {
	const kv = vaults + "kv-new"

	owner := newManager(t)
	provider := &manager{world: owner.world, tb: t, token: owner.reader(t, forManagement)}

	assign := func(scope, role string) step {
		return step{"An owner can assign any role.", "PUT " + assignmentID(scope, role), assignmentBody(role, readerPrincipal, "ServicePrincipal"), "201"}
	}
	mine, rbac := assignmentID(kv, "mine"), assignmentID(groupID, "rbac")
	user := assignmentBody(secretsUser, officerPrincipal, "ServicePrincipal")

	provider.denied(
		step{reason: "Without a role in a subscription, it is invisible.", line: "GET " + subscriptionID},
		step{reason: "Without a role, nothing can be created.", line: "PUT " + kv, body: vaultBody("")},
		step{reason: "Without a role, nothing can be read.", line: "GET " + kv},
		step{reason: "Without a role, no name can be checked.", line: "POST " + subscriptionID + "/providers/Microsoft.KeyVault/checkNameAvailability", body: "{}"},
	)

	owner.steps(assign(groupID, contributorRole))
	provider.steps(
		step{"With a role, the subscription is visible.", "GET " + subscriptionID, "", "200"},
		step{"A Contributor can create vaults.", "PUT " + kv, vaultBody(""), "201"},
		step{"A Contributor can list the vaults of the group.", "GET " + vaults, "", "200"},
		step{"A Contributor can read built-in roles.", "GET " + ownerRole, "", "200"},
	)
	provider.denied(
		step{reason: "Resources of the subscription cannot be listed.", line: "GET " + subscriptionID + "/providers/Microsoft.KeyVault/vaults"},
		step{reason: "Deleted vaults belong to the subscription.", line: "GET " + deleted + "kv-new"},
		step{reason: "A Contributor cannot assign roles.", line: "PUT " + mine, body: user},
	)

	owner.steps(
		step{"An invalid condition is rejected.", "PUT " + rbac, conditionBody(rbacRole, readerPrincipal, "("), "400 InvalidConditionOrConditionVersion"},
		step{"A condition for a role of vaults would be ignored, so it is rejected.", "PUT " + rbac, conditionBody(secretsUser, readerPrincipal, onlySecrets), "400 BadRequest"},
		step{"A condition for role assignments is accepted.", "PUT " + rbac, conditionBody(rbacRole, readerPrincipal, onlySecrets), "201"},
	)
	provider.steps(
		step{"A role in the condition can be assigned.", "PUT " + mine, user, "201"},
		step{"The other role in the condition can be assigned.", "PUT " + assignmentID(kv, "officer"), assignmentBody(officerRole, officerPrincipal, "ServicePrincipal"), "201"},
		step{"An own assignment can be deleted.", "DELETE " + mine, "", "200"},
	)
	provider.denied(
		step{reason: "The role Owner cannot be assigned.", line: "PUT " + assignmentID(kv, "owner"), body: assignmentBody(ownerRole, readerPrincipal, "ServicePrincipal")},
		step{reason: "A body with two roles is read unambiguously.", line: "PUT " + assignmentID(kv, "twice"), body: strings.Replace(
			assignmentBody(ownerRole, readerPrincipal, "ServicePrincipal"), `{"properties":{`, `{"properties":{"roleDefinitionId":"`+secretsUser+`",`, 1)},
		step{reason: "An owner's assignment cannot be deleted.", line: "DELETE " + assignmentID(groupID, contributorRole)},
		step{reason: "The assignment with the condition cannot be deleted.", line: "PUT " + rbac, body: assignmentBody(rbacRole, readerPrincipal, "ServicePrincipal")},
		step{reason: "No role can be assigned outside of the group.", line: "PUT " + assignmentID(subscriptionID, "beyond"), body: user},
	)

	owner.steps(assign(subscriptionID, purgeRole))
	provider.steps(
		step{"The vault is deleted.", "DELETE " + kv, "", "200"},
		step{"The deleted vault is visible.", "GET " + deleted + "kv-new", "", "200"},
		step{"The deleted vault is purged.", "POST " + deleted + "kv-new/purge", "", "200"},
	)

	owner.steps(step{"The role assignment is deleted.", "DELETE " + assignmentID(groupID, contributorRole), "", "200"})
	provider.denied(step{reason: "The role is no longer assigned.", line: "PUT " + kv, body: vaultBody("")})
}

// TestManagerRegistrations checks that a resource needs a registered resource provider, whatever roles allow.
func TestManagerRegistrations(t *testing.T) {
	m := newManager(t)
	check.Must(t, m.PutSubscription(azure.Subscription{ID: subscription, TenantID: tenant, Registrations: map[string]string{"Microsoft.KeyVault": "NotRegistered"}}))
	m.steps(
		step{"The resource provider must be registered.", "PUT " + vaults + "kv-new", vaultBody(""), "409 MissingSubscriptionRegistration"},
		step{"The resource provider must exist.", "GET " + subscriptionID + "/providers/Microsoft.Unknown", "", "404 InvalidResourceNamespace"},
	)
}
