// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const (
	login    = "login.microsoftonline.com"
	manager  = "management.azure.com"
	vault    = "kv-app.vault.azure.net"
	issuer   = "https://oidc.example.com/one/"
	tenant   = "11111111-1111-4111-8111-111111111111"
	identity = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
	subject  = "system:serviceaccount:crossplane-system:provider-azure"
	secret   = "signature-of-the-token"
)

// An azure is a server for hosts of Azure.
type azure struct {
	server *httptest.Server
	now    time.Time
}

// newAzure starts an azure with a handler for each host. Its certificate is for all of them.
func newAzure(t *testing.T, handlers map[string]http.HandlerFunc) *azure {
	t.Helper()

	a := &azure{now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	a.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", a.now.Format(http.TimeFormat))

		if h := handlers[r.Host]; h != nil {
			h(w, r)
		}
	}))
	a.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.server.StartTLS()
	t.Cleanup(a.server.Close)

	return a
}

// network returns a network in which every name resolves to the azure.
func (a *azure) network() Network {
	here := Here()

	transport, _ := here.Transport.(*http.Transport)
	transport = transport.Clone()
	transport.Proxy = nil
	transport.TLSClientConfig = &tls.Config{RootCAs: a.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12, ServerName: "example.com"} //nolint:forcetypeassert // Its own.
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, a.server.Listener.Addr().String())
	}

	return Network{
		Transport: transport,
		Proxy:     func(*http.Request) (*url.URL, error) { return nil, nil },
		Direct:    roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no metadata service") }),
		Lookup:    func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil },
		Now:       func() time.Time { return a.now },
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// through returns the network behind a proxy.
func (n Network) through(proxy string) Network {
	u := &url.URL{Scheme: "http", Host: proxy, User: url.UserPassword("user", secret)}
	n.Proxy = func(*http.Request) (*url.URL, error) { return u, nil }

	here, _ := Here().Transport.(*http.Transport)
	here.Proxy = http.ProxyURL(u)
	n.Transport = here

	return n
}

func TestLook(t *testing.T) {
	a := newAzure(t, nil)
	own := a.network()

	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(refusing.Close)

	away := httptest.NewServer(nil)
	away.Close()

	distrusting := func(edit func(*tls.Config)) Network {
		n := a.network()
		transport, _ := n.Transport.(*http.Transport)
		edit(transport.TLSClientConfig)

		return n
	}
	lookup := func(err error) Network {
		n := own
		n.Lookup = func(context.Context, string) ([]string, error) { return nil, err }

		return n
	}

	blocked := a.network()
	transport, _ := blocked.Transport.(*http.Transport)
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}

	late := own
	late.Now = func() time.Time { return a.now.Add(-10 * time.Minute) }

	cases := map[string]struct {
		reason  string
		network Network
		want    Endpoint
	}{
		"Reached":    {"A response with any status proves the connection.", own, Endpoint{Outcome: Reached, Ahead: new(int64(0))}},
		"Late":       {"The local clock is behind.", late, Endpoint{Outcome: Reached, Ahead: new(int64(600))}},
		"NoSuchHost": {"DNS does not know the name.", lookup(&net.DNSError{Err: "no such host", Name: login, IsNotFound: true}), Endpoint{Outcome: NoSuchHost}},
		"NoDNS":      {"DNS does not respond.", lookup(&net.DNSError{Err: "i/o timeout", Name: login, IsTimeout: true}), Endpoint{Outcome: NoDNS}},
		"Blocked":    {"A firewall drops packets.", blocked, Endpoint{Outcome: NoAnswer}},
		"Intercepted": {
			"An untrusted authority has signed the certificate.",
			distrusting(func(c *tls.Config) { c.RootCAs = nil }),
			Endpoint{Outcome: UnknownAuthority, Detail: "O=Acme Co"},
		},
		"OutOfTime": {
			"The certificate has expired, by the local clock.",
			distrusting(func(c *tls.Config) { c.Time = func() time.Time { return time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC) } }),
			Endpoint{Outcome: OutOfTime},
		},
		"OtherHost":    {"The certificate is for another host.", distrusting(func(c *tls.Config) { c.ServerName = "" }), Endpoint{Outcome: BadCertificate}},
		"ProxyRefuses": {"The proxy rejects the connection.", own.through(refusing.Listener.Addr().String()), Endpoint{Outcome: ProxyRefused, Status: http.StatusForbidden, Proxy: refusing.Listener.Addr().String()}},
		"NoProxy":      {"The proxy is unreachable.", own.through(away.Listener.Addr().String()), Endpoint{Outcome: NoProxy, Proxy: away.Listener.Addr().String()}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := tc.network.look(t.Context(), login)
			tc.want.Host = login

			options := cmpopts.IgnoreFields(Endpoint{}, "Host")
			if tc.want.Detail == "" {
				options = cmpopts.IgnoreFields(Endpoint{}, "Host", "Detail")
			}

			if diff := cmp.Diff(tc.want, got, options); diff != "" {
				t.Errorf("\n%s\nlook(...): -want, +got:\n%s\n%s", tc.reason, diff, got.Detail)
			}

			if strings.Contains(fmt.Sprintf("%+v", got), secret) {
				t.Errorf("\n%s\nlook(...): the password of the proxy is in %+v", tc.reason, got)
			}
		})
	}
}

