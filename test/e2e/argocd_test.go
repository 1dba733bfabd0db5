//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/argocd"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	argocdNamespace = "argocd"

	// manifests are those of an application, as teams keep them in their repositories.
	manifestsPath       = ".platform/kubernetes/dev"
	applicationManifest = manifestsPath + "/application.yaml"

	inCluster = "https://kubernetes.default.svc"
)

// An argo is an Argo CD with the settings of package/argocd that follows a Git repository on disk.
// Users have a token of the login.
type argo struct {
	plane *plane.Plane
	dir   string
	api   string
	login *login

	// namespace is the team's, if there is a team, and token is that of a member.
	namespace string
	member    string
}

// links checks that the application has links to its vault, and other objects have none.
func (a *argo) links(t *testing.T, app *app) {
	t.Helper()

	status := app.wait(t, plane.HasVault).Status.KeyVault

	got := a.get(t, "/resource/links", a.query("meta.p6m.dev", "v1alpha1", v1alpha1.Kind, app.name))
	for _, want := range []string{status.URI, status.PortalURL} {
		if !strings.Contains(got, want) {
			t.Errorf("links: want %s, got %s", want, got)
		}
	}

	// The Deployment below the application has no link to the vault.
	if got := a.get(t, "/resource/links", a.query("apps", "v1", "Deployment", app.name)); strings.Contains(got, "vault") {
		t.Errorf("links of a Deployment: want none to the vault, got %s", got)
	}
}

// shows checks that Argo CD shows what runs, and nothing of the platform.
func (a *argo) shows(t *testing.T) {
	t.Helper()

	got := a.get(t, "/resource-tree", nil)
	for kind, want := range map[string]bool{"Deployment": true, "ReplicaSet": true, "Pod": true, "Secret": false, "KeyVaultSecretSync": false, "Vault": false} {
		if strings.Contains(got, `"kind":"`+kind+`"`) != want {
			t.Errorf("%s in what the team sees: want %t, got %s", kind, want, got)
		}
	}
}

// rotate changes a value. It is not in Git, so Argo CD sees no change.
func (a *argo) rotate(t *testing.T, app *app, to string) {
	t.Helper()

	app.set(t, postgres(to))
	app.runsWith(t, to)
	a.wait(t, "Healthy", "1 of 1 secrets are synced")
}

// breakAndRepair makes a value invalid: the team sees the reason, and the pods keep the last good
// value.
func (a *argo) breakAndRepair(t *testing.T, app *app, from, to string) {
	t.Helper()

	before := app.pods(t)

	app.set(t, strings.TrimSuffix(postgres(to), "}"))
	a.wait(t, "Degraded", secretName, "JSON")
	app.runsWith(t, from)

	if diff := cmp.Diff(before, app.pods(t)); diff != "" {
		t.Errorf("a value that cannot be read must leave Pods alone: -want, +got:\n%s", diff)
	}

	app.set(t, postgres(to))
	app.runsWith(t, to)
	a.wait(t, "Healthy", "1 of 1 secrets are synced")
}

// newImage changes the image in Git, which rolls the Deployment.
func (a *argo) newImage(t *testing.T, app *app, password string) {
	t.Helper()

	next := strings.TrimSuffix(demoImage, "v1") + "v2"

	must(t, app.plane.PushImage(t.Context(), demoProgram, "p6m-dev/demo-application:v2"))

	a.commit(t, applicationManifest, manifest(app.namespace, app.name, with("deployment.image", next)))

	eventually(t, "pods of the new image, and no others", func(ctx context.Context) error {
		now, err := pods(ctx, app)
		if err == nil && len(now) == 0 {
			err = errors.New("there is none")
		}

		for _, p := range now {
			if got := p.Spec.Containers[0].Image; got != next {
				err = fmt.Errorf("pod %s has %s", p.Name, got)
			}
		}

		return err
	})

	a.wait(t, "Healthy", "1 of 1 secrets are synced")
	app.runsWith(t, password)
}

