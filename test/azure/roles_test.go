package azure_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

func TestRoles(t *testing.T) {
	t.Parallel()

	requests := map[string]request{
		"get":        {method: http.MethodGet, url: "/secrets/known"},
		"list":       {method: http.MethodGet, url: "/secrets"},
		"versions":   {method: http.MethodGet, url: "/secrets/known/versions"},
		"set":        {method: http.MethodPut, url: "/secrets/known", contentType: asJSON, body: `{"value":"x"}`},
		"deleted":    {method: http.MethodGet, url: "/deletedsecrets/gone"},
		"deletedAll": {method: http.MethodGet, url: "/deletedsecrets"},
		"backup":     {method: http.MethodPost, url: "/secrets/known/backup"},
		"other":      {method: http.MethodGet, url: "/secrets/other"},
	}

	all := "backup deleted deletedAll get list other set versions"

	cases := map[string]struct {
		reason string
		args   azure.RoleAssignment
		want   string
	}{
		"None":             {"Whoever has no role may do nothing.", azure.RoleAssignment{}, ""},
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

			w := newRoleWorld(t, tc.args)
			readerToken := token(t, w.reader(t))

			var may []string

			for name := range strings.FieldsSeq(all) {
				r := requests[name]
				r.url, r.token = "https://kv-roles.vault.azure.net"+r.url+apiVersion, readerToken

				rsp := w.send(t, r)

				switch rsp.refusal() {
				case refusal{Status: 200}:
					may = append(may, name)
				case refusal{403, "Forbidden", "ForbiddenByRbac"}:
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

// newRoleWorld has a vault with some secrets and that role assignment, for the reader unless it is for somebody else.
func newRoleWorld(tb testing.TB, a azure.RoleAssignment) *world {
	tb.Helper()

	w := newWorld(tb)
	must(tb, w.PutVault(azure.Vault{Name: "kv-roles", TenantID: tenant}))

	for _, name := range []string{"known", "other", "gone"} {
		_, err := w.PutSecret("kv-roles", name, azure.Secret{Value: "x"})
		must(tb, err)
	}

	must(tb, w.DeleteSecret("kv-roles", "gone"))

	if a.Role == "" {
		return w
	}

	a.ID = "it"
	if a.PrincipalID == "" {
		a.PrincipalID = readerPrincipal
	}

	must(tb, w.PutRoleAssignment("kv-roles", a))

	return w
}

func TestPropagation(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	must(t, w.PutVault(azure.Vault{Name: "kv-late", TenantID: tenant}))
	must(t, w.PutRoleAssignment("kv-late", azure.RoleAssignment{
		ID: "late", PrincipalID: readerPrincipal, Role: azure.SecretsUser, Delay: 5 * time.Minute,
	}))

	r := request{method: http.MethodGet, url: "https://kv-late.vault.azure.net/secrets" + apiVersion, token: token(t, w.reader(t))}
	got := []int{w.send(t, r).Status}

	w.clock.Move(5 * time.Minute)

	got = append(got, w.send(t, r).Status)

	must(t, w.DeleteRoleAssignment("kv-late", "late"))

	got = append(got, w.send(t, r).Status)

	if diff := cmp.Diff([]int{403, 200, 403}, got); diff != "" {
		t.Errorf("before, with and without a role: -want, +got:\n%s", diff)
	}
}
