// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	waveAnnotation    = "argocd.argoproj.io/sync-wave"
	optionsAnnotation = "argocd.argoproj.io/sync-options"
	skipDryRun        = "SkipDryRunOnMissingResource=true"
)

// broughtBy maps the groups of kinds to the Provider that installs them.
//
//nolint:gochecknoglobals // A constant.
var broughtBy = map[string]string{
	"azure.m.upbound.io": "Provider.pkg.crossplane.io/crossplane-contrib-provider-family-azure",
	"secrets.p6m.dev":    "Provider.pkg.crossplane.io/p6m-dev-provider-keyvault-secretsync",
}

// TestWaves checks that each object is in a later wave than the objects it needs.
func TestWaves(t *testing.T) {
	for name, objects := range map[string][]*unstructured.Unstructured{
		"Base":    build(t, base),
		"Claims":  overlay(t, "claim", "secret-creator"),
		"Example": build(t, example),
		"ArgoCD":  build(t, apps),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string(nil), tooEarly(t, objects)); diff != "" {
				t.Errorf("what does not come after what it needs: -want, +got:\n%s", diff)
			}
		})
	}
}

// TestWavesFail checks that TestWaves finds faults.
func TestWavesFail(t *testing.T) {
	cases := map[string]struct {
		reason string
		dir    string
		change func(objects map[string]*unstructured.Unstructured)
		want   []string
	}{
		"DryRun": {
			reason: "A kind in the same wave as its definition would fail the whole sync.",
			dir:    base,
			change: func(o map[string]*unstructured.Unstructured) {
				unstructured.RemoveNestedField(o["ClusterProviderConfig.secrets.p6m.dev/default"].Object, "metadata", "annotations", optionsAnnotation)
			},
			want: []string{"ClusterProviderConfig.secrets.p6m.dev/default: needs " + skipDryRun},
		},
		"NoProvider": {
			reason: "A kind without its package would never exist.",
			dir:    base,
			change: func(o map[string]*unstructured.Unstructured) {
				o["Provider.pkg.crossplane.io/crossplane-contrib-provider-family-azure"].SetName("another")
			},
			want: []string{"ClusterProviderConfig.azure.m.upbound.io/default: needs Provider.pkg.crossplane.io/crossplane-contrib-provider-family-azure, which is not there"},
		},
		"TeamsFirst": {
			reason: "Teams come after the platform.",
			dir:    apps,
			change: func(o map[string]*unstructured.Unstructured) {
				setWave(o["ApplicationSet.argoproj.io/teams"], "0")
				unstructured.RemoveNestedField(o["ApplicationSet.argoproj.io/teams"].Object, "spec", "template", "spec", "syncPolicy", "syncOptions")
			},
			want: []string{
				"ApplicationSet.argoproj.io/teams: needs Application.argoproj.io/platform-application in an earlier wave",
				"ApplicationSet.argoproj.io/teams: needs ApplicationSet.argoproj.io/tenants in an earlier wave",
				"ApplicationSet.argoproj.io/teams: needs ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/argocd-composed-workloads in an earlier wave",
				"ApplicationSet.argoproj.io/teams: needs " + skipDryRun,
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			objects := build(t, tc.dir)
			byKey := map[string]*unstructured.Unstructured{}

			for _, o := range objects {
				byKey[key(o)] = o
			}

			tc.change(byKey)

			if diff := cmp.Diff(tc.want, tooEarly(t, objects)); diff != "" {
				t.Errorf("\n%s\ntooEarly(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func setWave(o *unstructured.Unstructured, wave string) {
	annotations := o.GetAnnotations()
	annotations[waveAnnotation] = wave
	o.SetAnnotations(annotations)
}

// tooEarly returns the objects that do not come after those they need.
func tooEarly(t *testing.T, objects []*unstructured.Unstructured) []string {
	t.Helper()

	waves := map[string]int{}

	for _, o := range objects {
		wave, err := strconv.Atoi(o.GetAnnotations()[waveAnnotation])
		if err != nil {
			t.Fatalf("%s: wave: %v", key(o), err)
		}

		waves[key(o)] = wave
	}

	var out []string

	for _, o := range objects {
		needs := needed(t, o, objects)
		slices.Sort(needs)

		for _, need := range needs {
			if wave, there := waves[need]; !there {
				out = append(out, key(o)+": needs "+need+", which is not there")
			} else if wave >= waves[key(o)] {
				out = append(out, key(o)+": needs "+need+" in an earlier wave")
			}
		}

		if bringsOwnKind(o) && !strings.Contains(options(o), skipDryRun) {
			out = append(out, key(o)+": needs "+skipDryRun)
		}
	}

	return out
}

// needed returns the keys of the objects that must exist before an object.
func needed(t *testing.T, o *unstructured.Unstructured, objects []*unstructured.Unstructured) []string {
	t.Helper()

	var needs []string

	if provider, ok := broughtBy[o.GroupVersionKind().Group]; ok {
		needs = append(needs, provider)
	}

	if name, ok, _ := unstructured.NestedString(o.Object, "spec", "runtimeConfigRef", "name"); ok {
		needs = append(needs, "DeploymentRuntimeConfig.pkg.crossplane.io/"+name)
	}

	switch key(o) {
	case "Provider.pkg.crossplane.io/p6m-dev-provider-keyvault-secretsync":
		needs = append(needs, bindings(objects, "provider-keyvault-secretsync-")...)
		needs = append(needs, "ClusterRoleBinding.rbac.authorization.k8s.io/provider-keyvault-secretsync", "NetworkPolicy.networking.k8s.io/provider-keyvault-secretsync")
	case "Function.pkg.crossplane.io/p6m-dev-function-platform-application":
		needs = append(needs, bindings(objects, "function-platform-application-")...)
		needs = append(needs, "NetworkPolicy.networking.k8s.io/function-platform-application")
	case "EnvironmentConfig.apiextensions.crossplane.io/platform-application":
		needs = append(needs, "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/platform-application-placeholders")
	case "Application.argoproj.io/platform-application":
		needs = append(needs, "Application.argoproj.io/crossplane")
	case "ApplicationSet.argoproj.io/tenants":
		needs = append(needs,
			"AppProject.argoproj.io/tenants",
			"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/argocd-team-namespaces",
		)
	case "ApplicationSet.argoproj.io/teams":
		needs = append(needs,
			"Application.argoproj.io/platform-application",
			"ApplicationSet.argoproj.io/tenants",
			"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/argocd-composed-workloads",
		)
	}

	switch o.GetKind() {
	case "Configuration":
		for _, d := range dependencies(t) {
			needs = append(needs, installs(t, objects, d)...)
		}

		needs = append(needs,
			"ClusterRole.rbac.authorization.k8s.io/crossplane:platform-application",
			"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/platform-application-fields",
			"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/platform-application-parts",
		)
	case "Provider":
		if strings.HasPrefix(o.GetName(), "crossplane-contrib-") {
			needs = append(needs,
				"ServiceAccount/provider-azure",
				"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io/platform-application-composed",
			)
		}
	}

	return needs
}

// bindings returns the keys of the bindings of policies with this prefix.
func bindings(objects []*unstructured.Unstructured, prefix string) []string {
	var out []string

	for _, o := range objects {
		if o.GetKind() == "ValidatingAdmissionPolicyBinding" && strings.HasPrefix(o.GetName(), prefix) {
			out = append(out, key(o))
		}
	}

	return out
}

// installs returns the key of the object that installs a dependency.
func installs(t *testing.T, objects []*unstructured.Unstructured, d dependency) []string {
	t.Helper()

	for _, o := range objects {
		image, _, _ := unstructured.NestedString(o.Object, "spec", "package")
		if name, _, _ := strings.Cut(image, ":"); o.GetKind() == d.Kind && name == d.Package {
			return []string{key(o)}
		}
	}

	return []string{d.Kind + " of " + d.Package}
}

// bringsOwnKind reports whether an object has a kind, or generates objects of a kind, that does not
// exist when its sync begins.
func bringsOwnKind(o *unstructured.Unstructured) bool {
	_, brought := broughtBy[o.GroupVersionKind().Group]

	return brought || key(o) == "ApplicationSet.argoproj.io/teams"
}

// options returns the sync options of an object, or those it gives to generated objects.
func options(o *unstructured.Unstructured) string {
	list, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "template", "spec", "syncPolicy", "syncOptions")

	return strings.Join(append(list, o.GetAnnotations()[optionsAnnotation]), ",")
}

// TestNothingIsPruned checks that Argo CD never removes definitions, and with them all their
// objects, after a file was moved.
func TestNothingIsPruned(t *testing.T) {
	for _, o := range append(build(t, apps), file(t, base+"/argocd/root.yaml")...) {
		if prune, _, _ := unstructured.NestedBool(o.Object, "spec", "syncPolicy", "automated", "prune"); prune {
			t.Errorf("%s is pruned", key(o))
		}

		if finalizers := o.GetFinalizers(); len(finalizers) > 0 {
			t.Errorf("%s takes everything along when it is deleted: it has finalizers %v", key(o), finalizers)
		}
	}
}

// TestCrossplaneChart checks that Argo CD installs the tested Crossplane with the documented
// values.
func TestCrossplaneChart(t *testing.T) {
	source, err := tools.Source(t.Context(), "crossplane-core")
	check.Must(t, err)

	app := find(t, build(t, apps), "Application.argoproj.io/crossplane")

	version, _, _ := unstructured.NestedString(app.Object, "spec", "source", "targetRevision")
	if diff := cmp.Diff(source.Version, "v"+version); diff != "" {
		t.Errorf("version of Crossplane: -want, +got:\n%s", diff)
	}

	pod := crossplane(t, app)

	args, _, _ := unstructured.NestedStringSlice(container(t, pod), "args")
	if !slices.Contains(args, "--circuit-breaker-burst=500") {
		t.Errorf("arguments of Crossplane: want --circuit-breaker-burst=500 among %v", args)
	}
}

// crossplane returns the pod template that Crossplane's chart renders with the values in an
// Application.
func crossplane(t *testing.T, app *unstructured.Unstructured) map[string]any {
	t.Helper()

	source, err := tools.Source(t.Context(), "crossplane-core")
	check.Must(t, err)

	helm := check.Tool(t, "helm")

	values, _, _ := unstructured.NestedMap(app.Object, "spec", "source", "helm", "valuesObject")

	data, err := yaml.Marshal(values)
	check.Must(t, err)

	home := t.TempDir()
	for _, name := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"} {
		t.Setenv(name, home)
	}

	path := filepath.Join(home, "values.yaml")
	check.Must(t, os.WriteFile(path, data, 0o600))

	chart := filepath.Join(source.Dir, "cluster", "charts", "crossplane")
	objects := parse(t, run(t, helm, "template", app.GetName(), chart, "--namespace", namespace, "--values", path))

	template, _, _ := unstructured.NestedMap(find(t, objects, "Deployment.apps/crossplane").Object, "spec", "template")

	return template
}

func container(t *testing.T, template map[string]any) map[string]any {
	t.Helper()

	containers, _, _ := unstructured.NestedSlice(template, "spec", "containers")
	if len(containers) == 0 {
		t.Fatal("there is no container")
	}

	c, _ := containers[0].(map[string]any)

	return c
}
