// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// page returns the YAML blocks of a page of the documentation.
func page(t *testing.T, name string) []string {
	t.Helper()

	all, err := docs.Parse(check.Read(t, "docs", "how-to", name))
	check.Must(t, err)

	var blocks []string

	for _, b := range all {
		if b.Language == "yaml" {
			blocks = append(blocks, b.Text)
		}
	}

	return blocks
}

// helmBlock returns the only block of the page about Helm with this prefix.
func helmBlock(t *testing.T, beginning string) string {
	t.Helper()

	var found []string

	for _, b := range page(t, "helm.md") {
		if strings.HasPrefix(b, beginning) {
			found = append(found, b)
		}
	}

	if len(found) != 1 {
		t.Fatalf("docs/how-to/helm.md has %d blocks of YAML that begin with %q", len(found), beginning)
	}

	return found[0]
}

// TestEnvironmentsPage checks that the page shows the files of the example.
func TestEnvironmentsPage(t *testing.T) {
	t.Parallel()

	shown := map[string]bool{}
	for _, b := range page(t, "environments.md") {
		shown[b] = true
	}

	for _, dir := range []string{"base", "prd"} {
		for name, content := range files(t, filepath.Join(environments(t), dir)) {
			// The page replaces the comment in the first line.
			if first, rest, _ := strings.Cut(content, "\n"); strings.HasPrefix(first, "#") {
				content = rest
			}

			if !shown[content] {
				t.Errorf("docs/how-to/environments.md: want %s/%s of the example, which is now:\n%s", dir, name, content)
			}
		}
	}
}

// TestHelmPage checks that the chart renders the values on the page as shown.
func TestHelmPage(t *testing.T) {
	t.Parallel()

	want := spec(t, []byte(helmBlock(t, "spec:\n")))
	got := spec(t, succeed(t, template(t, helmBlock(t, "externalSecrets:\n"))))

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spec in docs/how-to/helm.md: -want, +got:\n%s", diff)
	}

	application := spec(t, []byte(helmBlock(t, "apiVersion: argoproj.io/v1alpha1\n")))
	source, _ := application["source"].(map[string]any)
	helm, _ := source["helm"].(map[string]any)
	values, _ := helm["values"].(string)

	succeed(t, template(t, values))
}
