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

// An azure answers for hosts over TLS.
type azure struct {
	server *httptest.Server
	now    time.Time
}

// newAzure with a handler by host. Its certificate is for all of them.
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

// network in which the azure is what every name leads to.
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
		Direct:    roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("nobody is there") }),
		Lookup:    func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil },
		Now:       func() time.Time { return a.now },
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// through a proxy at an address.
func (n Network) through(proxy string) Network {
	u := &url.URL{Scheme: "http", Host: proxy, User: url.UserPassword("somebody", secret)}
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
		"Reached":    {"Any answer will do.", own, Endpoint{Outcome: Reached, Ahead: new(int64(0))}},
		"Late":       {"The clock here is behind.", late, Endpoint{Outcome: Reached, Ahead: new(int64(600))}},
		"NoSuchHost": {"DNS knows no such name.", lookup(&net.DNSError{Err: "no such host", Name: login, IsNotFound: true}), Endpoint{Outcome: NoSuchHost}},
		"NoDNS":      {"DNS is not there.", lookup(&net.DNSError{Err: "i/o timeout", Name: login, IsTimeout: true}), Endpoint{Outcome: NoDNS}},
		"Blocked":    {"Nobody connects.", blocked, Endpoint{Outcome: NoAnswer}},
		"Intercepted": {
			"Somebody else has signed the certificate.",
			distrusting(func(c *tls.Config) { c.RootCAs = nil }),
			Endpoint{Outcome: UnknownAuthority, Detail: "O=Acme Co"},
		},
		"OutOfTime": {
			"The certificate has expired, by the clock here.",
			distrusting(func(c *tls.Config) { c.Time = func() time.Time { return time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC) } }),
			Endpoint{Outcome: OutOfTime},
		},
		"OtherHost":    {"The certificate is for another host.", distrusting(func(c *tls.Config) { c.ServerName = "" }), Endpoint{Outcome: BadCertificate}},
		"ProxyRefuses": {"A proxy wants no connection.", own.through(refusing.Listener.Addr().String()), Endpoint{Outcome: ProxyRefused, Status: http.StatusForbidden, Proxy: refusing.Listener.Addr().String()}},
		"NoProxy":      {"A proxy is not there.", own.through(away.Listener.Addr().String()), Endpoint{Outcome: NoProxy, Proxy: away.Listener.Addr().String()}},
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

