// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	prdPatch         = "prd/application_patch.yaml"
	prdKustomization = "prd/kustomization.yaml"
	baseApplication  = "base/application.yaml"
	baseKustomize    = "base/kustomization.yaml"

	patchFile = "  - path: application_patch.yaml\n"
	component = "components:\n  - ../component\n"

	// The last lines of production's patch and of the base.
	lastOfPatch = "    - name: prod-api-keys\n      keys: [PAYMENT_KEY]\n"
	lastOfBase  = "    - name: common-tls-certificates\n"
)

// environments returns the example with one overlay for each environment.
func environments(t *testing.T) string {
	t.Helper()

	return check.File(t, "examples", "environments", ".platform", "kubernetes")
}

// kustomize builds an overlay.
func kustomize(t *testing.T, dir string) said {
	t.Helper()

	return run(t, "kustomize", "", "build", dir)
}

// TestComponent checks that the example has the published component.
func TestComponent(t *testing.T) {
	t.Parallel()

	if diff := cmp.Diff(
		files(t, check.File(t, "package", "kustomize")),
		files(t, filepath.Join(environments(t), "component")),
	); diff != "" {
		t.Errorf("the example's copy of package/kustomize: copy it again: -want, +got:\n%s", diff)
	}
}

// files returns the contents of all files of a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()

	entries, err := os.ReadDir(dir)
	check.Must(t, err)

	out := map[string]string{}

	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		check.Must(t, err)

		out[e.Name()] = string(content)
	}

	return out
}

