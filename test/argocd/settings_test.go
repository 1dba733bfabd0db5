// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const sync = `
apiVersion: secrets.p6m.dev/v1alpha1
kind: KeyVaultSecretSync
metadata: {name: web-application, namespace: shop-dev, annotations: {a: b}}
spec: {forProvider: {secrets: [{name: db}], target: {}}}
`

func TestActions(t *testing.T) {
	t.Parallel()

	c, _ := install(t)

	cases := map[string]struct {
		reason string
		object string
		want   map[string]string
	}{
		"Application": {
			reason: "There are pods to restart and secrets to read.",
			object: `{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, metadata: {name: a}, spec: {deployment: {image: a}, secrets: [{name: db}]}}`,
			want:   map[string]string{"restart": "false", "sync-secrets-now": "false"},
		},
		"Nothing": {
			reason: "There is nothing to restart and nothing to read.",
			object: `{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, metadata: {name: a}, spec: {secrets: []}}`,
			want:   map[string]string{"restart": "true", "sync-secrets-now": "true"},
		},
		"Sync": {
			reason: "There are always secrets to read.",
			object: sync,
			want:   map[string]string{"sync-now": "false"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := c.Actions(t.Context(), save(t, object(t, tc.object)))
			check.Must(t, err)

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nActions(...), and whether each is disabled: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRun shows that an action changes only its annotation.
func TestRun(t *testing.T) {
	t.Parallel()

	c, _ := install(t)

	cases := map[string]struct {
		reason string
		object map[string]any
		action string
		want   []string
	}{
		"Restart": {
			reason: "The function copies the annotation to the pods.",
			object: rendered(t, "3-secrets-synced"), action: "restart",
			want: []string{">   annotations:", ">     meta.p6m.dev/restarted-at: TIME"},
		},
		"RestartLegacy": {
			reason: "A claim may have annotations already.",
			object: object(t, `{apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication, metadata: {name: a, annotations: {meta.p6m.dev/restarted-at: once}}, spec: {config: {}, secrets: []}}`), action: "restart",
			want: []string{"<     meta.p6m.dev/restarted-at: once", ">     meta.p6m.dev/restarted-at: TIME"},
		},
		"SyncSecretsNow": {
			reason: "The function copies the annotation to the sync.",
			object: rendered(t, "2-azure-ready"), action: "sync-secrets-now",
			want: []string{">   annotations:", ">     meta.p6m.dev/sync-requested-at: TIME"},
		},
		"SyncNow": {
			reason: "The provider reads the annotation.",
			object: object(t, sync), action: "sync-now",
			want: []string{">     secrets.p6m.dev/sync-requested-at: TIME"},
		},
	}

	now := regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$`)

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := c.Run(t.Context(), save(t, tc.object), tc.action)
			check.Must(t, err)

			for i := range got {
				got[i] = now.ReplaceAllString(got[i], "TIME")
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nRun(...): -want changes, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestValidate validates all settings with Argo CD.
func TestValidate(t *testing.T) {
	t.Parallel()

	c, settings := install(t)

	got, err := c.Validate(t.Context())
	check.Must(t, err)

	if strings.Contains(got, "❌") || !strings.Contains(got, "7 resource overrides") {
		t.Errorf("Validate(): want all settings to be right, and seven kinds, got:\n%s", got)
	}

	if diff := cmp.Diff("https://argocd.example.com", settings["url"]); diff != "" {
		t.Errorf("a setting of the platform team: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("annotation", settings["application.resourceTrackingMethod"]); diff != "" {
		t.Errorf("resource tracking: -want, +got:\n%s", diff)
	}
}

// TestNamespace shows that the component patches an argocd-cm that already has a namespace.
func TestNamespace(t *testing.T) {
	t.Parallel()

	cm, err := Build(t.Context(), filepath.Join("testdata", "layered"))
	check.Must(t, err)

	settings, err := Settings(cm)
	check.Must(t, err)

	if settings["resource.links"] == "" || settings["url"] == "" {
		t.Errorf("argocd-cm over a base with a namespace: want what it had and what the component gives it, got %v", slices.Sorted(maps.Keys(settings)))
	}
}

// TestExclusions shows that the component keeps Argo CD's default exclusions.
func TestExclusions(t *testing.T) {
	t.Parallel()

	_, settings := install(t)

	type exclusion struct {
		APIGroups []string `json:"apiGroups"`
		Kinds     []string `json:"kinds"`
	}

	list := func(doc string) map[string]bool {
		var all []exclusion
		check.Must(t, yaml.UnmarshalStrict([]byte(doc), &all))

		out := map[string]bool{}

		for _, e := range all {
			for _, group := range e.APIGroups {
				for _, kind := range e.Kinds {
					out[group+"/"+kind] = true
				}
			}
		}

		return out
	}

	got := list(settings["resource.exclusions"])
	for excluded := range list(defaults(t)["resource.exclusions"]) {
		if !got[excluded] {
			t.Errorf("exclusions: want %s, which Argo CD excludes by default", excluded)
		}
	}

	for _, excluded := range []string{"secrets.p6m.dev/ProviderConfigUsage", "*.upbound.io/ProviderConfigUsage"} {
		if !got[excluded] {
			t.Errorf("exclusions: want %s", excluded)
		}
	}
}

// defaults returns Argo CD's default argocd-cm.
func defaults(t *testing.T) map[string]string {
	t.Helper()

	source, err := tools.Source(t.Context(), "argocd")
	check.Must(t, err)

	cm, err := os.ReadFile(filepath.Join(source.Dir, "manifests", "base", "config", "argocd-cm.yaml"))
	check.Must(t, err)

	settings, err := Settings(cm)
	check.Must(t, err)

	return settings
}

// TestLinks renders the links of an application with a vault. Only the server evaluates their conditions.
func TestLinks(t *testing.T) {
	t.Parallel()

	_, settings := install(t)

	var links []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Icon        string `json:"icon.class"`
		URL         string `json:"url"`
		If          string `json:"if"`
	}
	check.Must(t, yaml.UnmarshalStrict([]byte(settings["resource.links"]), &links))

	got := map[string]string{}

	for _, link := range links {
		tmpl, err := template.New(link.Title).Option("missingkey=error").Parse(link.URL)
		check.Must(t, err)

		var url bytes.Buffer
		check.Must(t, tmpl.Execute(&url, map[string]any{"resource": rendered(t, "2-azure-ready")}))

		got[link.Title] = url.String()
	}

	want := map[string]string{
		"Secrets in the Azure portal": "https://portal.azure.com/#@11111111-1111-4111-8111-111111111111/resource/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/Microsoft.KeyVault/vaults/web-appl-zmnvbtyqzhhbjyz/secrets",
		"Vault URI":                   "https://web-appl-zmnvbtyqzhhbjyz.vault.azure.net/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links: -want, +got:\n%s", diff)
	}
}

