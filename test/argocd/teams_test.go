// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package argocd

import (
	"bytes"
	"maps"
	"path"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// An applicationSet has the fields that generate Applications.
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

// applicationSets returns the ApplicationSets of the platform by name.
func applicationSets(t *testing.T) map[string]applicationSet {
	t.Helper()

	data, err := Build(t.Context(), check.File(t, "package", "platform", "argocd", "apps"))
	check.Must(t, err)

	sets := map[string]applicationSet{}

	for doc := range strings.SplitSeq(string(data), "\n---\n") {
		s := applicationSet{}
		check.Must(t, yaml.Unmarshal([]byte(doc), &s))

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

// takes reports whether a directory of the repository becomes an Application, like filterApps of
// Argo CD's git generator, which ignores invalid patterns.
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

// application returns the Application of a directory.
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

// spec returns the spec of an Application.
func spec(a map[string]any) map[string]any {
	s, _ := a["spec"].(map[string]any)

	return s
}

// namespace returns the namespace of a team, which must be the same in both ApplicationSets.
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

// parameter returns a parameter of the chart.
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

var (
	// namespaceName matches names of namespaces, apart from their length.
	namespaceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

	// platformName matches names of namespaces of the platform.
	platformName = regexp.MustCompile(`^(default|monitoring|logging|(kube|azure|ingress|istio)-.*|(crossplane|upbound|argo|cert-manager|external-dns|external-secrets).*|.*-(system|ingress))$`)
)

// expectTeam expects a directory to be a team for both ApplicationSets or for none.
func expectTeam(t testingT, sets map[string]applicationSet, name string) {
	t.Helper()

	want := namespaceName.MatchString(name) && !platformName.MatchString(name)

	for set, s := range sets {
		if got := s.takes(t, "applications/"+name); got != want {
			t.Fatalf("directory %q is a team of %s: want %t, got %t", name, set, want, got)
		}
	}

	if !want {
		return
	}

	// Without the prefix, a directory with the name of a top-level domain would get traffic of other namespaces, which resolve
	// github.com as github.com.svc.cluster.local first, and no list has the names of all programs that a platform installs.
	if got := namespace(t, sets, "applications/"+name); got != "team-"+name {
		t.Fatalf("namespace of directory %q: want the prefix of teams, got %q", name, got)
	}
}

// TestTeams has directories of teams, and others with names of the platform.
func TestTeams(t *testing.T) {
	t.Parallel()

	sets := applicationSets(t)

	for kind, names := range map[string][]string{
		"Teams":      {"shop", "shop-dev", "team-a", "0", "a1", "kubeflow", "system", "systems"},
		"Crossplane": {"crossplane-system", "crossplane", "upbound-system"},
		"ArgoCD":     {"argocd", "argo", "argocd-2"},
		"Kubernetes": {"kube-system", "kube-public", "kube-node-lease", "default"},
		"Platform":   {"cert-manager", "gatekeeper-system", "ingress-nginx", "azure-workload-identity-system", "external-dns", "monitoring"},
		"Case":       {"Shop", "KUBE-SYSTEM", "Kube-system", "crossplane-System"},
		"Characters": {"*", "shop*", "a,b", "a/b", "..", ".", "a.b", "{{ .x }}", "!shop", "a b", "a\nb", "ｓｈｏｐ", "shop\u200b", "a_b", `a\b`, "[a]"},
		"Hyphens":    {"-shop", "shop-", "-"},
		"Domains":    {"com", "io", "net", "org", "dev", "app", "local", "internal", "svc", "cluster", "xn--p1ai"},
		"Programs": {
			"aks-command", "tigera-operator", "calico-apiserver", "velero", "keda", "vault", "kubernetes-dashboard", "dataprotection-microsoft",
			"kyverno", "traefik", "gatekeeper",
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()

			for _, name := range names {
				expectTeam(t, sets, name)
			}
		})
	}

	for name, s := range sets {
		for _, elsewhere := range []string{"applications", "platform", "applications/shop/base", "argocd/shop", "other/applications/shop"} {
			if s.takes(t, elsewhere) {
				t.Errorf("%s: directory %q is a team, and must not be", name, elsewhere)
			}
		}
	}
}

// TestTeamsProperties checks arbitrary names.
func TestTeamsProperties(t *testing.T) {
	t.Parallel()

	sets := applicationSets(t)

	rapid.Check(t, func(rt *rapid.T) {
		expectTeam(rt, sets, rapid.OneOf(
			rapid.StringN(1, -1, -1),
			rapid.StringMatching(`(kube-|crossplane|argo|-)?[a-zA-Z0-9.*-]{1,8}(-system|-)?`),
		).Draw(rt, "directory"))
	})
}

// TestTeamApplications shows that a team's Application is in the team's project, and that the
// Application that creates the project is not.
func TestTeamApplications(t *testing.T) {
	t.Parallel()

	c, _ := install(t)
	sets := applicationSets(t)

	const directory = "applications/shop"

	team, tenant := sets["teams"].application(t, directory), sets["tenants"].application(t, directory)

	for _, a := range []map[string]any{team, tenant} {
		a["apiVersion"], a["kind"] = "argoproj.io/v1alpha1", "Application"

		read, err := c.Application(t.Context(), save(t, a))
		check.Must(t, err)

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

// tenant returns the objects of the chart with some values, by kind.
func tenant(t *testing.T, values ...string) (map[string]map[string]any, error) {
	t.Helper()

	helm, err := tools.Path(t.Context(), "helm")
	check.Must(t, err)

	args := []string{"template", "tenant", check.File(t, "package", "platform", "argocd", "tenant"), "--namespace", "argocd"}
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

		// A comment that ends with a trimmed newline would swallow the first line of an object.
		if version, _ := o["apiVersion"].(string); version == "" || kind == "" {
			t.Errorf("object of the chart: want apiVersion and kind, got:\n%s", doc)
		}

		objects[kind] = o
	}

	return objects, nil
}

// TestTenant shows the objects of a team: its namespace with a quota, and the project of the example.
func TestTenant(t *testing.T) {
	t.Parallel()

	objects, err := tenant(t, "team=shop", "namespace=team-shop", "repoURL=https://github.com/company/web-app")
	check.Must(t, err)

	if got := objects["Namespace"]["metadata"]; cmp.Diff(map[string]any{
		"name": "team-shop", "labels": map[string]any{"meta.p6m.dev/workloads": "composed", "meta.p6m.dev/team": "shop"},
		"annotations": map[string]any{"argocd.argoproj.io/sync-wave": "-1", "argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
	}, got) != "" {
		t.Errorf("namespace: %v", got)
	}

	text := strings.NewReplacer("proj:shop:", "proj:team-shop:", " shop/*", " team-shop/*").Replace(check.Read(t, "examples", "argocd", "appproject.yaml"))

	want, _ := object(t, text)["spec"].(map[string]any)
	want["description"] = "Applications of team shop"
	want["destinations"] = []any{map[string]any{"server": "https://kubernetes.default.svc", "namespace": "team-shop"}}

	if diff := cmp.Diff(want, objects["AppProject"]["spec"]); diff != "" {
		t.Errorf("project: -want, as in the example, +got:\n%s", diff)
	}
}

// TestTenantRefused shows that the chart rejects invalid names of namespaces.
func TestTenantRefused(t *testing.T) {
	t.Parallel()

	for _, team := range []string{"", "Shop", "-a", "a-", "a.b", "*", strings.Repeat("a", 64), `a\,b`, "a b"} {
		if objects, err := tenant(t, "team="+team, "namespace=shop", "repoURL=https://example.com"); err == nil {
			t.Errorf("team %q: want an error, got %v", team, objects)
		}

		if objects, err := tenant(t, "team=shop", "namespace="+team, "repoURL=https://example.com"); err == nil {
			t.Errorf("namespace %q: want an error, got %v", team, objects)
		}
	}

	for _, value := range []string{"quota.pods=-1", "quota.pods=many", "quota=1", "teams.shop.quota.pods=-1", "teams.shop.tenant=a b", "teams.shop.tenant=", "teams.shop.landingZone=A", "teams.shop.owner=a"} {
		if objects, err := tenant(t, "team=shop", "namespace=team-shop", "repoURL=https://example.com", value); err == nil {
			t.Errorf("%s: want an error, got %v", value, objects)
		}
	}

	longest := strings.Repeat("a", 63)
	if _, err := tenant(t, "team="+longest, "namespace="+longest, "repoURL=https://example.com"); err != nil {
		t.Errorf("the longest name of a namespace: %v", err)
	}
}

// TestTenantValues shows the tenant and the landing zone of a namespace, and the quota of a team. Only the platform sets them, because a
// later team can have a directory with the same name.
func TestTenantValues(t *testing.T) {
	t.Parallel()

	bounds := func(more map[string]any) map[string]any {
		out := map[string]any{"count/configmaps": "100", "pods": "500"}
		maps.Copy(out, more)

		return out
	}

	cases := map[string]struct {
		reason string
		values []string
		tenant any
		zone   any
		quota  map[string]any
	}{
		"Default":      {"The name of a directory does not prove ownership. The quota limits the number of objects, and does not require requests.", nil, nil, nil, bounds(nil)},
		"Zone":         {"The platform chooses the landing zone of a team before the first application.", []string{"teams.shop.landingZone=payments", "teams.other.landingZone=retail"}, nil, "payments", bounds(nil)},
		"OwnerOther":   {"The tenant of another team does not apply.", []string{"teams.other.tenant=acme"}, nil, nil, bounds(nil)},
		"Owner":        {"The platform sets the tenant of a team.", []string{"teams.shop.tenant=acme-2026", "teams.other.tenant=acme"}, "acme-2026", nil, bounds(nil)},
		"QuotaAll":     {"The platform can change the quota.", []string{"quota.pods=20", `quota.requests\.cpu=8`}, nil, nil, bounds(map[string]any{"pods": "20", "requests.cpu": "8"})},
		"QuotaOfTeam":  {"A team can have its own quota.", []string{"quota.pods=20", "teams.shop.quota.pods=1000", `teams.shop.quota.requests\.memory=8Gi`, "teams.other.quota.pods=1"}, nil, nil, bounds(map[string]any{"pods": "1000", "requests.memory": "8Gi"})},
		"QuotaNothing": {"Zero is a valid limit.", []string{"teams.shop.quota.pods=0"}, nil, nil, bounds(map[string]any{"pods": "0"})},
		"QuotaNone":    {"The platform can disable the quota.", []string{"quota=null"}, nil, nil, nil},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			objects, err := tenant(t, append([]string{"team=shop", "namespace=team-shop", "repoURL=https://example.com"}, tc.values...)...)
			check.Must(t, err)

			metadata, _ := objects["Namespace"]["metadata"].(map[string]any)
			labels, _ := metadata["labels"].(map[string]any)

			if diff := cmp.Diff(tc.tenant, labels["meta.p6m.dev/tenant"]); diff != "" {
				t.Errorf("\n%s\nlabel meta.p6m.dev/tenant: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.zone, labels["meta.p6m.dev/landing-zone"]); diff != "" {
				t.Errorf("\n%s\nlabel meta.p6m.dev/landing-zone: -want, +got:\n%s", tc.reason, diff)
			}

			var quota map[string]any
			if tc.quota != nil {
				quota = map[string]any{
					"apiVersion": "v1", "kind": "ResourceQuota",
					"metadata": map[string]any{"name": "team", "namespace": "team-shop"},
					"spec":     map[string]any{"hard": tc.quota},
				}
			}

			if diff := cmp.Diff(quota, objects["ResourceQuota"]); diff != "" {
				t.Errorf("\n%s\nquota: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTenantsProject shows that the project of tenants allows only the kinds and namespaces of the chart.
func TestTenantsProject(t *testing.T) {
	t.Parallel()

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

	if diff := cmp.Diff(want, object(t, check.Read(t, "package", "platform", "argocd", "apps", "project.yaml"))["spec"]); diff != "" {
		t.Errorf("project tenants: -want, +got:\n%s", diff)
	}
}
