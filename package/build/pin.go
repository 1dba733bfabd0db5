// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// A Pin is the one content that was pushed of a package or an image, whatever its tag stands for later.
type Pin struct {
	// Kind of the object that installs the package. Empty for an image that Pods name.
	Kind string

	// Name of the package, or the image as manifests name it.
	Name string

	// Reference by digest.
	Reference string
}

// Pin a package that was pushed.
func (p Package) Pin(ctx context.Context, ref string) (Pin, error) {
	reference, err := pinned(ctx, ref)
	if err != nil {
		return Pin{}, err
	}

	data, err := os.ReadFile(p.Metadata)
	if err != nil {
		return Pin{}, fmt.Errorf("cannot read metadata of package: %w", err)
	}

	meta := &metav1.PartialObjectMetadata{}
	if err := yaml.Unmarshal(data, meta); err != nil {
		return Pin{}, fmt.Errorf("cannot parse metadata of package: %w", err)
	}

	return Pin{Kind: meta.Kind, Name: p.Name(), Reference: reference}, nil
}

// WritePins writes a component of kustomize into a directory. It has the base install these
// packages, and Pods run these images, by digest.
func WritePins(dir string, pins []Pin) error {
	var out strings.Builder

	out.WriteString(`# Has package/platform install packages by digest: list this directory among the components of your kustomization.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
`)

	var images []Pin

	for _, p := range pins {
		if p.Kind == "" {
			images = append(images, p)

			continue
		}

		fmt.Fprintf(&out, `  - target: {group: pkg.crossplane.io, kind: %s, name: "(p6m-dev-)?%s"}
    patch: |
      - {op: replace, path: /spec/package, value: "%s"}
`, p.Kind, p.Name, p.Reference)

		// Crossplane cannot compare a digest with the versions that a Configuration needs. The base installs them all.
		if p.Kind == "Configuration" {
			out.WriteString("      - {op: add, path: /spec/skipDependencyResolution, value: true}\n")
		}
	}

	for i, p := range images {
		if i == 0 {
			out.WriteString("images:\n")
		}

		image, digest, _ := strings.Cut(p.Reference, "@")
		fmt.Fprintf(&out, "  - {name: %s, newName: %s, digest: %s}\n", p.Name, image, digest)
	}

	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("cannot create directory for digests: %w", err)
	}

	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(out.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write digests: %w", err)
	}

	return nil
}
