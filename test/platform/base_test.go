// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestAccepted checks that a real API server rejects and drops nothing of the objects to apply.
func TestAccepted(t *testing.T) {
	cases := map[string]struct {
		reason  string
		objects []*unstructured.Unstructured
	}{
		"Base":    {reason: "The base is complete except for its placeholders.", objects: build(t, base)},
		"Claims":  {reason: "The component for claims fits the base.", objects: overlay(t, "claim", "secret-creator")},
		"Mirror":  {reason: "The component for other registries fits the base.", objects: overlay(t, "mirror")},
		"Audit":   {reason: "The component for namespaces fits the base.", objects: overlay(t, "audit-namespaces")},
		"Private": {reason: "The components for private vaults fit the base.", objects: overlay(t, "azure-network", "azure-insights")},
		"Runs":    {reason: "The component for acceptance runs fits the base.", objects: overlay(t, "acceptance")},
		"Example": {reason: "The example is a complete platform.", objects: build(t, example)},
		"Page":    {reason: "The objects on the page can be copied.", objects: append(shown(t, "docs/how-to/set-up-a-platform.md"), shown(t, "docs/how-to/platform-settings.md")...)},
		"Doctor":  {reason: "The doctor and its probes are Jobs that come after the base.", objects: build(t, doctor)},
		"ArgoCD":  {reason: "The Applications are valid for Argo CD.", objects: append(build(t, apps), file(t, base+"/argocd/root.yaml")...)},
		"Teams": {
			reason:  "The examples have no field that Argo CD would ignore: an ignored field could allow a team more than intended.",
			objects: append(file(t, "examples/argocd"), file(t, "examples/helm/argocd-application.yaml")...),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, o := range tc.objects {
				if said := refusal(t.Context(), o); said != "" {
					t.Errorf("\n%s\n%s: %s", tc.reason, key(o), said)
				}
			}
		})
	}
}

// file returns the objects of a file of the repository.
func file(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()

	objects, err := apiserver.ReadFiles(filepath.Join(root, path))
	check.Must(t, err)

	return objects
}

// shown returns the whole objects in the blocks of a page.
func shown(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()

	blocks, err := docs.Parse(check.Read(t, path))
	check.Must(t, err)

	dir := t.TempDir()

	for _, b := range blocks {
		if b.Language != "yaml" || !strings.HasPrefix(b.Text, "apiVersion: ") || strings.Contains(b.Text, "kind: Kustomization") {
			continue
		}

		name := filepath.Join(dir, fmt.Sprintf("line-%d.yaml", b.Line))
		check.Must(t, os.WriteFile(name, []byte(b.Text), 0o600))
	}

	objects, err := apiserver.ReadFiles(dir)
	check.Must(t, err)

	if len(objects) == 0 {
		t.Fatalf("%s shows no object", path)
	}

	return objects
}

// TestBase checks that the base has every object of its directories: a policy in a file that no kustomization lists would not be
// in force.
func TestBase(t *testing.T) {
	var want []string

	for _, dir := range []string{
		"package/platform/api", "package/platform/packages", "package/platform/restrictions", "package/platform/settings", "package/function", "package/provider", "package/rbac",
	} {
		for _, o := range file(t, dir) {
			// These are files for kustomize, and metadata in a package.
			if group := o.GroupVersionKind().Group; group != "kustomize.config.k8s.io" && group != "meta.pkg.crossplane.io" {
				want = append(want, key(o))
			}
		}
	}

	slices.Sort(want)

	if diff := cmp.Diff(want, keys(build(t, base))); diff != "" {
		t.Errorf("objects of the base: -want, +got:\n%s", diff)
	}

	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "/configuration-platform-application", "/configuration-platform-application-claim")
	}

	if diff := cmp.Diff(want, keys(overlay(t, "claim"))); diff != "" {
		t.Errorf("objects with claims: -want, +got:\n%s", diff)
	}
}

// keys returns the keys of objects, sorted.
func keys(objects []*unstructured.Unstructured) []string {
	out := make([]string, len(objects))
	for i, o := range objects {
		out[i] = key(o)
	}

	slices.Sort(out)

	return out
}

