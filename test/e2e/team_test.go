//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// argocdClient is what Argo CD is to the login.
	argocdClient = "argocd"

	// Groups of people, as Entra ID has them.
	teamGroup     = "77777777-7777-4777-8777-777777777777"
	otherGroup    = "88888888-8888-4888-8888-888888888888"
	platformGroup = "99999999-9999-4999-8999-999999999999"

	loginKeyBits = 2048
)

// A login tells Argo CD who somebody is, and in which groups.
type login struct {
	key    *rsa.PrivateKey
	server *httptest.Server
}

func startLogin(t *testing.T) *login {
	t.Helper()

	key, err := rsa.GenerateKey(rand.Reader, loginKeyBits)
	if err != nil {
		t.Fatal(err)
	}

	keys, err := entra.KeySet("login", key.Public())
	if err != nil {
		t.Fatal(err)
	}

	l := &login{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) })
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{ // Who asks sees that it is not all.
			"issuer": l.issuer(), "jwks_uri": l.issuer() + "/keys", "authorization_endpoint": l.issuer() + "/authorize", "token_endpoint": l.issuer() + "/token",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})

	l.server = httptest.NewServer(mux)
	t.Cleanup(l.server.Close)

	return l
}

func (l *login) issuer() string { return l.server.URL }

// token of somebody who has logged in.
func (l *login) token(t *testing.T, user string, groups ...string) string {
	t.Helper()

	now := time.Now()

	token, err := entra.Sign(l.key, "login", map[string]any{
		"iss": l.issuer(), "aud": argocdClient, "sub": user, "email": user, "groups": groups,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}

	return token
}

// An entry of a log, as Argo CD has it.
type entry struct {
	Content   string    `json:"content"`
	PodName   string    `json:"podName"`
	Timestamp time.Time `json:"timeStampStr"`
	Last      bool      `json:"last"`
}

// logs of a pod, which somebody looks at while it is replaced: its first words, and its last.
func (a *argo) logs(t *testing.T, app *app) {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	found, err := pods(ctx, app)
	if err != nil || len(found) == 0 {
		t.Fatalf("pods of %s: want some, got %v, %v", app.name, found, err)
	}

	pod := &found[0]

	rsp, err := a.open(ctx, a.member, http.MethodGet, "/api/v1/applications/web/logs?"+logQuery(pod, true).Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rsp.Body.Close() //nolint:errcheck // It was read.

	entries := bufio.NewScanner(rsp.Body)

	first := nextEntry(t, entries)
	if want := pod.Name + " serves "; first.PodName != pod.Name || !strings.Contains(first.Content, want) {
		t.Errorf("first entry: want %q of pod %s, got %+v", want, pod.Name, first)
	}

	if first.Timestamp.Before(pod.CreationTimestamp.Time) || first.Timestamp.After(time.Now()) {
		t.Errorf("first entry: want a time between %s, when the pod came, and now, got %s", pod.CreationTimestamp, first.Timestamp)
	}

	// All that there is, without waiting for more.
	got, err := a.call(ctx, a.member, http.MethodGet, "/api/v1/applications/web/logs?"+logQuery(pod, false).Encode(), nil)
	if err != nil || !strings.Contains(got, first.Content) || !strings.Contains(got, `"last":true`) {
		t.Errorf("log: want %q in it and an end, got %s, %v", first.Content, got, err)
	}

	a.restart(t, app)

	last := first
	for next := nextEntry(t, entries); !next.Last; next = nextEntry(t, entries) {
		if next.Timestamp.Before(last.Timestamp) {
			t.Errorf("want entries in their order, got %+v after %+v", next, last)
		}

		last = next
	}

	if want := pod.Name + " has ended"; !strings.Contains(last.Content, want) {
		t.Errorf("last entry: want %q, got %+v", want, last)
	}
}

// logQuery asks for the log of a pod as the user interface does.
func logQuery(pod *corev1.Pod, follow bool) url.Values {
	return url.Values{
		"appNamespace": {argocdNamespace}, "namespace": {pod.Namespace}, "podName": {pod.Name}, "container": {pod.Spec.Containers[0].Name},
		"tailLines": {"1000"}, "sinceSeconds": {"0"}, "follow": {strconv.FormatBool(follow)},
	}
}

// nextEntry of a log that is followed.
func nextEntry(t *testing.T, entries *bufio.Scanner) entry {
	t.Helper()

	if !entries.Scan() {
		t.Fatalf("the log has no more entries: %v", entries.Err())
	}

	message := struct {
		Result *entry `json:"result"`
	}{}
	if err := json.Unmarshal(entries.Bytes(), &message); err != nil || message.Result == nil {
		t.Fatalf("want an entry of a log, got %s: %v", entries.Text(), err)
	}

	return *message.Result
}

// roles of teams: what is a team's, it sees and synchronizes, and all else is refused.
func (a *argo) roles(t *testing.T, app *app) {
	t.Helper()

	others := a.admitOthers(t)

	all, err := pods(t.Context(), app)
	if err != nil || len(all) == 0 {
		t.Fatalf("pods of %s: want some, got %v, %v", app.name, all, err)
	}

	var (
		pod   = &all[0]
		ofPod = a.query("", "v1", "Pod", pod.Name)
		log   = logQuery(pod, false).Encode()

		application = map[string]any{"metadata": map[string]any{"name": "web", "namespace": argocdNamespace}, "spec": map[string]any{
			"project": "shop", "source": map[string]any{"repoURL": "file://" + a.repository(), "path": "."}, "destination": map[string]any{"server": inCluster, "namespace": a.namespace},
		}}
		object = map[string]any{"metadata": map[string]any{"name": "own"}}

		stranger = a.login.token(t, "stranger@example.com")
		forger   = &login{key: startLogin(t).key, server: a.login.server}
	)

	const (
		api = "/api/v1"
		web = api + "/applications/web"

		forbidden = "403 Forbidden"
		noLogin   = "401 Unauthorized"
	)

	cases := map[string]request{
		"List":    {reason: "A team sees what is its own.", token: a.member, path: api + "/applications", want: `"name":"web"`},
		"Project": {reason: "And its project, which says what it may have.", token: a.member, path: api + "/projects/shop", want: `"name":"shop"`},
		"Sync":    {reason: "It need not wait for Argo CD.", token: a.member, method: http.MethodPost, path: web + "/sync", body: map[string]any{}, want: `"operation":`},

		"Edit":         {reason: "What an Application is comes from the platform.", token: a.member, method: http.MethodPut, path: web, body: application, refused: forbidden},
		"EditSpec":     {reason: "As above.", token: a.member, method: http.MethodPut, path: web + "/spec", body: application["spec"], refused: forbidden},
		"Patch":        {reason: "As above.", token: a.member, method: http.MethodPatch, path: web, body: map[string]any{"patch": `{"spec":{"project":"default"}}`, "patchType": "merge"}, refused: forbidden},
		"Create":       {reason: "As above.", token: a.member, method: http.MethodPost, path: api + "/applications", body: application, refused: forbidden},
		"Delete":       {reason: "As above.", token: a.member, method: http.MethodDelete, path: web, refused: forbidden},
		"Override":     {reason: "What runs is in Git.", token: a.member, method: http.MethodPost, path: web + "/sync", body: map[string]any{"manifests": []string{"{}"}}, refused: forbidden},
		"DeletePod":    {reason: "Only what the role names is done to what runs.", token: a.member, method: http.MethodDelete, path: web + "/resource?" + ofPod.Encode(), refused: forbidden},
		"PatchPod":     {reason: "As above.", token: a.member, method: http.MethodPost, path: web + "/resource?" + ofPod.Encode() + "&patchType=application/merge-patch%2Bjson", body: "{}", refused: forbidden},
		"OtherAction":  {reason: "As above.", token: a.member, method: http.MethodPost, path: web + "/resource/actions/v2", body: actionBody(a.query("apps", "v1", "Deployment", app.name), "restart"), refused: forbidden},
		"Exec":         {reason: "Who is in a pod reads its values.", token: a.member, path: "/terminal?" + terminalQuery(pod, "web", "shop").Encode(), refused: "permission denied: exec, create, shop/web"},
		"NewProject":   {reason: "The platform says what a team may have.", token: a.member, method: http.MethodPost, path: api + "/projects", body: map[string]any{"project": object}, refused: forbidden},
		"EditProject":  {reason: "As above.", token: a.member, method: http.MethodPut, path: api + "/projects/shop", body: map[string]any{"project": map[string]any{"metadata": map[string]any{"name": "shop"}}}, refused: forbidden},
		"ProjectToken": {reason: "A token would be good for who has left the team.", token: a.member, method: http.MethodPost, path: api + "/projects/shop/roles/team/token", body: map[string]any{}, refused: forbidden},
		"Set":          {reason: "An ApplicationSet makes Applications.", token: a.member, method: http.MethodPost, path: api + "/applicationsets", body: map[string]any{"metadata": map[string]any{"name": "own"}, "spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"name": "own"}, "spec": application["spec"]}}}, refused: forbidden},
		"Repository":   {reason: "Others' credentials are there.", token: a.member, method: http.MethodPost, path: api + "/repositories", body: map[string]any{"repo": "https://github.com/company/other"}, refused: forbidden},
		"Cluster":      {reason: "As above.", token: a.member, path: api + "/clusters/in-cluster?id.type=name", refused: forbidden},
		"NewCluster":   {reason: "As above.", token: a.member, method: http.MethodPost, path: api + "/clusters", body: map[string]any{"server": "https://example.com", "name": "own"}, refused: forbidden},
		"Account":      {reason: "There is an administrator.", token: a.member, path: api + "/account/admin", refused: forbidden},

		"Others":        {reason: "Another team's are not there.", token: a.member, path: api + "/applications/other", refused: forbidden},
		"OthersTree":    {reason: "As above.", token: a.member, path: api + "/applications/other/resource-tree", refused: forbidden},
		"OthersLogs":    {reason: "As above.", token: a.member, path: api + "/applications/other/logs?" + log, refused: forbidden},
		"OthersSync":    {reason: "As above.", token: a.member, method: http.MethodPost, path: api + "/applications/other/sync", body: map[string]any{}, refused: forbidden},
		"OthersAction":  {reason: "As above.", token: a.member, method: http.MethodPost, path: api + "/applications/other/resource/actions/v2", body: actionBody(a.query("meta.p6m.dev", "v1alpha1", v1alpha1.Kind, app.name), "restart"), refused: forbidden},
		"OthersProject": {reason: "As above.", token: a.member, path: api + "/projects/other", refused: forbidden},

		"OfOthers":     {reason: "Another team sees its own, too.", token: others, path: api + "/applications/other", want: `"name":"other"`},
		"FromOthers":   {reason: "And none of ours.", token: others, path: web, refused: forbidden},
		"LogsToOthers": {reason: "As above.", token: others, path: web + "/logs?" + log, refused: forbidden},
		"Stranger":     {reason: "Who is in no team sees nothing.", token: stranger, path: web, refused: forbidden},
		"Forged":       {reason: "Groups are what the login says.", token: forger.token(t, "member@example.com", teamGroup), path: web, refused: noLogin},
		"Nobody":       {reason: "Who has not logged in sees nothing.", path: web, refused: noLogin},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) { a.try(t, tc) })
	}

	t.Run("Lists", a.lists)

	// As it was synchronized, and by nothing else.
	a.wait(t, "Healthy", "1 of 1 secrets are synced")
}

// A request of somebody who may make it, or not.
type request struct {
	reason       string
	token        string
	method, path string
	body         any
	// want is in the answer if it was given, refused in the error if it was not.
	want, refused string
}

// try a request, which is a GET if it does not say.
func (a *argo) try(t *testing.T, r request) {
	t.Helper()

	got, err := a.call(t.Context(), r.token, r.method, r.path, r.body)

	switch {
	case r.refused != "" && (err == nil || !strings.Contains(err.Error(), r.refused)):
		t.Errorf("\n%s\nwant it refused with %q, got %q, %v", r.reason, r.refused, got, err)
	case r.refused == "" && (err != nil || !strings.Contains(got, r.want)):
		t.Errorf("\n%s\nwant %s, got %s, %v", r.reason, r.want, got, err)
	}
}

// lists have what is the team's, and nothing else.
func (a *argo) lists(t *testing.T) {
	t.Helper()

	for what, want := range map[string][]string{"applications": {"web"}, "projects": {"shop"}, "repositories": nil, "clusters": nil, "applicationsets": nil, "accounts": nil} {
		got, err := a.names(t.Context(), what)
		if err != nil {
			t.Error(err)
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s that a team sees: -want, +got:\n%s", what, diff)
		}
	}
}

// admitOthers lets in another team, with a project and an Application. It returns the token
// of somebody who is in it.
func (a *argo) admitOthers(t *testing.T) string {
	t.Helper()

	project := object(t, strings.ReplaceAll(read(t, "examples/argocd/appproject.yaml"), "shop", "other"))

	application := object(t, strings.ReplaceAll(read(t, "examples/argocd/web-application.yaml"), "shop", "other"))
	application.SetName("other")

	// Nothing is to come of it.
	unstructured.RemoveNestedField(application.Object, "spec", "syncPolicy")

	if err := a.plane.API.Apply(t.Context(), project, application); err != nil {
		t.Fatal(err)
	}

	a.bind(t, map[string]string{"shop": teamGroup, "other": otherGroup})

	others := a.login.token(t, "others@example.com", otherGroup)

	err := plane.Eventually(t.Context(), "the other team to be let in", func(ctx context.Context) error {
		_, err := a.call(ctx, others, http.MethodGet, "/api/v1/applications/other", nil)

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return others
}

// names of what the team finds in a list.
func (a *argo) names(ctx context.Context, what string) ([]string, error) {
	path := "/api/v1/" + what
	if what == "accounts" {
		path = "/api/v1/account"
	}

	out, err := a.call(ctx, a.member, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}

	list := struct {
		Items []struct {
			Name     string `json:"name"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		} `json:"items"`
	}{}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return nil, errors.Join(errors.New("cannot read "+what), err)
	}

	var names []string
	for _, i := range list.Items {
		names = append(names, i.Metadata.Name+i.Name)
	}

	return names, nil
}

// terminalQuery asks for a shell in a pod.
func terminalQuery(pod *corev1.Pod, app, project string) url.Values {
	return url.Values{
		"pod": {pod.Name}, "container": {pod.Spec.Containers[0].Name}, "namespace": {pod.Namespace},
		"appName": {app}, "projectName": {project}, "appNamespace": {argocdNamespace},
	}
}
