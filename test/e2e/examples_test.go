//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/argocd"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// exampleRegistry has the images of the examples, except the demo's.
	exampleRegistry = "registry.example.com/"

	// exampleHost is the host in certificates.
	exampleHost = "web.example.com"

	chart = "package/helm/platform-application"
)

// An example is one that runs: its vault gets values, and it gets variables.
type example struct {
	// before is applied first, for a vault that needs values in advance.
	before string

	// values of secrets, and certificates, by name.
	values       map[string]string
	certificates map[string]azure.Certificate

	// want are some of the variables of the processes.
	want map[string]string

	// tls is true if the processes also have a certificate.
	tls bool

	// claim is true if the example runs as a claim.
	claim bool
}

// examples returns the examples that run. Each is a file, a directory for kustomize, or values of
// the chart.
func examples(t *testing.T) map[string]example {
	t.Helper()

	const (
		password = "example-only"
		api      = `{"API_KEY":"key","API_SECRET":"secret"}`
		url      = "postgres://shop:" + password + "@db:5432/shop"
	)

	database := map[string]string{"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": password, "POSTGRES_HOST": "db", "POSTGRES_DB": "shop", "POSTGRES_PORT": "5432"}
	legacy := map[string]string{"prod-database": `{"password":"` + password + `"}`, "prod-api-key": "key", "prod-payment": `{"secretKey":"sk"}`}
	pfx := azure.Certificate{ContentType: azure.ContentTypePFX, DNSNames: []string{exampleHost}, ECDSA: true}
	pem := azure.Certificate{ContentType: azure.ContentTypePEM, DNSNames: []string{exampleHost}, ECDSA: true}

	return map[string]example{
		"environments/.platform/kubernetes/dev": {
			values: map[string]string{
				"common-api-keys": `{"MAPS_KEY":"maps","WEATHER_KEY":"weather"}`, "common-tls-certificates": certificate(t),
				"dev-database-credentials": `{"POSTGRES_USER":"shop","POSTGRES_PASSWORD":"` + password + `"}`, "dev-api-keys": `{"PAYMENT_KEY":"pk"}`,
			},
			want: map[string]string{
				"NODE_ENV": "development", "LOG_LEVEL": "debug", "MAPS_KEY": "maps", "WEATHER_KEY": "weather",
				"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": password, "PAYMENT_KEY": "pk",
			},
			tls: true,
		},
		"existing-manifest/application.yaml": {
			values: map[string]string{"prod-postgres-credentials": postgres(password)},
			want:   merge(database, map[string]string{"GRPC_PORT": "9010", "MANAGEMENT_PORT": "9011", "LOGGING_STRUCTURED": "true"}),
			claim:  true,
		},
		"helm/values.yaml": {
			values: map[string]string{"prod-postgres-credentials": `{"username":"shop","password":"` + password + `"}`, "api-credentials": `{"key":"key"}`},
			want:   map[string]string{"LOG_LEVEL": "info", "POSTGRES_USER": "shop", "POSTGRES_PASSWORD": password, "API_KEY": "key"},
		},
		"manifests/overlay/dev": {want: map[string]string{"LOG_LEVEL": "info"}},
		"manifests/worker.yaml": {claim: true},
		"migrate/external-secrets/own-vault.yaml": {
			before: "migrate/vault.yaml",
			values: legacy,
			want:   map[string]string{"DB_PASSWORD": password, "API_KEY": "key", "STRIPE_KEY": "sk"},
		},
		"migrate/hand-written/application.yaml": {
			before: "migrate/vault.yaml",
			values: map[string]string{"shop-database": `{"POSTGRES_USER":"shop","POSTGRES_PASSWORD":"` + password + `","ssl-mode":"require"}`},
			want:   map[string]string{"LOG_LEVEL": "info", "POSTGRES_USER": "shop", "POSTGRES_PASSWORD": password, "PGSSLMODE": "require"},
		},
		"tls-certificates/application.yaml": {
			certificates: map[string]azure.Certificate{"tls-certificates": pem},
			tls:          true,
		},
		"web-application/application.yaml": {
			values: map[string]string{
				"prod-postgres-credentials": postgres(password), "prod-api-credentials": api,
				"common-api-credentials": `{"API_KEY":"of all","API_SECRET":"of all"}`,
			},
			certificates: map[string]azure.Certificate{"common-tls-certificates": pfx},
			want: merge(database, map[string]string{
				"NODE_ENV": "production", "LOG_LEVEL": "info", "DATABASE_URL": url, "API_KEY": "key", "API_SECRET": "secret",
			}),
			tls: true,
		},
	}
}

