// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// manifests are in the forms that teams use, each with some of the expected text of FieldsIgnored.
func manifests() map[string][]string {
	return map[string][]string{
		"data-app.yaml":   nil,
		"dotnet-api.yaml": {"spec.networking.ingress.cdn", "spec.networking.ingress.visibility", "spec.resourceRequirements", "spec.resources"},
		"front-end.yaml":  nil,
		"misplaced.yaml":  {"spec.deployment.secrets (did you mean spec.secrets?)"},
		"worker.yaml":     {"spec.networking.outbound"},
	}
}

// TestManifests renders manifests in the forms that teams use, with both variants, until the applications run: all requested
// objects exist and are valid, and ignored fields are reported.
func TestManifests(t *testing.T) {
	t.Parallel()

	ctx := check.Context(t)

	harness := started(ctx, t)

	validator, err := render.NewValidator(ctx, check.File(t))
	check.Must(t, err)

	files, err := filepath.Glob(check.File(t, "examples", "manifests", "*.yaml"))
	if err != nil || len(files) != len(manifests()) {
		t.Fatalf("examples/manifests: want %d files, got %v, %v", len(manifests()), files, err)
	}

	for _, v := range render.Variants() {
		for _, file := range files {
			name := filepath.Base(file)
			manifest, err := os.ReadFile(file)
			check.Must(t, err)

			t.Run(string(v)+"/"+name, func(t *testing.T) {
				t.Parallel()

				rendered, _, err := harness.Settle(ctx, v, manifest)
				check.Must(t, err)

				checkRendered(t, rendered, manifests()[name])

				problems, err := validator.Validate(ctx, v, render.File{Name: name, Data: manifest}, render.File{Name: string(v) + "/" + name, Data: rendered})
				if err != nil || len(problems) > 0 {
					t.Errorf("Validate(...): %v, %v", problems, err)
				}
			})
		}
	}
}

// checkRendered checks that a workload exists, and the text of the condition.
func checkRendered(t *testing.T, rendered []byte, ignored []string) {
	t.Helper()

	objects, err := render.Objects(rendered)
	check.Must(t, err)

	if !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Deployment" }) {
		t.Errorf("want a Deployment, got\n%s", rendered)
	}

	conditions, _, _ := unstructured.NestedSlice(objects[0].Object, "status", "conditions")

	for _, e := range conditions {
		c, _ := e.(map[string]any)
		message, _ := c["message"].(string)

		switch c["type"] {
		case "WorkloadReady":
			if c["reason"] == "IngressRefused" {
				t.Errorf("the Ingress is refused: %s", message)
			}
		case "FieldsIgnored":
			if want := len(ignored) > 0; (c["status"] == "True") != want {
				t.Errorf("FieldsIgnored: want %t, got %s", want, message)
			}

			for _, field := range ignored {
				if !strings.Contains(message, field) {
					t.Errorf("want FieldsIgnored to have %s, got %s", field, message)
				}
			}
		}
	}
}
