// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
)

// An applicationSet is what of one makes Applications.
type applicationSet struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Generators []struct {
			Git struct {
				Values      map[string]string `json:"values"`
				Directories []struct {
					Path    string `json:"path"`
					Exclude bool   `json:"exclude"`
				} `json:"directories"`
			} `json:"git"`
		} `json:"generators"`
		Template map[string]any `json:"template"`
	} `json:"spec"`
}

// applicationSets of the platform, by name.
func applicationSets(t *testing.T) map[string]applicationSet {
	t.Helper()

	data, err := Build(t.Context(), filepath.Join(root(t), "package", "platform", "argocd", "apps"))
	if err != nil {
		t.Fatalf("Build(...): %v", err)
	}

	sets := map[string]applicationSet{}

	for doc := range strings.SplitSeq(string(data), "\n---\n") {
		s := applicationSet{}
		if err := yaml.Unmarshal([]byte(doc), &s); err != nil {
			t.Fatal(err)
		}

		if s.Kind == "ApplicationSet" {
			sets[s.Metadata.Name] = s
		}
	}

	return sets
}

// testingT is a test, or a case of a property.
type testingT interface {
	Helper()
	Fatalf(format string, args ...any)
}

// takes tells whether a directory of the repository becomes an Application, as filterApps of
// Argo CD's git generator has it. That one leaves out a pattern which is wrong.
func (s applicationSet) takes(t testingT, directory string) bool {
	t.Helper()

	included, excluded := false, false

	for _, g := range s.Spec.Generators {
		for _, d := range g.Git.Directories {
			matched, err := path.Match(d.Path, directory)
			if err != nil {
				t.Fatalf("pattern %q: %v", d.Path, err)
			}

			included = included || matched && !d.Exclude
			excluded = excluded || matched && d.Exclude
		}
	}

	return included && !excluded
}

// application that is made of a directory.
func (s applicationSet) application(t testingT, directory string) map[string]any {
	t.Helper()

	data, err := yaml.Marshal(s.Spec.Template)
	if err != nil {
		t.Fatalf("%v", err)
	}

	tmpl, err := template.New(s.Metadata.Name).Option("missingkey=error").Parse(string(data))
	if err != nil {
		t.Fatalf("%v", err)
	}

	var out bytes.Buffer
	if err := tmpl.Execute(&out, map[string]any{
		"path":   map[string]any{"path": directory, "basename": path.Base(directory)},
		"values": s.Spec.Generators[0].Git.Values,
	}); err != nil {
		t.Fatalf("%v", err)
	}

	a := map[string]any{}
	if err := yaml.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatalf("%v", err)
	}

	return a
}

// spec of an Application.
func spec(a map[string]any) map[string]any {
	s, _ := a["spec"].(map[string]any)

	return s
}

// namespace of a team, as both ApplicationSets have it.
func namespace(t testingT, sets map[string]applicationSet, directory string) string {
	t.Helper()

	destination, _ := spec(sets["teams"].application(t, directory))["destination"].(map[string]any)
	namespace, _ := destination["namespace"].(string)

	for name, want := range map[string]string{"namespace": namespace, "team": path.Base(directory)} {
		if got := parameter(sets["tenants"].application(t, directory), name); got != want {
			t.Fatalf("parameter %s of the chart for %s: want %q, got %q", name, directory, want, got)
		}
	}

	return namespace
}

// parameter of the chart.
func parameter(a map[string]any, name string) any {
	source, _ := spec(a)["source"].(map[string]any)
	helm, _ := source["helm"].(map[string]any)
	parameters, _ := helm["parameters"].([]any)

	for _, p := range parameters {
		if p, _ := p.(map[string]any); p["name"] == name {
			return p["value"]
		}
	}

	return nil
}

