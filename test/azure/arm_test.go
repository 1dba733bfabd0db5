// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	subscription = "55555555-5555-4555-8555-555555555555"
	foreign      = "66666666-6666-4666-8666-666666666666"

	groupID    = "/subscriptions/" + subscription + "/resourceGroups/rg"
	vaults     = groupID + "/providers/Microsoft.KeyVault/vaults/"
	identities = groupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	deleted    = "/subscriptions/" + subscription + "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/"

	vaultAPI      = "2023-07-01"
	identityAPI   = "2023-01-31"
	assignmentAPI = "2022-04-01"

	secretsUser = "/subscriptions/" + subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + azure.SecretsUser
	stranger    = "77777777-7777-4777-8777-777777777777"
)

// A manager is a world with a subscription that the officer administers.
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
		must(tb, w.PutSubscription(sub))
	}

	return &manager{world: w, tb: tb, token: managementToken(tb, w.officer(tb))}
}

func managementToken(tb testing.TB, cred azcore.TokenCredential) string {
	tb.Helper()

	got, err := cred.GetToken(tb.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	must(tb, err)

	return got.Token
}

// do sends a request, and returns the status, the code of a refusal and the body.
func (m *manager) do(method, id, version, body string) (status int, code string, answer map[string]any) {
	m.tb.Helper()

	rsp := m.send(m.tb, request{
		method: method, url: "https://management.azure.com" + id + "?api-version=" + version, token: m.token,
		contentType: "application/json", body: body,
	})

	if len(rsp.Body) > 0 {
		must(m.tb, json.Unmarshal(rsp.Body, &answer))
	}

	return rsp.Status, rsp.refusal().Code, answer
}

// vault is the body of a request for one, with more properties.
func vaultBody(more string) string {
	return `{"location":"westeurope","properties":{"tenantId":"` + tenant +
		`","sku":{"family":"A","name":"standard"},"enableRbacAuthorization":true` + more + `}}`
}

func credentialBody(subject string, audiences ...string) string {
	return fmt.Sprintf(`{"properties":{"issuer":%q,"subject":%q,"audiences":["%s"]}}`, issuer, subject, strings.Join(audiences, `","`))
}

func assignmentBody(role, principal, principalType string) string {
	return fmt.Sprintf(`{"properties":{"roleDefinitionId":%q,"principalId":%q,"principalType":%q}}`, role, principal, principalType)
}

func TestManagerAdmission(t *testing.T) {
	t.Parallel()

	m := newManager(t)
	readers, vaultsOnly := managementToken(t, m.reader(t)), token(t, m.officer(t))

	cases := map[string]struct {
		reason string
		token  string
		path   string
		want   refusal
	}{
		"NoToken":        {"A token is asked for.", "", vaults + "a?api-version=" + vaultAPI, refusal{401, "AuthenticationFailed", ""}},
		"Garbage":        {"A token is verified.", "x.y.z", vaults + "a?api-version=" + vaultAPI, refusal{401, "InvalidAuthenticationToken", ""}},
		"WrongAudience":  {"A token for vaults is none for management.", vaultsOnly, vaults + "a?api-version=" + vaultAPI, refusal{401, "InvalidAuthenticationTokenAudience", ""}},
		"OtherTenant":    {"A caller is of the subscription's tenant.", m.token, strings.ReplaceAll(vaults, subscription, foreign) + "a?api-version=" + vaultAPI, refusal{401, "InvalidAuthenticationTokenTenant", ""}},
		"NoAdmin":        {"Others may do nothing.", readers, vaults + "a?api-version=" + vaultAPI, refusal{403, "AuthorizationFailed", ""}},
		"NoVersion":      {"A version is required.", m.token, vaults + "a", refusal{400, "MissingApiVersionParameter", ""}},
		"OtherVersion":   {"And has to be one there is.", m.token, vaults + "a?api-version=1999-01-01", refusal{400, "InvalidApiVersionParameter", ""}},
		"NoSubscription": {"Subscriptions are registered.", m.token, strings.ReplaceAll(vaults, subscription, stranger) + "a?api-version=" + vaultAPI, refusal{404, "SubscriptionNotFound", ""}},
		"NoGroup":        {"Resource groups as well.", m.token, strings.ReplaceAll(vaults, "/rg/", "/other/") + "a?api-version=" + vaultAPI, refusal{404, "ResourceGroupNotFound", ""}},
		"NoVault":        {"And vaults are made.", m.token, vaults + "a?api-version=" + vaultAPI, refusal{404, "ResourceNotFound", ""}},
		"NoType":         {"There are no other types.", m.token, groupID + "/providers/Microsoft.Web/sites/a?api-version=" + vaultAPI, refusal{404, "InvalidResourceType", ""}},
		"Case":           {"The case of a path does not matter.", m.token, strings.ToUpper(groupID) + "?api-version=2021-04-01", refusal{200, "", ""}},
		"Subscription":   {"A subscription can be looked up.", m.token, "/subscriptions/" + subscription + "?api-version=2022-12-01", refusal{200, "", ""}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			rsp := m.send(t, request{method: http.MethodGet, url: "https://management.azure.com" + tc.path, token: tc.token})
			if diff := cmp.Diff(tc.want, rsp.refusal()); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}

			// Another token would not help a caller of another tenant.
			asks := tc.want.Status == http.StatusUnauthorized && name != "OtherTenant"
			if challenge := rsp.Header.Get("Www-Authenticate"); asks != strings.HasPrefix(challenge, "Bearer authorization_uri=") {
				t.Errorf("\n%s\nchallenge: got %q", tc.reason, challenge)
			}
		})
	}
}

