// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// A Pin is the one content that was pushed of a package, whatever its tag stands for later.
type Pin struct {
	// Kind of the object that installs the package.
	Kind string

	// Name of the package.
	Name string

	// Reference by digest.
	Reference string
}

// Pin a package that was pushed.
func (p Package) Pin(ctx context.Context, ref string) (Pin, error) {
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		return Pin{}, fmt.Errorf("cannot read reference of package: %w", err)
	}

	pushed, err := remote.Head(tag, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(http.DefaultTransport))
	if err != nil {
		return Pin{}, fmt.Errorf("cannot get digest of package %s: %w", ref, err)
	}

	data, err := os.ReadFile(p.Metadata)
	if err != nil {
		return Pin{}, fmt.Errorf("cannot read metadata of package: %w", err)
	}

	meta := &metav1.PartialObjectMetadata{}
	if err := yaml.Unmarshal(data, meta); err != nil {
		return Pin{}, fmt.Errorf("cannot parse metadata of package: %w", err)
	}

	return Pin{Kind: meta.Kind, Name: p.Name(), Reference: tag.Digest(pushed.Digest.String()).String()}, nil
}

// WritePins writes a component of kustomize into a directory. It has the base install these
// packages by digest.
func WritePins(dir string, pins []Pin) error {
	var out strings.Builder

	out.WriteString(`# Has package/platform install packages by digest: list this directory among the components of your kustomization.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
`)

	for _, p := range pins {
		fmt.Fprintf(&out, `  - target: {group: pkg.crossplane.io, kind: %s, name: "(p6m-dev-)?%s"}
    patch: |
      - {op: replace, path: /spec/package, value: "%s"}
`, p.Kind, p.Name, p.Reference)

		// Crossplane cannot compare a digest with the versions that a Configuration needs. The base installs them all.
		if p.Kind == "Configuration" {
			out.WriteString("      - {op: add, path: /spec/skipDependencyResolution, value: true}\n")
		}
	}

	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("cannot create directory for digests: %w", err)
	}

	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(out.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write digests: %w", err)
	}

	return nil
}
