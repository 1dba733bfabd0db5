//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// released is the version of the packages that package/platform installs.
	released = "v0.1.0"

	setUpPage         = "docs/how-to/set-up-a-platform.md"
	companyRepository = "https://github.com/REPLACE_ME/platform.git"
	examplePlatform   = "examples/platform"
	ownPlatform       = "platform"
)

// TestWalk follows both paths through the documentation. A platform engineer starts with a cluster
// with only Crossplane, and types the commands of the page. Then a team, which has only Git and
// Argo CD, gets an application, learns what it is waiting for, can act, and cannot reach beyond its
// project: it has a login with the permissions of its role.
func TestWalk(t *testing.T) {
	p := untouched(t, "walk", plane.WebhookReserved)

	a := startArgo(t, p)

	e := newEngineer(t, p)
	e.setUp(t, a.repository())

	a.admit(t, namespaceOf(t, p))
	app := &app{plane: p, namespace: a.namespace, name: "web"}
	first := password()

	a.commit(t, applicationManifest, manifest(app.namespace, app.name))
	a.follow(t)

	// The application is waiting for a person, and reports for what.
	a.wait(t, "Suspended", "AwaitingValue", secretName)
	app.set(t, postgres(first))
	a.wait(t, "Healthy", "1 of 1 secrets are synced", app.vault(t))
	app.runsWith(t, first)

	second, third := password(), password()

	// The order matters: each step starts with the result of the previous one.
	t.Run("Links", func(t *testing.T) { a.links(t, app) })
	t.Run("Tree", func(t *testing.T) { a.shows(t) })
	t.Run("Logs", func(t *testing.T) { a.logs(t, app) })
	t.Run("SyncNow", func(t *testing.T) { a.syncNow(t, app) })
	t.Run("Roles", func(t *testing.T) { a.roles(t, app) })
	t.Run("Project", func(t *testing.T) { a.refuses(t) })
	t.Run("Rotate", func(t *testing.T) { a.rotate(t, app, second) })
	t.Run("BreakAndRepair", func(t *testing.T) { a.breakAndRepair(t, app, second, third) })
	t.Run("AddSecret", func(t *testing.T) { a.addSecret(t, app, third) })
	t.Run("NewImage", func(t *testing.T) { a.newImage(t, app, third) })
	t.Run("RemoveAndReturn", func(t *testing.T) { a.removeAndReturn(t, app, third) })

	t.Run("Pages", e.followPages)
}

// TestAppOfApps lets Argo CD install the platform, with claims, and the applications of a team: one
// Application is applied by hand, as the page says, and the rest is in Git. Another team has an
// ApplicationSet for its environments. Neither reaches a namespace of the platform, whatever is in
// Git.
func TestAppOfApps(t *testing.T) {
	p := untouched(t, "gitops", plane.WebhookTokens)
	must(t, p.Prepare(t.Context()))

	a := startArgo(t, p)

	// The repository contains everything it refers to, because there is no internet access here.
	packages := filepath.Join(a.repository(), "package")
	must(t, os.CopyFS(packages, os.DirFS(filepath.Join(w.root, "package"))))

	// A quota counts a new kind after a while, and until then blocks the creation of its objects.
	teams := filepath.Join(packages, "platform", "argocd", "apps", "teams.yaml")
	must(t, os.WriteFile(teams, []byte(strings.ReplaceAll(check.Read(t, "package/platform/argocd/apps/teams.yaml"), "duration: 30s", "duration: 5s")), 0o600))

	e := &engineer{plane: p, dir: filepath.Join(a.repository(), "platform")}
	e.describePlatform(t, packages, p.Settings(), "secret-creator", "claim")
	e.describeApplications(t, a)
	a.commit(t, "applications/shop/web.yaml", manifest("team-shop", "web"))
	a.commit(t, "applications/kube-system/web.yaml", manifest("kube-system", "web"))

	root := object(t, strings.NewReplacer(companyRepository, "file://"+a.repository(), "duration: 30s", "duration: 5s").
		Replace(check.Read(t, "package/platform/argocd/root.yaml")))
	must(t, p.API.Apply(t.Context(), root))

	// The order shows which one does not continue.
	a.well(t, "crossplane")
	a.well(t, "platform-application")

	web, first := &app{plane: p, namespace: "team-shop", name: "web"}, password()
	web.set(t, postgres(first))
	web.wait(t, plane.Ready)
	web.runsWith(t, first)

	a.well(t, "tenant-shop")
	a.well(t, "team-shop")
	a.well(t, "platform")

	a.environments(t)

	a.keepsOut(t)
	a.keepsIn(t)
}