// A step is a request and how it is answered.
type step struct {
	reason string
	method string
	id     string
	body   string
	status int
	code   string
}

func (m *manager) steps(version string, steps []step) {
	m.tb.Helper()

	for _, s := range steps {
		status, code, answer := m.do(s.method, s.id, version, s.body)
		if status != s.status || code != s.code {
			m.tb.Errorf("\n%s\n%s %s: want %d %s, got %d %s: %v", s.reason, s.method, s.id, s.status, s.code, status, code, answer["error"])
		}
	}
}

func TestManagerVaults(t *testing.T) {
	t.Parallel()

	const put, get, del, patch = http.MethodPut, http.MethodGet, http.MethodDelete, http.MethodPatch

	m := newManager(t)
	m.steps(vaultAPI, []step{
		{"A name has at least three characters.", put, vaults + "ab", vaultBody(""), 400, "VaultNameNotValid"},
		{"Hyphens do not follow each other.", put, vaults + "a--b", vaultBody(""), 400, "VaultNameNotValid"},
		{"The name starts with a letter.", put, vaults + "1abc", vaultBody(""), 400, "VaultNameNotValid"},
		{"A name is taken in all of Azure.", put, vaults + vault, vaultBody(""), 409, "VaultAlreadyExists"},
		{"Unknown properties are refused.", put, vaults + "kv-new", vaultBody(`,"nonsense":1`), 400, "InvalidRequestContent"},
		{"The location is required.", put, vaults + "kv-new", `{"properties":{}}`, 400, "LocationRequired"},
		{"So are the others.", put, vaults + "kv-new", `{"location":"westeurope","properties":{"tenantId":"` + tenant + `"}}`, 400, "BadRequest"},
		{"Retention is 7 to 90 days.", put, vaults + "kv-new", vaultBody(`,"softDeleteRetentionInDays":6`), 400, "BadRequest"},
		{"Only a deleted vault can be recovered.", put, vaults + "kv-new", vaultBody(`,"createMode":"recover"`), 404, "DeletedVaultNotFound"},
		{"A vault is made.", put, vaults + "kv-new", vaultBody(`,"softDeleteRetentionInDays":7`), 201, ""},
		{"To say the same again is to change nothing.", put, vaults + "KV-New", vaultBody(`,"softDeleteRetentionInDays":7`), 200, ""},
		{"It can be looked up.", get, vaults + "kv-new", "", 200, ""},
		{"And listed.", get, strings.TrimSuffix(vaults, "/"), "", 200, ""},
		{"It does not move.", put, vaults + "kv-new", strings.Replace(vaultBody(""), "westeurope", "northeurope", 1), 409, "InvalidResourceLocation"},
		{"Its retention is fixed.", patch, vaults + "kv-new", `{"properties":{"softDeleteRetentionInDays":8}}`, 400, "BadRequest"},
		{"Tags change.", patch, vaults + "kv-new", `{"tags":{"a":"b"}}`, 200, ""},
		{"It is deleted.", del, vaults + "kv-new", "", 200, ""},
		{"A second deletion succeeds.", del, vaults + "kv-new", "", 204, ""},
		{"It is gone.", get, vaults + "kv-new", "", 404, "ResourceNotFound"},
		{"But not for good.", get, deleted + "kv-new", "", 200, ""},
		{"So its name is taken.", put, vaults + "kv-new", vaultBody(""), 409, "ConflictError"},
		{"It is recovered.", put, vaults + "kv-new", vaultBody(`,"createMode":"recover"`), 200, ""},
		{"Deleted again.", del, vaults + "kv-new", "", 200, ""},
		{"And purged.", http.MethodPost, deleted + "kv-new/purge", "", 200, ""},
		{"Then it is gone for good.", get, deleted + "kv-new", "", 404, "DeletedVaultNotFound"},
		{"Protection is for ever.", put, vaults + "kv-safe", vaultBody(`,"enablePurgeProtection":true`), 201, ""},
		{"It cannot be switched off.", patch, vaults + "kv-safe", `{"properties":{"enablePurgeProtection":false}}`, 400, "BadRequest"},
		{"The vault is deleted.", del, vaults + "kv-safe", "", 200, ""},
		{"But not purged.", http.MethodPost, deleted + "kv-safe/purge", "", 400, "DeletedVaultPurge"},
		{"Nothing else can be done.", http.MethodPost, vaults + "kv-safe", "", 405, "MethodNotAllowed"},
	})

	want := []azure.ARMResource{
		{ID: vaults + "kv-new", Created: 1, Updated: 3, Deleted: 2, Recovered: 1, Purged: 1},
		{ID: vaults + "kv-safe", Created: 1, Deleted: 1},
	}

	if diff := cmp.Diff(want, m.ARMResources()); diff != "" {
		t.Errorf("ARMResources(): -want, +got:\n%s", diff)
	}
}

