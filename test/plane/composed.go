// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// annotationResource is how Crossplane notes under which name a resource was
// composed.
const annotationResource = "crossplane.io/composition-resource-name"

// Composed returns what an application consists of, by its names in the
// composition.
func (p *Plane) Composed(ctx context.Context, namespace, name string) ([]*unstructured.Unstructured, error) {
	a, err := p.Application(ctx, namespace, name)
	if err != nil {
		return nil, err
	}

	refs, err := p.resourceRefs(ctx, a)
	if err != nil {
		return nil, err
	}

	out := make([]*unstructured.Unstructured, 0, len(refs))

	for _, ref := range refs {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(schema.FromAPIVersionAndKind(ref.apiVersion, ref.kind))

		if err := p.API.Client().Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.name}, u); err != nil {
			return nil, fmt.Errorf("cannot get %s %q: %w", ref.kind, ref.name, err)
		}

		out = append(out, u)
	}

	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(a.GetAnnotations()[annotationResource], b.GetAnnotations()[annotationResource])
	})

	return out, nil
}

type resourceRef struct{ apiVersion, kind, name string }

// resourceRefs of a composite resource, which for a claim is another object.
func (p *Plane) resourceRefs(ctx context.Context, a *Application) ([]resourceRef, error) {
	xr := a.Unstructured

	if name, ok, _ := unstructured.NestedString(xr.Object, "spec", "resourceRef", "name"); ok {
		xr = &unstructured.Unstructured{}
		xr.SetGroupVersionKind(schema.GroupVersionKind{Group: "meta.p6m.dev", Version: "v1alpha1", Kind: "XPlatformApplication"})

		if err := p.API.Client().Get(ctx, client.ObjectKey{Name: name}, xr); err != nil {
			return nil, fmt.Errorf("cannot get XPlatformApplication %q: %w", name, err)
		}
	}

	var refs []any

	for _, path := range [][]string{{"spec", "crossplane", "resourceRefs"}, {"spec", "resourceRefs"}} {
		found, _, _ := unstructured.NestedSlice(xr.Object, path...)
		refs = append(refs, found...)
	}

	out := make([]resourceRef, 0, len(refs))

	for _, r := range refs {
		m, ok := r.(map[string]any)
		if !ok {
			continue
		}

		text := func(key string) string {
			s, _ := m[key].(string)

			return s
		}

		if text("name") != "" {
			out = append(out, resourceRef{text("apiVersion"), text("kind"), text("name")})
		}
	}

	return out, nil
}