// enforcePlaceholders applies the policy about placeholders for the duration of the test.
func enforcePlaceholders(t *testing.T, all []*unstructured.Unstructured) {
	t.Helper()

	// Other tests apply placeholders, and the API server enforces a policy for a moment after its
	// removal.
	t.Cleanup(func() {
		config := find(t, all, "EnvironmentConfig.apiextensions.crossplane.io/platform-application")

		err := apiserver.Eventually(context.WithoutCancel(t.Context()), func(ctx context.Context) error {
			if said := refusal(ctx, config); said != "" {
				return fmt.Errorf("the policy is still in force: %s", said)
			}

			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})

	for _, o := range all {
		if !strings.HasPrefix(o.GetKind(), "ValidatingAdmissionPolicy") || o.GetName() != "platform-application-placeholders" {
			continue
		}

		enforce(t, o)
	}
}

// TestPlaceholders checks that unset placeholders are found: in the build of the example, and by
// the policy when they are applied.
func TestPlaceholders(t *testing.T) {
	for _, o := range build(t, example) {
		if kind := o.GetKind(); kind != "ValidatingAdmissionPolicy" && strings.Contains(text(t, o), "REPLACE_ME") {
			t.Errorf("%s of the example has a placeholder left", key(o))
		}
	}

	all := overlay(t, "secret-creator", "mirror")
	enforcePlaceholders(t, all)

	// The API server needs a moment to read the policy.
	err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		if said := refusal(ctx, find(t, all, "ClusterProviderConfig.secrets.p6m.dev/default")); !strings.Contains(said, "REPLACE_ME") {
			return fmt.Errorf("the policy is not in force: %s", said)
		}

		return nil
	})
	check.Must(t, err)

	const fields = "location, oidcIssuerUrl, resourceGroupName, secretCreatorPrincipalId, subscriptionId, tenantId"

	cases := map[string]struct {
		reason string
		object *unstructured.Unstructured
		want   string
	}{
		"EnvironmentConfig": {reason: "The message lists every setting that only the platform team knows.", object: find(t, all, "EnvironmentConfig.apiextensions.crossplane.io/platform-application"), want: fields},
		"AzureProviderConfig": {
			reason: "Otherwise the Azure provider would report an unknown client.",
			object: find(t, all, "ClusterProviderConfig.azure.m.upbound.io/default"),
			want:   "clientID, subscriptionID, tenantID",
		},
		"OurProviderConfig": {reason: "Otherwise the provider would report a failure for each missing secret.", object: find(t, all, "ClusterProviderConfig.secrets.p6m.dev/default"), want: "clientId, tenantId"},
		"OurRegistry":       {reason: "Otherwise Crossplane would report an image name that it cannot parse.", object: find(t, all, "ImageConfig.pkg.crossplane.io/p6m-dev"), want: "prefix"},
		"TheirRegistry":     {reason: "The Azure providers come from another registry.", object: find(t, all, "ImageConfig.pkg.crossplane.io/crossplane-contrib"), want: "prefix"},
		"Set":               {reason: "A platform without placeholders is accepted.", object: find(t, build(t, example), "EnvironmentConfig.apiextensions.crossplane.io/platform-application")},
		"LandingZone":       {reason: "The settings of a landing zone are settings, too.", object: renamed(find(t, all, "EnvironmentConfig.apiextensions.crossplane.io/platform-application"), "platform-application-payments"), want: fields},
		"Nobody's":          {reason: "Foreign objects with a similar name are not restricted.", object: renamed(find(t, all, "EnvironmentConfig.apiextensions.crossplane.io/platform-application"), "somebody-elses")},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, got, _ := strings.Cut(refusal(t.Context(), tc.object), "replace REPLACE_ME with your own value: ")
			if diff := cmp.Diff(tc.want, sorted(got)); diff != "" {
				t.Errorf("\n%s\nnames of fields: -want, +got:\n%s\nin: %s", tc.reason, diff, refusal(t.Context(), tc.object))
			}
		})
	}
}

func renamed(o *unstructured.Unstructured, name string) *unstructured.Unstructured {
	o = o.DeepCopy()
	o.SetName(name)

	return o
}

func text(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()

	out, err := yaml.Marshal(o.Object)
	check.Must(t, err)

	return string(out)
}