// tokenOf returns a token with claims. The probe does not verify its signature.
func tokenOf(claims string) string {
	part := base64.RawURLEncoding.EncodeToString

	return part([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + part([]byte(claims)) + "." + part([]byte(secret))
}

func claims(audience string) string {
	return fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%s,"exp":1}`, issuer, subject, audience)
}

func TestReadToken(t *testing.T) {
	cases := map[string]struct {
		reason  string
		content *string
		want    Token
	}{
		"Good":     {"The claims of a token are facts.", new(tokenOf(claims(`["api://AzureADTokenExchange"]`)) + "\n"), Token{Issuer: issuer, Subject: subject, Audiences: []string{"api://AzureADTokenExchange"}, KeyID: "k1"}},
		"String":   {"A single audience can be a string.", new(tokenOf(claims(`"other"`))), Token{Issuer: issuer, Subject: subject, Audiences: []string{"other"}, KeyID: "k1"}},
		"Missing":  {"The file is missing.", nil, Token{Problem: Problem{Code: NoFile}}},
		"Empty":    {"The file is empty.", new(""), Token{Problem: Problem{Code: NotJWT}}},
		"Password": {"The facts never contain text of the file.", new("hunter2"), Token{Problem: Problem{Code: NotJWT}}},
		"Parts":    {"Three parts alone are not a token.", new("a.b.c"), Token{Problem: Problem{Code: NotJWT}}},
		"Hostile":  {"The facts have no characters that control a terminal.", new(tokenOf("{\"iss\":\"a\\u001b[31mb\",\"sub\":\"" + strings.Repeat("x", 500) + "\",\"aud\":7}")), Token{Issuer: "a\ufffd[31mb", Subject: strings.Repeat("x", maxText-len(" …")) + " …", Audiences: []string{}, KeyID: "k1"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Path = filepath.Join(t.TempDir(), "token")

			if tc.content != nil {
				if err := os.WriteFile(tc.want.Path, []byte(*tc.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}

			_, got := readToken(tc.want.Path)
			got.Path, tc.want.Path = "", ""

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nreadToken(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestExchange(t *testing.T) {
	cases := map[string]struct {
		reason string
		status int
		body   string
		want   Exchange
	}{
		"Done":       {"Entra ID issues a token.", http.StatusOK, `{"access_token":"` + secret + `","expires_in":3599}`, Exchange{Done: true}},
		"NoToken":    {"A response without a token is an error.", http.StatusOK, `{}`, Exchange{Problem: Problem{Code: NoCode, Status: 200}}},
		"NotTrusted": {"No federated credential matches the token.", http.StatusUnauthorized, `{"error":"invalid_client","error_codes":[70021],"error_description":"AADSTS70021: ` + secret + `"}`, Exchange{Meaning: keyvault.NoMatch, Code: 70021}},
		"NoClient":   {"The code can be only in the text.", http.StatusBadRequest, `{"error":"x","error_description":"AADSTS700016: Application"}`, Exchange{Meaning: keyvault.NoClient, Code: 700016}},
		"Unknown":    {"A code can be unknown.", http.StatusBadRequest, `{"error":"x","error_codes":[123456]}`, Exchange{Code: 123456}},
		"Page":       {"A page of a proxy is not a response of Entra ID.", http.StatusForbidden, `<html>` + secret + `</html>`, Exchange{Problem: Problem{Code: NoCode, Status: 403}}},
		"Huge":       {"The size of a response is limited.", http.StatusOK, `"` + strings.Repeat("x", maxBody+1), Exchange{Problem: Problem{Code: Failed, Detail: fmt.Sprintf("the response has more than %d bytes", maxBody)}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var sent url.Values

			a := newAzure(t, map[string]http.HandlerFunc{login: func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				sent = r.PostForm

				if want := "/" + tenant + "/oauth2/v2.0/token"; r.URL.Path != want {
					t.Errorf("path: want %s, got %s", want, r.URL.Path)
				}

				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}})

			got, _ := a.network().exchange(t.Context(), login, "https://management.azure.com/.default", tenant, identity, secret)

			tc.want.ClientID, tc.want.TenantID = identity, tenant
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nexchange(...): -want, +got:\n%s", tc.reason, diff)
			}

			if sent.Get("client_assertion") != secret || sent.Get("client_id") != identity {
				t.Errorf("\n%s\nexchange(...): sent %v", tc.reason, sent)
			}

			if strings.Contains(fmt.Sprintf("%+v", got), secret) {
				t.Errorf("\n%s\nexchange(...): a token is in %+v", tc.reason, got)
			}
		})
	}
}