func TestManagerIdentities(t *testing.T) {
	t.Parallel()

	const put, get, del = http.MethodPut, http.MethodGet, http.MethodDelete

	m := newManager(t)
	first := identities + "app"
	credentials := first + "/federatedIdentityCredentials/"

	m.steps(identityAPI, []step{
		{"A credential needs an identity.", put, credentials + "one", credentialBody(subject, audience), 404, "ParentResourceNotFound"},
		{"A location is required.", put, first, `{}`, 400, "LocationRequired"},
		{"A name has three characters at least.", put, identities + "ab", `{"location":"westeurope"}`, 400, "InvalidResourceName"},
		{"An identity is made.", put, first, `{"location":"West Europe","tags":{"a":"b"}}`, 201, ""},
		{"It does not move.", put, first, `{"location":"northeurope"}`, 409, "InvalidResourceLocation"},
		{"One audience only.", put, credentials + "one", credentialBody(subject, audience, "another"), 400, "BadRequest"},
		{"A credential is made.", put, credentials + "one", credentialBody(subject, audience), 201, ""},
		{"The same again changes nothing.", put, credentials + "one", credentialBody(subject, audience), 200, ""},
		{"Issuer and subject are unique.", put, credentials + "two", credentialBody(subject, audience), 409, "Conflict"},
		{"It can be looked up.", get, credentials + "one", "", 200, ""},
		{"And is gone when it is deleted.", del, credentials + "one", "", 200, ""},
		{"Which is no error twice.", del, credentials + "one", "", 204, ""},
		{"It is not found then.", get, credentials + "one", "", 404, "NotFound"},
	})

	for i := range 21 {
		status, _, _ := m.do(put, fmt.Sprintf("%sc-%02d", credentials, i), identityAPI, credentialBody(strconv.Itoa(i), audience))
		if want := map[bool]int{true: 201, false: 400}[i < 20]; status != want {
			t.Errorf("credential %d of at most 20: want %d, got %d", i, want, status)
		}
	}

	_, _, before := m.do(get, first, identityAPI, "")
	m.do(put, first, identityAPI, `{"location":"westeurope"}`)
	_, _, after := m.do(get, first, identityAPI, "")

	if diff := cmp.Diff(before["properties"], after["properties"]); diff != "" {
		t.Errorf("an identity keeps its ids: -before, +after:\n%s", diff)
	}

	m.steps(identityAPI, []step{
		{"The identity is deleted.", del, first, "", 200, ""},
		{"And made anew.", put, first, `{"location":"westeurope"}`, 201, ""},
	})

	if _, _, anew := m.do(get, first, identityAPI, ""); cmp.Equal(before["properties"], anew["properties"]) {
		t.Error("a new identity has the ids of the old one")
	}
}

func TestManagerConcurrentCredentials(t *testing.T) {
	t.Parallel()

	m := newManager(t)
	m.do(http.MethodPut, identities+"app", identityAPI, `{"location":"westeurope"}`)

	// The first waits until the second has been refused.
	id, err := m.AddFault(azure.Fault{Operation: azure.OpPutCredential, Effect: azure.EffectHang, Count: 1})
	must(t, err)

	var hung sync.WaitGroup

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	hung.Go(func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, "https://management.azure.com"+identities+
			"app/federatedIdentityCredentials/one?api-version="+identityAPI, strings.NewReader(credentialBody("1", audience)))
		if err != nil {
			return
		}

		r.Header.Set("Authorization", "Bearer "+m.token)

		if rsp, err := m.raw.RoundTrip(r); err == nil {
			_ = rsp.Body.Close()
		}
	})

	for len(m.Faults()) > 0 {
		if t.Context().Err() != nil {
			t.Fatal("fault " + id + " is never used")
		}

		runtime.Gosched()
	}

	m.steps(identityAPI, []step{{
		"Azure refuses two writes at the same time.", http.MethodPut, identities + "app/federatedIdentityCredentials/two",
		credentialBody("2", audience), 409, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
	}})

	cancel()
	hung.Wait()
}