// TestSameResult builds production in other ways, with the same result.
func TestSameResult(t *testing.T) {
	t.Parallel()

	again := edit{prdPatch, lastOfPatch, lastOfPatch + "    - name: common-api-keys\n" + lastOfBase}
	target := edit{
		prdKustomization, patchFile,
		patchFile + "    target:\n      kind: PlatformApplication\n      name: web-application\n",
	}

	cases := map[string]struct {
		reason string
		edits  []edit
	}{
		"CommonSecretsAgain": {
			reason: "An overlay that lists the common secrets again does not duplicate them.",
			edits:  []edit{again},
		},
		"Target": {
			reason: "A patch may name its target.",
			edits:  []edit{again, target},
		},
		"ComponentInOverlay": {
			reason: "The component may be in the overlay.",
			edits: []edit{
				{baseKustomize, component, ""},
				{prdKustomization, "patches:\n", component + "patches:\n"},
			},
		},
		"ImagesFromComponent": {
			reason: "The component also configures the place of the image.",
			edits:  []edit{{baseKustomize, "configurations:\n  - application_customizations.yaml\n", ""}},
		},
	}

	want := string(succeed(t, kustomize(t, filepath.Join(environments(t), "prd"))))

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := edited(t, environments(t), tc.edits...)
			got := string(succeed(t, kustomize(t, filepath.Join(dir, "prd"))))

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nkustomize build prd: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPatch builds production with another patch.
func TestPatch(t *testing.T) {
	t.Parallel()

	own := "- {name: prod-database-credentials, keys: [POSTGRES_USER, POSTGRES_PASSWORD]}\n- {name: prod-api-keys, keys: [PAYMENT_KEY]}\n"
	common := "- {name: common-api-keys, keys: [MAPS_KEY, WEATHER_KEY]}\n"
	certificates := "- {name: common-tls-certificates}\n"

	cases := map[string]struct {
		reason string
		edits  []edit
		want   string
	}{
		"Change": {
			reason: "A secret of the base keeps the fields that the overlay omits.",
			edits:  []edit{{prdPatch, lastOfPatch, lastOfPatch + "    - name: common-api-keys\n      refreshInterval: 24h\n"}},
			want:   own + "- {name: common-api-keys, keys: [MAPS_KEY, WEATHER_KEY], refreshInterval: 24h}\n" + certificates,
		},
		"MergedVariables": {
			reason: "Variables of a secret are merged by their names.",
			edits: []edit{
				{baseApplication, lastOfBase, "    - name: common-tls-certificates\n      env: [{name: CERT, key: tls.crt}]\n"},
				{
					prdPatch, lastOfPatch,
					lastOfPatch + "    - name: common-tls-certificates\n      env: [{name: CA, key: ca.crt}, {name: CERT, key: crt}]\n",
				},
			},
			want: own + "- {name: common-tls-certificates, env: [{name: CA, key: ca.crt}, {name: CERT, key: crt}]}\n" + common,
		},
		"Delete": {
			reason: "A secret of the base is deleted by name.",
			edits:  []edit{{prdPatch, lastOfPatch, lastOfPatch + "    - name: common-tls-certificates\n      $patch: delete\n"}},
			want:   own + common,
		},
		"Replace": {
			reason: "A patch can replace a whole list.",
			edits:  []edit{{prdPatch, lastOfPatch, lastOfPatch + "    - $patch: replace\n"}},
			want:   own,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := edited(t, environments(t), tc.edits...)
			got := spec(t, succeed(t, kustomize(t, filepath.Join(dir, "prd"))))["secrets"]

			if diff := cmp.Diff(parseYAML[any](t, tc.want), got); diff != "" {
				t.Errorf("\n%s\nspec.secrets: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestOfficers merges the other list with a key.
func TestOfficers(t *testing.T) {
	t.Parallel()

	const (
		group = "55555555-5555-4555-8555-555555555555"
		user  = "88888888-8888-4888-8888-888888888888"
	)

	officer := func(id string) string { return "  keyVault:\n    officers:\n      - objectId: " + id + "\n" }

	dir := edited(t, environments(t),
		edit{baseApplication, lastOfBase, lastOfBase + officer(group)},
		edit{prdPatch, lastOfPatch, lastOfPatch + officer(user)})
	got := spec(t, succeed(t, kustomize(t, filepath.Join(dir, "prd"))))["keyVault"]

	want := parseYAML[any](t, "{officers: [{objectId: "+user+"}, {objectId: "+group+"}]}")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spec.keyVault: -want, +got:\n%s", diff)
	}
}

// TestOtherKinds checks that the component does not disable kustomize's own schemas of Kubernetes, which naming the same schema
// in a base does: containers are still merged by name.
func TestOtherKinds(t *testing.T) {
	t.Parallel()

	deployment := func(containers string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: extra\nspec:\n  template:\n    spec:\n      containers: " + containers + "\n"
	}

	dir := edited(
		t, environments(t),
		edit{file: "base/extra.yaml", replacement: deployment("[{name: a, image: one}, {name: b, image: one}]")},
		edit{baseKustomize, "resources:\n", "resources:\n  - extra.yaml\n"},
		edit{file: "prd/extra.yaml", replacement: deployment("[{name: b, image: two}]")},
		edit{prdKustomization, patchFile, "  - path: extra.yaml\n" + patchFile},
	)
	first, _, _ := strings.Cut(string(succeed(t, kustomize(t, filepath.Join(dir, "prd")))), "\n---\n")

	want := parseYAML[any](t, "{template: {spec: {containers: [{name: b, image: two}, {name: a, image: one}]}}}")
	if diff := cmp.Diff(want, any(spec(t, []byte(first)))); diff != "" {
		t.Errorf("spec of the Deployment: -want, +got:\n%s", diff)
	}
}

// TestBrokenOverlay makes common mistakes: the page explains the words in kustomize's message.
func TestBrokenOverlay(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		edit   edit
		want   string
	}{
		"TypoInName":  {reason: "A patch without a target must match something.", edit: edit{prdPatch, "name: web-application", "name: web-applications"}, want: "no matches for Id PlatformApplication"},
		"NoComponent": {reason: "The component must be at the path in the base.", edit: edit{baseKustomize, "../component", "../components"}, want: "must build at directory"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := kustomize(t, filepath.Join(edited(t, environments(t), tc.edit), "prd"))
			if !s.failed || !strings.Contains(s.stderr, tc.want) || !strings.Contains(check.Read(t, "docs", "how-to", "environments.md"), "\n| `"+tc.want) {
				t.Errorf("\n%s\nkustomize build prd: failed %t: want %q, here and on the page, got %q", tc.reason, s.failed, tc.want, s.stderr)
			}
		})
	}
}