// keepsOut checks that no directory of a team takes over an existing namespace of that name,
// whether the platform lists the name or not.
func (a *argo) keepsOut(t *testing.T) {
	t.Helper()

	const taken = "reporting"

	must(t, a.plane.API.CreateNamespace(t.Context(), "team-"+taken))

	a.commit(t, "applications/"+taken+"/web.yaml", manifest("team-"+taken, "web"))
	a.says(t, "tenant-"+taken, "existed before the team")

	for _, name := range []string{"team-" + taken, "team-kube-system", "tenant-kube-system"} {
		if got, err := a.application(t.Context(), name); !kerrors.IsNotFound(err) {
			t.Errorf("Application %s: want none, got %+v, %v", name, got, err)
		}
	}

	project := key{"argoproj.io/v1alpha1", "AppProject", argocdNamespace, "team-" + taken}.object()
	if err := a.plane.API.Client().Get(t.Context(), client.ObjectKeyFromObject(project), project); !kerrors.IsNotFound(err) {
		t.Errorf("project of a team whose namespace is not its own: want none, got %v", err)
	}
}

// keepsIn checks that a team cannot add kinds to its directory that its project does not list: the
// team's Application reports that.
func (a *argo) keepsIn(t *testing.T) {
	t.Helper()

	for _, manifest := range []string{
		"{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, labels: {meta.p6m.dev/workloads: composed}}}",
		"{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: other, namespace: argocd}}",
		"{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, metadata: {name: other, namespace: kube-system}}",
	} {
		o := object(t, manifest)
		a.write(t, "applications/shop/"+strings.ToLower(o.GetKind())+".yaml", o)
	}

	a.record(t, "Reach out")
	a.says(t, "team-shop", ":Namespace is not permitted in project team-shop", "argoproj.io:Application is not permitted in project team-shop", "namespace kube-system is not permitted in project 'team-shop'")
}

// says waits until an Application shows these words about its last synchronization.
func (a *argo) says(t *testing.T, name string, words ...string) {
	t.Helper()

	a.until(t, name, "to be refused", func(_ context.Context, got application) error { return hasWords(got.said(), words) })
}

// environments checks the environments of a team, which one ApplicationSet generates.
func (a *argo) environments(t *testing.T) {
	t.Helper()

	here := strings.NewReplacer("https://github.com/company/web-app", "file://"+a.repository())

	must(t, os.CopyFS(a.repository(), os.DirFS(filepath.Join(w.root, "examples", "environments"))))

	a.record(t, "Add an application in three environments")
	a.admit(t, "shop-dev", "shop-stg", "shop-prd")

	set := object(t, here.Replace(check.Read(t, "examples/argocd/applicationset.yaml")))
	must(t, a.plane.API.Apply(t.Context(), set))

	// The example of one environment describes the others, too.
	one := here.Replace(check.Read(t, "examples/argocd/web-application.yaml"))

	for _, environment := range []string{"dev", "stg", "prd"} {
		want := object(t, strings.ReplaceAll(one, "dev", environment))
		if environment == "prd" {
			unstructured.RemoveNestedField(want.Object, "spec", "syncPolicy")
		}

		a.made(t, want)
	}

	a.synced(t, "web-application-dev", "Synced")
	runs(t, a.plane, "shop-dev", "registry.example.com/web-application:3.3.0-rc.1")

	// Production waits for a person of the team.
	a.synced(t, "web-application-prd", "OutOfSync")

	_, err := a.call(t.Context(), a.member, http.MethodPost, "/api/v1/applications/web-application-prd/sync", map[string]any{})
	must(t, err)

	a.synced(t, "web-application-prd", "Synced")
	runs(t, a.plane, "shop-prd", "registry.example.com/web-application:3.2.1")
}

