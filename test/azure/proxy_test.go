// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

// connect asks the proxy for a connection, and returns the status and the body if it gets none.
func (w *world) connect(tb testing.TB, target string) (int, string) {
	tb.Helper()

	conn, err := new(net.Dialer).DialContext(tb.Context(), "tcp", strings.TrimPrefix(w.ProxyURL(), "http://"))
	must(tb, err)

	defer conn.Close() //nolint:errcheck // It is of no use any more.

	_, err = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
	must(tb, err)

	rsp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return 0, ""
	}

	// The body of a success is the connection itself.
	if rsp.StatusCode == http.StatusOK {
		return rsp.StatusCode, ""
	}

	defer rsp.Body.Close() //nolint:errcheck // It is read to the end.

	body, err := io.ReadAll(rsp.Body)
	must(tb, err)

	return rsp.StatusCode, string(body)
}

func TestConnect(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	must(t, w.PutVault(azure.Vault{Name: "kv-deleted", TenantID: tenant}))
	must(t, w.DeleteVault("kv-deleted"))

	type want struct {
		Status int
		Body   string
	}

	cases := map[string]struct {
		reason string
		target string
		want   want
	}{
		"Login":       {"Entra ID is always there.", "login.microsoftonline.com:443", want{200, ""}},
		"Vault":       {"So is a vault.", "KV-Test.vault.azure.net:443", want{200, ""}},
		"NoVault":     {"A vault that is not registered does not resolve.", "kv-none.vault.azure.net:443", want{502, "no such host"}},
		"Deleted":     {"Nor does a deleted one.", "kv-deleted.vault.azure.net:443", want{502, "no such host"}},
		"Other":       {"There is nothing else.", "example.org:443", want{403, "not part of this stand-in"}},
		"OtherPort":   {"On no other port.", "kv-test.vault.azure.net:80", want{403, "not part of this stand-in"}},
		"Below":       {"And nothing below a vault.", "a.kv-test.vault.azure.net:443", want{403, "not part of this stand-in"}},
		"NoPort":      {"A target has a port.", "kv-test.vault.azure.net", want{400, ""}},
		"OddHostName": {"And the name of a host.", "kv_test.vault.azure.net:443", want{400, "character"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			status, body := w.connect(t, tc.target)
			if status != tc.want.Status || !strings.Contains(body, tc.want.Body) {
				t.Errorf("\n%s\nCONNECT %s: want %v, got %d %q", tc.reason, tc.target, tc.want, status, body)
			}
		})
	}
}

func TestDeletedVault(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))
	put(t, c, "a", "1")

	get := func() refusal {
		_, err := c.GetSecret(t.Context(), "a", "", nil)
		if err == nil {
			return refusal{Status: 200}
		}

		return refused(t, err)
	}

	must(t, w.DeleteVault(vault))

	// The connection that was kept ends as well.
	if diff := cmp.Diff(refusal{}, get()); diff != "" {
		t.Errorf("GetSecret(...) from a deleted vault: -want, +got:\n%s", diff)
	}

	must(t, w.RecoverVault(vault))

	if diff := cmp.Diff(refusal{403, "Forbidden", "ForbiddenByRbac"}, get()); diff != "" {
		t.Errorf("GetSecret(...) from a recovered vault: role assignments do not come back: -want, +got:\n%s", diff)
	}

	must(t, w.PutRoleAssignment(vault, azure.RoleAssignment{ID: "again", PrincipalID: officerPrincipal, Role: azure.SecretsUser}))

	if diff := cmp.Diff(refusal{Status: 200}, get()); diff != "" {
		t.Errorf("GetSecret(...) from a recovered vault: secrets do come back: -want, +got:\n%s", diff)
	}
}

func TestConnectionIsForOneHost(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/secrets", nil)
	must(t, err)

	r.Host = "login.microsoftonline.com"

	rsp, err := w.raw.RoundTrip(r)
	must(t, err)
	must(t, rsp.Body.Close())

	if diff := cmp.Diff(http.StatusMisdirectedRequest, rsp.StatusCode); diff != "" {
		t.Errorf("GET with another host than the connection's: -want, +got:\n%s", diff)
	}
}

func TestMachine(t *testing.T) {
	t.Parallel()

	const machine = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net"

	w := newWorld(t)
	must(t, w.PutApplication(azure.Application{TenantID: tenant, ClientID: officer, PrincipalID: officerPrincipal, ManagedIdentity: true}))

	two := newWorld(t)

	for _, a := range []azure.Application{
		{TenantID: tenant, ClientID: officer, PrincipalID: officerPrincipal, ManagedIdentity: true},
		{TenantID: tenant, ClientID: reader, PrincipalID: readerPrincipal, ManagedIdentity: true, ResourceID: "/it"},
	} {
		must(t, two.PutApplication(a))
	}

	metadata := http.Header{"Metadata": []string{"true"}}

	cases := map[string]struct {
		reason string
		w      *world
		url    string
		header http.Header
		want   int
	}{
		"Only":       {"The only identity need not be named.", w, machine, metadata, 200},
		"NoHeader":   {"The header is required.", w, machine, nil, 400},
		"Forwarded":  {"Forwarded requests are refused.", w, machine, http.Header{"Metadata": {"true"}, "X-Forwarded-For": {"1.2.3.4"}}, 400},
		"NoVersion":  {"So is the version.", w, strings.Replace(machine, "2018-02-01", "", 1), metadata, 400},
		"NoResource": {"And the resource.", w, strings.Replace(machine, "https://vault.azure.net", "", 1), metadata, 400},
		"OddPath":    {"There is nothing else.", w, "http://169.254.169.254/metadata/instance", metadata, 404},
		"Unassigned": {"An identity has to be the machine's.", w, machine + "&client_id=" + reader, metadata, 400},
		"Ambiguous":  {"Of two one has to be named.", two, machine, metadata, 400},
		"ClientID":   {"By its client id.", two, machine + "&client_id=" + reader, metadata, 200},
		"ObjectID":   {"Or its object id.", two, machine + "&object_id=" + readerPrincipal, metadata, 200},
		"ResourceID": {"Or its resource id.", two, machine + "&msi_res_id=/it", metadata, 200},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			rsp := tc.w.send(t, request{method: http.MethodGet, url: tc.url, header: tc.header})
			if diff := cmp.Diff(tc.want, rsp.Status); diff != "" {
				t.Errorf("\n%s\nGET %s: -want, +got:\n%s\n%s", tc.reason, tc.url, diff, rsp.Body)
			}
		})
	}
}

func TestOtherPlainRequests(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	rsp := w.send(t, request{method: http.MethodGet, url: "http://example.org/"})
	if rsp.Status != http.StatusForbidden || !strings.Contains(string(rsp.Body), "not part of this stand-in") {
		t.Errorf("GET http://example.org: got %d %s", rsp.Status, rsp.Body)
	}
}
