// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure/access"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// A token is a credential with a token, or with an error.
type token struct{ err error }

func (t token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, t.err
}

// A manager responds like Azure Resource Manager, with bodies by method and path. All other resources are missing.
type manager struct {
	*httptest.Server

	answers  map[string]string
	statuses map[string]int
	asked    []string
}

func newManager(t *testing.T, answers map[string]string) *manager {
	t.Helper()

	m := &manager{answers: answers, statuses: map[string]int{}}
	m.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Method + " " + r.URL.Path

		if r.URL.Query().Get("api-version") == "" {
			http.Error(w, "no api-version", http.StatusBadRequest)

			return
		}

		if f := r.URL.Query().Get("$filter"); f != "" {
			key += " " + f
		}

		if p := r.URL.Query().Get("$skipToken"); p != "" {
			key += " page " + p
		}

		m.asked = append(m.asked, key)

		body, ok := m.answers[key]
		status := http.StatusOK

		if !ok {
			status, body = http.StatusNotFound, `{"error":{"code":"ResourceNotFound","message":"x"}}`
		}

		if s, ok := m.statuses[key]; ok {
			status = s
		}

		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(body, "HOST", m.URL))
	}))
	t.Cleanup(m.Close)

	return m
}

func (m *manager) client(t *testing.T, credential azcore.TokenCredential) client {
	t.Helper()

	c, err := newClient(cloud.Configuration{
		ActiveDirectoryAuthorityHost: "https://login.microsoftonline.com/",
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: m.URL, Audience: "https://management.azure.com"},
		},
	}, credential, bounded{client: m.Client()})
	if err != nil {
		t.Fatal(err)
	}

	return c
}

const authorizationPath = subscriptionID + "/providers/Microsoft.Authorization/"

// answers returns the responses for a platform with few faults.
func answers() map[string]string {
	return map[string]string{
		"GET " + subscriptionID: `{"id":"` + subscriptionID + `","tenantId":"` + tenant + `","state":"Enabled","more":{"x":1}}`,
		"GET " + groupID:        `{"id":"` + groupID + `","location":"westeurope","properties":{"provisioningState":"Succeeded"}}`,
		"GET " + subscriptionID + "/providers/Microsoft.KeyVault":                                                                        `{"registrationState":"Registered"}`,
		"GET " + subscriptionID + "/providers/Microsoft.ManagedIdentity":                                                                 `{"registrationState":"NotRegistered"}`,
		"GET " + subscriptionID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities":                                          `{"value":[{"id":"` + platformGroupID + `/providers/Microsoft.ManagedIdentity/userAssignedIdentities/crossplane","name":"crossplane","properties":{"clientId":"` + strings.ToUpper(providerClient) + `","principalId":"` + providerObject + `"}}]}`,
		"GET " + platformGroupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/crossplane/federatedIdentityCredentials": `{"value":[{"name":"a","properties":{"issuer":"` + issuer + `","subject":"s","audiences":["` + audience + `"]}}]}`,
		"GET " + authorizationPath + "roleAssignments":                                                                                   `{"value":[{"id":"a"}],"nextLink":"HOST` + authorizationPath + `roleAssignments?api-version=2022-04-01&$skipToken=2"}`,
		"GET " + authorizationPath + "roleAssignments page 2":                                                                            `{"value":[{"id":"b","properties":{"principalId":"p","principalType":"User","scope":"/","condition":null}}],"nextLink":null}`,
		"GET " + authorizationPath + "roleAssignments assignedTo('" + providerObject + "')": `{"value":[
			{"id":"c","properties":{"roleDefinitionId":"` + authorizationPath + `roleDefinitions/contributor","scope":"` + groupID + `","condition":"x","conditionVersion":"2.0"}},
			{"id":"d","properties":{"roleDefinitionId":"` + authorizationPath + `roleDefinitions/contributor","scope":"/"}},
			{"id":"e","properties":{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/gone","scope":"/"}},
			{"id":"f","properties":{"roleDefinitionId":"../../evil?a=","scope":"/"}}]}`,
		"GET " + authorizationPath + "roleDefinitions/contributor": `{"name":"contributor","properties":{"roleName":"Contributor","permissions":[{"actions":["*"],"notActions":["n"],"dataActions":["d"],"notDataActions":["m"],"condition":"y","conditionVersion":"2.0"}]}}`,
		"GET " + authorizationPath + "locks":                       `{"value":[{"id":"` + groupID + `/providers/Microsoft.Authorization/locks/l","properties":{"level":"ReadOnly"}}]}`,
		"GET " + groupID + "/providers/Microsoft.KeyVault/vaults":  `{"value":[{"id":"v"}]}`,
		"POST " + groupID + "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions": `{"contentEvaluationResult":{"policyEvaluations":[
			{"policyInfo":{"policyAssignmentId":"a","policyDefinitionId":"d","policyDefinitionReferenceId":"r"},"evaluationResult":"NonCompliant","effectDetails":{"policyEffect":"Deny"}},
			{"policyInfo":{"policyAssignmentId":"b"},"evaluationResult":"NonCompliant","effectDetails":{"policyEffect":"Audit"}},
			{"policyInfo":{"policyAssignmentId":"c"},"evaluationResult":"Compliant"}]}}`,
		"POST " + subscriptionID + "/providers/Microsoft.KeyVault/checkNameAvailability": `{"nameAvailable":false,"reason":"AlreadyExists","message":"m"}`,
	}
}

