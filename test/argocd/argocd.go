// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package argocd asks Argo CD itself, by its command line, what it makes of objects with the settings that
// package/argocd gives it. No cluster is needed for that.
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

// A CLI is Argo CD's command line with one argocd-cm.
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

// Health is what Argo CD says of an object.
type Health struct{ Status, Message string }

// Health of the object in a file. Both are empty of kinds that have none.
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
		return Health{}, fmt.Errorf("cannot tell the health of %s: argocd said %q", file, out)
	}

	return Health{Status: status, Message: strings.TrimSuffix(message, "\n")}, nil
}

// Actions on the object in a file, and whether each is disabled.
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

// Run an action on the object in a file. It returns the lines that are gone and those that have come, each with the sign
// that diff gives it.
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

// Validate the settings.
func (c CLI) Validate(ctx context.Context) (string, error) {
	out, err := run(ctx, c.executable, "admin", "settings", "validate", "--argocd-cm-path", c.settings)

	return string(out), err
}

// Project returns an AppProject as Argo CD reads it.
func (c CLI) Project(ctx context.Context, file string) ([]byte, error) {
	return run(ctx, c.executable, "admin", "proj", "generate-spec", "--file", file, "--output", "yaml")
}

// Can tells whether a policy lets somebody do something: an action on an object of a resource.
func (c CLI) Can(ctx context.Context, policy, subject, action, resource, object string) (bool, error) {
	// It wants to know of a cluster, and asks none.
	out, err := run(ctx, c.executable, "admin", "settings", "rbac", "can", subject, action, resource, object, "--policy-file", policy, "--server", "https://localhost", "--token", "none")

	switch said := strings.TrimSpace(string(out)); said {
	case "Yes":
		return true, nil
	case "No":
		return false, nil
	default:
		return false, errors.Join(fmt.Errorf("cannot tell what policy %s allows: argocd said %q", policy, said), err)
	}
}

// Application returns an Application as Argo CD reads it.
func (c CLI) Application(ctx context.Context, file string) ([]byte, error) {
	return run(ctx, c.executable, "admin", "app", "generate-spec", "--file", file, "--output", "yaml")
}

func (c CLI) overrides(ctx context.Context, command string, args ...string) ([]byte, error) {
	return run(ctx, c.executable, slices.Concat([]string{"admin", "settings", "resource-overrides", command}, args, []string{"--argocd-cm-path", c.settings})...)
}

// run a program, which is told as little as possible of whom runs it.
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
