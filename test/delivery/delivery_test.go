// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/cmd/render/render"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const golden = "testdata/golden"

// TestGolden builds the examples as Argo CD does, and renders them after Azure and the vault have responded. The manifests equal
// the golden files byte for byte, and an API server accepts both unchanged. test/render has golden files of renderings.
func TestGolden(t *testing.T) {
	t.Parallel()

	reasons := map[string]string{
		"environments/dev": "Development adds its secrets to the common ones, and a setting of its own.",
		"environments/stg": "Staging is production with other names.",
		"environments/prd": "Production has more pods, and secrets that begin with prod-.",
		"helm":             "The chart makes the same kind of thing of values for External Secrets.",
	}

	root := check.File(t)
	ctx := check.Context(t)

	builds, err := render.Builds(ctx, root, root, "")
	check.Must(t, err)

	if len(builds) != len(reasons) {
		t.Errorf("Builds(...): want %d, got %d", len(reasons), len(builds))
	}

	harness, err := render.Start(ctx, root)
	check.Must(t, err)
	check.Close(t, harness)

	for _, b := range builds {
		name, reason := filepath.Base(b.Name), reasons[b.Name]

		t.Run(name, func(t *testing.T) {
			t.Parallel()

			check.Golden(t, string(b.Manifest), "test", "delivery", golden, name, "manifest.yaml")

			rendered, _, err := harness.Settle(ctx, render.Modern, b.Manifest)
			if err != nil {
				t.Fatalf("\n%s\nSettle(...): %v", reason, err)
			}

			files := []render.File{{Name: "manifest", Data: b.Manifest}, {Name: "rendered", Data: rendered}}
			if diff := cmp.Diff([]string(nil), validate(ctx, t, files...)); diff != "" {
				t.Errorf("\n%s\nproblems of %s: -want, +got:\n%s", reason, name, diff)
			}
		})
	}
}

// A said is the output of a tool.
type said struct {
	stdout []byte
	stderr string
	failed bool
}

// run runs a pinned tool, without the settings of the user who runs the test.
func run(t *testing.T, tool string, stdin string, args ...string) said {
	t.Helper()

	path := check.Tool(t, tool)

	var stdout, stderr bytes.Buffer

	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = check.File(t)
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr

	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("cannot run %s: %v", tool, err)
	}

	return said{stdout: stdout.Bytes(), stderr: strings.TrimSpace(stderr.String()), failed: err != nil}
}

// succeed returns the output of a tool that must not fail.
func succeed(t *testing.T, s said) []byte {
	t.Helper()

	if s.failed {
		t.Fatalf("the tool failed:\n%s", s.stderr)
	}

	return s.stdout
}

// spec returns the spec of the only document in a YAML stream.
func spec(t *testing.T, manifest []byte) map[string]any {
	t.Helper()

	var application struct {
		Spec map[string]any `json:"spec"`
	}
	check.Must(t, yaml.Unmarshal(manifest, &application))

	return application.Spec
}

// parseYAML returns the value of a YAML document.
func parseYAML[T any](t *testing.T, text string) T {
	t.Helper()

	var value T
	check.Must(t, yaml.Unmarshal([]byte(text), &value))

	return value
}

// validate returns all problems of the files, one per line.
func validate(ctx context.Context, t *testing.T, files ...render.File) []string {
	t.Helper()

	validator, err := render.NewValidator(ctx, check.File(t))
	check.Must(t, err)

	problems, err := validator.Validate(ctx, render.Modern, files...)
	check.Must(t, err)

	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}

	return lines
}

// An edit replaces a part of a file of the example. Without an old part, it adds a file.
type edit struct {
	file, old, replacement string
}

// edited returns a copy of a directory with the edits.
func edited(t *testing.T, dir string, edits ...edit) string {
	t.Helper()

	out := t.TempDir()
	check.Must(t, os.CopyFS(out, os.DirFS(dir)))

	for _, e := range edits {
		path := filepath.Join(out, e.file)

		content, err := e.apply(path)
		check.Must(t, err)

		check.Must(t, os.WriteFile(path, content, 0o600))
	}

	return out
}

// apply returns the content of the file after the edit.
func (e edit) apply(path string) ([]byte, error) {
	if e.old == "" {
		return []byte(e.replacement), nil
	}

	before, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read it: %w", err)
	}

	if n := strings.Count(string(before), e.old); n != 1 {
		return nil, fmt.Errorf("it has %q %d times", e.old, n)
	}

	return []byte(strings.Replace(string(before), e.old, e.replacement, 1)), nil
}