func read(t *testing.T, m *manager) (Facts, error) {
	t.Helper()

	w := well()
	w.platform.Creator = nil

	// Retries do not change the responses.
	ctx := policy.WithRetryOptions(t.Context(), policy.RetryOptions{MaxRetries: -1})

	return newReader(m.client(t, signIn{token{}}), w.platform, Options{Namespace: "default", Application: "acceptance"}).read(ctx)
}

func TestRead(t *testing.T) {
	m := newManager(t, answers())

	got, err := read(t, m)
	if err != nil {
		t.Fatal(err)
	}

	identity := Resource[Identity]{
		ID: platformGroupID + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/crossplane", Name: "crossplane",
		Properties: Identity{ClientID: strings.ToUpper(providerClient), PrincipalID: providerObject},
	}
	permissions := []access.Permission{{
		Actions: []string{"*"}, NotActions: []string{"n"}, DataActions: []string{"d"}, NotDataActions: []string{"m"}, Condition: access.Condition{Expression: "y", Version: "2.0"},
	}}
	want := Facts{
		Subscription:  Answer[Subscription]{Value: Subscription{TenantID: tenant, State: "Enabled"}},
		Group:         Answer[Resource[Provisioning]]{Value: Resource[Provisioning]{ID: groupID, Location: "westeurope", Properties: Provisioning{"Succeeded"}}},
		Registrations: map[string]Answer[Registration]{"Microsoft.KeyVault": {Value: Registration{"Registered"}}, "Microsoft.ManagedIdentity": {Value: Registration{"NotRegistered"}}},
		Identities:    Answer[[]Resource[Identity]]{Value: []Resource[Identity]{identity}},
		Provider: Account{
			Identity: &identity, ObjectID: providerObject,
			Credentials: Answer[[]Resource[Credential]]{Value: []Resource[Credential]{{Name: "a", Properties: Credential{Issuer: issuer, Subject: "s", Audiences: []string{audience}}}}},
			Grants: Answer[[]access.Grant]{Value: []access.Grant{
				{ID: "c", Scope: groupID, Role: "Contributor", Permissions: permissions, Condition: access.Condition{Expression: "x", Version: "2.0"}},
				{ID: "d", Scope: "/", Role: "Contributor", Permissions: permissions},
				{ID: "e", Scope: "/", Role: "gone", Unreadable: true},
				{ID: "f", Scope: "/", Role: "evil?a=", Unreadable: true},
			}},
		},
		Assignments: Answer[[]Resource[Assignment]]{Value: []Resource[Assignment]{{ID: "a"}, {ID: "b", Properties: Assignment{PrincipalID: "p", PrincipalType: "User", Scope: "/"}}}},
		Others:      map[string]Answer[[]Resource[Assignment]]{},
		Vaults:      Answer[[]Resource[struct{}]]{Value: []Resource[struct{}]{{ID: "v"}}},
		Locks:       Answer[[]Resource[Lock]]{Value: []Resource[Lock]{{ID: groupID + "/providers/Microsoft.Authorization/locks/l", Properties: Lock{"ReadOnly"}}}},
		Policies: Answer[[]Policy]{Value: []Policy{
			{Type: "Microsoft.KeyVault/vaults", AssignmentID: "a", DefinitionID: "d", ReferenceID: "r"},
			{Type: "Microsoft.ManagedIdentity/userAssignedIdentities", AssignmentID: "a", DefinitionID: "d", ReferenceID: "r"},
		}},
		Name: VaultName{
			Available: Answer[Availability]{Value: Availability{Reason: "AlreadyExists"}},
			Ours:      Answer[Resource[struct{}]]{Refused: "ResourceNotFound", Status: 404}, Deleted: Answer[Resource[DeletedVault]]{Refused: "ResourceNotFound", Status: 404},
		},
	}

	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(VaultName{}, "Name")); diff != "" {
		t.Errorf("read(...): -want, +got:\n%s", diff)
	}

	// The allowed POST requests change nothing.
	for _, asked := range m.asked {
		if !strings.HasPrefix(asked, "GET ") && !strings.HasSuffix(asked, "/checkNameAvailability") && !strings.HasSuffix(asked, "/checkPolicyRestrictions") {
			t.Errorf("want no change, got %s", asked)
		}
	}
}