// A project has the fields of the example AppProject that the tests read.
type project struct {
	Spec struct {
		Cluster      []map[string]string `json:"clusterResourceWhitelist"`
		Namespace    []map[string]string `json:"namespaceResourceWhitelist"`
		Destinations []map[string]string `json:"destinations"`
		Roles        []struct {
			Groups   []string `json:"groups"`
			Policies []string `json:"policies"`
		} `json:"roles"`
	} `json:"spec"`
}

func exampleProject(t *testing.T) project {
	t.Helper()

	var p project
	check.Must(t, yaml.Unmarshal([]byte(check.Read(t, "examples", "argocd", "appproject.yaml")), &p))

	return p
}

// TestProject shows the kinds and namespaces that a team may use.
func TestProject(t *testing.T) {
	t.Parallel()

	project := exampleProject(t)
	allowed := []map[string]string{
		{"group": "meta.p6m.dev", "kind": "PlatformApplication"},
		{"group": "", "kind": "ConfigMap"},
		// These kinds are only for viewing. An admission policy blocks their creation.
		{"group": "apps", "kind": "Deployment"},
		{"group": "apps", "kind": "ReplicaSet"},
		{"group": "", "kind": "Pod"},
	}
	if diff := cmp.Diff(allowed, project.Spec.Namespace); diff != "" {
		t.Errorf("kinds that a team may see: -want, +got:\n%s", diff)
	}

	if len(project.Spec.Cluster) > 0 {
		t.Errorf("kinds of the cluster that a team may create: want none, got %v", project.Spec.Cluster)
	}

	for _, d := range project.Spec.Destinations {
		if d["namespace"] == "" || strings.ContainsAny(d["namespace"]+d["server"], "*?![") {
			t.Errorf("destination %v: want one namespace by its name", d)
		}
	}
}