// made waits until there is such an Application. Its objects would outlive it.
func (a *argo) made(t *testing.T, want *unstructured.Unstructured) {
	t.Helper()

	eventually(t, "Application "+want.GetName(), func(ctx context.Context) error {
		got := want.DeepCopy()
		if err := a.plane.API.Client().Get(ctx, client.ObjectKeyFromObject(want), got); err != nil {
			return fmt.Errorf("cannot get Application: %w", err)
		}

		if diff := cmp.Diff(want.Object["spec"], got.Object["spec"]); diff != "" {
			return fmt.Errorf("spec: -want, +got:\n%s", diff)
		}

		if f := got.GetFinalizers(); len(f) > 0 {
			return fmt.Errorf("it takes along what it has installed: %v", f)
		}

		return nil
	})
}

// synced waits until Argo CD has compared an Application with Git.
func (a *argo) synced(t *testing.T, name, want string) {
	t.Helper()

	a.until(t, name, "to be "+want, func(_ context.Context, got application) error {
		if got.Status.Sync.Status != want {
			return errors.New("it is not")
		}

		return nil
	})
}

// runs checks the image of the application in a namespace.
func runs(t *testing.T, p *plane.Plane, namespace, want string) {
	t.Helper()

	u := manifest(namespace, "web-application")
	must(t, p.API.Client().Get(t.Context(), client.ObjectKeyFromObject(u), u))

	if got, _, err := unstructured.NestedString(u.Object, "spec", "deployment", "image"); err != nil || got != want {
		t.Errorf("image in namespace %s: want %s, got %s, %v", namespace, want, got, err)
	}
}

// well waits until an Application is synced and healthy.
func (a *argo) well(t *testing.T, name string) {
	t.Helper()

	a.until(t, name, "to be well", func(_ context.Context, got application) error {
		if got.Status.Health.Status != "Healthy" || got.Status.Sync.Status != "Synced" {
			return errors.New("it is not")
		}

		return nil
	})
}

// untouched returns a plane with only Crossplane, until the test ends.
func untouched(t *testing.T, name string, webhook plane.Webhook) *plane.Plane {
	t.Helper()

	p, err := w.barePlane(context.WithoutCancel(t.Context()), name, w.root, released, webhook)
	must(t, err)

	t.Cleanup(func() {
		if err := w.stop(p); err != nil {
			t.Errorf("cannot stop plane: %v", err)
		}
	})

	return p
}

// An engineer of the platform reads pages, and has a directory in a repository.
type engineer struct {
	plane  *plane.Plane
	reader docs.Reader
	dir    string

	// subscription is the engineer's own.
	subscription string
}

// newEngineer returns an engineer whose directory is the page's copy of the example, in a copy of this
// repository.
func newEngineer(t *testing.T, p *plane.Plane) *engineer {
	t.Helper()

	r := newReader(t, "KUBECONFIG="+p.Kubeconfig(), "AZURE_STAND_IN_ADMIN="+w.azure.AdminURL())

	return &engineer{plane: p, reader: r, dir: filepath.Join(r.Dir, ownPlatform)}
}

// describePlatform copies the example and sets the values of this plane: the location of the base,
// and some settings. It enables components that the example only mentions, with their patches.
func (e *engineer) describePlatform(t *testing.T, packages string, settings map[string]any, components ...string) {
	t.Helper()

	must(t, errors.Join(os.RemoveAll(e.dir), os.CopyFS(e.dir, os.DirFS(filepath.Join(w.root, examplePlatform)))))

	relative, err := filepath.Rel(e.dir, packages)
	must(t, err)

	kustomization := strings.ReplaceAll(check.Read(t, examplePlatform+"/kustomization.yaml"), "../../package", relative) + "  - path: here.yaml\n"

	for _, c := range components {
		line := "- " + relative + "/platform/" + c

		turnedOn := regexp.MustCompile("# .*"+regexp.QuoteMeta(line)).ReplaceAllLiteralString(kustomization, line)
		if turnedOn == kustomization {
			t.Fatalf("the example has no component %s", c)
		}

		kustomization = regexp.MustCompile("# .*- path: "+c+".yaml").ReplaceAllLiteralString(turnedOn, "- path: "+c+".yaml")
	}

	here, err := yaml.Marshal(map[string]any{
		"apiVersion": "apiextensions.crossplane.io/v1beta1", "kind": "EnvironmentConfig",
		"metadata": map[string]any{"name": "platform-application"},
		"data":     settings,
	})
	must(t, err)

	for name, content := range map[string]string{"kustomization.yaml": kustomization, "here.yaml": string(here)} {
		must(t, os.WriteFile(filepath.Join(e.dir, name), []byte(content), 0o600))
	}
}

