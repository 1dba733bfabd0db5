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
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/argocd"
	"github.com/p6m-dev/platform-application/test/plane"
	"github.com/p6m-dev/platform-application/test/tools"
)

const (
	argocdNamespace = "argocd"

	// manifests of an application, as teams have them in their repositories.
	manifestsPath = ".platform/kubernetes/dev"

	inCluster = "https://kubernetes.default.svc"
)

// An argo is an Argo CD, with the settings of package/argocd, that follows a Git
// repository on disk.
type argo struct {
	plane     *plane.Plane
	dir       string
	namespace string
	api       string
}

// TestArgoCD proves that a team which has Git and Argo CD, and nothing else, learns
// what its application waits for, can act, and cannot reach beyond its project.
func TestArgoCD(t *testing.T) {
	namespace := namespaceOf(t, w.modern)
	a := startArgo(t, namespace)
	app := &app{plane: w.modern, namespace: namespace, name: "web"}
	first := password()

	a.commit(t, "application.yaml", manifest(namespace, "web"))
	a.follow(t)

	// It waits for a person, and says for what.
	a.wait(t, "Synced", "Suspended", "AwaitingValue", secretName)
	app.set(t, postgres(first))
	a.wait(t, "Synced", "Healthy", "1 of 1 secrets are synced", app.vault(t))
	app.runsWith(t, first)

	t.Run("Links", func(t *testing.T) { a.links(t, app) })
	t.Run("Restart", func(t *testing.T) { a.restart(t, app) })
	t.Run("SyncNow", func(t *testing.T) { a.syncNow(t, app) })
	t.Run("Project", func(t *testing.T) { a.refuses(t) })
}

// links on the application lead to its vault, and others have none.
func (a *argo) links(t *testing.T, app *app) {
	t.Helper()

	status := app.wait(t, plane.HasVault).Status.KeyVault

	got := a.get(t, "/resource/links", a.query("meta.p6m.dev", "v1alpha1", v1alpha1.Kind, app.name))
	for _, want := range []string{status.URI, status.PortalURL} {
		if !strings.Contains(got, want) {
			t.Errorf("links: want %s, got %s", want, got)
		}
	}

	if got := a.get(t, "/resource/links", a.query("apps", "v1", "Deployment", app.name)); strings.Contains(got, "vault") {
		t.Errorf("links of a Deployment: want none to the vault, got %s", got)
	}
}