func TestManagerRoleAssignments(t *testing.T) {
	t.Parallel()

	const put, get, del = http.MethodPut, http.MethodGet, http.MethodDelete

	m := newManager(t)
	m.SetDelays(azure.Delays{Principal: time.Minute, Role: time.Minute})
	m.do(put, vaults+"kv-new", vaultAPI, vaultBody(""))
	_, _, made := m.do(put, identities+"app", identityAPI, `{"location":"westeurope"}`)
	properties, _ := made["properties"].(map[string]any)
	principal := fmt.Sprint(properties["principalId"])

	on := vaults + "kv-new/providers/Microsoft.Authorization/roleAssignments/"
	one, two := on+uuid.NewString(), on+uuid.NewString()
	onGroup := groupID + "/providers/Microsoft.Authorization/roleAssignments/" + uuid.NewString()

	m.steps(assignmentAPI, []step{
		{"Names are GUIDs.", put, on + "app", assignmentBody(secretsUser, principal, "ServicePrincipal"), 400, "InvalidRoleAssignmentId"},
		{"Roles are built in.", put, one, assignmentBody(secretsUser[:len(secretsUser)-1]+"0", principal, "ServicePrincipal"), 400, "RoleDefinitionDoesNotExist"},
		{"The scope exists.", put, strings.Replace(one, "kv-new", "kv-none", 1), assignmentBody(secretsUser, principal, ""), 404, "ResourceNotFound"},
		{"A new principal is not known yet.", put, one, assignmentBody(secretsUser, principal, ""), 400, "PrincipalNotFound"},
		{"Nor is one that is not there.", put, one, assignmentBody(secretsUser, stranger, ""), 400, "PrincipalNotFound"},
		{"A known principal has its type.", put, one, assignmentBody(secretsUser, readerPrincipal, "User"), 400, "UnmatchedPrincipalType"},
		{"A principal type in the request is believed.", put, one, assignmentBody(secretsUser, principal, "ServicePrincipal"), 201, ""},
		{"The same again is no error.", put, one, assignmentBody(secretsUser, principal, "ServicePrincipal"), 200, ""},
		{"Nothing about it can change.", put, one, assignmentBody(secretsUser, stranger, "Group"), 400, "RoleAssignmentUpdateNotPermitted"},
		{"It is unique under any name.", put, two, assignmentBody(secretsUser, principal, "ServicePrincipal"), 409, "RoleAssignmentExists"},
		{"It can be looked up.", get, one, "", 200, ""},
		{"A role can be assigned on a group.", put, onGroup, assignmentBody(secretsUser, readerPrincipal, ""), 201, ""},
		{"Others are not there.", get, two, "", 404, "RoleAssignmentNotFound"},
	})

	_, err := m.PutSecret("kv-new", "a", azure.Secret{Value: "v"})
	must(t, err)

	reader := m.client(t, "kv-new", m.reader(t))
	if _, err := reader.GetSecret(t.Context(), "a", "", nil); refused(t, err).Inner != "ForbiddenByRbac" {
		t.Errorf("a role on the group takes a minute: got %v", err)
	}

	m.clock.Move(time.Minute)

	if _, err := reader.GetSecret(t.Context(), "a", "", nil); err != nil {
		t.Errorf("a role on the group counts on its vaults: %v", err)
	}

	m.do(del, vaults+"kv-new", vaultAPI, "")
	m.do(put, vaults+"kv-new", vaultAPI, vaultBody(`,"createMode":"recover"`))
	m.steps(assignmentAPI, []step{
		{"A vault's role assignments go with it for good.", get, one, "", 404, "RoleAssignmentNotFound"},
		{"So that it can be made again.", put, two, assignmentBody(secretsUser, principal, "ServicePrincipal"), 201, ""},
		{"And be deleted.", del, two, "", 200, ""},
		{"Which is no error twice.", del, two, "", 204, ""},
		{"That on the group has stayed.", del, onGroup, "", 200, ""},
	})

	if _, err := reader.GetSecret(t.Context(), "a", "", nil); refused(t, err).Inner != "ForbiddenByRbac" {
		t.Errorf("a role that is taken away is gone: got %v", err)
	}

	status, _, list := m.do(get, vaults+"kv-new/providers/Microsoft.Authorization/roleDefinitions", assignmentAPI+"&$filter=roleName+eq+'Key+Vault+Secrets+User'", "")
	if found, _ := list["value"].([]any); status != http.StatusOK || len(found) != 1 {
		t.Errorf("a role is found by its name: got %d, %v", status, list)
	}
}
