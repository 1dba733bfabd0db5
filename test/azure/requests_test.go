// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	origin     = "https://kv-test.vault.azure.net"
	apiVersion = "?api-version=7.4"
	asJSON     = "application/json"
)

func TestRequests(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	officerToken := token(t, w.officer(t))

	_, err := w.PutSecret(vault, "known", azure.Secret{Value: "x"})
	must(t, err)

	tags := func(n int, key, value string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"%d%s":"%s"`, i, key, value))
		}

		return `{"value":"x","tags":{` + strings.Join(all, ",") + `}}`
	}

	bad := refusal{Status: 400, Code: "BadParameter"}

	cases := map[string]struct {
		reason string
		args   request
		want   refusal
	}{
		"OldVersion":    {"Versions that are documented are served.", request{method: "GET", url: "/secrets/known?api-version=7.0"}, refusal{Status: 200}},
		"NewVersion":    {"So are new ones.", request{method: "GET", url: "/secrets/known?api-version=2025-07-01"}, refusal{Status: 200}},
		"TrailingSlash": {"Clients ask for the latest version so.", request{method: "GET", url: "/secrets/known/" + apiVersion}, refusal{Status: 200}},
		"NoVersion":     {"The version of the API is required.", request{method: "GET", url: "/secrets/known"}, bad},
		"MadeUpVersion": {"It has to be one that exists.", request{method: "GET", url: "/secrets/known?api-version=9.9"}, bad},
		"Missing":       {"A missing secret is not found.", request{method: "GET", url: "/secrets/unknown" + apiVersion}, refusal{404, "SecretNotFound", ""}},
		"MissingVersion": {
			"Nor is a version.",
			request{method: "GET", url: "/secrets/known/" + strings.Repeat("0", 32) + apiVersion},
			refusal{404, "SecretNotFound", ""},
		},
		"OddVersion":    {"A version has 32 hexadecimal digits.", request{method: "GET", url: "/secrets/known/1" + apiVersion}, bad},
		"OddName":       {"A name has no underscore.", request{method: "GET", url: "/secrets/a_b" + apiVersion}, bad},
		"LongName":      {"A name has 127 characters at most.", request{method: "GET", url: "/secrets/" + strings.Repeat("a", 128) + apiVersion}, bad},
		"UnknownPath":   {"There is nothing else.", request{method: "GET", url: "/sekrets" + apiVersion}, refusal{Status: 404}},
		"TooDeep":       {"Nor below a version.", request{method: "GET", url: "/secrets/a/b/c" + apiVersion}, refusal{Status: 404}},
		"UnknownMethod": {"A secret cannot be posted.", request{method: "POST", url: "/secrets/known" + apiVersion}, refusal{405, "MethodNotAllowed", ""}},
		"UpdateNothing": {"An update is of a version.", request{method: "PATCH", url: "/secrets/known" + apiVersion}, refusal{405, "MethodNotAllowed", ""}},

		"FewResults":  {"A page may be smaller.", request{method: "GET", url: "/secrets" + apiVersion + "&maxresults=1"}, refusal{Status: 200}},
		"NoResults":   {"But not empty.", request{method: "GET", url: "/secrets" + apiVersion + "&maxresults=0"}, bad},
		"ManyResults": {"And not larger.", request{method: "GET", url: "/secrets" + apiVersion + "&maxresults=26"}, bad},
		"OddToken":    {"Where to go on is what we said.", request{method: "GET", url: "/secrets" + apiVersion + "&$skiptoken=MQ"}, bad},

		"Set":         {"A value is enough.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{"value":""}`}, refusal{Status: 200}},
		"SetNothing":  {"But needed.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{}`}, bad},
		"NoJSON":      {"A body is JSON.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `value`}, bad},
		"MoreJSON":    {"And one only.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{"value":"a"}{}`}, bad},
		"MadeUpField": {"It has what is documented.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{"value":"a","b":1}`}, bad},
		"NotUTF8":     {"In UTF-8.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: "{\"value\":\"\xff\"}"}, bad},
		"OddType": {
			"And says that it is JSON.",
			request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: "text/plain", body: `{"value":"a"}`},
			refusal{415, "BadParameter", ""},
		},
		"LargestValue": {
			"A value has 25 KiB at most.",
			request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{"value":"` + strings.Repeat("a", 25600) + `"}`},
			refusal{Status: 200},
		},
		"LargerValue": {
			"And no byte more.",
			request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{"value":"` + strings.Repeat("a", 25601) + `"}`},
			bad,
		},
		"LongContentType": {
			"A content type has 255 characters at most.",
			request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{"value":"a","contentType":"` + strings.Repeat("a", 256) + `"}`},
			bad,
		},
		"MostTags":     {"There are 15 tags at most.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: tags(15, "", "")}, refusal{Status: 200}},
		"MoreTags":     {"And no more.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: tags(16, "", "")}, bad},
		"LongTag":      {"With keys of 256 characters.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: tags(1, strings.Repeat("a", 256), "")}, bad},
		"LongTagValue": {"And values of 512.", request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: tags(1, "", strings.Repeat("a", 513))}, bad},
		"NegativeTime": {
			"A time is after 1970.",
			request{method: "PUT", url: "/secrets/new" + apiVersion, contentType: asJSON, body: `{"value":"a","attributes":{"exp":-1}}`},
			bad,
		},
		"PurgeKnown":   {"Only a deleted secret can be purged.", request{method: "DELETE", url: "/deletedsecrets/known" + apiVersion}, refusal{404, "SecretNotFound", ""}},
		"RecoverKnown": {"Nor recovered.", request{method: "POST", url: "/deletedsecrets/known/recover" + apiVersion}, refusal{404, "SecretNotFound", ""}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tc.args.url, tc.args.token = origin+tc.args.url, officerToken
			rsp := w.send(t, tc.args)

			if diff := cmp.Diff(tc.want, rsp.refusal()); diff != "" {
				t.Errorf("\n%s\n%s %s: -want, +got:\n%s\n%s", tc.reason, tc.args.method, tc.args.url, diff, rsp.Body)
			}

			for _, header := range []string{"X-Ms-Request-Id", "X-Ms-Keyvault-Service-Version", "X-Ms-Keyvault-Region", "Date"} {
				if rsp.Header.Get(header) == "" {
					t.Errorf("\n%s\n%s %s: the answer has no header %s", tc.reason, tc.args.method, tc.args.url, header)
				}
			}
		})
	}
}

func TestAccessTokens(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	good := token(t, w.officer(t))

	must(t, w.PutApplication(azure.Application{
		TenantID: otherTenant, ClientID: officer, PrincipalID: officerPrincipal, ClientSecret: officerSecret,
	}))

	foreign := w.form(t, otherTenant, "client_id="+officer+"&client_secret="+formEscape(officerSecret)+
		"&grant_type=client_credentials&scope=https://vault.azure.net/.default").AccessToken
	wrong := w.form(t, tenant, "client_id="+officer+"&client_secret="+formEscape(officerSecret)+
		"&grant_type=client_credentials&scope=https://management.azure.com/.default").AccessToken

	const (
		plain   = `Bearer authorization="https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111", resource="https://vault.azure.net"`
		invalid = plain + `, error="invalid_token"`
	)

	type want struct {
		Challenge string
		Message   string
	}

	cases := map[string]struct {
		reason        string
		authorization string
		later         time.Duration
		want          want
	}{
		"None":     {"The challenge names the authority of tokens.", "", 0, want{plain, "AKV10000: "}},
		"Basic":    {"A token is the only thing that helps.", "Basic eA==", 0, want{invalid, "AKV10000: "}},
		"Garbage":  {"It has to be one.", "Bearer x", 0, want{invalid, "[BearerReadAccessTokenFailed] "}},
		"Changed":  {"It has to be signed.", "Bearer " + good[:len(good)-4] + "AAAA", 0, want{invalid, "AKV10046: "}},
		"Foreign":  {"It has to be of the vault's tenant.", "Bearer " + foreign, 0, want{invalid, "AKV10032: "}},
		"Audience": {"It has to be for Key Vault.", "Bearer " + wrong, 0, want{invalid, "AKV10022: "}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			// The body is not looked at before the token.
			r := request{method: "PUT", url: origin + "/secrets/a", body: "{"}
			if tc.authorization != "" {
				r.header = http.Header{"Authorization": []string{tc.authorization}}
			}

			rsp := w.send(t, r)
			if diff := cmp.Diff(refusal{Status: 401, Code: "Unauthorized"}, rsp.refusal()); diff != "" {
				t.Errorf("\n%s\nPUT: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.Challenge, rsp.Header.Get("WWW-Authenticate")); diff != "" {
				t.Errorf("\n%s\nPUT: challenge: -want, +got:\n%s", tc.reason, diff)
			}

			if !strings.Contains(string(rsp.Body), tc.want.Message) {
				t.Errorf("\n%s\nPUT: %s is not about %s", tc.reason, rsp.Body, tc.want.Message)
			}
		})
	}
}

func TestExpiredToken(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	r := request{method: "GET", url: origin + "/secrets" + apiVersion, token: token(t, w.officer(t))}

	got := []int{w.send(t, r).Status}

	w.clock.Move(24*time.Hour - time.Second)

	got = append(got, w.send(t, r).Status)

	w.clock.Move(time.Second)

	got = append(got, w.send(t, r).Status)

	if diff := cmp.Diff([]int{200, 200, 401}, got); diff != "" {
		t.Errorf("a token is good until it expires: -want, +got:\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	officerToken := token(t, w.officer(t))
	set := request{method: "PUT", url: origin + "/secrets/a" + apiVersion, token: officerToken, contentType: asJSON, body: `{"value":"x"}`}
	get := request{method: "GET", url: origin + "/secrets/a" + apiVersion, token: officerToken}

	for range 150 {
		w.send(t, set)
	}

	w.clock.Move(4 * time.Second)

	for range 150 {
		w.send(t, set)
	}

	rsp := w.send(t, set)
	if diff := cmp.Diff(refusal{Status: 429, Code: "Throttled"}, rsp.refusal()); diff != "" {
		t.Errorf("the 301st creation in 10 s: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("6", rsp.Header.Get("Retry-After")); diff != "" {
		t.Errorf("the 301st creation in 10 s: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(200, w.send(t, get).Status); diff != "" {
		t.Errorf("creations have a limit of their own: -want, +got:\n%s", diff)
	}

	w.clock.Move(6 * time.Second)

	if diff := cmp.Diff(200, w.send(t, set).Status); diff != "" {
		t.Errorf("the window slides: -want, +got:\n%s", diff)
	}
}