// TestReadRefused proves that an error or an unexpected response becomes a finding, and does not stop the other reads.
func TestReadRefused(t *testing.T) {
	breaks := map[string]struct {
		reason string
		do     func(m *manager, key string)
		code   finding.Code
	}{
		"Forbidden": {"The doctor has no permission.", func(m *manager, key string) {
			m.statuses[key], m.answers[key] = http.StatusForbidden, `{"error":{"code":"AuthorizationFailed"}}`
		}, MayNotRead},
		"NoCode":   {"A proxy responds.", func(m *manager, key string) { m.statuses[key], m.answers[key] = http.StatusTeapot, "<html>" }, NoAnswer},
		"Redirect": {"The response is a redirect.", func(m *manager, key string) { m.statuses[key] = http.StatusFound }, NoAnswer},
		"Text":     {"The response is not JSON.", func(m *manager, key string) { m.answers[key] = "hello" }, NoAnswer},
		"Types": {"The JSON has other types.", func(m *manager, key string) {
			m.answers[key] = `{"value":7,"properties":[1],"nameAvailable":"x","state":[],"registrationState":{},"contentEvaluationResult":1}`
		}, NoAnswer},
		"Large": {"The response is too large.", func(m *manager, key string) { m.answers[key] = `"` + strings.Repeat("a", maxAnswer) + `"` }, NoAnswer},
		"Host": {"The next page is on another host, which must not get the token.", func(m *manager, key string) {
			m.answers[key] = `{"value":[],"nextLink":"https://example.com/","state":[],"properties":[],"registrationState":[],"nameAvailable":0,"contentEvaluationResult":0}`
		}, NoAnswer},
		"Loop": {"A list never ends.", func(m *manager, key string) {
			m.answers[key] = `{"value":[],"nextLink":"HOST` + strings.TrimPrefix(key, "GET ") + `?api-version=1","state":[],"properties":[],"registrationState":[],"nameAvailable":0,"contentEvaluationResult":0}`
		}, NoAnswer},
	}

	for name, tc := range breaks {
		t.Run(name, func(t *testing.T) {
			for _, key := range slices.Sorted(maps.Keys(answers())) {
				// A large response takes long, so one is enough.
				if own(key) || name == "Large" && !strings.HasSuffix(key, "/locks") {
					continue
				}

				m := newManager(t, answers())
				tc.do(m, key)

				if codes := codesOf(t, m, key); !slices.Contains(codes, tc.code) {
					t.Errorf("\n%s\ndecide(...) with %s: want %s in it, got %s", tc.reason, key, tc.code, codes)
				}
			}
		})
	}
}

// own reports whether a response has its own test: filters, pages and roles.
func own(key string) bool {
	return strings.Contains(key, " page ") || strings.Contains(key, "assignedTo") || strings.Contains(key, "roleDefinitions")
}

// codesOf returns the codes of the findings. Without the subscription, nothing is readable.
func codesOf(t *testing.T, m *manager, key string) []finding.Code {
	t.Helper()

	facts, err := read(t, m)

	switch {
	case err != nil && key == "GET "+subscriptionID:
		return []finding.Code{MayNotRead, NoAnswer}
	case err != nil:
		t.Errorf("read(...) with %s: %v", key, err)
	}

	var out []finding.Code
	for _, f := range decide(place{well().platform, facts}) {
		out = append(out, f.Code)
	}

	return out
}

// TestReadNothing proves that there is one finding if nothing is readable.
func TestReadNothing(t *testing.T) {
	closed := newManager(t, nil)
	closed.Close()

	cases := map[string]struct {
		reason     string
		manager    *manager
		credential azcore.TokenCredential
		want       finding.Code
	}{
		"SignIn":      {"There is no credential.", newManager(t, answers()), signIn{token{errors.New("no credential")}}, SignInFailed},
		"Unreachable": {"The server does not respond.", closed, signIn{token{}}, Unreachable},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			// The pipeline would retry.
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()

			w := well()

			_, err := newReader(tc.manager.client(t, tc.credential), w.platform, Options{}).read(ctx)
			if err == nil {
				t.Fatal("want an error")
			}

			if diff := cmp.Diff(tc.want, unreachable(w.platform, err)[0].Code); diff != "" {
				t.Errorf("\n%s\nunreachable(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestAddress proves that no id escapes from its part of the URL.
func TestAddress(t *testing.T) {
	c := client{endpoint: "https://management.azure.com"}

	cases := map[string]struct {
		reason string
		id     string
		want   string
	}{
		"Group":   {"Names of resource groups have parentheses.", "/subscriptions/a/resourceGroups/b(1)", "https://management.azure.com/subscriptions/a/resourceGroups/b(1)?api-version=1"},
		"Query":   {"An id has no query.", "/subscriptions/a?x=y", ""},
		"Up":      {"An id has no parent directories.", "/subscriptions/../b", ""},
		"Host":    {"An id cannot change the host.", "@example.com/a", ""},
		"Nothing": {"An id is not empty.", "", ""},
		"Empty":   {"No part of an id is empty.", "/subscriptions//resourceGroups/b", ""},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := c.address(tc.id, "1")
			if (err != nil) != (tc.want == "") {
				t.Errorf("\n%s\naddress(...): unexpected error: %v", tc.reason, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\naddress(...): -want, +got:\n%s", tc.reason, diff)
			}

			if _, err := url.Parse(got); err != nil {
				t.Error(err)
			}
		})
	}
}
