// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
	"github.com/p6m-dev/platform-application/package/tools"
)

// Crossplane's own image has this path in any registry.
const crossplaneImage = "crossplane/crossplane"

// installCrossplane installs Crossplane with its Helm chart, like its users, from an image with the
// same content as the published one.
func (p *Plane) installCrossplane(ctx context.Context) error {
	source, err := tools.Source(ctx, "crossplane-core")
	if err != nil {
		return err
	}

	if err := p.pushCrossplane(ctx, source); err != nil {
		return err
	}

	manifests, err := p.renderChart(ctx, filepath.Join(source.Dir, "cluster", "charts", "crossplane"), source.Version)
	if err != nil {
		return err
	}

	if err := p.API.CreatePlatformNamespace(ctx, Namespace); err != nil {
		return err
	}

	if err := p.API.ApplyFiles(ctx, manifests); err != nil {
		return fmt.Errorf("cannot install Crossplane: %w", err)
	}

	for _, name := range []string{"crossplane", "crossplane-rbac-manager"} {
		if err := p.waitForDeployment(ctx, Namespace, name); err != nil {
			return err
		}
	}

	return nil
}

// pushCrossplane puts Crossplane's image into the registry.
func (p *Plane) pushCrossplane(ctx context.Context, source tools.Module) error {
	path, err := tools.Path(ctx, "crossplane-core")
	if err != nil {
		return err
	}

	program, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read Crossplane: %w", err)
	}

	image := build.Image{
		Architecture: runtime.GOARCH,
		Program:      "/usr/local/bin/crossplane",
		Files:        map[string]build.File{"usr/local/bin/crossplane": {Data: program, Executable: true}},
	}

	for _, dir := range []string{"crds", "webhookconfigurations"} {
		files, err := filepath.Glob(filepath.Join(source.Dir, "cluster", dir, "*.yaml"))
		if err != nil {
			return fmt.Errorf("cannot list files of Crossplane: %w", err)
		}

		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				return fmt.Errorf("cannot read file of Crossplane: %w", err)
			}

			image.Files[dir+"/"+filepath.Base(f)] = build.File{Data: data}
		}
	}

	built, err := image.Build()
	if err != nil {
		return err
	}

	return p.registry.push(ctx, crossplaneImage+":"+source.Version, built)
}

// ChartValues are the values of Crossplane's chart for a plane.
func ChartValues(version string) map[string]any {
	return map[string]any{
		"image": map[string]any{"tag": version},
		// There is one replica of each, and a restarted one would wait for the lease of the killed
		// one.
		"leaderElection": false,
		"rbacManager":    map[string]any{"leaderElection": false},
		// The API server cannot reach Services.
		"webhooks": map[string]any{"enabled": false},
	}
}

// renderChart writes the objects of Crossplane's chart to a file.
func (p *Plane) renderChart(ctx context.Context, chart, version string) (string, error) {
	helm, err := tools.Path(ctx, "helm")
	if err != nil {
		return "", err
	}

	values, err := json.Marshal(ChartValues(version))
	if err != nil {
		return "", fmt.Errorf("cannot encode values of Crossplane's chart: %w", err)
	}

	var out, said bytes.Buffer

	cmd := exec.CommandContext(
		ctx, helm, "template", "crossplane", chart, "--namespace", Namespace, "--values", "-",
		// The values are those of docs/how-to/set-up-a-platform.md.
		"--set", "args={"+strings.Join(append([]string{"--circuit-breaker-burst=500"}, p.options.CrossplaneArgs...), ",")+"}",
	)
	cmd.Stdin = bytes.NewReader(values)

	home := p.file("helm")
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	cmd.Stdout, cmd.Stderr = &out, &said

	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("cannot render Crossplane's chart: %w\n%s", err, said.Bytes())
	}

	path := p.file("crossplane.yaml")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("cannot write manifests of Crossplane: %w", err)
	}

	return path, nil
}

// waitForDeployment waits until all Pods of a Deployment are ready.
func (p *Plane) waitForDeployment(ctx context.Context, namespace, name string) error {
	return Eventually(ctx, fmt.Sprintf("Deployment %q in namespace %q", name, namespace), func(ctx context.Context) error {
		d := &appsv1.Deployment{}
		if err := p.API.Client().Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, d); err != nil {
			return fmt.Errorf("cannot get Deployment: %w", err)
		}

		want := int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}

		if d.Status.ObservedGeneration != d.Generation || d.Status.UpdatedReplicas != want || d.Status.ReadyReplicas != want || d.Status.Replicas != want {
			return fmt.Errorf("%d of %d Pods are ready", d.Status.ReadyReplicas, want)
		}

		return nil
	})
}