// TestExamples applies the examples unchanged, in separate namespaces, puts values into their
// vaults as documented, and waits until they run. All run at once, because most of the time is
// waiting.
func TestExamples(t *testing.T) {
	settings, _ := object(t, check.Read(t, "examples/environmentconfig.yaml")).Object["data"].(map[string]any)
	// The platform has everything that a manifest can request.
	settings = overlay(settings, map[string]any{
		"autoscaling":   map[string]any{"keda": true},
		"networkPolicy": map[string]any{"enabled": true, "allowedNamespaces": []any{"ingress"}},
	})

	for _, p := range w.variants(t) {
		configure(t, p, settings)
		must(t, p.API.Apply(t.Context(), object(t, check.Read(t, "cmd/render/render/schemas/scaledobjects.keda.sh.yaml"))))
	}

	all, apps := examples(t), map[string]*app{}

	for file, e := range all {
		p, first := w.modern, file
		if e.claim {
			p = w.claims(t)
		}

		if e.before != "" {
			first = e.before
		}

		namespace := strings.ToLower(t.Name()) + "-" + strings.NewReplacer("/", "-", ".yaml", "", ".", "").Replace(file)

		must(t, p.API.CreateNamespace(t.Context(), namespace))
		apps[file] = applyExample(t, p, first, namespace)
	}

	for file, a := range apps {
		a.fill(t, all[file])

		if all[file].before != "" {
			applyExample(t, a.plane, file, a.namespace)
		}
	}

	for file, a := range apps {
		t.Run(file, func(t *testing.T) {
			a.wait(t, plane.Ready)
			a.has(t, all[file])
		})
	}
}

// TestAdoption proves that an application uses an existing vault if the platform has assigned it,
// that nothing in the vault is changed, and that the vault outlives the application.
func TestAdoption(t *testing.T) {
	const vault, group = "shop-legacy-vault", "rg-legacy"

	// Only the vault differs.
	e := examples(t)["migrate/external-secrets/own-vault.yaml"]
	legacyVault(t, vault, group, e.values)

	namespace, before := namespaceOf(t, w.modern), contentOf(t, vault)

	configure(t, w.modern, map[string]any{"keyVault": map[string]any{"assigned": []any{
		map[string]any{"name": vault, "resourceGroupName": group, "namespace": namespace, "application": "web-next"},
	}}})

	a := applyExample(t, w.modern, "migrate/external-secrets/adopted.yaml", namespace)
	if got := a.wait(t, plane.Ready).Status.KeyVault.Name; got != vault {
		t.Errorf("vault: want %s, got %s", vault, got)
	}

	a.has(t, e)
	a.remove(t)

	if got := w.azure.WhereIsVault(vault); got != azure.VaultActive {
		t.Errorf("vault %s is %s, not %s", vault, got, azure.VaultActive)
	}

	if diff := cmp.Diff(before, contentOf(t, vault)); diff != "" {
		t.Errorf("an adopted vault must stay as it is: -want, +got:\n%s", diff)
	}
}

// legacyVault creates a vault with secrets that none of our programs has made.
func legacyVault(t *testing.T, name, group string, values map[string]string) {
	t.Helper()

	err := errors.Join(
		w.azure.PutResourceGroup(plane.Subscription, azure.ResourceGroup{Name: group, Location: plane.Location}),
		plane.GrantGroup(w.azure, group),
		w.azure.PutVault(azure.Vault{
			Name: name, TenantID: plane.Tenant, Location: plane.Location,
			ResourceID: "/subscriptions/" + plane.Subscription + "/resourceGroups/" + group + "/providers/Microsoft.KeyVault/vaults/" + name,
		}),
	)
	for secret, value := range values {
		_, wrong := w.azure.PutSecret(name, secret, azure.Secret{Value: value})
		err = errors.Join(err, wrong)
	}

	must(t, err)
}

// A content is everything in a vault that can be changed.
type content struct {
	Vault   azure.Vault
	Writes  []azure.Write
	Secrets []azure.SecretSummary
	Roles   []azure.RoleAssignment
}

func contentOf(t *testing.T, vault string) content {
	t.Helper()

	var (
		out  content
		errs [3]error
	)

	if i := slices.IndexFunc(w.azure.Vaults(), func(v azure.Vault) bool { return v.Name == vault }); i >= 0 {
		out.Vault = w.azure.Vaults()[i]
	}

	out.Writes, errs[0] = w.azure.Writes(vault, "")
	out.Secrets, errs[1] = w.azure.Secrets(vault)
	out.Roles, errs[2] = w.azure.RoleAssignments(vault)

	must(t, errors.Join(errs[:]...))

	return out
}