// restart by an action: all is as before, with other pods.
func (a *argo) restart(t *testing.T, app *app) {
	t.Helper()

	before := podNames(t, app)

	if err := a.act(t, a.query("meta.p6m.dev", "v1alpha1", v1alpha1.Kind, app.name), "restart"); err != nil {
		t.Fatal(err)
	}

	err := plane.Eventually(t.Context(), "other pods", func(context.Context) error {
		for name := range podNames(t, app) {
			if before[name] {
				return fmt.Errorf("pod %s is still there", name)
			}
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	a.wait(t, "Synced", "Healthy", "1 of 1 secrets are synced")
}

// syncNow by an action reaches the sync. On the sync itself the project refuses it.
func (a *argo) syncNow(t *testing.T, app *app) {
	t.Helper()

	if err := a.act(t, a.query("meta.p6m.dev", "v1alpha1", v1alpha1.Kind, app.name), "sync-secrets-now"); err != nil {
		t.Fatal(err)
	}

	err := plane.Eventually(t.Context(), "the request to reach the sync", func(ctx context.Context) error {
		sync := &secretsv1alpha1.KeyVaultSecretSync{}
		if err := app.plane.API.Client().Get(ctx, client.ObjectKey{Namespace: app.namespace, Name: app.name}, sync); err != nil {
			return err
		}

		if sync.Annotations[secretsv1alpha1.SyncRequestedAtAnnotation] == "" {
			return errors.New("it has no request")
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	err = a.act(t, a.query(secretsv1alpha1.Group, secretsv1alpha1.Version, secretsv1alpha1.KeyVaultSecretSyncKind, app.name), "sync-now")
	if err == nil || !strings.Contains(err.Error(), "not permitted") {
		t.Errorf("action on a kind that the project does not list: want it refused, got %v", err)
	}

	a.wait(t, "Synced", "Healthy", "1 of 1 secrets are synced")
}

// refuses a KeyVaultSecretSync in the team's repository, by which the team could
// ask for another vault.
func (a *argo) refuses(t *testing.T) {
	t.Helper()

	sync := &unstructured.Unstructured{}
	sync.SetAPIVersion(secretsv1alpha1.GroupVersion().String())
	sync.SetKind(secretsv1alpha1.KeyVaultSecretSyncKind)
	sync.SetNamespace(a.namespace)
	sync.SetName("other")
	a.commit(t, "sync.yaml", sync)

	err := plane.Eventually(t.Context(), "Argo CD to refuse the sync", func(context.Context) error {
		u := a.application(t)

		message, _, err := unstructured.NestedString(u.Object, "status", "operationState", "message")
		if err != nil {
			return err
		}

		results, _, err := unstructured.NestedSlice(u.Object, "status", "operationState", "syncResult", "resources")
		if err != nil {
			return err
		}

		if said := message + fmt.Sprint(results); !strings.Contains(said, "is not permitted in project") {
			return fmt.Errorf("it said %s", said)
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	got := &secretsv1alpha1.KeyVaultSecretSync{}
	if err := a.plane.API.Client().Get(t.Context(), client.ObjectKeyFromObject(sync), got); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("KeyVaultSecretSync of the team's repository: want none, got %v", err)
	}
}

// podNames of an application.
func podNames(t *testing.T, app *app) map[string]bool {
	t.Helper()

	pods := &corev1.PodList{}
	if err := app.plane.API.Client().List(t.Context(), pods, client.InNamespace(app.namespace), client.MatchingLabels{"meta.p6m.dev/application": app.name}); err != nil {
		t.Fatal(err)
	}

	names := map[string]bool{}
	for _, p := range pods.Items {
		names[p.Name] = true
	}

	return names
}

// startArgo starts Argo CD, for one repository and one namespace.
func startArgo(t *testing.T, namespace string) *argo {
	t.Helper()

	a := &argo{plane: w.modern, dir: t.TempDir(), namespace: namespace}
	a.git(t, "init", "--quiet", "--initial-branch=main", a.repository())
	a.install(t)

	redis, repo, api := address(t), address(t), address(t)
	a.api = "http://" + api
	a.start(t, "redis", "redis", nil, redis)
	a.start(t, "argocd", "argocd-repo-server", nil, "--address", "127.0.0.1", "--port", port(repo), "--metrics-address", "127.0.0.1", "--metrics-port", port(address(t)),
		"--disable-tls", "--redis", redis, "--include-hidden-directories")
	a.start(t, "argocd", "argocd-application-controller", nil, "--namespace", argocdNamespace, "--metrics-port", port(address(t)),
		"--repo-server", repo, "--repo-server-plaintext", "--redis", redis, "--app-resync", "5", "--app-resync-jitter", "0")
	a.start(t, "argocd", "argocd-server", nil, "--namespace", argocdNamespace, "--address", "127.0.0.1", "--port", port(api), "--metrics-address", "127.0.0.1", "--metrics-port", port(address(t)),
		"--repo-server", repo, "--repo-server-plaintext", "--redis", redis, "--disable-auth", "--insecure")

	err := plane.Eventually(t.Context(), "Argo CD's server", func(ctx context.Context) error {
		_, err := call(ctx, http.MethodGet, a.api+"/api/version", nil)

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return a
}

func (a *argo) repository() string { return filepath.Join(a.dir, "repository") }

// install the kinds of Argo CD, its settings, and the project of the example.
func (a *argo) install(t *testing.T) {
	t.Helper()

	source, err := tools.Source(t.Context(), "argocd")
	if err != nil {
		t.Fatal(err)
	}

	crds, err := filepath.Glob(filepath.Join(source.Dir, "manifests", "crds", "*-crd.yaml"))
	if err != nil || len(crds) == 0 {
		t.Fatalf("cannot find the kinds of Argo CD: %v", err)
	}

	if err := a.plane.API.InstallCRDs(t.Context(), crds...); err != nil {
		t.Fatal(err)
	}

	if err := a.plane.API.CreateNamespace(t.Context(), argocdNamespace); err != nil {
		t.Fatal(err)
	}

	cm, err := argocd.Build(t.Context(), filepath.Join(w.root, "test", "argocd", "testdata", "install"))
	if err != nil {
		t.Fatal(err)
	}

	settings := filepath.Join(a.dir, "argocd-cm.yaml")
	if err := os.WriteFile(settings, cm, 0o600); err != nil {
		t.Fatal(err)
	}

	labels := map[string]string{"app.kubernetes.io/part-of": "argocd"}

	err = errors.Join(
		a.plane.API.ApplyFiles(t.Context(), settings),
		a.plane.API.Apply(
			t.Context(),
			&corev1.ConfigMap{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
				ObjectMeta: metav1.ObjectMeta{Namespace: argocdNamespace, Name: "argocd-rbac-cm", Labels: labels},
			},
			&corev1.Secret{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
				ObjectMeta: metav1.ObjectMeta{Namespace: argocdNamespace, Name: "argocd-secret", Labels: labels},
				Data:       map[string][]byte{"server.secretkey": []byte("not a secret"), "admin.password": []byte("x")},
			},
			a.project(t),
		),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// project of the example, with this repository and this namespace.
func (a *argo) project(t *testing.T) client.Object {
	t.Helper()

	data, err := os.ReadFile(filepath.Join(w.root, "examples", "argocd", "appproject.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(data, &u.Object); err != nil {
		t.Fatal(err)
	}

	spec, _ := u.Object["spec"].(map[string]any)
	spec["sourceRepos"] = []any{"file://" + a.repository()}
	spec["destinations"] = []any{map[string]any{"server": inCluster, "namespace": a.namespace}}

	return u
}

// follow the repository.
func (a *argo) follow(t *testing.T) {
	t.Helper()

	u := &unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{
			"project":     "shop",
			"source":      map[string]any{"repoURL": "file://" + a.repository(), "targetRevision": "main", "path": manifestsPath},
			"destination": map[string]any{"server": inCluster, "namespace": a.namespace},
			"syncPolicy":  map[string]any{"automated": map[string]any{"prune": true, "selfHeal": true}},
		},
	}}
	u.SetAPIVersion("argoproj.io/v1alpha1")
	u.SetKind("Application")
	u.SetNamespace(argocdNamespace)
	u.SetName("web")

	if err := a.plane.API.Apply(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

// commit a manifest.
func (a *argo) commit(t *testing.T, name string, object client.Object) {
	t.Helper()

	data, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}

	dir := filepath.Join(a.repository(), manifestsPath)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, name), data, 0o600)); err != nil {
		t.Fatal(err)
	}

	a.git(t, "-C", a.repository(), "add", "--all")
	a.git(t, "-C", a.repository(), "-c", "user.name=Team", "-c", "user.email=team@example.com", "commit", "--quiet", "--message", "Change "+name)
}

func (a *argo) git(t *testing.T, args ...string) {
	t.Helper()

	if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// start a program until the test ends.
func (a *argo) start(t *testing.T, tool, name string, env []string, args ...string) {
	t.Helper()

	path, err := tools.Path(t.Context(), tool)
	if err != nil {
		t.Fatal(err)
	}

	log, err := os.Create(a.plane.Log(name))
	if err != nil {
		t.Fatal(err)
	}

	temp := filepath.Join(a.dir, name)
	if err := os.MkdirAll(temp, 0o700); err != nil {
		t.Fatal(err)
	}

	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(
		os.Environ(),
		"ARGOCD_BINARY_NAME="+name, "ARGOCD_FAKE_IN_CLUSTER=true", "ARGOCD_GPG_ENABLED=false",
		"KUBECONFIG="+a.plane.Kubeconfig(), "TMPDIR="+temp, "HOME="+temp, "PATH="+a.path(t),
	)
	cmd.Env = append(cmd.Env, env...)

	if err := cmd.Start(); err != nil {
		t.Fatalf("cannot start %s: %v", name, err)
	}

	// The test's context has ended by then.
	t.Cleanup(func() {
		_ = cmd.Wait()

		if err := log.Close(); err != nil {
			t.Errorf("cannot close log: %v", err)
		}
	})
}

// path on which the repository server finds what it renders manifests with.
func (a *argo) path(t *testing.T) string {
	t.Helper()

	dirs := []string{}

	for _, name := range []string{"helm", "kustomize"} {
		path, err := tools.Path(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}

		dirs = append(dirs, filepath.Dir(path))
	}

	return strings.Join(append(dirs, os.Getenv("PATH")), string(os.PathListSeparator))
}

// application as Argo CD has it.
func (a *argo) application(t *testing.T) *unstructured.Unstructured {
	t.Helper()

	u := &unstructured.Unstructured{}
	u.SetAPIVersion("argoproj.io/v1alpha1")
	u.SetKind("Application")

	if err := a.plane.API.Client().Get(t.Context(), client.ObjectKey{Namespace: argocdNamespace, Name: "web"}, u); err != nil {
		t.Fatal(err)
	}

	return u
}

// wait until Argo CD says that the application is synchronized, how healthy it is,
// and these words about the PlatformApplication.
func (a *argo) wait(t *testing.T, sync, health string, words ...string) {
	t.Helper()

	err := plane.Eventually(t.Context(), "Argo CD to say "+health, func(context.Context) error {
		u := a.application(t)

		gotSync, _, err := unstructured.NestedString(u.Object, "status", "sync", "status")
		if err != nil {
			return err
		}

		gotHealth, _, err := unstructured.NestedString(u.Object, "status", "health", "status")
		if err != nil {
			return err
		}

		message, err := a.message(t)
		if err != nil {
			return err
		}

		if gotSync != sync || gotHealth != health {
			return fmt.Errorf("it says %s, %s: %s; conditions are %v", gotSync, gotHealth, message, u.Object["status"])
		}

		for _, word := range words {
			if !strings.Contains(message, word) {
				return fmt.Errorf("it says %s", message)
			}
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// message next to the health of the PlatformApplication.
func (a *argo) message(t *testing.T) (string, error) {
	t.Helper()

	out, err := call(t.Context(), http.MethodGet, a.api+"/api/v1/applications/web/resource-tree", nil)
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
	if err := json.Unmarshal(out, &tree); err != nil {
		return "", fmt.Errorf("cannot read what Argo CD shows: %w", err)
	}

	for _, n := range tree.Nodes {
		if n.Kind == v1alpha1.Kind {
			return n.Health.Message, nil
		}
	}

	return "", errors.New("it does not show the application")
}

// query for one resource.
func (a *argo) query(group, version, kind, name string) url.Values {
	return url.Values{"group": {group}, "version": {version}, "kind": {kind}, "namespace": {a.namespace}, "resourceName": {name}}
}

func (a *argo) get(t *testing.T, path string, q url.Values) string {
	t.Helper()

	out, err := call(t.Context(), http.MethodGet, a.api+"/api/v1/applications/web"+path+"?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}

	return string(out)
}

// act on a resource, as the menu does.
func (a *argo) act(t *testing.T, resource url.Values, action string) error {
	t.Helper()

	body := map[string]any{"action": action}
	for k := range resource {
		body[k] = resource.Get(k)
	}

	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}

	_, err = call(t.Context(), http.MethodPost, a.api+"/api/v1/applications/web/resource/actions/v2", data)

	return err
}

func call(ctx context.Context, method, address string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}

	req.Header.Set("Content-Type", "application/json")

	rsp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}

	out, err := io.ReadAll(rsp.Body)
	if err := errors.Join(err, rsp.Body.Close()); err != nil {
		return nil, err
	}

	if rsp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s: %s", method, address, rsp.Status, out)
	}

	return out, nil
}

// address on loopback that nobody listens on.
func address(t *testing.T) string {
	t.Helper()

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	return l.Addr().String()
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address) //nolint:errcheck // It is the address of a listener.

	return port
}