// describeApplications writes Argo CD's Applications as on the page. Crossplane's chart is in the
// repository, with the values of a plane, and retries come sooner.
func (e *engineer) describeApplications(t *testing.T, a *argo) {
	t.Helper()

	source, err := tools.Source(t.Context(), "crossplane-core")
	must(t, err)

	must(t, os.CopyFS(filepath.Join(a.repository(), "crossplane"), os.DirFS(filepath.Join(source.Dir, "cluster", "charts", "crossplane"))))

	const base = "https://github.com/p6m-dev/platform-application//package/"

	blocks := blocksOf(t, setUpPage)

	i := slices.IndexFunc(blocks, func(b docs.Block) bool {
		return b.Language == "yaml" && strings.Contains(b.Text, base+"platform/argocd/apps")
	})
	if i < 0 {
		t.Fatalf("%s has no kustomization of Applications", setUpPage)
	}

	text := strings.NewReplacer(base, "../package/", "?ref="+released, "", "https://github.com/company/platform.git", "file://"+a.repository()).Replace(blocks[i].Text)
	kustomization := object(t, text)

	patches, _ := kustomization.Object["patches"].([]any)

	soon := map[string]any{"op": "replace", "path": "/spec/syncPolicy/retry/backoff/duration", "value": "5s"}
	for name, operations := range map[string][]map[string]any{
		"platform-application": {soon},
		"crossplane": {
			soon,
			{"op": "replace", "path": "/spec/source/repoURL", "value": "file://" + a.repository()},
			{"op": "replace", "path": "/spec/source/targetRevision", "value": "main"},
			{"op": "remove", "path": "/spec/source/chart"},
			{"op": "add", "path": "/spec/source/path", "value": "crossplane"},
		},
	} {
		for key, value := range plane.ChartValues(source.Version) {
			if name == "crossplane" {
				operations = append(operations, map[string]any{"op": "add", "path": "/spec/source/helm/valuesObject/" + key, "value": value})
			}
		}

		patch, err := yaml.Marshal(operations)
		must(t, err)

		patches = append(patches, map[string]any{"target": map[string]any{"kind": "Application", "name": name}, "patch": string(patch)})
	}

	const spec = "/spec/template/spec"

	here := "file://" + a.repository()
	sooner := map[string]any{"op": "replace", "path": "/spec/generators/0/git/requeueAfterSeconds", "value": 5}

	for target, operations := range map[[2]string][]map[string]any{
		{"AppProject", "tenants"}:   {{"op": "replace", "path": "/spec/sourceRepos/0", "value": here}},
		{"ApplicationSet", "teams"}: {sooner},
		{"ApplicationSet", "tenants"}: {
			sooner,
			{"op": "replace", "path": spec + "/source/repoURL", "value": here},
			{"op": "replace", "path": spec + "/source/targetRevision", "value": "main"},
			{"op": "replace", "path": spec + "/syncPolicy/retry/backoff/duration", "value": "5s"},
		},
	} {
		patch, err := yaml.Marshal(operations)
		must(t, err)

		patches = append(patches, map[string]any{"target": map[string]any{"kind": target[0], "name": target[1]}, "patch": string(patch)})
	}

	kustomization.Object["patches"] = patches

	a.write(t, "argocd/kustomization.yaml", kustomization)
}

func blocksOf(t *testing.T, page string) []docs.Block {
	t.Helper()

	blocks, err := docs.Parse(check.Read(t, page))
	must(t, err)

	return blocks
}

// object parses YAML.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()

	data, err := yaml.YAMLToJSON([]byte(text))
	must(t, err)

	// Numbers have the types of the API server.
	u := &unstructured.Unstructured{}
	must(t, u.UnmarshalJSON(data))

	return u
}