// tokenOf claims, with a signature that nobody verifies here.
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
		"Good":     {"It says what it is.", new(tokenOf(claims(`["api://AzureADTokenExchange"]`)) + "\n"), Token{Issuer: issuer, Subject: subject, Audiences: []string{"api://AzureADTokenExchange"}, KeyID: "k1"}},
		"String":   {"One audience may be a string.", new(tokenOf(claims(`"other"`))), Token{Issuer: issuer, Subject: subject, Audiences: []string{"other"}, KeyID: "k1"}},
		"Missing":  {"There is no file.", nil, Token{Problem: "there is no such file"}},
		"Empty":    {"The file has nothing.", new(""), Token{Problem: errNoToken.Error()}},
		"Password": {"What is no token is not repeated.", new("hunter2"), Token{Problem: errNoToken.Error()}},
		"Parts":    {"Neither is what looks like one.", new("a.b.c"), Token{Problem: errNoToken.Error()}},
		"Hostile":  {"What a terminal obeys is left out.", new(tokenOf("{\"iss\":\"a\\u001b[31mb\",\"sub\":\"" + strings.Repeat("x", 500) + "\",\"aud\":7}")), Token{Issuer: "a [31mb", Subject: strings.Repeat("x", maxText-1) + "…", Audiences: []string{}, KeyID: "k1"}},
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
		"Done":       {"Entra ID gives a token.", http.StatusOK, `{"access_token":"` + secret + `","expires_in":3599}`, Exchange{Done: true}},
		"NoToken":    {"An answer without a token is none.", http.StatusOK, `{}`, Exchange{Problem: "it answers with status 200 and no code of its own"}},
		"NotTrusted": {"No credential is for the token.", http.StatusUnauthorized, `{"error":"invalid_client","error_codes":[70021],"error_description":"AADSTS70021: ` + secret + `"}`, Exchange{Meaning: keyvault.NoMatch, Code: 70021}},
		"NoClient":   {"The code may be in the text alone.", http.StatusBadRequest, `{"error":"x","error_description":"AADSTS700016: Application"}`, Exchange{Meaning: keyvault.NoClient, Code: 700016}},
		"Unknown":    {"A code may be new.", http.StatusBadRequest, `{"error":"x","error_codes":[123456]}`, Exchange{Code: 123456}},
		"Page":       {"A page of something between is no answer of Entra ID.", http.StatusForbidden, `<html>` + secret + `</html>`, Exchange{Problem: "it answers with status 403 and no code of its own"}},
		"Huge":       {"An answer has an end.", http.StatusOK, `"` + strings.Repeat("x", maxBody+1), Exchange{Problem: fmt.Sprintf("the answer has more than %d bytes", maxBody)}},
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

			got := a.network().exchange(t.Context(), login, "https://management.azure.com/.default", tenant, identity, secret)

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
		"Good":     {"It says who it is, and its keys.", map[string]page{discoveryOf: good, keysOf: {200, `{"keys":[{"kid":"k1"},{"kid":"k2"}]}`}}, documents{Outcome: Reached, Issuer: issuer, Keys: []string{"k1", "k2"}}},
		"Missing":  {"Nothing is published.", nil, documents{Outcome: Reached, Problem: "https://oidc.example.com/one/.well-known/openid-configuration answers with status 404"}},
		"Redirect": {"Nobody is followed elsewhere.", map[string]page{discoveryOf: {302, ""}}, documents{Outcome: Reached, Problem: "https://oidc.example.com/one/.well-known/openid-configuration answers with status 302"}},
		"Page":     {"It is a page for people.", map[string]page{discoveryOf: {200, "<html>"}}, documents{Outcome: Reached, Problem: "https://oidc.example.com/one/.well-known/openid-configuration is no JSON of its kind"}},
		"NoKeys":   {"It has no keys.", map[string]page{discoveryOf: good, keysOf: {200, `{"keys":[]}`}}, documents{Outcome: Reached, Issuer: issuer, Problem: "jwks_uri leads to no keys"}},
		"Plain":    {"Keys are not had without TLS.", map[string]page{discoveryOf: {200, `{"issuer":"` + issuer + `","jwks_uri":"http://169.254.169.254/metadata"}`}}, documents{Outcome: Reached, Issuer: issuer, Problem: `"http://169.254.169.254/metadata" is no https URL`}},
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