func TestDocuments(t *testing.T) {
	type page struct {
		status int
		body   string
	}

	const (
		discoveryOf = "/one/.well-known/openid-configuration"
		keysOf      = "/one/keys"
	)

	good := page{http.StatusOK, `{"issuer":"` + issuer + `","jwks_uri":"https://oidc.example.com/one/keys"}`}

	cases := map[string]struct {
		reason string
		pages  map[string]page
		want   documents
	}{
		"Good":     {"The documents name the issuer and its keys.", map[string]page{discoveryOf: good, keysOf: {200, `{"keys":[{"kid":"k1"},{"kid":"k2"}]}`}}, documents{Outcome: Reached, Issuer: issuer, Keys: []string{"k1", "k2"}}},
		"Missing":  {"The issuer publishes nothing.", nil, documents{Outcome: Reached, Problem: Problem{Code: BadStatus, Address: discovery(issuer), Status: 404}}},
		"Redirect": {"The doctor follows no redirect.", map[string]page{discoveryOf: {302, ""}}, documents{Outcome: Reached, Problem: Problem{Code: BadStatus, Address: discovery(issuer), Status: 302}}},
		"Page":     {"A page is not JSON.", map[string]page{discoveryOf: {200, "<html>"}}, documents{Outcome: Reached, Problem: Problem{Code: NotJSON, Address: discovery(issuer)}}},
		"NoKeys":   {"The key set is empty.", map[string]page{discoveryOf: good, keysOf: {200, `{"keys":[]}`}}, documents{Outcome: Reached, Issuer: issuer, Problem: Problem{Code: NoKeys}}},
		"Plain":    {"The doctor reads keys only with TLS.", map[string]page{discoveryOf: {200, `{"issuer":"` + issuer + `","jwks_uri":"http://169.254.169.254/metadata"}`}}, documents{Outcome: Reached, Issuer: issuer, Problem: Problem{Code: NotHTTPS, Address: "http://169.254.169.254/metadata"}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := newAzure(t, map[string]http.HandlerFunc{"oidc.example.com": func(w http.ResponseWriter, r *http.Request) {
				p, ok := tc.pages[r.URL.Path]
				if !ok {
					p.status = http.StatusNotFound
				}

				w.WriteHeader(p.status)
				_, _ = io.WriteString(w, p.body)
			}})

			tc.want.URL = issuer
			if diff := cmp.Diff(tc.want, a.network().documents(t.Context(), issuer)); diff != "" {
				t.Errorf("\n%s\ndocuments(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// world returns an Azure that accepts the token, and a platform.
func world(t *testing.T) (*azure, platform.Platform) {
	t.Helper()

	a := newAzure(t, map[string]http.HandlerFunc{login: func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.WriteString(w, `{"access_token":"`+secret+`"}`)
		}
	}, vault: func(w http.ResponseWriter, r *http.Request) {
		// Before it has a token, a vault tells nobody about its firewall.
		if r.Header.Get("Authorization") == "Bearer "+secret {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"error":{"code":"Forbidden","message":"x","innererror":{"code":"ForbiddenByFirewall"}}}`)
		}
	}})

	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(tokenOf(claims(`["api://AzureADTokenExchange"]`))), 0o600); err != nil {
		t.Fatal(err)
	}

	return a, platform.Platform{
		Namespace: "crossplane-system", Settings: &v1alpha1.PlatformConfigSpec{OIDCIssuerURL: issuer}, Issuer: issuer,
		Azure: &platform.Principal{Source: sourceFile, TokenFile: path, ClientID: identity, TenantID: tenant},
	}
}

func TestProbe(t *testing.T) {
	a, p := world(t)
	reached := func(host string) Endpoint { return Endpoint{Host: host, Outcome: Reached, Ahead: new(int64(0))} }

	foreign := p
	foreign.Azure = &platform.Principal{Source: "Secret"}

	government := p
	government.Settings = &v1alpha1.PlatformConfigSpec{Cloud: "AzureUSGovernment"}
	government.Azure = nil

	creates := p
	creates.Creator = &platform.Principal{Source: sourceWorkload, TokenFile: p.Azure.TokenFile, ClientID: identity, TenantID: tenant}

	type args struct {
		place    string
		platform platform.Platform
		found    []finding.Finding
		vaults   []string
	}

	cases := map[string]struct {
		reason string
		args   args
		want   Facts
	}{
		"Azure": {
			reason: "The probe connects to all hosts, and signs in.",
			args:   args{place: platform.AzureServiceAccount, platform: p, vaults: []string{"evil.example.com", vault}},
			want: Facts{
				Login: reached(login), Manager: new(reached(manager)), Vault: reached(vault), Source: sourceFile,
				Token:    &Token{Path: p.Azure.TokenFile, Issuer: issuer, Subject: subject, Audiences: []string{keyvault.TokenAudience}, KeyID: "k1"},
				Exchange: &Exchange{ClientID: identity, TenantID: tenant, Done: true},
			},
		},
		"Firewall": {
			reason: "A vault tells a caller with a token that its firewall blocks the network.",
			args:   args{place: platform.CreatorServiceAccount, platform: creates, vaults: []string{vault}},
			want: Facts{
				Login: reached(login), Vault: reached(vault), Source: sourceWorkload, Refusal: byFirewall,
				Token:    &Token{Path: p.Azure.TokenFile, Issuer: issuer, Subject: subject, Audiences: []string{keyvault.TokenAudience}, KeyID: "k1"},
				Exchange: &Exchange{ClientID: identity, TenantID: tenant, Done: true},
			},
		},
		"Nobody": {
			reason: "The secret sync provider signs in only to create secrets, and needs no Resource Manager.",
			args:   args{place: platform.CreatorServiceAccount, platform: p},
			want:   Facts{Login: reached(login), Vault: reached(anyVault + ".vault.azure.net"), AnyVault: true},
		},
		"Foreign": {
			reason: "The probe reads no Secrets.",
			args:   args{place: platform.AzureServiceAccount, platform: foreign, vaults: []string{vault}},
			want:   Facts{Login: reached(login), Manager: new(reached(manager)), Vault: reached(vault), Source: "Secret"},
		},
		"Unread": {
			reason: "Only unreadable objects are facts, not invalid ones.",
			args: args{place: platform.CreatorServiceAccount, platform: p, found: []finding.Finding{
				{Code: platform.PermissionMissing, Object: "EnvironmentConfig/x"}, {Code: platform.CannotRead}, {Code: platform.SettingsUnknown, Object: "y"},
			}},
			want: Facts{
				Login: reached(login), Vault: reached(anyVault + ".vault.azure.net"), AnyVault: true,
				Unread: []string{"EnvironmentConfig/x", "CannotRead"},
			},
		},
		"Government": {
			reason: "Each cloud has its own hosts and vaults.",
			args:   args{place: platform.AzureServiceAccount, platform: government, vaults: []string{vault}},
			want: Facts{
				Login: reached("login.microsoftonline.us"), Manager: new(reached("management.usgovcloudapi.net")), Vault: reached(anyVault + ".vault.usgovcloudapi.net"),
				AnyVault: true,
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Place = tc.args.place

			got := probe(t.Context(), a.network(), tc.args.place, tc.args.platform, unread(tc.args.found), tc.args.vaults)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nprobe(...): -want, +got:\n%s", tc.reason, diff)
			}

			var out strings.Builder
			if err := got.Write(&out); err != nil {
				t.Fatal(err)
			}

			if strings.Contains(out.String(), secret) || strings.Contains(out.String(), base64.RawURLEncoding.EncodeToString([]byte(secret))) {
				t.Errorf("\n%s\nthe facts contain a token: %s", tc.reason, out.String())
			}

			parsed := parseFacts([]byte("a warning of the runtime\n"+out.String()), tc.args.place)
			if diff := cmp.Diff(&got, parsed); diff != "" {
				t.Errorf("\n%s\nparseFacts(...): -written, +read:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestOtherToken proves that the probe does not send a token for another audience.
func TestOtherToken(t *testing.T) {
	a, p := world(t)

	if err := os.WriteFile(p.Azure.TokenFile, []byte(tokenOf(claims(`["https://kubernetes.default.svc"]`))), 0o600); err != nil {
		t.Fatal(err)
	}

	if got := probe(t.Context(), a.network(), platform.AzureServiceAccount, p, nil, nil); got.Exchange != nil {
		t.Errorf("the probe sent a token for the API server to Entra ID: %+v", got.Exchange)
	}
}

// TestParseFacts proves that no log breaks the doctor, and that facts have only clean texts.
func TestParseFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.SliceOf(rapid.Byte()).Draw(t, "log")

		if got := parseFacts(log, platform.AzureServiceAccount); got != nil {
			t.Fatalf("want no facts, got %+v", got)
		}

		if text := clean(string(log)); len(text) > maxText || strings.ContainsAny(text, "\n\x1b") {
			t.Fatalf("clean(...): got %q", text)
		}
	})

	rapid.Check(t, func(t *rapid.T) {
		f := Facts{
			Place: platform.AzureServiceAccount, Source: rapid.String().Draw(t, "source"), Unread: rapid.SliceOf(rapid.String()).Draw(t, "unread"),
			Login: Endpoint{Host: rapid.String().Draw(t, "host"), Outcome: NoAnswer, Detail: rapid.String().Draw(t, "detail")},
			Vault: Endpoint{Outcome: Reached}, Manager: &Endpoint{Outcome: Reached},
			Token:    &Token{Issuer: rapid.String().Draw(t, "issuer"), Audiences: rapid.SliceOf(rapid.String()).Draw(t, "audiences")},
			Exchange: &Exchange{Problem: Problem{Code: Failed, Detail: rapid.String().Draw(t, "problem")}},
		}

		line, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}

		got := parseFacts(line, platform.AzureServiceAccount)
		if got == nil {
			t.Fatalf("want facts in %s", line)
		}

		for _, text := range append([]string{got.Source, got.Login.Host, got.Login.Detail, got.Token.Issuer, got.Exchange.Problem.Detail}, append(got.Unread, got.Token.Audiences...)...) {
			if text != clean(text) {
				t.Fatalf("%q is not clean", text)
			}
		}
	})
}

// TestWhole proves that incomplete facts, and those of another version, are no facts.
func TestWhole(t *testing.T) {
	cases := map[string]struct {
		reason string
		line   string
		ok     bool
	}{
		"Whole": {reason: "All facts are there.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"NoSuchHost"},"manager":{"outcome":"NoDNS"}}`, ok: true},
		"Outcome": {
			reason: "The outcome is unknown.",
			line:   `{"place":"provider-azure","login":{"outcome":"Whatever"},"vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"}}`,
		},
		"OutcomeEmpty": {reason: "An outcome is missing.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":""},"manager":{"outcome":"Reached"}}`},
		"ManagerOutcome": {
			reason: "The outcome is unknown.",
			line:   `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"},"manager":{"outcome":"reached"}}`,
		},
		"NoLogin":   {reason: "The connection to Entra ID is missing.", line: `{"place":"provider-azure","vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"}}`},
		"NoVault":   {reason: "The connection to a vault is missing.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"manager":{"outcome":"Reached"}}`},
		"NoManager": {reason: "The Azure providers need Resource Manager.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"}}`},
		"Problem": {
			reason: "The problem of the token is known.", ok: true,
			line: `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"},"token":{"path":"/x","problem":{"code":"NoFile"}}}`,
		},
		"ProblemUnknown": {
			reason: "Another version has reported an unknown problem.",
			line:   `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"},"token":{"path":"/x","problem":{"code":"Other"}}}`,
		},
		"ProblemText": {
			reason: "Another version has reported a sentence.",
			line:   `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"},"token":{"path":"/x","problem":"there is no such file"}}`,
		},
		"ExchangeProblem": {
			reason: "Another version has reported an unknown problem of the exchange.",
			line:   `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"},"exchange":{"clientId":"a","tenantId":"b","done":false,"problem":{"code":"Other"}}}`,
		},
		"Nothing": {reason: "All connections are missing.", line: `{"place":"provider-azure"}`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := parseFacts([]byte(tc.line), platform.AzureServiceAccount); (got != nil) != tc.ok {
				t.Errorf("\n%s\nparseFacts(...): got %+v", tc.reason, got)
			}
		})
	}
}

// TestBase proves that the kustomization has the version of the program, and never that of a branch.
func TestBase(t *testing.T) {
	want := map[string]string{
		"": "package/platform/doctor", "development": "package/platform/doctor",
		"v0.1.0": "https://github.com/p6m-dev/platform-application//package/platform/doctor?ref=v0.1.0",
	}

	for version, want := range want {
		if got := base(version); got != want {
			t.Errorf("base(%q): want %q, got %q", version, want, got)
		}
	}

	for code, w := range Words() {
		if strings.Contains(w.Fix, "--image") {
			t.Errorf("%s: the fix runs an unpinned image: %s", code, w.Fix)
		}
	}
}
