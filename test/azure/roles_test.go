// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

// A roleRequest needs a data action, which a refusal names.
type roleRequest struct {
	request

	action string
}

// TestRoles is by the data actions of Azure's built-in roles: an officer has all of secrets, a user getSecret and readMetadata, and a
// reader readMetadata alone.
func TestRoles(t *testing.T) {
	t.Parallel()

	all := "delete deleted deletedAll get list other purge recover set update versions"

	cases := map[string]struct {
		reason string
		args   azure.RoleAssignment
		want   string
	}{
		"None":             {"Without a role everything is forbidden.", azure.RoleAssignment{}, ""},
		"Administrator":    {"May do everything.", azure.RoleAssignment{Role: azure.Administrator}, all},
		"Officer":          {"As far as secrets go.", azure.RoleAssignment{Role: "key vault secrets officer"}, all},
		"User":             {"Reads, but not what was deleted.", azure.RoleAssignment{Role: azure.SecretsUser}, "get list other versions"},
		"Reader":           {"Sees no values.", azure.RoleAssignment{Role: "Key Vault Reader"}, "list versions"},
		"Certificates":     {"Sees nothing of secrets.", azure.RoleAssignment{Role: azure.CertificatesOfficer}, ""},
		"NoList":           {"A condition on names refuses lists.", azure.RoleAssignment{Role: azure.SecretsUser, RefuseList: true}, "get other versions"},
		"Named":            {"And all other names.", azure.RoleAssignment{Role: azure.SecretsUser, Secrets: []string{"KNOWN"}}, "get versions"},
		"OtherPrincipal":   {"A role is for one principal.", azure.RoleAssignment{Role: azure.Administrator, PrincipalID: officerPrincipal}, ""},
		"ByResourceID":     {"A role can be named as in Azure Resource Manager.", azure.RoleAssignment{Role: "/providers/Microsoft.Authorization/roleDefinitions/" + azure.SecretsUser}, "get list other versions"},
		"NotPropagatedYet": {"It takes a while.", azure.RoleAssignment{Role: azure.SecretsUser, Delay: time.Second}, ""},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w, requests := newRoleWorld(t, tc.args)
			readerToken := token(t, w.reader(t))

			var may []string

			for name := range strings.FieldsSeq(all) {
				r := requests[name]
				r.url, r.token = "https://kv-roles.vault.azure.net"+r.url+apiVersion, readerToken

				rsp := w.send(t, r.request)

				switch rsp.refusal() {
				case refusal{Status: 200}, refusal{Status: 204}:
					may = append(may, name)
				case refusal{403, "Forbidden", "ForbiddenByRbac"}:
					if !strings.Contains(string(rsp.Body), "Action: 'Microsoft.KeyVault/vaults/secrets/"+r.action+"'") {
						t.Errorf("\n%s\n%s: the refusal does not name the action %s: %s", tc.reason, name, r.action, rsp.Body)
					}
				default:
					t.Errorf("\n%s\n%s: it is neither allowed nor forbidden: %d %s", tc.reason, name, rsp.Status, rsp.Body)
				}
			}

			if diff := cmp.Diff(tc.want, strings.Join(may, " ")); diff != "" {
				t.Errorf("\n%s\nallowed: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// newRoleWorld has a vault with some secrets and that role assignment, for the reader unless it is for somebody else. It returns a
// request for each operation. Those that change something are each for a secret of their own, so that all can be sent.
func newRoleWorld(tb testing.TB, a azure.RoleAssignment) (*world, map[string]roleRequest) {
	tb.Helper()

	w := newWorld(tb)
	must(tb, w.PutVault(azure.Vault{Name: "kv-roles", TenantID: tenant}))

	versions := map[string]string{}

	for _, name := range []string{"known", "other", "doomed", "gone", "lost", "junk"} {
		var err error

		versions[name], err = w.PutSecret("kv-roles", name, azure.Secret{Value: "x"})
		must(tb, err)
	}

	for _, name := range []string{"gone", "lost", "junk"} {
		must(tb, w.DeleteSecret("kv-roles", name))
	}

	if a.Role != "" {
		a.ID = "it"
		if a.PrincipalID == "" {
			a.PrincipalID = readerPrincipal
		}

		must(tb, w.PutRoleAssignment("kv-roles", a))
	}

	return w, map[string]roleRequest{
		"get":        {request{method: http.MethodGet, url: "/secrets/known"}, "getSecret/action"},
		"other":      {request{method: http.MethodGet, url: "/secrets/other"}, "getSecret/action"},
		"list":       {request{method: http.MethodGet, url: "/secrets"}, "readMetadata/action"},
		"versions":   {request{method: http.MethodGet, url: "/secrets/known/versions"}, "readMetadata/action"},
		"set":        {request{method: http.MethodPut, url: "/secrets/known", contentType: asJSON, body: `{"value":"x"}`}, "setSecret/action"},
		"update":     {request{method: http.MethodPatch, url: "/secrets/known/" + versions["known"], contentType: asJSON, body: `{}`}, "update/action"},
		"delete":     {request{method: http.MethodDelete, url: "/secrets/doomed"}, "delete"},
		"deleted":    {request{method: http.MethodGet, url: "/deletedsecrets/gone"}, "recover/action"},
		"deletedAll": {request{method: http.MethodGet, url: "/deletedsecrets"}, "recover/action"},
		"recover":    {request{method: http.MethodPost, url: "/deletedsecrets/lost/recover"}, "recover/action"},
		"purge":      {request{method: http.MethodDelete, url: "/deletedsecrets/junk"}, "purge/action"},
	}
}