// world for probes: an Azure that takes the token.
func world(t *testing.T) (*azure, platform.Platform) {
	t.Helper()

	a := newAzure(t, map[string]http.HandlerFunc{login: func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.WriteString(w, `{"access_token":"`+secret+`"}`)
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
			reason: "It reaches everybody, and signs in.",
			args:   args{place: platform.AzureServiceAccount, platform: p, vaults: []string{"evil.example.com", vault}},
			want: Facts{
				Login: reached(login), Manager: new(reached(manager)), Vault: reached(vault), Source: sourceFile,
				Token:    &Token{Path: p.Azure.TokenFile, Issuer: issuer, Subject: subject, Audiences: []string{keyvault.TokenAudience}, KeyID: "k1"},
				Exchange: &Exchange{ClientID: identity, TenantID: tenant, Done: true},
			},
		},
		"Nobody": {
			reason: "The other provider does not sign in unless it creates secrets, and needs no Resource Manager.",
			args:   args{place: platform.CreatorServiceAccount, platform: p},
			want:   Facts{Login: reached(login), Vault: reached(anyVault + ".vault.azure.net"), AnyVault: true},
		},
		"Foreign": {
			reason: "No Secret is read.",
			args:   args{place: platform.AzureServiceAccount, platform: foreign, vaults: []string{vault}},
			want:   Facts{Login: reached(login), Manager: new(reached(manager)), Vault: reached(vault), Source: "Secret"},
		},
		"Unread": {
			reason: "It says what it may not read, and not what is wrong with what it has read.",
			args: args{place: platform.CreatorServiceAccount, platform: p, found: []finding.Finding{
				{Code: platform.PermissionMissing, Object: "EnvironmentConfig/x"}, {Code: platform.CannotRead}, {Code: platform.SettingsUnknown, Object: "y"},
			}},
			want: Facts{
				Login: reached(login), Vault: reached(anyVault + ".vault.azure.net"), AnyVault: true,
				Unread: []string{"EnvironmentConfig/x", "CannotRead"},
			},
		},
		"Government": {
			reason: "Each cloud has hosts of its own, and no vault of another one.",
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
				t.Errorf("\n%s\na token is in %s", tc.reason, out.String())
			}

			parsed, err := parseFacts([]byte("a warning of the runtime\n"+out.String()), tc.args.place)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(&got, parsed); diff != "" {
				t.Errorf("\n%s\nparseFacts(...): -written, +read:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestOtherToken has a token for somebody else, which is sent nowhere.
func TestOtherToken(t *testing.T) {
	a, p := world(t)

	if err := os.WriteFile(p.Azure.TokenFile, []byte(tokenOf(claims(`["https://kubernetes.default.svc"]`))), 0o600); err != nil {
		t.Fatal(err)
	}

	if got := probe(t.Context(), a.network(), platform.AzureServiceAccount, p, nil, nil); got.Exchange != nil {
		t.Errorf("a token for the API server was sent to Entra ID: %+v", got.Exchange)
	}
}

// TestParseFacts reads any log without harm, and prints no more of it than fits.
func TestParseFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.SliceOf(rapid.Byte()).Draw(t, "log")

		got, err := parseFacts(log, platform.AzureServiceAccount)
		if err == nil {
			t.Fatalf("want an error, got %+v", got)
		}

		if len([]rune(err.Error())) > maxText+100 || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Fatalf("the error repeats too much: %q", err)
		}
	})

	rapid.Check(t, func(t *rapid.T) {
		f := Facts{
			Place: platform.AzureServiceAccount, Source: rapid.String().Draw(t, "source"), Unread: rapid.SliceOf(rapid.String()).Draw(t, "unread"),
			Login: Endpoint{Host: rapid.String().Draw(t, "host"), Outcome: NoAnswer, Detail: rapid.String().Draw(t, "detail")},
			Vault: Endpoint{Outcome: Reached}, Manager: &Endpoint{Outcome: Reached},
			Token: &Token{Issuer: rapid.String().Draw(t, "issuer"), Audiences: rapid.SliceOf(rapid.String()).Draw(t, "audiences")},
		}

		line, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}

		got, err := parseFacts(line, platform.AzureServiceAccount)
		if err != nil {
			t.Fatal(err)
		}

		for _, text := range append([]string{got.Source, got.Login.Host, got.Login.Detail, got.Token.Issuer}, append(got.Unread, got.Token.Audiences...)...) {
			if text != clean(text) {
				t.Fatalf("%q is passed on as it was", text)
			}
		}
	})
}

// TestWhole takes no facts that do not say what became of what was looked for.
func TestWhole(t *testing.T) {
	cases := map[string]struct {
		reason string
		line   string
		ok     bool
	}{
		"Whole": {reason: "It says all.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"NoSuchHost"},"manager":{"outcome":"NoDNS"}}`, ok: true},
		"Outcome": {
			reason: "There is no such outcome.",
			line:   `{"place":"provider-azure","login":{"outcome":"Whatever"},"vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"}}`,
		},
		"OutcomeEmpty": {reason: "It does not say.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":""},"manager":{"outcome":"Reached"}}`},
		"ManagerOutcome": {
			reason: "There is no such outcome.",
			line:   `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"},"manager":{"outcome":"reached"}}`,
		},
		"NoLogin":   {reason: "It has not looked.", line: `{"place":"provider-azure","vault":{"outcome":"Reached"},"manager":{"outcome":"Reached"}}`},
		"NoVault":   {reason: "It has not looked.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"manager":{"outcome":"Reached"}}`},
		"NoManager": {reason: "Only the other provider does not need it.", line: `{"place":"provider-azure","login":{"outcome":"Reached"},"vault":{"outcome":"Reached"}}`},
		"Nothing":   {reason: "It has not looked.", line: `{"place":"provider-azure"}`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got, err := parseFacts([]byte(tc.line), platform.AzureServiceAccount); (err == nil) != tc.ok {
				t.Errorf("\n%s\nparseFacts(...): %+v, %v", tc.reason, got, err)
			}
		})
	}
}

// TestBase leads to what somebody has, and never to what a branch happens to have.
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
		if strings.Contains(w.Mend, "--image") {
			t.Errorf("%s: Mend runs an image that nobody has pinned: %s", code, w.Mend)
		}
	}
}