// TestTeams shows which directories are teams, for both ApplicationSets alike.
func TestTeams(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason      string
		directories []string
		want        bool
	}{
		"Teams":      {"A directory is a team.", []string{"shop", "shop-dev", "team-a", "0", "a1", "kubeflow", "system", "systems"}, true},
		"Crossplane": {"Crossplane and the provider run there.", []string{"crossplane-system", "crossplane", "upbound-system"}, false},
		"ArgoCD":     {"Applications and projects are there.", []string{"argocd", "argo", "argocd-2"}, false},
		"Kubernetes": {"It is Kubernetes' own.", []string{"kube-system", "kube-public", "kube-node-lease", "default"}, false},
		"Platform":   {"Programs of the platform are there.", []string{"cert-manager", "gatekeeper-system", "ingress-nginx", "azure-workload-identity-system", "external-dns", "monitoring"}, false},
		"Case":       {"No namespace is called so, and other tools may not look at the case.", []string{"Shop", "KUBE-SYSTEM", "Kube-system", "crossplane-System"}, false},
		"Characters": {"These mean something in a project, or in a template.", []string{"*", "shop*", "a,b", "a/b", "..", ".", "a.b", "{{ .x }}", "!shop", "a b", "a\nb", "ｓｈｏｐ", "shop\u200b", "a_b", `a\b`, "[a]"}, false},
		"Hyphens":    {"A namespace neither begins nor ends with one.", []string{"-shop", "shop-", "-"}, false},
	}

	for name, s := range applicationSets(t) {
		for caseName, tc := range cases {
			t.Run(name+caseName, func(t *testing.T) {
				t.Parallel()

				for _, d := range tc.directories {
					if got := s.takes(t, "applications/"+d); got != tc.want {
						t.Errorf("\n%s\ndirectory %q is a team: want %t, got %t", tc.reason, d, tc.want, got)
					}
				}
			})
		}

		for _, elsewhere := range []string{"applications", "platform", "applications/shop/base", "argocd/shop", "other/applications/shop"} {
			if s.takes(t, elsewhere) {
				t.Errorf("%s: directory %q is a team, and must not be", name, elsewhere)
			}
		}
	}
}

// TestTeamsProperties: whatever a directory is called, a team has a name that a namespace can
// have but for its length, and none that begins or ends as those of the platform do.
func TestTeamsProperties(t *testing.T) {
	t.Parallel()

	sets := applicationSets(t)
	valid := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.OneOf(
			rapid.StringN(1, -1, -1),
			rapid.StringMatching(`(kube-|crossplane|argo|-)?[a-zA-Z0-9.*-]{1,8}(-system|-)?`),
		).Draw(rt, "directory")

		taken := sets["tenants"].takes(rt, "applications/"+name)
		if taken != sets["teams"].takes(rt, "applications/"+name) {
			rt.Fatalf("directory %q is a team for one ApplicationSet only", name)
		}

		if taken && (!valid.MatchString(name) || strings.HasPrefix(name, "kube-") || strings.HasPrefix(name, "argo") || strings.HasPrefix(name, "crossplane") || strings.HasSuffix(name, "-system")) {
			rt.Fatalf("directory %q is a team", name)
		}

		if !taken {
			return
		}

		if got := namespace(rt, sets, "applications/"+name); got != "team-"+name {
			rt.Fatalf("namespace of directory %q: want the prefix of teams, got %q", name, got)
		}
	})
}

// TestTeamsOutsidePlatform: a directory with the name of a top-level domain would have traffic of
// other namespaces, which look for github.com as github.com.svc.cluster.local first, and no list
// has the names of all programs that a platform installs.
func TestTeamsOutsidePlatform(t *testing.T) {
	t.Parallel()

	sets := applicationSets(t)

	for _, d := range []string{
		"com", "io", "net", "org", "dev", "app", "shop", "local", "internal", "svc", "cluster", "xn--p1ai",
		"aks-command", "tigera-operator", "calico-apiserver", "velero", "keda", "vault", "kubernetes-dashboard", "dataprotection-microsoft", "kyverno", "traefik", "gatekeeper",
	} {
		if got := namespace(t, sets, "applications/"+d); got != "team-"+d {
			t.Errorf("namespace of directory %q: want team-%s, got %s", d, d, got)
		}
	}
}