// TestRoleIsPatch patches Argo CD's default file with the example, as the page describes.
func TestRoleIsPatch(t *testing.T) {
	t.Parallel()

	source, err := tools.Source(t.Context(), "argocd")
	check.Must(t, err)

	dir := t.TempDir()

	for name, path := range map[string]string{
		"argocd-rbac-cm.yaml": filepath.Join(source.Dir, "manifests", "base", "config", "argocd-rbac-cm.yaml"),
		"rbac.yaml":           check.File(t, "examples", "argocd", "rbac.yaml"),
	} {
		data, err := os.ReadFile(path)
		check.Must(t, err)

		write(t, filepath.Join(dir, name), data)
	}

	blocks, err := docs.Parse(check.Read(t, "docs", "how-to", "argo-cd.md"))
	check.Must(t, err)

	i := slices.IndexFunc(blocks, func(b docs.Block) bool { return strings.Contains(b.Text, "path: rbac.yaml") })
	if i < 0 {
		t.Fatal("the page does not explain how to use rbac.yaml")
	}

	write(t, filepath.Join(dir, "kustomization.yaml"), []byte("resources: [argocd-rbac-cm.yaml]\n"+blocks[i].Text))

	built, err := Build(t.Context(), dir)
	check.Must(t, err)

	got, err := Settings(built)
	check.Must(t, err)

	if diff := cmp.Diff(map[string]string{"policy.default": "", "policy.shop.csv": "g, REPLACE_ME, proj:shop:team\n"}, got); diff != "" {
		t.Errorf("argocd-rbac-cm: -want, +got:\n%s", diff)
	}
}

// TestRole shows the permissions of the role of a team.
func TestRole(t *testing.T) {
	t.Parallel()

	c, _ := install(t)

	bindings, err := Settings([]byte(check.Read(t, "examples", "argocd", "rbac.yaml")))
	check.Must(t, err)

	lines := []string{bindings["policy.shop.csv"]}

	for _, r := range exampleProject(t).Spec.Roles {
		lines = append(lines, r.Policies...)

		if len(r.Groups) > 0 {
			t.Errorf("groups of the project, which could make tokens: want none, got %v", r.Groups)
		}
	}

	policy := filepath.Join(t.TempDir(), "policy.csv")
	write(t, policy, []byte(strings.Join(lines, "\n")+"\n"))

	const (
		group = "REPLACE_ME"
		ours  = "shop/web-application-dev"
	)

	cases := map[string]struct {
		reason                            string
		subject, action, resource, object string
		want                              bool
	}{
		"Role":           {"The role itself has the permissions.", "proj:shop:team", "get", "applications", ours, true},
		"Get":            {"A team may view its applications.", group, "get", "applications", ours, true},
		"Sync":           {"A team may sync, for example in production.", group, "sync", "applications", ours, true},
		"Logs":           {"A team may read the logs of its pods.", group, "get", "logs", ours, true},
		"Restart":        {"A team may restart its pods.", group, "action/meta.p6m.dev/PlatformApplication/restart", "applications", ours, true},
		"SyncSecretsNow": {"A team may request a sync of its secrets.", group, "action/meta.p6m.dev/PlatformApplication/sync-secrets-now", "applications", ours, true},
		"OtherAction":    {"Only actions of the PlatformApplication are allowed.", group, "action/apps/Deployment/restart", "applications", ours, false},
		"ActionSync":     {"The action of the sync itself is not allowed.", group, "action/secrets.p6m.dev/KeyVaultSecretSync/sync-now", "applications", ours, false},
		"Others":         {"Applications of other teams are hidden.", group, "get", "applications", "other/web-application-dev", false},
		"OthersLogs":     {"Logs of other teams are hidden.", group, "get", "logs", "other/web-application-dev", false},
		"OthersSync":     {"A team may not sync applications of other teams.", group, "sync", "applications", "other/web-application-dev", false},
		"Create":         {"Only the platform creates Applications.", group, "create", "applications", ours, false},
		"Update":         {"Only the platform changes Applications.", group, "update", "applications", ours, false},
		"UpdatePod":      {"A team may not change live objects.", group, "update//Pod/shop-dev/web", "applications", ours, false},
		"Delete":         {"Only the platform deletes Applications.", group, "delete", "applications", ours, false},
		"DeletePod":      {"A team may not delete live objects.", group, "delete//Pod/shop-dev/web", "applications", ours, false},
		"Override":       {"A team may not sync manifests that are not in Git.", group, "override", "applications", ours, false},
		"Exec":           {"A shell in a pod can read values.", group, "create", "exec", ours, false},
		"Sets":           {"ApplicationSets create Applications.", group, "create", "applicationsets", ours, false},
		"Projects":       {"Projects define the permissions of teams.", group, "update", "projects", "shop", false},
		"Repositories":   {"Repositories contain credentials of others.", group, "get", "repositories", "shop/https://github.com/company/web-app", false},
		"Clusters":       {"Clusters contain credentials of others.", group, "get", "clusters", "https://kubernetes.default.svc", false},
		"Accounts":       {"Accounts are for administrators.", group, "update", "accounts", "admin", false},
		"Stranger":       {"A user without a group has no permissions.", "stranger", "get", "applications", ours, false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := c.Can(t.Context(), policy, tc.subject, tc.action, tc.resource, tc.object)
			check.Must(t, err)

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCan(%q, %q, %q, %q): -want, +got:\n%s", tc.reason, tc.subject, tc.action, tc.resource, tc.object, diff)
			}
		})
	}
}
