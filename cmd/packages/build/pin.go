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

// A Pin references a pushed package or image by its digest, which does not change when the tag moves.
type Pin struct {
	// Kind of the object that installs the package. Empty for an image of Pods.
	Kind string

	// Name of the package, or of the image in manifests.
	Name string

	// Reference with the digest.
	Reference string
}

// Pin returns the pin of a pushed package.
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

// WritePins writes two files into a directory, which replace tags of packages and images by digests: a
// component of kustomize for package/platform, and values for the chart.
func WritePins(dir string, pins []Pin) error {
	values, err := pinValues(pins)
	if err != nil {
		return err
	}

	for name, content := range map[string]string{"kustomization.yaml": pinComponent(pins), "values.yaml": values} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("cannot create directory for digests: %w", err)
		}

		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("cannot write digests: %w", err)
		}
	}

	return nil
}

// pinValues returns values of the chart for the platform. The chart installs one variant of the
// Configuration, and has a value for the package of each variant.
func pinValues(pins []Pin) (string, error) {
	packages := map[string]any{}
	all := map[string]any{"packages": packages}

	for _, p := range pins {
		if p.Kind == "" {
			// The chart has only this image.
			all["acceptance"] = map[string]any{"image": p.Reference}

			continue
		}

		packages[p.Name] = map[string]any{"package": p.Reference}
	}

	values, err := yaml.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("cannot encode digests: %w", err)
	}

	return "# Digests of packages for the chart for the platform. Use the file with --values.\n" + string(values), nil
}

// pinComponent returns a component of kustomize.
func pinComponent(pins []Pin) string {
	var out strings.Builder

	out.WriteString(`# Digests of packages for package/platform. List this directory in the components of your kustomization.
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

		// Crossplane cannot compare a digest with the versions of dependencies. The base installs all of them.
		if p.Kind == "Configuration" {
			out.WriteString("      - {op: add, path: /spec/skipDependencyResolution, value: true}\n")
		}
	}

	// The arguments of an acceptance run contain this image, too. Kustomize does not replace images in arguments.
	for _, p := range images {
		fmt.Fprintf(&out, `  - target: {group: batch, kind: CronJob, name: platform-application-acceptance}
    patch: |
      - {op: replace, path: /spec/jobTemplate/spec/template/spec/containers/0/args/1, value: "--image=%s"}
`, p.Reference)
	}

	for i, p := range images {
		if i == 0 {
			out.WriteString("images:\n")
		}

		image, digest, _ := strings.Cut(p.Reference, "@")
		fmt.Fprintf(&out, "  - {name: %s, newName: %s, digest: %s}\n", p.Name, image, digest)
	}

	return out.String()
}