// TestTeamApplications shows that a team's Application is in the team's project, and that what
// makes the project is not.
func TestTeamApplications(t *testing.T) {
	t.Parallel()

	c, _ := install(t)
	sets := applicationSets(t)

	const directory = "applications/shop"

	team, tenant := sets["teams"].application(t, directory), sets["tenants"].application(t, directory)

	for _, a := range []map[string]any{team, tenant} {
		a["apiVersion"], a["kind"] = "argoproj.io/v1alpha1", "Application"

		read, err := c.Application(t.Context(), save(t, a))
		if err != nil {
			t.Fatalf("Application(...): %v", err)
		}

		if diff := cmp.Diff(a["spec"], object(t, string(read))["spec"]); diff != "" {
			t.Errorf("Application as Argo CD reads it: -want, +got:\n%s", diff)
		}
	}

	if got := spec(team)["project"]; got != "team-shop" {
		t.Errorf("project of a team's Application: want team-shop, got %v", got)
	}

	if diff := cmp.Diff(map[string]any{"server": "https://kubernetes.default.svc", "namespace": "team-shop"}, spec(team)["destination"]); diff != "" {
		t.Errorf("destination of a team's Application: -want, +got:\n%s", diff)
	}

	// The project would have to allow Namespaces, all of them.
	if data, _ := yaml.Marshal(spec(team)["syncPolicy"]); strings.Contains(string(data), "Namespace") {
		t.Errorf("a team's Application must make no namespace: %s", data)
	}

	if got := spec(tenant)["project"]; got != "tenants" {
		t.Errorf("project of what makes projects: want tenants, got %v", got)
	}
}

// tenant returns what the chart makes of these values, by kind.
func tenant(t *testing.T, values ...string) (map[string]map[string]any, error) {
	t.Helper()

	helm, err := tools.Path(t.Context(), "helm")
	if err != nil {
		t.Fatal(err)
	}

	args := []string{"template", "tenant", filepath.Join(root(t), "package", "platform", "argocd", "tenant"), "--namespace", "argocd"}
	for _, v := range values {
		args = append(args, "--set", v)
	}

	out, err := run(t.Context(), helm, args...)
	if err != nil {
		return nil, err
	}

	objects := map[string]map[string]any{}

	for doc := range strings.SplitSeq(string(out), "\n---\n") {
		o := object(t, strings.TrimPrefix(doc, "---\n"))
		kind, _ := o["kind"].(string)
		objects[kind] = o
	}

	return objects, nil
}