// addSecret adds a secret to the manifest. The application keeps running until the secret has a
// value.
func (a *argo) addSecret(t *testing.T, app *app, password string) {
	t.Helper()

	const added = "api-credentials"

	u := manifest(app.namespace, app.name, with("secrets", []any{map[string]any{"name": secretName}, map[string]any{"name": added}}))
	a.commit(t, applicationManifest, u)
	a.wait(t, "Suspended", "1 of 2 secrets are synced", added, "AwaitingValue")
	app.runsWith(t, password)

	must(t, plane.SetSecret(t.Context(), w.azure, app.vault(t), added, `{"API_KEY":"key","API_SECRET":"secret"}`))

	a.wait(t, "Healthy", "2 of 2 secrets are synced")
	app.runsWith(t, password)
}

// removeAndReturn removes the manifest from Git, and restores it: the values in the vault are back,
// because the default deletionPolicy retains it.
func (a *argo) removeAndReturn(t *testing.T, app *app, password string) {
	t.Helper()

	vault := app.vault(t)

	// Argo CD does not remove the last object of an Application.
	notes := object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: notes}}")
	notes.SetNamespace(app.namespace)
	a.commit(t, manifestsPath+"/notes.yaml", notes)
	a.revert(t, applicationManifest)

	must(t, isGone(t.Context(), app.plane, manifest(app.namespace, app.name)))

	a.commit(t, applicationManifest, manifest(app.namespace, app.name))
	app.runsWith(t, password)
	a.wait(t, "Healthy", "1 of 1 secrets are synced", vault)
}

// syncNow runs an action, which reaches the sync although the team cannot see it.
func (a *argo) syncNow(t *testing.T, app *app) {
	t.Helper()

	must(t, a.act(t, a.member, a.query("meta.p6m.dev", "v1alpha1", v1alpha1.Kind, app.name), "sync-secrets-now"))

	eventually(t, "the request to reach the sync", func(ctx context.Context) error {
		u := secretSync(app.namespace, app.name)
		if err := app.plane.API.Client().Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
			return fmt.Errorf("cannot get the sync: %w", err)
		}

		if u.GetAnnotations()[secretsv1alpha1.SyncRequestedAtAnnotation] == "" {
			return errors.New("it has no request")
		}

		return nil
	})

	hidden := a.query(secretsv1alpha1.Group, secretsv1alpha1.Version, secretsv1alpha1.KeyVaultSecretSyncKind, app.name)
	admin := a.login.token(t, "admin@example.com", platformGroup)

	for token, want := range map[string]string{a.member: "permission denied", admin: "not found as part of application"} {
		if err := a.act(t, token, hidden, "sync-now"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("action on a kind that the project does not list: want %q, got %v", want, err)
		}
	}

	a.wait(t, "Healthy", "1 of 1 secrets are synced")
}

