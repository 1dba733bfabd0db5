//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane"
)

// exampleSecret is the secret on the pages.
const exampleSecret = "prod-postgres-credentials"

// TestPagesWithTerminals follows self-contained pages, in their own terminals.
func TestPagesWithTerminals(t *testing.T) {
	for _, page := range pages(t, hasTerminals) {
		t.Run(page, func(t *testing.T) {
			metrics, stand := address(t), address(t)

			r := newReader(
				t,
				"AZURE_STAND_IN_PROXY="+address(t), "AZURE_STAND_IN_ADMIN="+stand,
				"METRICS_BIND_ADDRESS="+metrics, "HEALTH_PROBE_BIND_ADDRESS="+address(t),
			)
			r.Instead = []string{"localhost:8080", metrics}
			follow(t, r, page)
		})
	}
}

func hasTerminals(b docs.Block) bool { return b.Mark == docs.Terminal }

// pages returns the pages with such a block, in order.
func pages(t *testing.T, has func(docs.Block) bool) []string {
	t.Helper()

	all, err := docs.Pages()
	must(t, err)

	var out []string

	for page, blocks := range all {
		if slices.ContainsFunc(blocks, has) {
			out = append(out, page)
		}
	}

	if len(out) == 0 {
		t.Fatal("there is no such page")
	}

	slices.Sort(out)

	return out
}

// newReader returns a reader of pages with a copy of the repository, and these variables.
func newReader(t *testing.T, env ...string) docs.Reader {
	t.Helper()

	r := docs.Reader{Dir: t.TempDir(), Env: env}
	must(t, docs.Clone(t.Context(), r.Dir))

	return r
}

// follow follows a page on a cluster.
func follow(t *testing.T, r docs.Reader, page string) {
	t.Helper()

	if err := r.Follow(t.Context(), blocksOf(t, page), docs.Block.RunsOnCluster); err != nil {
		t.Errorf("%s: %v", page, err)
	}
}

// followPages follows all other pages, on a plane with the documented platform. At the end, the
// application is as healthy as before.
func (e *engineer) followPages(t *testing.T) {
	app := e.prepareExample(t)
	e.prepareMigration(t)

	for _, page := range pages(t, docs.Block.RunsOnCluster) {
		if page == setUpPage || slices.ContainsFunc(blocksOf(t, page), hasTerminals) {
			continue
		}

		t.Run(page, func(t *testing.T) { follow(t, e.reader, page) })
	}

	app.wait(t, plane.Ready)

	rotated := password()
	app.setSecret(t, exampleSecret, postgres(rotated))
	app.runsWith(t, rotated)
}

// prepareExample installs the application of the pages: that of the examples, with values. Its team
// has the namespaces of Argo CD's examples.
func (e *engineer) prepareExample(t *testing.T) *app {
	t.Helper()

	for _, namespace := range []string{"shop", "shop-dev", "shop-stg", "shop-prd"} {
		must(t, e.plane.API.CreateNamespace(t.Context(), namespace))
	}

	must(t, e.plane.PushImage(t.Context(), build.Program{Main: "./examples/demo/app", Path: "/app"}, "web-application:3.2.1"))

	// A page lists this ProviderConfig.
	config := object(t, "{kind: ProviderConfig, metadata: {namespace: shop, name: own}, spec: {credentials: {source: None}}}")
	config.SetAPIVersion(v1alpha1.GroupVersion().String())

	example := object(t, check.Read(t, "examples/web-application/application.yaml"))
	spec, _ := example.Object["spec"].(map[string]any)
	with("config.DEMO_SHOW", "POSTGRES_PASSWORD")(spec)

	must(t, e.plane.API.Apply(t.Context(), config, example))

	out := &app{plane: e.plane, namespace: "shop", name: "web-application"}

	for name, value := range map[string]string{
		exampleSecret:             postgres(password()),
		"prod-api-credentials":    `{"API_KEY":"key","API_SECRET":"secret"}`,
		"common-api-credentials":  `{"API_KEY":"key","API_SECRET":"secret"}`,
		"common-tls-certificates": certificate(t),
	} {
		out.setSecret(t, name, value)
	}

	out.wait(t, plane.Ready)
	out.disable(t, exampleSecret)

	return out
}

// disable disables a secret for a while, because a page shows the events of that.
func (a *app) disable(t *testing.T, name string) {
	t.Helper()

	vault := a.wait(t, plane.Ready).Status.KeyVault.Name

	must(t, w.azure.DisableSecret(vault, name, true))

	a.wait(t, conditionSays("SecretsSynced", name, "Disabled"))

	must(t, w.azure.DisableSecret(vault, name, false))

	a.wait(t, plane.Ready)
}

// prepareMigration runs an application to migrate, next to which the new one is created.
func (e *engineer) prepareMigration(t *testing.T) {
	t.Helper()

	service := object(t, `
apiVersion: v1
kind: Service
metadata: {namespace: shop, name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`)
	must(t, e.plane.API.Apply(t.Context(), service, object(t, check.Read(t, "examples/migrate/vault.yaml"))))

	must(t, e.plane.API.ApplyFiles(t.Context(), filepath.Join(w.root, "examples", "migrate", "hand-written", "before.yaml")))
}

// prepareTools installs tools that pages take for granted: the kinds of the Prometheus Operator.
func (e *engineer) prepareTools(t *testing.T) {
	t.Helper()

	source, err := tools.Source(t.Context(), "prometheus-operator")
	must(t, err)

	for _, kind := range []string{"podmonitors", "prometheusrules"} {
		definition := filepath.Join(source.Dir, "example", "prometheus-operator-crd", "monitoring.coreos.com_"+kind+".yaml")
		must(t, e.plane.API.InstallCRDs(t.Context(), definition))
	}
}

// setUp sets up the platform as the page does, with this repository for Argo CD, and runs the doctor between
// the steps.
func (e *engineer) setUp(t *testing.T, repository string) {
	t.Helper()

	must(t, e.plane.PrepareCluster(t.Context()))

	e.prepareTools(t)
	e.subscribe(t)
	e.doctorFinds(t, "before step 1", "PackageMissing", "SettingsMissing")
	e.letIn(t)
	e.doctorFinds(t, "after step 1", "PackageMissing", "SettingsMissing")

	// The page has the same address in root.yaml.
	const file = "package/platform/argocd/root.yaml"

	root := strings.ReplaceAll(check.Read(t, file), companyRepository, "file://"+repository)
	must(t, os.WriteFile(filepath.Join(e.reader.Dir, file), []byte(root), 0o600))

	follow(t, e.reader, setUpPage)

	if t.Failed() {
		t.FailNow()
	}

	e.doctorFinds(t, "in the end")

	// TestAppOfApps checks the result. Here the platform is already installed.
	must(t, e.plane.API.Client().Delete(context.WithoutCancel(t.Context()), object(t, root)))
}
