// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	// published is the documented location of the charts, and publishedVersion the documented version.
	published        = "ghcr.io/p6m-dev/charts"
	publishedVersion = "v0.1.0"
)

// publish publishes the charts as `make push` does, and returns the address that replaces the documented one.
func publish(t *testing.T) string {
	t.Helper()

	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)

	charts := ""

	for _, c := range []build.Chart{build.ChartOf(check.File(t)), build.PlatformChartOf(check.File(t))} {
		files, err := c.Build(t.Context(), build.Options{Out: t.TempDir(), Version: publishedVersion})
		check.Must(t, err)

		ref, err := c.Push(t.Context(), server.Listener.Addr().String(), publishedVersion, files)
		check.Must(t, err)

		charts = path.Dir(ref)
	}

	return charts
}

// TestPublished renders the example values with the chart from a registry and with the chart in its directory, with the
// same result.
func TestPublished(t *testing.T) {
	t.Parallel()

	charts := publish(t)
	want := string(exampleChart(t))
	source := parseYAML[struct {
		Source struct {
			RepoURL        string `json:"repoURL"`
			Chart          string `json:"chart"`
			TargetRevision string `json:"targetRevision"`
		} `json:"source"`
	}](t, at(t, charts, helmBlock(t, "source:\n"))).Source

	cases := map[string]struct {
		reason         string
		chart, version string
	}{
		"Version": {reason: "The page renders an application with a version of the chart.", chart: charts + "/platform-application", version: "0.1.0"},
		"Range":   {reason: "Helm finds the newest version, which requires tags that are valid versions for Helm.", chart: charts + "/platform-application", version: "^0.1"},
		"ArgoCD":  {reason: "Argo CD treats a repository without a scheme as an OCI registry.", chart: source.RepoURL + "/" + source.Chart, version: source.TargetRevision},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := string(succeed(t, run(t, "helm", "", "template", "web-application", "oci://"+tc.chart, "--plain-http", "--version", tc.version, "--namespace", "shop", "--values", exampleValues)))

			// Helm reports the pull before the manifest.
			if diff := cmp.Diff(want, got[max(0, strings.Index(got, "---\n")):]); diff != "" {
				t.Errorf("\n%s\n-directory, +registry:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestDependency uses an application's own chart that depends on ours, as on the page. Its values are the same, one level
// deeper.
func TestDependency(t *testing.T) {
	t.Parallel()

	charts := publish(t)
	dir := t.TempDir()

	files := map[string]string{
		"Chart.yaml":  at(t, charts, helmBlock(t, "apiVersion: v2\n")),
		"values.yaml": helmBlock(t, "platform-application:\n"),
	}
	for name, content := range files {
		check.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}

	succeed(t, run(t, "helm", "", "dependency", "update", dir, "--plain-http"))

	values, err := yaml.Marshal(parseYAML[map[string]any](t, files["values.yaml"])["platform-application"])
	check.Must(t, err)

	want := parseYAML[map[string]any](t, string(succeed(t, template(t, string(values)))))
	got := parseYAML[map[string]any](t, string(succeed(t, run(t, "helm", "", "template", "web-application", dir, "--namespace", "shop"))))

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest: -chart, +dependency:\n%s", diff)
	}

	broken := run(t, "helm", "", "template", "web-application", dir, "--set", "platform-application.deployment.replicas=many")
	if want := "- at '/deployment/replicas': got string, want integer"; !strings.Contains(broken.stderr, want) {
		t.Errorf("a value of the wrong type: want %q, got:\n%s", want, broken.stderr)
	}
}

// at replaces the documented address of the charts.
func at(t *testing.T, charts, text string) string {
	t.Helper()

	if !strings.Contains(text, published) {
		t.Fatalf("want the charts at %s, got:\n%s", published, text)
	}

	return strings.ReplaceAll(text, published, charts)
}