// configure adds settings to those of a plane, until the test ends.
func configure(t *testing.T, p *plane.Plane, settings any) {
	t.Helper()

	more, _ := settings.(map[string]any)
	must(t, p.Configure(t.Context(), overlay(more, p.Settings())))

	t.Cleanup(func() { must(t, p.Configure(context.WithoutCancel(t.Context()), p.Settings())) })
}

// overlay merges settings over others, as an EnvironmentConfig does.
func overlay(under, over map[string]any) map[string]any {
	out := maps.Clone(under)

	for key, value := range over {
		below, _ := out[key].(map[string]any)
		if above, ok := value.(map[string]any); ok && below != nil {
			value = overlay(below, above)
		}

		out[key] = value
	}

	return out
}

// manifestOf returns the manifest of an example: its file, or the output of kustomize or the chart.
func manifestOf(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()

	var (
		file = filepath.Join(w.root, "examples", name)
		out  []byte
		err  error
	)

	switch {
	case path.Base(name) == "values.yaml":
		var helm string
		if helm, err = tools.Path(t.Context(), "helm"); err == nil {
			out, err = exec.CommandContext(t.Context(), helm, "template", "web-application", filepath.Join(w.root, chart), "--values", file).Output()
		}
	case path.Ext(name) == ".yaml":
		out, err = os.ReadFile(file)
	default:
		out, err = argocd.Build(t.Context(), file)
	}

	must(t, err)

	return object(t, string(out))
}

// applyExample applies an example in a namespace, until the test ends. Its image exists.
func applyExample(t *testing.T, p *plane.Plane, name, namespace string) *app {
	t.Helper()

	u := manifestOf(t, name)
	u.SetNamespace(namespace)

	ref, _, _ := unstructured.NestedString(u.Object, "spec", "deployment", "image")

	var err error
	if path, ok := strings.CutPrefix(ref, exampleRegistry); ok && !w.images[image{p, path}] {
		w.images[image{p, path}] = true
		// Several manifests may need the same image.
		err = p.PushImage(t.Context(), build.Program{Main: "./test/e2e/app", Path: "/app/order-service"}, path)
	}

	must(t, errors.Join(err, p.API.Apply(t.Context(), u)))

	// It would keep running beside all other tests.
	t.Cleanup(func() {
		if err := p.API.Client().Delete(context.WithoutCancel(t.Context()), u); client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})

	return &app{plane: p, namespace: namespace, name: u.GetName()}
}

// fill puts values into the vault of an example, as people do.
func (a *app) fill(t *testing.T, e example) {
	t.Helper()

	vault := a.wait(t, plane.HasVault).Status.KeyVault.Name

	for name, value := range e.values {
		a.setSecret(t, name, value)
	}

	for name, c := range e.certificates {
		_, err := w.azure.PutCertificate(vault, name, c)
		must(t, err)
	}
}

// has waits until all Pods have the variables of the example.
func (a *app) has(t *testing.T, e example) {
	t.Helper()

	eventually(t, fmt.Sprintf("Pods of %s/%s to have their variables", a.namespace, a.name), func(ctx context.Context) error {
		processes, err := a.processes(ctx)
		if err != nil {
			return err
		}

		for _, p := range processes {
			err = errors.Join(err, e.keeps(p))
		}

		return err
	})
}

// keeps returns an error unless a process has the variables of the example.
func (e example) keeps(p plane.Process) error {
	got := map[string]string{}

	for name := range e.want {
		if value, ok := p.Value(name); ok {
			got[name] = value
		}
	}

	if diff := cmp.Diff(e.want, got, cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("variables of Pod %s: -want, +got:\n%s", p.Pod, diff)
	}

	if !e.tls {
		return nil
	}

	return serves(p)
}

// serves returns an error unless the process could serve a client that trusts its CA_CRT.
func serves(p plane.Process) error {
	certificate, _ := p.Value("TLS_CRT")
	key, _ := p.Value("TLS_KEY")
	ca, _ := p.Value("CA_CRT")

	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return fmt.Errorf("cannot use TLS_CRT with TLS_KEY of Pod %s: %w", p.Pod, err)
	}

	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(ca)) {
		return fmt.Errorf("no certificate is in CA_CRT of Pod %s", p.Pod)
	}

	intermediates.AppendCertsFromPEM([]byte(certificate))

	if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: exampleHost, Roots: roots, Intermediates: intermediates}); err != nil {
		return fmt.Errorf("cannot verify TLS_CRT with CA_CRT of Pod %s: %w", p.Pod, err)
	}

	return nil
}

// certificate returns a certificate as a secret in JSON.
func certificate(t *testing.T) string {
	t.Helper()

	value, err := plane.NewCertificate(exampleHost)
	must(t, err)

	return value
}

func merge(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)

	return out
}