// TestTenant shows what a team gets: its namespace with a quota, and the project of the example.
func TestTenant(t *testing.T) {
	t.Parallel()

	objects, err := tenant(t, "team=shop", "namespace=team-shop", "repoURL=https://github.com/company/web-app")
	if err != nil {
		t.Fatal(err)
	}

	if got := objects["Namespace"]["metadata"]; cmp.Diff(map[string]any{
		"name": "team-shop", "labels": map[string]any{"meta.p6m.dev/workloads": "composed", "meta.p6m.dev/team": "shop"},
		"annotations": map[string]any{"argocd.argoproj.io/sync-wave": "-1", "argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
	}, got) != "" {
		t.Errorf("namespace: %v", got)
	}

	data, err := os.ReadFile(filepath.Join(root(t), "examples", "argocd", "appproject.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	text := strings.NewReplacer("proj:shop:", "proj:team-shop:", " shop/*", " team-shop/*").Replace(string(data))

	want, _ := object(t, text)["spec"].(map[string]any)
	want["description"] = "Applications of team shop"
	want["destinations"] = []any{map[string]any{"server": "https://kubernetes.default.svc", "namespace": "team-shop"}}

	if diff := cmp.Diff(want, objects["AppProject"]["spec"]); diff != "" {
		t.Errorf("project: -want, as in the example, +got:\n%s", diff)
	}
}

// TestTenantRefused shows that the chart takes no name that is not one of a namespace, whoever
// calls it.
func TestTenantRefused(t *testing.T) {
	t.Parallel()

	for _, team := range []string{"", "Shop", "-a", "a-", "a.b", "*", strings.Repeat("a", 64), `a\,b`, "a b"} {
		if objects, err := tenant(t, "team="+team, "namespace=shop", "repoURL=https://example.com"); err == nil {
			t.Errorf("team %q: want it refused, got %v", team, objects)
		}

		if objects, err := tenant(t, "team=shop", "namespace="+team, "repoURL=https://example.com"); err == nil {
			t.Errorf("namespace %q: want it refused, got %v", team, objects)
		}
	}

	for _, value := range []string{"quota.pods=-1", "quota.pods=many", "quota=1", "teams.shop.quota.pods=-1", "teams.shop.tenant=a b", "teams.shop.tenant=", "teams.shop.owner=a"} {
		if objects, err := tenant(t, "team=shop", "namespace=team-shop", "repoURL=https://example.com", value); err == nil {
			t.Errorf("%s: want it refused, got %v", value, objects)
		}
	}

	longest := strings.Repeat("a", 63)
	if _, err := tenant(t, "team="+longest, "namespace="+longest, "repoURL=https://example.com"); err != nil {
		t.Errorf("the longest name of a namespace: %v", err)
	}
}

// TestTenantLabel shows that the platform names the owner of a namespace: a later team can have
// a directory of the same name.
func TestTenantLabel(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		values []string
		want   any
	}{
		"None":    {"The name of a directory proves nothing.", nil, nil},
		"Another": {"Nor does another team's owner.", []string{"teams.other.tenant=acme"}, nil},
		"Own":     {"The platform says whose it is.", []string{"teams.shop.tenant=acme-2026", "teams.other.tenant=acme"}, "acme-2026"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			objects, err := tenant(t, append([]string{"team=shop", "namespace=team-shop", "repoURL=https://example.com"}, tc.values...)...)
			if err != nil {
				t.Fatal(err)
			}

			metadata, _ := objects["Namespace"]["metadata"].(map[string]any)
			labels, _ := metadata["labels"].(map[string]any)

			if diff := cmp.Diff(tc.want, labels["meta.p6m.dev/tenant"]); diff != "" {
				t.Errorf("\n%s\nlabel meta.p6m.dev/tenant: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTenantQuota shows how many objects a team may have.
func TestTenantQuota(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		values []string
		want   map[string]any
	}{
		"Default": {"The number of objects is bounded, and no pod is refused because it requests nothing.", nil, map[string]any{"count/configmaps": "100", "pods": "500"}},
		"All":     {"The platform has bounds of its own.", []string{"quota.pods=20", `quota.requests\.cpu=8`}, map[string]any{"count/configmaps": "100", "pods": "20", "requests.cpu": "8"}},
		"Team":    {"A team has others.", []string{"quota.pods=20", "teams.shop.quota.pods=1000", `teams.shop.quota.requests\.memory=8Gi`, "teams.other.quota.pods=1"}, map[string]any{"count/configmaps": "100", "pods": "1000", "requests.memory": "8Gi"}},
		"Less":    {"Nothing is a bound, too.", []string{"teams.shop.quota.pods=0"}, map[string]any{"count/configmaps": "100", "pods": "0"}},
		"None":    {"A platform without a quota has none.", []string{"quota=null"}, nil},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			objects, err := tenant(t, append([]string{"team=shop", "namespace=team-shop", "repoURL=https://example.com"}, tc.values...)...)
			if err != nil {
				t.Fatal(err)
			}

			var want map[string]any
			if tc.want != nil {
				want = map[string]any{
					"apiVersion": "v1", "kind": "ResourceQuota",
					"metadata": map[string]any{"name": "team", "namespace": "team-shop"},
					"spec":     map[string]any{"hard": tc.want},
				}
			}

			if diff := cmp.Diff(want, objects["ResourceQuota"]); diff != "" {
				t.Errorf("\n%s\nquota: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTenantsProject: what makes namespaces may have what the chart has, where it has it, and no
// project of a team lists its quota.
func TestTenantsProject(t *testing.T) {
	t.Parallel()

	data, err := os.ReadFile(filepath.Join(root(t), "package", "platform", "argocd", "apps", "project.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	want := map[string]any{
		"description": "Namespaces, quotas and projects of teams",
		"sourceRepos": []any{"https://github.com/p6m-dev/platform-application"},
		"destinations": []any{
			map[string]any{"server": "https://kubernetes.default.svc", "namespace": "argocd"},
			map[string]any{"server": "https://kubernetes.default.svc", "namespace": applicationSets(t)["tenants"].Spec.Generators[0].Git.Values["namespacePrefix"] + "*"},
		},
		"clusterResourceWhitelist":   []any{map[string]any{"group": "", "kind": "Namespace"}},
		"namespaceResourceWhitelist": []any{map[string]any{"group": "argoproj.io", "kind": "AppProject"}, map[string]any{"group": "", "kind": "ResourceQuota"}},
	}

	if diff := cmp.Diff(want, object(t, string(data))["spec"]); diff != "" {
		t.Errorf("project tenants: -want, +got:\n%s", diff)
	}

	objects, err := tenant(t, "team=shop", "namespace=team-shop", "repoURL=https://example.com")
	if err != nil {
		t.Fatal(err)
	}

	if project, _ := yaml.Marshal(objects["AppProject"]); strings.Contains(string(project), "ResourceQuota") {
		t.Errorf("a team could change its quota: %s", project)
	}
}
