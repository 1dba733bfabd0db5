// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
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

// waves are those of kinds that come with packages, or need them. Everything else is in an earlier wave: policies, roles and accounts exist
// before the packages that they restrict.
var waves = map[string]string{ //nolint:gochecknoglobals // A constant.
	"Provider": "0", "Function": "0", "Configuration": "1", "ClusterProviderConfig": "2", "EnvironmentConfig": "2",
}

// TestWaves checks that Argo CD applies each object after the objects it needs.
func TestWaves(t *testing.T) {
	for name, objects := range map[string][]*unstructured.Unstructured{
		"Base":    build(t, base),
		"Claims":  overlay(t, "claim", "secret-creator"),
		"Example": build(t, example),
	} {
		t.Run(name, func(t *testing.T) {
			for _, o := range objects {
				if got, want := o.GetAnnotations()[waveAnnotation], cmp.Or(waves[o.GetKind()], "-1"); got != want {
					t.Errorf("%s: want wave %s, got %q", key(o), want, got)
				}

				brought := slices.Contains([]string{"azure.m.upbound.io", "secrets.p6m.dev"}, o.GroupVersionKind().Group)
				if options := o.GetAnnotations()[optionsAnnotation]; brought && !strings.Contains(options, skipDryRun) {
					t.Errorf("%s: want %s, because its kind does not exist when a sync begins, got %q", key(o), skipDryRun, options)
				}
			}
		})
	}
}

// TestWavesOfApplications checks the order of the platform and of the teams, which come last.
func TestWavesOfApplications(t *testing.T) {
	objects := build(t, apps)
	order := map[string]string{
		"Application.argoproj.io/crossplane": "-1",
		"ApplicationSet.argoproj.io/tenants": "1",
		"ApplicationSet.argoproj.io/teams":   "2",
	}

	for _, o := range objects {
		if got, want := o.GetAnnotations()[waveAnnotation], cmp.Or(order[key(o)], "0"); got != want {
			t.Errorf("%s: want wave %s, got %q", key(o), want, got)
		}
	}

	options, _, _ := unstructured.NestedStringSlice(find(t, objects, "ApplicationSet.argoproj.io/teams").Object, "spec", "template", "spec", "syncPolicy", "syncOptions")
	if !slices.Contains(options, skipDryRun) {
		t.Errorf("Applications of teams: want %s, because their kind does not exist before the platform, got %v", skipDryRun, options)
	}
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
	if diff := gocmp.Diff(source.Version, "v"+version); diff != "" {
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
