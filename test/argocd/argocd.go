// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package argocd runs Argo CD's command line on objects with the settings of package/argocd. It needs no cluster.
package argocd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
)

// A CLI is Argo CD's command line with an argocd-cm.
type CLI struct {
	executable string
	settings   string
}

// Build runs kustomize on a directory.
func Build(ctx context.Context, dir string) ([]byte, error) {
	kustomize, err := tools.Path(ctx, "kustomize")
	if err != nil {
		return nil, err
	}

	return run(ctx, kustomize, "build", dir)
}

// New returns the command line with the argocd-cm in that file.
func New(ctx context.Context, settings string) (CLI, error) {
	executable, err := tools.Path(ctx, "argocd")

	return CLI{executable: executable, settings: settings}, err
}

// Settings reads an argocd-cm.
func Settings(argocdCM []byte) (map[string]string, error) {
	cm := &corev1.ConfigMap{}
	if err := yaml.UnmarshalStrict(argocdCM, cm); err != nil {
		return nil, fmt.Errorf("cannot read argocd-cm: %w", err)
	}

	return cm.Data, nil
}

// Health is Argo CD's health of an object.
type Health struct{ Status, Message string }

// Health returns the health of the object in a file. It is empty for kinds without a health check.
func (c CLI) Health(ctx context.Context, file string) (Health, error) {
	out, err := c.overrides(ctx, "health", file)
	if err != nil {
		return Health{}, err
	}

	if strings.HasPrefix(string(out), "Health script is not configured") {
		return Health{}, nil
	}

	status, message, found := strings.Cut(strings.TrimPrefix(string(out), "STATUS: "), "\nMESSAGE: ")
	if !found {
		return Health{}, fmt.Errorf("cannot read the health of %s: argocd printed %q", file, out)
	}

	return Health{Status: status, Message: strings.TrimSuffix(message, "\n")}, nil
}

// Actions returns the actions on the object in a file, and whether each is disabled.
func (c CLI) Actions(ctx context.Context, file string) (map[string]string, error) {
	out, err := c.overrides(ctx, "list-actions", file)
	if err != nil {
		return nil, err
	}

	actions := map[string]string{}

	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] != "NAME" {
			actions[fields[0]] = fields[1]
		}
	}

	return actions, nil
}

// Run runs an action on the object in a file. It returns the removed and added lines with the signs of diff.
func (c CLI) Run(ctx context.Context, file, action string) ([]string, error) {
	out, err := c.overrides(ctx, "run-action", file, action)
	if err != nil {
		return nil, err
	}

	var changes []string

	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "<") || strings.HasPrefix(line, ">") {
			changes = append(changes, strings.TrimSpace(line))
		}
	}

	return changes, nil
}

// Validate validates the settings.
func (c CLI) Validate(ctx context.Context) (string, error) {
	out, err := run(ctx, c.executable, "admin", "settings", "validate", "--argocd-cm-path", c.settings)

	return string(out), err
}

// Can reports whether a policy allows a subject an action on an object of a resource.
func (c CLI) Can(ctx context.Context, policy, subject, action, resource, object string) (bool, error) {
	// The command requires flags for a cluster, but does not connect to it.
	out, err := run(ctx, c.executable, "admin", "settings", "rbac", "can", subject, action, resource, object, "--policy-file", policy, "--server", "https://localhost", "--token", "none")

	switch said := strings.TrimSpace(string(out)); said {
	case "Yes":
		return true, nil
	case "No":
		return false, nil
	default:
		return false, errors.Join(fmt.Errorf("cannot read what policy %s allows: argocd printed %q", policy, said), err)
	}
}

// Application returns an Application as Argo CD reads it.
func (c CLI) Application(ctx context.Context, file string) ([]byte, error) {
	return run(ctx, c.executable, "admin", "app", "generate-spec", "--file", file, "--output", "yaml")
}

func (c CLI) overrides(ctx context.Context, command string, args ...string) ([]byte, error) {
	return run(ctx, c.executable, slices.Concat([]string{"admin", "settings", "resource-overrides", command}, args, []string{"--argocd-cm-path", c.settings})...)
}

// run runs a program without the user's kubeconfig.
func run(ctx context.Context, program string, args ...string) ([]byte, error) {
	var said bytes.Buffer

	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+os.DevNull)
	cmd.Stderr = &said

	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(program), strings.Join(args, " "), err, out, said.Bytes())
	}

	return out, nil
}