// refuses checks that objects that a team must not have in its repository are rejected: a
// KeyVaultSecretSync, which could read another vault, its own pods, and an application that names
// objects for Crossplane to use as its vault.
func (a *argo) refuses(t *testing.T) {
	t.Helper()

	deployment := object(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec:
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: other, image: `+demoImage+`}]}
`)
	deployment.SetNamespace(a.namespace)

	for _, tc := range []struct {
		object *unstructured.Unstructured
		want   string
	}{
		{secretSync(a.namespace, "other"), "is not permitted in project"},
		{deployment, "put a PlatformApplication into Git instead"},
		{manifest(a.namespace, "thief", with("crossplane.resourceRefs", []any{ref("v1", "ConfigMap", "decoy")})), "only Crossplane and the platform team may set these fields"},
	} {
		file := manifestsPath + "/refused-" + strings.ToLower(tc.object.GetKind()) + ".yaml"
		a.commit(t, file, tc.object)

		a.says(t, "web", tc.want)

		err := a.plane.API.Client().Get(t.Context(), client.ObjectKeyFromObject(tc.object), tc.object.DeepCopy())
		if client.IgnoreNotFound(err) != nil || err == nil {
			t.Errorf("%s of the team's repository: want none, got %v", tc.object.GetKind(), err)
		}

		a.revert(t, file)
	}

	// The team reverts the commit, and the application is healthy again.
	a.wait(t, "Healthy", "1 of 1 secrets are synced")
}

// secretSync returns a sync of that name, as anyone who knows the kind could write it.
func secretSync(namespace, name string) *unstructured.Unstructured {
	return key{secretsv1alpha1.GroupVersion().String(), secretsv1alpha1.KeyVaultSecretSyncKind, namespace, name}.object()
}

// pods returns the pods of an application.
func pods(ctx context.Context, app *app) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := app.plane.API.Client().List(ctx, list, client.InNamespace(app.namespace), client.MatchingLabels{"meta.p6m.dev/application": app.name}); err != nil {
		return nil, fmt.Errorf("cannot list pods of %s: %w", app.name, err)
	}

	return list.Items, nil
}

// startArgo starts Argo CD on a plane.
func startArgo(t *testing.T, p *plane.Plane) *argo {
	t.Helper()

	a := &argo{plane: p, dir: t.TempDir(), login: startLogin(t)}
	git(t, "init", "--quiet", "--initial-branch=main", a.repository())
	a.install(t)

	redis, repo, api := address(t), address(t), address(t)
	a.api = "http://" + api
	a.start(t, "redis", "argocd-redis", redis)
	a.start(t, "argocd", "argocd-repo-server", "--address", "127.0.0.1", "--port", port(repo), "--metrics-address", "127.0.0.1", "--metrics-port", port(address(t)),
		"--disable-tls", "--redis", redis, "--include-hidden-directories", "--revision-cache-expiration", "1s")
	a.start(t, "argocd", "argocd-application-controller", "--namespace", argocdNamespace, "--metrics-port", port(address(t)),
		"--repo-server", repo, "--repo-server-plaintext", "--redis", redis, "--app-resync", "5", "--app-resync-jitter", "0")
	a.start(t, "argocd", "argocd-applicationset-controller", "--namespace", argocdNamespace, "--metrics-addr", address(t), "--probe-addr", address(t), "--webhook-addr", address(t),
		"--argocd-repo-server", repo, "--repo-server-plaintext")
	a.start(t, "argocd", "argocd-server", "--namespace", argocdNamespace, "--address", "127.0.0.1", "--port", port(api), "--metrics-address", "127.0.0.1", "--metrics-port", port(address(t)),
		"--repo-server", repo, "--repo-server-plaintext", "--redis", redis, "--insecure")

	eventually(t, "Argo CD's server", func(ctx context.Context) error {
		_, err := a.call(ctx, "", http.MethodGet, "/api/version", nil)

		return err
	})

	return a
}

func (a *argo) repository() string { return filepath.Join(a.dir, "repository") }

// install installs the cluster objects of Argo CD, with our component as its users have it.
func (a *argo) install(t *testing.T) {
	t.Helper()

	source, err := tools.Source(t.Context(), "argocd")
	must(t, err)

	// Kustomize accepts only relative paths.
	relative := func(path string) string {
		out, err := filepath.Rel(a.dir, path)
		must(t, err)

		return out
	}

	kustomization, err := yaml.Marshal(map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "namespace": argocdNamespace,
		"resources":  []string{relative(filepath.Join(source.Dir, "manifests", "cluster-install"))},
		"components": []string{relative(filepath.Join(w.root, "package", "argocd"))},
	})
	must(t, err)

	must(t, os.WriteFile(filepath.Join(a.dir, "kustomization.yaml"), kustomization, 0o600))

	all, err := argocd.Build(t.Context(), a.dir)
	must(t, err)

	manifests := filepath.Join(a.dir, "argocd.yaml")
	must(t, os.WriteFile(manifests, all, 0o600))

	objects, err := apiserver.ReadFiles(manifests)
	must(t, err)

	must(t, errors.Join(a.plane.API.InstallCRDs(t.Context(), manifests), a.plane.API.CreatePlatformNamespace(t.Context(), argocdNamespace)))

	for _, o := range objects {
		switch o.GetKind() {
		case "CustomResourceDefinition", "Deployment", "StatefulSet", "Service", "NetworkPolicy":
			continue
		}

		if o.GetName() == "argocd-cm" {
			a.trust(t, o)
		}

		must(t, a.plane.API.Apply(t.Context(), o))
	}
}

// trust configures the login. Terminals are enabled, to show that no user has permission for one.
func (a *argo) trust(t *testing.T, settings *unstructured.Unstructured) {
	t.Helper()

	oidc, err := yaml.Marshal(map[string]any{"name": "Company", "issuer": a.login.issuer(), "clientID": argocdClient})
	must(t, err)

	for key, value := range map[string]string{"url": "https://argocd.example.com", "oidc.config": string(oidc), "exec.enabled": "true"} {
		must(t, unstructured.SetNestedField(settings.Object, value, "data", key))
	}
}

// admit gives a team its namespaces, as the examples do.
func (a *argo) admit(t *testing.T, namespaces ...string) {
	t.Helper()

	a.namespace, a.member = namespaces[0], a.login.token(t, "member@example.com", teamGroup)

	objects := []client.Object{a.project(t, namespaces)}
	for _, n := range namespaces {
		objects = append(objects, &corev1.Namespace{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: metav1.ObjectMeta{Name: n, Labels: map[string]string{"meta.p6m.dev/workloads": "composed"}},
		})
	}

	policy := filepath.Join(w.root, "package", "platform", "argocd", "namespaces", "workloads.yaml")

	must(t, errors.Join(a.plane.API.ApplyFiles(t.Context(), policy), a.plane.API.Apply(t.Context(), objects...)))

	a.bind(t)
}

// bind binds the role of the team to its group, as the example does. The platform's group has all
// permissions.
func (a *argo) bind(t *testing.T) {
	t.Helper()

	settings := object(t, strings.ReplaceAll(check.Read(t, "examples/argocd/rbac.yaml"), "REPLACE_ME", teamGroup))
	must(t, unstructured.SetNestedField(settings.Object, "g, "+platformGroup+", role:admin", "data", "policy.platform.csv"))
	must(t, a.plane.API.Apply(t.Context(), settings))
}

// kubeconfig returns the path of a kubeconfig of one of Argo CD's ServiceAccounts.
func (a *argo) kubeconfig(t *testing.T, serviceAccount string) string {
	t.Helper()

	cfg, err := a.plane.API.ConfigFor(t.Context(), argocdNamespace, serviceAccount)
	must(t, err)

	path := filepath.Join(a.dir, serviceAccount+".kubeconfig")
	must(t, apiserver.WriteKubeconfig(path, cfg))

	return path
}

// project returns the project of the example, with this repository and these namespaces.
func (a *argo) project(t *testing.T, namespaces []string) client.Object {
	t.Helper()

	u := object(t, check.Read(t, "examples/argocd/appproject.yaml"))

	spec, _ := u.Object["spec"].(map[string]any)
	spec["sourceRepos"] = []any{"file://" + a.repository()}

	var destinations []any
	for _, n := range namespaces {
		destinations = append(destinations, map[string]any{"server": inCluster, "namespace": n})
	}

	spec["destinations"] = destinations

	return u
}

// follow makes Argo CD follow the repository, as the example does.
func (a *argo) follow(t *testing.T) {
	t.Helper()

	u := object(t, check.Read(t, "examples/argocd/web-application.yaml"))
	u.SetName("web")

	spec, _ := u.Object["spec"].(map[string]any)
	spec["source"] = map[string]any{"repoURL": "file://" + a.repository(), "targetRevision": "main", "path": manifestsPath}
	spec["destination"] = map[string]any{"server": inCluster, "namespace": a.namespace}

	must(t, a.plane.API.Apply(t.Context(), u))
}

// commit commits a manifest, and all other changes.
func (a *argo) commit(t *testing.T, path string, object *unstructured.Unstructured) {
	t.Helper()

	a.write(t, path, object)
	a.record(t, "Change "+path)
}

// write writes a manifest.
func (a *argo) write(t *testing.T, path string, object *unstructured.Unstructured) {
	t.Helper()

	data, err := yaml.Marshal(object.Object)
	must(t, err)

	path = filepath.Join(a.repository(), path)
	must(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)))
}

// revert reverts the commit of a manifest.
func (a *argo) revert(t *testing.T, path string) {
	t.Helper()

	must(t, os.Remove(filepath.Join(a.repository(), path)))

	a.record(t, "Remove "+path)
}

func (a *argo) record(t *testing.T, message string) {
	t.Helper()

	git(t, "-C", a.repository(), "add", "--all")
	git(t, "-C", a.repository(), "-c", "commit.gpgsign=false", "-c", "user.name=Team", "-c", "user.email=team@example.com", "commit", "--quiet", "--message", message)
}

// start runs a program until the test ends. Its ServiceAccount has its name.
func (a *argo) start(t *testing.T, tool, name string, args ...string) {
	t.Helper()

	path := check.Tool(t, tool)

	temp := filepath.Join(a.dir, name)
	must(t, os.MkdirAll(temp, 0o700))

	env := []string{
		"ARGOCD_BINARY_NAME=" + name, "ARGOCD_FAKE_IN_CLUSTER=true", "ARGOCD_GPG_ENABLED=false",
		"KUBECONFIG=" + a.kubeconfig(t, name), "TMPDIR=" + temp, "HOME=" + temp, "PATH=" + a.path(t),
	}

	d, err := plane.StartDaemon(a.plane.Log(name), env, path, args...)
	must(t, err)
	t.Cleanup(d.Stop)
}

// path returns the PATH with the tools of the repository server.
func (a *argo) path(t *testing.T) string {
	t.Helper()

	dirs := []string{}

	for _, name := range []string{"helm", "kustomize"} {
		path := check.Tool(t, name)

		dirs = append(dirs, filepath.Dir(path))
	}

	return strings.Join(append(dirs, os.Getenv("PATH")), string(os.PathListSeparator))
}

// An application has the fields of Argo CD's Application.
type application struct {
	Status struct {
		Sync struct {
			Status string `json:"status"`
		} `json:"sync"`
		Health struct {
			Status string `json:"status"`
		} `json:"health"`
		OperationState struct {
			Message    string `json:"message"`
			SyncResult struct {
				Resources []struct {
					Message string `json:"message"`
				} `json:"resources"`
			} `json:"syncResult"`
		} `json:"operationState"`
	} `json:"status"`
}

// said returns the message of the last synchronization.
func (a application) said() string {
	said := []string{a.Status.OperationState.Message}
	for _, r := range a.Status.OperationState.SyncResult.Resources {
		said = append(said, r.Message)
	}

	return strings.Join(said, "; ")
}

// application returns the Application of that name.
func (a *argo) application(ctx context.Context, name string) (application, error) {
	u := key{"argoproj.io/v1alpha1", "Application", argocdNamespace, name}.object()
	if err := a.plane.API.Client().Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
		return application{}, fmt.Errorf("cannot get Application %q: %w", name, err)
	}

	out := application{}
	if err := kruntime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &out); err != nil {
		return application{}, fmt.Errorf("cannot read Application %q: %w", name, err)
	}

	return out, nil
}

// until waits until a check of an Application succeeds.
func (a *argo) until(t *testing.T, name, what string, check func(context.Context, application) error) {
	t.Helper()

	eventually(t, "Application "+name+" "+what, func(ctx context.Context) error {
		got, err := a.application(ctx, name)
		if err == nil {
			err = check(ctx, got)
		}

		if err != nil {
			err = fmt.Errorf("%w; Argo CD says %s, %s: %s", err, got.Status.Sync.Status, got.Status.Health.Status, got.said())
		}

		return err
	})
}

// wait waits until the application is in sync with Git, has the health, and shows these words about
// the PlatformApplication.
func (a *argo) wait(t *testing.T, health string, words ...string) {
	t.Helper()

	a.until(t, "web", "to be "+health, func(ctx context.Context, web application) error {
		message, err := a.message(ctx)
		if err != nil {
			return err
		}

		if got := web.Status; got.Sync.Status != "Synced" || got.Health.Status != health {
			return fmt.Errorf("the message is %q", message)
		}

		return hasWords(message, words)
	})
}

// hasWords returns an error unless a text has all these words.
func hasWords(text string, words []string) error {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return fmt.Errorf("want %q in %q", word, text)
		}
	}

	return nil
}

// message returns the health message of the PlatformApplication.
func (a *argo) message(ctx context.Context) (string, error) {
	out, err := a.call(ctx, a.member, http.MethodGet, "/api/v1/applications/web/resource-tree", nil)
	if err != nil {
		return "", err
	}

	tree := struct {
		Nodes []struct {
			Kind   string `json:"kind"`
			Health struct {
				Message string `json:"message"`
			} `json:"health"`
		} `json:"nodes"`
	}{}
	if err := json.Unmarshal([]byte(out), &tree); err != nil {
		return "", fmt.Errorf("cannot read what Argo CD shows: %w", err)
	}

	for _, n := range tree.Nodes {
		if n.Kind == v1alpha1.Kind {
			return n.Health.Message, nil
		}
	}

	return "", errors.New("it does not show the application")
}

// query returns the query for one resource.
func (a *argo) query(group, version, kind, name string) url.Values {
	return url.Values{"group": {group}, "version": {version}, "kind": {kind}, "namespace": {a.namespace}, "resourceName": {name}}
}

func (a *argo) get(t *testing.T, path string, q url.Values) string {
	t.Helper()

	out, err := a.call(t.Context(), a.member, http.MethodGet, "/api/v1/applications/web"+path+"?"+q.Encode(), nil)
	must(t, err)

	return out
}

// act runs an action on a resource, as the menu does.
func (a *argo) act(t *testing.T, token string, resource url.Values, action string) error {
	t.Helper()

	_, err := a.call(t.Context(), token, http.MethodPost, "/api/v1/applications/web/resource/actions/v2", actionBody(resource, action))

	return err
}

func actionBody(resource url.Values, action string) map[string]any {
	body := map[string]any{"action": action}
	for k := range resource {
		body[k] = resource.Get(k)
	}

	return body
}

// call sends a request to the server as a browser with a login does.
func (a *argo) call(ctx context.Context, token, method, path string, body any) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	data, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("cannot encode request: %w", err)
	}

	req, err := http.NewRequestWithContext(ctx, method, a.api+path, bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("cannot make a request: %w", err)
	}

	req.Header.Set("Content-Type", "application/json")
	req.AddCookie(&http.Cookie{Name: "argocd.token", Value: token}) //nolint:gosec // A request has no attributes.

	rsp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("cannot ask Argo CD: %w", err)
	}

	out, err := io.ReadAll(rsp.Body)
	if err := errors.Join(err, rsp.Body.Close()); err != nil {
		return "", err
	}

	if rsp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %s: %s: %s", method, path, rsp.Status, out)
	}

	return string(out), nil
}

// address returns a free address on loopback. Its port is below those that the kernel assigns, so
// it stays free until it is used.
func address(t *testing.T) string {
	t.Helper()

	const first, end = 10_000, 32_768

	for {
		port := strconv.Itoa(first + rand.IntN(end-first)) //nolint:gosec // The port is not secret.

		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":"+port)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}

		if err == nil {
			err = l.Close()
		}

		must(t, err)

		return net.JoinHostPort("127.0.0.1", port)
	}
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address) // The address belongs to a listener.

	return port
}