// TestVersions checks that all of our packages have one version, and that the dependencies of the Configuration are installed, the
// Azure providers in the version that it is tested with.
func TestVersions(t *testing.T) {
	ours, azure, installed := map[string][]string{}, map[string][]string{}, map[dependency]bool{}

	for _, o := range append(build(t, base), overlay(t, "claim")...) {
		image, _, _ := unstructured.NestedString(o.Object, "spec", "package")

		name, version, _ := strings.Cut(image, ":")
		installed[dependency{Kind: o.GetKind(), Package: name}] = true

		switch {
		case strings.HasPrefix(name, "ghcr.io/p6m-dev/"):
			ours[version] = append(ours[version], name)
		case name != "":
			azure[version] = append(azure[version], name)
		}
	}

	if len(ours) != 1 {
		t.Errorf("our packages by version: want one version, got %v", ours)
	}

	if len(azure) != 1 {
		t.Errorf("Azure providers by version: want one version, got %v", azure)
	}

	for version := range azure {
		for _, d := range dependencies(t) {
			if !installed[dependency{Kind: d.Kind, Package: d.Package}] {
				t.Errorf("%s %s is needed, and not installed", d.Kind, d.Package)
			}

			if strings.HasPrefix(d.Package, "xpkg.crossplane.io/") && !strings.HasPrefix(d.Version, ">="+version+" ") {
				t.Errorf("%s is needed in %s, and installed in %s", d.Package, d.Version, version)
			}
		}
	}
}

// TestCrossplaneVersion checks that no package becomes active on a Crossplane that lets a team
// delete foreign objects with its composite resource (GHSA-77cv-mrm6-fr3c).
func TestCrossplaneVersion(t *testing.T) {
	for _, path := range []string{
		"crossplane.yaml", "package/claim/crossplane.yaml", "package/function/crossplane.yaml", "package/provider/crossplane.yaml",
	} {
		got, _, _ := unstructured.NestedString(file(t, path)[0].Object, "spec", "crossplane", "version")
		if diff := cmp.Diff(">=v2.4.0-0", got); diff != "" {
			t.Errorf("%s: version of Crossplane: -want, +got:\n%s", path, diff)
		}
	}
}

// A dependency of the Configuration.
type dependency struct {
	Kind    string `json:"kind"`
	Package string `json:"package"`
	Version string `json:"version"`
}

func dependencies(t *testing.T) []dependency {
	t.Helper()

	var meta struct {
		Spec struct {
			DependsOn []dependency `json:"dependsOn"`
		} `json:"spec"`
	}
	check.Must(t, yaml.Unmarshal([]byte(check.Read(t, "crossplane.yaml")), &meta))

	if len(meta.Spec.DependsOn) == 0 {
		t.Fatal("crossplane.yaml has no dependencies")
	}

	return meta.Spec.DependsOn
}

// sorted returns a sorted list of names.
func sorted(list string) string {
	names := strings.Split(list, ", ")
	slices.Sort(names)

	return strings.Join(names, ", ")
}

// TestCheckOfValues checks that the command of the page finds each placeholder and each sample id of the example,
// and nothing after all are replaced.
func TestCheckOfValues(t *testing.T) {
	command := regexp.MustCompile(`(?m)^grep .* _output/platform\.yaml.*$`).FindString(check.Read(t, "docs", "how-to", "set-up-a-platform.md"))
	if command == "" {
		t.Fatal("the page has no command that finds values that are not set")
	}

	built := func(dir string) string { return string(kustomize(t, filepath.Join(root, dir))) }
	// These values replace the samples.
	own := regexp.MustCompile(`([0-9a-f])[0-9a-f]{7}-([0-9a-f]{4}-){3}[0-9a-f]{12}`)

	cases := map[string]struct {
		reason string
		text   string
		want   string
	}{
		"Base":    {reason: "The base has placeholders.", text: built(base), want: "clientID location oidcIssuerUrl resourceGroupName subscriptionID subscriptionId tenantID tenantId"},
		"Example": {reason: "The example has ids that do not exist.", text: built(example), want: "clientID oidcIssuerUrl subscriptionID subscriptionId tenantID tenantId"},
		"Own":     {reason: "Real ids are not samples.", text: own.ReplaceAllString(built(example), "1b2c3d4e-5f60-4718-92a3-b4c5d6e7f809"), want: "all values are set"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(command, "_output/platform.yaml", "-", 1))
			cmd.Stdin = strings.NewReader(tc.text)

			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}

			// The line number precedes the field.
			got := strings.Split(strings.TrimSpace(regexp.MustCompile(`(?m)^\d+:\s*(\w+):.*`).ReplaceAllString(string(out), "$1")), "\n")
			slices.Sort(got)

			if diff := cmp.Diff(tc.want, strings.Join(slices.Compact(got), " ")); diff != "" {
				t.Errorf("\n%s\nfields that the command prints: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
