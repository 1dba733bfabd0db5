package azure_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

// admin sends a request to the admin API.
func (w *world) admin(tb testing.TB, method, path, body string) (int, string) {
	tb.Helper()

	r, err := http.NewRequestWithContext(tb.Context(), method, w.AdminURL()+path, strings.NewReader(body))
	must(tb, err)

	rsp, err := http.DefaultClient.Do(r)
	must(tb, err)

	defer rsp.Body.Close() //nolint:errcheck // It is read to the end.

	out, err := io.ReadAll(rsp.Body)
	must(tb, err)

	return rsp.StatusCode, string(out)
}

func TestAdmin(t *testing.T) {
	t.Parallel()

	const (
		id  = "66666666-6666-6666-6666-666666666601"
		oid = "66666666-6666-6666-6666-666666666602"
	)

	w := newWorld(t)

	// In this order, as some need what others make.
	for _, step := range []struct {
		call   string
		body   string
		status int
		says   string
	}{
		{"GET /healthz", "", 200, "ok"},
		{"GET /env", "", 200, "SSL_CERT_FILE="},
		{"PUT /tenants/" + id, "", 204, ""},
		{"PUT /tenants/x", "", 409, "not a GUID"},
		{"PUT /tenants/" + id + "/applications/" + id, `{"principalId":"` + oid + `","clientSecret":"s"}`, 204, ""},
		{"PUT /tenants/" + id + "/applications/" + id, `{"principal":"x"}`, 400, "unknown field"},
		{"PUT /tenants/" + id + "/applications/" + id + "/federatedcredentials/a", `{"issuer":"https://i","subject":"s","audiences":["a"],"delay":"1m"}`, 204, ""},
		{"DELETE /tenants/" + id + "/applications/" + id + "/federatedcredentials/a", "", 204, ""},
		{"DELETE /tenants/" + id + "/applications/" + id + "/federatedcredentials/a", "", 404, "not found"},
		{"PUT /issuers", `{"issuer":"https://i","jwks":{"keys":[]}}`, 409, "no key"},
		{"PUT /vaults/kv-admin", `{"tenantId":"` + id + `","purgeProtection":true,"retentionDays":7}`, 204, ""},
		{"PUT /vaults/kv-admin", `{"tenantId":"` + id + `"}`, 409, "cannot be switched off"},
		{"GET /vaults", "", 200, `"kv-admin"`},
		{"PUT /vaults/kv-admin/roleassignments/a", `{"principalId":"` + oid + `","role":"Key Vault Secrets User","delay":"1s","refuseList":true}`, 204, ""},
		{"GET /vaults/kv-admin/roleassignments", "", 200, oid},
		{"DELETE /vaults/kv-admin/roleassignments/a", "", 204, ""},
		{"DELETE /vaults/kv-admin/roleassignments/a", "", 404, "not found"},
		{"PUT /vaults/kv-admin/secrets/s", `{"value":"v4lue","contentType":"text/plain","created":"2020-01-01T00:00:00Z"}`, 200, `"version"`},
		{"GET /vaults/kv-admin/secrets", "", 200, `"2020-01-01T00:00:00Z"`},
		{"GET /vaults/kv-admin/secrets/s", "", 200, "v4lue"},
		{"POST /vaults/kv-admin/secrets/s/disable", "", 204, ""},
		{"POST /vaults/kv-admin/secrets/s/enable", "", 204, ""},
		{"DELETE /vaults/kv-admin/secrets/s", "", 204, ""},
		{"POST /vaults/kv-admin/secrets/s/purge", "", 409, "purge protection"},
		{"POST /vaults/kv-admin/secrets/s/recover", "", 204, ""},
		{"PUT /vaults/kv-admin/transitiontime", `{"transitionTime":"1h"}`, 204, ""},
		{"DELETE /vaults/kv-admin/secrets/s", "", 204, ""},
		{"POST /vaults/kv-admin/secrets/s/recover", "", 409, "being deleted"},
		{"PUT /vaults/kv-admin/transitiontime", `{}`, 204, ""},
		{"POST /vaults/kv-admin/secrets/s/recover", "", 204, ""},
		{"PUT /vaults/kv-none/transitiontime", `{}`, 404, "not found"},
		{"POST /vaults/kv-admin/certificates/c", `{"dnsNames":["a"],"ecdsa":true}`, 200, `"version"`},
		{"GET /vaults/kv-admin/writes?secret=s", "", 200, `"put"`},
		{"POST /faults", `{"effect":"slow","duration":"1ms","count":3}`, 200, `"fault-1"`},
		{"GET /faults", "", 200, `"1ms"`},
		{"DELETE /faults/fault-1", "", 204, ""},
		{"DELETE /faults/fault-1", "", 404, "not found"},
		{"DELETE /faults", "", 204, ""},
		{"PUT /latency", `{"latency":"0s"}`, 204, ""},
		{"POST /principals/" + oid + "/revoke", "", 204, ""},
		{"POST /principals/" + oid + "/expire", "", 204, ""},
		{"GET /counts", "", 200, "["},
		{"DELETE /counts", "", 204, ""},
		{"DELETE /vaults/kv-admin", "", 204, ""},
		{"POST /vaults/kv-admin/purge", "", 409, "purge protection"},
		{"POST /vaults/kv-admin/recover", "", 204, ""},
		{"DELETE /vaults/kv-none", "", 404, "not found"},
		{"POST /state", `{"vaults":[{"name":"kv-state","tenantId":"` + id + `","secrets":{"a":{"value":"b"}}}]}`, 204, ""},
		{"GET /vaults/kv-state/secrets/a", "", 200, `"b"`},
		{"DELETE /tenants/" + id + "/applications/" + id, "", 204, ""},
	} {
		method, path, _ := strings.Cut(step.call, " ")

		status, out := w.admin(t, method, path, step.body)
		if status != step.status || !strings.Contains(out, step.says) {
			t.Errorf("%s: want %d with %q, got %d %s", step.call, step.status, step.says, status, out)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		args   azure.Options
	}{
		"ProxyForAll": {"Strangers are kept out.", azure.Options{ProxyAddress: "0.0.0.0:0"}},
		"AdminForAll": {"From the admin API as well.", azure.Options{AdminAddress: ":0"}},
		"ShortTokens": {"Clients would not keep them.", azure.Options{TokenLifetime: 1}},
		"NoCAFile":    {"The certificate has to go somewhere.", azure.Options{CAFile: "/nowhere/ca.pem"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if _, err := azure.Start(t.Context(), tc.args); err == nil {
				t.Errorf("\n%s\nStart(...): want an error", tc.reason)
			}
		})
	}
}

func TestParseState(t *testing.T) {
	t.Parallel()

	got, err := azure.ParseState([]byte("vaults:\n- name: kv-a\n  tenantId: t\n  roleAssignments:\n  - {id: a, role: r, principalId: p, delay: 1m}\n"))
	must(t, err)

	if diff := cmp.Diff("1m0s", func() string { b, _ := got.Vaults[0].RoleAssignments[0].Delay.MarshalText(); return string(b) }()); diff != "" {
		t.Errorf("ParseState(...): -want, +got:\n%s", diff)
	}

	if _, err := azure.ParseState([]byte("vault: []")); err == nil {
		t.Error("ParseState(...) of what is not known: want an error")
	}
}
