//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// released is the version of the packages that package/platform installs.
	released = "v0.1.0"

	setUpPage       = "docs/how-to/set-up-a-platform.md"
	examplePlatform = "examples/platform"
)

// TestWalk walks the paths that the documentation leads along, both of them. A platform
// engineer begins with a cluster that has nothing but Crossplane, and types what the page
// says. Then a team, which has Git and Argo CD and nothing else, gets an application, learns
// what that waits for, can act, and cannot reach beyond its project.
func TestWalk(t *testing.T) {
	p, err := w.barePlane(context.WithoutCancel(t.Context()), "walk", w.root, released)
	if err != nil {
		t.Fatalf("cannot start plane: %v", err)
	}

	t.Cleanup(func() {
		if err := w.stop(p); err != nil {
			t.Errorf("cannot stop plane: %v", err)
		}
	})

	if err := p.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}

	e := &engineer{plane: p, dir: filepath.Join(t.TempDir(), "platform")}
	e.describePlatform(t)
	e.install(t)
	e.check(t)

	namespace := namespaceOf(t, p)
	a := startArgo(t, p, namespace)
	app := &app{plane: p, namespace: namespace, name: "web"}
	first := password()

	a.commit(t, "application.yaml", manifest(namespace, "web"))
	a.follow(t)

	// It waits for a person, and says for what.
	a.wait(t, "Synced", "Suspended", "AwaitingValue", secretName)
	app.set(t, postgres(first))
	a.wait(t, "Synced", "Healthy", "1 of 1 secrets are synced", app.vault(t))
	app.runsWith(t, first)

	t.Run("Links", func(t *testing.T) { a.links(t, app) })
	t.Run("Restart", func(t *testing.T) { a.restart(t, app) })
	t.Run("SyncNow", func(t *testing.T) { a.syncNow(t, app) })
	t.Run("Project", func(t *testing.T) { a.refuses(t) })
}

// An engineer of the platform, with a directory in a repository.
type engineer struct {
	plane *plane.Plane
	dir   string
}

// describePlatform copies the example and sets what is different here: the cluster's
// issuer, and who may put values into vaults.
func (e *engineer) describePlatform(t *testing.T) {
	t.Helper()

	if err := os.CopyFS(e.dir, os.DirFS(filepath.Join(w.root, examplePlatform))); err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(e.dir, "kustomization.yaml")

	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	// The base is in this repository, and not behind an address.
	packages, err := filepath.Rel(e.dir, filepath.Join(w.root, "package"))
	if err != nil {
		t.Fatal(err)
	}

	kustomization := strings.ReplaceAll(string(data), "../../package", packages) + "  - path: here.yaml\n"

	here, err := yaml.Marshal(map[string]any{
		"apiVersion": "apiextensions.crossplane.io/v1beta1", "kind": "EnvironmentConfig",
		"metadata": map[string]any{"name": "platform-application"},
		"data":     e.plane.Settings(),
	})
	if err != nil {
		t.Fatal(err)
	}

	for name, content := range map[string]string{"kustomization.yaml": kustomization, "here.yaml": string(here)} {
		if err := os.WriteFile(filepath.Join(e.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// noMatch is what kubectl says of a kind that there is not yet.
var noMatch = regexp.MustCompile(`no matches for kind "([A-Za-z]+)"`)

// install as the page says. The first time, two objects are of kinds that come with the
// packages.
func (e *engineer) install(t *testing.T) {
	t.Helper()

	commands := commandsOf(t, "kubectl apply --server-side --kustomize "+examplePlatform)

	helm, commands := commands[0], commands[1:]
	if !strings.HasPrefix(helm, "helm install crossplane ") {
		t.Fatalf("%s: want Crossplane to be installed first, as the plane has done, got %s", setUpPage, helm)
	}

	for i, command := range commands {
		out, err := e.run(t, command)

		var want, got []string
		if i == 0 {
			want = []string{"ClusterProviderConfig", "ClusterProviderConfig"}
		}

		for _, found := range noMatch.FindAllStringSubmatch(out, -1) {
			got = append(got, found[1])
		}

		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want == nil) {
			t.Fatalf("%s: %v\n%s\nkinds that there are not yet: -want, +got:\n%s", command, err, out, diff)
		}
	}
}

// check as the page says.
func (e *engineer) check(t *testing.T) {
	t.Helper()

	commands := commandsOf(t, "kubectl get configurations,functions,providers")

	for i, command := range commands {
		out, err := e.run(t, command)
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}

		if i < len(commands)-1 {
			continue
		}

		if lines := strings.Fields(out); len(lines) != 1 {
			t.Errorf("%s: want one pod, got %v", command, lines)
		}
	}
}

// run a command of the page, at the top of the repository, with the engineer's own directory.
func (e *engineer) run(t *testing.T, command string) (string, error) {
	t.Helper()

	cmd := exec.CommandContext(t.Context(), "bash", "-c", strings.ReplaceAll(command, examplePlatform, e.dir))
	cmd.Dir = w.root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+e.plane.Kubeconfig())

	out, err := cmd.CombinedOutput()

	return string(out), err
}

// commandsOf the block of the page that has this command, each with its continued lines.
func commandsOf(t *testing.T, command string) []string {
	t.Helper()

	page, err := os.ReadFile(filepath.Join(w.root, setUpPage))
	if err != nil {
		t.Fatal(err)
	}

	blocks, err := docs.Parse(string(page))
	if err != nil {
		t.Fatal(err)
	}

	i := slices.IndexFunc(blocks, func(b docs.Block) bool { return b.Commands() && strings.Contains(b.Text, command) })
	if i < 0 {
		t.Fatalf("%s has no command %q", setUpPage, command)
	}

	var commands []string

	for line := range strings.SplitSeq(strings.ReplaceAll(blocks[i].Text, "\\\n", ""), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			commands = append(commands, line)
		}
	}

	return commands
}
