//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/test/azure/entra"
)

const (
	// argocdClient is the client id of Argo CD at the login.
	argocdClient = "argocd"

	// These are groups of people in Entra ID.
	teamGroup     = "77777777-7777-4777-8777-777777777777"
	otherGroup    = "88888888-8888-4888-8888-888888888888"
	platformGroup = "99999999-9999-4999-8999-999999999999"

	loginKeyBits = 2048
)

// A login issues tokens with the identity and the groups of a user.
type login struct {
	key    *rsa.PrivateKey
	server *httptest.Server
}

func startLogin(t *testing.T) *login {
	t.Helper()

	key, err := rsa.GenerateKey(rand.Reader, loginKeyBits)
	must(t, err)

	keys, err := entra.KeySet("login", key.Public())
	must(t, err)

	l := &login{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) })
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{ // A client notices an incomplete response.
			"issuer": l.issuer(), "jwks_uri": l.issuer() + "/keys", "authorization_endpoint": l.issuer() + "/authorize", "token_endpoint": l.issuer() + "/token",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})

	l.server = httptest.NewServer(mux)
	t.Cleanup(l.server.Close)

	return l
}

func (l *login) issuer() string { return l.server.URL }

// token returns the token of a user after a login.
func (l *login) token(t *testing.T, user string, groups ...string) string {
	t.Helper()

	now := time.Now()

	token, err := entra.Sign(l.key, "login", map[string]any{
		"iss": l.issuer(), "aud": argocdClient, "sub": user, "email": user, "groups": groups,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	must(t, err)

	return token
}

// logs checks that the team can read the logs of a pod.
func (a *argo) logs(t *testing.T, app *app) {
	t.Helper()

	pod := somePod(t, app)
	query := url.Values{
		"appNamespace": {argocdNamespace}, "namespace": {pod.Namespace}, "podName": {pod.Name}, "container": {pod.Spec.Containers[0].Name},
		"tailLines": {"1000"}, "sinceSeconds": {"0"}, "follow": {"false"},
	}

	got := a.get(t, "/logs", query)
	if want := pod.Name + " serves "; !strings.Contains(got, want) {
		t.Errorf("log: want %q in it, got %s", want, got)
	}
}

// somePod returns a pod of an application.
func somePod(t *testing.T, app *app) *corev1.Pod {
	t.Helper()

	all, err := pods(t.Context(), app)
	if err != nil || len(all) == 0 {
		t.Fatalf("pods of %s: want some, got %v, %v", app.name, all, err)
	}

	return &all[0]
}

// roles checks that roles are enforced at the team's interface: the server of Argo CD identifies people by their
// login, and checks every kind of permission. TestRole of test/argocd covers all permissions of the role.
func (a *argo) roles(t *testing.T, app *app) {
	t.Helper()

	var (
		pod      = somePod(t, app)
		terminal = url.Values{
			"pod": {pod.Name}, "container": {pod.Spec.Containers[0].Name}, "namespace": {pod.Namespace},
			"appName": {"web"}, "projectName": {"shop"}, "appNamespace": {argocdNamespace},
		}
		ofPod  = a.query("", "v1", "Pod", pod.Name)
		forger = &login{key: startLogin(t).key, server: a.login.server}
	)

	const (
		web       = "/api/v1/applications/web"
		forbidden = "403 Forbidden"
		noLogin   = "401 Unauthorized"
	)

	cases := map[string]struct {
		reason       string
		token        string
		method, path string
		body         any
		// want is in a successful response, refused in the error of a rejected one.
		want, refused string
	}{
		"List":         {reason: "A team sees its applications.", token: a.member, path: "/api/v1/applications", want: `"name":"web"`},
		"Sync":         {reason: "A team need not wait for Argo CD.", token: a.member, method: http.MethodPost, path: web + "/sync", body: map[string]any{}, want: `"operation":`},
		"Override":     {reason: "A local manifest cannot replace the one in Git.", token: a.member, method: http.MethodPost, path: web + "/sync", body: map[string]any{"manifests": []string{"{}"}}, refused: forbidden},
		"DeletePod":    {reason: "The role does not allow deleting pods.", token: a.member, method: http.MethodDelete, path: web + "/resource?" + ofPod.Encode(), refused: forbidden},
		"OtherAction":  {reason: "The role does not allow other actions.", token: a.member, method: http.MethodPost, path: web + "/resource/actions/v2", body: actionBody(a.query("apps", "v1", "Deployment", app.name), "restart"), refused: forbidden},
		"Exec":         {reason: "A shell in a pod could read its values.", token: a.member, path: "/terminal?" + terminal.Encode(), refused: "permission denied: exec, create, shop/web"},
		"ProjectToken": {reason: "A token would outlive the membership in the team.", token: a.member, method: http.MethodPost, path: "/api/v1/projects/shop/roles/team/token", body: map[string]any{}, refused: forbidden},
		"OtherTeam":    {reason: "Another team does not see the application.", token: a.login.token(t, "other@example.com", otherGroup), path: web, refused: forbidden},
		"Stranger":     {reason: "A user without a team sees nothing.", token: a.login.token(t, "stranger@example.com"), path: web, refused: forbidden},
		"Forged":       {reason: "Only the login can assert a user's groups.", token: forger.token(t, "member@example.com", teamGroup), path: web, refused: noLogin},
		"Nobody":       {reason: "Without a login, nothing is visible.", path: web, refused: noLogin},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := a.call(t.Context(), tc.token, tc.method, tc.path, tc.body)

			switch {
			case tc.refused != "" && (err == nil || !strings.Contains(err.Error(), tc.refused)):
				t.Errorf("\n%s\nwant it refused with %q, got %q, %v", tc.reason, tc.refused, got, err)
			case tc.refused == "" && (err != nil || !strings.Contains(got, tc.want)):
				t.Errorf("\n%s\nwant %s, got %s, %v", tc.reason, tc.want, got, err)
			}
		})
	}

	// The deployment is unchanged since its synchronization.
	a.wait(t, "Healthy", "1 of 1 secrets are synced")
}
