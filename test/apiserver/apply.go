// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ReadFiles returns the objects in YAML files, in order. For a directory, it reads every *.yaml
// file in it, but no subdirectories.
func ReadFiles(paths ...string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured

	for _, path := range paths {
		files := []string{path}

		if info, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("cannot read manifests: %w", err)
		} else if info.IsDir() {
			files, err = filepath.Glob(filepath.Join(path, "*.yaml"))
			if err != nil {
				return nil, fmt.Errorf("cannot list manifests: %w", err)
			}
		}

		for _, file := range files {
			found, err := readFile(file)
			if err != nil {
				return nil, fmt.Errorf("cannot read manifests in %q: %w", file, err)
			}

			objects = append(objects, found...)
		}
	}

	return objects, nil
}

func readFile(path string) (objects []*unstructured.Unstructured, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // It names the file and what was attempted.
	}

	defer func() { err = errors.Join(err, f.Close()) }()

	for d := yaml.NewYAMLOrJSONDecoder(f, 4096); ; {
		u := &unstructured.Unstructured{}

		switch err := d.Decode(&u.Object); {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, fmt.Errorf("cannot parse: %w", err)
		case len(u.Object) > 0: // A document may contain only comments.
			objects = append(objects, u)
		}
	}
}

// ApplyFiles applies the objects that ReadFiles finds.
func (s *Server) ApplyFiles(ctx context.Context, paths ...string) error {
	objects, err := ReadFiles(paths...)
	if err != nil {
		return err
	}

	for _, o := range objects {
		if err := s.Apply(ctx, o); err != nil {
			return err
		}
	}

	return nil
}

// Apply applies objects server-side as FieldOwner, taking over fields of others. The objects are
// not changed.
func (s *Server) Apply(ctx context.Context, objects ...client.Object) error {
	for _, o := range objects {
		u, err := s.unstructured(o)
		if err != nil {
			return err
		}

		err = s.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(FieldOwner), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("cannot apply %s %q: %w", u.GetKind(), u.GetName(), err)
		}
	}

	return nil
}

// unstructured converts an object for Apply.
func (s *Server) unstructured(o client.Object) (*unstructured.Unstructured, error) {
	gvk, err := s.client.GroupVersionKindFor(o)
	if err != nil {
		return nil, fmt.Errorf("cannot apply %T: %w", o, err)
	}

	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("cannot convert %s %q: %w", gvk.Kind, o.GetName(), err)
	}

	u := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(content)}
	u.SetGroupVersionKind(gvk)
	// An applied object must not contain managed fields.
	u.SetManagedFields(nil)

	return u, nil
}

// InstallCRDs applies the CustomResourceDefinitions that ReadFiles finds, and returns when their
// resources are served. It ignores objects of other kinds.
func (s *Server) InstallCRDs(ctx context.Context, paths ...string) error {
	objects, err := ReadFiles(paths...)
	if err != nil {
		return err
	}

	var crds []*extv1.CustomResourceDefinition

	for _, o := range objects {
		if o.GetKind() != "CustomResourceDefinition" {
			continue
		}

		crd := &extv1.CustomResourceDefinition{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, crd); err != nil {
			return fmt.Errorf("cannot convert CustomResourceDefinition %q: %w", o.GetName(), err)
		}

		if err := s.Apply(ctx, o); err != nil {
			return err
		}

		crds = append(crds, crd)
	}

	for _, crd := range crds {
		if err := Eventually(ctx, func(ctx context.Context) error { return s.served(ctx, crd) }); err != nil {
			return fmt.Errorf("CustomResourceDefinition %q is not served: %w", crd.GetName(), err)
		}
	}

	return nil
}

// served returns an error unless objects of every served version can be listed.
func (s *Server) served(ctx context.Context, crd *extv1.CustomResourceDefinition) error {
	for _, v := range crd.Spec.Versions {
		if !v.Served {
			continue
		}

		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind + "List"})

		if err := s.client.List(ctx, list, client.Limit(1)); err != nil {
			return fmt.Errorf("cannot list objects of version %s: %w", v.Name, err)
		}
	}

	return nil
}
